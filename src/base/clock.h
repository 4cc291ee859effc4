/*
 * Time, replaceable in tests.
 *
 * Durations and deadlines are milliseconds of CLOCK_BOOTTIME: they go on while
 * a laptop sleeps. Wall time is only shown and recorded, never compared.
 */
#ifndef KR_BASE_CLOCK_H
#define KR_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#include "base/err.h"

/* What a test binds instead of the system's clock. */
struct clock_source {
	int64_t (*boot_ms)(void *user);
	int64_t (*wall_ms)(void *user);
	/* Returns early when a signal asks the program to stop. */
	void (*sleep_ms)(void *user, int64_t ms);
	void *user;
};

/* NULL puts the system's clock back. `source` is borrowed for good. */
void clock_use(const struct clock_source *source);

int64_t clock_boot_ms(void);
int64_t clock_wall_ms(void);
void clock_sleep_ms(int64_t ms);

#define DEADLINE_NEVER INT64_MAX

/* A point of clock_boot_ms(); timeout_ms < 0 is never. */
int64_t deadline_in_ms(int64_t timeout_ms);
/* Milliseconds left, 0 when over, INT64_MAX for never. */
int64_t deadline_left_ms(int64_t deadline_ms);
bool deadline_over(int64_t deadline_ms);

#define CLOCK_RFC3339_LEN 21 /* 2026-11-22T21:50:46Z and the NUL */

/* UTC, whole seconds. */
void clock_rfc3339(int64_t wall_ms, char out[CLOCK_RFC3339_LEN]);
/* ... with milliseconds: for what two of within one second are ordered by. */
#define CLOCK_RFC3339_MS_LEN 25
void clock_rfc3339_ms(int64_t wall_ms, char out[CLOCK_RFC3339_MS_LEN]);
/* The time of the day alone, of what has just happened. */
#define CLOCK_TIME_LEN 10 /* 21:50:46Z and the NUL */
void clock_time(int64_t wall_ms, char out[CLOCK_TIME_LEN]);
/*
 * RFC 3339 with any offset and fraction (kept to ms). false where it is not
 * one.
 */
bool clock_parse_rfc3339(const char *text, int64_t *out_wall_ms);

/*
 * A duration as kubectl's flags and keyrot.yaml write it: Go's "1m30s",
 * "500ms", "1.5h", or (allow_bare_seconds) a bare integer of seconds.
 * Negative values are refused. KR_EUSAGE otherwise.
 */
KR_FALLIBLE clock_parse_duration(const char *text, bool allow_bare_seconds,
				 int64_t *out_ms);

/* "4s", "1m30s", "2h05m", "12d": what people read. */
#define CLOCK_SHORT_LEN 24
void clock_short(int64_t ms, char out[CLOCK_SHORT_LEN]);

#endif
