#include "kube/selector.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

enum label_operator {
	OP_IN,
	OP_NOT_IN,
	OP_EXISTS,
	OP_ABSENT,
	OP_UNKNOWN,
};

struct kube_requirement {
	char *key;
	enum label_operator op;
	char **values;
	size_t value_count;
};

static enum label_operator operator_of(const char *text)
{
	static const char *const names[] = { "In", "NotIn", "Exists",
					     "DoesNotExist" };

	for (int i = 0; i < OP_UNKNOWN; i++) {
		if (strcmp(text, names[i]) == 0)
			return (enum label_operator)i;
	}
	return OP_UNKNOWN;
}

static bool set_key(struct kube_requirement *r, const char *key,
		    enum label_operator op, size_t value_count)
{
	r->op = op;
	r->key = strdup(key);
	r->values = calloc(value_count + 1, sizeof(*r->values));
	return r->key && r->values;
}

static bool add_value(struct kube_requirement *r, const char *value)
{
	r->values[r->value_count] = strdup(value);
	return r->values[r->value_count++] != NULL;
}

static bool read_expression(struct kube_requirement *r, const struct cJSON *e)
{
	const struct cJSON *values = json_member(e, "values");
	const struct cJSON *value;

	if (!set_key(r, json_str_or(e, "key", ""),
		     operator_of(json_str_or(e, "operator", "")),
		     json_length(values)))
		return false;
	cJSON_ArrayForEach (value, values) {
		if (cJSON_IsString(value) && !add_value(r, value->valuestring))
			return false;
	}
	return true;
}

static bool read_all(struct kube_selector *s, const struct cJSON *labels,
		     const struct cJSON *expressions)
{
	const struct cJSON *item;

	cJSON_ArrayForEach (item, labels) {
		struct kube_requirement *r = &s->requirements[s->count++];

		if (!set_key(r, item->string, OP_IN, 1) ||
		    !add_value(r,
			       cJSON_IsString(item) ? item->valuestring : ""))
			return false;
	}
	cJSON_ArrayForEach (item, expressions) {
		if (!read_expression(&s->requirements[s->count++], item))
			return false;
	}
	return true;
}

KR_FALLIBLE kube_selector_read(const struct cJSON *selector,
			       struct kube_selector *out)
{
	const struct cJSON *labels = json_member(selector, "matchLabels");
	const struct cJSON *expressions =
		json_member(selector, "matchExpressions");
	struct kube_selector s = { 0 };

	s.requirements =
		calloc(json_length(labels) + json_length(expressions) + 1,
		       sizeof(*s.requirements));
	if (!s.requirements || !read_all(&s, labels, expressions)) {
		kube_selector_release(&s);
		return err_no_memory();
	}
	*out = s;
	return NULL;
}

static bool is_among(const struct kube_requirement *r, const char *value)
{
	for (size_t i = 0; i < r->value_count; i++) {
		if (strcmp(r->values[i], value) == 0)
			return true;
	}
	return false;
}

static bool is_met(const struct kube_requirement *r, const struct cJSON *labels)
{
	const char *value = json_member_str(labels, r->key);

	switch (r->op) {
	case OP_IN:
		return value && is_among(r, value);
	case OP_NOT_IN:
		return !value || !is_among(r, value);
	case OP_EXISTS:
		return value != NULL;
	case OP_ABSENT:
		return value == NULL;
	case OP_UNKNOWN:
		break;
	}
	return false;
}

bool kube_selector_matches(const struct kube_selector *selector,
			   const struct cJSON *labels)
{
	/* An empty selector selects nothing here: the API server refuses one
	 * for the workloads that this is about. */
	if (!selector->count)
		return false;
	for (size_t i = 0; i < selector->count; i++) {
		if (!is_met(&selector->requirements[i], labels))
			return false;
	}
	return true;
}

/* One requirement: "k in (a,b)", "k", "!k". */
static void put(struct buf *text, const struct kube_requirement *r)
{
	if (r->op == OP_ABSENT)
		buf_putc(text, '!');
	buf_puts(text, r->key);
	if (r->op == OP_EXISTS || r->op == OP_ABSENT)
		return;
	buf_puts(text, r->op == OP_IN ? " in (" : " notin (");
	for (size_t i = 0; i < r->value_count; i++)
		buf_printf(text, "%s%s", i ? "," : "", r->values[i]);
	buf_putc(text, ')');
}

void kube_selector_query(const struct kube_selector *selector, struct buf *out)
{
	struct buf text = BUF_INIT(8192);

	for (size_t i = 0; i < selector->count; i++) {
		if (selector->requirements[i].op == OP_UNKNOWN) {
			buf_release(&text);
			return;
		}
		if (i)
			buf_putc(&text, ',');
		put(&text, &selector->requirements[i]);
	}
	if (text.len && !text.failed) {
		buf_puts(out, "labelSelector=");
		buf_url(out, buf_str(&text));
	}
	buf_release(&text);
}

void kube_selector_release(struct kube_selector *selector)
{
	for (size_t i = 0; i < selector->count; i++) {
		struct kube_requirement *r = &selector->requirements[i];

		for (size_t j = 0; j < r->value_count; j++)
			free(r->values[j]);
		free(r->values);
		free(r->key);
	}
	free(selector->requirements);
	*selector = (struct kube_selector){ 0 };
}
