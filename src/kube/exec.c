#include "kube/exec.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/yaml.h"
#include "kube/pem.h"

#define MAX_STDOUT (1024 * 1024)

void kube_exec_free(struct kube_exec *exec)
{
	if (!exec)
		return;
	free(exec->user);
	free(exec->api_version);
	free(exec->command);
	for (char **arg = exec->args; arg && *arg; arg++)
		free(*arg);
	free(exec->args);
	for (size_t i = 0; i < exec->env_count; i++) {
		free(exec->env[i].name);
		free(exec->env[i].value);
	}
	free(exec->env);
	free(exec->install_hint);
	json_free(exec->cluster);
	free(exec);
}

void exec_result_release(struct exec_result *result)
{
	secret_free(result->token);
	secret_free(result->cert);
	secret_free(result->key);
	*result = (struct exec_result){ 0 };
}

KR_FALLIBLE kube_exec_info(const struct kube_exec *exec, bool interactive,
			   char **out)
{
	kr_cleanup(json_freep) struct cJSON *info = json_object();
	kr_cleanup(str_freep) char *text = NULL;
	struct buf line = BUF_INIT(4 * 1024 * 1024);
	struct cJSON *spec;
	struct err *err;

	json_set_str(info, "kind", "ExecCredential");
	json_set_str(info, "apiVersion", exec->api_version);
	spec = json_add_object(info, "spec");
	if (exec->cluster)
		json_set(spec, "cluster", json_copy(exec->cluster));
	json_set_bool(spec, "interactive", interactive);
	err = json_print(info, &text);
	if (err)
		return err;
	buf_printf(&line, "%s\n", text);
	*out = buf_take(&line);
	return *out ? NULL : err_no_memory();
}

static KR_FALLIBLE decide_interactive(const struct kube_exec *exec, bool *out)
{
	bool terminal = isatty(STDIN_FILENO) == 1;

	if (exec->interactive != EXEC_ALWAYS) {
		*out = exec->interactive == EXEC_IF_AVAILABLE && terminal &&
		       !exec->stdin_is_taken;
		return NULL;
	}
	if (!terminal)
		return err_hint(
			err_new(KR_EAUTH,
				"it must ask for something, and standard input "
				"is not a terminal"),
			"run it once in a terminal, or use a user that needs "
			"no one to be asked");
	if (exec->stdin_is_taken)
		return err_hint(
			err_new(KR_EAUTH,
				"it must ask for something, and the key is "
				"read from standard input"),
			"give the key by --key-file FILE or --from-store");
	*out = true;
	return NULL;
}

static KR_FALLIBLE make_env(const struct kube_exec *exec, bool interactive,
			    struct proc_env *env)
{
	kr_cleanup(str_freep) char *info = NULL;
	struct err *err = kube_exec_info(exec, interactive, &info);

	if (err)
		return err;
	proc_env_inherit_all(env);
	for (size_t i = 0; i < exec->env_count; i++)
		proc_env_set(env, exec->env[i].name, exec->env[i].value);
	proc_env_set(env, "KUBERNETES_EXEC_INFO", info);
	return NULL;
}

/* command, then args: borrowed strings in a malloc'd list. */
static const char **make_argv(const struct kube_exec *exec)
{
	size_t n = 0;
	const char **argv;

	while (exec->args && exec->args[n])
		n++;
	argv = calloc(n + 2, sizeof(*argv));
	if (!argv)
		return NULL;
	argv[0] = exec->command;
	for (size_t i = 0; i < n; i++)
		argv[i + 1] = exec->args[i];
	return argv;
}

static struct err *explain(const struct kube_exec *exec, struct err *take_err)
{
	bool by_name = !strchr(exec->command, '/');

	if (!err_is(take_err, KR_ENOTFOUND) &&
	    !err_is(take_err, KR_EFORBIDDEN) && !err_is(take_err, KR_ENOMEM))
		return take_err;
	if (err_is(take_err, KR_ENOTFOUND) && exec->install_hint)
		take_err = err_hint(take_err, "%s", exec->install_hint);
	if (err_is(take_err, KR_ENOTFOUND))
		take_err = err_hint(
			take_err,
			by_name ? "install it, or put its folder on PATH"
				: "correct the command in the kubeconfig");
	return err_as(take_err, KR_EAUTH);
}

static KR_FALLIBLE run(const struct kube_exec *exec, struct exec_result *out)
{
	kr_cleanup(proc_result_release) struct proc_result result = { 0 };
	kr_cleanup(proc_env_release) struct proc_env env = { 0 };
	struct proc_spec spec = {
		.stderr_mode = PROC_STDERR_INHERIT,
		.max_stdout_bytes = MAX_STDOUT,
		.timeout_ms = -1,
	};
	const char **argv;
	bool interactive = false;
	struct err *err = decide_interactive(exec, &interactive);

	if (!err)
		err = make_env(exec, interactive, &env);
	if (!err)
		err = proc_env_vars(&env, &spec.envp);
	if (err)
		return err;
	argv = make_argv(exec);
	if (!argv)
		return err_no_memory();
	spec.argv = argv;
	spec.stdin_mode = interactive ? PROC_STDIN_INHERIT : PROC_STDIN_NULL;
	err = explain(exec, proc_run(&spec, &result));
	free(argv);
	if (err)
		return err;
	if (result.term_signal)
		return err_new(KR_EAUTH, "it was ended by signal %d",
			       result.term_signal);
	if (result.exit_code != 0)
		return err_hint(err_new(KR_EAUTH, "it failed with exit code %d",
					result.exit_code),
				"what it says is above; try the same with "
				"kubectl auth whoami");
	return kube_exec_parse(exec, buf_str(&result.out), result.out.len, out);
}

KR_FALLIBLE kube_exec_run(const struct kube_exec *exec, struct exec_result *out)
{
	return err_wrap(run(exec, out),
			"credential plugin \"%.200s\" of user \"%.100s\"",
			exec->command, exec->user);
}

static KR_FALLIBLE keep(const struct cJSON *status, const char *name,
			struct secret **out)
{
	const struct cJSON *node = json_member(status, name);
	const char *text = json_member_str(status, name);

	if (text && *text)
		return secret_from_bytes(text, strlen(text), out);
	if (node && !text && !json_is_null(node))
		return err_new(KR_EAUTH, "status.%s is not a text", name);
	return NULL;
}

static KR_FALLIBLE keep_expiry(const struct cJSON *status,
			       struct exec_result *out)
{
	static const char name[] = "expirationTimestamp";
	const struct cJSON *node = json_member(status, name);
	const char *text = json_member_str(status, name);

	if (!node || json_is_null(node))
		return NULL;
	out->expires = text && clock_parse_rfc3339(text, &out->expires_wall_ms);
	return out->expires
		       ? NULL
		       : err_new(KR_EAUTH, "status.%s is not an RFC 3339 time",
				 name);
}

/* A byte that no header value may have; a tab may be. */
static bool has_control_byte(const struct secret *token)
{
	const unsigned char *p = secret_expose(token);

	for (size_t i = 0; i < secret_len(token); i++) {
		if ((p[i] < ' ' && p[i] != '\t') || p[i] == 0x7f)
			return true;
	}
	return false;
}

static KR_FALLIBLE take_status(const struct cJSON *status,
			       struct exec_result *out)
{
	struct err *err = keep(status, "token", &out->token);

	if (!err)
		err = keep(status, "clientCertificateData", &out->cert);
	if (!err)
		err = keep(status, "clientKeyData", &out->key);
	if (!err)
		err = keep_expiry(status, out);
	if (err)
		return err;
	if (!out->token && !out->cert && !out->key)
		return err_new(KR_EAUTH, "it gave neither a token nor a "
					 "certificate");
	if (!out->cert != !out->key)
		return err_new(KR_EAUTH,
			       "it gave a certificate or a key, not both");
	if (out->token && has_control_byte(out->token))
		return err_new(KR_EAUTH, "its token has a line break or "
					 "another control character");
	return out->cert ? err_as(pem_check_pair(out->cert, out->key), KR_EAUTH)
			 : NULL;
}

static KR_FALLIBLE take_credential(const struct kube_exec *exec,
				   const struct cJSON *root,
				   struct exec_result *out)
{
	const char *version = json_str_or(root, "apiVersion", "");
	const char *kind = json_str_or(root, "kind", "");
	const struct cJSON *status = json_member(root, "status");

	if (strcmp(kind, "ExecCredential") != 0)
		return err_new(KR_EAUTH, "it did not print an ExecCredential");
	if (strcmp(version, exec->api_version) != 0)
		return err_hint(
			err_new(KR_EAUTH,
				"it printed another API version than %s",
				exec->api_version),
			"set apiVersion of the kubeconfig's exec to what this "
			"plugin speaks");
	if (!status || json_is_null(status))
		return err_new(KR_EAUTH, "it printed no status");
	if (!json_is_object(status))
		return err_new(KR_EAUTH, "its status is not a mapping");
	return take_status(status, out);
}

KR_FALLIBLE kube_exec_parse(const struct kube_exec *exec, const char *text,
			    size_t len, struct exec_result *out)
{
	kr_cleanup(exec_result_release) struct exec_result result = { 0 };
	kr_cleanup(yaml_freep) struct yaml_doc *doc = NULL;
	struct err *err = yaml_parse("its output", text, len, 0, &doc);

	if (!err)
		err = take_credential(exec, yaml_root(doc), &result);
	if (err)
		return err_is(err, KR_ECONFIG) ? err_as(err, KR_EAUTH) : err;
	*out = result;
	result = (struct exec_result){ 0 };
	return NULL;
}
