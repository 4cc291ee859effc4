#include "base/port.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__

#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#ifndef SYS_close_range
#define SYS_close_range 436 /* the same number on every processor */
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#define CLOSE_ON_EXEC 4U /* CLOSE_RANGE_CLOEXEC */
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#endif
#define REFUSE_EXEC_GAIN 1UL /* of <linux/prctl.h>, which may be older */
#define NOT_IN_CHILDREN	 2UL

int port_pipe(int fds[2])
{
	return pipe2(fds, O_CLOEXEC);
}

int port_dup_to(int fd, int wanted)
{
	return dup3(fd, wanted, O_CLOEXEC);
}

void port_close_from(int first)
{
	(void)syscall(SYS_close_range, (unsigned int)first, ~0U, 0U);
}

void port_close_on_exec_from(int first)
{
	(void)syscall(SYS_close_range, (unsigned int)first, ~0U, CLOSE_ON_EXEC);
}

void port_no_trace(void)
{
	(void)prctl(PR_SET_DUMPABLE, 0);
}

void port_no_exec_gain(void)
{
	(void)prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN | NOT_IN_CHILDREN, 0UL, 0UL,
		    0UL);
}

void port_few_heaps(void)
{
#ifdef M_ARENA_MAX
	(void)mallopt(M_ARENA_MAX, 2);
#endif
}

void port_die_with_parent(void)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

void port_take_signal(int signo)
{
	static const struct timespec now = { 0, 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	(void)sigtimedwait(&set, NULL, &now);
}

int port_process_fd(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

const char *port_own_path(void)
{
	return "/proc/self/exe";
}

int port_unnamed_file(const char *folder)
{
	return open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
}

size_t port_block_bytes(void *block)
{
	return malloc_usable_size(block);
}

#else /* macOS */

#include <mach-o/dyld.h>
#include <malloc/malloc.h>
#include <signal.h>
#include <sys/param.h>

/* <sys/ptrace.h>, which not every set of headers for macOS has. */
#define PT_DENY_ATTACH 31
int ptrace(int request, pid_t pid, char *address, int data);

static int close_on_exec(int fd)
{
	return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int port_pipe(int fds[2])
{
	if (pipe(fds) != 0)
		return -1;
	if (close_on_exec(fds[0]) == 0 && close_on_exec(fds[1]) == 0)
		return 0;
	(void)close(fds[0]);
	(void)close(fds[1]);
	return -1;
}

int port_dup_to(int fd, int wanted)
{
	return dup2(fd, wanted) == wanted && close_on_exec(wanted) == 0 ? wanted
									: -1;
}

void port_close_from(int first)
{
	for (int fd = first; fd < getdtablesize(); fd++)
		(void)close(fd);
}

void port_close_on_exec_from(int first)
{
	for (int fd = first; fd < getdtablesize(); fd++)
		(void)close_on_exec(fd);
}

void port_no_trace(void)
{
	(void)ptrace(PT_DENY_ATTACH, 0, NULL, 0);
}

void port_no_exec_gain(void)
{
}

void port_few_heaps(void)
{
}

void port_die_with_parent(void)
{
}

void port_take_signal(int signo)
{
	sigset_t set;

	if (sigpending(&set) != 0 || !sigismember(&set, signo))
		return;
	sigemptyset(&set);
	sigaddset(&set, signo);
	(void)sigwait(&set, &signo);
}

int port_process_fd(pid_t pid)
{
	(void)pid;
	errno = ENOSYS;
	return -1;
}

const char *port_own_path(void)
{
	static char path[MAXPATHLEN];
	uint32_t size = sizeof(path);

	return _NSGetExecutablePath(path, &size) == 0 ? path : "";
}

int port_unnamed_file(const char *folder)
{
	(void)folder;
	errno = EOPNOTSUPP;
	return -1;
}

size_t port_block_bytes(void *block)
{
	return malloc_size(block);
}

void explicit_bzero(void *data, size_t size)
{
	volatile unsigned char *p = data;

	while (size-- > 0)
		*p++ = 0;
}

/* What fsync() does there is less than on disk. */
int fdatasync(int fd)
{
	return fcntl(fd, F_FULLFSYNC) == 0 ? 0 : fsync(fd);
}

void *memrchr(const void *data, int byte, size_t size)
{
	const unsigned char *p = data;

	while (size-- > 0)
		if (p[size] == (unsigned char)byte)
			return (void *)(uintptr_t)(p + size);
	return NULL;
}

void *reallocarray(void *block, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(block, bytes);
}

#endif
