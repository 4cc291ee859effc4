/*
 * Reads one Secret as a user would be allowed to: kubectl's flags in, one GET
 * out. What the server saw is compared with what it sees of kubectl.
 *
 * Flags are written --name=value. Exit code and message are those of the
 * program; the message goes to standard error.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/stop.h"
#include "kube/access.h"
#include "kube/client.h"
#include "kube/path.h"

#define MAX_LIST 16

struct lists {
	const char *groups[MAX_LIST + 1];
	const char *extras[MAX_LIST + 1];
	size_t group_count, extra_count;
};

static bool set_text(struct kube_flags *flags, const char *name, size_t len,
		     const char *value)
{
	const struct {
		const char *name;
		const char **field;
	} known[] = {
		{ "kubeconfig", &flags->kubeconfig },
		{ "context", &flags->context },
		{ "cluster", &flags->cluster },
		{ "user", &flags->user },
		{ "namespace", &flags->namespace_ },
		{ "server", &flags->server },
		{ "tls-server-name", &flags->tls_server_name },
		{ "certificate-authority", &flags->certificate_authority },
		{ "insecure-skip-tls-verify",
		  &flags->insecure_skip_tls_verify },
		{ "client-certificate", &flags->client_certificate },
		{ "client-key", &flags->client_key },
		{ "token", &flags->token },
		{ "username", &flags->username },
		{ "password", &flags->password },
		{ "as", &flags->as },
		{ "as-uid", &flags->as_uid },
		{ "request-timeout", &flags->request_timeout },
		{ "disable-compression", &flags->disable_compression },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (strlen(known[i].name) == len &&
		    memcmp(known[i].name, name, len) == 0) {
			*known[i].field = value;
			return true;
		}
	}
	return false;
}

static bool set_flag(struct kube_flags *flags, struct lists *lists,
		     const char *arg)
{
	const char *equals = strchr(arg, '=');
	size_t len;

	if (strncmp(arg, "--", 2) != 0 || !equals)
		return false;
	arg += 2;
	len = (size_t)(equals - arg);
	if (strncmp(arg, "as-group=", 9) == 0 && lists->group_count < MAX_LIST)
		lists->groups[lists->group_count++] = equals + 1;
	else if (strncmp(arg, "as-user-extra=", 14) == 0 &&
		 lists->extra_count < MAX_LIST)
		lists->extras[lists->extra_count++] = equals + 1;
	else if (strncmp(arg, "allow-plain-http=", 17) == 0)
		flags->allow_plain_http = strcmp(equals + 1, "true") == 0;
	else if (strncmp(arg, "stdin-is-taken=", 15) == 0)
		flags->stdin_is_taken = strcmp(equals + 1, "true") == 0;
	else
		return set_text(flags, arg, len, equals + 1);
	return true;
}

static KR_FALLIBLE probe(const struct kube_flags *flags)
{
	kr_cleanup(kube_access_freep) struct kube_access *access = NULL;
	kr_cleanup(json_freep) struct cJSON *secret = NULL;
	kr_cleanup(kube_closep) struct kube *kube = NULL;
	kr_cleanup(str_freep) char *path = NULL;
	struct err *err = kube_access_load(flags, &access);

	if (!err)
		err = kube_open(access, &kube);
	if (err)
		return err;
	path = kube_path(KIND_SECRET, access->namespace_, "x");
	if (!path)
		return err_new(KR_ENOMEM, "out of memory");
	return kube_get(kube, path, "Secret x", &secret);
}

int main(int argc, char **argv)
{
	struct kube_flags flags = { 0 };
	struct lists lists = { 0 };
	struct err *err;
	int code;

	stop_install();
	for (int i = 1; i < argc; i++) {
		if (!set_flag(&flags, &lists, argv[i])) {
			(void)fprintf(stderr, "probe: what is %s?\n", argv[i]);
			return 64;
		}
	}
	flags.as_groups = lists.group_count ? lists.groups : NULL;
	flags.as_user_extras = lists.extra_count ? lists.extras : NULL;
	err = probe(&flags);
	code = err_exit_code(err);
	if (err) {
		const char *hint = err_hint_text(err);

		(void)fprintf(stderr, "error: %s\n", err_message(err));
		if (hint)
			(void)fprintf(stderr, "hint: %s\n", hint);
	}
	err_free(err);
	return code;
}
