/*
 * What a report is made from, read once; for this folder alone.
 */
#ifndef KR_REPORT_SOURCES_H
#define KR_REPORT_SOURCES_H

#include "report/model.h"
#include "runbook/rotation.h"

struct cJSON;

struct sources {
	const struct report_options *options;
	char id[ROTATION_LEN];	/* of the rotation, never a roll-back's */
	struct cJSON *lines;	/* array: the ledger's, as far as it is good */
	struct cJSON *journals; /* array of {rotation, undone, lines} */
	/* The rotation and then its roll-backs, in their order: array of
	 * {rotation, undoes, journal, kept}; the last two are copies, and NULL
	 * where this machine has none. */
	struct cJSON *runs;
	struct err *broken; /* why the ledger ends where it does; NULL */
};

KR_FALLIBLE sources_read(const struct report_options *options,
			 struct sources *out);
void sources_release(struct sources *sources);

/* Whether the ledger's line is of one of the runs. */
bool sources_has(const struct sources *sources, const struct cJSON *line);
/* When a journal's lines begin it first; NULL where none does. Borrowed. */
const char *sources_begun_at(const struct cJSON *lines);
/* The environment of that context and namespace, or NULL. Borrowed. */
const struct config_environment *
sources_environment(const struct sources *sources, const char *context,
		    const char *namespace_);

/* The parts of `report`, each an own file. */
void timeline_fill(const struct sources *sources, struct cJSON *report);
void soaks_fill(const struct sources *sources, struct cJSON *report);
void targets_fill(const struct sources *sources, struct result *result);
KR_FALLIBLE proof_fill(const struct sources *sources, struct cJSON *report);

/* A number that JSON can hold; null otherwise. */
void report_put_number(struct cJSON *object, const char *name, double value);
/* The member's copy, or null. */
void report_put_copy(struct cJSON *to, const char *name,
		     const struct cJSON *value);

#endif
