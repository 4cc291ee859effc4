/*
 * Every change of one byte, every lost, doubled or moved line, and every cut
 * of a ledger of 1,000 lines must be found.
 *
 * A ledger is checked from its first line to its last, so that what is known
 * before a line does not depend on it: the chain is kept as it is before each
 * line, and a change is tried from there. Some thousand changes are tried on
 * the whole file, by the function that the program calls, to see that both
 * say the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/file.h"
#include "sample.h"

#define LINES	    1000
#define WHOLE_TRIES 3000
/* What the program is expected to try at least; a sweep that shrank fails. */
#define FLOOR 7000000

struct file {
	struct buf text;
	struct chain before[LINES + 1]; /* each line, and the end */
	size_t start[LINES + 1];
	struct ledger_anchor anchor; /* of all of it */
	struct ledger_trust trust;
};

static struct file file;
static size_t tried, found;

static void count(bool is_found, const char *what, size_t at)
{
	tried++;
	found += is_found;
	if (!is_found)
		printf("not found: %s at %zu\n", what, at);
}

/* Whether the rest is refused after `line` good lines. */
static bool refused(size_t line, const char *rest, size_t len)
{
	struct chain chain = file.before[line];
	struct err *err = chain_read(&chain, rest, len, NULL, NULL);
	bool is_refused = err_is(err, KR_EGATE);

	err_free(err);
	return is_refused;
}

static size_t line_end(size_t line)
{
	return file.start[line + 1];
}

/* Each bit of each byte, line ends included, and each byte left out. */
static void change_bytes(void)
{
	static char copy[2 * CHAIN_MAX_LINE];

	for (size_t line = 0; line < LINES; line++) {
		/* A line end that is gone joins it with the next line. */
		size_t stop =
			line + 1 < LINES ? line_end(line + 1) : line_end(line);
		size_t own = line_end(line) - file.start[line];
		size_t len = stop - file.start[line];

		memcpy(copy, file.text.data + file.start[line], len);
		for (size_t i = 0; i < own; i++) {
			char was = copy[i];
			size_t use = i + 1 == own ? len : own;

			for (unsigned bit = 0; bit < 8; bit++) {
				copy[i] = (char)(was ^ (1 << bit));
				count(refused(line, copy, use), "byte",
				      file.start[line] + i);
			}
			copy[i] = was;
			memmove(copy + i, copy + i + 1, len - i - 1);
			count(refused(line, copy, use - 1), "lost byte",
			      file.start[line] + i);
			memmove(copy + i + 1, copy + i, len - i - 1);
			copy[i] = was;
		}
	}
}

/* All values of each byte, for a line of each type. */
static void change_to_all_values(void)
{
	static const size_t lines[] = { 0, 1, 10, 50 };
	static char copy[CHAIN_MAX_LINE];

	for (size_t l = 0; l < sizeof(lines) / sizeof(*lines); l++) {
		size_t line = lines[l];
		size_t len = line_end(line) - file.start[line];

		memcpy(copy, file.text.data + file.start[line], len);
		for (size_t i = 0; i + 1 < len; i++) {
			char was = copy[i];

			for (int value = 0; value < 256; value++) {
				if ((char)value == was)
					continue;
				copy[i] = (char)value;
				count(refused(line, copy, len), "value",
				      file.start[line] + i);
			}
			copy[i] = was;
		}
	}
}

/*
 * Any other line in a line's place: that is what a deletion, a swap, a
 * doubled and a moved line come to at the first line that is not its own.
 */
static void change_lines(void)
{
	for (size_t at = 0; at < LINES; at++) {
		for (size_t line = 0; line < LINES; line++) {
			size_t len = line_end(line) - file.start[line];

			if (line != at)
				count(refused(at,
					      file.text.data + file.start[line],
					      len),
				      "line", line);
		}
	}
	/* A line once more at the very end. */
	for (size_t line = 0; line < LINES; line++)
		count(refused(LINES, file.text.data + file.start[line],
			      line_end(line) - file.start[line]),
		      "line at the end", line);
}

/* After each byte; at a line's end it is the anchor that shows it. */
static void cut(void)
{
	for (size_t line = 0; line < LINES; line++) {
		const char *text = file.text.data + file.start[line];
		struct chain chain = file.before[line];
		struct err *err;

		for (size_t n = 1; n < line_end(line) - file.start[line]; n++)
			count(refused(line, text, n), "cut",
			      file.start[line] + n);
		chain.trust = &file.trust;
		err = chain_finish(&chain);
		count(err_is(err, KR_EGATE), "cut before line", line + 1);
		err_free(err);
	}
}

static bool whole_refused(const struct buf *text)
{
	struct ledger_report report;
	struct err *err = ledger_check_text(buf_str(text), text->len,
					    &file.trust, &report);
	bool is_refused = err_is(err, KR_EGATE);

	err_free(err);
	return is_refused;
}

/* Through the front door: a change, an insertion or a cut anywhere. */
static void change_whole(void)
{
	struct buf copy = BUF_INIT(SAMPLE_MAX_BYTES);
	size_t len = file.text.len;

	srand(20261122);
	for (size_t i = 0; i < WHOLE_TRIES; i++) {
		size_t at = (size_t)rand() % len;
		char byte = (char)(rand() % 256);

		buf_reset(&copy);
		buf_append(&copy, file.text.data, at);
		if (i % 3 == 0)
			buf_putc(&copy, (char)(file.text.data[at] ^
					       (1 << (i / 3 % 8))));
		else if (i % 3 == 1)
			buf_putc(&copy, byte);
		if (i % 3 == 0)
			buf_append(&copy, file.text.data + at + 1,
				   len - at - 1);
		else if (i % 3 == 1)
			buf_append(&copy, file.text.data + at, len - at);
		count(whole_refused(&copy), "whole", at);
	}
	buf_release(&copy);
}

static KR_FALLIBLE prepare(void)
{
	struct chain chain;
	struct err *err;
	size_t at = 0;
	unsigned char root[HASH_BYTES];

	file.text = BUF_INIT(SAMPLE_MAX_BYTES);
	err = sample_make(LINES, &file.text);
	if (!err)
		err = chain_init(&chain, NULL);
	for (size_t i = 0; i < LINES && !err; i++) {
		const char *line = file.text.data + at;
		size_t len = strcspn(line, "\n");

		file.start[i] = at;
		file.before[i] = chain;
		err = chain_add(&chain, line, len, NULL);
		at += len + 1;
	}
	if (!err)
		err = chain_root(&chain, root);
	if (err)
		return err;
	file.start[LINES] = at;
	file.before[LINES] = chain;
	(void)snprintf(file.anchor.id, sizeof(file.anchor.id), "%s", chain.id);
	hash_hex(root, file.anchor.root);
	file.anchor.size = LINES;
	file.trust = (struct ledger_trust){ .anchors = &file.anchor,
					    .n_anchors = 1 };
	return NULL;
}

int main(void)
{
	struct ledger_report report;
	struct err *err = prepare();

	/* The positive control: it is good as it is. */
	if (!err)
		err = ledger_check_text(file.text.data, file.text.len,
					&file.trust, &report);
	if (err || report.size != LINES || report.anchors_held != 1) {
		printf("the sample itself: %s\n",
		       err ? err_message(err) : "not 1,000 lines");
		err_free(err);
		return 1;
	}
	change_bytes();
	change_to_all_values();
	change_lines();
	cut();
	change_whole();
	printf("ledger of %d lines, %zu bytes: mutated %zu/%zu found\n", LINES,
	       file.text.len, found, tried);
	chain_release(&file.before[LINES]);
	buf_release(&file.text);
	if (tried < FLOOR)
		printf("only %zu were tried, %d are the least\n", tried, FLOOR);
	return found != tried || tried < FLOOR;
}
