#include "cli/watch.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/stop.h"
#include "base/text.h"
#include "cli/output.h"
#include "ui/term.h"

#define LEAST_MS    1000
#define SCREEN_BACK "\x1b[?1049l"
#define MAX_TEXT    ((size_t)16 * 1024 * 1024)

/* A line, cut to what the screen is wide; the rest of its place is wiped. */
static void put_line(struct out *out, const char *line, size_t len, int columns)
{
	kr_cleanup(str_freep) char *copy = strndup(line, len);

	if (!copy)
		return;
	out_text(out, copy, text_fit(copy, (size_t)columns));
	out_puts(out, "\x1b[K");
}

/* From the top of the screen, without wiping it first: it does not flicker. */
static void redraw(struct out *out, const char *head, const char *text)
{
	int columns, rows, row = 2;
	size_t n;

	term_size(out->fd, &columns, &rows);
	out_puts(out, "\x1b[H");
	put_line(out, head, strlen(head), columns);
	out_puts(out, "\r\n\x1b[K");
	for (; *text && row < rows - 1; row++, text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		out_puts(out, "\r\n");
		put_line(out, text, n, columns);
	}
	out_puts(out,
		 *text ? "\r\n... and more than the screen holds\x1b[K\x1b[J"
		       : "\r\n\x1b[J");
}

/* What two looks are compared by: all of it, but that time goes on. */
static void put_facts(struct result *result, struct buf *out)
{
	kr_cleanup(str_freep) char *text = NULL;
	struct cJSON *target;

	cJSON_ArrayForEach (target,
			    json_member_mut(result->document, "targets")) {
		cJSON_DeleteItemFromObjectCaseSensitive(target, "ageSeconds");
	}
	err_free(json_print(result->document, &text));
	buf_puts(out, text ? text : "");
}

/* `facts` were taken along with the text. */
static void show(struct out *out, const char *text, const struct buf *facts,
		 struct buf *before, const char *every, bool live)
{
	kr_cleanup(buf_release) struct buf head = BUF_INIT(256);
	char now[CLOCK_RFC3339_LEN];

	clock_rfc3339(clock_wall_ms(), now);
	if (live) {
		buf_printf(&head, "%s, every %s, until ^C", now, every);
		redraw(out, buf_str(&head), text);
		return;
	}
	if (strcmp(buf_str(before), buf_str(facts)) == 0)
		return;
	out_printf(out, "%s%s\n%s", before->len ? "\n" : "", now, text);
	buf_reset(before);
	buf_puts(before, buf_str(facts));
}

/* One look; an error that ends the watch, or NULL. */
static KR_FALLIBLE look_once(struct cli_context *context, cli_run *look,
			     bool first, struct buf *out, struct buf *facts)
{
	struct result result;
	struct err *err;

	result_init(&result, context->command->kind);
	result.columns = output_columns(context);
	err = look(context, &result);
	buf_reset(out);
	buf_puts(out, buf_str(&result.text));
	buf_reset(facts);
	buf_puts(facts, err ? err_message(err) : "");
	put_facts(&result, facts);
	result_release(&result);
	if (!err || err_is(err, KR_EINTERRUPTED))
		return err;
	if (first && (err_is(err, KR_EUSAGE) || err_is(err, KR_ECONFIG)))
		return err;
	buf_printf(out, "error: %s\n", err_message(err));
	err_free(err);
	return NULL;
}

KR_FALLIBLE watch_run(struct cli_context *context, const char *every,
		      cli_run *look)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_TEXT);
	kr_cleanup(buf_release) struct buf before = BUF_INIT(MAX_TEXT);
	kr_cleanup(buf_release) struct buf facts = BUF_INIT(MAX_TEXT);
	bool live = !context->options.plain && term_is_live(context->out->fd);
	int64_t every_ms = WATCH_DEFAULT_MS;
	char words[CLOCK_SHORT_LEN];
	struct err *err = NULL;

	if (strcmp(context->options.output, "text") != 0)
		return err_new(KR_EUSAGE, "--watch is for people: without -o");
	if (*every)
		err = clock_parse_duration(every, true, &every_ms);
	if (err || every_ms < LEAST_MS) {
		err_free(err);
		return err_new(KR_EUSAGE,
			       "--watch takes a duration from 1s on");
	}
	clock_short(every_ms, words);
	/* A screen of its own: what stood there before comes back. */
	if (live) {
		stop_restore(context->out->fd, SCREEN_BACK);
		out_puts(context->out, "\x1b[?1049h");
	}
	for (bool first = true; !err && !stop_requested(); first = false) {
		err = look_once(context, look, first, &text, &facts);
		if (err)
			break;
		show(context->out, buf_str(&text), &facts, &before, words,
		     live);
		err = out_check(context->out);
		if (!err)
			clock_sleep_ms(every_ms);
	}
	if (live) {
		out_puts(context->out, SCREEN_BACK);
		stop_restore(context->out->fd, NULL);
		out_text(context->out, buf_str(&text), text.len);
	}
	if (err_is(err, KR_EINTERRUPTED))
		err_free(take_ptr(&err));
	return err ? err
		   : err_new(KR_EINTERRUPTED, "watched until it was "
					      "stopped");
}
