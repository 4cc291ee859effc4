/*
 * What clusters show to someone who sets the program up: Secrets with entries
 * that look like keys, what uses them, Prometheus and Argo CD.
 *
 * Values are judged in memory and wiped; what is kept of an entry is its name
 * and the form of its value. Nothing is changed. What may not be read is a
 * note, and not an error.
 */
#ifndef KR_RUNBOOK_DISCOVER_H
#define KR_RUNBOOK_DISCOVER_H

#include "kube/access.h"
#include "secret/keyspec.h"

struct cJSON;

/* All borrowed. */
struct discover_options {
	const struct kube_flags *flags; /* --context is each place's own */
	const char *secret, *entry;	/* as given; NULL: looked for */
	/* The names that are usual: looked for first. */
	const char *usual_secret, *usual_entry;
};

/* A context that is looked at. */
struct discover_place {
	const char *context;	 /* borrowed */
	const char *environment; /* borrowed; what it is to be */
	/*
	 * Owned. What was seen, with no values in it:
	 *
	 *	context, environment, cluster, namespace, clusterID (or null)
	 *	keys        namespace, secret, entry, points, keyring,
	 *	            bytes and encoding (null: of no known form),
	 *	            consumers ["deployment/x"] (null: not looked at);
	 *	            most likely first
	 *	prometheus  namespace, service, port
	 *	argocd      application, namespace, selfHeal
	 *	notes       sentences: what could not be looked at
	 */
	struct cJSON *seen;
	struct err *err; /* owned; the cluster could not be looked at */
};

/*
 * Looks at all places side by side. A place has either `seen` or `err`
 * afterwards; with discover_release() both are given back.
 */
void discover_clusters(const struct discover_options *options,
		       struct discover_place *places, size_t n);
void discover_release(struct discover_place *places, size_t n);

/* So many entries are kept of a cluster, and of so many their consumers. */
#define DISCOVER_MAX_KEYS      64
#define DISCOVER_MAX_CONSUMERS 8
/* Secrets of a cluster that are looked at. */
#define DISCOVER_MAX_SECRETS 5000

/*
 * How much an entry of that name and value is like an encryption key; below
 * DISCOVER_KEY_POINTS it is none. *out_form is the form of the value, 0 bytes
 * where it has none that is known.
 */
int discover_points(const char *secret, const char *entry,
		    const struct secret *value, struct keyspec *out_form);
#define DISCOVER_KEY_POINTS 4

/* Names that are the usual ones, or the given ones, count so much more. */
#define DISCOVER_USUAL_POINTS 4
/* One more point where something uses it. */
#define DISCOVER_USED_POINTS 2

#endif
