#include "cli/yamlout.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include <cjson/cJSON.h>

#include "base/json.h"

/* Words that YAML 1.1 reads as a boolean or null. */
static bool is_reserved(const char *text)
{
	static const char *const words[] = { "true", "false", "yes", "no",
					     "on",   "off",   "y",   "n",
					     "null", NULL };

	for (size_t i = 0; words[i]; i++)
		if (strcasecmp(words[i], text) == 0)
			return true;
	return false;
}

/* Begins with a letter, goes on with what never needs quotes. */
static bool is_plain(const char *text)
{
	if (!isalpha((unsigned char)*text) || is_reserved(text))
		return false;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr("-_./", *text))
			return false;
	return true;
}

static void print_scalar(const struct cJSON *node, struct out *out)
{
	struct err *err;
	char *text;

	if (cJSON_IsString(node) && is_plain(node->valuestring)) {
		out_puts(out, node->valuestring);
		return;
	}
	err = json_print(node, &text);
	if (err) {
		if (out->failed)
			err_free(err);
		else
			out->failed = err;
		return;
	}
	out_puts(out, text);
	free(text);
}

void yamlout_word(const char *text, struct buf *out)
{
	struct cJSON *node;
	struct err *err;
	char *quoted;

	if (is_plain(text)) {
		buf_puts(out, text);
		return;
	}
	node = cJSON_CreateString(text);
	err = json_print(node, &quoted);
	json_free(node);
	if (err) {
		err_free(err);
		out->failed = true;
		return;
	}
	buf_puts(out, quoted);
	free(quoted);
}

static void print_key(const struct cJSON *node, struct out *out)
{
	if (is_plain(node->string)) {
		out_puts(out, node->string);
	} else {
		struct cJSON *name = cJSON_CreateString(node->string);

		print_scalar(name, out);
		json_free(name);
	}
	out_puts(out, ":");
}

static bool is_nested(const struct cJSON *node)
{
	return (cJSON_IsObject(node) || cJSON_IsArray(node)) && node->child;
}

/*
 * Depth is bounded by the trees that this program builds. `inline_first` is
 * for a mapping in a sequence, whose first member stands after the dash.
 */
static void print_node(const struct cJSON *node, int indent, bool inline_first,
		       struct out *out)
{
	bool array = cJSON_IsArray(node);

	for (const struct cJSON *c = node->child; c; c = c->next) {
		if (!inline_first)
			out_printf(out, "%*s", indent, "");
		inline_first = false;
		if (array)
			out_puts(out, "-");
		else
			print_key(c, out);
		if (array && cJSON_IsObject(c) && c->child) {
			out_puts(out, " ");
			print_node(c, indent + 2, true, out);
		} else if (is_nested(c)) {
			bool flush = cJSON_IsArray(c) && !array;

			out_puts(out, "\n");
			print_node(c, flush ? indent : indent + 2, false, out);
		} else {
			out_puts(out, " ");
			print_scalar(c, out);
			out_puts(out, "\n");
		}
	}
}

void yamlout_print(const struct cJSON *tree, struct out *out)
{
	if (is_nested(tree)) {
		print_node(tree, 0, false, out);
		return;
	}
	print_scalar(tree, out);
	out_puts(out, "\n");
}

void yamlout_print_all(const struct cJSON *list, struct out *out)
{
	for (const struct cJSON *c = list->child; c; c = c->next) {
		out_puts(out, "---\n");
		yamlout_print(c, out);
	}
}
