/* The draft: front matter, what is known, and sections for people. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "runbook/review_internal.h"

#define MAX_BYTES (4u * 1024 * 1024)
#define BEGIN	  "<!-- keyrot: what is known -->\n"
#define MESSAGE	  "- message: "
#define END	  "<!-- keyrot: end -->\n"

static const char sections[] =
	"\n## Impact\n\nWho noticed what, and for how long?\n"
	"\n## Cause\n\n"
	"\n## What went well, and what did not\n\n"
	"\n## Lessons, and who does what until when\n\n";

/* The lines of the rotation, and then of its roll-backs. */
struct timeline {
	const char *rotation;
	bool undone;	  /* its roll-backs, and not itself */
	struct buf text;  /* rows of the table */
	char failed[256]; /* what the rotation failed at last; "" */
};

/* A cell holds no line break and no bar of its own. */
static void add_cell(struct buf *to, const char *words)
{
	kr_cleanup(str_freep) char *clean =
		words ? text_clean(words, strlen(words), 300) : NULL;

	for (char *at = clean; at && *at; at++) {
		if (*at == '|')
			*at = '/';
	}
	buf_printf(to, " %s |", clean && *clean ? clean : "");
}

static void keep_failure(struct timeline *t, const struct cJSON *line)
{
	const char *environment = json_str(line, "environment");

	(void)snprintf(
		t->failed, sizeof(t->failed), "%.60s, at step %.60s%s%.60s",
		json_str_or(line, "detail", "?"),
		json_str_or(line, "step", "?"), environment ? " of " : "",
		environment ? environment : "");
}

static void visit(void *user, const char *id, const char *undone,
		  const struct cJSON *lines)
{
	struct timeline *t = user;
	const struct cJSON *line;

	if (t->undone != (undone != NULL) ||
	    strcmp(undone ? undone : id, t->rotation) != 0)
		return;
	for (line = json_first(lines); line; line = json_next(line)) {
		const char *event = json_str_or(line, "event", "");

		/* The beginning of what has an end adds nothing. */
		if (strcmp(event, "intent") == 0)
			continue;
		buf_puts(&t->text, "|");
		if (strcmp(event, "failed") == 0 && !undone)
			keep_failure(t, line);
		/* Gone on with: it is over, or will come again. */
		if (strcmp(event, "begun") == 0 && !undone)
			*t->failed = '\0';
		add_cell(&t->text, json_str(line, "time"));
		add_cell(&t->text, undone ? "roll-back" : "rotation");
		add_cell(&t->text, json_str(line, "step"));
		add_cell(&t->text, json_str(line, "environment"));
		add_cell(&t->text, event);
		add_cell(&t->text, json_str(line, "detail"));
		buf_puts(&t->text, "\n");
	}
}

static void add_target(struct buf *to, const struct cJSON *target)
{
	static const char *const cells[] = { "environment", "context",
					     "namespace", "fingerprint",
					     "previousFingerprint" };

	buf_puts(to, "|");
	for (size_t i = 0; i < sizeof(cells) / sizeof(*cells); i++) {
		const char *text = json_str(target, cells[i]);

		add_cell(to, text);
	}
	add_cell(to, json_str(target, "verdict"));
	add_cell(to, json_str(target, "state"));
	buf_puts(to, "\n");
}

static void add_known(struct buf *to, const struct rotation *rotation,
		      const struct timeline *timeline, const char *reason,
		      const char *message)
{
	const struct cJSON *d = rotation->options.result->document;
	const struct cJSON *item;

	buf_puts(to, BEGIN "\n## What happened\n\n");
	buf_printf(to, "- operator: %s\n", rotation_operator(rotation));
	if (*timeline->failed)
		buf_printf(to, "- failed: %s\n", timeline->failed);
	if (message)
		buf_printf(to, MESSAGE "%s\n", message);
	if (*rotation->undone)
		buf_printf(to, "- %s by roll-back %s\n",
			   reason ? "was not put back" : "put back",
			   rotation->id);
	buf_puts(to, "\n## Timeline\n\n"
		     "| time | run | step | environment | event | |\n"
		     "|---|---|---|---|---|---|\n");
	buf_append(to, buf_str(&timeline->text), timeline->text.len);
	buf_puts(
		to,
		"\n## Which key is where now\n\n"
		"| environment | context | namespace | key | key before | soak | |\n"
		"|---|---|---|---|---|---|---|\n");
	for (item = json_first(json_member(d, "targets")); item;
	     item = json_next(item))
		add_target(to, item);
	buf_puts(to, "\n## Commands\n\n");
	for (item = json_first(json_member(d, "next")); item;
	     item = json_next(item))
		buf_printf(to, "    %s\n", json_text(item));
	buf_printf(
		to,
		"    kubectl keyrot rotate --review-closed %s    # once this is written\n\n" END,
		timeline->rotation);
}

/* Of the failure, as it was written down when it came; malloc'd or NULL. */
static char *old_message(const struct buf *old)
{
	const char *at = strstr(buf_str(old), "\n" MESSAGE);

	if (!at)
		return NULL;
	at += strlen("\n" MESSAGE);
	return strndup(at, strcspn(at, "\n"));
}

/* What people wrote stays, around what is known now. */
static KR_FALLIBLE put_together(const struct buf *old,
				const struct rotation *rotation, const char *id,
				const struct buf *known, struct buf *out)
{
	const char *begin = strstr(buf_str(old), BEGIN);
	const char *end = begin ? strstr(begin, END) : NULL;

	if (end) {
		buf_append(out, old->data, (size_t)(begin - old->data));
		buf_append(out, known->data, known->len);
		buf_puts(out, end + strlen(END));
		return buf_check(out, "review");
	}
	buf_printf(out,
		   "---\nrotation: %s\nservice: %s\nclosed: false\n---\n\n"
		   "# Review: rotation %s of %s\n\n",
		   id, rotation->options.config->service, id,
		   rotation->options.config->service);
	buf_append(out, known->data, known->len);
	buf_puts(out, sections);
	return buf_check(out, "review");
}

static KR_FALLIBLE record_opened(const struct rotation *rotation,
				 const char *id, const char *reason)
{
	kr_cleanup(ledger_freep) struct ledger *ledger = NULL;
	const struct ledger_record record = {
		.rotation = id,
		.step = REVIEW_STEP,
		.operator_ = rotation_operator(rotation),
		.outcome = "started",
		.reason = reason,
	};
	struct err *err;

	if (!rotation->options.config->ledger.path)
		return NULL;
	err = rotation_open_ledger(rotation, &ledger);
	return err ? err : ledger_append(ledger, &record, NULL);
}

KR_FALLIBLE review_write(struct rotation *rotation, const char *reason,
			 const char *message, char **out_path)
{
	const struct config *config = rotation->options.config;
	const char *id = *rotation->undone ? rotation->undone : rotation->id;
	struct timeline timeline = { .rotation = id,
				     .text = BUF_INIT(MAX_BYTES) };
	kr_cleanup(buf_release) struct buf known = BUF_INIT(MAX_BYTES);
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_BYTES);
	kr_cleanup(buf_release) struct buf old = BUF_INIT(MAX_BYTES);
	kr_cleanup(str_freep) char *folder = NULL;
	kr_cleanup(str_freep) char *path = NULL;
	kr_cleanup(str_freep) char *before = NULL;
	struct err *err = review_folder(config, &folder);

	if (!err)
		err = review_path(config, id, &path);
	if (!err)
		err = journal_each(config->service, visit, &timeline);
	timeline.undone = true;
	if (!err)
		err = journal_each(config->service, visit, &timeline);
	if (!err && file_exists(path))
		err = file_read(path, &old);
	before = old_message(&old);
	add_known(&known, rotation, &timeline, reason,
		  message	     ? message
		  : *timeline.failed ? before
				     : NULL);
	buf_release(&timeline.text);
	if (!err)
		err = buf_check(&known, "review");
	if (!err)
		err = put_together(&old, rotation, id, &known, &text);
	if (!err)
		err = file_make_dirs(folder);
	if (!err)
		err = file_write_atomic(path, text.data, text.len);
	if (!err)
		err = record_opened(rotation, id, reason);
	if (!err)
		*out_path = take_ptr(&path);
	return err_wrap(err, "review");
}
