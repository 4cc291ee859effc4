/* Reading the target in one round trip, and refusing before any change. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "kube/lease.h"
#include "kube/path.h"
#include "runbook/look.h"
#include "runbook/operator.h"
#include "runbook/record_run.h"
#include "runbook/run.h"

#define MAX_MANAGERS 200 /* columns: a record of the ledger has short texts */

enum extra {
	READ_WHO,
	READ_CLUSTER_ID,
	READ_LEASE,
	READ_SECRET,
	READ_CONSUMERS
};

static struct kube_request who_am_i(void)
{
	return (struct kube_request){
		.method = "POST",
		.path = "/apis/authentication.k8s.io/v1/selfsubjectreviews",
		.what = "who am I",
		.body = "{\"apiVersion\":\"authentication.k8s.io/v1\","
			"\"kind\":\"SelfSubjectReview\"}",
	};
}

static struct kube_request cluster_id(void)
{
	return (struct kube_request){
		.method = "GET",
		.path = "/api/v1/namespaces/kube-system",
		.what = "namespace kube-system",
		.flags = KUBE_METADATA,
	};
}

/* Who may not look at it is not kept away: every write is fenced. */
static KR_FALLIBLE check_lease(struct run *run,
			       const struct kube_request *lease)
{
	const struct kube_target *target = &run->options.target;
	kr_cleanup(str_freep) char *open = NULL;
	struct err *err;

	if (!run->options.passes_by || lease->outcome != KUBE_DONE)
		return NULL;
	err = kube_lease_check(run->options.kube, target, lease->object);
	if (err)
		return err_hint(
			err,
			"when it has ended, the same command again; `kubectl keyrot status` shows it");
	err = kube_lease_open(target, lease->object, &open);
	if (open)
		run_warn(
			run,
			"rotation %s was interrupted here and has not ended; another key overtakes it (resume or rollback ends it)",
			open);
	return err;
}

/* Servers before 1.28 do not know the review. */
static KR_FALLIBLE take_operator(struct run *run,
				 const struct kube_request *review)
{
	const char *cluster =
		review->outcome == KUBE_DONE
			? json_str(review->object, "status.userInfo.username")
			: NULL;

	return operator_find(run->options.operator_, cluster, &run->operator_,
			     &run->operator_from);
}

static KR_FALLIBLE check_cluster_id(struct run *run, struct kube_request *r)
{
	const char *uid = json_str_or(r->object, "metadata.uid", "");
	struct err *err;

	if (!run->options.cluster_id)
		return NULL;
	if (*uid && !str_keep(&run->cluster_uid, uid))
		return err_no_memory();
	if (!r->err && strcmp(uid, run->options.cluster_id) == 0)
		return NULL;
	if (run->options.allow_other_cluster) {
		run->overrides |= OVERRIDE_OTHER_CLUSTER;
		return NULL;
	}
	if (r->err)
		return take_ptr(&r->err);
	err = err_new(
		KR_EREFUSED,
		"context %s points at another cluster: its kube-system namespace is %s, clusterID in keyrot.yaml is %s",
		kube_access_of(run->options.kube)->context, uid,
		run->options.cluster_id);
	err = err_set_reason(err, "WrongCluster");
	return err_hint(err,
			"if it is meant all the same: --allow-other-cluster");
}

/* What was there before this rotation wrote, also where it is gone on with. */
static void keep_first(struct run *run)
{
	const struct kube_secret *s = run->secret;
	bool ours = s->facts.owned && s->facts.rotation &&
		    strcmp(s->facts.rotation, run->rotation) == 0;
	bool replaced = ours && s->facts.state != RING_ADDED;
	const char *first = replaced && s->facts.replaced ? s->facts.replaced
							  : s->live_fingerprint;

	(void)snprintf(run->first_fingerprint, sizeof(run->first_fingerprint),
		       "%s", first);
}

static KR_FALLIBLE take_all(struct run *run, struct kube_request *requests)
{
	const struct kube_target *target = &run->options.target;
	struct err *err = check_cluster_id(run, &requests[READ_CLUSTER_ID]);

	if (!err)
		err = check_lease(run, &requests[READ_LEASE]);
	if (!err)
		err = kube_secret_take(target, &requests[READ_SECRET],
				       &run->secret);
	if (!err)
		keep_first(run);
	if (!err)
		err = take_operator(run, &requests[READ_WHO]);
	if (!err)
		err = kube_consumers_take_reads(run->consumers,
						run->options.kube,
						&requests[READ_CONSUMERS]);
	return err;
}

static size_t count_names(const char *const *names)
{
	size_t n = 0;

	while (names && names[n])
		n++;
	return n;
}

static void note_line(void *user, const char *sentence)
{
	run_warn(user, "%s", sentence);
}

static void describe(struct run *run)
{
	size_t restartable = 0, pods = run->consumers->pods.count;

	for (size_t i = 0; i < run->consumers->count; i++)
		restartable += consumer_takes_part(&run->consumers->items[i]);
	for (size_t i = 0; i < run->consumers->warning_count; i++)
		run_warn(run, "%s", run->consumers->warnings[i]);
	kube_consumers_notes(run->consumers, note_line, run);
	if (restartable == 0)
		run_warn(
			run,
			"no Deployment, StatefulSet or DaemonSet in namespace %s uses entry %s of Secret %s",
			run->options.target.ns, run->options.target.entry,
			run->options.target.secret);
	run_detail(run, "%zu workload%s to restart, %zu pod%s", restartable,
		   restartable == 1 ? "" : "s", pods, pods == 1 ? "" : "s");
}

static KR_FALLIBLE check_tls(struct run *run)
{
	const struct kube_access *access = kube_access_of(run->options.kube);
	struct err *err;

	if (!access->insecure_skip_tls_verify)
		return NULL;
	if (run->options.allow_insecure_tls) {
		run->overrides |= OVERRIDE_INSECURE_TLS;
		return NULL;
	}
	err = err_new(
		KR_EREFUSED,
		"cluster %s is reached with insecure-skip-tls-verify: the key could go to anyone who answers",
		*access->cluster ? access->cluster : access->origin);
	err = err_set_reason(err, "InsecureTLS");
	return err_hint(
		err,
		"give its CA with --certificate-authority, or say --allow-insecure-tls");
}

/* A rotation looks twice: what was seen before is let go of. */
static KR_FALLIBLE forget(struct run *run)
{
	rollout_free(take_ptr(&run->rollout));
	kube_consumers_free(take_ptr(&run->consumers));
	kube_secret_free(take_ptr(&run->secret));
	str_freep(&run->operator_);
	run->operator_ = NULL;
	/* Not even the old key, or a token, goes over such a connection. */
	return run->options.dry == DRY_CLIENT ? NULL : check_tls(run);
}

KR_FALLIBLE step_read(struct run *run)
{
	const struct run_options *o = &run->options;
	struct kube_request requests[READ_CONSUMERS + KUBE_CONSUMER_READS];
	kr_cleanup(str_freep) char *lease = kube_lease_path(&o->target);
	struct kube_secret_read read;
	size_t n = READ_CONSUMERS;
	struct err *err = lease ? forget(run) : err_no_memory();

	if (!err)
		err = kube_consumers_new(
			&o->target, o->consumers, count_names(o->consumers),
			CONSUMERS_AUTOSCALERS, &run->consumers);
	if (err)
		return err;
	err = kube_secret_plan_read(&o->target, &read);
	if (err)
		return err;
	memset(requests, 0, sizeof(requests));
	requests[READ_WHO] = who_am_i();
	requests[READ_CLUSTER_ID] = cluster_id();
	requests[READ_LEASE] = (struct kube_request){
		.method = o->passes_by ? "GET" : NULL,
		.path = lease,
		.what = "Lease",
	};
	requests[READ_SECRET] = read.request;
	kube_consumers_plan_reads(run->consumers, &requests[n]);
	n += kube_consumers_read_count(run->consumers);
	/* What nobody asked for is not sent: an empty method leaves it out. */
	if (o->operator_)
		requests[READ_WHO].method = NULL;
	if (!o->cluster_id)
		requests[READ_CLUSTER_ID].method = NULL;
	err = kube_batch(o->kube, requests, n);
	if (!err)
		err = take_all(run, requests);
	for (size_t i = 0; i < n; i++)
		kube_request_release(&requests[i]);
	kube_secret_read_release(&read);
	if (!err)
		describe(run);
	return err;
}

static KR_FALLIBLE not_there(const struct run *run)
{
	return err_hint(
		look_no_secret(run->options.kube, &run->options.target),
		"name another with --secret or --namespace, or let it be made with --create");
}

/* It may be a new one, and it may be mistyped. */
static void say_new_entry(struct run *run)
{
	const struct kube_secret *s = run->secret;
	const char *near = look_near_entry(s);

	run_warn(run, "Secret %s/%s has no entry %s yet: it is added%s%s%s",
		 s->ns, s->name, s->entry, near ? " (did you mean " : "",
		 near ? near : "", near ? "?)" : "");
}

static KR_FALLIBLE check_type(const struct run *run)
{
	const struct kube_secret *s = run->secret;
	const char *allowed = run->options.allow_secret_type;
	struct err *err;

	if (strcmp(s->type, "Opaque") == 0 ||
	    (allowed && strcmp(s->type, allowed) == 0))
		return NULL;
	err = err_new(
		KR_EREFUSED,
		"Secret %s/%s is of type %s, which holds no application's key",
		s->ns, s->name, s->type);
	err = err_set_reason(err, "SecretType");
	return err_hint(err, "if it is meant: --allow-secret-type=%s", s->type);
}

static KR_FALLIBLE check_lasting(const struct kube_secret *s)
{
	struct err *err;

	if (s->facts.deleting)
		return err_set_reason(
			err_new(KR_EINVALID,
				"Secret %s/%s is being deleted: what is written to it goes with it",
				s->ns, s->name),
			"BeingDeleted");
	if (!s->facts.immutable)
		return NULL;
	err = err_new(
		KR_EINVALID,
		"Secret %s/%s is immutable: the cluster lets nobody change it",
		s->ns, s->name);
	err = err_set_reason(err, "Immutable");
	return err_hint(
		err,
		"make a new Secret under another name and point the workloads at it; an immutable one can only be deleted");
}

/* --take-ownership is needed where it would not go without. */
static KR_FALLIBLE check_owner(struct run *run, char **out_from)
{
	const char *const *take = run->options.take_ownership;
	kr_cleanup(str_freep) char *from = NULL;
	bool force;
	struct err *err =
		kube_secret_may_take(run->secret, take, &run->force, out_from);

	if (err || !take)
		return err;
	err = kube_secret_may_take(run->secret, NULL, &force, &from);
	if (err)
		run->overrides |= OVERRIDE_OWNERSHIP;
	err_free(err);
	return NULL;
}

/*
 * Said before any key is stored, where it is known that pods have to restart:
 * not of a rotation that wrote there already, nor of a key that is there.
 */
static KR_FALLIBLE check_paused(struct run *run)
{
	const struct kube_secret *s = run->secret;
	const struct secret *given = run->key_source.given;
	char fingerprint[SECRET_FINGERPRINT_LEN] = "";
	struct err *err = NULL;

	if (run->options.no_restart ||
	    (s->facts.owned && str_same(s->facts.rotation, run->rotation)))
		return NULL;
	if (given)
		err = secret_fingerprint(given, fingerprint);
	if (err || !(given || run->options.fresh_key) ||
	    str_same(s->live_fingerprint, fingerprint))
		return err;
	return kube_consumers_choose(run->consumers,
				     kube_access_of(run->options.kube)->context,
				     run->rotation);
}

KR_FALLIBLE step_check(struct run *run)
{
	const struct kube_secret *s = run->secret;
	kr_cleanup(str_freep) char *from = NULL;
	struct err *err = check_tls(run);

	if (err)
		return err;
	if (!s->exists && !run->options.create)
		return not_there(run);
	err = check_paused(run);
	if (!err && record_run_is_kept(run))
		err = record_run_check(run);
	if (err || !s->exists)
		return err;
	err = check_type(run);
	if (!err)
		err = check_lasting(s);
	if (!err && !run->options.target.keyring)
		err = run_check_single(run);
	if (!err)
		err = check_owner(run, &from);
	if (err)
		return err;
	if (!kube_secret_has_entry(s))
		say_new_entry(run);
	/* Of a field that is this program's the tool keeps away: it had its
	 * chance since, and would be its owner. */
	for (size_t i = 0; from && *from && i < s->signs.count; i++)
		run_warn(run, KUBE_SECRET_SIGN_SENTENCE, s->signs.items[i].tool,
			 s->signs.items[i].does);
	if (*from && !run->taken_from)
		run_say(run, "takes entry %s over from %s", s->entry, from);
	run_detail(run, "%s", *from ? from : "nothing stands against it");
	from[text_fit(from, MAX_MANAGERS)] = '\0';
	if (!run->taken_from)
		run->taken_from = take_ptr(&from);
	return NULL;
}
