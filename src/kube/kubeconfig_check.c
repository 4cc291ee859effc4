#include "kube/kubeconfig_check.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "base/json.h"

enum field_type {
	TEXT,
	BOOLEAN,
	BASE64,
	TEXTS,	   /* a list of texts */
	TEXT_MAP,  /* name: text */
	TEXTS_MAP, /* name: [text, ...] */
	OBJECT,
	LIST,	    /* of objects */
	NAMED_LIST, /* of objects with a `name` that is given once */
	ANYTHING,
};

struct field {
	const char *name; /* NULL ends a table */
	enum field_type type;
	const struct field *fields; /* of an object, or of a list's objects */
};

static const struct field extension[] = {
	{ "name", TEXT, NULL },
	{ "extension", ANYTHING, NULL },
	{ NULL, TEXT, NULL },
};

static const struct field cluster[] = {
	{ "server", TEXT, NULL },
	{ "tls-server-name", TEXT, NULL },
	{ "insecure-skip-tls-verify", BOOLEAN, NULL },
	{ "certificate-authority", TEXT, NULL },
	{ "certificate-authority-data", BASE64, NULL },
	{ "proxy-url", TEXT, NULL },
	{ "disable-compression", BOOLEAN, NULL },
	{ "extensions", NAMED_LIST, extension },
	{ NULL, TEXT, NULL },
};

static const struct field auth_provider[] = {
	{ "name", TEXT, NULL },
	{ "config", TEXT_MAP, NULL },
	{ NULL, TEXT, NULL },
};

static const struct field exec_env[] = {
	{ "name", TEXT, NULL },
	{ "value", TEXT, NULL },
	{ NULL, TEXT, NULL },
};

static const struct field exec[] = {
	{ "command", TEXT, NULL },
	{ "args", TEXTS, NULL },
	{ "env", LIST, exec_env },
	{ "apiVersion", TEXT, NULL },
	{ "installHint", TEXT, NULL },
	{ "provideClusterInfo", BOOLEAN, NULL },
	{ "interactiveMode", TEXT, NULL },
	{ NULL, TEXT, NULL },
};

static const struct field user[] = {
	{ "client-certificate", TEXT, NULL },
	{ "client-certificate-data", BASE64, NULL },
	{ "client-key", TEXT, NULL },
	{ "client-key-data", BASE64, NULL },
	{ "token", TEXT, NULL },
	{ "tokenFile", TEXT, NULL },
	{ "as", TEXT, NULL },
	{ "as-uid", TEXT, NULL },
	{ "as-groups", TEXTS, NULL },
	{ "as-user-extra", TEXTS_MAP, NULL },
	{ "username", TEXT, NULL },
	{ "password", TEXT, NULL },
	{ "auth-provider", OBJECT, auth_provider },
	{ "exec", OBJECT, exec },
	{ "extensions", NAMED_LIST, extension },
	{ NULL, TEXT, NULL },
};

static const struct field context[] = {
	{ "cluster", TEXT, NULL },   { "user", TEXT, NULL },
	{ "namespace", TEXT, NULL }, { "extensions", NAMED_LIST, extension },
	{ NULL, TEXT, NULL },
};

static const struct field named_cluster[] = {
	{ "name", TEXT, NULL },
	{ "cluster", OBJECT, cluster },
	{ NULL, TEXT, NULL },
};

static const struct field named_user[] = {
	{ "name", TEXT, NULL },
	{ "user", OBJECT, user },
	{ NULL, TEXT, NULL },
};

static const struct field named_context[] = {
	{ "name", TEXT, NULL },
	{ "context", OBJECT, context },
	{ NULL, TEXT, NULL },
};

static const struct field preferences[] = {
	{ "colors", BOOLEAN, NULL },
	{ "extensions", NAMED_LIST, extension },
	{ NULL, TEXT, NULL },
};

static const struct field top[] = {
	{ "kind", TEXT, NULL },
	{ "apiVersion", TEXT, NULL },
	{ "preferences", OBJECT, preferences },
	{ "clusters", NAMED_LIST, named_cluster },
	{ "users", NAMED_LIST, named_user },
	{ "contexts", NAMED_LIST, named_context },
	{ "current-context", TEXT, NULL },
	{ "extensions", NAMED_LIST, extension },
	{ NULL, TEXT, NULL },
};

/* The one whose fields they are, for messages. */
struct place {
	const struct yaml_doc *doc;
	const char *owner; /* "cluster \"x\"" without the quotes' trouble */
	const char *owner_name;
};

static struct err *bad(const struct place *at, const struct cJSON *node,
		       const char *field, const char *what)
{
	if (at->owner_name)
		return yaml_err(at->doc, node, "%s \"%.100s\": %s %s",
				at->owner, at->owner_name, field, what);
	return yaml_err(at->doc, node, "%s %s", field, what);
}

static KR_FALLIBLE check_text(const struct place *at, const struct cJSON *node,
			      const char *field)
{
	if (cJSON_IsString(node) || cJSON_IsNull(node))
		return NULL;
	if (cJSON_IsNumber(node) || cJSON_IsBool(node))
		return bad(at, node, field,
			   "must be a text, and YAML reads this as a number or "
			   "a truth value: put it in quotes");
	return bad(at, node, field, "must be a text");
}

/* Line breaks are skipped, as in a block of YAML. */
static KR_FALLIBLE check_base64(const struct place *at,
				const struct cJSON *node, const char *field)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789+/";
	size_t count = 0, padding = 0;
	struct err *err = check_text(at, node, field);

	if (err || !cJSON_IsString(node))
		return err;
	for (const char *p = node->valuestring; *p; p++) {
		if (*p == '\r' || *p == '\n')
			continue;
		padding += *p == '=';
		if (*p == '=' ? padding > 2 : padding || !strchr(digits, *p))
			return bad(at, node, field, "is not base64");
		count++;
	}
	return count % 4 == 0 ? NULL : bad(at, node, field, "is cut base64");
}

static KR_FALLIBLE check_texts(const struct place *at, const struct cJSON *node,
			       const char *field)
{
	const struct cJSON *item;
	struct err *err = NULL;

	if (cJSON_IsNull(node))
		return NULL;
	if (!cJSON_IsArray(node))
		return bad(at, node, field, "must be a list of texts");
	cJSON_ArrayForEach (item, node) {
		if (!err)
			err = check_text(at, item, field);
	}
	return err;
}

static KR_FALLIBLE check_map(const struct place *at, const struct cJSON *node,
			     const char *field, bool of_lists)
{
	const struct cJSON *item;
	struct err *err = NULL;

	if (cJSON_IsNull(node))
		return NULL;
	if (!cJSON_IsObject(node))
		return bad(at, node, field, "must be a mapping");
	cJSON_ArrayForEach (item, node) {
		if (err)
			break;
		err = of_lists ? check_texts(at, item, field)
			       : check_text(at, item, field);
	}
	return err;
}

static KR_FALLIBLE check_fields(const struct place *at,
				const struct cJSON *object,
				const struct field *fields);

static KR_FALLIBLE check_object(const struct place *at,
				const struct cJSON *node, const char *field,
				const struct field *fields)
{
	if (cJSON_IsNull(node))
		return NULL;
	if (!cJSON_IsObject(node))
		return bad(at, node, field, "must be a mapping");
	return check_fields(at, node, fields);
}

static KR_FALLIBLE check_list(const struct place *at, const struct cJSON *node,
			      const struct field *field)
{
	struct place inside = *at;
	const struct cJSON *item;

	if (cJSON_IsNull(node))
		return NULL;
	if (!cJSON_IsArray(node))
		return bad(at, node, field->name, "must be a list");
	cJSON_ArrayForEach (item, node) {
		struct err *err;

		/* The second field of a named entry is called like it. */
		if (field->type == NAMED_LIST && field->fields != extension) {
			inside.owner = field->fields[1].name;
			inside.owner_name = json_member_str(item, "name");
		}
		err = check_object(&inside, item, field->name, field->fields);
		if (err)
			return err;
	}
	return NULL;
}

/* Sorted by name, then by place: equals are neighbours. */
static int by_name(const void *a, const void *b)
{
	const struct cJSON *const *left = a;
	const struct cJSON *const *right = b;

	return strcmp(json_str_or(*left, "name", ""),
		      json_str_or(*right, "name", ""));
}

static KR_FALLIBLE check_names(const struct place *at, const struct cJSON *list,
			       const struct field *field)
{
	size_t n = json_length(list), i = 0;
	const struct cJSON **items;
	const struct cJSON *item;
	struct err *err = NULL;

	if (n < 2 || !cJSON_IsArray(list))
		return NULL;
	items = calloc(n, sizeof(*items));
	if (!items)
		return err_no_memory();
	cJSON_ArrayForEach (item, list) {
		items[i++] = item;
	}
	qsort(items, n, sizeof(*items), by_name);
	for (i = 1; i < n && !err; i++) {
		if (by_name(&items[i - 1], &items[i]) != 0)
			continue;
		err = yaml_err(
			at->doc, items[i],
			"%s: the name \"%.100s\" is given twice (also in "
			"line %zu)",
			field->name, json_str_or(items[i], "name", ""),
			yaml_where(at->doc, items[i - 1]).line);
	}
	free(items);
	return err;
}

static KR_FALLIBLE check_field(const struct place *at, const struct cJSON *node,
			       const struct field *field)
{
	struct err *err = NULL;

	switch (field->type) {
	case TEXT:
		return check_text(at, node, field->name);
	case BOOLEAN:
		if (cJSON_IsBool(node) || cJSON_IsNull(node))
			return NULL;
		return bad(at, node, field->name, "must be true or false");
	case BASE64:
		return check_base64(at, node, field->name);
	case TEXTS:
		return check_texts(at, node, field->name);
	case TEXT_MAP:
	case TEXTS_MAP:
		return check_map(at, node, field->name,
				 field->type == TEXTS_MAP);
	case OBJECT:
		return check_object(at, node, field->name, field->fields);
	case LIST:
	case NAMED_LIST:
		err = check_list(at, node, field);
		if (!err && field->type == NAMED_LIST)
			err = check_names(at, node, field);
		return err;
	case ANYTHING:
		break;
	}
	return err;
}

static KR_FALLIBLE check_fields(const struct place *at,
				const struct cJSON *object,
				const struct field *fields)
{
	struct err *err = NULL;

	for (const struct field *f = fields; f->name && !err; f++) {
		const struct cJSON *node = json_member(object, f->name);

		if (node)
			err = check_field(at, node, f);
	}
	return err;
}

KR_FALLIBLE kubeconfig_check(const struct yaml_doc *doc)
{
	const struct place at = { .doc = doc };
	const struct cJSON *root = yaml_root(doc);
	const char *version = json_str_or(root, "apiVersion", "");
	const char *kind = json_str_or(root, "kind", "");
	struct err *err;

	if (!cJSON_IsObject(root) && !cJSON_IsNull(root))
		return yaml_err(doc, root,
				"this is no kubeconfig: it must be "
				"a mapping");
	err = check_fields(&at, root, top);
	if (err)
		return err;
	if (*version && strcmp(version, "v1") != 0)
		return yaml_err(doc, json_member(root, "apiVersion"),
				"apiVersion must be v1");
	if (*kind && strcmp(kind, "Config") != 0)
		return yaml_err(doc, json_member(root, "kind"),
				"kind must be Config: this is no kubeconfig");
	return NULL;
}
