#include "kube/watch.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "net/lines.h"

#define BACKOFF_FIRST_MS 800
/* Somebody sits before it: a server that is back is seen within 16 s. */
#define BACKOFF_MAX_MS 8000
/* A stream that lives shorter and says nothing has failed. */
#define SHORT_LIFE_MS  1000
#define TIMEOUT_MIN_S  60
#define TIMEOUT_SPAN_S 61
/* The server closes by itself; silence past that is a dead connection. */
#define SILENCE_GRACE_MS 15000
/* Events in a row that are no JSON: the peer is no API server. */
#define GARBLED_MAX 5

struct kube_watch {
	struct kube *kube;
	char *path, *query, *what;
	char *version;
	watch_on_change *on_change;
	void *user;

	struct kube_stream *stream;
	struct lines lines;
	struct err *failed; /* met inside a callback; owned */
	struct err *lost;   /* why there is no answer; owned */
	int64_t lost_ms;    /* since when; 0: there is one */
	int64_t opened_ms;
	int64_t due_ms; /* when to open next, while there is no stream */
	int64_t backoff_ms;
	int garbled;
	long event_code; /* of an ERROR event on this stream */
	bool had_event;
	bool bad_event;
	bool renewed;
	bool list_first;
};

/* Spreads clients that lost the same server; no secret depends on it. */
static int64_t jitter(int64_t span)
{
	uint64_t mixed = (uint64_t)clock_boot_ms() * 6364136223846793005u;

	return span > 0 ? (int64_t)((mixed >> 33) % (uint64_t)span) : 0;
}

static struct err *take_error_event(struct kube_watch *w,
				    const struct cJSON *status)
{
	w->event_code = (long)json_int(status, "code", 500);
	/* 1.17 and older say Gone. */
	if (str_equal(json_str(status, "reason"), "Expired") ||
	    str_equal(json_str(status, "reason"), "Gone"))
		w->event_code = 410;
	return NULL;
}

static struct err *take_event(struct kube_watch *w, const struct cJSON *event)
{
	static const struct {
		const char *type;
		enum watch_change change;
	} types[] = { { "ADDED", WATCH_ADDED },
		      { "MODIFIED", WATCH_MODIFIED },
		      { "DELETED", WATCH_DELETED } };
	const char *type = json_str_or(event, "type", "");
	const struct cJSON *object = json_member(event, "object");
	const char *version = json_str(object, "metadata.resourceVersion");

	if (strcmp(type, "ERROR") == 0)
		return take_error_event(w, object);
	if (version && !str_keep(&w->version, version))
		return err_no_memory();
	w->had_event = true;
	w->garbled = 0;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (strcmp(type, types[i].type) == 0)
			return w->on_change(w->user, types[i].change, object);
	}
	/* BOOKMARK: a version and nothing else. Types to come are skipped. */
	return NULL;
}

static struct err *on_line(void *user, const char *line, size_t len)
{
	struct kube_watch *w = user;
	kr_cleanup(json_freep) struct cJSON *event = NULL;
	struct err *err;

	if (len == 0 || w->event_code || w->bad_event)
		return NULL;
	err = json_parse(line, len, &event);
	if (!err)
		return take_event(w, event);
	w->bad_event = true;
	if (++w->garbled < GARBLED_MAX) {
		err_free(err);
		return NULL;
	}
	return err_as(err_wrap(err, "watch %s", w->what), KR_ECLUSTER);
}

KR_FALLIBLE kube_watch_feed(struct kube_watch *w, const char *data, size_t len)
{
	struct err *err = lines_feed(&w->lines, data, len);

	return err_is(err, KR_ECLUSTER) ? err_wrap(err, "watch %s", w->what)
					: err;
}

/* Called while the stream is driven: an error is kept for the next step. */
static bool on_data(void *user, const char *data, size_t len)
{
	struct kube_watch *w = user;

	if (!w->failed)
		w->failed = kube_watch_feed(w, data, len);
	return !w->failed && !w->event_code && !w->bad_event;
}

KR_FALLIBLE kube_watch_new(struct kube *kube,
			   const struct watch_options *options,
			   struct kube_watch **out)
{
	kr_cleanup(kube_watch_freep) struct kube_watch *w =
		calloc(1, sizeof(*w));

	if (!w)
		return err_no_memory();
	w->kube = kube;
	w->on_change = options->on_change;
	w->user = options->user;
	w->list_first = options->version == NULL;
	lines_init(&w->lines, KUBE_WATCH_MAX_EVENT, 0, on_line, w);
	if (!str_keep(&w->path, options->path) ||
	    !str_keep(&w->query, options->query ? options->query : "") ||
	    !str_keep(&w->version, options->version) ||
	    !str_keep(&w->what, options->what ? options->what : options->path))
		return err_no_memory();
	*out = take_ptr(&w);
	return NULL;
}

void kube_watch_free(struct kube_watch *w)
{
	if (!w)
		return;
	kube_stream_close(w->stream);
	lines_release(&w->lines);
	err_free(w->failed);
	err_free(w->lost);
	free(w->path);
	free(w->query);
	free(w->what);
	free(w->version);
	free(w);
}

const char *kube_watch_version(const struct kube_watch *w)
{
	return w->version;
}

bool kube_watch_wants_list(const struct kube_watch *w)
{
	return w->event_code == 410 || w->list_first;
}

int64_t kube_watch_due_ms(const struct kube_watch *w)
{
	if (w->stream)
		return kube_stream_over(w->stream) ? 0 : DEADLINE_NEVER;
	return w->due_ms;
}

static struct err *on_listed(void *user, const struct cJSON *item)
{
	struct kube_watch *w = user;

	return w->on_change(w->user, WATCH_ADDED, item);
}

/* Tried again later; since when nothing came is remembered. */
static void lose(struct kube_watch *w, struct err *take_err)
{
	int64_t base = w->backoff_ms ? w->backoff_ms : BACKOFF_FIRST_MS;

	w->due_ms = deadline_in_ms(base + jitter(base));
	w->backoff_ms = base * 2 < BACKOFF_MAX_MS ? base * 2 : BACKOFF_MAX_MS;
	if (!w->lost_ms)
		w->lost_ms = clock_boot_ms();
	err_free(w->lost);
	w->lost = take_err;
}

static void found(struct kube_watch *w)
{
	w->lost_ms = 0;
	err_free(take_ptr(&w->lost));
}

static bool is_heard(const struct kube_watch *w)
{
	return w->stream && kube_stream_status(w->stream) / 100 == 2;
}

int64_t kube_watch_lost_ms(const struct kube_watch *w, const char **out_why)
{
	*out_why = w->lost ? err_message(w->lost) : NULL;
	if (is_heard(w))
		return 0;
	/* Before the first answer: since the question. */
	return w->lost_ms || !w->stream ? w->lost_ms : w->opened_ms;
}

static bool may_pass(const struct err *err)
{
	return err_is(err, KR_ECLUSTER) || err_is(err, KR_ETIMEOUT);
}

static struct err *list_again(struct kube_watch *w)
{
	char *version = NULL;
	struct err *err;

	err = w->on_change(w->user, WATCH_RESET, NULL);
	if (!err)
		err = kube_list(w->kube, w->path, w->query, 0, on_listed, w,
				&version);
	if (may_pass(err)) {
		lose(w, err);
		return NULL;
	}
	if (err)
		return err_wrap(err, "list %s", w->what);
	found(w);
	free(w->version);
	w->version = version;
	w->list_first = false;
	return w->on_change(w->user, WATCH_LISTED, NULL);
}

static struct err *open_stream(struct kube_watch *w)
{
	int64_t timeout_s = TIMEOUT_MIN_S + jitter(TIMEOUT_SPAN_S);
	struct buf path = BUF_INIT(8192);
	struct err *err;

	buf_printf(&path,
		   "%s?watch=true&allowWatchBookmarks=true"
		   "&timeoutSeconds=%lld&resourceVersion=",
		   w->path, (long long)timeout_s);
	buf_url(&path, w->version);
	if (*w->query)
		buf_printf(&path, "&%s", w->query);
	err = buf_check(&path, "the path of a watch");
	lines_reset(&w->lines);
	w->event_code = 0;
	w->had_event = false;
	w->bad_event = false;
	w->opened_ms = clock_boot_ms();
	if (!err)
		err = kube_stream_open(w->kube, buf_str(&path), on_data, w,
				       timeout_s * 1000 + SILENCE_GRACE_MS,
				       &w->stream);
	buf_release(&path);
	if (may_pass(err)) {
		lose(w, err);
		return NULL;
	}
	return err_wrap(err, "watch %s", w->what);
}

static enum watch_next after_status(long status, bool renewed)
{
	if (status == 410)
		return WATCH_LIST;
	if (status == 401 && !renewed)
		return WATCH_RENEW;
	if (status == 429 || status >= 500)
		return WATCH_AGAIN_LATER;
	return WATCH_GIVE_UP;
}

enum watch_next kube_watch_after(const struct watch_end *end)
{
	if (end->status == 0) {
		if (end->why == KR_ECLUSTER || end->why == KR_ETIMEOUT)
			return WATCH_AGAIN_LATER;
		return WATCH_GIVE_UP;
	}
	if (end->status < 200 || end->status > 299)
		return after_status(end->status, end->renewed);
	if (end->event_code == 410)
		return end->lived_ms < SHORT_LIFE_MS && !end->had_event
			       ? WATCH_LIST_LATER
			       : WATCH_LIST;
	if (end->event_code == 401 || end->event_code == 403)
		return WATCH_GIVE_UP;
	if (end->event_code)
		return WATCH_LIST_LATER;
	if (end->broken)
		return WATCH_AGAIN_LATER;
	if (end->lived_ms < SHORT_LIFE_MS && !end->had_event)
		return WATCH_AGAIN_LATER;
	return WATCH_AGAIN;
}

static struct err *gave_up(struct kube_watch *w, struct err *take_err)
{
	long status = kube_stream_status(w->stream);

	if (!take_err && w->event_code)
		status = w->event_code;
	if (!take_err)
		take_err = err_new(status == 401   ? KR_EAUTH
				   : status == 403 ? KR_EFORBIDDEN
				   : status == 404 ? KR_ENOTFOUND
						   : KR_ECLUSTER,
				   "the API server answered %ld", status);
	return err_wrap(take_err, "watch %s", w->what);
}

/* Looks at a stream that is over and decides how to go on. */
static struct err *finish(struct kube_watch *w)
{
	struct err *err = kube_stream_error(w->stream);
	struct watch_end end = {
		.status = kube_stream_status(w->stream),
		.broken = err != NULL || w->bad_event,
		.why = err ? err_kind(err) : KR_ECLUSTER,
		.event_code = w->event_code,
		.had_event = w->had_event,
		.renewed = w->renewed,
		.lived_ms = clock_boot_ms() - w->opened_ms,
	};
	enum watch_next next = kube_watch_after(&end);

	if (err_is(err, KR_EINTERRUPTED))
		return err;
	if (next == WATCH_GIVE_UP)
		return gave_up(w, err);
	if (is_heard(w))
		found(w);
	kube_stream_close(take_ptr(&w->stream));
	w->renewed = next == WATCH_RENEW;
	w->list_first = next == WATCH_LIST || next == WATCH_LIST_LATER;
	if (w->had_event)
		w->backoff_ms = 0;
	w->due_ms = 0;
	if (next == WATCH_AGAIN_LATER || next == WATCH_LIST_LATER)
		lose(w, err);
	else
		err_free(err);
	return NULL;
}

KR_FALLIBLE kube_watch_step(struct kube_watch *w)
{
	struct err *err = NULL;

	if (w->failed)
		return take_ptr(&w->failed);
	if (w->stream && kube_stream_over(w->stream))
		err = finish(w);
	if (!err && !w->stream && deadline_over(w->due_ms) && w->list_first)
		err = list_again(w);
	if (!err && !w->stream && deadline_over(w->due_ms) && !w->list_first)
		err = open_stream(w);
	return err;
}

KR_FALLIBLE kube_watches_drive(struct kube *kube,
			       struct kube_watch *const *watches, size_t n,
			       int64_t deadline_ms)
{
	bool streaming = false;

	for (size_t i = 0; i < n; i++) {
		struct err *err = kube_watch_step(watches[i]);
		int64_t due = kube_watch_due_ms(watches[i]);

		if (err)
			return err;
		if (due < deadline_ms)
			deadline_ms = due;
		streaming |= watches[i]->stream != NULL;
	}
	if (streaming)
		return kube_drive(kube, deadline_ms);
	clock_sleep_ms(deadline_left_ms(deadline_ms));
	return NULL;
}
