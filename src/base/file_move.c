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
