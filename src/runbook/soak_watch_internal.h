/*
 * Shared by soak_watch*.c and soak_logs.c; nobody else includes it.
 */
#ifndef KR_RUNBOOK_SOAK_WATCH_INTERNAL_H
#define KR_RUNBOOK_SOAK_WATCH_INTERNAL_H

#include <regex.h>

#include "kube/podkey.h"
#include "runbook/soak_watch.h"

struct soak_watch {
	struct soak_watch_options options;
	regex_t *forbid;
	size_t n_forbid;
	bool begun;
	/* The Secret as it must stay. */
	struct kube_key_facts facts;
	struct cJSON *restarts; /* container restarts, by uid of the pod */
	struct cJSON *streaks;	/* looks in a row without enough ready pods */
	int64_t looked_ms;	/* clock_boot_ms() of the last look at logs */
	int64_t age_ms;
};

/* What one look reads. */
struct soak_view {
	struct kube_key_facts facts;
	struct kube_consumers *consumers;
};

KR_FALLIBLE soak_view_judge(struct soak_watch *watch,
			    const struct soak_view *view,
			    struct soak_look *out);
/* Something is not as it must be; takes the message. */
void soak_look_found(struct soak_look *out, char *take_message, bool fail);
/* Who wrote the entry last, for people. */
const char *soak_writer(const struct kube_key_facts *facts);
/* malloc'd; NULL without memory. */
char *soak_say(const char *format, ...) KR_PRINTF(1, 2);

/*
 * Searches what the pods wrote since the last look. *out_line (malloc'd) is
 * the first forbidden line with its pod, NULL where there is none. An error
 * where a log cannot be read whole.
 */
KR_FALLIBLE soak_logs_search(struct soak_watch *watch,
			     const struct kube_pods *pods, char **out_line);

#endif
