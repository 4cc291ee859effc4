/*
 * The workloads that use a Secret, and their pods.
 *
 *	kube_consumers_new(&target, NULL, 0, flags, &c)
 *	n = kube_consumers_plan_reads(c, requests, KUBE_CONSUMER_READS)
 *	kube_batch(kube, requests, n + the caller's own)	one round trip
 *	kube_consumers_take_reads(c, kube, requests, n)	rest of the pages
 *	... c->items, c->pods ...; rollout.h goes on from there
 *	kube_consumers_free(c)
 *
 * Read are Deployments, StatefulSets, DaemonSets, CronJobs and pods, in pages,
 * and of each object a few words are kept. ReplicaSets and Jobs are not
 * listed: they show by their pods. A pod belongs to a Deployment where its
 * controlling ReplicaSet is called DEPLOYMENT-HASH, HASH is its
 * pod-template-hash and the selector matches; where the name does not tell
 * (names that the controller shortened, other controllers' ReplicaSets) that
 * ReplicaSet is read once.
 */
#ifndef KR_KUBE_CONSUMERS_H
#define KR_KUBE_CONSUMERS_H

#include "kube/client.h"
#include "kube/pod.h"
#include "kube/selector.h"

enum consumer_role {
	CONSUMER_RESTARTED,  /* Deployment, StatefulSet, DaemonSet */
	CONSUMER_NEXT_START, /* CronJob: uses the new key at its next start */
	CONSUMER_LEFT, /* Job, bare pod, ReplicaSet of its own, workload of
			* another controller: stays on its key until it ends */
};

enum consumer_strategy {
	STRATEGY_ROLLING,
	STRATEGY_RECREATE,
	STRATEGY_ON_DELETE, /* pods stay until somebody deletes them */
};

/* What the object says of its rollout; read again on every event. */
struct consumer_state {
	long long generation;
	long long observed_generation;
	int desired; /* spec.replicas, or desiredNumberScheduled */
	int replicas, updated, ready, available;
	bool deadline_exceeded; /* condition ProgressDeadlineExceeded */
	/* Condition ReplicaFailure is True (quota, admission): its words. */
	char *failure_reason;
	char *failure_message;
	bool paused;
	enum consumer_strategy strategy;
	int partition; /* StatefulSet: ordinals below it are not updated */
	char *template_rotation; /* our annotations on the pod template */
	char *template_fingerprint;
};

struct consumer {
	enum consumer_role role;
	/* "Deployment", ..., "Pod", or a kind that this program does not know
	 * ("Rollout"). */
	char *kind;
	enum kube_kind kube_kind; /* KIND_COUNT where it is not a known one */
	char *name;
	char *uid;
	struct kube_use use;
	struct kube_selector selector;
	struct consumer_state state;
	bool suspended; /* CronJob */
	bool named;	/* was asked for by name */
	bool left_out;	/* others were asked for by name, and not this one */
	/* Set by the caller or by consumers_choose(): to be restarted. */
	bool restart;
	/* Autoscaler that may change the number of pods; NULL: none seen. */
	char *autoscaler;
};

struct consumer_name {
	enum kube_kind kind;
	char *name;
	bool found;
};

enum consumers_flags {
	CONSUMERS_AUTOSCALERS = 1, /* look for HorizontalPodAutoscalers too */
	CONSUMERS_NO_PODS = 2,
};

/* One collection that was read, and where a watch of it goes on. */
struct consumer_source {
	enum kube_kind kind;
	char *name;	 /* NULL: all of the namespace */
	char *path;	 /* the collection alone */
	char *query;	 /* fieldSelector or "" */
	char *what;	 /* "deployments of aether-services" */
	char *version;	 /* resourceVersion of the list; NULL: not read */
	char *full;	 /* what the batch asks for: path, limit, query */
	char *list_kind; /* "DeploymentList" */
	struct kube_consumers *consumers; /* the whole, for callbacks */
};

struct kube_consumers {
	char *ns, *secret, *entry;
	struct kube_target target; /* the same, for kube_pod_read() */
	int flags;
	struct consumer_name *names; /* an explicit list; none: all */
	size_t name_count;

	/* By role, kind and name; CONSUMER_LEFT come last, as found. */
	struct consumer *items;
	size_t count;
	/* Pods that use the Secret, and every pod of a consumer (also those
	 * whose template did not use it yet). Pods that ended (Succeeded,
	 * Failed) run nothing and are left out. */
	struct kube_pods pods;
	/* Pods whose ReplicaSet's owner has to be read: their `consumer` is
	 * CONSUMER_UNRESOLVED until kube_consumers_resolve(). */
	size_t unresolved;
	struct consumer_owners *owners; /* of ReplicaSets that were read */
	struct consumer_autoscaler *autoscalers;
	size_t autoscaler_count;
	/* The lists come side by side: pods are placed when all are there. */
	bool reading;

	struct consumer_source *sources;
	size_t source_count;
	/* Sentences for people: what could not be looked at, consumers that
	 * were named but do not refer to the Secret, ... */
	char **warnings;
	size_t warning_count;
};

#define CONSUMER_NONE	    SIZE_MAX
#define CONSUMER_UNRESOLVED (SIZE_MAX - 1)
#define CONSUMER_UNPLACED   (SIZE_MAX - 2) /* while the lists come */

/*
 * names: "deployment/x", "sts/y" ... (borrowed for the call): only these take
 * part, and the others that use the Secret are marked `left_out`; or none:
 * every workload that refers to it. KR_EUSAGE for a name that cannot be.
 */
KR_FALLIBLE kube_consumers_new(const struct kube_target *target,
			       const char *const *names, size_t name_count,
			       int flags, struct kube_consumers **out);

/* At most so many requests, with up to 16 names. */
#define KUBE_CONSUMER_READS	24
#define KUBE_CONSUMER_MAX_NAMES 16

/*
 * Fills `requests` (at least kube_consumers_read_count() of them, zeroed or
 * not) for kube_batch(). Their texts belong to `c`, which takes the items in
 * as they come.
 */
size_t kube_consumers_read_count(const struct kube_consumers *c);
void kube_consumers_plan_reads(struct kube_consumers *c,
			       struct kube_request *requests);

/*
 * Takes the answers, and reads what is left: further pages, ReplicaSets whose
 * owner is not plain. The caller still releases the requests. Kinds that may
 * not be read are an error (KR_EFORBIDDEN) where consumers could be missed,
 * and a warning for CronJobs and autoscalers. A named workload that is not
 * there is KR_ENOTFOUND with a suggestion.
 */
KR_FALLIBLE kube_consumers_take_reads(struct kube_consumers *c,
				      struct kube *kube,
				      struct kube_request *requests);

/* kube_consumers_new(), the batch and the taking, where nothing else is read
 * in the same round trip. */
KR_FALLIBLE kube_consumers_read(struct kube *kube,
				const struct kube_target *target,
				const char *const *names, size_t name_count,
				int flags, struct kube_consumers **out);

/* The consumer of this kind and name, or NULL. */
struct consumer *kube_consumers_find(const struct kube_consumers *c,
				     const char *kind, const char *name);

/*
 * Takes one pod as a list or a watch shows it: adds, replaces or (ended) drops
 * it. Pods that are nothing to us are not kept. No request is made.
 */
KR_FALLIBLE kube_consumers_take_pod(struct kube_consumers *c,
				    const struct cJSON *pod);
/* The pod is gone. */
void kube_consumers_drop_pod(struct kube_consumers *c, const char *uid);
/* Reads the owners of ReplicaSets that names do not tell. */
KR_FALLIBLE kube_consumers_resolve(struct kube_consumers *c, struct kube *kube);

/*
 * Marks (`restart`) what has to be restarted so that every pod runs the
 * rotation: restartable consumers that use the entry (or were named) and whose
 * template does not carry it yet. A paused Deployment among them is
 * KR_EREFUSED, with the command (for `context`) that resumes it: nothing was
 * changed yet.
 */
KR_FALLIBLE kube_consumers_choose(struct kube_consumers *c, const char *context,
				  const char *rotation);

/* What people should know before or after, one sentence each: OnDelete,
 * partitions, CronJobs, Jobs and bare pods, autoscalers, 0 replicas. */
typedef void kube_on_note(void *user, const char *sentence);
void kube_consumers_notes(const struct kube_consumers *c, kube_on_note *on_note,
			  void *user);

void kube_consumers_free(struct kube_consumers *c);
KR_DEFINE_FREEP(kube_consumers)

/* Whether the consumer is restarted and followed: it is restartable, uses the
 * entry or was named, and was not left out. */
bool consumer_takes_part(const struct consumer *consumer);

/* A workload object's state; for the kinds that are restarted. */
KR_FALLIBLE consumer_state_read(enum kube_kind kind, const struct cJSON *object,
				const struct kube_target *target,
				struct consumer_state *out);
void consumer_state_release(struct consumer_state *state);

#endif
