/*
 * What the program does to the files below a folder, in order: preloaded into
 * it. Each operation is a line of KEYROT_POWER_LOG, a write's bytes behind it.
 *
 *	KEYROT_POWER=FOLDER    only what is below it counts
 *	KEYROT_POWER_LOG=FILE  appended to
 *
 * A request that changes something in a cluster, and the process's end, are
 * marks: what was written before them is relied upon.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static char folder[512];
static int log_fd = -1;
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void)
{
	const char *below = getenv("KEYROT_POWER");
	const char *log = getenv("KEYROT_POWER_LOG");

	if (!below || !log ||
	    strcmp(program_invocation_short_name, "kubectl-keyrot") != 0)
		return;
	(void)snprintf(folder, sizeof(folder), "%s/", below);
	log_fd = (int)syscall(SYS_openat, AT_FDCWD, log,
			      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* Under the lock. A record that is not whole would be seen at the replay. */
static void note_with(const void *data, size_t len, const char *format, ...)
{
	char line[1200];
	struct iovec parts[2] = { { line, 0 }, { (void *)(size_t)data, len } };
	int saved = errno;
	va_list list;
	int n;

	va_start(list, format);
	n = vsnprintf(line, sizeof(line), format, list);
	va_end(list);
	parts[0].iov_len = (size_t)n;
	if (syscall(SYS_writev, log_fd, parts, 2) != n + (ssize_t)len)
		abort();
	errno = saved;
}

#define note(...) note_with("", 0, __VA_ARGS__)

static int is_below(const char *path)
{
	size_t n = strlen(folder);

	/* Or that folder itself. */
	return *folder &&
	       (strncmp(path, folder, n) == 0 ||
		(strlen(path) == n - 1 && strncmp(path, folder, n - 1) == 0));
}

/* The path of what is open, and its number; 0 where it does not count. */
static unsigned long number_of(int fd, char path[512])
{
	struct stat st;
	char name[64];
	ssize_t n;

	if (!*folder)
		return 0;
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	n = readlink(name, path, 511);
	if (n < 0)
		return 0;
	path[n] = '\0';
	return is_below(path) && fstat(fd, &st) == 0 ? st.st_ino : 0;
}

static void note_open(int fd, const char *path, int flags, int was_there)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return;
	if ((flags & O_TMPFILE) == O_TMPFILE)
		note("unnamed %lu\n", (unsigned long)st.st_ino);
	else if (!was_there)
		note("create %lu %s\n", (unsigned long)st.st_ino, path);
	else if (flags & O_TRUNC)
		note("cut %lu 0\n", (unsigned long)st.st_ino);
}

int open(const char *path, int flags, ...)
{
	int makes = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE;
	int was_there, fd;
	mode_t mode = 0;
	va_list list;

	va_start(list, flags);
	if (makes)
		mode = va_arg(list, mode_t);
	va_end(list);
	if (!makes || !is_below(path))
		return REAL(open)(path, flags, mode);
	(void)pthread_mutex_lock(&order);
	was_there = faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	fd = REAL(open)(path, flags, mode);
	note_open(fd, path, flags, was_there);
	(void)pthread_mutex_unlock(&order);
	return fd;
}

int mkostemp(char *path, int flags)
{
	int fd;

	if (!is_below(path))
		return REAL(mkostemp)(path, flags);
	(void)pthread_mutex_lock(&order);
	fd = REAL(mkostemp)(path, flags);
	note_open(fd, path, 0, 0);
	(void)pthread_mutex_unlock(&order);
	return fd;
}

ssize_t write(int fd, const void *data, size_t len)
{
	char path[512];
	unsigned long number = number_of(fd, path);
	long long at;
	struct stat st;
	ssize_t n;

	if (!number)
		return REAL(write)(fd, data, len);
	(void)pthread_mutex_lock(&order);
	at = fcntl(fd, F_GETFL) & O_APPEND && fstat(fd, &st) == 0
		     ? st.st_size
		     : lseek(fd, 0, SEEK_CUR);
	n = REAL(write)(fd, data, len);
	if (n > 0)
		note_with(data, (size_t)n, "write %lu %lld %zd\n", number, at,
			  n);
	(void)pthread_mutex_unlock(&order);
	return n;
}

static int sync_it(int fd, int (*sync)(int fd))
{
	char path[512];
	unsigned long number = number_of(fd, path);
	struct stat st;
	int r;

	if (!number || fstat(fd, &st) != 0)
		return sync(fd);
	(void)pthread_mutex_lock(&order);
	r = sync(fd);
	if (r == 0 && S_ISDIR(st.st_mode))
		note("sync-folder %s\n", path);
	else if (r == 0)
		note("sync %lu\n", number);
	(void)pthread_mutex_unlock(&order);
	return r;
}

int fsync(int fd)
{
	return sync_it(fd, REAL(fsync));
}

int fdatasync(int fd)
{
	return sync_it(fd, REAL(fdatasync));
}

int ftruncate(int fd, off_t len)
{
	char path[512];
	unsigned long number = number_of(fd, path);
	int r;

	(void)pthread_mutex_lock(&order);
	r = REAL(ftruncate)(fd, len);
	if (number && r == 0)
		note("cut %lu %lld\n", number, (long long)len);
	(void)pthread_mutex_unlock(&order);
	return r;
}

int linkat(int from_dir, const char *from, int to_dir, const char *to,
	   int flags)
{
	struct stat st;
	int r;

	(void)pthread_mutex_lock(&order);
	r = REAL(linkat)(from_dir, from, to_dir, to, flags);
	if (r == 0 && is_below(to) && stat(to, &st) == 0)
		note("link %lu %s\n", (unsigned long)st.st_ino, to);
	(void)pthread_mutex_unlock(&order);
	return r;
}

int rename(const char *from, const char *to)
{
	int r;

	(void)pthread_mutex_lock(&order);
	r = REAL(rename)(from, to);
	/* No name that is made here has a tab. */
	if (r == 0 && is_below(to))
		note("rename %s\t%s\n", from, to);
	(void)pthread_mutex_unlock(&order);
	return r;
}

int unlink(const char *path)
{
	int r;

	(void)pthread_mutex_lock(&order);
	r = REAL(unlink)(path);
	if (r == 0 && is_below(path))
		note("unlink %s\n", path);
	(void)pthread_mutex_unlock(&order);
	return r;
}

int mkdir(const char *path, mode_t mode)
{
	int r;

	(void)pthread_mutex_lock(&order);
	r = REAL(mkdir)(path, mode);
	if (r == 0 && is_below(path))
		note("mkdir %s\n", path);
	(void)pthread_mutex_unlock(&order);
	return r;
}

/* libcurl's: a request begins with its method. */
int SSL_write(void *ssl, const void *data, int len);

int SSL_write(void *ssl, const void *data, int len)
{
	const char *text = data;

	if (*folder && len > 6 && memcmp(text, "PATCH ", 6) == 0) {
		(void)pthread_mutex_lock(&order);
		note("mark %.*s\n", (int)strcspn(text, "\r\n?"), text);
		(void)pthread_mutex_unlock(&order);
	}
	return REAL(SSL_write)(ssl, data, len);
}

__attribute__((destructor)) static void end(void)
{
	if (log_fd >= 0)
		note("mark the end\n");
}
