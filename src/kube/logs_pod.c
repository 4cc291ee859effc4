/* One pod's log: followed through cuts, and judged line by line. */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "kube/logs_internal.h"

/* A line that cannot be searched whole fails the pod: the gate has not seen
 * it. Runtimes cut lines at 16 KiB and kubelets join them again. */
#define LINE_MAX_BYTES (256 * 1024)
#define SHOWN_MAX      4096
/* A first line can be stamped a moment before the start is. */
#define START_MARGIN_MS 5000
#define CATCH_UP_BYTES	"4194304"
#define PAUSE_FIRST_MS	500
#define PAUSE_MAX_MS	5000
/* Proxies close streams that are silent; then it is opened again. */
#define SILENCE_MS (5 * 60 * 1000)

static void end(struct logs_reader *r, enum logs_state state)
{
	if (r->over)
		return;
	r->result.state = state;
	r->over = true;
}

static struct err *end_with(struct logs_reader *r, enum logs_state state,
			    const char *message)
{
	if (!r->over && !str_keep(&r->result.message, message))
		return err_no_memory();
	end(r, state);
	return NULL;
}

/* RFC 3339 with nanoseconds in front of each line (`timestamps=true`). */
static const char *skip_stamp(const char *line, size_t *out_len)
{
	const char *space = strchr(line, ' ');
	char stamp[sizeof(((struct logs_reader *)0)->last_stamp)];
	int64_t ms;
	size_t n = space ? (size_t)(space - line) : strlen(line);

	*out_len = 0;
	if (n >= sizeof(stamp) || n < sizeof("2026-11-22T10:00:00Z") - 1)
		return line;
	memcpy(stamp, line, n);
	stamp[n] = '\0';
	if (!clock_parse_rfc3339(stamp, &ms))
		return line;
	*out_len = n;
	return space ? space + 1 : line + n;
}

/* Whether the line came before the log was cut, and so was seen. Stamps need
 * not be in order: only the first lines of a log that is read on are asked. */
static bool was_seen(struct logs_reader *r, const char *stamp, size_t n)
{
	int order = 1;

	if (r->resuming && n && strlen(r->last_stamp) == n)
		order = strncmp(stamp, r->last_stamp, n);
	/* The last line comes again, and perhaps others of the same moment:
	 * they are judged, and not counted. */
	if (order > 0)
		r->resuming = false;
	r->result.lines += order > 0;
	if (!r->resuming && n) {
		memcpy(r->last_stamp, stamp, n);
		r->last_stamp[n] = '\0';
	}
	return order < 0;
}

static struct err *show(struct logs_reader *r, const char *line, size_t len)
{
	char *clean;

	if (!r->options->on_match)
		return NULL;
	clean = text_clean(line, len, SHOWN_MAX);
	if (!clean)
		return err_no_memory();
	r->options->on_match(r->options->user, r->result.pod,
			     r->result.container, clean);
	free(clean);
	return NULL;
}

static struct err *match(struct logs_reader *r, const char *line, size_t len)
{
	const struct logs_options *o = r->options;
	bool shown = false;

	for (size_t i = 0; i < o->forbid_count; i++) {
		struct err *err;

		if (regexec(&r->patterns->forbid[i], line, 0, NULL, 0) != 0)
			continue;
		err = show(r, line, len);
		return err ? err : end_with(r, LOGS_FORBIDDEN, o->forbid[i]);
	}
	for (size_t i = 0; i < o->expect_count; i++) {
		if (r->met[i] ||
		    regexec(&r->patterns->expect[i], line, 0, NULL, 0) != 0)
			continue;
		r->met[i] = true;
		r->result.seen++;
		shown = true;
	}
	return shown ? show(r, line, len) : NULL;
}

static struct err *on_line(void *user, const char *line, size_t len)
{
	struct logs_reader *r = user;
	size_t stamp;
	const char *text = skip_stamp(line, &stamp);

	if (r->over || was_seen(r, line, stamp))
		return NULL;
	len -= (size_t)(text - line);
	if (r->options->holds_key &&
	    r->options->holds_key(r->options->user, text, len)) {
		end(r, LOGS_KEY);
		return NULL;
	}
	return match(r, text, len);
}

KR_FALLIBLE logs_reader_feed(struct logs_reader *r, const char *data,
			     size_t len)
{
	struct err *err = lines_feed(&r->lines, data, len);

	r->was_read = true;
	if (!err_is(err, KR_ECLUSTER))
		return err;
	err_free(err);
	return end_with(r, LOGS_UNREADABLE,
			"a line is too long to be searched");
}

static bool on_data(void *user, const char *data, size_t len)
{
	struct logs_reader *r = user;

	if (!r->failed)
		r->failed = logs_reader_feed(r, data, len);
	return !r->failed && !r->over;
}

KR_FALLIBLE logs_reader_init(struct logs_reader *r, struct kube *kube,
			     const struct kube_pod *pod,
			     const struct logs_options *options,
			     const struct logs_patterns *patterns)
{
	*r = (struct logs_reader){
		.kube = kube,
		.options = options,
		.patterns = patterns,
		.pod = pod,
		.result = { .pod = pod->name, .restarts = pod->restarts },
		.restarts_before = pod->restarts,
	};
	lines_init(&r->lines, LINE_MAX_BYTES, 0, on_line, r);
	r->met = calloc(options->expect_count + 1, sizeof(*r->met));
	if (!r->met || !str_keep(&r->result.container, pod->container))
		return err_no_memory();
	return NULL;
}

/* From the start of the container, or from the last line that was seen. The
 * times are the cluster's own. */
static void put_since(struct buf *query, const struct logs_reader *r)
{
	char since[CLOCK_RFC3339_LEN];

	if (*r->last_stamp) {
		buf_puts(query, "&sinceTime=");
		buf_url(query, r->last_stamp);
	} else if (r->options->since_ms > 0) {
		buf_printf(query, "&sinceSeconds=%lld",
			   (long long)(r->options->since_ms + 999) / 1000);
	} else if (r->pod->started_ms) {
		clock_rfc3339(r->pod->started_ms - START_MARGIN_MS, since);
		buf_puts(query, "&sinceTime=");
		buf_url(query, since);
	}
}

/* malloc'd; `extra` is the rest of the query. */
static struct err *log_path(const struct logs_reader *r, const char *extra,
			    char **out)
{
	struct buf query = BUF_INIT(2048);
	struct err *err;

	buf_printf(&query, "%s&timestamps=true", extra);
	if (r->result.container) {
		buf_puts(&query, "&container=");
		buf_url(&query, r->result.container);
	}
	put_since(&query, r);
	err = buf_check(&query, "the path of a log");
	if (!err) {
		*out = kube_path_sub(KIND_POD, r->options->ns, r->pod->name,
				     "log", buf_str(&query));
		if (!*out)
			err = err_no_memory();
	}
	buf_release(&query);
	return err;
}

static struct err *open_stream(struct logs_reader *r)
{
	kr_cleanup(str_freep) char *path = NULL;
	struct err *err = log_path(r, "follow=true", &path);

	if (err)
		return err;
	lines_reset(&r->lines);
	r->resuming = *r->last_stamp != '\0';
	r->opened_ms = clock_boot_ms();
	return err_wrap(kube_stream_open(r->kube, path, on_data, r, SILENCE_MS,
					 &r->stream),
			"log of pod %s", r->pod->name);
}

KR_FALLIBLE logs_reader_catch_up(struct logs_reader *r)
{
	kr_cleanup(str_freep) char *path = NULL;
	struct kube_request request = {
		.method = "GET",
		.what = "the log of a pod",
		.flags = KUBE_TEXT,
	};
	struct err *err = log_path(r, "limitBytes=" CATCH_UP_BYTES, &path);

	if (err)
		return err;
	request.path = path;
	lines_reset(&r->lines);
	r->resuming = *r->last_stamp != '\0';
	err = kube_do(r->kube, &request);
	if (err_is(err, KR_EINTERRUPTED) || err_is(err, KR_ENOMEM))
		return err;
	if (!err && request.text.len)
		err = logs_reader_feed(r, request.text.data, request.text.len);
	/* 204: it is not scheduled, there is no log yet. */
	if (!err && request.status == 200)
		r->was_read = true;
	if (err)
		(void)str_keep(&r->result.message, err_message(err));
	err_free(err);
	kube_request_release(&request);
	return NULL;
}

static void back_off(struct logs_reader *r)
{
	r->pause_ms = r->pause_ms ? r->pause_ms * 2 : PAUSE_FIRST_MS;
	if (r->pause_ms > PAUSE_MAX_MS)
		r->pause_ms = PAUSE_MAX_MS;
	r->due_ms = deadline_in_ms(r->pause_ms);
}

/*
 * A log that ended: the container did, or the way to it. The pod itself is
 * looked at from time to time by the one who drives; here it is opened again.
 */
static struct err *finish(struct logs_reader *r)
{
	struct err *err = kube_stream_error(r->stream);
	long status = kube_stream_status(r->stream);

	kube_stream_close(take_ptr(&r->stream));
	if (err_is(err, KR_EFORBIDDEN) || err_is(err, KR_EINTERRUPTED) ||
	    (err_is(err, KR_EAUTH) && r->pause_ms))
		return err_wrap(err, "log of pod %s", r->pod->name);
	/* 404: the pod is gone; the next look says so. 400: it has not
	 * started. 5xx: no way to its node at the moment. */
	if (err && !str_keep(&r->result.message, err_message(err))) {
		err_free(err);
		return err_no_memory();
	}
	if (!err) {
		err = lines_end(&r->lines);
		if (err)
			return err;
		if (status == 200)
			r->was_read = true;
		(void)str_keep(&r->result.message, NULL);
		r->pause_ms = 0;
	}
	err_free(err);
	back_off(r);
	return NULL;
}

static bool all_met(const struct logs_reader *r)
{
	return r->options->expect_count &&
	       r->result.seen == r->options->expect_count;
}

KR_FALLIBLE logs_reader_step(struct logs_reader *r)
{
	struct err *err = NULL;

	if (r->failed)
		return take_ptr(&r->failed);
	if (!r->over && all_met(r))
		end(r, LOGS_PASSED);
	if (r->over) {
		logs_reader_stop(r);
		return NULL;
	}
	if (r->stream && kube_stream_over(r->stream))
		err = finish(r);
	if (!err && !r->stream && deadline_over(r->due_ms))
		err = open_stream(r);
	return err;
}

KR_FALLIBLE logs_reader_look(struct logs_reader *r, const struct cJSON *object)
{
	const struct cJSON *c =
		json_first(json_at(object, "status.containerStatuses"));
	int restarts = 0;

	if (!object ||
	    !str_equal(json_str(object, "metadata.uid"), r->pod->uid))
		return end_with(r, LOGS_GONE, "the pod is gone");
	if (json_str(object, "metadata.deletionTimestamp"))
		return end_with(r, LOGS_GONE, "the pod is being deleted");
	for (; c; c = json_next(c)) {
		int n = (int)json_int(c, "restartCount", 0);

		if (n > restarts)
			restarts = n;
	}
	r->result.restarts = restarts;
	if (restarts - r->restarts_before > r->options->max_restarts)
		return end_with(r, LOGS_RESTARTED,
				"a container restarted meanwhile");
	return NULL;
}

void logs_reader_stop(struct logs_reader *r)
{
	kube_stream_close(take_ptr(&r->stream));
}

void logs_reader_release(struct logs_reader *r)
{
	logs_reader_stop(r);
	lines_release(&r->lines);
	err_free(r->failed);
	r->failed = NULL;
	free(r->met);
	r->met = NULL;
}
