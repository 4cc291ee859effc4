/* The Leases of a rotation: taken, waited for, and given back. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/stop.h"
#include "base/str.h"
#include "runbook/leasekeeper.h"
#include "runbook/rotate.h"

/* How often somebody who is at work is asked about, and talked about. */
#define WAIT_LOOK_MS 2000
#define WAIT_SAY_MS  60000

static void on_wait(void *user, const char *holder, int64_t left_ms)
{
	struct rotate_target *target = user;

	run_say(&target->run,
		"%s holds the Lease; %lld s more without a sign of life and it is taken over",
		holder, (long long)(left_ms + 999) / 1000);
}

/* `user`: this target alone; NULL: all of them. */
static struct err *lock_target(struct rotation *rotation,
			       struct rotate_target *target, const void *user)
{
	char trace[ROTATE_TRACE_LEN];
	const struct kube_lease_request request = {
		.target = &target->run.options.target,
		.rotation = rotation->id,
		.operator_ = target->run.operator_,
		/* Something has begun already, and is seen to go on. */
		.trace = rotation->resumed || *rotation->undone || *rotation->to
				 ? trace
				 : NULL,
		.on_wait = rotation->waited ? NULL : on_wait,
		.user = target,
	};
	struct err *err;

	if (user && user != target)
		return NULL;
	/* Also where a roll-back has nothing to put back: what is open there
	 * is the rotation that it ends. */
	if (target->lease || target->env->bystander)
		return NULL;
	rotation_trace(rotation, trace);
	err = kube_open(target->access, &target->lease_kube);
	if (err)
		return err;
	err = kube_lease_acquire(target->lease_kube, &request, &target->lease,
				 &target->taken_from);
	if (!err && target->taken_from)
		run_warn(
			&target->run,
			"took the Lease over from %s, which gave no sign of life",
			target->taken_from);
	return err;
}

/* From here on the keeper's thread renews them. */
static KR_FALLIBLE hand_over(struct rotation *rotation)
{
	struct kube_lease **leases = NULL;
	size_t n = 0;

	for (size_t i = 0; i < rotation->env_count; i++) {
		struct rotate_env *env = &rotation->envs[i];
		struct kube_lease **grown = reallocarray(
			leases, n + env->count + 1, sizeof(*grown));

		if (!grown) {
			free(leases);
			return err_no_memory();
		}
		leases = grown;
		for (size_t j = 0; j < env->count; j++) {
			if (env->targets[j].lease)
				leases[n++] = take_ptr(&env->targets[j].lease);
		}
	}
	return lease_keeper_start(leases, n, &rotation->keeper);
}

/* Of those that were taken before one could not be had. */
static struct err *give_back(struct rotation *rotation,
			     struct rotate_target *target, const void *user)
{
	(void)rotation;
	(void)user;
	err_free(kube_lease_release(target->lease, KUBE_LEASE_UNUSED, NULL,
				    NULL));
	kube_lease_free(take_ptr(&target->lease));
	return NULL;
}

static struct err *record_takeover(struct rotation *rotation,
				   struct rotate_target *target,
				   const void *user)
{
	char detail[256];
	const struct journal_line line = {
		.event = JOURNAL_TAKEOVER,
		.environment = target->env->name,
		.context = target->context,
		.detail = detail,
	};

	(void)user;
	if (!target->taken_from)
		return NULL;
	(void)snprintf(detail, sizeof(detail), "from %s", target->taken_from);
	return journal_add(rotation->journal, &line);
}

/* Nobody renewed it while others were watched for a sign of life. */
static struct err *keep_target(struct rotation *rotation,
			       struct rotate_target *target, const void *user)
{
	(void)rotation;
	(void)user;
	return target->lease ? kube_lease_keep(target->lease, NULL) : NULL;
}

static const struct rotate_target *first_target(const struct rotation *rotation)
{
	for (size_t i = 0; i < rotation->env_count; i++) {
		const struct rotate_env *env = &rotation->envs[i];

		if (!env->bystander && env->count)
			return &env->targets[0];
	}
	return NULL;
}

/*
 * The first one, then all others side by side: of two who begin at once, one
 * has none, and does not keep from the other what that one waits for.
 */
static KR_FALLIBLE lock_all(struct rotation *rotation)
{
	struct err *err = rotation_for_targets(
		rotation, NULL, false, lock_target, first_target(rotation));

	if (!err)
		err = rotation_for_targets(rotation, NULL, false, lock_target,
					   NULL);
	if (!err)
		err = rotation_for_targets(rotation, NULL, false, keep_target,
					   NULL);
	if (!err)
		err = rotation_for_targets(rotation, NULL, true,
					   record_takeover, NULL);
	if (!err)
		return hand_over(rotation);
	err_free(rotation_for_targets(rotation, NULL, false, give_back, NULL));
	return err;
}

/* What was said of the one who is waited for. */
struct waiting {
	int64_t until_ms; /* -1: no limit */
	int64_t said_ms;
	char *holder, *step;
};

static void waiting_release(struct waiting *waiting)
{
	free(waiting->holder);
	free(waiting->step);
}

/* Of whom, since when, at which step: when that is news, and once a minute. */
static void say_waiting(struct waiting *waiting, struct rotate_target *target)
{
	const struct kube_lease_facts *facts = &target->lease_facts;
	kr_cleanup(str_freep) char *who = kube_lease_holder_text(facts);
	int64_t now = clock_boot_ms();
	char left[CLOCK_SHORT_LEN] = "";

	if (str_equal(waiting->holder, facts->holder) &&
	    str_equal(waiting->step, facts->step) &&
	    now - waiting->said_ms < WAIT_SAY_MS)
		return;
	waiting->said_ms = now;
	(void)str_keep(&waiting->holder, facts->holder);
	(void)str_keep(&waiting->step, facts->step);
	if (waiting->until_ms >= 0)
		clock_short(waiting->until_ms - now, left);
	run_say(&target->run, "waits for %s%s%s%s", who ? who : "the Lease",
		*left ? ", " : "", left, *left ? " more at most" : "");
}

/* *out_held: somebody has one of them. */
static KR_FALLIBLE look_at_holders(struct rotation *rotation,
				   struct waiting *waiting, bool *out_held)
{
	struct err *err = NULL;

	*out_held = false;
	for (size_t i = 0; !err && !*out_held && i < rotation->env_count; i++) {
		struct rotate_env *env = &rotation->envs[i];

		for (size_t j = 0; !err && j < env->count; j++) {
			struct rotate_target *target = &env->targets[j];

			if (env->bystander)
				continue;
			kube_lease_facts_release(&target->lease_facts);
			err = kube_lease_read(target->kube,
					      &target->run.options.target,
					      &target->lease_facts);
			*out_held = !err && target->lease_facts.holder;
			if (*out_held) {
				say_waiting(waiting, target);
				break;
			}
		}
	}
	return err;
}

static struct err *forget_failure(struct rotation *rotation,
				  struct rotate_target *target,
				  const void *user)
{
	(void)rotation;
	(void)user;
	free(take_ptr(&target->failure));
	if (target->progress == PROGRESS_FAILED)
		target->progress = PROGRESS_NOT_BEGUN;
	return NULL;
}

/*
 * Until nobody has any of them, or the holder gave no sign of life for as long
 * as a Lease lasts: then it is tried again, which tells the two apart. Nothing
 * is held meanwhile, so that two who wait do not wait for each other.
 */
static KR_FALLIBLE wait_once(struct rotation *rotation, struct waiting *waiting)
{
	int64_t try_ms = clock_boot_ms() + KUBE_LEASE_DURATION_S * 1000;
	struct err *err = NULL;
	bool held = true;

	while (!err && held) {
		int64_t now = clock_boot_ms();

		err = look_at_holders(rotation, waiting, &held);
		if (err || !held || now >= try_ms ||
		    (waiting->until_ms >= 0 && now >= waiting->until_ms))
			break;
		clock_sleep_ms(WAIT_LOOK_MS);
		err = stop_check();
	}
	return err;
}

static struct err *look_again(struct rotation *rotation,
			      struct rotate_target *target, const void *user)
{
	struct err *err;

	(void)rotation;
	(void)user;
	if (target->env->bystander)
		return NULL;
	err = step_read(&target->run);
	return err ? err : step_check(&target->run);
}

/* What was read before the wait may be another's work by now. */
static KR_FALLIBLE see_anew(struct rotation *rotation)
{
	struct err *err =
		rotation_for_targets(rotation, NULL, false, look_again, NULL);

	if (!err && *rotation->to)
		err = rotate_find_promoted(rotation);
	if (!err && *rotation->undone)
		err = rotate_find_previous(rotation);
	else if (!err && rotation->resumed)
		err = rotation_check_overtaken(rotation);
	return err;
}

KR_FALLIBLE rotate_lock(struct rotation *rotation)
{
	int64_t wait_ms = rotation->options.wait_ms;
	kr_cleanup(waiting_release) struct waiting waiting = { .until_ms = -1 };
	struct err *err;

	if (rotation->keeper)
		return NULL;
	if (wait_ms > 0)
		waiting.until_ms = clock_boot_ms() + wait_ms;
	err = lock_all(rotation);
	while (err_is(err, KR_EHELD) && wait_ms &&
	       (waiting.until_ms < 0 || clock_boot_ms() < waiting.until_ms)) {
		struct err *other;

		rotation->waited = true;
		other = rotation_for_targets(rotation, NULL, true,
					     forget_failure, NULL);
		if (!other)
			other = wait_once(rotation, &waiting);
		err_free(err);
		err = other ? other : lock_all(rotation);
	}
	return err || !rotation->waited ? err : see_anew(rotation);
}

KR_FALLIBLE rotate_release_locks(struct rotation *rotation)
{
	struct result *result = rotation->options.result;
	char trace[ROTATE_TRACE_LEN];
	struct err *err;

	rotation_trace(rotation, trace);
	err = lease_keeper_stop(take_ptr(&rotation->keeper),
				rotation->options.retires ? KUBE_LEASE_UNUSED
				: !rotation->failed	  ? KUBE_LEASE_ENDED
				: rotation->begun	  ? KUBE_LEASE_OPEN
							  : KUBE_LEASE_UNUSED,
				trace);
	/* Others would take it for one that has not ended. */
	if (err && !rotation->failed && !rotation->options.retires) {
		result_warn(
			result,
			"a Lease could not be given back, and still shows this rotation as not ended: %s",
			err_message(err));
		result_next(result, "kubectl keyrot resume");
	}
	err_free(err);
	return NULL;
}
