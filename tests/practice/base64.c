#include "util.h"

#include <stdlib.h>
#include <string.h>

static const char alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const void *data, size_t len)
{
	const unsigned char *in = data;
	char *out = xcalloc((len + 2) / 3 * 4 + 1, 1);
	char *p = out;
	size_t i;

	for (i = 0; i < len; i += 3) {
		uint32_t v = (uint32_t)in[i] << 16;

		if (i + 1 < len)
			v |= (uint32_t)in[i + 1] << 8;
		if (i + 2 < len)
			v |= in[i + 2];
		*p++ = alphabet[v >> 18];
		*p++ = alphabet[v >> 12 & 63];
		*p++ = i + 1 < len ? alphabet[v >> 6 & 63] : '=';
		*p++ = i + 2 < len ? alphabet[v & 63] : '=';
	}
	return out;
}

char *base64_decode(const char *text, size_t *out_len, size_t *out_at)
{
	size_t len = strlen(text), i, n = 0, pad = 0;
	char *out = xcalloc(len / 4 * 3 + 4, 1);
	uint32_t v = 0;

	for (i = 0; i < len; i++) {
		const char *hit = strchr(alphabet, text[i]);

		if (text[i] == '=' && i >= len - 2 && len % 4 == 0)
			pad++;
		else if (!hit || pad)
			break;
		v = v << 6 | (hit && !pad ? (uint32_t)(hit - alphabet) : 0);
		if (i % 4 == 3) {
			out[n++] = (char)(v >> 16 & 0xff);
			out[n++] = (char)(v >> 8 & 0xff);
			out[n++] = (char)(v & 0xff);
			v = 0;
		}
	}
	if (i < len || len % 4) {
		*out_at = i;
		free(out);
		return NULL;
	}
	*out_len = n - pad;
	out[n - pad] = '\0';
	return out;
}
