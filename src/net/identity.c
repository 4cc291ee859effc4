#include "net/identity.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <strings.h>

#include "net/http_internal.h"

struct http_identity {
	X509_STORE *roots; /* NULL: libcurl's */
	X509 *cert;	   /* NULL: none */
	STACK_OF(X509) * chain;
	EVP_PKEY *key;
};

void http_identity_free(struct http_identity *identity)
{
	if (!identity)
		return;
	X509_STORE_free(identity->roots);
	X509_free(identity->cert);
	sk_X509_pop_free(identity->chain, X509_free);
	EVP_PKEY_free(identity->key);
	free(identity);
}

bool http_identity_is_used(const struct http *http)
{
	return strncasecmp(http->proxy, "https://", 8) != 0;
}

/* All certificates of a PEM text, in order; NULL where there is none. */
static STACK_OF(X509) * read_certs(const void *pem, size_t len)
{
	BIO *bio = BIO_new_mem_buf(pem, (int)len);
	STACK_OF(X509) *all = sk_X509_new_null();
	X509 *one;

	while (bio && all &&
	       (one = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		if (!sk_X509_push(all, one))
			X509_free(one);
	/* The end is an error, too. */
	ERR_clear_error();
	BIO_free(bio);
	if (all && sk_X509_num(all) > 0)
		return all;
	sk_X509_free(all);
	return NULL;
}

static int no_passphrase(char *to, int size, int writing, void *user)
{
	(void)to;
	(void)size;
	(void)writing;
	(void)user;
	return 0;
}

static bool read_roots(const struct http *http, struct http_identity *identity)
{
	STACK_OF(X509) *certs = read_certs(http->ca_pem, http->ca_pem_len);
	X509_STORE *store = certs ? X509_STORE_new() : NULL;

	for (int i = 0; store && i < sk_X509_num(certs); i++)
		(void)X509_STORE_add_cert(store, sk_X509_value(certs, i));
	ERR_clear_error();
	sk_X509_pop_free(certs, X509_free);
	identity->roots = store;
	/* As libcurl does: an intermediate that is trusted is enough. */
	return store &&
	       X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST |
						   X509_V_FLAG_PARTIAL_CHAIN);
}

static bool read_pair(const struct http *http, struct http_identity *identity)
{
	BIO *bio = BIO_new_mem_buf(secret_expose(http->key),
				   (int)secret_len(http->key));

	identity->chain =
		read_certs(secret_expose(http->cert), secret_len(http->cert));
	if (identity->chain)
		identity->cert = sk_X509_shift(identity->chain);
	if (bio)
		identity->key =
			PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	ERR_clear_error();
	return identity->cert && identity->key;
}

static int make(struct http *http)
{
	struct http_identity *identity = calloc(1, sizeof(*identity));
	int code = CURLE_OK;

	if (!identity)
		return CURLE_OUT_OF_MEMORY;
	if (http->ca_pem && !http->insecure && !read_roots(http, identity))
		code = CURLE_SSL_CACERT_BADFILE;
	else if (http->cert && http->key && !read_pair(http, identity))
		code = CURLE_SSL_CERTPROBLEM;
	if (code == CURLE_OK)
		http->identity = identity;
	else
		http_identity_free(identity);
	return code;
}

int http_identity_give(struct http *http, void *ssl_ctx)
{
	const struct http_identity *identity;
	int code = http->identity ? CURLE_OK : make(http);

	if (code != CURLE_OK)
		return code;
	identity = http->identity;
	if (identity->roots)
		SSL_CTX_set1_cert_store(ssl_ctx, identity->roots);
	if (!identity->cert)
		return CURLE_OK;
	if (SSL_CTX_use_certificate(ssl_ctx, identity->cert) == 1 &&
	    SSL_CTX_set1_chain(ssl_ctx, identity->chain) == 1 &&
	    SSL_CTX_use_PrivateKey(ssl_ctx, identity->key) == 1 &&
	    SSL_CTX_check_private_key(ssl_ctx) == 1)
		return CURLE_OK;
	ERR_clear_error();
	return CURLE_SSL_CERTPROBLEM;
}
