/*
 * Any bytes as the output of a credential plugin. What is accepted must be
 * usable: a token without control bytes, certificate and key together.
 */
#include <stdint.h>
#include <string.h>

#include "kube/exec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct exec_result *result)
{
	const unsigned char *token;

	if (!result->token && !result->cert)
		abort();
	if (!result->cert != !result->key)
		abort();
	if (!result->token)
		return;
	token = secret_expose(result->token);
	for (size_t i = 0; i < secret_len(result->token); i++) {
		if (strchr("\r\n", token[i]))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const version = "client.authentication.k8s.io/v1";
	static char name[] = "plugin";
	const struct kube_exec exec = { .user = name,
					.api_version =
						(char *)(uintptr_t)version,
					.command = name };
	struct exec_result result = { 0 };
	struct err *err =
		kube_exec_parse(&exec, (const char *)data, size, &result);

	if (!err)
		check(&result);
	err_free(err);
	exec_result_release(&result);
	return 0;
}
