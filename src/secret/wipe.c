#include "secret/wipe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/port.h"

#define STACK_BYTES (16 * 1024)

/*
 * The C library's own free(): glibc exports it under a second name for those
 * who wrap it; in a static executable the linker renames both (--wrap).
 */
#if defined(KR_NO_WIPE)
#define WIPES 0
#elif defined(KR_WRAP_FREE)
#define WIPES	    1
#define free	    __wrap_free
#define realloc	    __wrap_realloc
#define __libc_free __real_free
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);
#elif defined(__GLIBC__)
#define WIPES 1
#else
#define WIPES 0
#endif

#if WIPES

/* NOLINTNEXTLINE(bugprone-reserved-identifier): the linker's or glibc's name.
 */
void __libc_free(void *block);

static void wipe_and_free(void *block)
{
	int saved = errno;

	/* The usable size, not the requested one: what a library wrote behind
	 * its own idea of the length is wiped as well. */
	explicit_bzero(block, port_block_bytes(block));
	__libc_free(block);
	errno = saved;
}

void free(void *block)
{
	if (block)
		wipe_and_free(block);
}

/* glibc's would move a block and leave the old bytes where they were. */
void *realloc(void *block, size_t size)
{
	size_t have;
	void *moved;

	if (!block)
		return malloc(size);
	if (size == 0) {
		wipe_and_free(block);
		return NULL;
	}
	have = port_block_bytes(block);
	if (size <= have && size >= have / 2)
		return block;
	moved = malloc(size);
	if (!moved)
		return NULL;
	memcpy(moved, block, size < have ? size : have);
	wipe_and_free(block);
	return moved;
}

#endif

bool wipe_is_on(void)
{
	return WIPES;
}

__attribute__((noinline)) void wipe_stack(void)
{
	unsigned char below[STACK_BYTES];

	explicit_bzero(below, sizeof(below));
}

/* Each makes some library write secrets to a file or load foreign code. */
static void scrub_environment(void)
{
	static const char *const names[] = {
		"SSLKEYLOGFILE",	"QLOGDIR",	   "OPENSSL_CONF",
		"OPENSSL_CONF_INCLUDE", "OPENSSL_MODULES", "OPENSSL_ENGINES",
		"MALLOC_TRACE",		"MALLOC_CHECK_",   "MALLOC_PERTURB_",
		"GLIBC_TUNABLES",	"CURL_HOME",	   "CURL_SSL_BACKEND",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		(void)unsetenv(names[i]);
}

/*
 * A file opened as descriptor 2 would receive our messages. They are opened
 * such that a write fails: a key that nobody can read is not handed out.
 */
static void open_standard_descriptors(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		if (open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			_exit(1);
	}
}

void harden_process(void)
{
	static const struct rlimit none = { 0, 0 };
	struct sigaction ignore;

	scrub_environment();
	(void)setrlimit(RLIMIT_CORE, &none);
	port_no_trace(); /* and no core dump through a pipe either */
	port_no_exec_gain();
	(void)umask(077);
	open_standard_descriptors();
	/* Many threads that mostly wait: a heap each would be mostly holes. */
	port_few_heaps();
	/* Not closed: `--key-file <(...)` names one of them. */
	port_close_on_exec_from(STDERR_FILENO + 1);
	/* A file size limit is an error to report, not a death. */
	memset(&ignore, 0, sizeof(ignore));
	sigemptyset(&ignore.sa_mask);
	ignore.sa_handler = SIG_IGN;
	(void)sigaction(SIGXFSZ, &ignore, NULL);
}
