#include "store/passname.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "store/meta.h"

#define TIME_LEN  19 /* 20261122T215046123Z */
#define PRINT_LEN (SECRET_FINGERPRINT_LEN - 1)

/* "20261122T215046123Z" <-> "2026-11-22T21:50:46.123Z". */
static void compact_time(const char *created_at, char out[TIME_LEN + 1])
{
	char utc[CLOCK_RFC3339_MS_LEN];
	int64_t when = 0;
	size_t n = 0;

	if (!clock_parse_rfc3339(created_at, &when))
		when = clock_wall_ms();
	clock_rfc3339_ms(when, utc);
	for (const char *p = utc; *p && n < TIME_LEN; p++)
		if (!strchr("-:.", *p))
			out[n++] = *p;
	out[n] = '\0';
}

static bool spread_time(const char *t, char out[CLOCK_RFC3339_MS_LEN])
{
	int64_t when;

	(void)snprintf(out, CLOCK_RFC3339_MS_LEN,
		       "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s.%.3sZ", t, t + 4, t + 6,
		       t + 9, t + 11, t + 13, t + 15);
	return t[8] == 'T' && t[18] == 'Z' && clock_parse_rfc3339(out, &when);
}

/* Takes ".<part>" off the end of name. NULL where there is none. */
static const char *take_part(char *name)
{
	char *dot = strrchr(name, '.');

	if (!dot)
		return NULL;
	*dot = '\0';
	return dot + 1;
}

bool passname_parse(const char *text, struct buf *out_lines)
{
	kr_cleanup(str_freep) char *name = strdup(text);
	char created[CLOCK_RFC3339_MS_LEN];
	const char *print, *role, *when;

	if (!name)
		return false;
	print = take_part(name);
	role = print ? take_part(name) : NULL;
	when = role ? take_part(name) : NULL;
	if (!when || strlen(when) != TIME_LEN || strlen(print) != PRINT_LEN ||
	    !meta_id_is_valid(name) || !spread_time(when, created))
		return false;
	buf_printf(out_lines,
		   "id: %s\ncreated-at: %s\nrole: %s\nfingerprint: %s\n", name,
		   created, role, print);
	return true;
}

char *passname_format(const char *item, const struct store_meta *meta)
{
	char when[TIME_LEN + 1];
	char *name = NULL;

	compact_time(meta->created_at, when);
	if (asprintf(&name, "%s/%s.%s.%s.%s", item, meta->id, when,
		     meta->role == STORE_PREVIOUS ? "previous" : "new",
		     meta->fingerprint) < 0)
		return NULL;
	return name;
}
