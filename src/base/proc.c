#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/port.h"
#include "base/proc_spawn.h"
#include "base/stop.h"

#define READ_CHUNK 4096
#define GRACE_MS   300 /* between SIGTERM and SIGKILL */
#define TICK_MS	   20  /* how often to look where there is no pidfd */

/* One run. */
struct run {
	const struct proc_spec *spec;
	struct proc_child child;
	int pidfd; /* -1 where the kernel has none */
	int64_t deadline_ms;
	size_t written; /* of spec->stdin_data */
	struct proc_result result;
};

char *proc_find(const char *name, const char *path)
{
	if (!path)
		path = getenv("PATH");
	if (!path || !*name)
		return NULL;
	while (*path) {
		size_t n = strcspn(path, ":");
		char *file = NULL;
		struct stat st;

		/* A relative entry would run what a folder happens to hold. */
		if (*path == '/' &&
		    asprintf(&file, "%.*s/%s", (int)n, path, name) < 0)
			return NULL;
		if (file && stat(file, &st) == 0 && S_ISREG(st.st_mode) &&
		    access(file, X_OK) == 0)
			return file;
		free(file);
		path += n;
		if (*path == ':')
			path++;
	}
	return NULL;
}

/* write(2) whose SIGPIPE, where a caller has not ignored it, is taken back. */
static ssize_t write_no_sigpipe(int fd, const void *data, size_t len)
{
	sigset_t pipe_set, before, pending;
	ssize_t n;
	int saved;

	sigemptyset(&pipe_set);
	sigaddset(&pipe_set, SIGPIPE);
	(void)sigpending(&pending);
	(void)pthread_sigmask(SIG_BLOCK, &pipe_set, &before);
	n = write(fd, data, len);
	saved = errno;
	if (n < 0 && saved == EPIPE && !sigismember(&pending, SIGPIPE))
		port_take_signal(SIGPIPE);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = saved;
	return n;
}

static void feed_stdin(struct run *run)
{
	const char *data = run->spec->stdin_data;
	size_t left = run->spec->stdin_len - run->written;
	ssize_t n = 0;

	if (left)
		n = write_no_sigpipe(run->child.in, data + run->written, left);
	if (n > 0)
		run->written += (size_t)n;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* A child may close its input early: its exit code is what counts. */
	if (n < 0 || run->written == run->spec->stdin_len)
		proc_close_fd(&run->child.in);
}

/*
 * Takes what is there now and keeps what fits; true where something did not.
 * Closes *fd at its end.
 */
static bool take_output(int *fd, struct buf *into)
{
	char chunk[READ_CHUNK];
	bool fits = true;

	/* A bounded number of turns: an endless writer must not keep us from
	 * looking at the clock. */
	for (int turn = 0; turn < 64 && *fd >= 0 && fits; turn++) {
		ssize_t n = read(*fd, chunk, sizeof(chunk));
		size_t room = into->max_bytes - into->len;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0) {
			proc_close_fd(fd);
			break;
		}
		fits = (size_t)n <= room;
		buf_append(into, chunk, fits ? (size_t)n : room);
	}
	/* The output of a password manager is a key. */
	explicit_bzero(chunk, sizeof(chunk));
	return !fits;
}

/* All that is there now goes to the caller. Closes the pipe at its end. */
static KR_FALLIBLE pass_output(struct run *run)
{
	char chunk[READ_CHUNK];
	struct err *err = NULL;

	for (int turn = 0; turn < 64 && run->child.out >= 0 && !err; turn++) {
		ssize_t n = read(run->child.out, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0)
			proc_close_fd(&run->child.out);
		else
			err = run->spec->on_stdout(run->spec->user, chunk,
						   (size_t)n);
	}
	explicit_bzero(chunk, sizeof(chunk));
	return err;
}

static KR_FALLIBLE take_stdout(struct run *run, const char *name)
{
	if (run->spec->on_stdout)
		return pass_output(run);
	if (take_output(&run->child.out, &run->result.out))
		return err_new(KR_ENOMEM, "%s printed more than %zu bytes",
			       name, run->spec->max_stdout_bytes);
	return buf_check(&run->result.out, name);
}

/* Without reaping it, so that its number stays its own. */
static bool child_exited(const struct run *run)
{
	siginfo_t info;

	info.si_pid = 0;
	return waitid(P_PID, (id_t)run->child.pid, &info,
		      WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid != 0;
}

/* Sleeps until something can be done, at most max_ms. */
static void wait_event(struct run *run, int64_t max_ms, bool watch_stop)
{
	struct pollfd fds[5];
	nfds_t n = 0;
	int timeout = -1;

	fds[n++] = (struct pollfd){ .fd = run->child.in, .events = POLLOUT };
	fds[n++] = (struct pollfd){ .fd = run->child.out, .events = POLLIN };
	fds[n++] = (struct pollfd){ .fd = run->child.err, .events = POLLIN };
	fds[n++] = (struct pollfd){ .fd = run->pidfd, .events = POLLIN };
	if (watch_stop)
		fds[n++] = (struct pollfd){ .fd = stop_fd(), .events = POLLIN };
	if (run->pidfd < 0 && max_ms > TICK_MS)
		max_ms = TICK_MS;
	if (max_ms < INT32_MAX)
		timeout = (int)max_ms;
	(void)poll(fds, n, timeout);
}

/* The whole group, politely first. The child is a zombie afterwards. */
static void child_kill(struct run *run)
{
	pid_t target = run->child.own_group ? -run->child.pid : run->child.pid;
	int64_t deadline = deadline_in_ms(GRACE_MS);

	proc_close_fd(&run->child.in);
	proc_close_fd(&run->child.out);
	proc_close_fd(&run->child.err);
	(void)kill(target, SIGTERM);
	while (!child_exited(run) && !deadline_over(deadline))
		wait_event(run, deadline_left_ms(deadline), false);
	(void)kill(target, SIGKILL);
}

static void child_reap(struct run *run)
{
	int status = 0;

	while (waitpid(run->child.pid, &status, 0) < 0 && errno == EINTR)
		;
	run->result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	run->result.term_signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* Until the child is gone and its output taken; NULL then. */
static struct err *follow(struct run *run, const char *name)
{
	for (;;) {
		/* Looked at first: what it wrote before is then all there. A
		 * daemon it left behind may hold the pipes for ever. */
		bool exited = child_exited(run);
		struct err *err;

		if (run->child.in >= 0)
			feed_stdin(run);
		(void)take_output(&run->child.err, &run->result.err);
		err = take_stdout(run, name);
		if (run->spec->on_look)
			run->spec->on_look(run->spec->user, &run->result.out,
					   &run->result.err);
		if (err || exited)
			return err;
		err = stop_check();
		if (err)
			return err_wrap(err, "%s was ended", name);
		if (deadline_over(run->deadline_ms)) {
			char limit[CLOCK_SHORT_LEN];

			clock_short(run->spec->timeout_ms, limit);
			return err_new(KR_ETIMEOUT, "%s did not end within %s",
				       name, limit);
		}
		wait_event(run, deadline_left_ms(run->deadline_ms), true);
	}
}

static void run_release(struct run *run)
{
	proc_child_release(&run->child);
	proc_close_fd(&run->pidfd);
	proc_result_release(&run->result);
}

KR_FALLIBLE proc_run(const struct proc_spec *spec, struct proc_result *out)
{
	kr_cleanup(run_release) struct run run = {
		.spec = spec,
		.child = { .in = -1, .out = -1, .err = -1 },
		.pidfd = -1,
		.deadline_ms = deadline_in_ms(spec->timeout_ms),
		.result = { .out = BUF_INIT(spec->max_stdout_bytes),
			    .err = BUF_INIT(spec->max_stderr_bytes) },
	};
	kr_cleanup(str_freep) char *found = NULL;
	const char *file = spec->argv[0];
	struct err *err = stop_check();

	if (err)
		return err;
	if (!strchr(file, '/')) {
		found = proc_find(file, spec->search_path);
		if (!found)
			return err_new(KR_ENOTFOUND,
				       "%s is not installed (not on PATH)",
				       file);
		file = found;
	}
	err = proc_spawn(spec, file, &run.child);
	if (err)
		return err;
	run.pidfd = port_process_fd(run.child.pid);
	err = follow(&run, spec->argv[0]);
	if (err)
		child_kill(&run);
	child_reap(&run);
	if (err)
		return err;
	*out = run.result;
	run.result = (struct proc_result){ 0 };
	return NULL;
}

void proc_result_release(struct proc_result *result)
{
	buf_release(&result->out);
	buf_release(&result->err);
}
