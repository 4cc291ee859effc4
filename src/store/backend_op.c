/* 1Password, by its command line (op 2.30 or newer): items of one vault. */
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "base/json.h"
#include "base/text.h"
#include "store/entrytext.h"
#include "store/items.h"

static struct err *op_body(const struct items_store *items, const char *name,
			   const struct secret *line, const char *rest,
			   struct secret **out)
{
	kr_cleanup(json_freep) struct cJSON *tree = json_object();
	kr_cleanup(json_freep) struct cJSON *notes = json_object();
	kr_cleanup(str_freep) char *head = NULL;
	kr_cleanup(str_freep) char *tail = NULL;
	kr_cleanup(buf_release) struct buf before = BUF_INIT(64 * 1024);
	kr_cleanup(buf_release) struct buf after = BUF_INIT(256 * 1024);
	struct err *err;

	(void)items;
	json_set_str(tree, "title", name);
	json_set_str(tree, "category", "PASSWORD");
	json_append_str(json_add_array(tree, "tags"), "keyrot");
	json_set_str(notes, "id", "notesPlain");
	json_set_str(notes, "type", "STRING");
	json_set_str(notes, "purpose", "NOTES");
	json_set_str(notes, "label", "notesPlain");
	json_set_str(notes, "value", rest);
	err = json_print(tree, &head);
	if (!err)
		err = json_print(notes, &tail);
	if (err)
		return err;
	head[strlen(head) - 1] = '\0'; /* its closing brace */
	buf_printf(&before,
		   "%s,\"fields\":[{\"id\":\"password\",\"type\":\"CONCEALED\","
		   "\"purpose\":\"PASSWORD\",\"label\":\"password\","
		   "\"value\":\"",
		   head);
	buf_printf(&after, "\"},%s]}", tail);
	err = buf_check(&before, "item");
	if (!err)
		err = buf_check(&after, "item");
	return err ? err
		   : entrytext_wrap(buf_str(&before), line, buf_str(&after),
				    out);
}

static void op_read(const struct cJSON *tree, const char **out_line,
		    const char **out_rest)
{
	const struct cJSON *fields = json_member(tree, "fields");

	for (const struct cJSON *field = json_first(fields); field;
	     field = json_next(field)) {
		const char *id = json_member_str(field, "id");

		if (id && strcmp(id, "password") == 0)
			*out_line = json_member_str(field, "value");
		else if (id && strcmp(id, "notesPlain") == 0)
			*out_rest = json_member_str(field, "value");
	}
}

static const struct items_kind op_kind = {
	.program = "op",
	.log_in = "op signin, unlock the app, or set OP_SERVICE_ACCOUNT_TOKEN",
	.locked = (const char *const[]){ "not currently signed in",
					 "not signed in", "session expired",
					 "no account", "authorization",
					 "unauthorized", "authentication",
					 "service account token", NULL },
	.name_field = "title",
	.list = (const char *const[]){ "item", "list", "--format", "json",
				       "--cache=false", NULL },
	.create = (const char *const[]){ "item", "create", "-", "--format",
					 "json", NULL },
	.show = (const char *const[]){ "item", "get", "--format", "json",
				       "--reveal", "--cache=false", NULL },
	.place_flag = "--vault",
	.body = op_body,
	.read = op_read,
};

/* OP_SESSION_<account> holds a session: its name is not known before. */
static void inherit_sessions(struct proc_env *env)
{
	for (char **at = environ; at && *at; at++) {
		const char *end = strchr(*at, '=');
		kr_cleanup(str_freep) char *name = NULL;

		if (!end || !text_starts_with(*at, "OP_SESSION_"))
			continue;
		name = strndup(*at, (size_t)(end - *at));
		if (name)
			proc_env_inherit(env, name);
	}
}

static struct err *op_open(const struct store_options *options,
			   const char *where, void **out_state,
			   char **out_label)
{
	static const char *const names[] = {
		"OP_ACCOUNT",	   "OP_SERVICE_ACCOUNT_TOKEN",
		"OP_CONNECT_HOST", "OP_CONNECT_TOKEN",
		"OP_CONFIG_DIR",   "OP_BIOMETRIC_UNLOCK_ENABLED",
	};
	struct items_store *items = NULL;
	const char *account = json_member_str(options->config, "account");
	struct err *err =
		items_open(&op_kind, options, where, &items, out_label);

	if (err)
		return err;
	items->place = json_member_str(options->config, "vault");
	items->field = "token";
	items->variable = "OP_SERVICE_ACCOUNT_TOKEN";
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		proc_env_inherit(&items->env, names[i]);
	inherit_sessions(&items->env);
	if (account)
		proc_env_set(&items->env, "OP_ACCOUNT", account);
	proc_env_set(&items->env, "NO_COLOR", "1");
	*out_state = items;
	return NULL;
}

/* That the vault is there, and that items of it can be seen. */
static struct err *op_probe(void *state)
{
	kr_cleanup(store_list_release) struct store_list list = { 0 };

	return items_list(state, &list);
}

const struct store_backend backend_op = {
	.name = "op",
	.can_prove = true,
	.put_looks = true,
	.open = op_open,
	.close = items_close,
	.probe = op_probe,
	.list = items_list,
	.put = items_put,
	.get = items_get,
};
