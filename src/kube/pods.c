/* The table of pods: an array, and a hash of uids into it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kube/pod.h"

/* FNV-1a. The keys are UUIDs made by the cluster. */
static size_t hash_of(const char *uid)
{
	uint64_t h = 14695981039346656037u;

	for (; *uid; uid++)
		h = (h ^ (unsigned char)*uid) * 1099511628211u;
	return (size_t)h;
}

/* The slot of uid, or the free one where it would go. slot_count is > 0. */
static size_t *slot_of(const struct kube_pods *pods, const char *uid)
{
	size_t mask = pods->slot_count - 1;
	size_t at = hash_of(uid) & mask;

	while (pods->slots[at] &&
	       strcmp(pods->items[pods->slots[at] - 1].uid, uid) != 0)
		at = (at + 1) & mask;
	return &pods->slots[at];
}

static void index_all(struct kube_pods *pods)
{
	memset(pods->slots, 0, pods->slot_count * sizeof(*pods->slots));
	for (size_t i = 0; i < pods->count; i++)
		*slot_of(pods, pods->items[i].uid) = i + 1;
}

static bool make_room(struct kube_pods *pods)
{
	size_t cap = pods->cap ? pods->cap * 2 : 16;
	struct kube_pod *items;
	size_t *slots;

	if (pods->count < pods->cap)
		return true;
	items = reallocarray(pods->items, cap, sizeof(*items));
	if (!items)
		return false;
	pods->items = items;
	slots = calloc(cap * 2, sizeof(*slots));
	if (!slots)
		return false;
	free(pods->slots);
	pods->slots = slots;
	pods->slot_count = cap * 2;
	pods->cap = cap;
	index_all(pods);
	return true;
}

KR_FALLIBLE kube_pods_put(struct kube_pods *pods, struct kube_pod *take_pod)
{
	struct kube_pod *there = kube_pods_find(pods, take_pod->uid);

	if (there) {
		kube_pod_release(there);
		*there = *take_pod;
	} else if (make_room(pods)) {
		pods->items[pods->count++] = *take_pod;
		*slot_of(pods, take_pod->uid) = pods->count;
	} else {
		kube_pod_release(take_pod);
		return err_no_memory();
	}
	*take_pod = (struct kube_pod){ .consumer = SIZE_MAX };
	return NULL;
}

struct kube_pod *kube_pods_find(const struct kube_pods *pods, const char *uid)
{
	size_t slot;

	if (!pods->slot_count)
		return NULL;
	slot = *slot_of(pods, uid);
	return slot ? &pods->items[slot - 1] : NULL;
}

/* Closes the gap that a freed slot leaves in its run of collisions. */
static void free_slot(struct kube_pods *pods, size_t *slot)
{
	size_t mask = pods->slot_count - 1;
	size_t at = (size_t)(slot - pods->slots);

	*slot = 0;
	for (at = (at + 1) & mask; pods->slots[at]; at = (at + 1) & mask) {
		size_t item = pods->slots[at];

		pods->slots[at] = 0;
		*slot_of(pods, pods->items[item - 1].uid) = item;
	}
}

void kube_pods_drop(struct kube_pods *pods, const char *uid)
{
	struct kube_pod *pod = kube_pods_find(pods, uid);
	struct kube_pod *last;

	if (!pod)
		return;
	free_slot(pods, slot_of(pods, uid));
	last = &pods->items[pods->count - 1];
	kube_pod_release(pod);
	if (pod != last) {
		*slot_of(pods, last->uid) = (size_t)(pod - pods->items) + 1;
		*pod = *last;
	}
	pods->count--;
}

void kube_pods_clear(struct kube_pods *pods)
{
	for (size_t i = 0; i < pods->count; i++)
		kube_pod_release(&pods->items[i]);
	pods->count = 0;
	if (pods->slot_count)
		index_all(pods);
}

void kube_pods_release(struct kube_pods *pods)
{
	kube_pods_clear(pods);
	free(pods->items);
	free(pods->slots);
	*pods = (struct kube_pods){ 0 };
}
