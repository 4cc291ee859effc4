/* What `schedule check` says, to people and to Prometheus. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "runbook/due.h"

#define MAX_NAME 512

static void put_clean(struct buf *out, const char *text)
{
	char *clean = text_clean(text, strlen(text), MAX_NAME);

	buf_puts(out, clean ? clean : "?");
	free(clean);
}

static void put_due(struct buf *out, const struct cJSON *target)
{
	char age[CLOCK_SHORT_LEN], left[CLOCK_SHORT_LEN];
	int64_t age_ms = json_int(target, "ageSeconds", 0) * 1000;
	int64_t due_ms = 0, since_ms = 0;
	bool overdue = json_bool(target, "overdue", false);

	(void)clock_parse_rfc3339(json_str_or(target, "since", ""), &since_ms);
	(void)clock_parse_rfc3339(json_str_or(target, "dueAt", ""), &due_ms);
	due_ms -= since_ms + age_ms;
	clock_short(age_ms, age);
	clock_short(overdue ? -due_ms : due_ms, left);
	buf_printf(out, "%s old, %s %.10s (%s%s)%s\n", age,
		   overdue ? "OVERDUE since" : "due",
		   json_str_or(target, "dueAt", "?"), overdue ? "" : "in ",
		   left,
		   strcmp(json_str_or(target, "source", ""), "ledger") == 0
			   ? ", by the ledger"
			   : "");
}

static void put_target(struct buf *out, const struct cJSON *target)
{
	const char *environment = json_str(target, "environment");
	const char *context = json_str_or(target, "context", "");

	if (environment) {
		put_clean(out, environment);
		buf_puts(out, "  ");
	}
	if (*context) {
		put_clean(out, context);
		buf_puts(out, "  ");
	}
	if (json_str(target, "namespace")) {
		put_clean(out, json_str(target, "namespace"));
		buf_putc(out, '/');
	}
	put_clean(out, json_str_or(target, "secret", "?"));
	buf_puts(out, ": ");
	if (json_str(target, "since"))
		put_due(out, target);
	else
		buf_puts(out, "age not known\n");
}

void due_text(struct result *result)
{
	const struct cJSON *targets = json_member(result->document, "targets");

	for (const struct cJSON *t = json_first(targets); t; t = json_next(t))
		put_target(&result->text, t);
}

static void put_label(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "%s=\"", name);
	for (; value && *value; value++) {
		if (*value == '\n')
			buf_puts(out, "\\n");
		else if (*value == '"' || *value == '\\')
			buf_printf(out, "\\%c", *value);
		else
			buf_putc(out, *value);
	}
	buf_putc(out, '"');
}

static void put_sample(struct buf *out, const char *metric, const char *service,
		       const struct cJSON *target, int64_t value)
{
	static const char *const labels[] = { "environment", "context",
					      "namespace", "secret", "entry" };

	buf_printf(out, "%s{", metric);
	put_label(out, "service", service);
	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++) {
		buf_putc(out, ',');
		put_label(out, labels[i], json_str_or(target, labels[i], ""));
	}
	buf_printf(out, "} %" PRId64 "\n", value);
}

enum sample {
	SAMPLE_AGE,
	SAMPLE_SINCE,
	SAMPLE_DUE,
	SAMPLE_OVERDUE,
	SAMPLE_KNOWN
};

/* false: there is none of this target. */
static bool sample_of(enum sample sample, const struct cJSON *target,
		      int64_t *out)
{
	int64_t since = 0, due = 0;
	bool known =
		clock_parse_rfc3339(json_str_or(target, "since", ""), &since) &&
		clock_parse_rfc3339(json_str_or(target, "dueAt", ""), &due);

	switch (sample) {
	case SAMPLE_AGE:
		*out = json_int(target, "ageSeconds", 0);
		break;
	case SAMPLE_SINCE:
		*out = since / 1000;
		break;
	case SAMPLE_DUE:
		*out = due / 1000;
		break;
	case SAMPLE_OVERDUE:
		*out = json_bool(target, "overdue", false);
		break;
	case SAMPLE_KNOWN:
		*out = known;
		return true;
	}
	return known;
}

void due_metrics(const struct result *result, const char *service,
		 int64_t now_ms, struct buf *out)
{
	static const struct {
		const char *name, *help;
	} metrics[] = {
		[SAMPLE_AGE] = { "keyrot_key_age_seconds",
				 "Age of the key that the Secret holds." },
		[SAMPLE_SINCE] = { "keyrot_key_rotated_timestamp_seconds",
				   "When the key was written." },
		[SAMPLE_DUE] = { "keyrot_key_due_timestamp_seconds",
				 "When it has to be rotated." },
		[SAMPLE_OVERDUE] = { "keyrot_key_overdue",
				     "1 where that moment has passed." },
		[SAMPLE_KNOWN] = { "keyrot_key_age_known",
				   "0 where the key's age could not be read." },
	};
	const struct cJSON *targets = json_member(result->document, "targets");

	for (size_t i = 0; i < sizeof(metrics) / sizeof(*metrics); i++) {
		buf_printf(out, "# HELP %s %s\n# TYPE %s gauge\n",
			   metrics[i].name, metrics[i].help, metrics[i].name);
		for (const struct cJSON *t = json_first(targets); t;
		     t = json_next(t)) {
			int64_t value;

			if (sample_of((enum sample)i, t, &value))
				put_sample(out, metrics[i].name, service, t,
					   value);
		}
	}
	buf_printf(out, "# HELP keyrot_check_timestamp_seconds When this was "
			"looked at.\n"
			"# TYPE keyrot_check_timestamp_seconds gauge\n"
			"keyrot_check_timestamp_seconds{");
	put_label(out, "service", service);
	buf_printf(out, "} %" PRId64 "\n", now_ms / 1000);
}
