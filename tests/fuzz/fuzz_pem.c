/*
 * Any bytes as certificates, and as a certificate and a key (cut at the first
 * NUL). What is taken over is PEM that is taken over unchanged.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kube/pem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_authorities(const char *text, size_t len)
{
	char *once = NULL, *twice = NULL;
	size_t n = 0, m = 0;
	struct err *err = pem_certificates(text, len, &once, &n);

	if (!err) {
		if (pem_certificates(once, n, &twice, &m) || n != m ||
		    memcmp(once, twice, n) != 0)
			abort();
	}
	err_free(err);
	free(once);
	free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *cut = size ? memchr(data, 0, size) : NULL;
	size_t first = cut ? (size_t)(cut - data) : size;
	struct secret *cert = NULL, *key = NULL;
	struct err *err;

	check_authorities((const char *)data, size);
	err = secret_from_bytes(data, first, &cert);
	if (!err)
		err = secret_from_bytes(data + first, size - first, &key);
	if (!err)
		err = pem_check_pair(cert, key);
	err_free(err);
	secret_free(cert);
	secret_free(key);
	return 0;
}
