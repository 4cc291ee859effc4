#include "cli/output.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "base/json.h"
#include "cli/yamlout.h"
#include "ui/summary.h"
#include "ui/term.h"

static const char *const modes[] = {
	[OUTPUT_TEXT] = "text",	  [OUTPUT_JSON] = "json",
	[OUTPUT_JSONL] = "jsonl", [OUTPUT_YAML] = "yaml",
	[OUTPUT_NAME] = "name",
};

#define N_MODES (sizeof(modes) / sizeof(*modes))

enum output_mode output_mode(const char *output)
{
	for (size_t i = 0; i < N_MODES; i++)
		if (output && strcmp(modes[i], output) == 0)
			return (enum output_mode)i;
	return OUTPUT_TEXT;
}

enum output_mode output_mode_guess(int argc, char **argv)
{
	enum output_mode mode = OUTPUT_TEXT;

	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const char *next = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "-o") == 0 ||
		    strcmp(argv[i], "--output") == 0)
			mode = output_mode(next);
		else if (strncmp(argv[i], "--output=", 9) == 0)
			mode = output_mode(argv[i] + 9);
		else if (strncmp(argv[i], "-o=", 3) == 0)
			mode = output_mode(argv[i] + 3);
		else if (strncmp(argv[i], "-o", 2) == 0)
			mode = output_mode(argv[i] + 2);
	}
	return mode;
}

static void print_json(const struct cJSON *document, bool pretty,
		       struct out *out)
{
	struct err *err;
	char *text;

	err = pretty ? json_print_pretty(document, &text)
		     : json_print(document, &text);
	if (err) {
		err_free(out->failed);
		out->failed = err;
		return;
	}
	out_printf(out, "%s\n", text);
	free(text);
}

static void print_names(const struct cJSON *document, struct out *out)
{
	const struct cJSON *target;

	cJSON_ArrayForEach (target, json_at(document, "targets")) {
		out_printf(out, "secret/%s\n",
			   json_str_or(target, "secret", ""));
	}
}

static void print_text(const struct result *result, struct out *out)
{
	if (result->text.len) {
		out_text(out, result->text.data, result->text.len);
		return;
	}
	summary_state(out, result->document);
}

void output_result(enum output_mode mode, const struct result *result,
		   struct out *out, struct out *err)
{
	const struct cJSON *document = result->document;
	bool failed = json_int(document, "exitCode", 1) != 0;

	switch (mode) {
	case OUTPUT_TEXT:
		if (!failed || result->text.len)
			print_text(result, out);
		break;
	case OUTPUT_JSON:
	case OUTPUT_JSONL:
		print_json(document, mode == OUTPUT_JSON, out);
		break;
	case OUTPUT_YAML:
		yamlout_print(document, out);
		break;
	case OUTPUT_NAME:
		if (!failed)
			print_names(document, out);
		break;
	}
	if (failed)
		summary_failure(err, document);
	else if (mode == OUTPUT_TEXT)
		summary_next(err, document);
}

size_t output_columns(const struct cli_context *context)
{
	return context->options.plain ? 0 : term_width(context->out->fd);
}
