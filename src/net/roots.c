#include "net/roots.h"

#include <stdlib.h>

#include "base/file.h"

static const char *const bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/pki/tls/cacert.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/ssl/cert.pem",
};

const char *roots_file(void)
{
	const char *named = getenv("SSL_CERT_FILE");

	if (named && *named)
		return named;
	for (size_t i = 0; i < sizeof(bundles) / sizeof(*bundles); i++) {
		if (file_exists(bundles[i]))
			return bundles[i];
	}
	return NULL;
}

const char *roots_dir(void)
{
	const char *named = getenv("SSL_CERT_DIR");

	return named && *named ? named : NULL;
}
