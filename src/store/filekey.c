#include "store/filekey.h"

#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/file.h"
#include "store/store_backend.h"

#define MAX_KEY_FILE  (64 * 1024)
#define SCRYPT_N      (1 << 14) /* 16 MiB with r = 8 */
#define SCRYPT_R      8
#define SCRYPT_P      5
#define SALT_BYTES    16
#define SERIAL_BYTES  16
#define NO_EXPIRATION "99991231235959Z" /* RFC 5280, 4.1.2.5 */

#define DEFINE_RELEASE(name, type, function)                                   \
	static void name(type **p)                                             \
	{                                                                      \
		function(*p);                                                  \
	}

DEFINE_RELEASE(bio_freep, BIO, BIO_free_all)
DEFINE_RELEASE(pkey_freep, EVP_PKEY, EVP_PKEY_free)
DEFINE_RELEASE(cert_freep, X509, X509_free)
DEFINE_RELEASE(ext_freep, X509_EXTENSION, X509_EXTENSION_free)
DEFINE_RELEASE(p8_freep, PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)
DEFINE_RELEASE(algor_freep, X509_ALGOR, X509_ALGOR_free)
DEFINE_RELEASE(sig_freep, X509_SIG, X509_SIG_free)
DEFINE_RELEASE(bignum_freep, BIGNUM, BN_free)

static struct err *openssl_failed(const char *what)
{
	ERR_clear_error();
	return err_new(KR_ESTORE, "OpenSSL cannot %s", what);
}

static struct err *read_text(const char *path, struct buf *text)
{
	return err_as(file_read(path, text), KR_ESTORE);
}

KR_FALLIBLE filekey_is_encrypted(const char *path, bool *out)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_KEY_FILE);
	struct err *err = read_text(path, &text);

	if (err)
		return err;
	if (!strstr(buf_str(&text), "PRIVATE KEY-----"))
		return err_new(KR_ESTORE, "%s is not a private key in PEM",
			       path);
	/* "Proc-Type: 4,ENCRYPTED" is the older form of the same. */
	*out = strstr(buf_str(&text), "ENCRYPTED") != NULL;
	return NULL;
}

static int give_passphrase(char *out, int size, int writing, void *user)
{
	const struct secret *passphrase = user;

	(void)writing;
	if (!passphrase || secret_len(passphrase) > (size_t)size)
		return -1;
	memcpy(out, secret_expose(passphrase), secret_len(passphrase));
	return (int)secret_len(passphrase);
}

KR_FALLIBLE filekey_read(const char *path, const struct secret *passphrase,
			 EVP_PKEY **out)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_KEY_FILE);
	kr_cleanup(bio_freep) BIO *bio = NULL;
	void *user = NULL;
	EVP_PKEY *key;
	struct err *err = read_text(path, &text);

	if (err)
		return err;
	bio = BIO_new_mem_buf(text.data, (int)text.len);
	memcpy(&user, &passphrase, sizeof(user));
	key = bio ? PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, user)
		  : NULL;
	ERR_clear_error();
	if (!key && passphrase)
		return store_error("Locked", "the passphrase does not open %s",
				   path);
	if (!key)
		return err_new(KR_ESTORE, "%s holds no usable private key",
			       path);
	*out = key;
	return NULL;
}

static X509_ALGOR *scrypt_parameters(void)
{
	unsigned char salt[SALT_BYTES];

	if (RAND_bytes(salt, sizeof(salt)) != 1)
		return NULL;
	return PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), salt, sizeof(salt),
				     NULL, SCRYPT_N, SCRYPT_R, SCRYPT_P);
}

/* The encrypted PKCS#8 form, as PEM in a memory BIO. */
static struct err *encrypt_key(const EVP_PKEY *key,
			       const struct secret *passphrase, BIO *out)
{
	kr_cleanup(p8_freep) PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(key);
	kr_cleanup(algor_freep) X509_ALGOR *pbe = scrypt_parameters();
	kr_cleanup(sig_freep) X509_SIG *sealed = NULL;

	if (!p8 || !pbe)
		return openssl_failed("encrypt a private key by scrypt");
	sealed = PKCS8_set0_pbe((const char *)secret_expose(passphrase),
				(int)secret_len(passphrase), p8, pbe);
	if (!sealed)
		return openssl_failed("encrypt a private key by scrypt");
	pbe = NULL; /* belongs to `sealed` now */
	if (PEM_write_bio_PKCS8(out, sealed) != 1)
		return openssl_failed("write a private key");
	return NULL;
}

static struct err *write_bio(const char *path, BIO *bio)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);

	return file_write_new(path, data, (size_t)len);
}

KR_FALLIBLE filekey_make(const char *path, const struct secret *passphrase,
			 EVP_PKEY **out)
{
	kr_cleanup(pkey_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
	kr_cleanup(bio_freep) BIO *bio = BIO_new(BIO_s_mem());
	struct err *err;

	if (!key || !bio)
		return openssl_failed("make a P-256 key");
	err = encrypt_key(key, passphrase, bio);
	if (!err)
		err = write_bio(path, bio);
	if (err)
		return err;
	*out = take_ptr(&key);
	return NULL;
}

static bool set_serial(X509 *cert)
{
	unsigned char bytes[SERIAL_BYTES];
	kr_cleanup(bignum_freep) BIGNUM *number = NULL;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] &= 0x7f; /* positive */
	bytes[0] |= 0x40;
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	return number &&
	       BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
}

static bool set_name(X509 *cert, const char *common_name)
{
	X509_NAME *name = X509_get_subject_name(cert);

	/* RFC 5280 allows 64 characters. */
	return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
					  (const unsigned char *)common_name,
					  (int)strnlen(common_name, 64), -1,
					  0) == 1 &&
	       X509_set_issuer_name(cert, name) == 1;
}

static bool add_extension(X509 *cert, int nid, const char *value)
{
	kr_cleanup(ext_freep) X509_EXTENSION *ext = NULL;
	X509V3_CTX ctx;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	return ext && X509_add_ext(cert, ext, -1) == 1;
}

KR_FALLIBLE filekey_write_cert(const char *path, EVP_PKEY *key,
			       const char *common_name)
{
	kr_cleanup(cert_freep) X509 *cert = X509_new();
	kr_cleanup(bio_freep) BIO *bio = BIO_new(BIO_s_mem());

	if (!cert || !bio || X509_set_version(cert, X509_VERSION_3) != 1 ||
	    !set_serial(cert) || !set_name(cert, common_name) ||
	    !X509_gmtime_adj(X509_getm_notBefore(cert), 0) ||
	    ASN1_TIME_set_string(X509_getm_notAfter(cert), NO_EXPIRATION) !=
		    1 ||
	    X509_set_pubkey(cert, key) != 1 ||
	    !add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") ||
	    !add_extension(cert, NID_key_usage, "critical,keyAgreement") ||
	    !add_extension(cert, NID_subject_key_identifier, "hash") ||
	    X509_sign(cert, key, EVP_sha256()) == 0 ||
	    PEM_write_bio_X509(bio, cert) != 1)
		return openssl_failed("make a certificate");
	return write_bio(path, bio);
}
