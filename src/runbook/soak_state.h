/*
 * What a soak keeps on disk, a line of JSON for each thing that happened, so
 * that a program that was stopped goes on with the same clock.
 *
 *	{"keyrot":"soak/1","what":...,"start":...}	once
 *	{"baseline":[...],"memory":{...}}		once
 *	{"t":12,"o":"ob","w":"o","v":[0.1,0.7]}		each tick
 *	{"end":"pass"}					once it has a verdict
 */
#ifndef KR_RUNBOOK_SOAK_STATE_H
#define KR_RUNBOOK_SOAK_STATE_H

#include "base/err.h"
#include "runbook/soak.h"

struct cJSON;
struct soak_state;

/* What was found in a file that can be gone on with. */
struct soak_saved {
	bool found;
	int64_t age_ms;		 /* since the clock began */
	int64_t started_wall_ms; /* as it was then */
	struct cJSON *baseline;	 /* owned: line two; NULL where it is missing */
	struct cJSON *ticks;	 /* owned: array of the tick lines */
};
void soak_saved_release(struct soak_saved *saved);

/*
 * Opens `path` (its folder is made). A file that is over, is of something
 * else (`what`), or is not to be used (`afresh`) is begun anew. KR_EHELD where
 * another process has it.
 */
KR_FALLIBLE soak_state_open(const char *path, const char *what, bool afresh,
			    struct soak_saved *out_saved,
			    struct soak_state **out);

/* The clock's first line; age_ms: how long ago it began. */
KR_FALLIBLE soak_state_begin(struct soak_state *state, const char *what,
			     int64_t age_ms);
/* Further lines; `line` is borrowed. */
KR_FALLIBLE soak_state_add(struct soak_state *state, const struct cJSON *line);

void soak_state_close(struct soak_state *state);
static inline void soak_state_closep(struct soak_state **p)
{
	soak_state_close(*p);
}

#endif
