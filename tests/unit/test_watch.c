/* Watch events out of a stream, and what to do when it ends. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "kube/watch.h"
#include "unit.h"

struct seen {
	char text[512];
	const char *fail_at;
};

static struct err *record(void *user, enum watch_change change,
			  const struct cJSON *object)
{
	static const char signs[] = { '+', '~', '-', 'R', 'L' };
	struct seen *seen = user;
	const char *name = json_str_or(object, "metadata.name", "");
	size_t n = strlen(seen->text);

	if (seen->fail_at && strcmp(name, seen->fail_at) == 0)
		return err_new(KR_ENOMEM, "told to fail");
	(void)snprintf(seen->text + n, sizeof(seen->text) - n, "%c%s ",
		       signs[change], name);
	return NULL;
}

static struct kube_watch *open_watch(struct seen *seen)
{
	struct watch_options options = {
		.path = "/api/v1/namespaces/a/pods",
		.version = "100",
		.what = "pods of a",
		.on_change = record,
		.user = seen,
	};
	struct kube_watch *watch = NULL;

	UNIT_OK(kube_watch_new(NULL, &options, &watch));
	return watch;
}

#define EVENT(type, name, version)                                             \
	"{\"type\":\"" type "\",\"object\":{\"kind\":\"Pod\",\"metadata\":"    \
	"{\"name\":\"" name "\",\"resourceVersion\":\"" version "\"}}}\n"

static const char stream[] =
	EVENT("ADDED", "one", "101") EVENT("MODIFIED", "one", "102")
		EVENT("BOOKMARK", "", "150") "\n" EVENT("DELETED", "one", "151")
			EVENT("NEW_TYPE", "x", "152");

static void events_cut_anywhere(void)
{
	for (size_t piece = 1; piece < sizeof(stream); piece += 7) {
		struct seen seen = { .fail_at = NULL };
		kr_cleanup(kube_watch_freep) struct kube_watch *watch =
			open_watch(&seen);
		size_t len = sizeof(stream) - 1;

		if (!watch)
			return;
		UNIT_STR(kube_watch_version(watch), "100");
		for (size_t at = 0; at < len; at += piece)
			UNIT_OK(kube_watch_feed(watch, stream + at,
						len - at < piece ? len - at
								 : piece));
		UNIT_STR(seen.text, "+one ~one -one ");
		UNIT_STR(kube_watch_version(watch), "152");
		CU_ASSERT_FALSE(kube_watch_wants_list(watch));
	}
}

static void expired_asks_for_a_list(void)
{
	static const char *const statuses[] = {
		"{\"code\":410,\"reason\":\"Expired\"}",
		"{\"code\":410,\"reason\":\"Gone\"}",
		"{\"reason\":\"Expired\"}",
	};

	for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
		struct seen seen = { .fail_at = NULL };
		kr_cleanup(kube_watch_freep) struct kube_watch *watch =
			open_watch(&seen);
		char text[256];
		int n = snprintf(text, sizeof(text),
				 "{\"type\":\"ERROR\",\"object\":%s}\n"
				 "{\"type\":\"ADDED\",\"object\":{}}\n",
				 statuses[i]);

		if (!watch)
			return;
		UNIT_OK(kube_watch_feed(watch, text, (size_t)n));
		CU_ASSERT(kube_watch_wants_list(watch));
		/* Nothing that follows an ERROR is believed. */
		UNIT_STR(seen.text, "");
		UNIT_STR(kube_watch_version(watch), "100");
	}
}

static void an_error_of_the_owner_ends_it(void)
{
	struct seen seen = { .fail_at = "one" };
	kr_cleanup(kube_watch_freep) struct kube_watch *watch =
		open_watch(&seen);

	if (watch)
		UNIT_FAILS(kube_watch_feed(watch, stream, sizeof(stream) - 1),
			   KR_ENOMEM, "told to fail");
}

static void one_garbled_line_is_survived(void)
{
	static const char text[] =
		"{\"type\":\"ADDED\",\"obj\n" EVENT("ADDED", "after", "101");
	struct seen seen = { .fail_at = NULL };
	kr_cleanup(kube_watch_freep) struct kube_watch *watch =
		open_watch(&seen);

	if (!watch)
		return;
	UNIT_OK(kube_watch_feed(watch, text, sizeof(text) - 1));
	/* The stream is given up at that line and opened again. */
	UNIT_STR(seen.text, "");
	UNIT_STR(kube_watch_version(watch), "100");
}

static void an_endless_event_is_refused(void)
{
	static char piece[64 * 1024];
	struct seen seen = { .fail_at = NULL };
	kr_cleanup(kube_watch_freep) struct kube_watch *watch =
		open_watch(&seen);
	struct err *err = NULL;
	size_t fed = 0;

	if (!watch)
		return;
	memset(piece, 'x', sizeof(piece));
	while (!err && fed <= KUBE_WATCH_MAX_EVENT) {
		err = kube_watch_feed(watch, piece, sizeof(piece));
		fed += sizeof(piece);
	}
	UNIT_FAILS(err, KR_ECLUSTER, "pods of a");
}

static void goes_on_after_an_end(void)
{
	static const struct {
		const char *name;
		struct watch_end end;
		enum watch_next next;
	} rows[] = {
		{ "closed after its time",
		  { .status = 200, .lived_ms = 60000 },
		  WATCH_AGAIN },
		{ "closed at once after an event",
		  { .status = 200, .lived_ms = 20, .had_event = true },
		  WATCH_AGAIN },
		{ "closed at once",
		  { .status = 200, .lived_ms = 20 },
		  WATCH_AGAIN_LATER },
		{ "cut",
		  { .status = 200, .lived_ms = 9000, .broken = true },
		  WATCH_AGAIN_LATER },
		{ "no answer", { .why = KR_ECLUSTER }, WATCH_AGAIN_LATER },
		{ "silence", { .why = KR_ETIMEOUT }, WATCH_AGAIN_LATER },
		{ "not the server it should be",
		  { .why = KR_EAUTH },
		  WATCH_GIVE_UP },
		{ "410 as a status", { .status = 410 }, WATCH_LIST },
		{ "410 as an event",
		  { .status = 200, .event_code = 410, .lived_ms = 5000 },
		  WATCH_LIST },
		{ "410 again and again",
		  { .status = 200, .event_code = 410, .lived_ms = 10 },
		  WATCH_LIST_LATER },
		{ "500 as an event",
		  { .status = 200, .event_code = 500, .lived_ms = 5000 },
		  WATCH_LIST_LATER },
		{ "403 as an event",
		  { .status = 200, .event_code = 403 },
		  WATCH_GIVE_UP },
		{ "401", { .status = 401 }, WATCH_RENEW },
		{ "401 with fresh credentials",
		  { .status = 401, .renewed = true },
		  WATCH_GIVE_UP },
		{ "403", { .status = 403 }, WATCH_GIVE_UP },
		{ "404", { .status = 404 }, WATCH_GIVE_UP },
		{ "400", { .status = 400 }, WATCH_GIVE_UP },
		{ "429", { .status = 429 }, WATCH_AGAIN_LATER },
		{ "500", { .status = 500 }, WATCH_AGAIN_LATER },
		{ "503", { .status = 503 }, WATCH_AGAIN_LATER },
		{ "redirected", { .status = 302 }, WATCH_GIVE_UP },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		enum watch_next next = kube_watch_after(&rows[i].end);

		if (next != rows[i].next)
			printf("\n    %s: %d\n", rows[i].name, (int)next);
		CU_ASSERT_EQUAL(next, rows[i].next);
	}
}

const struct unit_suite unit_watch = {
	.tests = { { "events cut anywhere", events_cut_anywhere },
		   { "expired asks for a list", expired_asks_for_a_list },
		   { "an error of the owner ends it",
		     an_error_of_the_owner_ends_it },
		   { "one garbled line is survived",
		     one_garbled_line_is_survived },
		   { "an endless event is refused",
		     an_endless_event_is_refused },
		   { "goes on after an end", goes_on_after_an_end } },
};
