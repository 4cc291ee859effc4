/*
 * What the program stands on when it is simulated: clock, sleep, threads,
 * random bytes, processes and the names of processes and machines, bound in
 * place of the system's by the linker (--wrap). In the world's own process,
 * which shares this executable, they are the system's, but for the clock.
 */
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "base/stop.h"
#include "seam.h"

/* clang-format off */
int __real_kill(pid_t, int);
int __real_execve(const char *, char *const *, char *const *);
int keyrot_main(int argc, char **argv);
int __wrap_clock_gettime(clockid_t id, struct timespec *out);
time_t __wrap_time(time_t *out);
int __wrap_execve(const char *, char *const *, char *const *);
int __wrap_RAND_bytes(unsigned char *, int);
int __wrap_RAND_priv_bytes(unsigned char *, int);
ssize_t __wrap_getrandom(void *, size_t, unsigned);
pid_t __wrap_getpid(void);
int __wrap_kill(pid_t, int);
int __wrap_gethostname(char *, size_t);
struct err *__wrap_proc_run(const struct proc_spec *, struct proc_result *);
/* clang-format on */

#define FIRST_PID 1000

struct sim_shared *sim_shared;
int sim_operator = -1;
static __thread struct sim_box *own; /* of this thread */

uint64_t sim_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

void sim_turn_give(struct sim_box *box, uint32_t to)
{
	__atomic_store_n(&box->turn, to, __ATOMIC_SEQ_CST);
	(void)syscall(SYS_futex, &box->turn, FUTEX_WAKE, 1, NULL, NULL, 0);
}

bool sim_turn_await(struct sim_box *box, uint32_t whose, int real_ms)
{
	struct timespec limit = { .tv_sec = real_ms / 1000,
				  .tv_nsec = real_ms % 1000 * 1000000L };

	while (__atomic_load_n(&box->turn, __ATOMIC_SEQ_CST) != whose) {
		long got = syscall(SYS_futex, &box->turn, FUTEX_WAIT, 1 - whose,
				   real_ms ? &limit : NULL, NULL, 0);

		if (got != 0 && errno == ETIMEDOUT)
			return false;
	}
	return true;
}

void sim_box_take(int box)
{
	own = &sim_shared->boxes[box];
}

bool sim_box_is_there(void)
{
	return own != NULL;
}

struct sim_box *sim_box(void)
{
	own->len = 0;
	memset(own->n, 0, sizeof(own->n));
	return own;
}

void sim_ask(enum sim_kind kind)
{
	int signo;

	own->kind = kind;
	sim_turn_give(own, 0);
	(void)sim_turn_await(own, 1, 0);
	signo = own->interrupt;
	own->interrupt = 0;
	if (signo)
		(void)raise(signo);
}

void sim_put(const void *data, size_t len)
{
	if (own->len + len > SIM_BOX_BYTES) {
		(void)fprintf(stderr, "simulator: a message is too long\n");
		abort();
	}
	if (len)
		memcpy(own->bytes + own->len, data, len);
	own->len += len;
}

void sim_put_text(const char *text)
{
	sim_put(text, strlen(text) + 1);
}

/* Clock */

static int64_t boot_ms(void *user)
{
	(void)user;
	return sim_shared->now_ms + 60000;
}

static int64_t wall_ms(void *user)
{
	(void)user;
	return SIM_BEGIN_MS + sim_shared->now_ms;
}

static void sleep_ms(void *user, int64_t ms)
{
	(void)user;
	sim_box()->n[0] = sim_shared->now_ms + ms;
	sim_ask(SIM_SLEEP);
}

int __wrap_clock_gettime(clockid_t id, struct timespec *out)
{
	int64_t ms = id == CLOCK_REALTIME ? wall_ms(NULL) : boot_ms(NULL);

	out->tv_sec = ms / 1000;
	out->tv_nsec = ms % 1000 * 1000000;
	return 0;
}

time_t __wrap_time(time_t *out)
{
	time_t now = (time_t)(wall_ms(NULL) / 1000);

	if (out)
		*out = now;
	return now;
}

/* Random bytes, and names */

static void fill(unsigned char *out, size_t len)
{
	uint64_t *state = &sim_shared->random[sim_operator + 1];

	for (size_t i = 0; i < len; i++)
		out[i] = (unsigned char)(sim_random(state) >> 24);
}

int __wrap_RAND_bytes(unsigned char *out, int len)
{
	fill(out, (size_t)len);
	return 1;
}

int __wrap_RAND_priv_bytes(unsigned char *out, int len)
{
	fill(out, (size_t)len);
	return 1;
}

ssize_t __wrap_getrandom(void *out, size_t len, unsigned flags)
{
	(void)flags;
	fill(out, len);
	return (ssize_t)len;
}

pid_t __wrap_getpid(void)
{
	return FIRST_PID + sim_operator;
}

/* Asked of processes of the same machine alone. */
int __wrap_kill(pid_t pid, int signo)
{
	pid_t n = pid - FIRST_PID;

	if (sim_operator < 0)
		return __real_kill(pid, signo);
	if (signo == 0 && n >= 0 && n < SIM_OPERATORS && sim_shared->alive[n] &&
	    sim_shared->machine[n] == sim_shared->machine[sim_operator])
		return 0;
	errno = ESRCH;
	return -1;
}

int __wrap_gethostname(char *out, size_t size)
{
	(void)snprintf(out, size, "machine-%d",
		       sim_shared->machine[sim_operator]);
	return 0;
}

/* Processes */

int __wrap_execve(const char *path, char *const *argv, char *const *envp)
{
	(void)sim_box();
	sim_ask(SIM_EXEC);
	return __real_execve(path, argv, envp);
}

static void put_list(const char *const *texts)
{
	for (; texts && *texts; texts++)
		sim_put_text(*texts);
	sim_put_text("");
}

/* Answered: how it ended (0: by itself), exit code, lengths of what it
 * printed; the bytes. */
struct err *__wrap_proc_run(const struct proc_spec *spec,
			    struct proc_result *out)
{
	struct err *err = stop_check();
	struct sim_box *box = sim_box();

	if (err)
		return err;
	box->n[0] = spec->timeout_ms;
	put_list(spec->argv);
	put_list(spec->envp);
	if (spec->stdin_mode == PROC_STDIN_DATA)
		sim_put(spec->stdin_data, spec->stdin_len);
	sim_ask(SIM_PROC);
	err = stop_check();
	if (err)
		return err_wrap(err, "%s was ended", spec->argv[0]);
	if (box->n[0] == 1)
		return err_new(KR_ENOTFOUND,
			       "%s is not installed (not on PATH)",
			       spec->argv[0]);
	if (box->n[0] == 2)
		return err_new(KR_ETIMEOUT, "%s did not end in time",
			       spec->argv[0]);
	*out = (struct proc_result){
		.exit_code = (int)box->n[1],
		.out = BUF_INIT(spec->max_stdout_bytes),
		.err = BUF_INIT(spec->max_stderr_bytes),
	};
	if (spec->on_stdout)
		err = spec->on_stdout(spec->user, box->bytes,
				      (size_t)box->n[2]);
	else
		buf_append(&out->out, box->bytes, (size_t)box->n[2]);
	if (!err)
		err = buf_check(&out->out, spec->argv[0]);
	explicit_bzero(box->bytes, (size_t)box->n[2]);
	if (err)
		proc_result_release(out);
	return err;
}

void sim_operator_begin(int operator_, int box)
{
	static const struct clock_source source = { boot_ms, wall_ms, sleep_ms,
						    NULL };

	sim_operator = operator_;
	own = &sim_shared->boxes[box];
	clock_use(&source);
}

void sim_operator_main(int argc, char **argv)
{
	int code = keyrot_main(argc, argv);

	(void)fflush(stdout);
	(void)fflush(stderr);
	sim_box()->n[0] = code;
	own->kind = SIM_EXIT;
	sim_turn_give(own, 0);
	_exit(code);
}
