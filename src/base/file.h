/*
 * Files and folders: the one place where the program touches a disk.
 *
 * Everything made here is private (0700 folders, 0600 files; one call says
 * otherwise), never follows a
 * symbolic link in its last component, and is on disk (fsync of file and
 * folder) before the call returns. A failed fsync is an error and is not
 * tried again: the kernel may have dropped the pages.
 */
#ifndef KR_BASE_FILE_H
#define KR_BASE_FILE_H

#include <stddef.h>

#include "base/buf.h"

/*
 * Reads a whole file; "-" is not special here. `out` is appended to, and its
 * max_bytes is the limit. KR_ENOTFOUND where the file is not there, and
 * KR_EUNEXPECTED with errno's text otherwise: callers change the kind.
 */
KR_FALLIBLE file_read(const char *path, struct buf *out);

/* Reads a descriptor to its end, under the limit of `out`. */
KR_FALLIBLE file_read_fd(int fd, const char *name, struct buf *out);

/*
 * Gives a regular file piece by piece, whatever its size; an error of on_data
 * ends it and is returned. *out_regular is false for a folder, a symbolic link
 * (which is not followed), a pipe and the like: nothing was read. Otherwise as
 * file_read().
 */
typedef struct err *file_on_data(void *user, const char *data, size_t len);
KR_FALLIBLE file_feed(const char *path, file_on_data *on_data, void *user,
		      bool *out_regular);

/*
 * Creates a file that must not be there, writes, syncs. On any failure the
 * partial file is removed. KR_ECONFLICT where it exists already.
 */
KR_FALLIBLE file_write_new(const char *path, const void *data, size_t len);

/* Replaces (or creates) a file by rename: readers see old or new. */
KR_FALLIBLE file_write_atomic(const char *path, const void *data, size_t len);

/* The same for what everyone may read, 0644 or as it is already. For metrics
 * and calendars, which other programs pick up; never for what is secret. */
KR_FALLIBLE file_write_public(const char *path, const void *data, size_t len);

/* fsync of the folder that holds `path`: a new name in it stays. */
KR_FALLIBLE file_sync_folder(const char *path);

/*
 * Puts `from` in the place of `to` (same folder), with the permissions that
 * `to` has: readers see old or new.
 */
KR_FALLIBLE file_move(const char *from, const char *to);
/* One that is not there is fine. */
KR_FALLIBLE file_remove(const char *path);

/* Creates the folder and its missing parents, 0700 each. */
KR_FALLIBLE file_make_dirs(const char *path);

/* The names in a folder without "." and "..", sorted; a missing one is empty.
 */
struct file_list {
	char **names;
	size_t count;
};
KR_FALLIBLE file_list_dir(const char *path, struct file_list *out);
void file_list_release(struct file_list *list);

/*
 * Waits for an exclusive lock (flock) on a file or folder that is there, until
 * a stop is requested. Closing *out_fd gives it back. Where the file system has
 * no locks there is none, and no error.
 */
KR_FALLIBLE file_lock(const char *path, int *out_fd);
void file_unlockp(const int *fd); /* for kr_cleanup; -1 is fine */
/* Whether another process has such a lock on it now. */
bool file_is_locked(const char *path);

bool file_exists(const char *path);
/* As file_exists(), but a link that leads nowhere is there, too. */
bool file_is_named(const char *path);
bool file_is_regular(const char *path);
/* Permission bits, or -1. */
int file_mode(const char *path);
/* Modification time in seconds, or -1. */
long long file_mtime_s(const char *path);

/* "dir/name" (malloc'd); an absolute name alone; NULL when out of memory. */
char *file_join(const char *dir, const char *name);
/* The folder part: "a/b" -> "a", "b" -> ".", "/b" -> "/". malloc'd. */
char *file_dirname(const char *path);

/* Writes all of it, through EINTR and short writes. */
KR_FALLIBLE file_write_all(int fd, const char *name, const void *data,
			   size_t len);

#endif
