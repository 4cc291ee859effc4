/*
 * The key pair of a file store: store.key and its certificate.
 *
 * store.key is a P-256 key in PKCS#8, encrypted by scrypt (N=16384, r=8, p=5)
 * and AES-256-CBC under the passphrase; recipients/store.crt is a self-signed
 * certificate for it (keyAgreement). Both are ordinary files for OpenSSL.
 */
#ifndef KR_STORE_FILEKEY_H
#define KR_STORE_FILEKEY_H

#include "secret/secret.h"

struct evp_pkey_st;

/*
 * Opens the private key; passphrase NULL: for one that is not encrypted.
 * KR_ESTORE, reason "Locked", where the passphrase does not open it.
 */
KR_FALLIBLE filekey_read(const char *path, const struct secret *passphrase,
			 struct evp_pkey_st **out);

/* Whether a passphrase is needed. */
KR_FALLIBLE filekey_is_encrypted(const char *path, bool *out);

/* Makes a key and writes it; KR_ECONFLICT where `path` exists. */
KR_FALLIBLE filekey_make(const char *path, const struct secret *passphrase,
			 struct evp_pkey_st **out);

/* Writes the certificate; KR_ECONFLICT where `path` exists. */
KR_FALLIBLE filekey_write_cert(const char *path, struct evp_pkey_st *key,
			       const char *common_name);

#endif
