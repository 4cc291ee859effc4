/*
 * Runs a program and kills it at one of its system calls.
 *
 *	killer N LOG PROGRAM ARGUMENT...
 *
 * SIGKILL comes at the N-th call, from 1, before it is carried out; the calls
 * of all its threads count, those of its children do not. N 0: it runs to its
 * end. How many there were is written to LOG. This ends as the program did.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

static long count;

static void write_count(const char *path)
{
	FILE *file = fopen(path, "w");

	if (!file || fprintf(file, "%ld\n", count) < 0 || fclose(file) != 0)
		exit(1);
}

static void run(char **argv)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(126);
	(void)raise(SIGSTOP);
	(void)execv(argv[0], argv);
	_exit(127);
}

/* Whether it stands before a system call. */
static int is_before(pid_t thread)
{
	struct __ptrace_syscall_info info;
	long n = ptrace(PTRACE_GET_SYSCALL_INFO, thread, (void *)sizeof(info),
			&info);

	return n > 0 && info.op == PTRACE_SYSCALL_INFO_ENTRY;
}

/* The signal that a stop is about and that the thread is to get; 0: none. */
static int signal_of(int status)
{
	int signo = WSTOPSIG(status);

	if (signo == (SIGTRAP | 0x80) || status >> 16)
		return 0;
	/* A thread begins with one. */
	return signo == SIGSTOP || signo == SIGTRAP ? 0 : signo;
}

static int follow(pid_t child, long at)
{
	int status = 0;

	for (;;) {
		pid_t thread = waitpid(-1, &status, __WALL);

		if (thread < 0 && errno == EINTR)
			continue;
		if (thread < 0)
			return 1;
		if (!WIFSTOPPED(status)) {
			if (thread == child)
				return status;
			continue;
		}
		if (WSTOPSIG(status) == (SIGTRAP | 0x80) && is_before(thread) &&
		    ++count == at)
			(void)kill(child, SIGKILL);
		/* It may be gone by now. */
		(void)ptrace(PTRACE_SYSCALL, thread, NULL,
			     (void *)(long)signal_of(status));
	}
}

int main(int argc, char **argv)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE |
			     PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	int status = 0;
	pid_t child;

	if (argc < 4)
		return 2;
	child = fork();
	if (child == 0)
		run(argv + 3);
	if (child < 0 || waitpid(child, &status, 0) != child ||
	    ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)options) != 0 ||
	    ptrace(PTRACE_SYSCALL, child, NULL, NULL) != 0)
		return 1;
	status = follow(child, strtol(argv[1], NULL, 10));
	write_count(argv[2]);
	if (WIFSIGNALED(status)) {
		(void)signal(WTERMSIG(status), SIG_DFL);
		(void)raise(WTERMSIG(status));
	}
	return WEXITSTATUS(status);
}
