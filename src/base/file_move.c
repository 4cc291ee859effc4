#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* As another program left it: on disk, and as open as the old one. */
static struct err *settle(const char *from, const char *to)
{
	int mode = file_mode(to);
	int fd = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct err *err = NULL;

	if (fd < 0)
		return err_errno(KR_EUNEXPECTED, "open %s", from);
	if ((mode >= 0 && fchmod(fd, (mode_t)mode) != 0) || fsync(fd) != 0)
		err = err_errno(KR_EUNEXPECTED, "sync %s", from);
	(void)close(fd);
	return err;
}

KR_FALLIBLE file_move(const char *from, const char *to)
{
	struct err *err = settle(from, to);

	if (err)
		return err;
	if (rename(from, to) != 0)
		return err_errno(KR_EUNEXPECTED, "replace %s", to);
	return file_sync_folder(to);
}

KR_FALLIBLE file_remove(const char *path)
{
	if (unlink(path) != 0 && errno != ENOENT)
		return err_errno(KR_EUNEXPECTED, "remove %s", path);
	return NULL;
}

KR_FALLIBLE file_write_public(const char *path, const void *data, size_t len)
{
	kr_cleanup(str_freep) char *temp = NULL;
	struct err *err;

	if (asprintf(&temp, "%s.%ld.tmp", path, (long)getpid()) < 0) {
		temp = NULL;
		return err_no_memory();
	}
	err = file_remove(temp);
	if (!err)
		err = file_write_new(temp, data, len);
	if (err)
		return err;
	if (chmod(temp, 0644) != 0)
		err = err_errno(KR_EUNEXPECTED, "create %s", path);
	if (!err)
		err = file_move(temp, path);
	if (err)
		err_free(file_remove(temp));
	return err;
}
