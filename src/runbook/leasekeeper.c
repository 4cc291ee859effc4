#include "runbook/leasekeeper.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/pool.h"
#include "base/stop.h"

#define LOOK_EVERY_S 2
/* Its round is waited for by who was stopped for longer than Leases last. */
#define LOOK_AGAIN_MS 100
/* So many clusters that do not answer keep no other from being renewed. */
#define AT_ONCE 16

struct lease_keeper {
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop;
	int64_t looked_ms; /* when the last whole round began */
	struct err *lost;  /* owned; the first one, until it is told */
	bool was_lost;	   /* ... and it has been */
	char step[128];	   /* at work; "" while not known */
	struct kube_lease **leases;
	size_t count;
};

/* false once it is to stop. */
static bool wait_a_while(struct lease_keeper *keeper)
{
	struct timespec until;
	bool go_on;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += LOOK_EVERY_S;
	(void)pthread_mutex_lock(&keeper->lock);
	while (!keeper->stop &&
	       pthread_cond_timedwait(&keeper->wake, &keeper->lock, &until) !=
		       ETIMEDOUT)
		continue;
	go_on = !keeper->stop;
	(void)pthread_mutex_unlock(&keeper->lock);
	return go_on;
}

/* One look at all of them. */
struct round {
	struct lease_keeper *keeper;
	char step[128]; /* as it was when the round began */
};

static bool keep_one(void *user, size_t index)
{
	const struct round *round = user;
	struct lease_keeper *keeper = round->keeper;
	struct err *err;
	bool go_on;

	/* The main thread is the one that is told to stop. */
	stop_hold(true);
	err = kube_lease_keep(keeper->leases[index],
			      *round->step ? round->step : NULL);
	(void)pthread_mutex_lock(&keeper->lock);
	if (err_is(err, KR_EHELD) && !keeper->lost)
		keeper->lost = take_ptr(&err);
	go_on = !keeper->stop;
	(void)pthread_mutex_unlock(&keeper->lock);
	err_free(err);
	return go_on;
}

static void *keep(void *user)
{
	struct round round = { .keeper = user };
	struct lease_keeper *keeper = round.keeper;

	stop_hold(true);
	while (wait_a_while(keeper)) {
		int64_t began_ms = clock_boot_ms();

		(void)pthread_mutex_lock(&keeper->lock);
		memcpy(round.step, keeper->step, sizeof(round.step));
		(void)pthread_mutex_unlock(&keeper->lock);
		(void)pool_run(keeper->count, AT_ONCE, keep_one, &round);
		(void)pthread_mutex_lock(&keeper->lock);
		keeper->looked_ms = began_ms;
		(void)pthread_mutex_unlock(&keeper->lock);
	}
	return NULL;
}

KR_FALLIBLE lease_keeper_start(struct kube_lease **take_leases, size_t n,
			       struct lease_keeper **out)
{
	struct lease_keeper *keeper = calloc(1, sizeof(*keeper));

	if (!keeper) {
		for (size_t i = 0; i < n; i++)
			kube_lease_free(take_leases[i]);
		free(take_leases);
		return err_no_memory();
	}
	keeper->leases = take_leases;
	keeper->looked_ms = clock_boot_ms();
	for (size_t i = 0; i < n; i++) {
		int64_t at_ms = kube_lease_renewed_ms(take_leases[i]);

		if (at_ms < keeper->looked_ms)
			keeper->looked_ms = at_ms;
	}
	keeper->count = n;
	(void)pthread_mutex_init(&keeper->lock, NULL);
	(void)pthread_cond_init(&keeper->wake, NULL);
	keeper->running =
		pthread_create(&keeper->thread, NULL, keep, keeper) == 0;
	if (!keeper->running) {
		err_free(lease_keeper_stop(keeper, KUBE_LEASE_UNUSED, NULL));
		return err_new(KR_EUNEXPECTED, "no thread can be started");
	}
	*out = keeper;
	return NULL;
}

KR_FALLIBLE lease_keeper_check(struct lease_keeper *keeper)
{
	struct err *err = NULL;
	bool looked = !keeper;

	while (!err && !looked) {
		(void)pthread_mutex_lock(&keeper->lock);
		err = take_ptr(&keeper->lost);
		/* Of several targets each is told. */
		if (!err && keeper->was_lost)
			err = err_set_reason(
				err_new(KR_EHELD, "the Lease was lost"),
				"LeaseLost");
		keeper->was_lost |= err != NULL;
		looked = clock_boot_ms() - keeper->looked_ms <
			 KUBE_LEASE_DURATION_S * 1000;
		(void)pthread_mutex_unlock(&keeper->lock);
		if (err || looked)
			break;
		clock_sleep_ms(LOOK_AGAIN_MS);
		err = stop_check();
	}
	return err;
}

void lease_keeper_step(struct lease_keeper *keeper, const char *step,
		       const char *environment)
{
	if (!keeper)
		return;
	(void)pthread_mutex_lock(&keeper->lock);
	(void)snprintf(keeper->step, sizeof(keeper->step), "%s%s%s", step,
		       environment ? " " : "", environment ? environment : "");
	(void)pthread_mutex_unlock(&keeper->lock);
}

/* How they are given back. */
struct giving {
	struct lease_keeper *keeper;
	enum kube_lease_end end;
	const char *trace, *step;
	struct err *err; /* owned; the first one */
};

static bool give_back(void *user, size_t index)
{
	struct giving *giving = user;
	struct lease_keeper *keeper = giving->keeper;
	struct err *err = kube_lease_release(keeper->leases[index], giving->end,
					     giving->trace, giving->step);

	(void)pthread_mutex_lock(&keeper->lock);
	if (!giving->err)
		giving->err = take_ptr(&err);
	(void)pthread_mutex_unlock(&keeper->lock);
	err_free(err);
	return true;
}

KR_FALLIBLE lease_keeper_stop(struct lease_keeper *keeper,
			      enum kube_lease_end end, const char *trace)
{
	struct giving giving = { .keeper = keeper, .end = end, .trace = trace };

	if (!keeper)
		return NULL;
	(void)pthread_mutex_lock(&keeper->lock);
	keeper->stop = true;
	(void)pthread_cond_signal(&keeper->wake);
	(void)pthread_mutex_unlock(&keeper->lock);
	if (keeper->running)
		(void)pthread_join(keeper->thread, NULL);
	giving.step = *keeper->step ? keeper->step : NULL;
	(void)pool_run(keeper->count, AT_ONCE, give_back, &giving);
	for (size_t i = 0; i < keeper->count; i++)
		kube_lease_free(keeper->leases[i]);
	free(keeper->leases);
	err_free(keeper->lost);
	(void)pthread_cond_destroy(&keeper->wake);
	(void)pthread_mutex_destroy(&keeper->lock);
	free(keeper);
	return giving.err;
}
