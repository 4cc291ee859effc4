#include "store/tool.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "store/store_backend.h"

#define MAX_STDERR	  8192
#define MAX_COMPLAINT	  200
#define TIMEOUT_MS	  (60 * 1000)
#define ASKING_TIMEOUT_MS (300 * 1000)

void tool_result_release(struct tool_result *result)
{
	secret_free(result->output);
	free(result->complaint);
	free(result->said);
	*result = (struct tool_result){ 0 };
}

KR_FALLIBLE tool_timeout(const struct store_options *options, int64_t *out_ms)
{
	const char *timeout =
		options->config ? json_member_str(options->config, "timeout")
				: NULL;

	if (timeout)
		return err_as(clock_parse_duration(timeout, false, out_ms),
			      KR_ECONFIG);
	*out_ms = options->may_ask ? ASKING_TIMEOUT_MS : TIMEOUT_MS;
	return NULL;
}

void tool_session_env(struct proc_env *env)
{
	static const char *const names[] = {
		"GNUPGHOME",
		"GPG_TTY",
		"GPG_AGENT_INFO",
		"PINENTRY_USER_DATA",
		"SSH_AUTH_SOCK",
		"DISPLAY",
		"WAYLAND_DISPLAY",
		"XAUTHORITY",
		"DBUS_SESSION_BUS_ADDRESS",
	};

	proc_env_base(env);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		proc_env_inherit(env, names[i]);
	proc_env_set(env, "LANGUAGE", "en");
	/* gpg looks for the terminal on its standard input: a pipe. */
	for (int fd = 0; !getenv("GPG_TTY") && fd <= STDERR_FILENO; fd++) {
		char name[128];

		if (ttyname_r(fd, name, sizeof(name)) == 0) {
			proc_env_set(env, "GPG_TTY", name);
			break;
		}
	}
}

/* The last line that says anything. */
static char *last_line(const struct buf *err)
{
	const char *text = buf_str(err);
	size_t end = err->len, start;

	while (end && (text[end - 1] == '\n' || text[end - 1] == '\r'))
		end--;
	for (start = end; start && text[start - 1] != '\n'; start--)
		;
	return text_clean(text + start, end - start, MAX_COMPLAINT);
}

static char *complaint_of(const struct tool_run *run, const struct buf *err)
{
	if (run->hide_complaint)
		return strdup("");
	if (run->key && secret_occurs_in(run->key, buf_str(err), err->len))
		return strdup("(its message is not shown: it holds the key)");
	return last_line(err);
}

KR_FALLIBLE tool_run(const struct tool_run *run, struct tool_result *out)
{
	kr_cleanup(proc_result_release) struct proc_result ran = { 0 };
	kr_cleanup(tool_result_release) struct tool_result result = { 0 };
	struct proc_spec spec = {
		.argv = run->argv,
		.stdin_mode = run->input ? PROC_STDIN_DATA : PROC_STDIN_NULL,
		.stderr_mode = PROC_STDERR_CAPTURE,
		.max_stdout_bytes = run->max_output_bytes,
		.max_stderr_bytes = MAX_STDERR,
		.timeout_ms = run->timeout_ms,
	};
	struct err *err = proc_env_vars(run->env, &spec.envp);

	if (err)
		return err;
	if (run->input) {
		spec.stdin_data = secret_expose(run->input);
		spec.stdin_len = secret_len(run->input);
	}
	err = proc_run(&spec, &ran);
	if (err_is(err, KR_ENOTFOUND))
		err = err_hint(err, "install it, or name another store with "
				    "--store");
	if (err_is(err, KR_ETIMEOUT))
		err = err_hint(err, "is it waiting for a passphrase or a "
				    "confirmation?");
	if (err)
		return err_is(err, KR_EINTERRUPTED) ? err
						    : err_as(err, KR_ESTORE);
	if (ran.term_signal)
		return store_error("StoreFailed", "%s was killed by signal %d",
				   run->argv[0], ran.term_signal);
	err = secret_from_bytes(buf_str(&ran.out), ran.out.len, &result.output);
	if (err)
		return err;
	result.exit_code = ran.exit_code;
	result.complaint = complaint_of(run, &ran.err);
	result.said = strdup(run->hide_complaint ? "" : buf_str(&ran.err));
	if (!result.complaint || !result.said)
		return err_no_memory();
	*out = result;
	memset(&result, 0, sizeof(result));
	return NULL;
}

struct err *tool_failed(const char *name, const struct tool_result *result)
{
	return store_error("StoreFailed", "%s failed (exit code %d)%s%s", name,
			   result->exit_code, *result->complaint ? ": " : "",
			   result->complaint);
}

/* gpg's own words, asked for in English. */
struct err *gpg_show_failed(const char *name, const struct tool_result *result)
{
	static const char *const damaged[] = {
		"decrypt_message failed",
		"no valid OpenPGP data",
		"invalid packet",
		"Invalid packet",
		"No data",
		"encrypted message has been manipulated",
	};
	struct err *err = tool_failed(name, result);

	for (size_t i = 0; i < sizeof(damaged) / sizeof(*damaged); i++)
		if (strstr(result->said, damaged[i]))
			return err_set_reason(err, "Mismatch");
	return err_hint(err_set_reason(err, "Locked"),
			"try: gpg --decrypt of a file in the password store; "
			"in a terminal, export GPG_TTY=$(tty)");
}
