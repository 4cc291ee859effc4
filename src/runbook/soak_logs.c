/* Forbidden lines in the logs of the pods, since the last look. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "runbook/soak_watch_internal.h"

/* Logs that are asked for side by side. */
#define BATCH	     16
#define MAX_LOG	     (1024 * 1024)
#define OVERLAP_MS   2000
#define MAX_SHOWN    200
#define LOGS_TIMEOUT 20000

struct search {
	struct soak_watch *watch;
	int64_t since_s;
	char *line;
	bool cut; /* a log was longer than is read */
};

static KR_FALLIBLE request_log(const struct search *s,
			       const struct kube_pod *pod,
			       struct kube_request *out, char **out_path)
{
	struct buf query = BUF_INIT(1024);
	kr_cleanup(str_freep) char *text = NULL;

	buf_printf(&query, "sinceSeconds=%lld&limitBytes=%d",
		   (long long)s->since_s, MAX_LOG);
	if (pod->container) {
		buf_puts(&query, "&container=");
		buf_url(&query, pod->container);
	}
	text = buf_take(&query);
	*out_path = text ? kube_path_sub(KIND_POD, s->watch->options.target.ns,
					 pod->name, "log", text)
			 : NULL;
	if (!*out_path)
		return err_no_memory();
	*out = (struct kube_request){ .method = "GET",
				      .path = *out_path,
				      .what = pod->name,
				      .flags = KUBE_TEXT,
				      .timeout_ms = LOGS_TIMEOUT };
	return NULL;
}

static bool is_forbidden(const struct soak_watch *watch, const char *line)
{
	for (size_t i = 0; i < watch->n_forbid; i++)
		if (regexec(&watch->forbid[i], line, 0, NULL, 0) == 0)
			return true;
	return false;
}

static void search_text(struct search *s, const char *pod, struct buf *text)
{
	char *rest = text->data, *line;

	while (rest && !s->line && (line = strsep(&rest, "\n"))) {
		kr_cleanup(str_freep) char *shown = NULL;

		if (!is_forbidden(s->watch, line))
			continue;
		shown = text_clean(line, strlen(line), MAX_SHOWN);
		if (asprintf(&s->line, "pod %s wrote a forbidden line: %s", pod,
			     shown ? shown : "") < 0)
			s->line = NULL;
	}
}

/* A pod that has gone meanwhile has no log: its successor is looked at. */
static KR_FALLIBLE take_log(struct search *s, const struct kube_pod *pod,
			    struct kube_request *r)
{
	if (r->outcome == KUBE_REFUSED && r->status == 404)
		return NULL;
	if (r->err)
		return err_wrap(take_ptr(&r->err), "log of pod %s", pod->name);
	search_text(s, pod->name, &r->text);
	if (!s->line && r->text.len >= MAX_LOG)
		s->cut = true;
	if (s->cut)
		return err_new(KR_ECLUSTER,
			       "the log of pod %s grows faster than it can be "
			       "read",
			       pod->name);
	return NULL;
}

static KR_FALLIBLE search_batch(struct search *s,
				const struct kube_pod *const *pods, size_t n)
{
	struct kube_request requests[BATCH] = { 0 };
	char *paths[BATCH] = { 0 };
	struct err *err = NULL;

	for (size_t i = 0; !err && i < n; i++)
		err = request_log(s, pods[i], &requests[i], &paths[i]);
	if (!err)
		err = kube_batch(s->watch->options.kube, requests, n);
	for (size_t i = 0; !err && i < n; i++)
		err = take_log(s, pods[i], &requests[i]);
	for (size_t i = 0; i < n; i++) {
		kube_request_release(&requests[i]);
		free(paths[i]);
	}
	return err;
}

KR_FALLIBLE soak_logs_search(struct soak_watch *watch,
			     const struct kube_pods *pods, char **out_line)
{
	const struct kube_pod *batch[BATCH];
	int64_t now_ms = clock_boot_ms();
	struct search s = { .watch = watch };
	struct err *err = NULL;
	size_t n = 0;

	s.since_s = (now_ms - watch->looked_ms + OVERLAP_MS + 999) / 1000;
	for (size_t i = 0; !err && !s.line && i < pods->count; i++) {
		const struct kube_pod *pod = &pods->items[i];

		if (!pod->started || pod->consumer == CONSUMER_NONE)
			continue;
		batch[n++] = pod;
		if (n == BATCH) {
			err = search_batch(&s, batch, n);
			n = 0;
		}
	}
	if (!err && !s.line && n)
		err = search_batch(&s, batch, n);
	/* What could not be read is asked for again; what is too long is not.
	 */
	if (!err || s.cut)
		watch->looked_ms = now_ms;
	*out_line = s.line;
	return err;
}
