#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/stop.h"
#include "unit.h"

static char folder[64];

static int make_folder(void)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/keyrot-file.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static int remove_folder(void)
{
	return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Valid until the next call but three. */
static const char *in_folder(const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static bool holds(const char *path, const char *text)
{
	kr_cleanup(buf_release) struct buf b = BUF_INIT(1 << 20);

	return UNIT_OK(file_read(path, &b)) && UNIT_STR(buf_str(&b), text);
}

static void new_files_are_private_and_never_replaced(void)
{
	const char *path = in_folder("new");

	UNIT_OK(file_write_new(path, "one", 3));
	CU_ASSERT_EQUAL(file_mode(path), 0600);
	UNIT_FAILS(file_write_new(path, "two", 3), KR_ECONFLICT, "exists");
	CU_ASSERT(holds(path, "one"));
}

static void new_files_do_not_follow_links(void)
{
	const char *link = in_folder("dangling");

	CU_ASSERT_EQUAL(symlink(in_folder("elsewhere"), link), 0);
	UNIT_FAILS(file_write_new(link, "x", 1), KR_ECONFLICT, "exists");
	CU_ASSERT(!file_exists(in_folder("elsewhere")));
}

static void atomic_replaces(void)
{
	const char *path = in_folder("atomic");
	struct file_list list = { 0 };

	UNIT_OK(file_write_atomic(path, "one", 3));
	UNIT_OK(file_write_atomic(path, "longer", 6));
	CU_ASSERT(holds(path, "longer"));
	CU_ASSERT_EQUAL(file_mode(path), 0600);
	UNIT_OK(file_list_dir(folder, &list));
	for (size_t i = 0; i < list.count; i++)
		CU_ASSERT(strncmp(list.names[i], "atomic.", 7) != 0);
	file_list_release(&list);
}

/* A file size limit stands for a full disk: the write stops half-way. */
static void failed_writes_leave_nothing(void)
{
	static char big[8192];
	const char *path = in_folder("full");
	struct rlimit before, small;
	struct file_list list = { 0 };

	memset(big, 'x', sizeof(big));
	CU_ASSERT_EQUAL(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 4096;
	(void)signal(SIGXFSZ, SIG_IGN);
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &small), 0);
	UNIT_FAILS(file_write_new(path, big, sizeof(big)), KR_EUNEXPECTED,
		   "File too large");
	UNIT_FAILS(file_write_atomic(path, big, sizeof(big)), KR_EUNEXPECTED,
		   "File too large");
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &before), 0);
	(void)signal(SIGXFSZ, SIG_DFL);
	UNIT_OK(file_list_dir(folder, &list));
	for (size_t i = 0; i < list.count; i++)
		CU_ASSERT(strncmp(list.names[i], "full", 4) != 0);
	file_list_release(&list);
}

static void reading_has_a_limit_and_kinds(void)
{
	kr_cleanup(buf_release) struct buf b = BUF_INIT(3);
	const char *path = in_folder("four");

	UNIT_OK(file_write_new(path, "four", 4));
	UNIT_FAILS(file_read(path, &b), KR_ENOMEM, "larger than 3 bytes");
	buf_reset(&b);
	UNIT_FAILS(file_read(in_folder("missing"), &b), KR_ENOTFOUND,
		   "missing");
	UNIT_FAILS(file_read(in_folder("four/below"), &b), KR_ENOTFOUND,
		   "below");
	UNIT_FAILS(file_read(folder, &b), KR_EUNEXPECTED, "directory");
}

static void reads_pipes_to_their_end(void)
{
	kr_cleanup(buf_release) struct buf b = BUF_INIT(100);
	int ends[2];

	CU_ASSERT_EQUAL(pipe(ends), 0);
	UNIT_OK(file_write_all(ends[1], "pipe", "a\0b", 3));
	CU_ASSERT_EQUAL(close(ends[1]), 0);
	UNIT_OK(file_read_fd(ends[0], "pipe", &b));
	CU_ASSERT_EQUAL(close(ends[0]), 0);
	CU_ASSERT(b.len == 3 && memcmp(b.data, "a\0b", 3) == 0);
}

static void a_stop_ends_a_wait_on_a_pipe(void)
{
	kr_cleanup(buf_release) struct buf b = BUF_INIT(100);
	int ends[2];

	CU_ASSERT_EQUAL(pipe(ends), 0);
	stop_install();
	CU_ASSERT_EQUAL(raise(SIGTERM), 0);
	UNIT_FAILS(file_read_fd(ends[0], "pipe", &b), KR_EINTERRUPTED,
		   "interrupted");
	/* What cannot block is read all the same: a stop needs its files. */
	UNIT_OK(file_write_new(in_folder("late"), "late", 4));
	CU_ASSERT(holds(in_folder("late"), "late"));
	stop_reset();
	CU_ASSERT_EQUAL(close(ends[0]), 0);
	CU_ASSERT_EQUAL(close(ends[1]), 0);
}

static void folders_are_made_private(void)
{
	UNIT_OK(file_make_dirs(in_folder("a/b/c")));
	CU_ASSERT_EQUAL(file_mode(in_folder("a")), 0700);
	CU_ASSERT_EQUAL(file_mode(in_folder("a/b/c")), 0700);
	UNIT_OK(file_make_dirs(in_folder("a/b/c")));
	UNIT_OK(file_write_new(in_folder("a/file"), "", 0));
	UNIT_FAILS(file_make_dirs(in_folder("a/file")), KR_EUNEXPECTED,
		   "Not a directory");
	UNIT_FAILS(file_make_dirs(in_folder("a/file/x")), KR_EUNEXPECTED,
		   "Not a directory");
}

static void lists_are_sorted(void)
{
	struct file_list list = { 0 };

	UNIT_OK(file_make_dirs(in_folder("list")));
	UNIT_OK(file_list_dir(in_folder("list"), &list));
	CU_ASSERT_EQUAL(list.count, 0);
	for (unsigned i = 0; i < 20; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "list/%02u", i * 7 % 20);
		UNIT_OK(file_write_new(in_folder(name), "", 0));
	}
	UNIT_OK(file_list_dir(in_folder("list"), &list));
	CU_ASSERT_EQUAL(list.count, 20);
	for (size_t i = 1; i < list.count; i++)
		CU_ASSERT(strcmp(list.names[i - 1], list.names[i]) < 0);
	file_list_release(&list);
	UNIT_OK(file_list_dir(in_folder("no-such-folder"), &list));
	CU_ASSERT_EQUAL(list.count, 0);
	UNIT_FAILS(file_list_dir(in_folder("list/01"), &list), KR_EUNEXPECTED,
		   "Not a directory");
}

static void paths(void)
{
	static const char *const joins[][3] = {
		{ "a", "b", "a/b" },
		{ "a/", "b", "a/b" },
		{ "a", "/b", "/b" },
		{ "/", "b", "/b" },
	};
	static const char *const folders[][2] = {
		{ "a/b", "a" },
		{ "b", "." },
		{ "/b", "/" },
		{ "/a/b", "/a" },
	};

	for (size_t i = 0; i < sizeof(joins) / sizeof(*joins); i++) {
		kr_cleanup(str_freep) char *path =
			file_join(joins[i][0], joins[i][1]);

		UNIT_STR(path, joins[i][2]);
	}
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		kr_cleanup(str_freep) char *dir = file_dirname(folders[i][0]);

		UNIT_STR(dir, folders[i][1]);
	}
}

static void looks(void)
{
	const char *path = in_folder("look");

	CU_ASSERT(!file_exists(path));
	CU_ASSERT_EQUAL(file_mode(path), -1);
	CU_ASSERT_EQUAL(file_mtime_s(path), -1);
	UNIT_OK(file_write_new(path, "", 0));
	CU_ASSERT(file_exists(path) && file_is_regular(path));
	CU_ASSERT(file_exists(folder) && !file_is_regular(folder));
	CU_ASSERT(file_mtime_s(path) > 1500000000);
}

const struct unit_suite unit_file = {
	.init = make_folder,
	.clean = remove_folder,
	.tests =
		{
			{"new files are private and never replaced",
			 new_files_are_private_and_never_replaced},
			{"new files do not follow links",
			 new_files_do_not_follow_links},
			{"atomic replaces", atomic_replaces},
			{"failed writes leave nothing",
			 failed_writes_leave_nothing},
			{"reading has a limit and kinds",
			 reading_has_a_limit_and_kinds},
			{"reads pipes to their end", reads_pipes_to_their_end},
			{"a stop ends a wait on a pipe",
			 a_stop_ends_a_wait_on_a_pipe},
			{"folders are made private", folders_are_made_private},
			{"lists are sorted", lists_are_sorted},
			{"paths", paths},
			{"looks", looks},
			{NULL, NULL},
		},
};
