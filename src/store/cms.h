/*
 * Entries of a file store as CMS messages: RFC 5083 AuthEnvelopedData,
 * AES-256-GCM, PEM. Made and read by OpenSSL's own CMS functions, so that its
 * command line reads them too.
 */
#ifndef KR_STORE_CMS_H
#define KR_STORE_CMS_H

#include "base/buf.h"
#include "secret/secret.h"

struct evp_pkey_st;

#define CMS_PEM_BEGIN "-----BEGIN CMS-----"

/* The certificates to encrypt to: EC or RSA. */
struct cms_recipients;

/*
 * All *.crt of a folder (a missing one has none). KR_ESTORE names a file that
 * is no certificate, or whose key cannot be encrypted to.
 */
KR_FALLIBLE cms_recipients_read(const char *folder,
				struct cms_recipients **out);
size_t cms_recipients_count(const struct cms_recipients *recipients);
void cms_recipients_free(struct cms_recipients *recipients);
KR_DEFINE_FREEP(cms_recipients)

/* Appends the PEM. The content is exactly the bytes of `key`. */
KR_FALLIBLE cms_seal(const struct cms_recipients *recipients,
		     const struct secret *key, struct buf *out);

/*
 * `pem` begins at CMS_PEM_BEGIN. KR_ESTORE, reason "Mismatch", where it is
 * damaged or was not made for this private key.
 */
KR_FALLIBLE cms_open(const char *pem, size_t len, struct evp_pkey_st *key,
		     struct secret **out);

#endif
