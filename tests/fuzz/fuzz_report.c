/*
 * Any document as the one that a report's pages are made from: what was kept
 * on disk may hold anything. No text of it becomes a tag.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "report/model.h"

#define MAX_PAGE ((size_t)64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of the tags, the page has none of these. */
static void check_tags(const char *page)
{
	static const char *const never[] = { "<script", "<img",	  "<a href=\"j",
					     "<iframe", "=\"nan", "=\"inf",
					     "=\"-nan" };

	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++)
		if (strstr(page, never[i]))
			abort();
}

/* Every table begins with a head; a row has as many bars as that. */
static size_t bars(const char *line, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += line[i] == '|' && (i == 0 || line[i - 1] != '\\');
	return n;
}

static void check_rows(const char *page)
{
	size_t head = 0;

	for (const char *line = page; *line;) {
		size_t len = strcspn(line, "\n");
		size_t n = *line == '|' ? bars(line, len) : 0;

		if (head && n && n != head)
			abort();
		head = n;
		line += len + (line[len] == '\n');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cJSON *document = NULL;
	struct err *err = json_parse((const char *)data, size, &document);
	struct buf page = BUF_INIT(MAX_PAGE);

	if (!err && json_is_object(document)) {
		report_html(document, &page);
		check_tags(buf_str(&page));
		buf_reset(&page);
		report_markdown(document, &page);
		check_rows(buf_str(&page));
	}
	buf_release(&page);
	json_free(document);
	err_free(err);
	return 0;
}
