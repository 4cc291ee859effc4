/*
 * A reminder as an iCalendar text (RFC 5545): an event of a whole day that
 * comes back every so many months, with two alarms. The same input gives the
 * same bytes, and the same UID makes the second import an update: SEQUENCE and
 * DTSTAMP come from `stamp_ms`, not from the clock.
 */
#ifndef KR_SERVICE_CALENDAR_H
#define KR_SERVICE_CALENDAR_H

#include <stdint.h>

#include "base/buf.h"

struct calendar_date {
	int year, month, day; /* 2026, 1 to 12, 1 to 31 */
};

/* UTC. */
struct calendar_date calendar_date_of(int64_t wall_ms);
/* The beginning of that day. */
int64_t calendar_ms_of(struct calendar_date date);
/* "2026-11-22"; false where it is no day. */
bool calendar_parse_date(const char *text, struct calendar_date *out);
/* The same day of a later month, or that month's last one. */
struct calendar_date calendar_add_months(struct calendar_date date, int months);
/* The same for a moment: the time of the day stays. */
int64_t calendar_add_months_ms(int64_t wall_ms, int months);

/* Texts are borrowed, of any length, with line breaks. */
struct calendar_event {
	const char *uid; /* stays for good */
	const char *summary, *description;
	struct calendar_date first;
	int every_months;
	int alarm_days;	  /* before; the other alarm is on the day, at 9 */
	int64_t stamp_ms; /* of what the event was made from */
	/* A file to be imported has a METHOD; a calendar's own object must
	 * not (RFC 4791, 4.1). */
	bool is_published;
};

/* Lines of at most 75 octets, ended by CR LF. */
void calendar_write(const struct calendar_event *event, struct buf *out);

/*
 * Whether both hold the same lines, in whatever order and folding: servers
 * write them anew.
 */
bool calendar_equal(const char *a, const char *b);

#endif
