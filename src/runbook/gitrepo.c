#include "runbook/gitrepo.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "base/text.h"

#define MAX_TEXT  ((size_t)4 * 1024 * 1024)
#define MAX_WORDS 40
#define MAX_SAID  300

static KR_FALLIBLE child_env(const char *index, struct proc_env *env,
			     const char *const **out)
{
	static const char *const names[] = {
		"SSH_AUTH_SOCK",
		"GIT_SSH_COMMAND",
		"GIT_SSH",
		"GIT_ASKPASS",
		"GNUPGHOME",
		"GIT_CONFIG_GLOBAL",
		"GIT_CONFIG_SYSTEM",
		"GIT_CONFIG_NOSYSTEM",
		"GIT_CONFIG_COUNT",
		"GIT_AUTHOR_NAME",
		"GIT_AUTHOR_EMAIL",
		"GIT_COMMITTER_NAME",
		"GIT_COMMITTER_EMAIL",
		"SSL_CERT_FILE",
		"GIT_SSL_CAINFO",
		"HTTPS_PROXY",
		"https_proxy",
		"NO_PROXY",
		"no_proxy",
		NULL,
	};

	proc_env_base(env);
	for (size_t i = 0; names[i]; i++)
		proc_env_inherit(env, names[i]);
	/* Pairs that GIT_CONFIG_COUNT counts: as many as a pipeline sets. */
	for (int i = 0; i < 8; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "GIT_CONFIG_KEY_%d", i);
		proc_env_inherit(env, name);
		(void)snprintf(name, sizeof(name), "GIT_CONFIG_VALUE_%d", i);
		proc_env_inherit(env, name);
	}
	proc_env_set(env, "LC_ALL", "C");
	proc_env_set(env, "GIT_TERMINAL_PROMPT", "0");
	proc_env_set(env, "GIT_OPTIONAL_LOCKS", "0");
	proc_env_set(env, "GIT_NO_REPLACE_OBJECTS", "1");
	proc_env_set(env, "GIT_NO_LAZY_FETCH", "1");
	if (index)
		proc_env_set(env, "GIT_INDEX_FILE", index);
	return proc_env_vars(env, out);
}

static KR_FALLIBLE failed(const char *verb, const struct proc_result *result)
{
	const char *text = buf_str(&result->err);
	kr_cleanup(str_freep) char *said = NULL;
	size_t len = strlen(text);

	while (len && text[len - 1] == '\n')
		len--;
	if (len > MAX_SAID)
		text += len - MAX_SAID;
	said = text_clean(text, len > MAX_SAID ? MAX_SAID : len, MAX_SAID);
	return err_new(KR_EUNEXPECTED, "git %s failed (exit code %d)%s%s", verb,
		       result->exit_code, said && *said ? ": " : "",
		       said ? said : "");
}

/* In `folder`; exit codes are left to the caller. */
static KR_FALLIBLE run(const char *folder, const char *index,
		       const char *const *words, struct proc_spec *spec,
		       struct proc_result *out)
{
	kr_cleanup(proc_env_release) struct proc_env env = { 0 };
	const char *argv[MAX_WORDS] = { "git", "-C", folder };
	size_t n = 3;
	struct err *err;

	for (; *words && n < MAX_WORDS - 1; words++)
		argv[n++] = *words;
	if (*words)
		return err_new(KR_EUNEXPECTED, "too many words for git");
	spec->argv = argv;
	spec->stdin_mode = PROC_STDIN_NULL;
	spec->stderr_mode = PROC_STDERR_CAPTURE;
	spec->max_stderr_bytes = (size_t)64 * 1024;
	err = child_env(index, &env, &spec->envp);
	if (!err)
		err = proc_run(spec, out);
	return err_is(err, KR_ENOTFOUND) ? err_as(err, KR_ECONFIG) : err;
}

KR_FALLIBLE gitrepo_ask(const struct gitrepo *repo, const char *const *words,
			int *out_code, char **out_text)
{
	kr_cleanup(proc_result_release) struct proc_result result = { 0 };
	struct proc_spec spec = { .max_stdout_bytes = MAX_TEXT,
				  .timeout_ms = GITREPO_LOOK_MS };
	struct err *err = run(repo->root, repo->index, words, &spec, &result);

	if (err)
		return err;
	if (out_text) {
		*out_text = strndup(buf_str(&result.out),
				    strcspn(buf_str(&result.out), "\n"));
		if (!*out_text)
			return err_no_memory();
	}
	*out_code = result.exit_code;
	return NULL;
}

KR_FALLIBLE gitrepo_run(const struct gitrepo *repo, const char *const *words,
			int64_t timeout_ms, char **out_text)
{
	kr_cleanup(proc_result_release) struct proc_result result = { 0 };
	struct proc_spec spec = { .max_stdout_bytes = MAX_TEXT,
				  .timeout_ms = timeout_ms };
	struct err *err = run(repo->root, repo->index, words, &spec, &result);
	size_t len;

	if (err)
		return err;
	if (result.exit_code != 0)
		return failed(words[0], &result);
	if (!out_text)
		return NULL;
	len = result.out.len;
	if (len && result.out.data[len - 1] == '\n')
		result.out.data[len - 1] = '\0';
	*out_text = strdup(buf_str(&result.out));
	return *out_text ? NULL : err_no_memory();
}

KR_FALLIBLE gitrepo_stream(const struct gitrepo *repo, const char *const *words,
			   proc_on_output *on_output, void *user)
{
	kr_cleanup(proc_result_release) struct proc_result result = { 0 };
	struct proc_spec spec = { .timeout_ms = -1,
				  .on_stdout = on_output,
				  .user = user };
	struct err *err = run(repo->root, repo->index, words, &spec, &result);

	if (!err && result.exit_code != 0)
		err = failed(words[0], &result);
	return err;
}

static KR_FALLIBLE find_root(const char *folder, char **out)
{
	kr_cleanup(proc_result_release) struct proc_result result = { 0 };
	struct proc_spec spec = { .max_stdout_bytes = MAX_TEXT,
				  .timeout_ms = GITREPO_LOOK_MS };
	struct err *err = run(
		folder, NULL,
		(const char *const[]){ "rev-parse", "--show-toplevel", NULL },
		&spec, &result);

	if (err)
		return err;
	if (result.exit_code != 0) {
		kr_cleanup(err_freep) struct err *why =
			failed("rev-parse", &result);

		err = err_new(KR_EUSAGE, "no Git repository with files: %s",
			      err_message(why));
		return err_set_reason(err, "NoRepository");
	}
	*out = strndup(buf_str(&result.out),
		       strcspn(buf_str(&result.out), "\n"));
	return *out ? NULL : err_no_memory();
}

KR_FALLIBLE gitrepo_open(const char *folder, struct gitrepo *out)
{
	kr_cleanup(gitrepo_release) struct gitrepo repo = { 0 };
	kr_cleanup(str_freep) char *answer = NULL;
	struct err *err = find_root(folder, &repo.root);
	int code;

	if (!err)
		err = gitrepo_ask(
			&repo,
			(const char *const[]){
				"rev-parse", "--is-shallow-repository", NULL },
			&code, &answer);
	if (err)
		return err;
	/* What is not said to be whole is not. */
	repo.shallow = !str_same(answer, "false");
	*out = repo;
	repo.root = NULL;
	return NULL;
}

void gitrepo_release(struct gitrepo *repo)
{
	free(repo->root);
	repo->root = NULL;
}

KR_FALLIBLE gitrepo_relative(const struct gitrepo *repo, const char *path,
			     char **out)
{
	kr_cleanup(str_freep) char *folder = file_dirname(path);
	kr_cleanup(str_freep) char *real =
		folder ? realpath(folder, NULL) : NULL;
	kr_cleanup(str_freep) char *root = realpath(repo->root, NULL);
	const char *slash = strrchr(path, '/');
	size_t n = root ? strlen(root) : 0;

	if (!folder)
		return err_no_memory();
	if (!real || !root || strncmp(real, root, n) != 0 ||
	    (real[n] && real[n] != '/'))
		return err_new(KR_EUSAGE, "%s is not in the repository %s",
			       path, repo->root);
	if (asprintf(out, "%s%s%s", real[n] ? real + n + 1 : "",
		     real[n] ? "/" : "", slash ? slash + 1 : path) < 0)
		return err_no_memory();
	return NULL;
}
