/*
 * How long each locked piece of memory lives, and what was in it: preloaded
 * into the program, which knows nothing of it. Keys of tests alone.
 *
 *	KEYLIFE_LOG=FILE
 *
 * One line a piece: "PID BEGAN ENDED HOW HEX", nanoseconds of the clock that
 * goes on while a machine sleeps, and what stood there before it was wiped.
 * HOW it ended: wiped, unwiped (given back as it was), left (at the exit) or
 * exec (another program took its place).
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PIECES	  1024
#define MAX_BYTES 65536

struct piece {
	unsigned char *at;
	size_t len;
	int64_t began;
	unsigned char *was; /* before it was wiped; NULL: it is as it was */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct piece pieces[PIECES];
static char path[512];
static pid_t own; /* a child that shares the memory is another */

__attribute__((constructor)) static void begin(void)
{
	const char *log = getenv("KEYLIFE_LOG");

	own = getpid();
	if (log && strcmp(program_invocation_short_name, "kubectl-keyrot") == 0)
		(void)snprintf(path, sizeof(path), "%s", log);
}

static int64_t now(void)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_BOOTTIME, &at);
	return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

static size_t kept(size_t len)
{
	return len < MAX_BYTES ? len : MAX_BYTES;
}

static struct piece *find(const unsigned char *at)
{
	for (size_t i = 0; i < PIECES; i++)
		if (pieces[i].at && at >= pieces[i].at &&
		    at < pieces[i].at + pieces[i].len)
			return &pieces[i];
	return NULL;
}

static void tell(const struct piece *p, const char *how)
{
	const unsigned char *bytes = p->was ? p->was : p->at;
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	size_t n = kept(p->len), first = 0;
	char *line = malloc(128 + 2 * n), *to = line;

	if (!line || fd < 0)
		abort();
	while (first < n && !bytes[first])
		first++;
	to += sprintf(to, "%d %lld %lld %s ", (int)getpid(),
		      (long long)p->began, (long long)now(), how);
	for (size_t i = first; i < n; i++)
		to += sprintf(to, "%02x", bytes[i]);
	*to++ = '\n';
	if (write(fd, line, (size_t)(to - line)) != to - line)
		abort();
	(void)close(fd);
	free(line);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int mlock(const void *at, size_t len)
{
	int64_t began = now();

	(void)pthread_mutex_lock(&lock);
	for (size_t i = 0; *path && i <= PIECES; i++) {
		if (i == PIECES)
			abort();
		if (pieces[i].at)
			continue;
		pieces[i] = (struct piece){
			.at = (unsigned char *)(uintptr_t)at,
			.len = len,
			.began = began,
		};
		break;
	}
	(void)pthread_mutex_unlock(&lock);
	return REAL(mlock)(at, len);
}

void OPENSSL_cleanse(void *at, size_t len);

void OPENSSL_cleanse(void *at, size_t len)
{
	struct piece *p;

	(void)pthread_mutex_lock(&lock);
	p = find(at);
	if (p && !p->was) {
		p->was = malloc(kept(p->len));
		if (!p->was)
			abort();
		memcpy(p->was, p->at, kept(p->len));
	}
	(void)pthread_mutex_unlock(&lock);
	REAL(OPENSSL_cleanse)(at, len);
}

int munmap(void *at, size_t len)
{
	unsigned char *from = at;

	(void)pthread_mutex_lock(&lock);
	for (size_t i = 0; i < PIECES; i++) {
		struct piece *p = &pieces[i];

		if (!p->at || p->at < from || p->at >= from + len)
			continue;
		tell(p, p->was ? "wiped" : "unwiped");
		free(p->was);
		*p = (struct piece){ 0 };
	}
	(void)pthread_mutex_unlock(&lock);
	return REAL(munmap)(at, len);
}

static void tell_all(const char *how)
{
	(void)pthread_mutex_lock(&lock);
	for (size_t i = 0; i < PIECES; i++)
		if (pieces[i].at)
			tell(&pieces[i], how);
	(void)pthread_mutex_unlock(&lock);
}

__attribute__((destructor)) static void end(void)
{
	tell_all("left");
}

int execve(const char *program, char *const argv[], char *const env[])
{
	if (getpid() == own)
		tell_all("exec");
	return REAL(execve)(program, argv, env);
}
