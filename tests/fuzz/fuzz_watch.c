/*
 * Any bytes as a watch's stream, cut anywhere, and as a list: what comes out
 * of them goes the way of real objects, into pods and workloads.
 */
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "kube/consumers.h"
#include "kube/watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct kube_target target = { "ns", "conf", "KEY", false };

static struct err *on_change(void *user, enum watch_change change,
			     const struct cJSON *object)
{
	struct kube_consumers *c = user;
	struct consumer_state state;
	struct err *err;

	if (change == WATCH_DELETED) {
		kube_consumers_drop_pod(
			c, json_str_or(object, "metadata.uid", ""));
		return NULL;
	}
	err = kube_consumers_take_pod(c, object);
	if (!err)
		err = consumer_state_read(KIND_DEPLOYMENT, object, &target,
					  &state);
	if (!err)
		consumer_state_release(&state);
	return err;
}

/* The first byte says how long the pieces are. */
static void feed(struct kube_watch *watch, const char *data, size_t size)
{
	size_t piece = size ? (size_t)(unsigned char)data[0] + 1 : 1;
	struct err *err = NULL;

	for (size_t at = 1; !err && at < size; at += piece)
		err = kube_watch_feed(watch, data + at,
				      size - at < piece ? size - at : piece);
	err_free(err);
}

static bool has_replicaset(const struct kube_consumers *c)
{
	for (size_t i = 0; i < c->pods.count; i++) {
		const char *kind = c->pods.items[i].owner_kind;

		if (kind && strcmp(kind, "ReplicaSet") == 0)
			return true;
	}
	return false;
}

/* The same bytes as the lists of a namespace. */
static void take_lists(const char *data, size_t size)
{
	struct kube_request requests[KUBE_CONSUMER_READS] = { 0 };
	struct kube_consumers *c = NULL;
	struct err *err = kube_consumers_new(&target, NULL, 0, 0, &c);
	size_t n = err ? 0 : kube_consumers_read_count(c);

	if (!err)
		kube_consumers_plan_reads(c, requests);
	for (size_t i = 0; !err && i < n; i++) {
		struct kube_items *items = NULL;

		err = kube_items_new(requests[i].on_item, requests[i].item_user,
				     &items);
		if (!err)
			err = kube_items_feed(items, data, size);
		if (!err)
			err = kube_items_end(items, &requests[i].object);
		kube_items_free(items);
		/* A further page would be asked of a server. */
		if (!err && json_str(requests[i].object, "metadata.continue"))
			err = err_new(KR_EUNEXPECTED, "there are more pages");
	}
	/* So would the owner of a ReplicaSet. */
	if (!err && !has_replicaset(c))
		err = kube_consumers_take_reads(c, NULL, requests);
	for (size_t i = 0; i < n; i++)
		kube_request_release(&requests[i]);
	kube_consumers_free(c);
	err_free(err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kube_consumers *c = NULL;
	struct kube_watch *watch = NULL;
	struct watch_options options = {
		.path = "/api/v1/namespaces/ns/pods",
		.version = "1",
		.on_change = on_change,
	};
	char *text = malloc(size + 1);
	struct err *err = kube_consumers_new(&target, NULL, 0, 0, &c);

	if (!text || err)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	options.user = c;
	err = kube_watch_new(NULL, &options, &watch);
	if (err)
		abort();
	feed(watch, text, size);
	take_lists(text, size);
	kube_watch_free(watch);
	kube_consumers_free(c);
	free(text);
	return 0;
}
