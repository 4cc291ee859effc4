#include "secret/ref.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/proc.h"
#include "base/text.h"

#define MAX_WORDS 32

bool ref_parse(const char *text, struct ref *out)
{
	static const struct {
		const char *prefix;
		enum ref_from from;
	} prefixes[] = {
		{ "env:", REF_FROM_ENV },
		{ "file:", REF_FROM_FILE },
		{ "exec:", REF_FROM_EXEC },
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
		size_t n = strlen(prefixes[i].prefix);

		if (strncmp(text, prefixes[i].prefix, n) != 0 || !text[n])
			continue;
		*out = (struct ref){ .from = prefixes[i].from,
				     .value = text + n };
		return true;
	}
	return false;
}

static KR_FALLIBLE read_env(const char *name, const char *what, struct buf *out)
{
	const char *value = getenv(name);

	if (!value)
		return err_new(KR_EAUTH, "%s: the variable %s is not set", what,
			       name);
	buf_puts(out, value);
	return NULL;
}

static KR_FALLIBLE read_path(const struct ref *ref, const char *what,
			     struct buf *out)
{
	kr_cleanup(str_freep) char *path =
		file_join(ref->folder ? ref->folder : ".", ref->value);
	struct err *err;

	if (!path)
		return err_no_memory();
	err = file_read(path, out);
	if (err_is(err, KR_EINTERRUPTED))
		return err;
	return err_wrap(err_as(err, KR_EAUTH), "%s", what);
}

KR_FALLIBLE ref_check(const struct ref *ref, const char *option)
{
	kr_cleanup(str_freep) char *path = NULL;

	if (ref->from == REF_FROM_ENV && !getenv(ref->value))
		return err_new(KR_EUSAGE, "%s: the variable %s is not set",
			       option, ref->value);
	if (ref->from != REF_FROM_FILE)
		return NULL;
	path = file_join(ref->folder ? ref->folder : ".", ref->value);
	if (!path)
		return err_no_memory();
	return file_exists(path) ? NULL
				 : err_new(KR_EUSAGE, "%s: there is no file %s",
					   option, path);
}

static KR_FALLIBLE split(char *command, const char *argv[MAX_WORDS + 1])
{
	char *rest = command, *word;
	size_t n = 0;

	while ((word = strsep(&rest, " \t"))) {
		if (!*word)
			continue;
		if (n == MAX_WORDS)
			return err_new(KR_ECONFIG,
				       "a command of more than %d words",
				       MAX_WORDS);
		argv[n++] = word;
	}
	argv[n] = NULL;
	return n ? NULL : err_new(KR_ECONFIG, "exec: names no command");
}

static KR_FALLIBLE run_command(const char *const *argv, const char *what,
			       struct proc_env *env, struct buf *out)
{
	const struct proc_spec spec = {
		.argv = argv,
		.stdin_mode = PROC_STDIN_NULL,
		.stderr_mode = PROC_STDERR_INHERIT,
		.max_stdout_bytes = REF_MAX_BYTES,
		.timeout_ms = REF_EXEC_LIMIT_MS,
	};
	struct proc_spec run = spec;
	struct proc_result result = { 0 };
	struct err *err = proc_env_vars(env, &run.envp);

	if (!err)
		err = proc_run(&run, &result);
	if (err_is(err, KR_EINTERRUPTED))
		return err;
	if (err)
		return err_wrap(err_as(err, KR_EAUTH), "%s: %s", what, argv[0]);
	if (result.exit_code != 0)
		err = err_new(KR_EAUTH, "%s: %s ended with %s %d", what,
			      argv[0],
			      result.term_signal ? "signal" : "exit code",
			      result.term_signal ? result.term_signal
						 : result.exit_code);
	else
		buf_append(out, buf_str(&result.out), result.out.len);
	proc_result_release(&result);
	return err;
}

static KR_FALLIBLE read_exec(const struct ref *ref, const char *what,
			     struct buf *out)
{
	kr_cleanup(str_freep) char *command = strdup(ref->value);
	const char *argv[MAX_WORDS + 1];
	struct proc_env env = { 0 };
	struct err *err;

	if (!command)
		return err_no_memory();
	err = err_wrap(split(command, argv), "%s", what);
	if (err)
		return err;
	proc_env_base(&env);
	err = run_command(argv, what, &env, out);
	proc_env_release(&env);
	return err;
}

static KR_FALLIBLE take(struct buf *text, const char *what, struct secret **out)
{
	size_t n = text->len;

	while (n && (text->data[n - 1] == '\n' || text->data[n - 1] == '\r'))
		n--;
	if (n == 0)
		return err_new(KR_EAUTH, "%s is empty", what);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text->data[i] < ' ' || text->data[i] == 127)
			return err_new(KR_EAUTH,
				       "%s has a control character at byte %zu",
				       what, i + 1);
	return secret_from_bytes(text->data, n, out);
}

KR_FALLIBLE ref_read(const struct ref *ref, const char *what,
		     struct secret **out)
{
	struct buf text = BUF_INIT(REF_MAX_BYTES);
	struct err *err = NULL;

	switch (ref->from) {
	case REF_FROM_ENV:
		err = read_env(ref->value, what, &text);
		break;
	case REF_FROM_FILE:
		err = read_path(ref, what, &text);
		break;
	case REF_FROM_EXEC:
		err = read_exec(ref, what, &text);
		break;
	case REF_FROM_NOWHERE:
		err = err_new(KR_EUNEXPECTED, "%s is named nowhere", what);
		break;
	}
	if (!err)
		err = buf_check(&text, what);
	if (!err)
		err = take(&text, what, out);
	if (text.data)
		explicit_bzero(text.data, text.len);
	buf_release(&text);
	return err;
}
