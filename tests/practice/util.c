#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

void die(const char *format, ...)
{
	va_list ap;

	fputs("keyrot-practice: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	_exit(2);
}

void *xcalloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);

	if (!p)
		die("out of memory");
	return p;
}

void *xrealloc(void *old, size_t size)
{
	void *p = realloc(old, size ? size : 1);

	if (!p)
		die("out of memory");
	return p;
}

char *xstrndup(const char *text, size_t len)
{
	char *copy = xcalloc(len + 1, 1);

	memcpy(copy, text, len);
	return copy;
}

char *xstrdup(const char *text)
{
	return xstrndup(text, strlen(text));
}

char *xasprintf(const char *format, ...)
{
	va_list ap;
	char *text;
	int len;

	va_start(ap, format);
	len = vasprintf(&text, format, ap);
	va_end(ap);
	if (len < 0)
		die("out of memory");
	return text;
}

static void buf_reserve(struct buf *buf, size_t extra)
{
	size_t need = buf->len + extra + 1;

	if (need <= buf->cap)
		return;
	buf->cap = need < 256 ? 256 : need * 2;
	buf->data = xrealloc(buf->data, buf->cap);
}

void buf_add(struct buf *buf, const void *data, size_t len)
{
	buf_reserve(buf, len);
	if (len)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void buf_str(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list ap;
	char *text;
	int len;

	va_start(ap, format);
	len = vasprintf(&text, format, ap);
	va_end(ap);
	if (len < 0)
		die("out of memory");
	buf_add(buf, text, (size_t)len);
	free(text);
}

void buf_release(struct buf *buf)
{
	free(buf->data);
	memset(buf, 0, sizeof(*buf));
}

bool str_eq(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

bool str_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *text, const char *suffix)
{
	size_t a = strlen(text), b = strlen(suffix);

	return a >= b && strcmp(text + a - b, suffix) == 0;
}

void suffix_make(char *out, size_t len)
{
	static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
	unsigned char random[32];
	size_t i;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		die("no random bytes");
	for (i = 0; i < len && i < sizeof(random); i++)
		out[i] = letters[random[i] % (sizeof(letters) - 1)];
	out[i] = '\0';
}

void uid_make(char out[37])
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		die("no random bytes");
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(out, 37,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
		 "%02x%02x%02x%02x%02x%02x",
		 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9],
		 b[10], b[11], b[12], b[13], b[14], b[15]);
}

void sha256_hex(const void *data, size_t len, char out[65])
{
	unsigned char digest[32];
	size_t i;

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, data, len, digest) != 0)
		die("SHA-256 failed");
	for (i = 0; i < sizeof(digest); i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

void short_hash(const char *text, char out[11])
{
	static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
	uint64_t h = 1469598103934665603u;
	int i;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 1099511628211u;
	for (i = 0; i < 10; i++, h /= 27)
		out[i] = letters[h % 27];
	out[10] = '\0';
}

char *file_read(const char *path, size_t *out_len)
{
	struct buf buf = { 0 };
	char chunk[8192];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(&buf, chunk, (size_t)n);
	close(fd);
	if (n < 0) {
		buf_release(&buf);
		return NULL;
	}
	buf_add(&buf, "", 0);
	if (out_len)
		*out_len = buf.len;
	return buf.data;
}

void file_write(const char *path, const void *data, size_t len)
{
	char *temp = xasprintf("%s.new", path);
	int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, data, len) != (ssize_t)len || close(fd) != 0 ||
	    rename(temp, path) != 0)
		die("cannot write %s: %s", path, strerror(errno));
	free(temp);
}
