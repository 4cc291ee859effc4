#include "ledger/signkey.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

#define MAX_OUTPUT	((size_t)64 * 1024)
#define MAX_WORDS	200
#define LOOK_TIMEOUT_MS 10000
#define ASK_TIMEOUT_MS	(5 * 60 * 1000)

/* The names of key types; each kind of key has one of these in front. */
static const char *const key_types[] = { "ssh-", "ecdsa-sha2-", "sk-ssh-",
					 "sk-ecdsa-", NULL };

static KR_FALLIBLE child_env(struct proc_env *env)
{
	static const char *const names[] = {
		"SSH_AUTH_SOCK",
		"SSH_ASKPASS",
		"SSH_ASKPASS_REQUIRE",
		"SSH_SK_PROVIDER",
		"DISPLAY",
		"WAYLAND_DISPLAY",
		"GPG_TTY",
		"GNUPGHOME",
		"GIT_CONFIG_GLOBAL",
		"GIT_CONFIG_SYSTEM",
		"GIT_CONFIG_NOSYSTEM",
		"GIT_AUTHOR_NAME",
		"GIT_AUTHOR_EMAIL",
		"GIT_COMMITTER_NAME",
		"GIT_COMMITTER_EMAIL",
		NULL,
	};
	const char *const *vars;

	proc_env_base(env);
	for (size_t i = 0; names[i]; i++)
		proc_env_inherit(env, names[i]);
	/* ssh-keygen reads verify-time in local time. */
	proc_env_set(env, "TZ", "UTC0");
	return proc_env_vars(env, &vars);
}

/* What a program that failed said, made safe to show. */
static KR_FALLIBLE said(const char *name, const struct proc_result *result)
{
	const char *text = buf_str(&result->err);
	size_t len = strlen(text);
	kr_cleanup(str_freep) char *words = NULL;

	while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	if (len > MAX_WORDS)
		text += len - MAX_WORDS;
	words = text_clean(text, len > MAX_WORDS ? MAX_WORDS : len, MAX_WORDS);
	if (result->term_signal)
		return err_new(KR_EUNEXPECTED, "%s was ended by signal %d",
			       name, result->term_signal);
	return err_new(KR_EUNEXPECTED, "%s failed (exit code %d)%s%s", name,
		       result->exit_code, words && *words ? ": " : "",
		       words ? words : "");
}

KR_FALLIBLE signkey_run(const char *const *argv, const char *input,
			int64_t timeout_ms, struct proc_result *out)
{
	kr_cleanup(proc_env_release) struct proc_env env = { 0 };
	kr_cleanup(proc_result_release) struct proc_result result = { 0 };
	struct proc_spec spec = {
		.argv = argv,
		.stdin_mode = input ? PROC_STDIN_DATA : PROC_STDIN_INHERIT,
		.stdin_data = input,
		.stdin_len = input ? strlen(input) : 0,
		.stderr_mode = PROC_STDERR_CAPTURE,
		.max_stdout_bytes = MAX_OUTPUT,
		.max_stderr_bytes = MAX_OUTPUT,
		.timeout_ms = timeout_ms,
	};
	struct err *err = child_env(&env);

	/* "Confirm user presence": a token is to be touched. */
	if (!input && !out && isatty(STDERR_FILENO))
		spec.stderr_mode = PROC_STDERR_INHERIT;
	if (!err)
		err = proc_env_vars(&env, &spec.envp);
	if (!err)
		err = proc_run(&spec, &result);
	if (err)
		return err_wrap(err, "%s", argv[0]);
	if (!out)
		return result.exit_code ? said(argv[0], &result) : NULL;
	*out = result;
	result = (struct proc_result){ 0 };
	return NULL;
}

char *signkey_line(const char *line)
{
	size_t type = strcspn(line, " \t\r\n");
	size_t gap = strspn(line + type, " \t");
	size_t blob = strcspn(line + type + gap, " \t\r\n");

	for (size_t i = 0; key_types[i]; i++)
		if (text_starts_with(line, key_types[i]) && gap && blob)
			return strndup(line, type + gap + blob);
	return NULL;
}

/* First line of what the command prints; NULL where it fails. */
static KR_FALLIBLE ask(const char *const *argv, char **out)
{
	kr_cleanup(proc_result_release) struct proc_result result = { 0 };
	struct err *err = signkey_run(argv, "", LOOK_TIMEOUT_MS, &result);
	const char *text = buf_str(&result.out);

	if (err_is(err, KR_ENOTFOUND)) {
		err_free(err);
		return NULL;
	}
	if (err || result.exit_code != 0 || !*text)
		return err;
	*out = strndup(text, strcspn(text, "\r\n"));
	return *out ? NULL : err_no_memory();
}

static KR_FALLIBLE git_key(char **out)
{
	kr_cleanup(str_freep) char *format = NULL;
	struct err *err = ask((const char *const[]){ "git", "config", "--get",
						     "gpg.format", NULL },
			      &format);

	if (err || !format || strcmp(format, "ssh") != 0)
		return err;
	return ask((const char *const[]){ "git", "config", "--type=path",
					  "--get", "user.signingKey", NULL },
		   out);
}

static KR_FALLIBLE path_or_line(const char *key, char **out_path,
				char **out_line)
{
	const char *text = text_starts_with(key, "key::") ? key + 5 : key;

	*out_line = signkey_line(text);
	if (*out_line)
		return NULL;
	*out_path = strdup(key);
	return *out_path ? NULL : err_no_memory();
}

KR_FALLIBLE signkey_find(const char *key, char **out_path, char **out_line)
{
	kr_cleanup(str_freep) char *found = NULL;
	struct err *err = NULL;

	if (!key) {
		err = git_key(&found);
		if (!err && !found)
			err = ask(
				(const char *const[]){ "ssh-add", "-L", NULL },
				&found);
		key = found;
	}
	if (err)
		return err;
	if (!key)
		return err_hint(
			err_set_reason(err_new(KR_ECONFIG,
					       "no key to sign the ledger "
					       "with: Git's user.signingKey "
					       "is not set for ssh, and the "
					       "agent has none"),
				       "NoSigningKey"),
			"Name one in keyrot.yaml by key: under ledger:, or "
			"load one by ssh-add");
	return path_or_line(key, out_path, out_line);
}

static KR_FALLIBLE read_public(const char *path, char **out_line)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_OUTPUT);
	struct err *err = file_read(path, &text);

	if (err)
		return err_as(err_wrap(err, "the signing key"), KR_ECONFIG);
	*out_line = signkey_line(buf_str(&text));
	return *out_line ? NULL
			 : err_new(KR_ECONFIG, "%s holds no public key", path);
}

/* A private key's file is for ssh-keygen alone to read. */
KR_FALLIBLE signkey_public(const char *path, char **out_line)
{
	kr_cleanup(proc_result_release) struct proc_result result = { 0 };
	kr_cleanup(str_freep) char *other = NULL;
	struct err *err;

	if (text_ends_with(path, ".pub"))
		return read_public(path, out_line);
	if (asprintf(&other, "%s.pub", path) < 0) {
		other = NULL;
		return err_no_memory();
	}
	if (file_exists(other))
		return read_public(other, out_line);
	err = signkey_run(
		(const char *const[]){ "ssh-keygen", "-y", "-f", path, NULL },
		NULL, ASK_TIMEOUT_MS, &result);
	if (err)
		return err;
	*out_line = result.exit_code == 0 ? signkey_line(buf_str(&result.out))
					  : NULL;
	return *out_line ? NULL
			 : err_new(KR_ECONFIG,
				   "%s is no private key that ssh-keygen can "
				   "read",
				   path);
}
