/* Why a rollout failed: events, and the last lines of a log. */
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "kube/rollout_internal.h"
#include "net/lines.h"

#define TAIL_LINES  "20"
#define TAIL_BYTES  "65536"
#define LINE_MAX_   4096
#define MESSAGE_MAX 300

struct newest {
	const char *only_reason;
	char *at;
	char *text;
};

/* Events keep their newest time in one of three places (core/v1 Event). */
static const char *time_of(const struct cJSON *event)
{
	const char *at = json_str(event, "lastTimestamp");

	if (!at)
		at = json_str(event, "eventTime");
	return at ? at : json_str_or(event, "metadata.creationTimestamp", "");
}

static struct err *take_event(void *user, const struct cJSON *event)
{
	struct newest *newest = user;
	const char *reason = json_str_or(event, "reason", "");
	const char *message = json_str_or(event, "message", "");
	const char *at = time_of(event);
	struct buf text = BUF_INIT(64 * 1024);

	if (newest->only_reason && strcmp(reason, newest->only_reason) != 0)
		return NULL;
	/* RFC 3339 in UTC: later is greater. */
	if (newest->at && strcmp(at, newest->at) < 0)
		return NULL;
	if (!newest->only_reason)
		buf_printf(&text, "%s: ", reason);
	buf_puts(&text, message);
	free(newest->text);
	newest->text = text_clean(buf_str(&text), text.len, MESSAGE_MAX);
	buf_release(&text);
	if (!newest->text || !str_keep(&newest->at, at))
		return err_no_memory();
	return NULL;
}

KR_FALLIBLE rollout_warning(struct rollout *r, const char *kind,
			    const char *name, const char *only_reason,
			    char **out)
{
	kr_cleanup(str_freep) char *path =
		kube_path(KIND_EVENT, r->c->ns, NULL);
	struct newest newest = { .only_reason = only_reason };
	struct buf query = BUF_INIT(1024);
	struct err *err;

	buf_puts(&query, "fieldSelector=");
	buf_url(&query, "type=Warning,involvedObject.kind=");
	buf_url(&query, kind);
	buf_url(&query, ",involvedObject.name=");
	buf_url(&query, name);
	err = buf_check(&query, "a selector");
	if (!err && !path)
		err = err_no_memory();
	if (!err)
		err = kube_list(r->kube, path, buf_str(&query), 0, take_event,
				&newest, NULL);
	buf_release(&query);
	free(newest.at);
	/* Who may not read events is told the rest all the same. */
	if (err_is(err, KR_EFORBIDDEN) || err_is(err, KR_ENOTFOUND)) {
		err_free(err);
		err = NULL;
	}
	if (err)
		free(newest.text);
	else
		*out = newest.text;
	return err;
}

struct tail {
	kube_line_filter *filter;
	kube_on_log_line *on_line;
	void *user;
	const char *pod, *container;
	size_t lines;
};

static struct err *take_line(void *user, const char *line, size_t len)
{
	struct tail *tail = user;
	char *clean;

	if (tail->filter && !tail->filter(tail->user, line, len))
		return NULL;
	clean = text_clean(line, len, LINE_MAX_);
	if (!clean)
		return err_no_memory();
	tail->lines++;
	tail->on_line(tail->user, tail->pod, tail->container, clean);
	free(clean);
	return NULL;
}

static struct err *read_tail(struct rollout *r, bool previous,
			     struct tail *tail)
{
	struct buf query = BUF_INIT(1024);
	struct kube_request request = {
		.method = "GET",
		.what = "the log of a pod",
		.flags = KUBE_TEXT,
	};
	kr_cleanup(str_freep) char *path = NULL;
	struct lines lines;
	struct err *err;

	buf_puts(&query, "tailLines=" TAIL_LINES "&limitBytes=" TAIL_BYTES);
	if (tail->container) {
		buf_puts(&query, "&container=");
		buf_url(&query, tail->container);
	}
	if (previous)
		buf_puts(&query, "&previous=true");
	path = kube_path_sub(KIND_POD, r->c->ns, tail->pod, "log",
			     buf_str(&query));
	buf_release(&query);
	if (!path)
		return err_no_memory();
	request.path = path;
	lines_init(&lines, LINE_MAX_, LINES_CUT, take_line, tail);
	err = kube_do(r->kube, &request);
	if (!err)
		err = lines_feed(&lines, buf_str(&request.text),
				 request.text.len);
	if (!err)
		err = lines_end(&lines);
	lines_release(&lines);
	kube_request_release(&request);
	return err;
}

static const struct kube_pod *find_pod(const struct rollout *r,
				       const char *name)
{
	for (size_t i = 0; i < r->c->pods.count; i++) {
		if (strcmp(r->c->pods.items[i].name, name) == 0)
			return &r->c->pods.items[i];
	}
	return NULL;
}

KR_FALLIBLE rollout_last_lines(struct rollout *r, size_t index,
			       kube_line_filter *filter,
			       kube_on_log_line *on_line, void *user)
{
	const struct follow *f = &r->follows[index];
	const struct kube_pod *pod = NULL;
	struct tail tail = { filter, on_line, user, NULL, NULL, 0 };
	kr_cleanup(str_freep) char *container = NULL;
	struct err *err;

	if (index >= r->count || !f->pod)
		return NULL;
	pod = find_pod(r, f->pod);
	tail.pod = f->pod;
	/* Copied: while the log is read, an event may replace the pod. */
	if (f->container || (pod && pod->container)) {
		container =
			strdup(f->container ? f->container : pod->container);
		if (!container)
			return err_no_memory();
	}
	tail.container = container;
	err = read_tail(r, true, &tail);
	/* "previous terminated container not found": it runs its first time */
	if (err_is(err, KR_EINVALID) || (!err && !tail.lines)) {
		err_free(err);
		err = read_tail(r, false, &tail);
	}
	/* Nothing was ever written: waiting for an image, pod deleted. */
	if (err_is(err, KR_EINVALID) || err_is(err, KR_ENOTFOUND)) {
		err_free(err);
		err = NULL;
	}
	return err;
}
