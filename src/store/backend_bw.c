/* Bitwarden, by its command line: login items, synced before they are read. */
#include <string.h>

#include <cjson/cJSON.h>

#include "base/json.h"
#include "secret/base64.h"
#include "store/entrytext.h"
#include "store/items.h"

/* {"type":1,...,"login":{"password":"..."}}, in base64: `bw encode`. */
static struct err *bw_body(const struct items_store *items, const char *name,
			   const struct secret *line, const char *rest,
			   struct secret **out)
{
	const struct cJSON *config = items->options->config;
	const char *collection = json_member_str(config, "collection");
	kr_cleanup(json_freep) struct cJSON *tree = json_object();
	kr_cleanup(secret_freep) struct secret *json = NULL;
	kr_cleanup(str_freep) char *head = NULL;
	kr_cleanup(buf_release) struct buf before = BUF_INIT(256 * 1024);
	struct err *err;

	json_set_int(tree, "type", 1);
	json_set_str(tree, "name", name);
	json_set_str(tree, "notes", rest);
	json_set_str(tree, "organizationId",
		     json_member_str(config, "organization"));
	if (collection)
		json_append_str(json_add_array(tree, "collectionIds"),
				collection);
	else
		json_set_null(tree, "collectionIds");
	json_set_null(tree, "folderId");
	json_set_bool(tree, "favorite", false);
	json_set_int(tree, "reprompt", 0);
	json_add_array(tree, "fields");
	err = json_print(tree, &head);
	if (err)
		return err;
	head[strlen(head) - 1] = '\0'; /* its closing brace */
	buf_printf(&before, "%s,\"login\":{\"password\":\"", head);
	err = buf_check(&before, "item");
	if (!err)
		err = entrytext_wrap(buf_str(&before), line, "\"}}", &json);
	return err ? err : base64_encode(json, out);
}

static void bw_read(const struct cJSON *tree, const char **out_line,
		    const char **out_rest)
{
	*out_line = json_str(tree, "login.password");
	*out_rest = json_member_str(tree, "notes");
}

static const struct items_kind bw_kind = {
	.program = "bw",
	.log_in = "export BW_SESSION=\"$(bw unlock --raw)\", after bw login",
	.locked = (const char *const[]){ "vault is locked", "not logged in",
					 "session key", NULL },
	.name_field = "name",
	.list = (const char *const[]){ "list", "items", "--search", NULL },
	/* Only our own: a list holds what is in the items. */
	.searches = true,
	.create = (const char *const[]){ "create", "item", NULL },
	.show = (const char *const[]){ "get", "item", NULL },
	.sync = (const char *const[]){ "sync", NULL },
	.body = bw_body,
	.read = bw_read,
};

static struct err *bw_open(const struct store_options *options,
			   const char *where, void **out_state,
			   char **out_label)
{
	static const char *const names[] = {
		"BW_SESSION",
		"BITWARDENCLI_APPDATA_DIR",
		"NODE_EXTRA_CA_CERTS",
	};
	struct items_store *items = NULL;
	struct err *err =
		items_open(&bw_kind, options, where, &items, out_label);

	if (err)
		return err;
	items->field = "session";
	items->variable = "BW_SESSION";
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		proc_env_inherit(&items->env, names[i]);
	proc_env_set(&items->env, "BW_NOINTERACTION", "true");
	proc_env_set(&items->env, "NO_COLOR", "1");
	*out_state = items;
	return NULL;
}

static struct err *bw_probe(void *state)
{
	struct items_store *items = state;
	kr_cleanup(tool_result_release) struct tool_result result = { 0 };
	kr_cleanup(json_freep) struct cJSON *tree = NULL;
	const char *status;
	struct err *err =
		items_run(items, (const char *const[]){ "status", NULL }, NULL,
			  NULL, NULL, &result);

	if (err)
		return err;
	err = json_parse((const char *)secret_expose(result.output),
			 secret_len(result.output), &tree);
	if (err)
		return err_wrap(err_as(err, KR_ESTORE), "the status of bw");
	status = json_str_or(tree, "status", "");
	if (strcmp(status, "unlocked") == 0)
		return NULL;
	return err_hint(
		store_error("Locked", strcmp(status, "locked") == 0
					      ? "the vault is locked"
					      : "nobody is logged in to bw"),
		"%s", bw_kind.log_in);
}

const struct store_backend backend_bw = {
	.name = "bw",
	.can_prove = true,
	.put_looks = true,
	.open = bw_open,
	.close = items_close,
	.probe = bw_probe,
	.list = items_list,
	.put = items_put,
	.get = items_get,
};
