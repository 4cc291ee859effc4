/*
 * How a command's document is printed, by -o.
 */
#ifndef KR_CLI_OUTPUT_H
#define KR_CLI_OUTPUT_H

#include "cli/command.h"
#include "runbook/result.h"
#include "ui/out.h"

enum output_mode {
	OUTPUT_TEXT,
	OUTPUT_JSON,
	OUTPUT_JSONL,
	OUTPUT_YAML,
	OUTPUT_NAME,
};

/* From the value of -o, one of those that the option knows. */
enum output_mode output_mode(const char *output);

/*
 * Looks for -o in words that could not be parsed, so that a script that asked
 * for JSON gets its document for a usage error, too.
 */
enum output_mode output_mode_guess(int argc, char **argv);

/*
 * Prints a finished result: the document or the text on `out`, and a failure
 * for people on `err`.
 */
void output_result(enum output_mode mode, const struct result *result,
		   struct out *out, struct out *err);

/* How long the lines of a table on standard output may be; 0: any length. */
size_t output_columns(const struct cli_context *context);

#endif
