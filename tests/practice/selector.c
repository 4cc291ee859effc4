#include "selector.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "status.h"

enum term_op {
	TERM_IN,
	TERM_NOT_IN,
	TERM_EXISTS,
	TERM_ABSENT,
};

struct term {
	enum term_op op;
	bool field;
	char *key;
	char *values; /* ",a,b," */
	struct term *next;
};

struct selector {
	struct term *terms;
};

static void skip_space(const char **at)
{
	while (isspace((unsigned char)**at))
		(*at)++;
}

static char *word(const char **at)
{
	size_t len;
	char *out;

	skip_space(at);
	len = strcspn(*at, "=!,() \t");
	out = xstrndup(*at, len);
	*at += len;
	skip_space(at);
	return out;
}

static char *value_set(const char *one)
{
	return xasprintf(",%s,", one);
}

/* "(a, b)" as ",a,b,"; NULL when malformed. */
static char *value_list(const char **at)
{
	struct buf out = { 0 };

	skip_space(at);
	if (**at != '(')
		return NULL;
	do {
		char *one;

		(*at)++;
		one = word(at);
		buf_printf(&out, ",%s", one);
		free(one);
	} while (**at == ',');
	buf_str(&out, ",");
	if (**at != ')') {
		buf_release(&out);
		return NULL;
	}
	(*at)++;
	skip_space(at);
	return out.data;
}

static bool parse_term(struct term *term, const char **at)
{
	char *name;

	skip_space(at);
	if (**at == '!') {
		(*at)++;
		term->op = TERM_ABSENT;
		term->key = word(at);
		return *term->key != '\0';
	}
	term->key = word(at);
	term->op = TERM_EXISTS;
	if (!*term->key)
		return false;
	if (!**at || **at == ',')
		return true;
	if (**at == '!' || **at == '=') {
		term->op = **at == '!' ? TERM_NOT_IN : TERM_IN;
		*at += (*at)[1] == '=' ? 2 : 1;
		name = word(at);
		term->values = value_set(name);
		free(name);
		return true;
	}
	name = word(at);
	term->op = str_eq(name, "in") ? TERM_IN : TERM_NOT_IN;
	if (str_eq(name, "in") || str_eq(name, "notin"))
		term->values = value_list(at);
	free(name);
	return term->values != NULL;
}

/* NULL on success, else what is wrong. */
static const char *parse_terms(struct selector *selector, const char *text,
			       bool field)
{
	while (text && *text) {
		struct term *term = xcalloc(1, sizeof(*term));

		term->next = selector->terms;
		term->field = field;
		selector->terms = term;
		if (!parse_term(term, &text))
			return "unable to parse requirement";
		if (*text && *text != ',')
			return "found an unexpected token";
		if (*text)
			text++;
	}
	return NULL;
}

static bool field_known(const struct kind *kind, const char *field)
{
	static const struct {
		const char *kind;
		const char *field;
	} known[] = {
		{ "", "metadata.name" },
		{ "", "metadata.namespace" },
		{ "Pod", "spec.nodeName" },
		{ "Pod", "spec.restartPolicy" },
		{ "Pod", "spec.schedulerName" },
		{ "Pod", "spec.serviceAccountName" },
		{ "Pod", "status.phase" },
		{ "Pod", "status.podIP" },
		{ "Secret", "type" },
		{ "ReplicaSet", "status.replicas" },
		{ "Job", "status.successful" },
		{ "Namespace", "status.phase" },
		{ "Event", "involvedObject.kind" },
		{ "Event", "involvedObject.name" },
		{ "Event", "involvedObject.namespace" },
		{ "Event", "involvedObject.uid" },
		{ "Event", "reason" },
		{ "Event", "reportingComponent" },
		{ "Event", "source" },
		{ "Event", "type" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(known); i++)
		if (str_eq(known[i].field, field) &&
		    (!*known[i].kind || kind_is(kind, known[i].kind)))
			return true;
	return false;
}

struct selector *selector_new(const struct kind *kind, const char *labels,
			      const char *fields, struct reply *reply)
{
	struct selector *selector = xcalloc(1, sizeof(*selector));
	const char *problem = parse_terms(selector, labels, false);
	const struct term *term;

	if (!problem)
		problem = parse_terms(selector, fields, true);
	for (term = selector->terms; term && !problem; term = term->next) {
		if (!term->field || field_known(kind, term->key))
			continue;
		status_bad_request(reply,
				   "Unable to find \"%s\" that match label "
				   "selector \"\", field selector \"%s\": "
				   "field label not supported: %s",
				   kind->resource, fields, term->key);
		selector_free(selector);
		return NULL;
	}
	if (!problem)
		return selector;
	status_bad_request(reply, "%s", problem);
	selector_free(selector);
	return NULL;
}

void selector_free(struct selector *selector)
{
	struct term *term = selector ? selector->terms : NULL;

	while (term) {
		struct term *next = term->next;

		free(term->key);
		free(term->values);
		free(term);
		term = next;
	}
	free(selector);
}

static const char *field_value(const struct obj *obj, const char *path)
{
	const cJSON *at = obj->json;

	while (at && *path) {
		size_t len = strcspn(path, ".");
		char *name = xstrndup(path, len);

		at = json_get(at, name);
		free(name);
		path += len + (path[len] == '.');
	}
	return json_string(at) ? json_string(at) : "";
}

static bool term_match(const struct term *term, const char *value)
{
	char *needle;
	bool hit;

	if (term->op == TERM_EXISTS || term->op == TERM_ABSENT)
		return (value != NULL) == (term->op == TERM_EXISTS);
	if (!value)
		return term->op == TERM_NOT_IN;
	needle = value_set(value);
	hit = strstr(term->values, needle) != NULL;
	free(needle);
	return hit == (term->op == TERM_IN);
}

bool selector_match(const struct selector *selector, const struct obj *obj)
{
	const cJSON *labels = json_get(obj->json, "metadata", "labels");
	const struct term *term;

	for (term = selector->terms; term; term = term->next) {
		const char *value = term->field ? field_value(obj, term->key)
						: json_text(labels, term->key);

		if (!term_match(term, value))
			return false;
	}
	return true;
}

const char *selector_name(const struct selector *selector)
{
	static _Thread_local char name[256];
	const struct term *term;
	size_t len;

	for (term = selector->terms; term; term = term->next) {
		if (!term->field || term->op != TERM_IN ||
		    !str_eq(term->key, "metadata.name"))
			continue;
		len = strlen(term->values);
		if (len < 3 || len - 2 >= sizeof(name))
			continue;
		memcpy(name, term->values + 1, len - 2);
		name[len - 2] = '\0';
		return name;
	}
	return NULL;
}

static bool expression_match(const cJSON *expression, const cJSON *labels)
{
	const char *op = json_text(expression, "operator");
	const char *key = json_text(expression, "key");
	const char *value = key ? json_text(labels, key) : NULL;
	const cJSON *at;
	bool listed = false;

	if (str_eq(op, "Exists"))
		return value != NULL;
	if (str_eq(op, "DoesNotExist"))
		return value == NULL;
	cJSON_ArrayForEach (at, json_get(expression, "values"))
		if (str_eq(json_string(at), value))
			listed = true;
	return str_eq(op, "In") ? listed : !listed;
}

bool selector_match_labels(const cJSON *label_selector, const cJSON *labels)
{
	const cJSON *at;

	cJSON_ArrayForEach (at, json_get(label_selector, "matchLabels"))
		if (!json_same(at, json_get(labels, at->string)))
			return false;
	cJSON_ArrayForEach (at, json_get(label_selector, "matchExpressions"))
		if (!expression_match(at, labels))
			return false;
	return true;
}
