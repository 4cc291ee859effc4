/*
 * What the files of `init` share: which contexts are what, which entry is the
 * key, and the text of keyrot.yaml.
 */
#ifndef KR_CLI_INIT_H
#define KR_CLI_INIT_H

#include "base/buf.h"
#include "cli/command.h"
#include "runbook/discover.h"

struct cJSON;

#define INIT_STAGING	"staging"
#define INIT_PRODUCTION "production"
/* Manifests that are looked for, and folders on the way. */
#define INIT_MAX_MANIFESTS 50
#define INIT_MAX_FILES	   5000

struct init_manifest {
	char *path; /* from keyrot.yaml's folder */
	char *name; /* of the Secret */
	bool holds_data;
};

struct init {
	struct cli_context *context; /* borrowed */
	struct result *result;	     /* borrowed */
	const char *path;	     /* of keyrot.yaml; "-": standard output */
	struct kube_contexts contexts;
	/* Staging's first. */
	struct discover_place *places;
	size_t n_places;
	struct init_manifest *manifests;
	size_t n_manifests;

	/* The key: init_choose(). */
	char *secret, *entry;
	struct keyspec form; /* 0 bytes: not known */
	bool keyring;
	char *service;
	const struct init_manifest *manifest; /* NULL */
	struct cJSON *candidates;	      /* array; the chosen one first */
	/* Of each place, what it has of the key; NULL: not seen there. */
	const struct cJSON **keys;
};

/* A warning, for people and in the document. */
void init_warn(struct init *init, const char *format, ...) KR_PRINTF(2, 3);

/*
 * A question with some answers, asked on a terminal alone. --yes is the first
 * answer; elsewhere KR_EUSAGE names the flag that answers it.
 */
struct init_question {
	const char *text;
	const char *flag; /* "--staging CONTEXT" */
	char *const *answers;
	size_t count;
};
KR_FALLIBLE init_ask(struct init *init, const struct init_question *question,
		     size_t *out_index);

/*
 * The contexts that are staging and production, by --staging, --production
 * and --context, else by their names, else asked for.
 */
KR_FALLIBLE init_find_contexts(struct init *init);

/* The Secrets' manifests below deploy/, from keyrot.yaml's folder upwards. */
KR_FALLIBLE init_find_manifests(struct init *init);

/* Which entry it is, and how the service is called. */
KR_FALLIBLE init_choose(struct init *init);

/* The namespace of a place. */
const char *init_namespace(const struct init *init, size_t place);

/* The text of keyrot.yaml: the same clusters give the same text. */
KR_FALLIBLE init_text(const struct init *init, struct buf *out);

#endif
