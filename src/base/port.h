/*
 * What systems have of their own. Linux comes first; macOS compiles, with less
 * protection where it has no call for it, and is untested.
 */
#ifndef KR_BASE_PORT_H
#define KR_BASE_PORT_H

#include <stddef.h>
#include <sys/types.h>

/* Both ends close-on-exec. 0, or -1 and errno. */
int port_pipe(int fds[2]);
/* dup3(2) with O_CLOEXEC; async-signal-safe. `wanted`, or -1 and errno. */
int port_dup_to(int fd, int wanted);

/*
 * From `first` on: closes every descriptor, or marks it close-on-exec.
 * Async-signal-safe. Does nothing where the kernel has no call for it.
 */
void port_close_from(int first);
void port_close_on_exec_from(int first);

/* No core dump, no ptrace, no /proc/PID/mem or environ for anybody else. */
void port_no_trace(void);
/*
 * From now on this process makes no memory executable that was writable (Linux
 * 6.6: PR_SET_MDWE). Programs that it starts may: some of them compile as they
 * run. Does nothing where the kernel cannot tell the two apart.
 */
void port_no_exec_gain(void);
/* Few heaps, whatever the number of threads. */
void port_few_heaps(void);
/* This child is killed when its parent dies. Async-signal-safe. */
void port_die_with_parent(void);
/* Takes back a blocked signal that is pending, if it is. */
void port_take_signal(int signo);
/* Readable once the process has ended; -1 where there is no such thing. */
int port_process_fd(pid_t pid);

/* The path of this program's file, for execve(2). */
const char *port_own_path(void);

/* A new file in the folder, for writing, without a name yet; -1 where the
 * file system has no such thing. */
int port_unnamed_file(const char *folder);
/* What malloc() really gave. */
size_t port_block_bytes(void *block);

#ifndef __linux__
extern char **environ;
void explicit_bzero(void *data, size_t size);
int fdatasync(int fd);
void *memrchr(const void *data, int byte, size_t size);
void *reallocarray(void *block, size_t count, size_t size);
#endif

#endif
