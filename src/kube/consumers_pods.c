/* Whose pod is it: from a pod to the workload that made it. */
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "kube/consumers_internal.h"

/* ReplicaSets read in one round trip. */
#define READ_AT_ONCE 16

void consumer_owners_free(struct consumer_owners *owners)
{
	if (!owners)
		return;
	for (size_t i = 0; i < owners->count; i++) {
		free(owners->items[i].replicaset_uid);
		free(owners->items[i].kind);
		free(owners->items[i].name);
		free(owners->items[i].uid);
	}
	free(owners->items);
	free(owners);
}

static size_t find_uid(const struct kube_consumers *c, const char *uid)
{
	for (size_t i = 0; i < c->count; i++) {
		if (strcmp(c->items[i].uid, uid) == 0)
			return i;
	}
	return CONSUMER_NONE;
}

static const struct consumer_owner *find_owner(const struct kube_consumers *c,
					       const char *replicaset_uid)
{
	for (size_t i = 0; i < c->owners->count; i++) {
		if (strcmp(c->owners->items[i].replicaset_uid,
			   replicaset_uid) == 0)
			return &c->owners->items[i];
	}
	return NULL;
}

/* Whether the ReplicaSet's name is DEPLOYMENT-HASH. */
static bool is_named_after(const struct kube_pod *pod, const char *deployment)
{
	size_t n = strlen(deployment);

	return pod->hash && strncmp(pod->owner_name, deployment, n) == 0 &&
	       pod->owner_name[n] == '-' &&
	       strcmp(pod->owner_name + n + 1, pod->hash) == 0;
}

/*
 * The Deployment of a pod that a ReplicaSet made. A Deployment adopts every
 * ReplicaSet that its selector matches, so name, hash and selector together
 * leave no room for another owner.
 */
static size_t find_deployment(const struct kube_consumers *c,
			      const struct kube_pod *pod,
			      const struct cJSON *labels, bool *out_may_be)
{
	*out_may_be = false;
	for (size_t i = 0; i < c->count; i++) {
		const struct consumer *item = &c->items[i];

		if (item->kube_kind != KIND_DEPLOYMENT ||
		    !kube_selector_matches(&item->selector, labels))
			continue;
		if (is_named_after(pod, item->name))
			return i;
		*out_may_be = true;
	}
	return CONSUMER_NONE;
}

/* Adds a workload that is known by its pods alone. */
static struct err *add_left(struct kube_consumers *c, const char *kind,
			    const char *name, const char *uid, int use_how,
			    int entry_how, size_t *out_index)
{
	struct consumer left = {
		.role = CONSUMER_LEFT,
		.kube_kind = KIND_COUNT,
		.use = { .how = use_how, .entry_how = entry_how },
	};
	enum kube_kind known;

	if (kube_kind_parse(kind, strlen(kind), &known))
		left.kube_kind = known;
	if (!str_keep(&left.kind, kind) || !str_keep(&left.name, name) ||
	    !str_keep(&left.uid, uid)) {
		consumer_release(&left);
		return err_no_memory();
	}
	*out_index = c->count;
	return consumers_add(c, &left);
}

static struct err *place_by_owner(struct kube_consumers *c,
				  struct kube_pod *pod, const char *kind,
				  const char *name, const char *uid)
{
	size_t at = find_uid(c, uid);

	/* A pod that does not use the Secret counts where its workload does. */
	if (at == CONSUMER_NONE && pod->use_how) {
		struct err *err = add_left(c, kind, name, uid, pod->use_how,
					   pod->entry_how, &at);

		if (err)
			return err;
	}
	pod->consumer = at;
	return NULL;
}

static struct err *place(struct kube_consumers *c, struct kube_pod *pod,
			 const struct cJSON *labels)
{
	const struct consumer_owner *owner;

	if (!pod->owner_uid || !pod->owner_kind || !pod->owner_name)
		return place_by_owner(c, pod, "Pod", pod->name, pod->uid);
	if (strcmp(pod->owner_kind, "ReplicaSet") != 0)
		return place_by_owner(c, pod, pod->owner_kind, pod->owner_name,
				      pod->owner_uid);
	owner = find_owner(c, pod->owner_uid);
	if (owner)
		return place_by_owner(c, pod, owner->kind, owner->name,
				      owner->uid);
	pod->consumer = find_deployment(c, pod, labels, &pod->matched);
	if (pod->consumer == CONSUMER_NONE && (pod->matched || pod->use_how))
		pod->consumer = CONSUMER_UNRESOLVED;
	return NULL;
}

static bool is_unresolved(const struct kube_pod *pod)
{
	return pod && pod->consumer == CONSUMER_UNRESOLVED;
}

void kube_consumers_drop_pod(struct kube_consumers *c, const char *uid)
{
	if (is_unresolved(kube_pods_find(&c->pods, uid)))
		c->unresolved--;
	kube_pods_drop(&c->pods, uid);
}

/* What told whose pod it is, is not needed any more; pods are many. */
static void forget_owner(struct kube_pod *pod)
{
	(void)str_keep(&pod->labels, NULL);
	(void)str_keep(&pod->hash, NULL);
	(void)str_keep(&pod->owner_kind, NULL);
	(void)str_keep(&pod->owner_name, NULL);
	(void)str_keep(&pod->owner_uid, NULL);
}

/* Whether it may turn out to be a pod of a consumer. */
static bool may_matter(const struct kube_pod *pod)
{
	return pod->use_how || (pod->owner_kind &&
				(strcmp(pod->owner_kind, "ReplicaSet") == 0 ||
				 strcmp(pod->owner_kind, "StatefulSet") == 0 ||
				 strcmp(pod->owner_kind, "DaemonSet") == 0));
}

/* While the lists come: keeps what will tell whose pod it is. */
static struct err *keep_for_later(struct kube_pod *pod,
				  const struct cJSON *labels)
{
	pod->consumer = CONSUMER_NONE;
	if (!may_matter(pod))
		return NULL;
	pod->consumer = CONSUMER_UNPLACED;
	return labels ? json_print(labels, &pod->labels) : NULL;
}

KR_FALLIBLE kube_consumers_take_pod(struct kube_consumers *c,
				    const struct cJSON *object)
{
	const char *uid = json_str_or(object, "metadata.uid", "");
	const struct cJSON *labels = json_at(object, "metadata.labels");
	struct kube_pod pod;
	struct err *err;

	if (is_unresolved(kube_pods_find(&c->pods, uid)))
		c->unresolved--;
	err = kube_pod_read(object, &c->target, &pod);
	if (err)
		return err;
	if (!pod.finished && c->reading)
		err = keep_for_later(&pod, labels);
	else if (!pod.finished)
		err = place(c, &pod, labels);
	if (err || pod.finished || pod.consumer == CONSUMER_NONE) {
		kube_pods_drop(&c->pods, uid);
		kube_pod_release(&pod);
		return err;
	}
	if (pod.consumer < c->count)
		forget_owner(&pod);
	c->unresolved += is_unresolved(&pod);
	return kube_pods_put(&c->pods, &pod);
}

static struct err *place_kept(struct kube_consumers *c, struct kube_pod *pod)
{
	kr_cleanup(json_freep) struct cJSON *labels = NULL;
	struct err *err = NULL;

	if (pod->labels)
		err = json_parse(pod->labels, strlen(pod->labels), &labels);
	if (!err)
		err = place(c, pod, labels);
	if (!err && pod->consumer < c->count)
		forget_owner(pod);
	if (!err)
		c->unresolved += is_unresolved(pod);
	return err;
}

KR_FALLIBLE consumers_place_all(struct kube_consumers *c)
{
	size_t i = 0;

	while (i < c->pods.count) {
		struct kube_pod *pod = &c->pods.items[i];
		struct err *err = place_kept(c, pod);

		if (err)
			return err;
		/* The last pod takes the place of one that is dropped. */
		if (pod->consumer == CONSUMER_NONE)
			kube_pods_drop(&c->pods, pod->uid);
		else
			i++;
	}
	return NULL;
}

static struct err *keep_owner(struct kube_consumers *c, const char *uid,
			      const char *kind, const char *name,
			      const char *owner_uid)
{
	struct consumer_owners *owners = c->owners;
	struct consumer_owner *grown =
		reallocarray(owners->items, owners->count + 1, sizeof(*grown));
	struct consumer_owner *o;

	if (!grown)
		return err_no_memory();
	owners->items = grown;
	o = &grown[owners->count++];
	*o = (struct consumer_owner){ 0 };
	if (!str_keep(&o->kind, kind) || !str_keep(&o->name, name) ||
	    !str_keep(&o->uid, owner_uid) ||
	    !str_keep(&o->replicaset_uid, uid)) {
		/* A half-filled entry must not be found. */
		owners->count--;
		free(o->kind);
		free(o->name);
		free(o->uid);
		return err_no_memory();
	}
	return NULL;
}

/* A ReplicaSet to be read. Copied: events may come in meanwhile, and move the
 * pods. */
struct to_read {
	char *name, *uid, *path;
	bool needed; /* its pods may be a consumer's */
};

/* From a ReplicaSet's metadata; of one that is gone, it is its own owner. */
static struct err *take_replicaset(struct kube_consumers *c,
				   const struct to_read *rs,
				   struct kube_request *request)
{
	const struct cJSON *owner = json_first(
		json_at(request->object, "metadata.ownerReferences"));

	/* Gone, or not to be seen and of nobody that is restarted. */
	if (request->err && !err_is(request->err, KR_ENOTFOUND) &&
	    (rs->needed || !err_is(request->err, KR_EFORBIDDEN)))
		return take_ptr(&request->err);
	while (owner && !json_bool(owner, "controller", false))
		owner = json_next(owner);
	if (!owner ||
	    !str_equal(json_str(request->object, "metadata.uid"), rs->uid))
		return keep_owner(c, rs->uid, "ReplicaSet", rs->name, rs->uid);
	return keep_owner(c, rs->uid, json_str_or(owner, "kind", ""),
			  json_str_or(owner, "name", ""),
			  json_str_or(owner, "uid", ""));
}

static struct err *read_replicasets(struct kube_consumers *c, struct kube *kube,
				    const struct to_read *sets, size_t n)
{
	struct kube_request requests[READ_AT_ONCE] = { 0 };
	struct err *err;

	for (size_t i = 0; i < n; i++)
		requests[i] = (struct kube_request){
			.method = "GET",
			.path = sets[i].path,
			.what = "the ReplicaSet of a pod",
			.flags = KUBE_METADATA,
		};
	err = kube_batch(kube, requests, n);
	for (size_t i = 0; i < n; i++) {
		if (!err)
			err = take_replicaset(c, &sets[i], &requests[i]);
		kube_request_release(&requests[i]);
	}
	return err;
}

static bool is_picked(const struct to_read *sets, size_t n, const char *uid)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(sets[i].uid, uid) == 0)
			return true;
	}
	return false;
}

/* Up to READ_AT_ONCE ReplicaSets that were not read yet. */
static struct err *pick(const struct kube_consumers *c, struct to_read *sets,
			size_t *n)
{
	for (size_t i = 0; i < c->pods.count && *n < READ_AT_ONCE; i++) {
		const struct kube_pod *pod = &c->pods.items[i];
		struct to_read *set = &sets[*n];

		if (!is_unresolved(pod) || find_owner(c, pod->owner_uid) ||
		    is_picked(sets, *n, pod->owner_uid))
			continue;
		++*n;
		set->needed = pod->matched;
		set->path = kube_path(KIND_REPLICASET, c->ns, pod->owner_name);
		if (!str_keep(&set->name, pod->owner_name) ||
		    !str_keep(&set->uid, pod->owner_uid) || !set->path)
			return err_no_memory();
	}
	return NULL;
}

static struct err *place_resolved(struct kube_consumers *c)
{
	for (size_t i = c->pods.count; i-- > 0;) {
		struct kube_pod *pod = &c->pods.items[i];
		const struct consumer_owner *owner;
		struct err *err;

		owner = is_unresolved(pod) ? find_owner(c, pod->owner_uid)
					   : NULL;
		if (!owner)
			continue;
		err = place_by_owner(c, pod, owner->kind, owner->name,
				     owner->uid);
		if (err)
			return err;
		c->unresolved--;
		if (pod->consumer == CONSUMER_NONE)
			kube_pods_drop(&c->pods, pod->uid);
		else
			forget_owner(pod);
	}
	return NULL;
}

static struct err *resolve_some(struct kube_consumers *c, struct kube *kube)
{
	struct to_read sets[READ_AT_ONCE] = { 0 };
	size_t n = 0;
	struct err *err = pick(c, sets, &n);

	if (!err && n)
		err = read_replicasets(c, kube, sets, n);
	for (size_t i = 0; i < n; i++) {
		free(sets[i].name);
		free(sets[i].uid);
		free(sets[i].path);
	}
	return err ? err : place_resolved(c);
}

KR_FALLIBLE kube_consumers_resolve(struct kube_consumers *c, struct kube *kube)
{
	struct err *err = NULL;

	while (!err && c->unresolved)
		err = resolve_some(c, kube);
	return err;
}
