#include "store/meta.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>

#include "store/store_backend.h"

#define MAC_BYTES 32

static void ctx_freep(EVP_PKEY_CTX **ctx)
{
	EVP_PKEY_CTX_free(*ctx);
}

static struct err *derive(const struct secret *key, struct secret **out)
{
	static const char info[] = "keyrot entry metadata 1";
	kr_cleanup(secret_freep) struct secret *derived = NULL;
	kr_cleanup(ctx_freep) EVP_PKEY_CTX *ctx =
		EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);
	size_t len = MAC_BYTES;
	struct err *err = secret_new(MAC_BYTES, &derived);

	if (err)
		return err;
	if (!ctx || EVP_PKEY_derive_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_hkdf_md(ctx, EVP_sha256()) != 1 ||
	    EVP_PKEY_CTX_set1_hkdf_key(ctx, secret_expose(key),
				       (int)secret_len(key)) != 1 ||
	    EVP_PKEY_CTX_add1_hkdf_info(ctx, (const unsigned char *)info,
					(int)sizeof(info) - 1) != 1 ||
	    EVP_PKEY_derive(ctx, secret_bytes(derived), &len) != 1)
		return err_new(KR_EUNEXPECTED, "HKDF is not available");
	*out = take_ptr(&derived);
	return NULL;
}

KR_FALLIBLE meta_mac(const char *lines, size_t len, const struct secret *key,
		     char out[META_MAC_LEN])
{
	static const char digits[] = "0123456789abcdef";
	kr_cleanup(secret_freep) struct secret *derived = NULL;
	unsigned char mac[MAC_BYTES];
	unsigned mac_len = 0;
	struct err *err = derive(key, &derived);

	if (err)
		return err;
	if (!HMAC(EVP_sha256(), secret_expose(derived), MAC_BYTES,
		  (const unsigned char *)lines, len, mac, &mac_len) ||
	    mac_len != MAC_BYTES)
		return err_new(KR_EUNEXPECTED, "HMAC is not available");
	for (size_t i = 0; i < MAC_BYTES; i++) {
		out[2 * i] = digits[mac[i] >> 4];
		out[2 * i + 1] = digits[mac[i] & 15];
	}
	out[META_MAC_LEN - 1] = '\0';
	return NULL;
}

#define MAC_START "hmac-sha256: "

KR_FALLIBLE meta_put_mac(struct buf *lines, const struct secret *key)
{
	char mac[META_MAC_LEN];
	struct err *err = buf_check(lines, "metadata");

	if (!err)
		err = meta_mac(buf_str(lines), lines->len, key, mac);
	if (err)
		return err;
	buf_printf(lines, MAC_START "%s\n", mac);
	return buf_check(lines, "metadata");
}

bool meta_find_mac(const char *text, size_t len, size_t *out_signed_len,
		   const char **out_mac)
{
	static const char start[] = "\n" MAC_START;
	const char *at = memmem(text, len, start, sizeof(start) - 1);
	size_t signed_len;

	if (!at)
		return false;
	signed_len = (size_t)(at + 1 - text);
	if (len - signed_len < sizeof(MAC_START) - 1 + META_MAC_LEN - 1)
		return false;
	*out_signed_len = signed_len;
	*out_mac = at + sizeof(start) - 1;
	return true;
}

KR_FALLIBLE meta_check_mac(const char *lines, size_t len,
			   const struct secret *key, const char *mac)
{
	char expected[META_MAC_LEN];
	struct err *err = meta_mac(lines, len, key, expected);

	if (err)
		return err;
	if (CRYPTO_memcmp(mac, expected, META_MAC_LEN - 1) != 0)
		return store_error("Mismatch",
				   "its metadata were changed after it was "
				   "written");
	return NULL;
}
