#include "kube/pem.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

static void bio_freep(BIO **p)
{
	(void)BIO_free(*p);
}

static void x509_freep(X509 **p)
{
	X509_free(*p);
}

static void key_freep(EVP_PKEY **p)
{
	EVP_PKEY_free(*p);
}

static BIO *open_text(const void *data, size_t len)
{
	return len > INT_MAX ? NULL : BIO_new_mem_buf(data, (int)len);
}

/* The next block that is a certificate; NULL at the end. */
static X509 *next_certificate(BIO *in, bool *out_block)
{
	char *name = NULL, *header = NULL;
	unsigned char *data = NULL;
	X509 *cert = NULL;
	long len = 0;

	*out_block = PEM_read_bio(in, &name, &header, &data, &len) == 1;
	if (*out_block && strcmp(name, PEM_STRING_X509) == 0 && !*header) {
		const unsigned char *p = data;

		cert = d2i_X509(NULL, &p, len);
	}
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(data);
	return cert;
}

KR_FALLIBLE pem_certificates(const char *pem, size_t len, char **out,
			     size_t *out_len)
{
	kr_cleanup(bio_freep) BIO *in = open_text(pem, len);
	kr_cleanup(bio_freep) BIO *clean = BIO_new(BIO_s_mem());
	bool more = true;
	size_t count = 0;
	char *text = NULL;
	long n;

	if (!in || !clean)
		return err_no_memory();
	while (more) {
		kr_cleanup(x509_freep) X509 *cert = next_certificate(in, &more);

		if (!cert)
			continue;
		if (!PEM_write_bio_X509(clean, cert))
			return err_no_memory();
		count++;
	}
	ERR_clear_error();
	if (!count)
		return err_new(KR_ECONFIG, "there is no certificate in it "
					   "(PEM is expected)");
	n = BIO_get_mem_data(clean, &text);
	*out = strndup(text, (size_t)n);
	if (!*out)
		return err_no_memory();
	*out_len = (size_t)n;
	return NULL;
}

static int no_passphrase(char *text, int size, int writing, void *user)
{
	bool *asked = user;

	(void)writing;
	if (size > 0)
		text[0] = '\0';
	*asked = true;
	return -1;
}

KR_FALLIBLE pem_check_pair(const struct secret *cert, const struct secret *key)
{
	kr_cleanup(bio_freep) BIO *cert_in =
		open_text(secret_expose(cert), secret_len(cert));
	kr_cleanup(bio_freep) BIO *key_in =
		open_text(secret_expose(key), secret_len(key));
	kr_cleanup(x509_freep) X509 *leaf = NULL;
	kr_cleanup(key_freep) EVP_PKEY *pair = NULL;
	bool asked = false, more = true;

	if (!cert_in || !key_in)
		return err_no_memory();
	while (more && !leaf)
		leaf = next_certificate(cert_in, &more);
	if (leaf)
		pair = PEM_read_bio_PrivateKey(key_in, NULL, no_passphrase,
					       &asked);
	if (leaf && pair && X509_check_private_key(leaf, pair) == 1)
		return NULL;
	ERR_clear_error();
	if (!leaf)
		return err_new(KR_ECONFIG, "the client certificate is no PEM "
					   "certificate");
	if (asked)
		return err_new(KR_ECONFIG,
			       "the client key is encrypted: kubectl cannot "
			       "use such a key either");
	if (!pair)
		return err_new(KR_ECONFIG, "the client key is no PEM private "
					   "key");
	return err_new(KR_ECONFIG, "the client certificate and the client key "
				   "do not belong together");
}
