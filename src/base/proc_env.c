#include "base/proc.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool same_name(const char *var, const char *name, size_t len)
{
	return strncmp(var, name, len) == 0 && var[len] == '=';
}

static void env_put(struct proc_env *env, char *take_var, size_t name_len)
{
	char **grown;

	if (!take_var || env->failed) {
		free(take_var);
		env->failed = true;
		return;
	}
	for (size_t i = 0; i < env->count; i++) {
		if (!same_name(env->vars[i], take_var, name_len))
			continue;
		free(env->vars[i]);
		env->vars[i] = take_var;
		return;
	}
	grown = reallocarray(env->vars, env->count + 2, sizeof(*grown));
	if (!grown) {
		free(take_var);
		env->failed = true;
		return;
	}
	env->vars = grown;
	env->vars[env->count++] = take_var;
	env->vars[env->count] = NULL;
}

void proc_env_set(struct proc_env *env, const char *name, const char *value)
{
	char *var = NULL;

	if (asprintf(&var, "%s=%s", name, value) < 0)
		var = NULL;
	env_put(env, var, strlen(name));
}

void proc_env_inherit(struct proc_env *env, const char *name)
{
	const char *value = getenv(name);

	if (value)
		proc_env_set(env, name, value);
}

/* Those whose name starts with prefix; "" is all. */
static void inherit_prefix(struct proc_env *env, const char *prefix)
{
	size_t n = strlen(prefix);

	for (char **var = environ; var && *var; var++) {
		const char *equals = strchr(*var, '=');

		if (equals && strncmp(*var, prefix, n) == 0)
			env_put(env, strdup(*var), (size_t)(equals - *var));
	}
}

void proc_env_base(struct proc_env *env)
{
	static const char *const names[] = {
		"HOME", "PATH",	  "LANG", "TERM",
		"TZ",	"TMPDIR", "USER", "LOGNAME",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		proc_env_inherit(env, names[i]);
	inherit_prefix(env, "LC_");
	inherit_prefix(env, "XDG_");
}

void proc_env_inherit_all(struct proc_env *env)
{
	inherit_prefix(env, "");
}

KR_FALLIBLE proc_env_vars(const struct proc_env *env, const char *const **out)
{
	static const char *const none[] = { NULL };

	if (env->failed)
		return err_no_memory();
	*out = env->count ? (const char *const *)env->vars : none;
	return NULL;
}

void proc_env_release(struct proc_env *env)
{
	for (size_t i = 0; i < env->count; i++)
		free(env->vars[i]);
	free(env->vars);
	*env = (struct proc_env){ 0 };
}
