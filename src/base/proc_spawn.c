#include "base/proc_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/port.h"

/* Where the child keeps the pipe that tells why exec failed. */
#define REPORT_FD 3

enum { PIPE_READ, PIPE_WRITE };

/* What the child needs between vfork and exec. */
struct setup {
	const char *file;
	char *const *argv;
	char *const *envp;
	int in, out, err, report; /* -1: inherited */
	bool own_group;
	pid_t parent;
};

/* Both ends of everything, for one release. */
struct ends {
	int in[2], out[2], err[2], report[2];
	int null_in, null_err;
};

void proc_close_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	errno = saved;
}

void proc_child_release(struct proc_child *child)
{
	proc_close_fd(&child->in);
	proc_close_fd(&child->out);
	proc_close_fd(&child->err);
}

static void pair_release(int pair[2])
{
	proc_close_fd(&pair[PIPE_READ]);
	proc_close_fd(&pair[PIPE_WRITE]);
}

static void ends_release(struct ends *ends)
{
	pair_release(ends->in);
	pair_release(ends->out);
	pair_release(ends->err);
	pair_release(ends->report);
	proc_close_fd(&ends->null_in);
	proc_close_fd(&ends->null_err);
}

static bool place_fd(int fd, int wanted)
{
	return fd < 0 || fd == wanted || dup2(fd, wanted) == wanted;
}

static void default_signals(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	sigemptyset(&action.sa_mask);
	action.sa_handler = SIG_DFL;
	(void)sigaction(SIGPIPE, &action, NULL);
	(void)sigaction(SIGXFSZ, &action, NULL);
	(void)sigprocmask(SIG_SETMASK, &action.sa_mask, NULL);
}

/* Shares the parent's memory after vfork: system calls only. */
__attribute__((noreturn)) static void child_exec(const struct setup *s)
{
	int report = s->report;
	int error;

	port_die_with_parent();
	/* The parent may have died before that call. */
	if (getppid() != s->parent)
		_exit(127);
	if (s->own_group)
		(void)setpgid(0, 0);
	default_signals();
	if (place_fd(s->in, STDIN_FILENO) && place_fd(s->out, STDOUT_FILENO) &&
	    place_fd(s->err, STDERR_FILENO) &&
	    (s->report == REPORT_FD ||
	     port_dup_to(s->report, REPORT_FD) == REPORT_FD)) {
		report = REPORT_FD;
		/* Ours are all close-on-exec; these may be a library's. */
		port_close_from(REPORT_FD + 1);
		(void)execve(s->file, s->argv, s->envp);
	}
	error = errno;
	if (write(report, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

/*
 * vfork, not fork: no copy of this process's heap comes to be. Signals wait,
 * since a handler would run in the child on the parent's memory.
 */
__attribute__((noinline)) static pid_t start(const struct setup *s)
{
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = vfork();
	if (pid == 0)
		child_exec(s);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pid;
}

static struct err *open_ends(const struct proc_spec *spec, struct ends *ends)
{
	if (port_pipe(ends->out) != 0 || port_pipe(ends->report) != 0 ||
	    (spec->stdin_mode == PROC_STDIN_DATA && port_pipe(ends->in) != 0) ||
	    (spec->stderr_mode == PROC_STDERR_CAPTURE &&
	     port_pipe(ends->err) != 0))
		return err_errno(KR_EUNEXPECTED, "pipe");
	if (spec->stdin_mode == PROC_STDIN_NULL)
		ends->null_in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (spec->stderr_mode == PROC_STDERR_NULL)
		ends->null_err = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if ((spec->stdin_mode == PROC_STDIN_NULL && ends->null_in < 0) ||
	    (spec->stderr_mode == PROC_STDERR_NULL && ends->null_err < 0))
		return err_errno(KR_EUNEXPECTED, "open /dev/null");
	/* Only our ends: the child's own stay blocking. */
	if (fcntl(ends->out[PIPE_READ], F_SETFL, O_NONBLOCK) != 0 ||
	    (ends->err[PIPE_READ] >= 0 &&
	     fcntl(ends->err[PIPE_READ], F_SETFL, O_NONBLOCK) != 0) ||
	    (ends->in[PIPE_WRITE] >= 0 &&
	     fcntl(ends->in[PIPE_WRITE], F_SETFL, O_NONBLOCK) != 0))
		return err_errno(KR_EUNEXPECTED, "pipe");
	return NULL;
}

static struct err *exec_error(int error, const char *file)
{
	enum err_kind kind = KR_EUNEXPECTED;

	if (error == ENOENT || error == ENOTDIR)
		kind = KR_ENOTFOUND;
	else if (error == EACCES || error == EPERM || error == ENOEXEC)
		kind = KR_EFORBIDDEN;
	errno = error;
	return err_errno(kind, "run %s", file);
}

/* End of file: exec closed the pipe, the program runs. */
static struct err *await_exec(int report, pid_t pid, const char *file)
{
	int error = 0;
	ssize_t n;

	do
		n = read(report, &error, sizeof(error));
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(error))
		return NULL;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return exec_error(error, file);
}

KR_FALLIBLE proc_spawn(const struct proc_spec *spec, const char *file,
		       struct proc_child *out)
{
	kr_cleanup(ends_release) struct ends ends = { { -1, -1 }, { -1, -1 },
						      { -1, -1 }, { -1, -1 },
						      -1,	  -1 };
	struct setup setup = { .file = file, .parent = getpid() };
	struct err *err = open_ends(spec, &ends);
	pid_t pid;

	if (err)
		return err;
	/* execve() takes char *const[] for history's sake and changes none. */
	memcpy(&setup.argv, &spec->argv, sizeof(setup.argv));
	memcpy(&setup.envp, &spec->envp, sizeof(setup.envp));
	setup.in = ends.null_in >= 0 ? ends.null_in : ends.in[PIPE_READ];
	setup.out = ends.out[PIPE_WRITE];
	setup.err = ends.null_err >= 0 ? ends.null_err : ends.err[PIPE_WRITE];
	setup.report = ends.report[PIPE_WRITE];
	/* Reading the terminal takes its foreground group, which is ours. */
	setup.own_group = spec->stdin_mode != PROC_STDIN_INHERIT;
	pid = start(&setup);
	if (pid < 0)
		return err_errno(KR_EUNEXPECTED, "start %s", file);
	proc_close_fd(&ends.report[PIPE_WRITE]);
	err = await_exec(ends.report[PIPE_READ], pid, file);
	if (err)
		return err;
	*out = (struct proc_child){
		.pid = pid,
		.in = ends.in[PIPE_WRITE],
		.out = ends.out[PIPE_READ],
		.err = ends.err[PIPE_READ],
		.own_group = setup.own_group,
	};
	ends.in[PIPE_WRITE] = -1;
	ends.out[PIPE_READ] = -1;
	ends.err[PIPE_READ] = -1;
	return NULL;
}
