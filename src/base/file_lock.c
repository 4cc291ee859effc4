#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/stop.h"

#define RETRY_MS 20

void file_unlockp(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

KR_FALLIBLE file_lock(const char *path, int *out_fd)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct err *err = NULL;

	if (fd < 0)
		return err_errno(KR_EUNEXPECTED, "open %s", path);
	/* Asked again and again: a signal between a look at the stop flag and
	 * a wait in the kernel would be lost. */
	while (!err && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == ENOLCK || errno == EOPNOTSUPP || errno == EINVAL)
			break;
		if (errno == EWOULDBLOCK)
			clock_sleep_ms(RETRY_MS);
		else if (errno != EINTR)
			err = err_errno(KR_EUNEXPECTED, "lock %s", path);
		if (!err)
			err = stop_check();
	}
	if (err) {
		(void)close(fd);
		return err;
	}
	*out_fd = fd;
	return NULL;
}

bool file_is_locked(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	bool locked;

	if (fd < 0)
		return false;
	locked = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
	(void)close(fd);
	return locked;
}
