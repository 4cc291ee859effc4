#include "kube/pem.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "kube/auth.h"
#include "unit.h"

/* A fresh key and its self-signed certificate, as PEM. */
struct pair {
	struct secret *cert, *key;
};

static struct secret *taken(BIO *bio)
{
	struct secret *secret = NULL;
	char *text = NULL;
	long n = BIO_get_mem_data(bio, &text);

	UNIT_OK(secret_from_bytes(text, (size_t)n, &secret));
	(void)BIO_free(bio);
	return secret;
}

static struct pair make_pair(bool encrypted)
{
	char passphrase[] = "x";
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	BIO *cert_out = BIO_new(BIO_s_mem());
	BIO *key_out = BIO_new(BIO_s_mem());

	(void)X509_set_version(cert, 2);
	(void)X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	(void)X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	(void)X509_set_pubkey(cert, key);
	CU_ASSERT(X509_sign(cert, key, EVP_sha256()) > 0);
	CU_ASSERT(PEM_write_bio_X509(cert_out, cert) == 1);
	CU_ASSERT(PEM_write_bio_PKCS8PrivateKey(
			  key_out, key, encrypted ? EVP_aes_128_cbc() : NULL,
			  encrypted ? passphrase : NULL, encrypted ? 1 : 0,
			  NULL, NULL) == 1);
	X509_free(cert);
	EVP_PKEY_free(key);
	return (struct pair){ taken(cert_out), taken(key_out) };
}

static void pair_release(struct pair *pair)
{
	secret_free(pair->cert);
	secret_free(pair->key);
}

static void checks_a_pair(void)
{
	kr_cleanup(pair_release) struct pair a = make_pair(false);
	kr_cleanup(pair_release) struct pair b = make_pair(false);
	kr_cleanup(pair_release) struct pair locked = make_pair(true);

	UNIT_OK(pem_check_pair(a.cert, a.key));
	UNIT_FAILS(pem_check_pair(a.cert, b.key), KR_ECONFIG,
		   "do not belong together");
	UNIT_FAILS(pem_check_pair(locked.cert, locked.key), KR_ECONFIG,
		   "encrypted");
	UNIT_FAILS(pem_check_pair(a.key, a.key), KR_ECONFIG,
		   "no PEM certificate");
	UNIT_FAILS(pem_check_pair(a.cert, a.cert), KR_ECONFIG,
		   "no PEM private key");
}

static void keeps_certificates_alone(void)
{
	kr_cleanup(pair_release) struct pair a = make_pair(false);
	struct buf text = BUF_INIT(64 * 1024);
	kr_cleanup(str_freep) char *clean = NULL;
	size_t len = 0;

	buf_puts(&text, "words\n-----BEGIN CERTIFICATE-----\nAAAA\n"
			"-----END CERTIFICATE-----\n");
	buf_append(&text, secret_expose(a.key), secret_len(a.key));
	buf_append(&text, secret_expose(a.cert), secret_len(a.cert));
	if (UNIT_OK(pem_certificates(buf_str(&text), text.len, &clean, &len)))
		UNIT_STR(clean, (const char *)secret_expose(a.cert));
	CU_ASSERT_EQUAL(len, secret_len(a.cert));
	UNIT_FAILS(pem_certificates("", 0, &clean, &len), KR_ECONFIG,
		   "no certificate");
	UNIT_FAILS(pem_certificates((const char *)secret_expose(a.key),
				    secret_len(a.key), &clean, &len),
		   KR_ECONFIG, "no certificate");
	buf_release(&text);
}

static int64_t now_ms;

static int64_t fake_now(void *user)
{
	(void)user;
	return now_ms;
}

static void fake_sleep(void *user, int64_t ms)
{
	(void)user;
	now_ms += ms;
}

static const struct clock_source fake_clock = { fake_now, fake_now, fake_sleep,
						NULL };

static void put(const char *path, const struct secret *text)
{
	UNIT_OK(file_write_atomic(path, secret_expose(text), secret_len(text)));
}

static bool prepare(struct kube_auth *auth)
{
	bool changed = false;

	UNIT_OK(kube_auth_prepare(auth, &changed));
	return changed;
}

/* A pair that is replaced file by file is taken when both halves fit. */
static void notices_new_files(void)
{
	kr_cleanup(pair_release) struct pair a = make_pair(false);
	kr_cleanup(pair_release) struct pair b = make_pair(false);
	char cert[] = "/tmp/keyrot-unit-cert-XXXXXX";
	char key[] = "/tmp/keyrot-unit-key-XXXXXX";
	struct kube_access access = { .client_cert_pem = a.cert,
				      .client_key_pem = a.key,
				      .client_cert_file = cert,
				      .client_key_file = key };
	kr_cleanup(kube_auth_freep) struct kube_auth *auth = NULL;

	CU_ASSERT(close(mkstemp(cert)) == 0 && close(mkstemp(key)) == 0);
	clock_use(&fake_clock);
	put(cert, a.cert);
	put(key, a.key);
	if (!UNIT_OK(kube_auth_new(&access, &auth)))
		return;
	now_ms += 2000;
	CU_ASSERT_FALSE(prepare(auth));
	put(cert, b.cert);
	now_ms += 2000;
	CU_ASSERT_FALSE(prepare(auth));
	CU_ASSERT_PTR_EQUAL(kube_auth_client_cert(auth), a.cert);
	put(key, b.key);
	now_ms += 500;
	CU_ASSERT_FALSE(prepare(auth)); /* at most once a second */
	now_ms += 600;
	CU_ASSERT_TRUE(prepare(auth));
	CU_ASSERT(secret_equal(kube_auth_client_cert(auth), b.cert));
	CU_ASSERT(secret_equal(kube_auth_client_key(auth), b.key));
	CU_ASSERT_FALSE(prepare(auth));
	put(cert, a.cert);
	put(key, a.key);
	CU_ASSERT_TRUE(kube_auth_rejected(auth)); /* looks at once */
	CU_ASSERT_TRUE(prepare(auth));
	CU_ASSERT_FALSE(kube_auth_rejected(auth));
	(void)unlink(cert);
	(void)unlink(key);
	clock_use(NULL);
}

const struct unit_suite unit_pem = {
	.tests =
		{
			{"checks a pair", checks_a_pair},
			{"keeps certificates alone", keeps_certificates_alone},
			{"notices new files", notices_new_files},
			{NULL, NULL},
		},
};
