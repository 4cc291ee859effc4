#include "ui/textsoak.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"

/* So many lines tell how far it is. */
#define PROGRESS_LINES 10

const char *report_verdict_words(enum report_verdict verdict)
{
	static const char *const words[] = {
		[REPORT_VERDICT_RUNNING] = "passing so far",
		[REPORT_VERDICT_PASS] = "passed",
		[REPORT_VERDICT_INCONCLUSIVE] = "inconclusive",
		[REPORT_VERDICT_ERROR] = "cannot be asked",
		[REPORT_VERDICT_FAIL] = "failed",
	};

	return words[verdict];
}

static const char *outcome_words(char outcome)
{
	switch (outcome) {
	case 'b':
		return "over the limit";
	case '-':
		return "no data";
	case 'n':
		return "not a number";
	case 'e':
		return "could not be asked";
	case '.':
		return "missed";
	default:
		return NULL;
	}
}

static void begin(struct out *out, bool many_targets,
		  const struct report_soak *soak)
{
	out_puts(out, "       ");
	if (many_targets && soak->target)
		out_printf(out, "%s: ", soak->target);
}

static void print_limit(struct out *out, const struct report_metric *m)
{
	out_foreign(out, m->name);
	if (isnan(m->limit))
		out_puts(out, ": no limit is known");
	else
		out_printf(out, ": limit %.4g", m->limit);
	if (!isnan(m->baseline))
		out_printf(out, ", %.4g before the change", m->baseline);
	out_puts(out, "\n");
}

static void print_trouble(struct out *out, const struct report_soak *soak,
			  const struct report_metric *m)
{
	double value = m->values[m->n - 1];

	out_printf(out, "sample %zu of %zu: ", soak->tick, soak->ticks);
	out_foreign(out, m->name);
	out_printf(out, " %s", outcome_words(m->outcomes[m->n - 1]));
	if (!isnan(value) && !isnan(m->limit))
		out_printf(out, ": %.4g, limit %.4g", value, m->limit);
	out_puts(out, "\n");
}

static void print_progress(struct out *out, const struct report_soak *soak)
{
	int64_t left_ms = soak->total_ms - soak->elapsed_ms;
	char left[CLOCK_SHORT_LEN];

	clock_short(left_ms > 0 ? left_ms : 0, left);
	out_printf(out, "%zu of %zu samples, %s, %s left\n", soak->tick,
		   soak->ticks, report_verdict_words(soak->verdict), left);
}

void textsoak_print(struct out *out, bool many_targets,
		    const struct report_soak *soak)
{
	size_t each = soak->ticks / PROGRESS_LINES;

	if (soak->done)
		return;
	for (size_t i = 0; i < soak->n_metrics; i++) {
		const struct report_metric *m = &soak->metrics[i];

		if (soak->tick &&
		    (!m->n || !outcome_words(m->outcomes[m->n - 1])))
			continue;
		begin(out, many_targets, soak);
		if (soak->tick)
			print_trouble(out, soak, m);
		else
			print_limit(out, m);
	}
	if (!soak->tick || (each && soak->tick % each))
		return;
	begin(out, many_targets, soak);
	print_progress(out, soak);
}
