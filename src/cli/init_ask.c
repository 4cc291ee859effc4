/* Questions of `init`: what cannot be seen. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/stop.h"
#include "cli/init.h"

#define MAX_TRIES 3

static KR_FALLIBLE nobody_to_ask(const struct init_question *q)
{
	struct buf text = BUF_INIT(4096);
	struct err *err;

	for (size_t i = 0; i < q->count; i++)
		buf_printf(&text, "%s%s", i ? ", " : ": ", q->answers[i]);
	err = err_new(KR_EUSAGE,
		      "%s There is no terminal to ask on; it may be%s", q->text,
		      buf_str(&text));
	buf_release(&text);
	err = err_set_reason(err, "AnswerNeeded");
	return err_hint(err, "%s answers it, and --yes takes the first",
			q->flag);
}

/* Its first words: what is described behind them need not be typed. */
static bool begins_with(const char *answer, const char *line)
{
	size_t n = strlen(line);

	return strncmp(answer, line, n) == 0 &&
	       (!answer[n] || answer[n] == ' ' || answer[n] == ',');
}

/* A number, the answer itself, or nothing: the first. NULL where that is one
 * of them, else what is wrong. */
static const char *understand(const struct init_question *q, const char *line,
			      size_t *out)
{
	char *end;
	unsigned long n = strtoul(line, &end, 10);
	size_t found = 0;

	if (!*line)
		*out = 0;
	for (size_t i = 0; *line && i < q->count; i++) {
		if (!begins_with(q->answers[i], line))
			continue;
		*out = i;
		found++;
	}
	if (found > 1)
		return "That is more than one of them.";
	if (found || !*line)
		return NULL;
	if (*end || n < 1 || n > q->count)
		return "That is none of them.";
	*out = n - 1;
	return NULL;
}

KR_FALLIBLE init_ask(struct init *init, const struct init_question *q,
		     size_t *out_index)
{
	struct out *err = init->context->err;
	const char *wrong;
	char line[512];

	if (init->context->options.yes) {
		*out_index = 0;
		return NULL;
	}
	if (!isatty(STDIN_FILENO) || !isatty(err->fd))
		return nobody_to_ask(q);
	out_printf(err, "%s\n", q->text);
	for (size_t i = 0; i < q->count; i++) {
		out_printf(err, "  %zu  ", i + 1);
		out_foreign(err, q->answers[i]);
		out_puts(err, "\n");
	}
	for (int i = 0; i < MAX_TRIES; i++) {
		out_puts(err, "Number or name (Enter takes 1; Ctrl-D ends, "
			      "and nothing is written): ");
		if (!fgets(line, sizeof(line), stdin) || stop_requested())
			break;
		line[strcspn(line, "\r\n")] = '\0';
		wrong = understand(q, line, out_index);
		if (!wrong)
			return NULL;
		out_printf(err, "%s\n", wrong);
	}
	if (stop_requested())
		return stop_check();
	return err_hint(err_new(KR_EUSAGE, "no answer was given"),
			"%s answers it", q->flag);
}
