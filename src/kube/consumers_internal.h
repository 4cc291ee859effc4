/* Shared by the files of consumers.h; nobody else includes this. */
#ifndef KR_KUBE_CONSUMERS_INTERNAL_H
#define KR_KUBE_CONSUMERS_INTERNAL_H

#include "kube/consumers.h"

/* The controlling owner of a ReplicaSet, as it was read. */
struct consumer_owner {
	char *replicaset_uid;
	char *kind, *name, *uid; /* the ReplicaSet itself where it has none */
};
struct consumer_owners {
	struct consumer_owner *items;
	size_t count;
};
void consumer_owners_free(struct consumer_owners *owners);

KR_FALLIBLE consumers_add_source(struct kube_consumers *c, enum kube_kind kind,
				 const char *name);
/* The name as it was asked for, or NULL. */
struct consumer_name *consumers_name_of(const struct kube_consumers *c,
					enum kube_kind kind, const char *name);

/* Takes *take_consumer over, also where it fails. */
KR_FALLIBLE consumers_add(struct kube_consumers *c,
			  struct consumer *take_consumer);
void consumer_release(struct consumer *consumer);
KR_FALLIBLE consumers_warn(struct kube_consumers *c, const char *format, ...)
	KR_PRINTF(2, 3);

/*
 * Reads a workload; out->use.how is 0 where it does not refer to the Secret.
 */
KR_FALLIBLE consumer_read(enum kube_kind kind, const struct cJSON *object,
			  const struct kube_target *target,
			  struct consumer *out);

/* Whose pods they are, once every list is there; drops all others. */
KR_FALLIBLE consumers_place_all(struct kube_consumers *c);

/* Autoscalers may be listed before the workloads that they scale. */
struct consumer_autoscaler {
	char *kind, *name; /* of the workload */
	char *autoscaler;
};
KR_FALLIBLE consumers_keep_autoscaler(struct kube_consumers *c,
				      const struct cJSON *object);
/* Puts their names to the consumers. */
KR_FALLIBLE consumers_name_autoscalers(struct kube_consumers *c);
void consumers_free_autoscalers(struct kube_consumers *c);

#endif
