/*
 * The program's threads: each has a box, and waits in it for its turn. What
 * they wait for among themselves, too, is asked of the world.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seam.h"

/* clang-format off */
int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __real_pthread_join(pthread_t, void **);
int __real_pthread_mutex_lock(pthread_mutex_t *);
int __wrap_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __wrap_pthread_join(pthread_t, void **);
int __wrap_pthread_mutex_lock(pthread_mutex_t *);
int __wrap_pthread_cond_timedwait(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
int __wrap_pthread_cond_signal(pthread_cond_t *);
/* clang-format on */

/* Threads of this process, to be joined. */
static struct {
	pthread_t thread;
	int box;
	int64_t serial;
} threads[SIM_BOXES];
static size_t thread_count;

struct begin {
	void *(*run)(void *);
	void *user;
	int box;
};

static void *begin(void *user)
{
	struct begin how = *(struct begin *)user;
	void *result;

	free(user);
	sim_box_take(how.box);
	(void)sim_turn_await(&sim_shared->boxes[how.box], 1, 0);
	result = how.run(how.user);
	sim_box()->kind = SIM_ENDED;
	sim_turn_give(&sim_shared->boxes[how.box], 0);
	return result;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			  void *(*run)(void *), void *user)
{
	struct begin *how = malloc(sizeof(*how));
	struct sim_box *box;
	int err;

	if (!how)
		return EAGAIN;
	box = sim_box();
	sim_ask(SIM_THREAD);
	*how = (struct begin){ run, user, (int)box->n[0] };
	if (how->box < 0 || thread_count == SIM_BOXES) {
		free(how);
		return EAGAIN;
	}
	threads[thread_count].box = how->box;
	threads[thread_count].serial = box->n[1];
	err = __real_pthread_create(thread, attr, begin, how);
	if (err) {
		(void)fprintf(stderr, "simulator: no thread\n");
		abort();
	}
	threads[thread_count++].thread = *thread;
	return 0;
}

int __wrap_pthread_join(pthread_t thread, void **out)
{
	struct sim_box *box;

	for (size_t i = 0; i < thread_count; i++) {
		if (!pthread_equal(threads[i].thread, thread))
			continue;
		box = sim_box();
		box->n[0] = threads[i].box;
		box->n[1] = threads[i].serial;
		threads[i] = threads[--thread_count];
		sim_ask(SIM_JOIN);
		break;
	}
	return __real_pthread_join(thread, out);
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *lock)
{
	int err;

	if (sim_operator < 0 || !sim_box_is_there())
		return __real_pthread_mutex_lock(lock);
	while ((err = pthread_mutex_trylock(lock)) == EBUSY) {
		(void)sim_box();
		sim_ask(SIM_LOCK);
	}
	return err;
}

/* In the world nothing is waited for: it looks again by itself. */
int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
				  const struct timespec *until)
{
	struct sim_box *box;

	if (sim_operator < 0)
		return ETIMEDOUT;
	(void)pthread_mutex_unlock(lock);
	box = sim_box();
	box->n[0] = (int64_t)(intptr_t)cond;
	box->n[1] = (int64_t)until->tv_sec * 1000 + until->tv_nsec / 1000000 -
		    SIM_BEGIN_MS;
	sim_ask(SIM_WAIT);
	(void)__wrap_pthread_mutex_lock(lock);
	return box->n[0] ? 0 : ETIMEDOUT;
}

int __wrap_pthread_cond_signal(pthread_cond_t *cond)
{
	if (sim_operator < 0)
		return 0;
	sim_box()->n[0] = (int64_t)(intptr_t)cond;
	sim_ask(SIM_SIGNAL);
	return 0;
}
