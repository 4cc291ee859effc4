#include "secret/secret.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

/* The bytes end (but for alignment) where the guard page behind begins. */
#define DATA_ALIGN 16

struct secret {
	unsigned char *map; /* guard page, pages, guard page */
	size_t map_len;
	unsigned char *bytes;
	size_t len;
};

static atomic_bool lock_failed;

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

/* Locks and marks the pages; only locking may fail without harm. */
static void protect_pages(unsigned char *pages, size_t len)
{
	if (mlock(pages, len) != 0)
		atomic_store(&lock_failed, true);
#ifdef MADV_DONTDUMP
	(void)madvise(pages, len, MADV_DONTDUMP);
#endif
#ifdef MADV_WIPEONFORK
	(void)madvise(pages, len, MADV_WIPEONFORK);
#endif
}

KR_FALLIBLE secret_new(size_t len, struct secret **out)
{
	kr_cleanup(secret_freep) struct secret *s = NULL;
	size_t page = page_size();
	size_t pages;
	void *map;

	if (len > SECRET_MAX_BYTES)
		return err_new(KR_ENOMEM, "a secret is larger than %d bytes",
			       SECRET_MAX_BYTES);
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_no_memory();
	pages = round_up(len + 1, page);
	map = mmap(NULL, pages + 2 * page, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return err_errno(KR_ENOMEM, "memory for a secret");
	s->map = map;
	s->map_len = pages + 2 * page;
	if (mprotect(s->map + page, pages, PROT_READ | PROT_WRITE) != 0)
		return err_errno(KR_ENOMEM, "memory for a secret");
	protect_pages(s->map + page, pages);
	s->bytes = s->map + page + pages - round_up(len + 1, DATA_ALIGN);
	s->len = len;
	*out = take_ptr(&s);
	return NULL;
}

void secret_free(struct secret *s)
{
	if (!s)
		return;
	/* The kernel clears the pages, but only when it gives them to someone.
	 */
	if (s->bytes)
		OPENSSL_cleanse(s->bytes, s->len + 1);
	if (s->map)
		(void)munmap(s->map, s->map_len);
	free(s);
}

KR_FALLIBLE secret_from_bytes(const void *bytes, size_t len,
			      struct secret **out)
{
	struct secret *s = NULL;
	struct err *err = secret_new(len, &s);

	if (err)
		return err;
	if (len)
		memcpy(s->bytes, bytes, len);
	*out = s;
	return NULL;
}

KR_FALLIBLE secret_random(size_t len, struct secret **out)
{
	kr_cleanup(secret_freep) struct secret *s = NULL;
	struct err *err = secret_new(len, &s);

	if (err)
		return err;
	if (len && RAND_priv_bytes(s->bytes, (int)len) != 1)
		return err_new(KR_EUNEXPECTED,
			       "the random generator gives no bytes");
	*out = take_ptr(&s);
	return NULL;
}

unsigned char *secret_bytes(struct secret *s)
{
	return s->bytes;
}

const unsigned char *secret_expose(const struct secret *s)
{
	return s->bytes;
}

size_t secret_len(const struct secret *s)
{
	return s->len;
}

void secret_truncate(struct secret *s, size_t len)
{
	if (len >= s->len)
		return;
	OPENSSL_cleanse(s->bytes + len, s->len - len);
	s->len = len;
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
	return a->len == b->len &&
	       CRYPTO_memcmp(a->bytes, b->bytes, a->len) == 0;
}

KR_FALLIBLE secret_fingerprint(const struct secret *s,
			       char out[SECRET_FINGERPRINT_LEN])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char hash[32];
	unsigned hash_len = 0;

	if (EVP_Digest(s->bytes, s->len, hash, &hash_len, EVP_sha256(), NULL) !=
		    1 ||
	    hash_len != sizeof(hash))
		return err_new(KR_EUNEXPECTED, "SHA-256 is not available");
	for (size_t i = 0; i < sizeof(hash); i++) {
		out[2 * i] = digits[hash[i] >> 4];
		out[2 * i + 1] = digits[hash[i] & 15];
	}
	out[SECRET_FINGERPRINT_LEN - 1] = '\0';
	return NULL;
}

bool secret_memory_is_locked(void)
{
	struct secret *probe = NULL;

	err_free(secret_new(1, &probe));
	secret_free(probe);
	return !atomic_load(&lock_failed);
}
