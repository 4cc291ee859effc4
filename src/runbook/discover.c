#include "runbook/discover.h"

#include <string.h>

#include "base/json.h"
#include "base/pool.h"
#include "base/str.h"
#include "config/config.h"
#include "kube/client.h"
#include "runbook/discover_internal.h"
#include "runbook/result.h"

/* A cluster that does not answer is not waited for as long as a rotation's. */
#define LOOK_TIMEOUT_MS 10000

static bool is_noted(const struct discover_look *look, const char *text)
{
	const struct cJSON *note = json_first(json_member(look->seen, "notes"));

	while (note && !str_equal(json_text(note), text))
		note = json_next(note);
	return note != NULL;
}

struct err *discover_pass(struct discover_look *look, struct err *take_err,
			  const char *what)
{
	struct buf text = BUF_INIT(2048);

	if (!take_err || err_is(take_err, KR_EINTERRUPTED) ||
	    err_is(take_err, KR_ENOMEM))
		return take_err;
	buf_printf(&text, "%s: %s", what, err_message(take_err));
	if (!is_noted(look, buf_str(&text)))
		json_append_str(json_member_mut(look->seen, "notes"),
				buf_str(&text));
	buf_release(&text);
	err_free(take_err);
	return NULL;
}

static struct cJSON *new_seen(const struct discover_place *place,
			      const struct kube_access *access)
{
	static const char *const lists[] = { "keys", "prometheus", "argocd",
					     "notes" };
	struct cJSON *seen = json_object();

	json_set_str(seen, "context", access->context);
	json_set_str(seen, "environment", place->environment);
	json_set_str(seen, "cluster", access->cluster);
	json_set_str(seen, "namespace", access->namespace_);
	json_set_null(seen, "clusterID");
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		json_add_array(seen, lists[i]);
	return seen;
}

/*
 * Who the cluster is. The first request: where it gets no answer at all, the
 * cluster cannot be looked at.
 */
static KR_FALLIBLE look_at_identity(struct discover_look *look)
{
	kr_cleanup(json_freep) struct cJSON *object = NULL;
	struct kube_request request = {
		.method = "GET",
		.path = "/api/v1/namespaces/kube-system",
		.what = "namespace kube-system",
		.expect_kind = "PartialObjectMetadata",
		.flags = KUBE_METADATA,
	};
	struct err *err = kube_do(look->kube, &request);
	bool answered = request.status >= 400 && request.status != 401 &&
			request.status < 500;

	object = take_ptr(&request.object);
	kube_request_release(&request);
	if (!err)
		result_put_str(look->seen, "clusterID",
			       json_str(object, "metadata.uid"));
	return answered ? discover_pass(look, err,
					"the cluster's id was not read")
			: err;
}

static KR_FALLIBLE look_at(struct discover_look *look)
{
	struct err *err = look_at_identity(look);

	if (!err)
		err = discover_keys(look);
	if (!err)
		err = discover_pass(look, discover_prometheus(look),
				    "Services were not looked at");
	if (!err)
		err = discover_pass(look, discover_argocd(look),
				    "Argo CD was not looked for");
	return err;
}

static KR_FALLIBLE open_and_look(const struct discover_options *options,
				 struct discover_place *place)
{
	kr_cleanup(kube_access_freep) struct kube_access *access = NULL;
	kr_cleanup(kube_closep) struct kube *kube = NULL;
	kr_cleanup(json_freep) struct cJSON *seen = NULL;
	struct kube_flags flags = *options->flags;
	struct discover_look look = { .options = options };
	struct err *err;

	flags.context = place->context;
	err = kube_access_load(&flags, &access);
	if (err)
		return err;
	if (access->request_timeout_ms <= 0)
		access->request_timeout_ms = LOOK_TIMEOUT_MS;
	err = kube_open(access, &kube);
	if (err)
		return err;
	seen = new_seen(place, access);
	if (!seen)
		return err_no_memory();
	look.kube = kube;
	look.access = access;
	look.seen = seen;
	err = look_at(&look);
	if (!err)
		place->seen = take_ptr(&seen);
	return err;
}

struct looking {
	const struct discover_options *options;
	struct discover_place *places;
};

static bool look_at_one(void *user, size_t index)
{
	struct looking *looking = user;
	struct discover_place *place = &looking->places[index];

	place->err = open_and_look(looking->options, place);
	return !err_is(place->err, KR_EINTERRUPTED);
}

void discover_clusters(const struct discover_options *options,
		       struct discover_place *places, size_t n)
{
	struct looking looking = { options, places };

	(void)pool_run(n, CONFIG_PARALLEL, look_at_one, &looking);
}

void discover_release(struct discover_place *places, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		json_free(places[i].seen);
		err_free(places[i].err);
		places[i].seen = NULL;
		places[i].err = NULL;
	}
}
