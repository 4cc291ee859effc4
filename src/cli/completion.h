/*
 * Between the files of completion: the words that were typed, and what may
 * come next.
 */
#ifndef KR_CLI_COMPLETION_H
#define KR_CLI_COMPLETION_H

#include "cli/command.h"

/* A cluster that does not answer within this time has nothing to offer. */
#define COMPLETION_TIMEOUT_MS 2000

struct completion {
	struct out *out;
	const struct command *command; /* NULL: not typed yet */
	const struct option *tables[CLI_MAX_TABLES];
	const char *word;	    /* being completed */
	const char *before, *typed; /* "--output=" and "js" of "--output=js" */
	int n_args;		    /* arguments before the word */
	struct cli_options options; /* of the words before it */
	struct config *config;	    /* completion_config(); NULL before */
	/* Names that were offered: each is once. */
	char **offered;
	size_t n_offered;
};

/* Offers the name where it goes on from what was typed. */
void completion_offer(struct completion *c, const char *name,
		      const char *description);

/* keyrot.yaml, or the defaults where it cannot be read; NULL: no memory. */
const struct config *completion_config(struct completion *c);

/*
 * Offers what there is of the kind: names of the kubeconfig, of keyrot.yaml,
 * of the store and the journals, and of the cluster. What cannot be read is
 * not offered, and nothing is said.
 */
void completion_values(struct completion *c, enum option_completion what);

/* Of the cluster alone: completion_cluster.c. */
void completion_cluster(struct completion *c, enum option_completion what);

#endif
