/*
 * What the program writes to disk, counted and spoiled: preloaded into it.
 *
 *	KEYROT_SEAM=FOLDER    only what is below it counts
 *	KEYROT_SEAM_LOG=FILE  a line for each call that counts
 *	KEYROT_SEAM_AT=N      the call that is spoiled, from 1
 *	KEYROT_SEAM_DO=WORD   enospc, eio: the call fails; short: a write takes
 *	                      one byte, and the next fails; kill, kill-after:
 *	                      SIGKILL before it, or once it was carried out;
 *	                      torn: half of the write, then SIGKILL
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static char folder[512], doing[16];
static int log_fd = -1;
static long at, count;

__attribute__((constructor)) static void begin(void)
{
	const char *seam = getenv("KEYROT_SEAM");
	const char *log = getenv("KEYROT_SEAM_LOG");
	const char *number = getenv("KEYROT_SEAM_AT");
	const char *word = getenv("KEYROT_SEAM_DO");

	if (!seam || strcmp(program_invocation_short_name, "kubectl-keyrot"))
		return;
	(void)snprintf(folder, sizeof(folder), "%s/", seam);
	at = number ? strtol(number, NULL, 10) : 0;
	(void)snprintf(doing, sizeof(doing), "%s", word ? word : "");
	if (log)
		log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
			      0600);
}

static void die(void)
{
	(void)kill(getpid(), SIGKILL);
	(void)pause();
}

/* Whether this very call is to be spoiled. */
static int is_due(const char *call, const char *path)
{
	char line[640];
	long mine;
	int n;

	if (!*folder || strncmp(path, folder, strlen(folder)) != 0)
		return 0;
	mine = __atomic_add_fetch(&count, 1, __ATOMIC_ACQ_REL);
	n = snprintf(line, sizeof(line), "%ld %s %s\n", mine, call,
		     path + strlen(folder));
	if (log_fd >= 0 && syscall(SYS_write, log_fd, line, n) < 0)
		log_fd = -1;
	/* After a short write the next call fails, whatever it is. */
	return mine == at || (mine == at + 1 && strcmp(doing, "short") == 0);
}

static int fd_is_due(const char *call, int fd)
{
	char name[64], path[512];
	ssize_t n;

	if (!*folder)
		return 0;
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	n = readlink(name, path, sizeof(path) - 1);
	if (n < 0)
		return 0;
	path[n] = '\0';
	return is_due(call, path);
}

/* Before the call: true where it is not carried out at all. */
static int fails(void)
{
	if (strcmp(doing, "kill") == 0)
		die();
	if (strcmp(doing, "enospc") == 0 || strcmp(doing, "short") == 0)
		errno = ENOSPC;
	else if (strcmp(doing, "eio") == 0)
		errno = EIO;
	else
		return 0;
	return 1;
}

static void after(void)
{
	int saved = errno;

	if (strcmp(doing, "kill-after") == 0 || strcmp(doing, "torn") == 0)
		die();
	errno = saved;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *data, size_t len)
{
	int due = fd_is_due("write", fd);
	ssize_t n;

	if (due && strcmp(doing, "short") == 0 && count == at)
		return REAL(write)(fd, data, len ? 1 : 0);
	if (due && fails())
		return -1;
	if (due && strcmp(doing, "torn") == 0)
		len /= 2;
	n = REAL(write)(fd, data, len);
	if (due)
		after();
	return n;
}

#define ONE_FD(name)                                                           \
	int name(int fd)                                                       \
	{                                                                      \
		int due = fd_is_due(#name, fd), r;                             \
                                                                               \
		if (due && fails())                                            \
			return -1;                                             \
		r = REAL(name)(fd);                                            \
		if (due)                                                       \
			after();                                               \
		return r;                                                      \
	}

ONE_FD(fsync)
ONE_FD(fdatasync)

int posix_fallocate(int fd, off_t offset, off_t len)
{
	int due = fd_is_due("posix_fallocate", fd), r;

	if (due && fails())
		return errno;
	r = REAL(posix_fallocate)(fd, offset, len);
	if (due)
		after();
	return r;
}

int fallocate(int fd, int mode, off_t offset, off_t len)
{
	int due = fd_is_due("fallocate", fd), r;

	if (due && fails())
		return -1;
	r = REAL(fallocate)(fd, mode, offset, len);
	if (due)
		after();
	return r;
}

int ftruncate(int fd, off_t len)
{
	int due = fd_is_due("ftruncate", fd), r;

	if (due && fails())
		return -1;
	r = REAL(ftruncate)(fd, len);
	if (due)
		after();
	return r;
}

int open(const char *path, int flags, ...)
{
	int due = flags & O_CREAT && is_due("open", path), fd;
	mode_t mode = 0;
	va_list list;

	va_start(list, flags);
	if (flags & O_CREAT)
		mode = va_arg(list, mode_t);
	va_end(list);
	if (due && fails())
		return -1;
	fd = REAL(open)(path, flags, mode);
	if (due)
		after();
	return fd;
}
