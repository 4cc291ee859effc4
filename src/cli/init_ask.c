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

/* A number, the answer itself, or nothing: the first. */
static bool understand(const struct init_question *q, const char *line,
		       size_t *out)
{
	char *end;
	unsigned long n = strtoul(line, &end, 10);

	if (!*line) {
		*out = 0;
		return true;
	}
	for (size_t i = 0; i < q->count; i++) {
		if (strcmp(q->answers[i], line) == 0) {
			*out = i;
			return true;
		}
	}
	if (*end || n < 1 || n > q->count)
		return false;
	*out = n - 1;
	return true;
}

KR_FALLIBLE init_ask(struct init *init, const struct init_question *q,
		     size_t *out_index)
{
	struct out *err = init->context->err;
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
		out_printf(err, "Number or name [1]: ");
		if (!fgets(line, sizeof(line), stdin) || stop_requested())
			break;
		line[strcspn(line, "\r\n")] = '\0';
		if (understand(q, line, out_index))
			return NULL;
		out_printf(err, "That is none of them.\n");
	}
	if (stop_requested())
		return stop_check();
	return err_hint(err_new(KR_EUSAGE, "no answer was given"),
			"%s answers it", q->flag);
}
