#include "store/cms.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

/* Declares its PEM functions only where pem.h came before it. */
#include <openssl/cms.h>

#include "base/file.h"
#include "base/text.h"
#include "secret/wipe.h"
#include "store/store_backend.h"

#define MAX_CERT_FILE (256 * 1024)

struct cms_recipients {
	STACK_OF(X509) * certs;
};

static void bio_freep(BIO **p)
{
	BIO_free_all(*p);
}

static void cms_freep(CMS_ContentInfo **p)
{
	CMS_ContentInfo_free(*p);
}

static void cert_freep(X509 **p)
{
	X509_free(*p);
}

static struct err *openssl_failed(const char *what)
{
	ERR_clear_error();
	return err_new(KR_ESTORE, "OpenSSL cannot %s", what);
}

void cms_recipients_free(struct cms_recipients *recipients)
{
	if (!recipients)
		return;
	sk_X509_pop_free(recipients->certs, X509_free);
	free(recipients);
}

size_t cms_recipients_count(const struct cms_recipients *recipients)
{
	return (size_t)sk_X509_num(recipients->certs);
}

static struct err *add_cert(struct cms_recipients *recipients, const char *path)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_CERT_FILE);
	kr_cleanup(bio_freep) BIO *bio = NULL;
	kr_cleanup(cert_freep) X509 *cert = NULL;
	const EVP_PKEY *key;
	struct err *err = file_read(path, &text);
	int type;

	if (err)
		return err;
	bio = BIO_new_mem_buf(buf_str(&text), (int)text.len);
	cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	ERR_clear_error();
	if (!cert)
		return err_new(KR_ESTORE, "%s is not a certificate in PEM",
			       path);
	/* NULL: of a kind that is not known, or memory is out. */
	key = X509_get0_pubkey(cert);
	type = key ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE;
	if (type != EVP_PKEY_EC && type != EVP_PKEY_RSA)
		return err_new(KR_ESTORE,
			       "%s: keys can be encrypted to EC and RSA keys "
			       "only",
			       path);
	if (sk_X509_push(recipients->certs, cert) <= 0)
		return err_no_memory();
	cert = NULL;
	return NULL;
}

KR_FALLIBLE cms_recipients_read(const char *folder, struct cms_recipients **out)
{
	kr_cleanup(cms_recipients_freep) struct cms_recipients *recipients =
		calloc(1, sizeof(*recipients));
	kr_cleanup(file_list_release) struct file_list files = { 0 };
	struct err *err;

	if (!recipients)
		return err_no_memory();
	recipients->certs = sk_X509_new_null();
	if (!recipients->certs)
		return err_no_memory();
	err = file_list_dir(folder, &files);
	for (size_t i = 0; !err && i < files.count; i++) {
		kr_cleanup(str_freep) char *path =
			file_join(folder, files.names[i]);

		if (!text_ends_with(files.names[i], ".crt"))
			continue;
		err = path ? add_cert(recipients, path) : err_no_memory();
	}
	if (err)
		return err_as(err, KR_ESTORE);
	*out = take_ptr(&recipients);
	return NULL;
}

KR_FALLIBLE cms_seal(const struct cms_recipients *recipients,
		     const struct secret *key, struct buf *out)
{
	kr_cleanup(bio_freep) BIO *in =
		BIO_new_mem_buf(secret_expose(key), (int)secret_len(key));
	kr_cleanup(bio_freep) BIO *pem = BIO_new(BIO_s_mem());
	kr_cleanup(cms_freep) CMS_ContentInfo *cms = NULL;
	char *text = NULL;
	long len;

	if (!in || !pem)
		return err_no_memory();
	cms = CMS_encrypt(recipients->certs, in, EVP_aes_256_gcm(), CMS_BINARY);
	/* The content passed through a buffer on the stack. */
	wipe_stack();
	/* Without memory OpenSSL 3.0 makes one that lacks what was encrypted,
	 * and says nothing. */
	if (!cms || CMS_is_detached(cms) != 0 ||
	    PEM_write_bio_CMS(pem, cms) != 1)
		return openssl_failed("encrypt to the recipients");
	len = BIO_get_mem_data(pem, &text);
	buf_append(out, text, (size_t)len);
	return buf_check(out, "entry");
}

static struct err *damaged(void)
{
	ERR_clear_error();
	return store_error("Mismatch", "it is damaged, or was not encrypted to "
				       "this store.key");
}

KR_FALLIBLE cms_open(const char *pem, size_t len, EVP_PKEY *key,
		     struct secret **out)
{
	kr_cleanup(bio_freep) BIO *in = BIO_new_mem_buf(pem, (int)len);
	kr_cleanup(bio_freep) BIO *plain = BIO_new(BIO_s_mem());
	kr_cleanup(cms_freep) CMS_ContentInfo *cms = NULL;
	char *bytes = NULL;
	long n;
	int ok;

	if (!in || !plain)
		return err_no_memory();
	cms = PEM_read_bio_CMS(in, NULL, NULL, NULL);
	/* EnvelopedData (no authentication) decrypts too, to anything. */
	if (!cms || OBJ_obj2nid(CMS_get0_type(cms)) !=
			    NID_id_smime_ct_authEnvelopedData)
		return damaged();
	ok = CMS_decrypt(cms, key, NULL, NULL, plain, CMS_BINARY);
	wipe_stack();
	if (ok != 1)
		return damaged();
	n = BIO_get_mem_data(plain, &bytes);
	return secret_from_bytes(bytes, (size_t)n, out);
}
