/* Lines out of a stream, however it is cut. */
#include <string.h>

#include "net/lines.h"
#include "unit.h"

struct seen {
	char text[256];
	size_t count;
	const char *stop_at;
};

static struct err *collect(void *user, const char *line, size_t len)
{
	struct seen *seen = user;

	if (seen->stop_at && strcmp(line, seen->stop_at) == 0)
		return err_new(KR_EINVALID, "told to stop");
	CU_ASSERT_EQUAL(strlen(line), len);
	strncat(seen->text, line, sizeof(seen->text) - 1 - strlen(seen->text));
	strncat(seen->text, "|", sizeof(seen->text) - 1 - strlen(seen->text));
	seen->count++;
	return NULL;
}

static void cuts_anywhere(void)
{
	static const char stream[] = "one\ntwo\r\n\nfour\rfour\nend";

	for (size_t piece = 1; piece <= sizeof(stream); piece++) {
		struct seen seen = { .count = 0 };
		struct lines lines;

		lines_init(&lines, 64, 0, collect, &seen);
		for (size_t at = 0; at < sizeof(stream) - 1; at += piece) {
			size_t n = sizeof(stream) - 1 - at;

			UNIT_OK(lines_feed(&lines, stream + at,
					   n < piece ? n : piece));
		}
		CU_ASSERT_EQUAL(seen.count, 4);
		CU_ASSERT_EQUAL(lines_pending(&lines), 3);
		UNIT_OK(lines_end(&lines));
		UNIT_OK(lines_end(&lines));
		UNIT_STR(seen.text, "one|two||four\rfour|end|");
		lines_release(&lines);
	}
}

static void refuses_long_lines(void)
{
	struct seen seen = { .count = 0 };
	struct lines lines;

	lines_init(&lines, 4, 0, collect, &seen);
	UNIT_OK(lines_feed(&lines, "1234\n12", 7));
	UNIT_FAILS(lines_feed(&lines, "345\n", 4), KR_ECLUSTER,
		   "longer than 4 bytes");
	lines_reset(&lines);
	UNIT_OK(lines_feed(&lines, "ab\n", 3));
	UNIT_STR(seen.text, "1234|ab|");
	lines_release(&lines);
}

static void cuts_long_lines(void)
{
	struct seen seen = { .count = 0 };
	struct lines lines;

	lines_init(&lines, 4, LINES_CUT, collect, &seen);
	UNIT_OK(lines_feed(&lines, "12345", 5));
	UNIT_OK(lines_feed(&lines, "678", 3));
	UNIT_OK(lines_feed(&lines, "9\nab\nabcdefgh", 13));
	UNIT_OK(lines_end(&lines));
	UNIT_STR(seen.text, "1234|ab|abcd|");
	lines_release(&lines);
}

static void stops_on_error(void)
{
	struct seen seen = { .stop_at = "b" };
	struct lines lines;

	lines_init(&lines, 64, 0, collect, &seen);
	UNIT_FAILS(lines_feed(&lines, "a\nb\nc\n", 6), KR_EINVALID, "stop");
	UNIT_STR(seen.text, "a|");
	lines_release(&lines);
}

const struct unit_suite unit_lines = {
	.tests = { { "cuts anywhere", cuts_anywhere },
		   { "refuses long lines", refuses_long_lines },
		   { "cuts long lines", cuts_long_lines },
		   { "stops on an error", stops_on_error } },
};
