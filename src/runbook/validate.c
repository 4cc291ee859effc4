#include "runbook/validate.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "runbook/run.h"
#include "runbook/validate_internal.h"
#include "secret/search.h"

#define SHOWN_LINES 20
#define MAX_SHOWN   2000
#define MAX_FILLED  ((size_t)64 * 1024)

KR_FALLIBLE check_failed(const struct check *check, const char *format, ...)
{
	char *text = NULL;
	struct err *err;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	if (n < 0)
		return err_no_memory();
	err = err_new(KR_EGATE, "%s: %s", check->name, text);
	free(text);
	return err_set_reason(err, "ValidationFailed");
}

static const char *word_of(const struct validate_options *o, const char *at,
			   size_t n)
{
	const struct {
		const char *name, *value;
	} words[] = {
		{ "environment", o->name },
		{ "context", o->places[0].context },
		{ "namespace", o->places[0].target.ns },
		{ "rotation", o->rotation ? o->rotation : "" },
		{ "fingerprint", o->fingerprint },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strlen(words[i].name) == n &&
		    strncmp(words[i].name, at, n) == 0)
			return words[i].value;
	return NULL;
}

KR_FALLIBLE check_fill(const struct check *check, const char *text, char **out)
{
	struct buf filled = BUF_INIT(MAX_FILLED);

	while (*text) {
		size_t n = *text == '{' ? strcspn(text, "}") : 0;
		const char *value =
			n && text[n] ? word_of(check->options, text + 1, n - 1)
				     : NULL;

		if (value) {
			buf_puts(&filled, value);
			text += n + 1;
		} else {
			buf_putc(&filled, *text++);
		}
	}
	buf_puts(&filled, "");
	*out = buf_take(&filled);
	return *out ? NULL : err_no_memory();
}

char *check_path(const struct check *check, const char *path)
{
	const char *config = check->options->config->path;
	kr_cleanup(str_freep) char *folder =
		config ? file_dirname(config) : NULL;

	return folder ? file_join(folder, path) : strdup(path);
}

bool check_holds_key(const struct check *check, const char *text, size_t len)
{
	return secret_search_finds(check->options->searched, text, len);
}

void check_show(const struct check *check, const char *who, const char *text)
{
	const struct reporter *r = check->options->reporter;
	size_t lines = 0, skip;

	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	skip = lines > SHOWN_LINES ? lines - SHOWN_LINES : 0;
	while (*text) {
		size_t n = strcspn(text, "\n");
		kr_cleanup(str_freep) char *line = NULL;

		if (skip)
			skip--;
		else if (!check_holds_key(check, text, n))
			line = text_clean(text, n, MAX_SHOWN);
		if (line && r->log_line)
			r->log_line(r->user, check->name, who, line);
		text += n + (text[n] == '\n');
	}
}

struct kind {
	const char *name;
	check_perform *perform;
};

static struct kind kind_of(const struct config_check *config)
{
	if (config->run)
		return (struct kind){ "run", check_run };
	if (config->job)
		return (struct kind){ "job", check_job };
	if (config->probe.url)
		return (struct kind){ "http", check_http };
	if (config->probe.exec)
		return (struct kind){ "exec", check_exec };
	return (struct kind){ "roundTrip", check_trip };
}

static bool is_for(const struct config_check *config, const char *name)
{
	char *const *e = config->environments;

	for (; e && *e; e++)
		if (strcmp(*e, name) == 0)
			return true;
	return !config->environments;
}

static struct cJSON *add_row(const struct validate_options *o, const char *name,
			     const char *kind)
{
	struct cJSON *list, *row;

	run_talk_begin();
	list = json_member_mut(o->result->document, "checks");
	if (!list)
		list = json_add_array(o->result->document, "checks");
	row = json_append_object(list);
	json_set_str(row, "name", name);
	json_set_str(row, "environment", o->name);
	json_set_str(row, "context", o->places[0].context);
	json_set_str(row, "kind", kind);
	json_set_str(row, "outcome", "skipped");
	json_set_null(row, "seconds");
	json_set_null(row, "tests");
	json_set_null(row, "failures");
	json_set_null(row, "message");
	run_talk_end();
	return row;
}

static void report(const struct check *check, enum report_state state,
		   int64_t elapsed_ms)
{
	const struct reporter *r = check->options->reporter;
	const struct report_step step = {
		.target = check->options->name,
		.id = check->name,
		.title = check->name,
		.state = state,
		.elapsed_ms = elapsed_ms,
	};

	if (r->step)
		r->step(r->user, &step);
}

/* A gate that could not look has not passed. */
static struct err *as_gate(const struct check *check, struct err *take_err)
{
	if (!take_err || err_is(take_err, KR_EGATE) ||
	    err_is(take_err, KR_EINTERRUPTED) || err_is(take_err, KR_ECONFIG))
		return take_err;
	take_err = err_wrap(take_err, "%s", check->name);
	return err_set_reason(err_as(take_err, KR_EGATE), "ValidationError");
}

static KR_FALLIBLE perform(struct check *check, check_perform *how)
{
	int64_t began_ms = clock_boot_ms(), elapsed_ms;
	struct err *err;

	report(check, REPORT_RUNNING, 0);
	err = as_gate(check, how(check));
	elapsed_ms = clock_boot_ms() - began_ms;
	run_talk_begin();
	json_set_str(check->row, "outcome",
		     err_is(err, KR_EINTERRUPTED) ? "interrupted"
		     : err			  ? "failed"
						  : "passed");
	json_set_int(check->row, "seconds", (elapsed_ms + 500) / 1000);
	if (err)
		json_set_str(check->row, "message", err_message(err));
	run_talk_end();
	report(check, err ? REPORT_FAILED : REPORT_DONE, elapsed_ms);
	return err;
}

KR_FALLIBLE validate_checks(const struct validate_options *o)
{
	struct err *err = NULL;

	for (size_t i = 0; i < o->config->n_validate; i++) {
		const struct config_check *config = &o->config->validate[i];
		const struct kind kind = kind_of(config);
		struct check check = {
			.options = o,
			.config = config,
			.name = config->name,
		};

		if (!is_for(config, o->name))
			continue;
		check.row = add_row(o, config->name, kind.name);
		if (!err)
			err = perform(&check, kind.perform);
	}
	return err_wrap(err, "validate");
}

KR_FALLIBLE validate_dependents(const struct validate_options *o)
{
	struct check check = { .options = o, .name = "dependents" };

	if (!o->config->dependents)
		return NULL;
	check.row = add_row(o, check.name, "dependents");
	return perform(&check, check_dependents);
}
