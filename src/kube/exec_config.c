/* A kubeconfig's `exec` becomes a struct kube_exec. */
#include <cjson/cJSON.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "kube/exec.h"
#include "kube/kubeconfig.h"

static bool is_hidden(unsigned rune)
{
	static const struct {
		unsigned first, last;
	} ranges[] = {
		{ 0x00, 0x08 },	    { 0x0e, 0x1f },	   { 0x7f, 0x9f },
		{ 0xad, 0xad },	    { 0x600, 0x605 },	   { 0x61c, 0x61c },
		{ 0x180e, 0x180e }, { 0x200b, 0x200f },	   { 0x202a, 0x202e },
		{ 0x2060, 0x206f }, { 0xe000, 0xf8ff },	   { 0xfeff, 0xfeff },
		{ 0xfff9, 0xfffb }, { 0xe0000, 0x10ffff },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		if (rune >= ranges[i].first && rune <= ranges[i].last)
			return true;
	}
	return false;
}

/* One character of valid UTF-8 (the YAML parser lets no other through). */
static size_t rune_at(const char *text, unsigned *out)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t n = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
	unsigned rune = n == 1 ? *p : *p & (0x7fu >> n);

	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			*out = 0;
			return i;
		}
		rune = rune << 6 | (p[i] & 0x3fu);
	}
	*out = rune;
	return n;
}

/* What could drive a terminal is spelled out: U+001B. */
static char *clean_hint(const char *text)
{
	struct buf clean = BUF_INIT(16 * 1024);
	char *out;

	while (*text && clean.len < 8 * 1024) {
		unsigned rune;
		size_t n = rune_at(text, &rune);

		if (is_hidden(rune))
			buf_printf(&clean, "U+%04X", rune);
		else
			buf_append(&clean, text, n);
		text += n;
	}
	out = buf_take(&clean);
	buf_release(&clean);
	return out;
}

static KR_FALLIBLE take_args(const struct cJSON *node, struct kube_exec *exec)
{
	const struct cJSON *arg = json_member(node, "args");
	size_t n = json_length(arg), i = 0;

	if (n == 0)
		return NULL;
	exec->args = calloc(n + 1, sizeof(*exec->args));
	if (!exec->args)
		return err_no_memory();
	for (arg = arg->child; arg; arg = arg->next) {
		exec->args[i] =
			strdup(arg->valuestring ? arg->valuestring : "");
		if (!exec->args[i++])
			return err_no_memory();
	}
	return NULL;
}

static KR_FALLIBLE take_env(const struct kubeconfig_entry *user,
			    const struct cJSON *node, struct kube_exec *exec)
{
	const struct cJSON *list = json_member(node, "env"), *item;
	size_t n = json_length(list);

	if (n == 0)
		return NULL;
	exec->env = calloc(n, sizeof(*exec->env));
	if (!exec->env)
		return err_no_memory();
	cJSON_ArrayForEach (item, list) {
		const char *name = json_str_or(item, "name", "");
		const char *value = json_str_or(item, "value", "");
		struct exec_var *var = &exec->env[exec->env_count++];

		if (!*name || strchr(name, '='))
			return kubeconfig_err(user, "exec",
					      "exec.env has a variable without "
					      "a proper name");
		if (!str_keep(&var->name, name) ||
		    !str_keep(&var->value, value))
			return err_no_memory();
	}
	return NULL;
}

static KR_FALLIBLE take_version(const struct kubeconfig_entry *user,
				struct kube_exec *exec)
{
	static const char group[] = "client.authentication.k8s.io/";
	const char *version = exec->api_version;

	if (!*version)
		return kubeconfig_err(user, "exec",
				      "exec.apiVersion is missing: write %sv1",
				      group);
	if (strncmp(version, group, strlen(group)) == 0) {
		version += strlen(group);
		if (strcmp(version, "v1") == 0 ||
		    strcmp(version, "v1beta1") == 0)
			return NULL;
	}
	return err_hint(kubeconfig_err(user, "exec",
				       "exec.apiVersion must be %sv1 or "
				       "v1beta1",
				       group),
			"v1alpha1 was removed in Kubernetes 1.24: update the "
			"plugin, and write the newer version here");
}

static KR_FALLIBLE take_mode(const struct kubeconfig_entry *user,
			     const struct cJSON *node, struct kube_exec *exec)
{
	static const char *const names[] = {
		[EXEC_NEVER] = "Never",
		[EXEC_IF_AVAILABLE] = "IfAvailable",
		[EXEC_ALWAYS] = "Always",
	};
	const char *mode = json_str_or(node, "interactiveMode", "");

	exec->interactive = EXEC_IF_AVAILABLE;
	if (!*mode && strstr(exec->api_version, "/v1beta1"))
		return NULL;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(names[i], mode) == 0) {
			exec->interactive = (enum exec_interactive)i;
			return NULL;
		}
	}
	return kubeconfig_err(user, "exec",
			      "exec.interactiveMode %s Never, IfAvailable or "
			      "Always",
			      *mode ? "must be" : "is missing: write");
}

static KR_FALLIBLE take_command(const struct kubeconfig_entry *user,
				const struct cJSON *node,
				struct kube_exec *exec)
{
	const char *command = json_str_or(node, "command", "");

	if (!*command)
		return kubeconfig_err(user, "exec", "exec.command is missing");
	exec->command = strchr(command, '/') ? kubeconfig_resolve(user, command)
					     : strdup(command);
	return exec->command ? NULL : err_no_memory();
}

KR_FALLIBLE kube_exec_new(const struct kubeconfig_entry *user,
			  bool stdin_is_taken, struct cJSON *take_cluster,
			  struct kube_exec **out)
{
	kr_cleanup(kube_exec_freep) struct kube_exec *exec = NULL;
	const struct cJSON *node = json_member(user->body, "exec");
	const char *hint = json_str_or(node, "installHint", "");
	struct err *err;

	exec = calloc(1, sizeof(*exec));
	if (!exec) {
		json_free(take_cluster);
		return err_no_memory();
	}
	exec->cluster = take_cluster;
	exec->stdin_is_taken = stdin_is_taken;
	if (!str_keep(&exec->user, user->name) ||
	    !str_keep(&exec->api_version, json_str_or(node, "apiVersion", "")))
		return err_no_memory();
	if (*hint)
		exec->install_hint = clean_hint(hint);
	err = take_command(user, node, exec);
	if (!err)
		err = take_version(user, exec);
	if (!err)
		err = take_mode(user, node, exec);
	if (!err)
		err = take_args(node, exec);
	if (!err)
		err = take_env(user, node, exec);
	if (err)
		return err;
	if (!json_bool(node, "provideClusterInfo", false)) {
		json_free(exec->cluster);
		exec->cluster = NULL;
	}
	*out = take_ptr(&exec);
	return NULL;
}
