#include "pki.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gnutls/x509.h>

#include "util.h"

struct pki {
	gnutls_x509_crt_t cert;
	gnutls_x509_privkey_t key;
	char *pem;
};

static void check(int result, const char *what)
{
	if (result < 0)
		die("%s: %s", what, gnutls_strerror(result));
}

static gnutls_x509_privkey_t key_new(void)
{
	gnutls_x509_privkey_t key;
	unsigned bits = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);

	check(gnutls_x509_privkey_init(&key), "key");
	check(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, bits, 0),
	      "key");
	return key;
}

static gnutls_x509_crt_t cert_new(gnutls_x509_privkey_t key, const char *name)
{
	gnutls_x509_crt_t cert;
	unsigned char serial[16];
	char text[37];

	uid_make(text);
	memcpy(serial, text, sizeof(serial));
	check(gnutls_x509_crt_init(&cert), "certificate");
	gnutls_x509_crt_set_version(cert, 3);
	gnutls_x509_crt_set_serial(cert, serial, sizeof(serial));
	gnutls_x509_crt_set_activation_time(cert, time(NULL) - 3600);
	gnutls_x509_crt_set_expiration_time(cert, time(NULL) + 86400);
	check(gnutls_x509_crt_set_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME,
					    0, name, (unsigned)strlen(name)),
	      "name");
	check(gnutls_x509_crt_set_key(cert, key), "certificate key");
	return cert;
}

static char *cert_pem(gnutls_x509_crt_t cert)
{
	gnutls_datum_t out;
	char *text;

	check(gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_PEM, &out),
	      "certificate");
	text = xstrndup((const char *)out.data, out.size);
	gnutls_free(out.data);
	return text;
}

static char *key_pem(gnutls_x509_privkey_t key)
{
	gnutls_datum_t out;
	char *text;

	check(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
						GNUTLS_PKCS_PLAIN, &out),
	      "key");
	text = xstrndup((const char *)out.data, out.size);
	gnutls_free(out.data);
	return text;
}

struct pki *pki_new(const char *name)
{
	struct pki *pki = xcalloc(1, sizeof(*pki));

	pki->key = key_new();
	pki->cert = cert_new(pki->key, name);
	gnutls_x509_crt_set_ca_status(pki->cert, 1);
	gnutls_x509_crt_set_key_usage(pki->cert, GNUTLS_KEY_KEY_CERT_SIGN);
	check(gnutls_x509_crt_sign2(pki->cert, pki->cert, pki->key,
				    GNUTLS_DIG_SHA256, 0),
	      "signature");
	pki->pem = cert_pem(pki->cert);
	return pki;
}

const char *pki_ca_pem(const struct pki *pki)
{
	return pki->pem;
}

static struct cert cert_finish(const struct pki *pki, gnutls_x509_crt_t cert,
			       gnutls_x509_privkey_t key, const char *purpose)
{
	struct cert out;

	gnutls_x509_crt_set_key_usage(cert, GNUTLS_KEY_DIGITAL_SIGNATURE);
	gnutls_x509_crt_set_key_purpose_oid(cert, purpose, 0);
	check(gnutls_x509_crt_sign2(cert, pki->cert, pki->key,
				    GNUTLS_DIG_SHA256, 0),
	      "signature");
	out.cert_pem = cert_pem(cert);
	out.key_pem = key_pem(key);
	gnutls_x509_crt_deinit(cert);
	gnutls_x509_privkey_deinit(key);
	return out;
}

struct cert pki_server(const struct pki *pki)
{
	gnutls_x509_privkey_t key = key_new();
	gnutls_x509_crt_t cert = cert_new(key, "practice-apiserver");
	struct in_addr loopback = { .s_addr = htonl(INADDR_LOOPBACK) };

	check(gnutls_x509_crt_set_subject_alt_name(cert, GNUTLS_SAN_DNSNAME,
						   "localhost", 9,
						   GNUTLS_FSAN_SET),
	      "DNS name");
	check(gnutls_x509_crt_set_subject_alt_name(cert, GNUTLS_SAN_IPADDRESS,
						   &loopback, sizeof(loopback),
						   GNUTLS_FSAN_APPEND),
	      "IP address");
	return cert_finish(pki, cert, key, GNUTLS_KP_TLS_WWW_SERVER);
}

struct cert pki_client(const struct pki *pki, const char *user,
		       const char *group)
{
	gnutls_x509_privkey_t key = key_new();
	gnutls_x509_crt_t cert = cert_new(key, user);

	check(gnutls_x509_crt_set_dn_by_oid(cert,
					    GNUTLS_OID_X520_ORGANIZATION_NAME,
					    0, group, (unsigned)strlen(group)),
	      "group");
	return cert_finish(pki, cert, key, GNUTLS_KP_TLS_WWW_CLIENT);
}
