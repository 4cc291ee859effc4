#include "config/table.h"
#include "config/value.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/json.h"
#include "base/text.h"

static const struct {
	const char *prefix;
	enum config_ref_kind kind;
} refs[] = {
	{ "env:", REF_ENV },
	{ "file:", REF_FILE },
	{ "exec:", REF_EXEC },
};

#define N_REFS (sizeof(refs) / sizeof(*refs))

static bool parse_ref(const char *text, enum config_ref_kind *kind,
		      const char **rest)
{
	for (size_t i = 0; i < N_REFS; i++) {
		if (!text_starts_with(text, refs[i].prefix))
			continue;
		*kind = refs[i].kind;
		*rest = text + strlen(refs[i].prefix);
		return **rest != '\0';
	}
	return false;
}

struct err *value_ref(const struct yaml_doc *doc, const struct cJSON *node,
		      void *dest)
{
	struct config_ref *ref = dest;
	const char *rest;

	if (!cJSON_IsString(node) ||
	    !parse_ref(node->valuestring, &ref->kind, &rest))
		return yaml_err(doc, node,
				"a token is not written into this file: name "
				"where it is, as env:NAME, file:PATH or "
				"exec:COMMAND");
	ref->value = strdup(rest);
	if (!ref->value)
		return err_new(KR_ENOMEM, "out of memory for configuration");
	return NULL;
}

void value_release_ref(void *dest)
{
	free(((struct config_ref *)dest)->value);
}

struct err *value_url(const struct yaml_doc *doc, const struct cJSON *node,
		      void *dest)
{
	enum config_ref_kind kind;
	const char *rest;
	const char *text = cJSON_IsString(node) ? node->valuestring : "";

	if (!parse_ref(text, &kind, &rest) &&
	    !(text_starts_with(text, "https://") && text[8]) &&
	    !(text_starts_with(text, "http://") && text[7]))
		return yaml_err(doc, node,
				"wants a URL that begins with https://, or "
				"env:NAME, file:PATH or exec:COMMAND");
	/* https://user:password@host would be a secret in this file. */
	if (!parse_ref(text, &kind, &rest) && strchr(text, '@'))
		return yaml_err(doc, node,
				"a URL with a password is not written into "
				"this file: use env:NAME or file:PATH");
	return field_string(doc, node, dest);
}

struct err *value_percent(const struct yaml_doc *doc, const struct cJSON *node,
			  void *dest)
{
	char *end = NULL;
	double n = NAN;

	if (cJSON_IsString(node) && isdigit((unsigned char)*node->valuestring))
		n = strtod(node->valuestring, &end);
	if (!end || strcmp(end, "%") != 0 || !isfinite(n))
		return yaml_err(doc, node, "wants a percentage, such as 50%%");
	*(double *)dest = n;
	return NULL;
}

struct raw_format {
	double bytes;
	char *encoding;
};

const struct field config_format_fields[] = {
	{ .name = "bytes",
	  .help = "random bytes (32)",
	  .type = FIELD_NUMBER,
	  .offset = offsetof(struct raw_format, bytes) },
	{ .name = "encoding",
	  .help = "base64, base64url, hex or raw",
	  .type = FIELD_STRING,
	  .offset = offsetof(struct raw_format, encoding) },
	{ .name = NULL },
};

static KR_FALLIBLE check_format(const struct yaml_doc *doc,
				const struct cJSON *node,
				const struct raw_format *raw,
				struct keyspec *spec)
{
	kr_cleanup(err_freep) struct err *unknown = NULL;

	if (raw->bytes < 16 || raw->bytes > 1024 ||
	    raw->bytes != (double)(long)raw->bytes)
		return yaml_err(doc, json_member(node, "bytes"),
				"bytes wants a whole number from 16 to 1024");
	spec->bytes = (size_t)raw->bytes;
	if (raw->encoding)
		unknown =
			keyspec_parse_encoding(raw->encoding, &spec->encoding);
	if (unknown)
		return yaml_err(doc, json_member(node, "encoding"),
				"encoding is one of: base64, base64url, hex, "
				"raw");
	return NULL;
}

struct err *value_format(const struct yaml_doc *doc, const struct cJSON *node,
			 void *dest)
{
	struct keyspec *spec = dest;
	struct raw_format raw = { .bytes = (double)spec->bytes };
	struct err *err;

	err = fields_read(doc, node, config_format_fields, &raw);
	if (!err)
		err = check_format(doc, node, &raw, spec);
	fields_release(config_format_fields, &raw);
	return err;
}

struct err *value_operator(const struct yaml_doc *doc, const struct cJSON *node,
			   void *dest)
{
	if (cJSON_IsString(node) && strcmp(node->valuestring, "auto") == 0)
		return NULL;
	return field_string(doc, node, dest);
}

static bool is_name(const char *text, const char *others, size_t max)
{
	size_t n = strlen(text);

	if (n == 0 || n > max || !isalnum((unsigned char)text[0]) ||
	    !isalnum((unsigned char)text[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!islower((unsigned char)text[i]) &&
		    !isdigit((unsigned char)text[i]) &&
		    !strchr(others, text[i]))
			return false;
	return true;
}

struct err *value_secret_name(const struct yaml_doc *doc,
			      const struct cJSON *node, void *dest)
{
	if (cJSON_IsString(node) && !is_name(node->valuestring, "-.", 253))
		return yaml_err(doc, node,
				"is not a name that Kubernetes accepts: lower "
				"case letters, digits, '-' and '.'");
	return field_string(doc, node, dest);
}

struct err *value_namespace(const struct yaml_doc *doc,
			    const struct cJSON *node, void *dest)
{
	if (cJSON_IsString(node) && !is_name(node->valuestring, "-", 63))
		return yaml_err(doc, node,
				"is not a namespace that Kubernetes accepts: "
				"lower case letters, digits and '-', 63 at "
				"most");
	return field_string(doc, node, dest);
}

struct err *value_secret_key(const struct yaml_doc *doc,
			     const struct cJSON *node, void *dest)
{
	const char *text = cJSON_IsString(node) ? node->valuestring : NULL;
	size_t n = text ? strlen(text) : 0;

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("-_.", text[i]))
			n = 0;
	if (text && (n == 0 || n > 253 || strcmp(text, ".") == 0 ||
		     text_starts_with(text, "..")))
		return yaml_err(doc, node,
				"is not a name of a Secret's entry: letters, "
				"digits, '-', '_' and '.'");
	return field_string(doc, node, dest);
}

struct err *value_workloads(const struct yaml_doc *doc,
			    const struct cJSON *node, void *dest)
{
	const struct cJSON *item;

	if (!cJSON_IsArray(node) || json_length(node) == 0)
		return yaml_err(doc, node,
				"wants a list, such as "
				"[deployment/secrets-service]");
	cJSON_ArrayForEach (item, node) {
		kr_cleanup(err_freep) struct err *err = NULL;

		if (!cJSON_IsString(item))
			return yaml_err(doc, item,
					"wants KIND/NAME, such as "
					"deployment/secrets-service");
		err = workload_check(item->valuestring);
		if (err)
			return yaml_err(doc, item, "%s", err_message(err));
	}
	return field_strings(doc, node, dest);
}

struct err *value_consumers(const struct yaml_doc *doc,
			    const struct cJSON *node, void *dest)
{
	if (cJSON_IsString(node) && strcmp(node->valuestring, "auto") == 0)
		return NULL;
	if (!cJSON_IsArray(node))
		return yaml_err(doc, node,
				"consumers is auto, or a list such as "
				"[deployment/secrets-service]");
	return value_workloads(doc, node, dest);
}

KR_FALLIBLE workload_check(const char *text)
{
	static const char *const kinds[] = {
		"deployment",	"deployments", "deploy",    "statefulset",
		"statefulsets", "sts",	       "daemonset", "daemonsets",
		"ds",		"cronjob",     "cronjobs",  "cj",
		NULL,
	};
	const char *slash = strchr(text, '/');
	char kind[16];
	size_t n = slash ? (size_t)(slash - text) : 0;

	if (!slash || n == 0 || n >= sizeof(kind) ||
	    !is_name(slash + 1, "-.", 253))
		return err_new(KR_ECONFIG, "wants KIND/NAME, such as "
					   "deployment/secrets-service");
	for (size_t i = 0; i < n; i++)
		kind[i] = (char)tolower((unsigned char)text[i]);
	kind[n] = '\0';
	for (size_t i = 0; kinds[i]; i++)
		if (strcmp(kinds[i], kind) == 0)
			return NULL;
	return err_new(KR_ECONFIG, "the kind is one of: deployment, "
				   "statefulset, daemonset, cronjob");
}
