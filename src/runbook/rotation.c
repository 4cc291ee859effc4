#include "runbook/rotation.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "secret/secret.h"

KR_FALLIBLE rotation_new(char out[ROTATION_LEN])
{
	kr_cleanup(secret_freep) struct secret *random = NULL;
	char now[CLOCK_RFC3339_LEN];
	const unsigned char *r;
	struct err *err = secret_random(3, &random);

	if (err)
		return err;
	clock_rfc3339(clock_wall_ms(), now);
	r = secret_expose(random);
	(void)snprintf(out, ROTATION_LEN, "kr-%.4s%.2s%.2s-%02x%02x%02x", now,
		       now + 5, now + 8, r[0], r[1], r[2]);
	return NULL;
}

bool rotation_is_valid(const char *text)
{
	return strlen(text) == ROTATION_LEN - 1 &&
	       strncmp(text, "kr-", 3) == 0 &&
	       strspn(text + 3, "0123456789") == 8 && text[11] == '-' &&
	       strspn(text + 12, "0123456789abcdef") == 6;
}

bool rotation_is_entry(const char *rotation, const char *id)
{
	size_t n = strlen(rotation);

	if (strncmp(id, rotation, n) != 0)
		return false;
	return !id[n] || (id[n] == '-' && id[n + 1] &&
			  !id[n + 1 + strspn(id + n + 1, "0123456789")]);
}
