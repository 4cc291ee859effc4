#include "ledger/hash.h"

#include <openssl/evp.h>
#include <string.h>

#include "secret/base64.h"

#define DOMAIN "keyrot-ledger-v1\n"

struct hasher {
	EVP_MD_CTX *context;
	EVP_MD *sha256;
};

/* What is hashed, one piece after the other. */
struct piece {
	const void *data;
	size_t len;
};

KR_FALLIBLE hasher_new(struct hasher **out)
{
	kr_cleanup(hasher_freep) struct hasher *hasher =
		calloc(1, sizeof(*hasher));

	if (!hasher)
		return err_no_memory();
	hasher->context = EVP_MD_CTX_new();
	hasher->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!hasher->context || !hasher->sha256)
		return err_new(KR_EUNEXPECTED, "SHA-256 is not available");
	*out = take_ptr(&hasher);
	return NULL;
}

void hasher_free(struct hasher *hasher)
{
	if (!hasher)
		return;
	EVP_MD_CTX_free(hasher->context);
	EVP_MD_free(hasher->sha256);
	free(hasher);
}

static KR_FALLIBLE hash_pieces(struct hasher *hasher,
			       const struct piece *pieces, size_t n,
			       unsigned char out[HASH_BYTES])
{
	unsigned int len = 0;
	int ok = EVP_DigestInit_ex2(hasher->context, hasher->sha256, NULL);

	for (size_t i = 0; ok == 1 && i < n; i++)
		ok = EVP_DigestUpdate(hasher->context, pieces[i].data,
				      pieces[i].len);
	if (ok == 1)
		ok = EVP_DigestFinal_ex(hasher->context, out, &len);
	if (ok != 1 || len != HASH_BYTES)
		return err_new(KR_EUNEXPECTED, "SHA-256 failed");
	return NULL;
}

KR_FALLIBLE hash_line(struct hasher *hasher, const char *data, size_t len,
		      char out[LEDGER_HASH_LEN])
{
	const struct piece pieces[] = {
		{ DOMAIN, sizeof(DOMAIN) - 1 },
		{ data, len },
	};
	unsigned char hash[HASH_BYTES];
	struct err *err = hash_pieces(hasher, pieces, 2, hash);

	if (!err)
		hash_hex(hash, out);
	return err;
}

static KR_FALLIBLE hash_node(struct hasher *hasher,
			     const unsigned char left[HASH_BYTES],
			     const unsigned char right[HASH_BYTES],
			     unsigned char out[HASH_BYTES])
{
	const struct piece pieces[] = {
		{ "\1", 1 },
		{ left, HASH_BYTES },
		{ right, HASH_BYTES },
	};

	return hash_pieces(hasher, pieces, 3, out);
}

KR_FALLIBLE tree_add(struct tree *tree, struct hasher *hasher, const char *line,
		     size_t len)
{
	const struct piece leaf[] = { { "\0", 1 }, { line, len } };
	unsigned char node[HASH_BYTES];
	unsigned level = 0;
	struct err *err = hash_pieces(hasher, leaf, 2, node);

	/* As a binary counter: a full part of the same size is joined. */
	for (; !err && tree->size >> level & 1; level++)
		err = hash_node(hasher, tree->peaks[level], node, node);
	if (err)
		return err;
	memcpy(tree->peaks[level], node, HASH_BYTES);
	tree->size++;
	return NULL;
}

KR_FALLIBLE tree_root(const struct tree *tree, struct hasher *hasher,
		      unsigned char out[HASH_BYTES])
{
	unsigned char root[HASH_BYTES];
	struct err *err = NULL;
	bool any = false;

	for (unsigned level = 0; !err && level < 64; level++) {
		if (!(tree->size >> level & 1))
			continue;
		if (any)
			err = hash_node(hasher, tree->peaks[level], root, root);
		else
			memcpy(root, tree->peaks[level], HASH_BYTES);
		any = true;
	}
	if (!err && !any)
		err = hash_pieces(hasher, NULL, 0, root);
	if (!err)
		memcpy(out, root, HASH_BYTES);
	return err;
}

void hash_hex(const unsigned char hash[HASH_BYTES], char out[LEDGER_HASH_LEN])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < HASH_BYTES; i++) {
		out[2 * i] = digits[hash[i] >> 4];
		out[2 * i + 1] = digits[hash[i] & 15];
	}
	out[LEDGER_HASH_LEN - 1] = '\0';
}

void hash_base64(const unsigned char hash[HASH_BYTES],
		 char out[HASH_BASE64_LEN])
{
	base64_encode_to(hash, HASH_BYTES, out);
	out[HASH_BASE64_LEN - 1] = '\0';
}
