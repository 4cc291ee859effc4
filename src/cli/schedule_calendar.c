/* schedule ics, schedule caldav: the reminder as an event. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/ledgerfile.h"
#include "cli/schedule.h"
#include "cli/target.h"
#include "service/caldav.h"
#include "service/calendar.h"

#define DAY_MS	     ((int64_t)24 * 60 * 60 * 1000)
#define MAX_CALENDAR ((size_t)64 * 1024)
#define MAX_CA	     ((size_t)1024 * 1024)

struct reminder {
	struct calendar_event event;
	char *uid, *summary, *description;
};

static void reminder_release(struct reminder *r)
{
	free(r->uid);
	free(r->summary);
	free(r->description);
}

/* From --start, or from the last rotation; nobody is asked for the former. */
static KR_FALLIBLE find_first(struct cli_context *context,
			      struct result *result, struct calendar_event *e)
{
	kr_cleanup(err_freep) struct err *unread = NULL;
	const char *start = context->options.start;
	int64_t since_ms;

	if (start) {
		if (!calendar_parse_date(start, &e->first))
			return err_new(KR_EUSAGE,
				       "--start is no day: YYYY-MM-DD");
		e->stamp_ms = calendar_ms_of(e->first);
		return NULL;
	}
	unread = schedule_look(context, result);
	since_ms = due_oldest_ms(result);
	if (!since_ms && unread)
		return take_ptr(&unread);
	if (!since_ms)
		return err_hint(
			err_set_reason(err_new(KR_ENOTFOUND,
					       "when the key was last rotated "
					       "is not known"),
				       "KeyAgeUnknown"),
			"give the first day: --start YYYY-MM-DD");
	if (unread)
		cli_ledger_warn(context, result, err_message(unread));
	e->stamp_ms = since_ms;
	e->first = calendar_date_of(
		calendar_add_months_ms(since_ms, e->every_months));
	return NULL;
}

static KR_FALLIBLE write_texts(const struct cli_context *context,
			       struct reminder *r)
{
	const struct config *config = context->config;
	const char *secret = context->options.secret ? context->options.secret
						     : config->secret.name;
	struct buf text = BUF_INIT(MAX_CALENDAR);
	char since[CLOCK_RFC3339_LEN];

	clock_rfc3339(r->event.stamp_ms, since);
	if (asprintf(&r->uid, "keyrot-%s@keyrot.dev", config->service) < 0)
		r->uid = NULL;
	if (asprintf(&r->summary, "Rotate the encryption key of %s",
		     config->service) < 0)
		r->summary = NULL;
	buf_printf(&text, "Secret %s, entry %s\n\n", secret,
		   cli_entry(context));
	if (!context->options.start)
		buf_printf(&text, "Rotated last: %s\n\n", since);
	buf_puts(&text, "kubectl keyrot doctor\nkubectl keyrot plan rotate\n"
			"kubectl keyrot rotate\n\n"
			"Once it is rotated, import the reminder again: it "
			"moves.");
	r->description = buf_take(&text);
	buf_release(&text);
	r->event.uid = r->uid;
	r->event.summary = r->summary;
	r->event.description = r->description;
	return r->uid && r->summary && r->description ? NULL : err_no_memory();
}

static KR_FALLIBLE make(struct cli_context *context, struct result *result,
			struct reminder *r, struct buf *out)
{
	struct due_rule rule = { 0 };
	int64_t alarm_ms = 0;
	char first[16];
	struct err *err = schedule_rule(&context->options, &rule);

	if (!err)
		err = schedule_parse_age("--alarm", context->options.alarm,
					 &alarm_ms);
	if (err)
		return err;
	r->event.every_months = rule.months;
	r->event.alarm_days = (int)(alarm_ms / DAY_MS);
	err = find_first(context, result, &r->event);
	if (!err)
		err = write_texts(context, r);
	if (err)
		return err;
	calendar_write(&r->event, out);
	(void)snprintf(first, sizeof(first), "%04d-%02d-%02d",
		       r->event.first.year, r->event.first.month,
		       r->event.first.day);
	json_set_str(result->document, "uid", r->uid);
	json_set_str(result->document, "firstDay", first);
	json_set_int(result->document, "everyMonths", r->event.every_months);
	if (calendar_ms_of(r->event.first) <= clock_wall_ms())
		cli_ledger_warn(context, result,
				"the key is due already: the first reminder is "
				"in the past");
	return buf_check(out, "the calendar");
}

static void say(struct result *result, const char *done, const char *where)
{
	buf_printf(&result->text, "%s %s: the first reminder is on %s\n", done,
		   where, json_str_or(result->document, "firstDay", "?"));
}

KR_FALLIBLE schedule_ics(struct cli_context *context, struct result *result)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_CALENDAR);
	kr_cleanup(reminder_release) struct reminder r = { .event.is_published =
								   true };
	const char *file = context->options.file;
	struct err *err = make(context, result, &r, &text);

	if (err)
		return err;
	if (!file) {
		buf_append(&result->text, text.data, text.len);
		json_set_str(result->document, "calendar", buf_str(&text));
		return NULL;
	}
	err = file_write_public(file, text.data, text.len);
	if (err)
		return err_wrap(err_as(err, KR_ECONFIG), "--file");
	json_set_str(result->document, "file", file);
	say(result, "wrote", file);
	return NULL;
}

/* Known before anybody is asked; a password that was written out is not
 * quoted. */
static KR_FALLIBLE parse_ref(const char *option, const char *text,
			     struct ref *out)
{
	if (!text)
		return NULL;
	if (ref_parse(text, out))
		return ref_check(out, option);
	return err_new(KR_EUSAGE,
		       "%s says where it is, and not what it is: env:NAME, "
		       "file:PATH or exec:COMMAND",
		       option);
}

static KR_FALLIBLE check_caldav(const struct cli_options *o,
				struct caldav_object *object)
{
	struct err *err;

	if (!o->url)
		return err_new(KR_EUSAGE, "which calendar? --url");
	if (o->token_from && (o->login || o->password_from))
		return err_new(KR_EUSAGE,
			       "either --token-from, or --login with "
			       "--password-from");
	if (!o->login != !o->password_from)
		return err_new(KR_EUSAGE,
			       "--login and --password-from go together");
	object->url = o->url;
	object->login = o->login;
	err = parse_ref("--password-from", o->password_from, &object->password);
	return err ? err
		   : parse_ref("--token-from", o->token_from, &object->token);
}

KR_FALLIBLE schedule_caldav(struct cli_context *context, struct result *result)
{
	static const char *const words[] = {
		[CALDAV_CREATED] = "created",
		[CALDAV_UPDATED] = "updated",
		[CALDAV_UNCHANGED] = "unchanged",
	};
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_CALENDAR);
	kr_cleanup(buf_release) struct buf name = BUF_INIT(1024);
	kr_cleanup(buf_release) struct buf ca = BUF_INIT(MAX_CA);
	kr_cleanup(reminder_release) struct reminder r = { 0 };
	struct caldav_object object = { 0 };
	enum caldav_change change;
	struct err *err = check_caldav(&context->options, &object);

	if (!err && context->options.url_ca)
		err = err_wrap(err_as(file_read(context->options.url_ca, &ca),
				      KR_ECONFIG),
			       "--url-ca");
	if (!err)
		err = make(context, result, &r, &text);
	if (err)
		return err;
	buf_printf(&name, "%s.ics", r.uid);
	object.ca_pem = ca.data;
	object.ca_pem_len = ca.len;
	object.name = buf_str(&name);
	object.text = buf_str(&text);
	err = caldav_put(&object, &change);
	if (err)
		return err;
	json_set_str(result->document, "url", object.url);
	json_set_str(result->document, "change", words[change]);
	say(result, words[change], object.url);
	return NULL;
}
