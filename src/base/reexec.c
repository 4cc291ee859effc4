#include "base/reexec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/port.h"
#include "base/stop.h"
#include "base/text.h"

/* "FD:PID": a child that inherits it is not meant. */
#define VARIABLE "KEYROT_HANDOVER"

/* All of it, or an error: nobody reads yet. */
static KR_FALLIBLE fill_pipe(int fd, const struct buf *data)
{
#ifdef F_SETPIPE_SZ
	if (data->len > 60 * 1024)
		(void)fcntl(fd, F_SETPIPE_SZ, (int)REEXEC_MAX_BYTES);
#endif
	if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
		return err_errno(KR_EUNEXPECTED, "pipe");
	if (write(fd, data->data, data->len) != (ssize_t)data->len)
		return err_errno(KR_EUNEXPECTED, "fill a pipe");
	return NULL;
}

static KR_FALLIBLE replace(const char *const *argv, int fd)
{
	char value[32];
	struct err *err;

	/* Connections of libraries are not all closed by an execve(2). */
	port_close_on_exec_from(STDERR_FILENO + 1);
	(void)snprintf(value, sizeof(value), "%d:%ld", fd, (long)getpid());
	if (fcntl(fd, F_SETFD, 0) != 0 || setenv(VARIABLE, value, 1) != 0)
		return err_errno(KR_EUNEXPECTED, "hand over");
	stop_hold(true);
	err = stop_check();
	if (!err) {
		(void)execve(port_own_path(), (char *const *)(uintptr_t)argv,
			     environ);
		err = err_errno(KR_EUNEXPECTED, "start %s anew", argv[0]);
	}
	stop_hold(false);
	(void)unsetenv(VARIABLE);
	return err;
}

KR_FALLIBLE reexec(const char *const *argv, const struct buf *data)
{
	struct err *err;
	int fds[2];

	if (port_pipe(fds) != 0)
		return err_errno(KR_EUNEXPECTED, "pipe");
	err = fill_pipe(fds[1], data);
	(void)close(fds[1]);
	if (!err)
		err = replace(argv, fds[0]);
	(void)close(fds[0]);
	return err;
}

/* It was filled and closed: nothing is waited for, and no signal cuts it. */
static KR_FALLIBLE empty_pipe(int fd, struct buf *out)
{
	char part[4096];
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) != 0) {
		if (n > 0)
			buf_append(out, part, (size_t)n);
		else if (errno != EINTR)
			return err_errno(KR_EUNEXPECTED,
					 "read what was handed over");
	}
	return buf_check(out, "what was handed over");
}

KR_FALLIBLE reexec_take(struct buf *out, bool *out_found)
{
	const char *value = getenv(VARIABLE);
	struct err *err;
	char *end = NULL;
	long fd, pid;

	*out_found = false;
	if (!value)
		return NULL;
	fd = strtol(value, &end, 10);
	pid = *end == ':' ? strtol(end + 1, NULL, 10) : 0;
	(void)unsetenv(VARIABLE);
	if (fd < 3 || pid != (long)getpid())
		return NULL;
	err = empty_pipe((int)fd, out);
	(void)close((int)fd);
	*out_found = !err;
	return err;
}

bool reexec_loses(const char *path)
{
	return path && (text_starts_with(path, "/dev/fd/") ||
			text_starts_with(path, "/proc/self/fd/") ||
			strcmp(path, "/dev/stdin") == 0);
}
