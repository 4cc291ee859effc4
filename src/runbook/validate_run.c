/* Checks that are commands: a suite, and what answers for the application. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "runbook/junit.h"
#include "runbook/validate_internal.h"
#include "secret/secret.h"

#define MAX_OUTPUT (16u * 1024 * 1024)
#define MAX_REPORT (64u * 1024 * 1024)
#define MAX_ARGS   256
#define PROBE_MS   (30 * 1000)
#define KEY_SPAN   (16u * 1024)

static void release_argv(char **argv)
{
	for (char **word = argv; *word; word++)
		free(*word);
}

static KR_FALLIBLE fill_argv(const struct check *check, char *const *argv,
			     char **out)
{
	struct err *err = NULL;
	size_t n = 0;

	for (; !err && argv[n] && n < MAX_ARGS; n++)
		err = check_fill(check, argv[n], &out[n]);
	if (!err && argv[n])
		err = err_new(KR_ECONFIG, "%s: too many words", check->name);
	return err;
}

static KR_FALLIBLE fill_env(const struct check *check, struct proc_env *env,
			    const char *const **out)
{
	const struct validate_options *o = check->options;
	char *const *name = check->config->env;

	proc_env_base(env);
	proc_env_inherit(env, "KUBECONFIG");
	for (; name && *name; name++)
		proc_env_inherit(env, *name);
	proc_env_set(env, "KEYROT_ENVIRONMENT", o->name);
	proc_env_set(env, "KEYROT_CONTEXT", o->places[0].context);
	proc_env_set(env, "KEYROT_NAMESPACE", o->places[0].target.ns);
	proc_env_set(env, "KEYROT_ROTATION", o->rotation ? o->rotation : "");
	proc_env_set(env, "KEYROT_FINGERPRINT", o->fingerprint);
	return proc_env_vars(env, out);
}

static int64_t limit_of(const struct check *check, int64_t otherwise_ms)
{
	return check->config->timeout_ms >= 0 ? check->config->timeout_ms
					      : otherwise_ms;
}

/* The lines that have come to their end, each searched before it is shown. */
static void show_new(struct check *check, const char *who,
		     const struct buf *text, size_t *shown)
{
	const char *end = text->len > *shown ? memrchr(text->data + *shown,
						       '\n', text->len - *shown)
					     : NULL;
	size_t n = end ? (size_t)(end + 1 - text->data) - *shown : 0, from;
	kr_cleanup(str_freep) char *lines = NULL;

	if (!n || check->silenced)
		return;
	/* With what stands before: a key may have come in two pieces. */
	from = *shown > KEY_SPAN ? *shown - KEY_SPAN : 0;
	check->silenced =
		check_holds_key(check, text->data + from, text->len - from);
	lines = check->silenced ? NULL : strndup(text->data + *shown, n);
	if (lines)
		check_show(check, who, lines);
	*shown += n;
}

static void on_look(void *user, const struct buf *out, const struct buf *err)
{
	struct check *check = user;

	show_new(check, "output", out, &check->shown_out);
	show_new(check, "errors", err, &check->shown_err);
}

static KR_FALLIBLE spawn(struct check *check, const char *const *argv,
			 const struct buf *input, struct proc_result *out)
{
	kr_cleanup(proc_env_release) struct proc_env env = { 0 };
	struct proc_spec spec = {
		.argv = argv,
		.stdin_mode = input ? PROC_STDIN_DATA : PROC_STDIN_NULL,
		.stdin_data = input ? buf_str(input) : NULL,
		.stdin_len = input ? input->len : 0,
		.stderr_mode = PROC_STDERR_CAPTURE,
		.max_stdout_bytes = MAX_OUTPUT,
		.max_stderr_bytes = MAX_OUTPUT,
		.timeout_ms =
			limit_of(check, check->config->run ? -1 : PROBE_MS),
		.on_look = check->options->live ? on_look : NULL,
		.user = check,
	};
	char limit[CLOCK_SHORT_LEN];
	struct err *err = fill_env(check, &env, &spec.envp);

	if (!err)
		err = proc_run(&spec, out);
	if (!err_is(err, KR_ETIMEOUT))
		return err;
	err_free(err);
	clock_short(spec.timeout_ms, limit);
	return check_failed(check, "it did not end within %s and was killed",
			    limit);
}

KR_FALLIBLE check_child(struct check *check, char *const *argv,
			const struct buf *input, struct proc_result *out)
{
	char *words[MAX_ARGS + 1] = { NULL };
	struct err *err = fill_argv(check, argv, words);
	struct proc_result result = { 0 };

	if (!err)
		err = spawn(check, (const char *const *)words, input, &result);
	release_argv(words);
	if (!err &&
	    (check_holds_key(check, buf_str(&result.out), result.out.len) ||
	     check_holds_key(check, buf_str(&result.err), result.err.len)))
		err = err_set_reason(
			check_failed(
				check,
				"it printed key material: its output is not shown"),
			"KeyInOutput");
	if (err)
		proc_result_release(&result);
	else
		*out = result;
	return err;
}

/* Its exit code as an error. */
static KR_FALLIBLE judge(const struct check *check,
			 const struct proc_result *result)
{
	if (result->term_signal)
		return check_failed(check, "it was ended by signal %d",
				    result->term_signal);
	if (result->exit_code != 0)
		return check_failed(check, "exit code %d", result->exit_code);
	return NULL;
}

static KR_FALLIBLE judge_report(const struct check *check,
				const struct junit_report *report)
{
	size_t bad = report->failures + report->errors;
	struct buf names = BUF_INIT(4096);
	struct err *err;

	json_set_int(check->row, "tests", (long long)report->tests);
	json_set_int(check->row, "failures", (long long)bad);
	if (report->tests == report->skipped)
		return check_failed(check, "no test was run (%zu skipped)",
				    report->skipped);
	if (!bad)
		return NULL;
	for (size_t i = 0; i < report->n_failing; i++)
		buf_printf(&names, "%s%s", i ? ", " : "", report->failing[i]);
	err = check_failed(check, "%zu of %zu tests failed: %s%s", bad,
			   report->tests, buf_str(&names),
			   bad > report->n_failing ? ", ..." : "");
	buf_release(&names);
	return err;
}

/* One that was there before the suite began says nothing about this run. */
static KR_FALLIBLE read_report(const struct check *check, const char *path,
			       int64_t began_s)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_REPORT);
	struct junit_report report;
	struct err *err;

	if (file_mtime_s(path) < began_s)
		return check_failed(check, "it wrote no report to %s", path);
	err = file_read(path, &text);
	if (!err && check_holds_key(check, buf_str(&text), text.len))
		return err_set_reason(
			check_failed(check, "its report holds key material"),
			"KeyInOutput");
	if (!err)
		err = junit_read(buf_str(&text), text.len, &report);
	if (err)
		return err_wrap(err, "report %s", path);
	err = judge_report(check, &report);
	junit_release(&report);
	return err;
}

KR_FALLIBLE check_run(struct check *check)
{
	kr_cleanup(proc_result_release) struct proc_result result = { 0 };
	kr_cleanup(str_freep) char *report = NULL;
	int64_t began_s = clock_wall_ms() / 1000;
	struct err *err = check_child(check, check->config->run, NULL, &result);
	struct err *ended;

	if (err)
		return err;
	ended = judge(check, &result);
	if (check->config->junit)
		err = check_fill(check, check->config->junit, &report);
	if (!err && report)
		err = read_report(check, report, began_s);
	/* A report that names the failed cases says more than an exit code. */
	if (err && ended && json_int(check->row, "failures", 0) == 0) {
		err_free(err);
		err = take_ptr(&ended);
	}
	if (!err)
		err = take_ptr(&ended);
	err_free(ended);
	if (err) {
		check_show(check, "output",
			   buf_str(&result.out) + check->shown_out);
		check_show(check, "errors",
			   buf_str(&result.err) + check->shown_err);
	}
	return err;
}

KR_FALLIBLE check_exec(struct check *check)
{
	kr_cleanup(proc_result_release) struct proc_result result = { 0 };
	struct err *err =
		check_child(check, check->config->probe.exec, NULL, &result);

	if (!err)
		err = judge(check, &result);
	if (err) {
		check_show(check, "errors", buf_str(&result.err));
		return err;
	}
	return check_answer(check, buf_str(&result.out));
}

/* New each time, so that a stale answer is none. */
static KR_FALLIBLE make_plaintext(struct buf *out)
{
	kr_cleanup(secret_freep) struct secret *random = NULL;
	struct err *err = secret_random(8, &random);

	if (err)
		return err;
	buf_puts(out, "keyrot round trip ");
	for (size_t i = 0; i < 8; i++)
		buf_printf(out, "%02x", secret_bytes(random)[i]);
	return buf_check(out, "plaintext");
}

static KR_FALLIBLE half(struct check *check, const char *what,
			char *const *argv, const struct buf *input,
			struct proc_result *out)
{
	struct err *err = check_child(check, argv, input, out);

	if (!err)
		err = judge(check, out);
	if (err)
		check_show(check, what, buf_str(&out->err));
	return err_wrap(err, "%s", what);
}

/* Programs like to end what they print with a line break. */
static bool comes_back(const struct buf *plain, const struct buf *back)
{
	size_t n = back->len;

	while (n > plain->len && isspace((unsigned char)back->data[n - 1]))
		n--;
	return n == plain->len && memcmp(back->data, plain->data, n) == 0;
}

KR_FALLIBLE check_trip(struct check *check)
{
	const struct config_probe *p = &check->config->probe;
	kr_cleanup(buf_release) struct buf plain = BUF_INIT(128);
	kr_cleanup(proc_result_release) struct proc_result there = { 0 };
	kr_cleanup(proc_result_release) struct proc_result back = { 0 };
	struct err *err = make_plaintext(&plain);

	if (!err)
		err = half(check, "encrypt", p->encrypt, &plain, &there);
	if (err)
		return err;
	if (there.out.len == 0 ||
	    memmem(there.out.data, there.out.len, plain.data, plain.len))
		return check_failed(check, "encrypt does not encrypt");
	err = half(check, "decrypt", p->decrypt, &there.out, &back);
	if (err || comes_back(&plain, &back.out))
		return err;
	return check_failed(check, "what was encrypted does not come back");
}
