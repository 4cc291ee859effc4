#include "kube/logs.h"

#include <string.h>

#include "base/clock.h"
#include "base/stop.h"
#include "base/str.h"
#include "kube/logs_internal.h"

#define TICK_MS 250
/* How often the pods themselves are looked at: for restarts and deletions. */
#define LOOK_EVERY_MS 5000
/* Logs followed at the same time: over HTTP/1.1 each takes a connection. Where
 * there are more pods, they take turns. */
#define OPEN_MAX     12
#define TURN_MS	     1000
#define LOOK_AT_ONCE 32

static struct err *compile(const char *pattern, regex_t *out)
{
	char why[128];
	int code = regcomp(out, pattern, REG_EXTENDED | REG_NOSUB);

	if (code == 0)
		return NULL;
	(void)regerror(code, out, why, sizeof(why));
	return err_new(KR_ECONFIG, "pattern \"%.200s\": %s", pattern, why);
}

KR_FALLIBLE kube_logs_check_pattern(const char *pattern)
{
	regex_t compiled;
	struct err *err = compile(pattern, &compiled);

	if (!err)
		regfree(&compiled);
	return err;
}

KR_FALLIBLE logs_patterns_compile(const struct logs_options *options,
				  struct logs_patterns *out)
{
	struct logs_patterns p = {
		.expect = calloc(options->expect_count + 1, sizeof(*p.expect)),
		.forbid = calloc(options->forbid_count + 1, sizeof(*p.forbid)),
	};
	struct err *err = NULL;

	if (!p.expect || !p.forbid)
		err = err_no_memory();
	for (size_t i = 0; !err && i < options->expect_count; i++) {
		err = compile(options->expect[i], &p.expect[i]);
		p.expect_count += err == NULL;
	}
	for (size_t i = 0; !err && i < options->forbid_count; i++) {
		err = compile(options->forbid[i], &p.forbid[i]);
		p.forbid_count += err == NULL;
	}
	if (err) {
		logs_patterns_release(&p);
		return err;
	}
	*out = p;
	return NULL;
}

void logs_patterns_release(struct logs_patterns *p)
{
	for (size_t i = 0; i < p->expect_count; i++)
		regfree(&p->expect[i]);
	for (size_t i = 0; i < p->forbid_count; i++)
		regfree(&p->forbid[i]);
	free(p->expect);
	free(p->forbid);
	*p = (struct logs_patterns){ 0 };
}

/* All pods of one call. */
struct verifying {
	struct kube *kube;
	const struct logs_options *options;
	struct logs_patterns patterns;
	struct logs_reader *readers;
	size_t count;
	int64_t deadline_ms;
	int64_t look_ms; /* when the pods are looked at next */
	/* Whose turn it is, and the one after the last that was opened. */
	size_t next, opened;
};

static size_t count_left(const struct verifying *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->count; i++)
		n += !v->readers[i].over;
	return n;
}

static size_t count_open(const struct verifying *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->count; i++)
		n += v->readers[i].stream != NULL;
	return n;
}

/* Ends the turn of a log that was followed for long, if others wait. */
static void end_turns(struct verifying *v)
{
	int64_t now = clock_boot_ms();

	if (count_left(v) <= OPEN_MAX)
		return;
	for (size_t i = 0; i < v->count; i++) {
		struct logs_reader *r = &v->readers[i];

		if (r->stream && now - r->opened_ms >= TURN_MS)
			logs_reader_stop(r);
	}
}

/* Steps all that may be open, beginning where the last round ended; *out_due
 * is when the next one wants to be stepped. */
static struct err *step_all(struct verifying *v, int64_t *out_due)
{
	size_t open;

	end_turns(v);
	open = count_open(v);
	for (size_t i = 0; i < v->count; i++) {
		struct logs_reader *r = &v->readers[(v->next + i) % v->count];
		bool was_open = r->stream != NULL;
		struct err *err;

		if (!was_open && !r->over && open >= OPEN_MAX)
			continue;
		err = logs_reader_step(r);
		if (err)
			return err;
		if (!was_open && r->stream) {
			open++;
			v->opened = (v->next + i) % v->count + 1;
		}
		if (!r->over && !r->stream && r->due_ms < *out_due)
			*out_due = r->due_ms;
	}
	v->next = v->opened;
	return NULL;
}

static struct err *take_look(struct logs_reader *r,
			     struct kube_request *request)
{
	if (!request->err)
		return logs_reader_look(r, request->object);
	if (err_is(request->err, KR_ENOTFOUND))
		return logs_reader_look(r, NULL);
	/* Not to be had at the moment: the next look tells. */
	if (err_is(request->err, KR_ECLUSTER) ||
	    err_is(request->err, KR_ETIMEOUT))
		return NULL;
	return take_ptr(&request->err);
}

/* Reads the pods of some readers that are not over, from *at on. */
static struct err *look_at_some(struct verifying *v, size_t *at)
{
	struct kube_request requests[LOOK_AT_ONCE] = { 0 };
	struct logs_reader *readers[LOOK_AT_ONCE];
	char *paths[LOOK_AT_ONCE] = { 0 };
	struct err *err = NULL;
	size_t n = 0;

	for (; !err && n < LOOK_AT_ONCE && *at < v->count; ++*at) {
		struct logs_reader *r = &v->readers[*at];

		if (r->over && r->result.state != LOGS_PASSED)
			continue;
		readers[n] = r;
		paths[n] = kube_path(KIND_POD, v->options->ns, r->pod->name);
		if (!paths[n])
			err = err_no_memory();
		requests[n] = (struct kube_request){
			.method = "GET",
			.path = paths[n],
			.what = "a pod",
		};
		n++;
	}
	if (!err && n)
		err = kube_batch(v->kube, requests, n);
	for (size_t i = 0; i < n; i++) {
		if (!err)
			err = take_look(readers[i], &requests[i]);
		kube_request_release(&requests[i]);
		free(paths[i]);
	}
	return err;
}

static struct err *look_at_all(struct verifying *v)
{
	struct err *err = NULL;
	size_t at = 0;

	while (!err && at < v->count)
		err = look_at_some(v, &at);
	v->look_ms = deadline_in_ms(LOOK_EVERY_MS);
	return err;
}

static struct err *follow(struct verifying *v)
{
	while (!deadline_over(v->deadline_ms)) {
		int64_t wake = deadline_in_ms(TICK_MS);
		struct err *err = stop_check();

		if (!err)
			err = step_all(v, &wake);
		if (err)
			return err;
		if (count_left(v) == 0)
			return NULL;
		if (v->options->on_tick)
			v->options->on_tick(v->options->user);
		if (v->deadline_ms < wake)
			wake = v->deadline_ms;
		err = kube_drive(v->kube, wake);
		if (!err && deadline_over(v->look_ms))
			err = look_at_all(v);
		if (err)
			return err;
	}
	return NULL;
}

/* The time is over: what was not said in it, and what could not be read. */
static void settle(struct verifying *v, struct logs_result *out)
{
	out->passed = v->count > 0;
	for (size_t i = 0; i < v->count; i++) {
		struct logs_reader *r = &v->readers[i];

		logs_reader_stop(r);
		if (!r->over)
			r->result.state =
				!r->was_read ? LOGS_UNREADABLE
				: r->result.seen < v->options->expect_count
					? LOGS_WAITING
					: LOGS_PASSED;
		out->passed &= r->result.state == LOGS_PASSED;
		out->pods[i] = r->result;
		r->result = (struct logs_pod_result){ 0 };
	}
	out->count = v->count;
}

/* It said all that it should, and was let go. */
static bool is_met(const struct logs_reader *r)
{
	return r->options->expect_count &&
	       r->result.seen == r->options->expect_count;
}

static struct err *verify(struct verifying *v,
			  const struct kube_pod *const *pods, size_t n,
			  struct logs_result *out)
{
	struct err *err = logs_patterns_compile(v->options, &v->patterns);

	for (size_t i = 0; !err && i < n; i++, v->count++)
		err = logs_reader_init(&v->readers[i], v->kube, pods[i],
				       v->options, &v->patterns);
	if (!err)
		err = follow(v);
	/* A restart between the last look and the end is still one. */
	for (size_t i = 0; !err && i < v->count; i++) {
		if (v->readers[i].over &&
		    v->readers[i].result.state == LOGS_PASSED)
			v->readers[i].over = false;
	}
	if (!err)
		err = look_at_all(v);
	/* A kubelet that has no line to send sends no answer to a follower,
	 * and who is not followed now may have lines that nobody saw. */
	for (size_t i = 0; !err && i < v->count; i++) {
		struct logs_reader *r = &v->readers[i];

		if (!r->over && (!r->stream || !r->was_read) && !is_met(r))
			err = logs_reader_catch_up(r);
	}
	if (!err)
		settle(v, out);
	return err;
}

KR_FALLIBLE kube_logs_verify(struct kube *kube,
			     const struct kube_pod *const *pods, size_t n,
			     const struct logs_options *options,
			     struct logs_result *out)
{
	struct verifying v = {
		.kube = kube,
		.options = options,
		.readers = calloc(n + 1, sizeof(*v.readers)),
		.deadline_ms = deadline_in_ms(options->within_ms),
		.look_ms = deadline_in_ms(LOOK_EVERY_MS),
	};
	struct logs_result result = {
		.pods = calloc(n + 1, sizeof(*result.pods)),
	};
	struct err *err;

	if (v.readers && result.pods)
		err = verify(&v, pods, n, &result);
	else
		err = err_no_memory();
	for (size_t i = 0; i < v.count; i++) {
		free(v.readers[i].result.container);
		free(v.readers[i].result.message);
		logs_reader_release(&v.readers[i]);
	}
	free(v.readers);
	logs_patterns_release(&v.patterns);
	if (err) {
		logs_result_release(&result);
		return err;
	}
	*out = result;
	return NULL;
}

void logs_result_release(struct logs_result *result)
{
	for (size_t i = 0; i < result->count; i++) {
		free(result->pods[i].container);
		free(result->pods[i].message);
	}
	free(result->pods);
	*result = (struct logs_result){ 0 };
}

const char *logs_state_name(enum logs_state state)
{
	static const char *const names[] = {
		[LOGS_WAITING] = "Waiting",	  [LOGS_PASSED] = "Passed",
		[LOGS_FORBIDDEN] = "Forbidden",	  [LOGS_KEY] = "KeyInLog",
		[LOGS_RESTARTED] = "Restarted",	  [LOGS_GONE] = "Gone",
		[LOGS_UNREADABLE] = "Unreadable",
	};

	return names[state];
}

const char *logs_fault(enum logs_state state)
{
	static const char *const faults[] = {
		[LOGS_WAITING] = "did not log what was expected in time",
		[LOGS_PASSED] = "passed",
		[LOGS_FORBIDDEN] = "logged what is forbidden",
		[LOGS_KEY] = "logged key material",
		[LOGS_RESTARTED] = "restarted a container",
		[LOGS_GONE] = "is gone",
		[LOGS_UNREADABLE] = "has a log that cannot be read",
	};

	return faults[state];
}
