/*
 * store: "TYPE[:WHERE]", or a mapping with what a password manager needs.
 */
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/json.h"
#include "base/text.h"
#include "config/table.h"
#include "config/value.h"

static const char *const types[] = {
	"file", "pass", "gopass", "keepassxc", "vault",
	"op",	"bw",	"exec",	  "none",      NULL,
};

static const char *const logins[] = { "token", "approle", "kubernetes", NULL };

struct raw_store {
	char *type, *where, *item, *path, *address, *mount, *vault, *account;
	char *keyFile, *namespace, *ca, *serverName;
	char *authMount, *role, *roleID, *organization, *collection;
	char **command, **env;
	int64_t timeout;
	int auth;
	struct config_ref token, secretID, jwt, session;
};

#define STR(member, words)                                                     \
	{                                                                      \
		.name = #member, .help = words, .type = FIELD_STRING,          \
		.offset = offsetof(struct raw_store, member)                   \
	}

#define REF(member, words)                                                     \
	{                                                                      \
		.name = #member, .help = words, .type = FIELD_CUSTOM,          \
		.offset = offsetof(struct raw_store, member),                  \
		.read = value_ref, .release = value_release_ref                \
	}

const struct field config_store_fields[] = {
	STR(type, "which password manager"),
	STR(where, "what stands behind TYPE:"),
	STR(item, "name or title of its entries"),
	STR(path, "the same as where"),
	STR(address, "of Vault (VAULT_ADDR)"),
	STR(mount, "of Vault's key-value engine"),
	STR(vault, "of 1Password"),
	STR(account, "of 1Password"),
	{ .name = "timeout",
	  .help = "of one call",
	  .type = FIELD_DURATION,
	  .offset = offsetof(struct raw_store, timeout) },
	STR(keyFile, "of KeePassXC"),
	STR(namespace, "of Vault"),
	STR(ca, "certificates to trust, a file"),
	STR(serverName, "name in the server's certificate"),
	{ .name = "auth",
	  .help = "how Vault is logged in to",
	  .type = FIELD_CHOICE,
	  .choices = logins,
	  .offset = offsetof(struct raw_store, auth) },
	STR(authMount, "where that stands"),
	STR(role, "of Vault"),
	STR(roleID, "of AppRole"),
	STR(organization, "of Bitwarden"),
	STR(collection, "of Bitwarden"),
	{ .name = "env",
	  .help = "variables that its command gets, too",
	  .type = FIELD_STRINGS,
	  .offset = offsetof(struct raw_store, env) },
	{ .name = "command",
	  .help = "a command, as words (exec)",
	  .type = FIELD_STRINGS,
	  .offset = offsetof(struct raw_store, command) },
	REF(token, "of Vault or 1Password"),
	REF(secretID, "of AppRole"),
	REF(jwt, "of Vault's jwt and kubernetes"),
	REF(session, "of Bitwarden"),
	{ .name = NULL },
};

static KR_FALLIBLE check_type(const struct yaml_doc *doc,
			      const struct cJSON *node, const char *spec)
{
	char type[16];
	size_t n = strcspn(spec, ":");
	const char *near;
	struct err *err;

	if (n < sizeof(type)) {
		memcpy(type, spec, n);
		type[n] = '\0';
		for (size_t i = 0; types[i]; i++)
			if (strcmp(types[i], type) == 0)
				return NULL;
	} else {
		type[0] = '\0';
	}
	err = yaml_err(doc, node,
		       "a store is one of: file, pass, gopass, keepassxc, "
		       "vault, op, bw, exec, none");
	near = text_suggest(type, types);
	return near ? err_hint(err, "Did you mean \"%s\"?", near) : err;
}

static KR_FALLIBLE take_raw(const struct raw_store *raw,
			    const struct cJSON *node,
			    struct config_store *store)
{
	const char *where = raw->where ? raw->where : raw->path;

	if (asprintf(&store->spec, where ? "%s:%s" : "%s", raw->type, where) <
	    0) {
		store->spec = NULL;
		return err_new(KR_ENOMEM, "out of memory for configuration");
	}
	if (raw->item) {
		store->item = strdup(raw->item);
		if (!store->item)
			return err_new(KR_ENOMEM,
				       "out of memory for configuration");
	}
	store->fields = node;
	return NULL;
}

struct err *value_store(const struct yaml_doc *doc, const struct cJSON *node,
			void *dest)
{
	struct config_store *store = dest;
	struct raw_store raw = { 0 };
	struct err *err;

	if (cJSON_IsString(node)) {
		err = check_type(doc, node, node->valuestring);
		return err ? err : field_string(doc, node, &store->spec);
	}
	err = fields_read(doc, node, config_store_fields, &raw);
	if (!err && !raw.type)
		err = yaml_err(doc, node, "field \"type\" is missing");
	if (!err)
		err = check_type(doc, json_member(node, "type"), raw.type);
	if (!err)
		err = take_raw(&raw, node, store);
	fields_release(config_store_fields, &raw);
	return err;
}

void value_release_store(void *dest)
{
	struct config_store *store = dest;

	free(store->spec);
	free(store->item);
}
