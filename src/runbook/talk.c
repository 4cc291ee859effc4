/* One terminal, several targets: the reporter under a lock. */
#include <pthread.h>
#include <string.h>

#include "runbook/run.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock;

/* Recursive: a step that talks may be inside a call that does. */
static void make_lock(void)
{
	pthread_mutexattr_t how;

	(void)pthread_mutexattr_init(&how);
	(void)pthread_mutexattr_settype(&how, PTHREAD_MUTEX_RECURSIVE);
	(void)pthread_mutex_init(&lock, &how);
	(void)pthread_mutexattr_destroy(&how);
}

void run_talk_begin(void)
{
	(void)pthread_once(&once, make_lock);
	(void)pthread_mutex_lock(&lock);
}

void run_talk_end(void)
{
	(void)pthread_mutex_unlock(&lock);
}

static void locked_plan(void *user, const struct report_step *steps, size_t n)
{
	const struct reporter *inner = user;

	run_talk_begin();
	if (inner->plan)
		inner->plan(inner->user, steps, n);
	run_talk_end();
}

static void locked_step(void *user, const struct report_step *step)
{
	const struct reporter *inner = user;

	run_talk_begin();
	if (inner->step)
		inner->step(inner->user, step);
	run_talk_end();
}

static void locked_workload(void *user, const struct report_workload *workload)
{
	const struct reporter *inner = user;

	run_talk_begin();
	if (inner->workload)
		inner->workload(inner->user, workload);
	run_talk_end();
}

static void locked_message(void *user, enum report_level level,
			   const char *text)
{
	const struct reporter *inner = user;

	run_talk_begin();
	if (inner->message)
		inner->message(inner->user, level, text);
	run_talk_end();
}

static void locked_log_line(void *user, const char *pod, const char *container,
			    const char *line)
{
	const struct reporter *inner = user;

	run_talk_begin();
	if (inner->log_line)
		inner->log_line(inner->user, pod, container, line);
	run_talk_end();
}

static void locked_soak(void *user, const struct report_soak *soak)
{
	const struct reporter *inner = user;

	run_talk_begin();
	if (inner->soak)
		inner->soak(inner->user, soak);
	run_talk_end();
}

static void locked_tick(void *user)
{
	const struct reporter *inner = user;

	run_talk_begin();
	if (inner->tick)
		inner->tick(inner->user);
	run_talk_end();
}

struct reporter run_talk_reporter(const struct reporter *inner)
{
	struct reporter locked = {
		.plan = locked_plan,
		.step = locked_step,
		.workload = locked_workload,
		.message = locked_message,
		.log_line = locked_log_line,
		.soak = locked_soak,
		.tick = locked_tick,
	};

	/* Its own functions only read it. */
	memcpy(&locked.user, &inner, sizeof(inner));
	return locked;
}
