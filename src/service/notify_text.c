/*
 * What a notification says.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "service/notify_internal.h"

#define MAX_TEXT    ((size_t)16 * 1024)
#define SHORT_PRINT 12 /* digits of a fingerprint that people compare */

const char *notify_event_word(enum notify_event event)
{
	static const char *const words[] = {
		[NOTIFY_START] = "start",
		[NOTIFY_PERSON] = "needs-person",
		[NOTIFY_FAILED] = "failed",
		[NOTIFY_ROLLED_BACK] = "rolled-back",
		[NOTIFY_DONE] = "done",
	};

	return words[event];
}

static const char *headline(enum notify_event event)
{
	static const char *const lines[] = {
		[NOTIFY_START] = "Key rotation started",
		[NOTIFY_PERSON] = "Key rotation WAITS FOR A PERSON",
		[NOTIFY_FAILED] = "Key rotation FAILED",
		[NOTIFY_ROLLED_BACK] = "Key rotation was ROLLED BACK",
		[NOTIFY_DONE] = "Key rotation done",
	};

	return lines[event];
}

static void put_line(struct buf *out, const char *name, const char *value)
{
	if (value)
		buf_printf(out, "\n%s: %s", name, value);
}

/* The same text for every reader of text. */
static void put_text(const struct notify_message *m, struct buf *out)
{
	buf_printf(out, "%s: %s%s%s", headline(m->event), m->rotation,
		   m->service ? " of " : "", m->service ? m->service : "");
	if (m->summary)
		buf_printf(out, "\n%s", m->summary);
	put_line(out, "environment", m->environment);
	put_line(out, "context", m->context);
	put_line(out, "by", m->operator_);
	if (m->fingerprint)
		buf_printf(
			out, "\nkey: %.*s%s%.*s", SHORT_PRINT, m->fingerprint,
			m->previous_fingerprint ? ", before it " : "",
			SHORT_PRINT,
			m->previous_fingerprint ? m->previous_fingerprint : "");
	put_line(out, "reason", m->reason);
	put_line(out, "next", m->next);
	put_line(out, "ledger", m->anchor);
}

/* What the receiver knows it by. Receivers drop what they have seen: id and
 * source together are one event. */
KR_FALLIBLE notify_envelope_fill(const struct notify_message *m,
				 struct notify_envelope *out)
{
	const char *word = notify_event_word(m->event);
	struct notify_envelope e = { 0 };
	char now[CLOCK_RFC3339_LEN];
	bool ok;

	clock_rfc3339(clock_wall_ms(), now);
	ok = (m->id ? asprintf(&e.id, "%s", m->id)
		    : asprintf(&e.id, "%s/%s", m->rotation, word)) >= 0;
	ok = ok && asprintf(&e.source, "https://keyrot.dev/services/%s",
			    m->service ? m->service : "-") >= 0;
	ok = ok && asprintf(&e.type, "dev.keyrot.rotation.%s", word) >= 0;
	e.time = strdup(m->time ? m->time : now);
	e.subject = strdup(m->rotation);
	if (!ok || !e.time || !e.subject) {
		notify_envelope_release(&e);
		return err_no_memory();
	}
	*out = e;
	return NULL;
}

void notify_envelope_release(struct notify_envelope *e)
{
	free(e->id);
	free(e->source);
	free(e->type);
	free(e->time);
	free(e->subject);
	*e = (struct notify_envelope){ 0 };
}

static void fill_data(const struct notify_message *m, const char *text,
		      struct cJSON *document)
{
	char now[CLOCK_RFC3339_LEN];

	clock_rfc3339(clock_wall_ms(), now);
	json_set_str(document, "apiVersion", "keyrot.dev/v1");
	json_set_str(document, "kind", "Notification");
	json_set_str(document, "event", notify_event_word(m->event));
	json_set_str(document, "time", m->time ? m->time : now);
	json_set_str(document, "rotation", m->rotation);
	json_set_str(document, "service", m->service);
	json_set_str(document, "environment", m->environment);
	json_set_str(document, "context", m->context);
	json_set_str(document, "operator", m->operator_);
	json_set_str(document, "fingerprint", m->fingerprint);
	json_set_str(document, "previousFingerprint", m->previous_fingerprint);
	json_set_str(document, "reason", m->reason);
	json_set_str(document, "summary", m->summary);
	json_set_str(document, "next", m->next);
	json_set_str(document, "ledger", m->anchor);
	json_set_str(document, "text", text);
}

KR_FALLIBLE notify_document(const struct notify_message *m,
			    const struct notify_envelope *e, char **out)
{
	kr_cleanup(json_freep) struct cJSON *document = json_object();
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_TEXT);
	struct err *err;

	put_text(m, &text);
	err = buf_check(&text, "a notification");
	if (err)
		return err;
	if (!e) {
		fill_data(m, buf_str(&text), document);
		return json_print(document, out);
	}
	json_set_str(document, "specversion", "1.0");
	json_set_str(document, "id", e->id);
	json_set_str(document, "source", e->source);
	json_set_str(document, "type", e->type);
	json_set_str(document, "subject", e->subject);
	json_set_str(document, "time", e->time);
	json_set_str(document, "datacontenttype", "application/json");
	fill_data(m, buf_str(&text), json_add_object(document, "data"));
	return json_print(document, out);
}

/* Slack reads these three as markup, and "<!channel>" as a shout. */
static void put_escaped(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '&')
			buf_puts(out, "&amp;");
		else if (*text == '<')
			buf_puts(out, "&lt;");
		else if (*text == '>')
			buf_puts(out, "&gt;");
		else
			buf_putc(out, *text);
	}
}

/* What everyone in the channel is to see, also where it is in a thread. */
static bool is_for_all(const struct notify_message *m)
{
	return m->event != NOTIFY_START;
}

KR_FALLIBLE notify_slack(const struct notify_message *m, const char *channel,
			 const char *thread, char **out)
{
	kr_cleanup(json_freep) struct cJSON *body = json_object();
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_TEXT);
	kr_cleanup(buf_release) struct buf safe = BUF_INIT(6 * MAX_TEXT);
	struct err *err;

	put_text(m, &text);
	put_escaped(&safe, buf_str(&text));
	err = buf_check(&text, "a notification");
	if (!err)
		err = buf_check(&safe, "a notification");
	if (err)
		return err;
	if (channel)
		json_set_str(body, "channel", channel);
	json_set_str(body, "text", buf_str(&safe));
	if (thread) {
		json_set_str(body, "thread_ts", thread);
		json_set_bool(body, "reply_broadcast", is_for_all(m));
	}
	json_set_bool(body, "unfurl_links", false);
	json_set_bool(body, "unfurl_media", false);
	return json_print(body, out);
}
