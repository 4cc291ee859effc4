#include "runbook/operator.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/proc.h"
#include "base/text.h"

#define MAX_NAME       256
#define GIT_TIMEOUT_MS 3000

/* Git's own variables decide which configuration is read. */
static char *ask_git(void)
{
	static const char *const argv[] = { "git", "config", "user.email",
					    NULL };
	static const char *const variables[] = {
		"GIT_DIR",	     "GIT_CONFIG_GLOBAL",
		"GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM",
		"GIT_CONFIG_COUNT",
	};
	kr_cleanup(proc_result_release) struct proc_result result = { 0 };
	kr_cleanup(proc_env_release) struct proc_env vars = { 0 };
	struct proc_spec spec = {
		.argv = argv,
		.stdin_mode = PROC_STDIN_NULL,
		.stderr_mode = PROC_STDERR_NULL,
		.max_stdout_bytes = 4096,
		.timeout_ms = GIT_TIMEOUT_MS,
	};
	struct err *err;

	proc_env_base(&vars);
	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
		proc_env_inherit(&vars, variables[i]);
	err = proc_env_vars(&vars, &spec.envp);
	if (!err)
		err = proc_run(&spec, &result);
	/* No Git, no name: the next one is asked. */
	if (err || result.exit_code != 0) {
		err_free(err);
		return NULL;
	}
	return strndup(buf_str(&result.out),
		       strcspn(buf_str(&result.out), "\r\n"));
}

static char *git_email(void)
{
	const char *author = getenv("GIT_AUTHOR_EMAIL");

	return author && *author ? strdup(author) : ask_git();
}

static char *login_name(void)
{
	char text[4096];
	struct passwd entry, *found = NULL;

	if (getpwuid_r(getuid(), &entry, text, sizeof(text), &found) != 0 ||
	    !found)
		return NULL;
	return strdup(found->pw_name);
}

KR_FALLIBLE operator_find(const char *given, const char *cluster,
			  char **out_name, const char **out_from)
{
	kr_cleanup(str_freep) char *email = NULL;
	kr_cleanup(str_freep) char *login = NULL;
	const char *name = given, *from = "option";

	if (!name || !*name) {
		name = cluster;
		from = "cluster";
	}
	if (!name || !*name) {
		email = git_email();
		name = email;
		from = "git";
	}
	if (!name || !*name) {
		login = login_name();
		name = login;
		from = "login";
	}
	if (!name || !*name) {
		name = "unknown";
		from = "nothing";
	}
	*out_name = text_clean(name, strlen(name), MAX_NAME);
	if (!*out_name)
		return err_no_memory();
	if (out_from)
		*out_from = from;
	return NULL;
}
