#include "ui/summary.h"

#include <ctype.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/columns.h"
#include "base/json.h"
#include "base/text.h"
#include "ui/term.h"

#define SHORT_FINGERPRINT 12
#define MANY_TARGETS	  6
#define LINE_MAX_BYTES	  4096
#define TEXT_MAX_BYTES	  ((size_t)16 * 1024 * 1024)
#define INDENT		  4

/* What came from elsewhere, without anything that drives a terminal. */
static void put_foreign(struct buf *out, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");
		kr_cleanup(str_freep) char *clean =
			text_clean(text, n, LINE_MAX_BYTES);

		buf_puts(out, clean ? clean : "?");
		text += n;
		if (*text && *++text)
			buf_puts(out, "\n  ");
	}
}

/* A fingerprint as people compare it: its first digits. */
static int short_len(const char *fingerprint)
{
	size_t n = strlen(fingerprint);

	return (int)(n < SHORT_FINGERPRINT ? n : SHORT_FINGERPRINT);
}

static void print_key(struct buf *out, const struct cJSON *target)
{
	const char *now = json_str(target, "fingerprint");
	const char *before = json_str(target, "previousFingerprint");
	const struct cJSON *changed = json_at(target, "changed");

	buf_puts(out, "  key       ");
	if (!now)
		buf_puts(out, "not known");
	else
		buf_printf(out, "%.*s", short_len(now), now);
	if (cJSON_IsFalse(changed))
		buf_puts(out, ", not changed");
	else if (cJSON_IsTrue(changed) && before)
		buf_printf(out, ", was %.*s", short_len(before), before);
	else if (cJSON_IsTrue(changed))
		buf_puts(out, ", new");
	buf_puts(out, "\n");
}

static size_t count_on_key(const struct cJSON *consumer, const char *key,
			   size_t *out_unknown)
{
	const struct cJSON *pod;
	size_t n = 0;

	*out_unknown = 0;
	cJSON_ArrayForEach (pod, json_at(consumer, "pods")) {
		const char *fingerprint = json_str(pod, "fingerprint");

		if (!fingerprint)
			(*out_unknown)++;
		else if (key && strcmp(key, fingerprint) == 0)
			n++;
	}
	return n;
}

static void print_consumer(struct buf *out, const struct cJSON *consumer,
			   const char *key)
{
	const char *kind = json_str_or(consumer, "kind", "");
	long long desired = json_int(consumer, "desired", -1);
	long long ready = json_int(consumer, "ready", -1);
	long long old = json_int(consumer, "old", 0);
	size_t unknown, pods = json_length(json_at(consumer, "pods"));
	size_t on_key = count_on_key(consumer, key, &unknown);

	buf_puts(out, "  ");
	for (; *kind; kind++)
		buf_printf(out, "%c", tolower((unsigned char)*kind));
	buf_printf(out, "/%s  ", json_str_or(consumer, "name", ""));
	if (desired >= 0 && ready >= 0)
		buf_printf(out, "%lld/%lld ready", ready, desired);
	else if (json_bool(consumer, "restarted", false))
		buf_puts(out, "restarted, not followed");
	else
		buf_puts(out, "state not known");
	if (pods)
		buf_printf(out, ", %zu of %zu pods on this key", on_key, pods);
	if (unknown)
		buf_printf(out, ", %zu not known", unknown);
	if (old > 0)
		buf_printf(out, ", %lld old pod%s left", old,
			   old == 1 ? "" : "s");
	if (cJSON_IsFalse(json_at(consumer, "restarted")))
		buf_puts(out, ", not restarted");
	buf_puts(out, "\n");
}

static void print_mixed(struct buf *out, const struct cJSON *mixed)
{
	char took[CLOCK_SHORT_LEN];
	long long pods = json_int(mixed, "pods", 0);

	if (pods <= 0)
		return;
	clock_short(json_int(mixed, "ms", 0), took);
	buf_printf(
		out,
		"  mixed     %s%s: at most %lld pod%s on the key before, beside this one\n",
		took, json_bool(mixed, "over", false) ? "" : " so far", pods,
		pods == 1 ? "" : "s");
}

static void print_target(struct buf *out, const struct cJSON *target)
{
	const char *context = json_str(target, "context");
	const char *state = json_str(target, "state");
	const struct cJSON *consumer;

	buf_printf(out, "secret/%s in %s", json_str_or(target, "secret", "?"),
		   json_str_or(target, "namespace", "?"));
	if (context && *context)
		buf_printf(out, " (%s)", context);
	buf_printf(out, ", entry %s\n", json_str_or(target, "entry", "?"));
	if (state) {
		buf_puts(out, "  ");
		put_foreign(out, state);
		buf_puts(out, "\n");
	}
	print_key(out, target);
	print_mixed(out, json_at(target, "mixedKeys"));
	cJSON_ArrayForEach (consumer, json_at(target, "consumers")) {
		print_consumer(out, consumer, json_str(target, "fingerprint"));
	}
}

static void print_store(struct buf *out, const struct cJSON *store)
{
	const char *entry = json_str(store, "entry");
	const char *previous = json_str(store, "previousEntry");

	buf_printf(
		out, "store %s\n",
		json_str_or(store, "where", json_str_or(store, "type", "?")));
	if (entry)
		buf_printf(out, "  this key  %s%s\n", entry,
			   json_bool(store, "proved", false)
				   ? ", read back"
				   : ", not proved to be stored");
	if (previous)
		buf_printf(out, "  before    %s\n", previous);
}

/* One of many that nothing is to be said of, in a line. */
static void print_row(struct buf *out, const struct cJSON *target)
{
	const char *key = json_str(target, "fingerprint");
	const struct cJSON *consumer;
	long long desired = 0, ready = 0;

	cJSON_ArrayForEach (consumer, json_at(target, "consumers")) {
		desired += json_int(consumer, "desired", 0);
		ready += json_int(consumer, "ready", 0);
	}
	buf_printf(out, "%-9s  %s/%s  key %.*s  %lld/%lld ready\n",
		   json_str_or(target, "progress", ""),
		   json_str_or(target, "context", ""),
		   json_str_or(target, "namespace", "?"),
		   key ? short_len(key) : 1, key ? key : "-", ready, desired);
}

static bool needs_a_look(const struct cJSON *target)
{
	const char *progress = json_str_or(target, "progress", "failed");

	return strcmp(progress, "failed") == 0 ||
	       strcmp(progress, "begun") == 0;
}

/* On a terminal lines end between words. */
static void print(struct out *out, const struct buf *text)
{
	kr_cleanup(buf_release) struct buf lines = BUF_INIT(TEXT_MAX_BYTES);

	columns_wrap(&lines, buf_str(text), term_width(out->fd), 0, INDENT);
	out_text(out, buf_str(&lines), lines.len);
}

static void write_state(struct buf *out, const struct cJSON *document)
{
	const struct cJSON *target, *store = json_at(document, "store");
	bool many = json_length(json_at(document, "targets")) > MANY_TARGETS;

	cJSON_ArrayForEach (target, json_at(document, "targets")) {
		if (!many || needs_a_look(target))
			print_target(out, target);
		else
			print_row(out, target);
	}
	if (cJSON_IsObject(store))
		print_store(out, store);
}

void summary_state(struct out *out, const struct cJSON *document)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(TEXT_MAX_BYTES);

	write_state(&text, document);
	print(out, &text);
}

void summary_next(struct out *out, const struct cJSON *document)
{
	const char *hint = json_str(document, "hint");
	const struct cJSON *next;
	const char *label = "next: ";

	/* Commands are copied: their lines are the terminal's to break. */
	if (hint)
		out_printf(out, "hint: %s\n", hint);
	cJSON_ArrayForEach (next, json_at(document, "next")) {
		if (!cJSON_IsString(next))
			continue;
		out_printf(out, "%s%s\n", label, next->valuestring);
		label = "      ";
	}
}

void summary_failure(struct out *out, const struct cJSON *document)
{
	const char *outcome = json_str_or(document, "outcome", "failed");
	kr_cleanup(buf_release) struct buf text = BUF_INIT(TEXT_MAX_BYTES);

	buf_puts(&text, "error: ");
	put_foreign(&text, json_str_or(document, "message", "?"));
	buf_puts(&text, "\n");
	if (json_length(json_at(document, "targets")) > 0) {
		buf_puts(&text, "\n");
		write_state(&text, document);
		buf_puts(&text, "\n");
	} else if (strcmp(outcome, "interrupted") == 0) {
		buf_puts(&text, "Nothing was changed.\n");
	}
	print(out, &text);
	summary_next(out, document);
}
