/*
 * The allocator, with a counter before it. Linked into a driver; or (PRELOAD)
 * preloaded into the program, whose own free() and realloc() stay:
 *
 *	KEYROT_ALLOC_AT=N      that allocation fails, from 1
 *	KEYROT_ALLOC_OWN=1     only those that count which the program makes, or
 *	                       libc, cJSON and libyaml in its name
 *	KEYROT_ALLOC_LOG=FILE  "count N" at the end; "failed LIBRARY OFFSET" at
 *	                       the failure; "crashed LIBRARY OFFSET"
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);

static long at, seen, live;
static bool all_after;

void fail_at(long n, bool all)
{
	at = n;
	all_after = all;
	seen = 0;
}

void fail_off(void)
{
	at = 0;
}

long fail_seen(void)
{
	return __atomic_load_n(&seen, __ATOMIC_ACQUIRE);
}

long fail_live(void)
{
	return __atomic_load_n(&live, __ATOMIC_ACQUIRE);
}

#ifdef PRELOAD

#define MAX_RANGES 16

static struct {
	uintptr_t from, to;
} own[MAX_RANGES];
static size_t n_own;
static bool only_own;
static int log_fd = -1;

static bool is_own(const char *name)
{
	return !*name || strstr(name, "/libc.so") || strstr(name, "libcjson") ||
	       strstr(name, "libyaml");
}

static int note_range(struct dl_phdr_info *info, size_t size, void *user)
{
	(void)size;
	(void)user;
	if (!is_own(info->dlpi_name))
		return 0;
	for (int i = 0; i < info->dlpi_phnum && n_own < MAX_RANGES; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
			continue;
		own[n_own].from = info->dlpi_addr + part->p_vaddr;
		own[n_own].to = own[n_own].from + part->p_memsz;
		n_own++;
	}
	return 0;
}

static bool counts(const void *caller)
{
	uintptr_t where = (uintptr_t)caller;

	if (!only_own)
		return true;
	for (size_t i = 0; i < n_own; i++)
		if (where >= own[i].from && where < own[i].to)
			return true;
	return false;
}

static void note(const char *word, const void *where)
{
	Dl_info info = { 0 };
	char line[400];
	const char *name = "?";
	int n;

	if (log_fd < 0)
		return;
	if (dladdr(where, &info) && info.dli_fname) {
		name = strrchr(info.dli_fname, '/');
		name = name ? name + 1 : info.dli_fname;
	}
	n = snprintf(
		line, sizeof(line), "%s %s %#lx\n", word, name,
		(unsigned long)((uintptr_t)where - (uintptr_t)info.dli_fbase));
	if (write(log_fd, line, (size_t)n) != n)
		log_fd = -1;
}

static void crashed(int signo, siginfo_t *info, void *context)
{
	const ucontext_t *c = context;

	(void)info;
	note("crashed", (void *)c->uc_mcontext.gregs[16]); /* RIP */
	(void)signal(signo, SIG_DFL);
	(void)raise(signo);
}

__attribute__((constructor)) static void begin(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE,
				       SIGILL };
	const char *number = getenv("KEYROT_ALLOC_AT");
	const char *log = getenv("KEYROT_ALLOC_LOG");
	struct sigaction action = { 0 };

	if (!number || strcmp(program_invocation_short_name, "kubectl-keyrot"))
		return;
	only_own = getenv("KEYROT_ALLOC_OWN") != NULL;
	(void)dl_iterate_phdr(note_range, NULL);
	if (log)
		log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
			      0600);
	action.sa_sigaction = crashed;
	action.sa_flags = SA_SIGINFO;
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		(void)sigaction(signals[i], &action, NULL);
	fail_at(strtol(number, NULL, 10), false);
	if (at == 0)
		at = -1;
}

__attribute__((destructor)) static void end(void)
{
	char line[40];
	int n = snprintf(line, sizeof(line), "count %ld\n", seen);

	if (log_fd >= 0 && write(log_fd, line, (size_t)n) != n)
		log_fd = -1;
}

#else

#define counts(caller) true
#define MAX_FRAMES     24

static void *frames[MAX_FRAMES];
static int n_frames;

void fail_note_here(void)
{
	n_frames = backtrace(frames, MAX_FRAMES);
}

/* By whom; it is asked for later, when there is memory. */
static void note(const char *word, const void *where)
{
	(void)word;
	(void)where;
	if (seen == at)
		fail_note_here();
}

bool fail_was_in(const char *function)
{
	for (int i = 0; i < n_frames; i++) {
		Dl_info info = { 0 };

		if (dladdr(frames[i], &info) && info.dli_sname &&
		    strcmp(info.dli_sname, function) == 0)
			return true;
	}
	return false;
}

void free(void *block)
{
	if (block)
		__atomic_sub_fetch(&live, 1, __ATOMIC_ACQ_REL);
	__libc_free(block);
}

#endif

/* Whether this one is to fail. */
static bool fails(const void *caller)
{
	long mine;

	(void)caller;
	if (!at || !counts(caller))
		return false;
	mine = __atomic_add_fetch(&seen, 1, __ATOMIC_ACQ_REL);
	if (mine != at && !(all_after && mine > at))
		return false;
	note("failed", caller);
	errno = ENOMEM;
	return true;
}

static void *counted(void *block)
{
	if (block)
		__atomic_add_fetch(&live, 1, __ATOMIC_ACQ_REL);
	return block;
}

void *malloc(size_t size)
{
	if (fails(__builtin_return_address(0)))
		return NULL;
	return counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
	if (fails(__builtin_return_address(0)))
		return NULL;
	return counted(__libc_calloc(count, size));
}

#ifndef PRELOAD
void *realloc(void *block, size_t size)
{
	if (size && fails(__builtin_return_address(0)))
		return NULL;
	if (!block)
		return counted(__libc_malloc(size));
	if (!size) {
		free(block);
		return NULL;
	}
	return __libc_realloc(block, size);
}
#endif
