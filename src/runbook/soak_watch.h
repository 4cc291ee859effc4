/*
 * The cluster's side of a soak: is the Secret still what the rotation made of
 * it, do the pods of its consumers run it, are they ready, has none restarted,
 * and does no log say what it must not.
 *
 * A look reads metadata, workloads and pods, in one round trip, and the logs
 * since the look before. The key is not among what is read.
 */
#ifndef KR_RUNBOOK_SOAK_WATCH_H
#define KR_RUNBOOK_SOAK_WATCH_H

#include "kube/consumers.h"
#include "runbook/soak.h"

struct cJSON;
struct soak_watch;

/* Borrowed for the life of the watch. */
struct soak_watch_options {
	struct kube *kube;
	struct kube_target target;
	const char *const *consumers; /* NULL: every one that refers to it */
	/* POSIX extended regular expressions, NULL-terminated, or NULL. */
	const char *const *forbid;
	/* What the Secret and the pods must say; NULL: what the Secret says
	 * at the first look. */
	const char *rotation;
	const char *fingerprint;
	/* So many looks in a row may find a workload with fewer ready pods
	 * than it wants: pods are moved in the ordinary course of things. */
	int not_ready_looks; /* 0: 2 */
};

/* KR_ECONFIG for a pattern that is none. */
KR_FALLIBLE soak_watch_new(const struct soak_watch_options *options,
			   struct soak_watch **out);
void soak_watch_free(struct soak_watch *watch);
KR_DEFINE_FREEP(soak_watch)

/*
 * The first look: what is there is taken as right where the options do not
 * say otherwise. KR_ENOTFOUND, KR_EGATE where the Secret is not what was
 * expected, KR_ECLUSTER and so on.
 */
KR_FALLIBLE soak_watch_begin(struct soak_watch *watch);
/* How long ago the entry was written, by the API server's clock; -1: this
 * program did not write it last. */
int64_t soak_watch_age_ms(const struct soak_watch *watch);
/* The rotation and fingerprint that are watched; NULL where not known. */
const char *soak_watch_rotation(const struct soak_watch *watch);
const char *soak_watch_fingerprint(const struct soak_watch *watch);

/* As struct soak_source has them; user is the watch. */
struct err *soak_watch_look(void *user, struct soak_look *out);
struct cJSON *soak_watch_memory(void *user);
struct err *soak_watch_recall(void *user, const struct cJSON *memory);

#endif
