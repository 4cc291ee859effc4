/*
 * Exactly the verbs that the program uses, asked for by access reviews in one
 * batch; and the Role that is missing.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "runbook/doctor.h"
#include "runbook/permission.h"

KR_FALLIBLE doctor_reviews_plan(const struct doctor_options *options,
				struct doctor_reviews *reviews,
				struct kube_request *requests)
{
	_Static_assert(PERMISSIONS <= DOCTOR_REVIEWS, "room for all reviews");

	reviews->count = PERMISSIONS;
	for (size_t i = 0; i < PERMISSIONS; i++) {
		const struct permission *p = &permissions[i];

		reviews->bodies[i] = permission_review(
			p, options->target.ns,
			p->named ? options->target.secret : NULL);
		if (!reviews->bodies[i])
			return err_no_memory();
		requests[i] = (struct kube_request){
			.method = "POST",
			.path = PERMISSION_REVIEWS,
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

/* One rule a resource, with all the verbs that are missing. */
static void put_rules(struct doctor *doctor, const bool denied[PERMISSIONS])
{
	const struct permission *open = NULL;
	struct buf *role = &doctor->role;

	for (size_t i = 0; i < PERMISSIONS; i++) {
		const struct permission *a = &permissions[i];

		if (!denied[i])
			continue;
		if (open && permission_same_rule(open, a)) {
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
		if (a->named)
			buf_printf(role, "  resourceNames: [%s]\n",
				   doctor->options->target.secret);
		buf_printf(role, "  verbs: [%s", a->verb);
	}
	if (open)
		buf_puts(role, "]\n");
}

static void take_denied(struct doctor *doctor, const struct permission *access)
{
	/* A rotation without Leases is one that nobody else is kept from. */
	bool optional = !(access->needed_by & ~(unsigned)PERMIT_ROTATE);

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
	bool denied[PERMISSIONS] = { false };
	size_t unknown = 0;

	for (size_t i = 0; i < PERMISSIONS; i++) {
		const struct kube_request *r = &requests[i];

		if (r->outcome != KUBE_DONE) {
			unknown++;
			continue;
		}
		doctor->asked++;
		if (json_bool(r->object, "status.allowed", false))
			doctor->allowed++;
		else
			take_denied(doctor, &permissions[i]);
		denied[i] = !json_bool(r->object, "status.allowed", false);
	}
	put_rules(doctor, denied);
	if (unknown)
		doctor_say(doctor, DOCTOR_WARNING, "access", NULL,
			   "%zu of %zu access reviews had no answer: %s",
			   unknown, PERMISSIONS,
			   requests[0].err ? err_message(requests[0].err)
					   : "not all were refused");
	if (doctor->asked && doctor->allowed == doctor->asked)
		doctor_say(doctor, DOCTOR_OK, "access", NULL,
			   "all %zu permissions that are used",
			   doctor->allowed);
}
