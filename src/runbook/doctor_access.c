/*
 * Exactly the verbs that the program uses, asked for by access reviews in one
 * batch; and the Role that is missing.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "runbook/doctor.h"

enum access_flags {
	ACCESS_NAMED = 1,    /* of the one Secret */
	ACCESS_OPTIONAL = 2, /* without it something is only not seen */
};

static const struct access {
	const char *verb, *group, *resource, *subresource;
	int flags;
	const char *without; /* what does not work then */
} accesses[] = {
	{ "get", "", "secrets", "", ACCESS_NAMED, "nothing works" },
	{ "patch", "", "secrets", "", ACCESS_NAMED, "apply does not work" },
	{ "list", "apps", "deployments", "", 0, "consumers are not found" },
	{ "watch", "apps", "deployments", "", 0, "rollouts are not followed" },
	{ "patch", "apps", "deployments", "", 0, "nothing is restarted" },
	{ "list", "apps", "statefulsets", "", 0, "consumers are not found" },
	{ "watch", "apps", "statefulsets", "", 0, "rollouts are not followed" },
	{ "patch", "apps", "statefulsets", "", 0, "nothing is restarted" },
	{ "list", "apps", "daemonsets", "", 0, "consumers are not found" },
	{ "watch", "apps", "daemonsets", "", 0, "rollouts are not followed" },
	{ "patch", "apps", "daemonsets", "", 0, "nothing is restarted" },
	{ "get", "", "pods", "", 0, "verify does not see restarts" },
	{ "list", "", "pods", "", 0, "which key a pod runs is not known" },
	{ "watch", "", "pods", "", 0, "rollouts are not followed" },
	{ "get", "", "pods", "log", 0, "verify does not work" },
	{ "get", "apps", "replicasets", "", ACCESS_OPTIONAL,
	  "some pods cannot be told to belong to their Deployment" },
	{ "list", "batch", "cronjobs", "", ACCESS_OPTIONAL,
	  "CronJobs that use the Secret are not named" },
	{ "list", "autoscaling", "horizontalpodautoscalers", "",
	  ACCESS_OPTIONAL, "autoscalers are not named" },
	{ "list", "", "events", "", ACCESS_OPTIONAL,
	  "a failed rollout says less" },
	{ "get", "coordination.k8s.io", "leases", "", ACCESS_OPTIONAL,
	  "rotate cannot keep others away" },
	{ "create", "coordination.k8s.io", "leases", "", ACCESS_OPTIONAL,
	  "rotate cannot keep others away" },
	{ "update", "coordination.k8s.io", "leases", "", ACCESS_OPTIONAL,
	  "rotate cannot keep others away" },
};

#define N_ACCESSES (sizeof(accesses) / sizeof(*accesses))

static char *review_body(const struct doctor_options *o,
			 const struct access *access)
{
	kr_cleanup(json_freep) struct cJSON *review = json_object();
	struct cJSON *attributes;
	char *text = NULL;

	json_set_str(review, "apiVersion", "authorization.k8s.io/v1");
	json_set_str(review, "kind", "SelfSubjectAccessReview");
	attributes = json_add_object(json_add_object(review, "spec"),
				     "resourceAttributes");
	json_set_str(attributes, "namespace", o->target.ns);
	json_set_str(attributes, "verb", access->verb);
	json_set_str(attributes, "group", access->group);
	json_set_str(attributes, "resource", access->resource);
	if (*access->subresource)
		json_set_str(attributes, "subresource", access->subresource);
	if (access->flags & ACCESS_NAMED)
		json_set_str(attributes, "name", o->target.secret);
	err_free(json_print(review, &text));
	return text;
}

KR_FALLIBLE doctor_reviews_plan(const struct doctor_options *options,
				struct doctor_reviews *reviews,
				struct kube_request *requests)
{
	_Static_assert(N_ACCESSES <= DOCTOR_REVIEWS, "room for all reviews");

	reviews->count = N_ACCESSES;
	for (size_t i = 0; i < N_ACCESSES; i++) {
		reviews->bodies[i] = review_body(options, &accesses[i]);
		if (!reviews->bodies[i])
			return err_no_memory();
		requests[i] = (struct kube_request){
			.method = "POST",
			.path = "/apis/authorization.k8s.io/v1/"
				"selfsubjectaccessreviews",
			.what = "access review",
			.body = reviews->bodies[i],
		};
	}
	return NULL;
}

void doctor_reviews_release(struct doctor_reviews *reviews)
{
	for (size_t i = 0; i < reviews->count; i++)
		free(reviews->bodies[i]);
}

static bool same_rule(const struct access *a, const struct access *b)
{
	return strcmp(a->group, b->group) == 0 &&
	       strcmp(a->resource, b->resource) == 0 &&
	       strcmp(a->subresource, b->subresource) == 0;
}

/* One rule a resource, with all the verbs that are missing. */
static void put_rules(struct doctor *doctor, const bool denied[N_ACCESSES])
{
	const struct access *open = NULL;
	struct buf *role = &doctor->role;

	for (size_t i = 0; i < N_ACCESSES; i++) {
		const struct access *a = &accesses[i];

		if (!denied[i])
			continue;
		if (open && same_rule(open, a)) {
			buf_printf(role, ", %s", a->verb);
			continue;
		}
		if (open)
			buf_puts(role, "]\n");
		open = a;
		buf_printf(role,
			   "- apiGroups: [\"%s\"]\n  resources: [%s%s%s]\n",
			   a->group, a->resource, *a->subresource ? "/" : "",
			   a->subresource);
		if (a->flags & ACCESS_NAMED)
			buf_printf(role, "  resourceNames: [%s]\n",
				   doctor->options->target.secret);
		buf_printf(role, "  verbs: [%s", a->verb);
	}
	if (open)
		buf_puts(role, "]\n");
}

static void take_denied(struct doctor *doctor, const struct access *access)
{
	bool optional = access->flags & ACCESS_OPTIONAL;

	doctor_say(doctor, optional ? DOCTOR_WARNING : DOCTOR_FAILED, "access",
		   NULL, "may not %s %s%s%s%s%s: %s", access->verb,
		   access->resource, *access->group ? "." : "", access->group,
		   *access->subresource ? "/" : "", access->subresource,
		   access->without);
	if (!optional)
		doctor_fail(doctor,
			    err_hint(err_new(KR_EFORBIDDEN,
					     "the cluster does not allow all "
					     "that a rotation needs"),
				     "Ask for the Role that is printed."));
}

void doctor_reviews_take(struct doctor *doctor,
			 const struct kube_request *requests)
{
	bool denied[N_ACCESSES] = { false };
	size_t unknown = 0;

	for (size_t i = 0; i < N_ACCESSES; i++) {
		const struct kube_request *r = &requests[i];

		if (r->outcome != KUBE_DONE) {
			unknown++;
			continue;
		}
		doctor->asked++;
		if (json_bool(r->object, "status.allowed", false))
			doctor->allowed++;
		else
			take_denied(doctor, &accesses[i]);
		denied[i] = !json_bool(r->object, "status.allowed", false);
	}
	put_rules(doctor, denied);
	if (unknown)
		doctor_say(doctor, DOCTOR_WARNING, "access", NULL,
			   "%zu of %zu access reviews had no answer: %s",
			   unknown, N_ACCESSES,
			   requests[0].err ? err_message(requests[0].err)
					   : "not all were refused");
	if (doctor->asked && doctor->allowed == doctor->asked)
		doctor_say(doctor, DOCTOR_OK, "access", NULL,
			   "all %zu permissions that are used",
			   doctor->allowed);
}
