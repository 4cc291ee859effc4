/*
 * Shared by soak_setup.c and soak_ask.c; nobody else includes it.
 */
#ifndef KR_RUNBOOK_SOAK_SETUP_INTERNAL_H
#define KR_RUNBOOK_SOAK_SETUP_INTERNAL_H

#include "runbook/soak_setup.h"
#include "service/prometheus.h"

struct soak_setup {
	struct soak_setup_options options;
	struct prometheus *prometheus;
	struct soak_watch *watch; /* NULL: the cluster is not watched */
	struct soak_metric *metrics;
	char **queries; /* with their aggregates */
	size_t n;
	/* When the server evaluated each last, by its own clock. */
	int64_t *last_at_ms;
	char *folder;
	bool begun; /* the first look is over */
	int64_t for_ms, every_ms;
};

/* As struct soak_source has them; user is the setup. */
struct err *soak_setup_begin(void *user, struct soak_baseline *out);
struct err *soak_setup_sample(void *user, struct soak_sample *out,
			      char **out_note);
struct err *soak_setup_look(void *user, struct soak_look *out);
struct cJSON *soak_setup_memory(void *user);
struct err *soak_setup_recall(void *user, const struct cJSON *memory);

#endif
