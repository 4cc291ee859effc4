/* Which of the rotations of a service is the newest. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "runbook/journal.h"
#include "unit.h"

#define FIRST  "kr-20261123-ffffff"
#define SECOND "kr-20261123-000001"
#define THIRD  "kr-20261122-aaaaaa"

static char folder[] = "/tmp/keyrot-journal-XXXXXX";
static int make_folder(void)
{
	return !mkdtemp(folder) || setenv("XDG_STATE_HOME", folder, 1);
}

static int remove_folder(void)
{
	static const char *const ids[] = { FIRST, SECOND, THIRD };
	char path[128];

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		(void)snprintf(path, sizeof(path), "%s/keyrot/s/%s.jsonl",
			       folder, ids[i]);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof(path), "%s/keyrot/s", folder);
	(void)rmdir(path);
	(void)snprintf(path, sizeof(path), "%s/keyrot", folder);
	return rmdir(path) || rmdir(folder) || unsetenv("XDG_STATE_HOME");
}

static void note(const char *id, enum journal_event event, const char *detail)
{
	kr_cleanup(journal_closep) struct journal *journal = NULL;

	if (UNIT_OK(journal_open("s", id, &journal)))
		UNIT_OK(journal_add(journal, &(struct journal_line){
						     .event = event,
						     .detail = detail,
					     }));
}

static void last_is(const char *id)
{
	kr_cleanup(str_freep) char *found = NULL;

	UNIT_OK(journal_find_last("s", &found));
	UNIT_STR(found, id);
}

static void open_is(const char *id)
{
	kr_cleanup(str_freep) char *found = NULL;

	UNIT_OK(journal_find_open("s", &found));
	UNIT_STR(found, id);
}

static void newest_began_last(void)
{
	unit_clock_at(1795428000000);
	last_is(NULL);
	note(FIRST, JOURNAL_BEGUN, NULL);
	last_is(FIRST);
	/* Within the same second, and by its name the earlier one. */
	note(SECOND, JOURNAL_BEGUN, NULL);
	last_is(SECOND);
	open_is(SECOND);
	note(SECOND, JOURNAL_ENDED, "done");
	last_is(SECOND);
	open_is(FIRST);
	/* The clock was set back; and a roll-back is no rotation of its own. */
	unit_clock_at(1795428000000 - 24 * 60 * 60 * 1000);
	note(THIRD, JOURNAL_BEGUN, SECOND);
	last_is(SECOND);
	open_is(THIRD);
	/* Begun again: it is the newest. */
	note(FIRST, JOURNAL_BEGUN, NULL);
	last_is(FIRST);
	open_is(FIRST);
	unit_clock_on();
}

static void append(const char *id, const char *text, size_t len)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/keyrot/s/%s.jsonl", folder, id);
	file = fopen(path, "a");
	CU_ASSERT(file && fwrite(text, 1, len, file) == len);
	CU_ASSERT(file && fclose(file) == 0);
}

/* A power cut in the write of the last line. */
static void torn_end(void)
{
	static const char no_end[] =
		"{\"event\":\"ended\",\"detail\":\"done\"}";
	static const char hole[] = "{\"event\":\0\0\0\0,\"detail\":\"done\"}\n";

	note(SECOND, JOURNAL_ENDED, "done");
	note(THIRD, JOURNAL_ENDED, "done");
	note(FIRST, JOURNAL_BEGUN, NULL);
	open_is(FIRST);
	/* Whether it is looked at or opened: it has not ended. */
	append(FIRST, no_end, sizeof(no_end) - 1);
	open_is(FIRST);
	/* What comes after bytes that the disk never got is read. */
	note(FIRST, JOURNAL_BEGUN, NULL);
	append(FIRST, hole, sizeof(hole) - 1);
	open_is(FIRST);
	note(FIRST, JOURNAL_ENDED, "done");
	open_is(NULL);
}

const struct unit_suite unit_journal = {
	.init = make_folder,
	.clean = remove_folder,
	.tests = { { "newest_began_last", newest_began_last },
		   { "torn_end", torn_end },
		   { NULL, NULL } },
};
