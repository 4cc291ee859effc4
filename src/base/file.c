#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/port.h"
#include "base/stop.h"

#define READ_CHUNK 16384

static void fd_closep(const int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd);
	errno = saved;
}

/* Waits until a read would not block, so that a stop request ends it. */
static struct err *wait_readable(int fd)
{
	struct pollfd fds[2] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = stop_fd(), .events = POLLIN },
	};

	while (!fds[0].revents) {
		struct err *err = stop_check();

		if (err)
			return err;
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return err_errno(KR_EUNEXPECTED, "poll");
	}
	return NULL;
}

KR_FALLIBLE file_read_fd(int fd, const char *name, struct buf *out)
{
	char chunk[READ_CHUNK];
	struct err *err = NULL;
	struct stat st;
	bool may_block = fstat(fd, &st) != 0 || !S_ISREG(st.st_mode);

	for (;;) {
		ssize_t n;

		if (may_block)
			err = wait_readable(fd);
		if (err)
			break;
		n = read(fd, chunk, sizeof(chunk));
		if (n == 0)
			break;
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0) {
			err = err_errno(KR_EUNEXPECTED, "read %s", name);
			break;
		}
		buf_append(out, chunk, (size_t)n);
		err = buf_check(out, name);
		if (err)
			break;
	}
	/* The file may have held a key. */
	explicit_bzero(chunk, sizeof(chunk));
	return err;
}

KR_FALLIBLE file_read(const char *path, struct buf *out)
{
	kr_cleanup(fd_closep) int fd = -1;

	do
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	while (fd < 0 && errno == EINTR && !stop_requested());
	if (fd < 0 && stop_requested())
		return stop_check();
	if (fd < 0)
		return err_errno(errno == ENOENT || errno == ENOTDIR
					 ? KR_ENOTFOUND
					 : KR_EUNEXPECTED,
				 "open %s", path);
	return file_read_fd(fd, path, out);
}

KR_FALLIBLE file_write_all(int fd, const char *name, const void *data,
			   size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(KR_EUNEXPECTED, "write %s", name);
		p += n;
		len -= (size_t)n;
	}
	return NULL;
}

static struct err *fill_and_sync(int fd, const char *path, const void *data,
				 size_t len)
{
	struct err *err = file_write_all(fd, path, data, len);

	if (err)
		return err;
	if (fsync(fd) != 0)
		return err_errno(KR_EUNEXPECTED, "sync %s", path);
	return NULL;
}

KR_FALLIBLE file_sync_folder(const char *path)
{
	kr_cleanup(str_freep) char *dir = file_dirname(path);
	kr_cleanup(fd_closep) int fd = -1;

	if (!dir)
		return err_no_memory();
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(KR_EUNEXPECTED, "open %s", dir);
	/* Some network file systems cannot sync a folder, and say EINVAL. */
	if (fsync(fd) != 0 && errno != EINVAL)
		return err_errno(KR_EUNEXPECTED, "sync %s", dir);
	return NULL;
}

static struct err *exists_or_errno(const char *verb, const char *path)
{
	if (errno == EEXIST)
		return err_new(KR_ECONFLICT, "%s exists already", path);
	return err_errno(KR_EUNEXPECTED, "%s %s", verb, path);
}

/*
 * A file without a name gets its name when it is complete and on disk: a
 * crash leaves nothing behind. *out_done is false where the file system (or a
 * missing /proc) cannot do that.
 */
static struct err *write_unnamed(const char *path, const void *data, size_t len,
				 bool *out_done)
{
	kr_cleanup(str_freep) char *dir = file_dirname(path);
	kr_cleanup(fd_closep) int fd = -1;
	char self[40];
	struct err *err;

	*out_done = false;
	if (!dir)
		return err_no_memory();
	fd = port_unnamed_file(dir);
	if (fd < 0)
		return NULL;
	err = fill_and_sync(fd, path, data, len);
	if (err)
		return err;
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) != 0) {
		if (errno == EEXIST)
			return exists_or_errno("create", path);
		return NULL;
	}
	*out_done = true;
	return NULL;
}

static struct err *write_named(const char *path, int flags, const void *data,
			       size_t len)
{
	kr_cleanup(fd_closep) int fd = -1;
	struct err *err;

	fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | flags,
		  0600);
	if (fd < 0)
		return exists_or_errno("create", path);
	err = fill_and_sync(fd, path, data, len);
	if (err)
		(void)unlink(path);
	return err;
}

KR_FALLIBLE file_write_new(const char *path, const void *data, size_t len)
{
	bool done = false;
	struct err *err = write_unnamed(path, data, len, &done);

	if (!err && !done)
		err = write_named(path, O_EXCL, data, len);
	if (err)
		return err;
	return file_sync_folder(path);
}

KR_FALLIBLE file_write_atomic(const char *path, const void *data, size_t len)
{
	kr_cleanup(str_freep) char *temp = NULL;
	kr_cleanup(fd_closep) int fd = -1;
	struct err *err;

	if (asprintf(&temp, "%s.XXXXXX", path) < 0) {
		temp = NULL;
		return err_no_memory();
	}
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return err_errno(KR_EUNEXPECTED, "create %s", path);
	err = fill_and_sync(fd, path, data, len);
	if (!err && rename(temp, path) != 0)
		err = err_errno(KR_EUNEXPECTED, "replace %s", path);
	if (err) {
		(void)unlink(temp);
		return err;
	}
	return file_sync_folder(path);
}

static struct err *make_dir(const char *path)
{
	struct stat st;

	if (mkdir(path, 0700) == 0)
		return file_sync_folder(path);
	if (errno == EEXIST) {
		if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
			return NULL;
		errno = ENOTDIR;
	}
	return err_errno(KR_EUNEXPECTED, "create folder %s", path);
}

KR_FALLIBLE file_make_dirs(const char *path)
{
	kr_cleanup(str_freep) char *part = strdup(path);
	char *slash;

	if (!part)
		return err_no_memory();
	slash = part;
	while ((slash = strchr(slash + 1, '/'))) {
		struct stat st;

		*slash = '\0';
		/* Parents that are there need not be ours. */
		if (stat(part, &st) != 0) {
			struct err *err = make_dir(part);

			if (err)
				return err;
		}
		*slash = '/';
	}
	return make_dir(path);
}

static void dir_closep(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

static int compare_names(const void *a, const void *b)
{
	const char *const *left = a;
	const char *const *right = b;

	return strcmp(*left, *right);
}

static bool list_add(struct file_list *list, const char *name)
{
	/* Room doubles whenever the count is a power of two. */
	if ((list->count & (list->count - 1)) == 0) {
		size_t room = list->count ? 2 * list->count : 1;
		char **grown =
			reallocarray(list->names, room, sizeof(*list->names));

		if (!grown)
			return false;
		list->names = grown;
	}
	list->names[list->count] = strdup(name);
	if (!list->names[list->count])
		return false;
	list->count++;
	return true;
}

KR_FALLIBLE file_list_dir(const char *path, struct file_list *out)
{
	kr_cleanup(file_list_release) struct file_list list = { 0 };
	kr_cleanup(dir_closep) DIR *dir = opendir(path);
	const struct dirent *entry;

	if (!dir && errno != ENOENT)
		return err_errno(KR_EUNEXPECTED, "open folder %s", path);
	while (dir) {
		errno = 0;
		entry = readdir(dir);
		if (!entry && errno)
			return err_errno(KR_EUNEXPECTED, "read folder %s",
					 path);
		if (!entry)
			break;
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (!list_add(&list, entry->d_name))
			return err_no_memory();
	}
	if (list.count)
		qsort(list.names, list.count, sizeof(*list.names),
		      compare_names);
	*out = list;
	list = (struct file_list){ 0 };
	return NULL;
}

void file_list_release(struct file_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->names[i]);
	free(list->names);
	*list = (struct file_list){ 0 };
}

bool file_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

bool file_is_named(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

bool file_is_regular(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

int file_mode(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int)(st.st_mode & 07777) : -1;
}

long long file_mtime_s(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (long long)st.st_mtime : -1;
}

char *file_join(const char *dir, const char *name)
{
	size_t n = strlen(dir);
	char *path = NULL;

	if (name[0] == '/')
		return strdup(name);
	if (asprintf(&path, "%s%s%s", dir, n && dir[n - 1] == '/' ? "" : "/",
		     name) < 0)
		return NULL;
	return path;
}

char *file_dirname(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	if (slash == path)
		return strdup("/");
	return strndup(path, (size_t)(slash - path));
}
