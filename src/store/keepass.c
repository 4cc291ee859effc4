#include "store/keepass.h"

#include <string.h>

#include "store/entrytext.h"
#include "store/store_backend.h"

#define MAX_ARGS 24
#define TRIES	 3

static struct err *run_once(const struct keepass_store *ks,
			    const struct keepass_run *run,
			    struct tool_result *out)
{
	kr_cleanup(secret_freep) struct secret *input = NULL;
	const char *argv[MAX_ARGS] = { "keepassxc-cli" };
	struct tool_run tool = {
		.argv = argv,
		.env = &ks->env,
		.key = run->key,
		.max_output_bytes = SECRET_MAX_BYTES,
		.timeout_ms = ks->timeout_ms,
	};
	size_t n = 1;
	struct err *err;

	for (size_t i = 0; run->command[i]; i++)
		argv[n++] = run->command[i];
	if (ks->key_file) {
		argv[n++] = "--key-file";
		argv[n++] = ks->key_file;
	}
	argv[n++] = "--";
	argv[n++] = ks->file;
	argv[n++] = run->entry;
	err = entrytext_join(ks->password,
			     run->line ? (const char *)secret_expose(run->line)
				       : "",
			     run->line ? secret_len(run->line) : 0, &input);
	if (err)
		return err;
	tool.input = input;
	return tool_run(&tool, out);
}

static bool is_locked(const struct tool_result *result)
{
	return result->exit_code != 0 &&
	       (strstr(result->said, "Invalid credentials") ||
		strstr(result->said, "If this reoccurs"));
}

KR_FALLIBLE keepass_run(struct keepass_store *ks, const struct keepass_run *run,
			struct tool_result *out)
{
	for (int i = 0;; i++) {
		kr_cleanup(
			tool_result_release) struct tool_result result = { 0 };
		struct err *err = NULL;

		if (!ks->password)
			err = passphrase_get(&ks->source, ks->file,
					     &ks->password);
		if (!err)
			err = run_once(ks, run, &result);
		if (err)
			return err;
		if (!is_locked(&result)) {
			*out = result;
			result = (struct tool_result){ 0 };
			return NULL;
		}
		secret_free(ks->password);
		ks->password = NULL;
		if (i + 1 == TRIES || !passphrase_is_asked(&ks->source))
			return store_error("Locked",
					   "it did not open with this password"
					   "%s",
					   ks->key_file ? " and key file" : "");
	}
}
