#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/port.h"

static volatile sig_atomic_t requested;
static int wake[2] = { -1, -1 };

static int restore_fd;
static const char *volatile restore_text;

void stop_restore(int fd, const char *text)
{
	restore_fd = fd;
	restore_text = text;
}

static void leave(void)
{
	const char *text = restore_text;

	/* It failed: there is no terminal any more that could be given back. */
	if (text && write(restore_fd, text, strlen(text)) < 0)
		restore_text = NULL;
	_exit(err_kind_exit_code(KR_EINTERRUPTED));
}

static void on_signal(int signo)
{
	int saved = errno;
	const char one = 1;

	(void)signo;
	if (requested)
		leave();
	requested = 1;
	if (wake[1] >= 0 && write(wake[1], &one, sizeof(one)) < 0)
		requested = 1;
	errno = saved;
}

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

void stop_hold(bool hold)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaddset(&set, signals[i]);
	(void)pthread_sigmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

void stop_install(void)
{
	struct sigaction action;

	if (wake[0] < 0 && port_pipe(wake) == 0)
		for (int i = 0; i < 2; i++)
			(void)fcntl(wake[i], F_SETFL, O_NONBLOCK);
	memset(&action, 0, sizeof(action));
	sigemptyset(&action.sa_mask);
	action.sa_handler = on_signal;
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		struct sigaction old;

		/* nohup and the like: an ignored signal stays ignored. */
		if (sigaction(signals[i], NULL, &old) == 0 &&
		    old.sa_handler == SIG_IGN)
			continue;
		(void)sigaction(signals[i], &action, NULL);
	}
	action.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &action, NULL);
	stop_hold(false);
}

void stop_after_ms(unsigned ms)
{
	const struct itimerval once = {
		.it_value = { .tv_sec = ms / 1000,
			      .tv_usec = (suseconds_t)(ms % 1000) * 1000 },
	};
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	sigemptyset(&action.sa_mask);
	action.sa_handler = on_signal;
	(void)sigaction(SIGALRM, &action, NULL);
	(void)setitimer(ITIMER_REAL, &once, NULL);
}

bool stop_requested(void)
{
	return requested != 0;
}

int stop_fd(void)
{
	return wake[0];
}

KR_FALLIBLE stop_check(void)
{
	if (!requested)
		return NULL;
	return err_new(KR_EINTERRUPTED, "interrupted");
}

void stop_reset(void)
{
	char byte;

	/* One signal writes one byte: the second ends the process. */
	requested = 0;
	if (wake[0] >= 0 && read(wake[0], &byte, sizeof(byte)) < 0)
		requested = 0;
}
