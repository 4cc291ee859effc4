/*
 * A file of lines that only grows: what was told to be written is on the disk,
 * and after a failure nothing is. The C library's own calls stand behind those
 * of this file, which count them, and fail where they are told to.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/appendlog.h"
#include "base/str.h"
#include "unit.h"

static char folder[] = "/tmp/keyrot-appendlog-XXXXXX";
static char path[sizeof(folder) + 8];
static int files_synced, folders_synced;
static bool sync_fails;

typedef int sync_call(int fd);

static int sync_by(const char *name, int fd)
{
	struct stat st;
	sync_call *real;
	void *symbol = dlsym(RTLD_NEXT, name);

	/* A function's address comes as that of an object. */
	memcpy(&real, &symbol, sizeof(real));
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		folders_synced++;
	else
		files_synced++;
	if (!sync_fails)
		return real(fd);
	errno = EIO;
	return -1;
}

int fdatasync(int fd)
{
	return sync_by("fdatasync", fd);
}

int fsync(int fd)
{
	return sync_by("fsync", fd);
}

static int make_folder(void)
{
	if (!mkdtemp(folder))
		return 1;
	(void)snprintf(path, sizeof(path), "%s/lines", folder);
	return 0;
}

static int remove_folder(void)
{
	(void)unlink(path);
	return rmdir(folder);
}

static struct appendlog *open_log(bool *out_cut)
{
	struct appendlog *log = NULL;

	files_synced = folders_synced = 0;
	UNIT_OK(appendlog_open(path, 0, out_cut, &log));
	return log;
}

static void holds(const char *text)
{
	kr_cleanup(buf_release) struct buf found = BUF_INIT(4096);
	kr_cleanup(appendlog_closep) struct appendlog *log = open_log(NULL);

	if (log && UNIT_OK(appendlog_read(log, &found)))
		UNIT_STR(buf_str(&found), text);
}

static void each_line_is_on_the_disk(void)
{
	kr_cleanup(appendlog_closep) struct appendlog *log = open_log(NULL);

	if (!log)
		return;
	/* Its name is one, too. */
	CU_ASSERT_EQUAL(folders_synced, 1);
	UNIT_OK(appendlog_add(log, "one", 3));
	CU_ASSERT_EQUAL(files_synced, 1);
	UNIT_OK(appendlog_add(log, "two", 3));
	CU_ASSERT_EQUAL(files_synced, 2);
}

static void nothing_follows_a_failed_sync(void)
{
	kr_cleanup(appendlog_closep) struct appendlog *log = open_log(NULL);

	if (!log)
		return;
	sync_fails = true;
	UNIT_FAILS(appendlog_add(log, "three", 5), KR_EUNEXPECTED, "lines");
	sync_fails = false;
	/* The pages may be gone: a second sync would say that all is well. */
	UNIT_FAILS(appendlog_add(log, "four", 4), KR_EUNEXPECTED,
		   "no more lines");
}

static void a_torn_line_is_cut(void)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	bool cut = false;

	CU_ASSERT_TRUE(write(fd, "one\ntw", 6) == 6);
	(void)close(fd);
	appendlog_close(open_log(&cut));
	CU_ASSERT_TRUE(cut);
	holds("one\n");
	appendlog_close(open_log(&cut));
	CU_ASSERT_FALSE(cut);
}

static void a_file_has_one_writer(void)
{
	kr_cleanup(appendlog_closep) struct appendlog *log = open_log(NULL);
	struct appendlog *other = NULL;

	CU_ASSERT_PTR_NOT_NULL(log);
	UNIT_FAILS(appendlog_open(path, 0, NULL, &other), KR_EHELD,
		   "another process");
}

const struct unit_suite unit_appendlog = {
	.init = make_folder,
	.clean = remove_folder,
	.tests = {
			{ "each line is on the disk",
			  each_line_is_on_the_disk },
			{ "nothing follows a failed sync",
			  nothing_follows_a_failed_sync },
			{ "a torn line is cut", a_torn_line_is_cut },
			{ "a file has one writer", a_file_has_one_writer },
			{ NULL, NULL },
		},
};
