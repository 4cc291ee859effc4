#include "fault.h"

#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fault {
	struct fault_hit hit;
	char *cluster; /* NULL: any */
	char *method;
	char *pattern;
	regex_t path;
	long at;   /* 0: any index */
	long skip; /* matches to let pass first */
	long times;
	long hits;
	bool armed;	   /* a connection fault met its request */
	int64_t refuse_ms; /* refusing since */
	struct fault *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct fault *faults;

static const struct {
	const char *name;
	enum fault_kind kind;
	long number; /* status code, or default milliseconds */
} names[] = {
	{ "409a", FAULT_CONFLICT, 409 },
	{ "409b", FAULT_STALE, 409 },
	{ "conflict", FAULT_CONFLICT, 409 },
	{ "stale", FAULT_STALE, 409 },
	{ "echo", FAULT_ECHO, 422 },
	{ "gateway", FAULT_GATEWAY, 502 },
	{ "html", FAULT_HTML, 200 },
	{ "expired-token", FAULT_EXPIRED, 401 },
	{ "delay", FAULT_DELAY, 1000 },
	{ "hang", FAULT_HANG, 600000 },
	{ "reset-first", FAULT_RESET_FIRST, 0 },
	{ "reset-read", FAULT_RESET_READ, 0 },
	{ "reset-applied", FAULT_RESET_DONE, 0 },
	{ "eof", FAULT_EOF, 0 },
	{ "cut", FAULT_CUT, 0 },
	{ "truncated", FAULT_TRUNCATED, 0 },
	{ "wrong-kind", FAULT_WRONG_KIND, 0 },
	{ "wrong-uid", FAULT_WRONG_UID, 0 },
	{ "wrong-name", FAULT_WRONG_NAME, 0 },
	{ "slow", FAULT_SLOW, 200 },
	{ "endless", FAULT_ENDLESS, 0 },
	{ "bad-tls", FAULT_BAD_TLS, 0 },
	{ "refuse", FAULT_REFUSE, 1000 },
	{ "watch-cut", FAULT_WATCH_CUT, 0 },
	{ "watch-end", FAULT_WATCH_END, 0 },
	{ "watch-410", FAULT_WATCH_GONE, 0 },
	{ "watch-500", FAULT_WATCH_ERROR, 0 },
	{ "watch-split", FAULT_WATCH_SPLIT, 2 },
	{ "watch-stall", FAULT_WATCH_STALL, 600000 },
};

static bool kind_read(const char *name, struct fault_hit *hit)
{
	size_t i;

	snprintf(hit->name, sizeof(hit->name), "%s", name);
	if (strlen(name) == 3 && strspn(name, "0123456789") == 3) {
		hit->kind = FAULT_STATUS;
		hit->code = atoi(name);
		return true;
	}
	for (i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(names[i].name, name) != 0)
			continue;
		hit->kind = names[i].kind;
		hit->code = (int)names[i].number;
		hit->ms = names[i].number;
		return true;
	}
	return false;
}

static bool applied_by_default(enum fault_kind kind)
{
	return kind == FAULT_RESET_DONE || kind == FAULT_CUT ||
	       kind == FAULT_TRUNCATED || kind == FAULT_WRONG_KIND ||
	       kind == FAULT_WRONG_UID || kind == FAULT_WRONG_NAME ||
	       kind == FAULT_SLOW;
}

static void fault_free(struct fault *fault)
{
	if (fault->pattern)
		regfree(&fault->path);
	free(fault->cluster);
	free(fault->method);
	free(fault->pattern);
	free(fault);
}

static char *copy_text(const cJSON *spec, const char *name)
{
	const char *text = json_text(spec, name);

	return text ? xstrdup(text) : NULL;
}

static const char *fault_new(const cJSON *spec, struct fault **out)
{
	struct fault *fault = xcalloc(1, sizeof(*fault));
	const char *kind = json_text(spec, "kind");
	const char *pid_file = json_text(spec, "pidFile");
	const cJSON *applied = json_get(spec, "applied");

	if (!kind || !kind_read(kind, &fault->hit)) {
		free(fault);
		return "unknown kind";
	}
	fault->cluster = copy_text(spec, "cluster");
	fault->method = copy_text(spec, "method");
	fault->pattern = copy_text(spec, "path");
	if (fault->pattern &&
	    regcomp(&fault->path, fault->pattern, REG_EXTENDED | REG_NOSUB)) {
		free(fault->pattern);
		fault->pattern = NULL;
		fault_free(fault);
		return "path is no regular expression";
	}
	fault->at = json_long(spec, 0, "at");
	fault->skip = json_long(spec, 0, "skip");
	fault->times = json_long(spec, 1, "times");
	fault->hit.ms = json_long(spec, fault->hit.ms, "ms");
	fault->hit.code = (int)json_long(spec, fault->hit.code, "code");
	fault->hit.retry_after = json_long(spec, -1, "retryAfter");
	snprintf(fault->hit.pid_file, sizeof(fault->hit.pid_file), "%s",
		 pid_file ? pid_file : "");
	fault->hit.date = str_eq(json_text(spec, "retryAfter"), "date");
	fault->hit.applied = applied ? json_true(applied)
				     : applied_by_default(fault->hit.kind);
	*out = fault;
	return NULL;
}

const char *fault_add(const cJSON *spec)
{
	const cJSON *one = cJSON_IsArray(spec) ? spec->child : spec;

	for (; one; one = cJSON_IsArray(spec) ? one->next : NULL) {
		struct fault *fault = NULL, **end;
		const char *why = fault_new(one, &fault);

		if (why)
			return why;
		pthread_mutex_lock(&lock);
		for (end = &faults; *end; end = &(*end)->next)
			;
		*end = fault;
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

void fault_clear(void)
{
	pthread_mutex_lock(&lock);
	while (faults) {
		struct fault *next = faults->next;

		fault_free(faults);
		faults = next;
	}
	pthread_mutex_unlock(&lock);
}

cJSON *fault_dump(void)
{
	cJSON *list = cJSON_CreateArray();
	const struct fault *at;

	pthread_mutex_lock(&lock);
	for (at = faults; at; at = at->next) {
		cJSON *row = cJSON_CreateObject();

		json_put_text(row, "kind", at->hit.name);
		json_put_long(row, "at", at->at);
		json_put_long(row, "times", at->times);
		json_put_long(row, "hits", at->hits);
		cJSON_AddItemToArray(list, row);
	}
	pthread_mutex_unlock(&lock);
	return list;
}

static bool is_connection(enum fault_kind kind)
{
	return kind == FAULT_BAD_TLS || kind == FAULT_REFUSE;
}

static bool spent(const struct fault *fault)
{
	return fault->times >= 0 && fault->hits >= fault->times;
}

static bool is_watch(enum fault_kind kind)
{
	return kind >= FAULT_WATCH_CUT;
}

static bool matches(struct fault *fault, const struct request *req,
		    const char *uri, bool watch)
{
	if (spent(fault) || fault->armed ||
	    (fault->cluster && !str_eq(fault->cluster, req->cluster->name)) ||
	    (fault->method && !str_eq(fault->method, req->method)) ||
	    (fault->pattern && regexec(&fault->path, uri, 0, NULL, 0) != 0))
		return false;
	/* A fault of watches waits for the first one from "at" on. */
	if (is_watch(fault->hit.kind))
		return watch && req->index >= fault->at;
	return !fault->at || req->index == fault->at;
}

bool fault_take(const struct request *req, const char *uri, bool watch,
		struct fault_hit *out)
{
	struct fault *at;
	bool hit = false;

	pthread_mutex_lock(&lock);
	for (at = faults; at && !hit; at = at->next) {
		if (!matches(at, req, uri, watch))
			continue;
		if (at->skip > 0) {
			at->skip--;
			continue;
		}
		hit = true;
		*out = at->hit;
		if (is_connection(at->hit.kind))
			at->armed = true;
		else
			at->hits++;
	}
	pthread_mutex_unlock(&lock);
	return hit;
}

/* A connection fault is due once its request came, or would come next. */
static bool due(const struct fault *fault, enum fault_kind kind,
		const struct cluster *cl, long index)
{
	if (fault->hit.kind != kind || spent(fault) ||
	    (fault->cluster && !str_eq(fault->cluster, cl->name)))
		return false;
	return fault->armed ||
	       (!fault->method && !fault->pattern && index >= fault->at);
}

bool fault_take_connection(const struct cluster *cl, long index)
{
	struct fault *at;
	bool hit = false;

	pthread_mutex_lock(&lock);
	for (at = faults; at && !hit; at = at->next) {
		if (!due(at, FAULT_BAD_TLS, cl, index))
			continue;
		at->hits++;
		hit = true;
	}
	pthread_mutex_unlock(&lock);
	return hit;
}

bool fault_refusing(const struct cluster *cl, long index)
{
	struct fault *at;
	bool hit = false;

	pthread_mutex_lock(&lock);
	for (at = faults; at && !hit; at = at->next) {
		if (!due(at, FAULT_REFUSE, cl, index))
			continue;
		if (!at->refuse_ms)
			at->refuse_ms = now_ms();
		hit = at->hit.ms <= 0 || now_ms() < at->refuse_ms + at->hit.ms;
		if (!hit)
			at->hits = at->times;
	}
	pthread_mutex_unlock(&lock);
	return hit;
}
