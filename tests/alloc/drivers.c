/*
 * Every allocation that a piece of the program makes, failed once by itself
 * and once with all that come after it: it must not crash, nor lose a block.
 *
 *	alloc-drivers CORPUS [PIECE [INPUT N]]
 *
 * CORPUS is a folder for each fuzz target, and its inputs. With N, only that
 * allocation, in this process: for a debugger.
 *
 * A process for each piece and input, since a crash ends it; what it has come
 * to stands in memory that is shared.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/err.h>

#include "base/file.h"
#include "drivers.h"
#include "fail.h"

#define FLOOR		38000
#define MAX_INPUT_BYTES (1024 * 1024)
#define MANY		5000
#define MAX_TOLD	4000

#define TARGET(name) int fuzz_##name(const uint8_t *data, size_t size);
#include "alloc-targets.h"
#undef TARGET

static const struct {
	const char *name;
	int (*run)(const uint8_t *data, size_t size);
} targets[] = {
#define TARGET(name) { #name, fuzz_##name },
#include "alloc-targets.h"
#undef TARGET
};

/* Where a process has come to. */
static struct progress {
	long at, points, leaks, known;
	bool all, ended, is_known;
} * progress;

static long points, failed, known;
static const char *const *only; /* PIECE, INPUT, N */

static void wrong(const char *piece, const char *input, const char *what)
{
	failed++;
	if (failed <= MAX_TOLD)
		printf("%s %s: allocation %ld%s: %s\n", piece, input,
		       progress->at, progress->all ? " and all after it" : "",
		       what);
	(void)fflush(stdout);
}

/*
 * What libraries do wrong themselves, by the function of theirs that it was
 * in. None of it is in reach of the program: it gives them what it must, and
 * what they lose is lost once, by a process that ends with its error.
 */
static const char *const of_libraries[] = {
	"regcomp",	   /* glibc 2.36: loses its first state */
	"X509_ALGOR_set0", /* OpenSSL 3.0, in a CMS message: loses the object */
	"EVP_KDF_CTX_new", /* OpenSSL 3.0: takes it that it has a lock */
};

static bool is_of_library(void)
{
	for (size_t i = 0; i < sizeof(of_libraries) / sizeof(*of_libraries);
	     i++)
		if (fail_was_in(of_libraries[i]))
			return true;
	return false;
}

static void crashed(int signo)
{
	fail_note_here();
	progress->is_known = is_of_library();
	(void)signal(signo, SIG_DFL);
	(void)raise(signo);
}

/*
 * What a fuzz target asserts holds with memory enough: where it does not hold,
 * the target has ended. The Makefile gives abort() this name there.
 */
static jmp_buf gave_up;
void fail_target(void) __attribute__((noreturn));
void fail_target_at(const char *text, const char *file, unsigned line,
		    const char *function) __attribute__((noreturn));

void fail_target(void)
{
	longjmp(gave_up, 1);
}

void fail_target_at(const char *text, const char *file, unsigned line,
		    const char *function)
{
	(void)text;
	(void)file;
	(void)line;
	(void)function;
	longjmp(gave_up, 1);
}

static long lost_by(const struct piece *piece, long at, bool all)
{
	long before = fail_live();

	if (setjmp(gave_up)) {
		fail_off();
		return 0;
	}
	fail_at(at, all);
	piece->run(piece);
	fail_off();
	/* A queue of 16, which OpenSSL keeps. */
	ERR_clear_error();
	return fail_live() - before;
}

/* Until it has run to its end without a failure. */
static void in_child(const struct piece *piece, const char *input)
{
	/* What libraries keep from their first use on. */
	piece->run(piece);
	piece->run(piece);
	for (;;) {
		long lost = lost_by(piece, ++progress->at, progress->all);

		if (fail_seen() < progress->at) {
			/* Of many, most are OpenSSL's. */
			if (progress->all || progress->at > MANY)
				break;
			progress->all = true;
			progress->at = 0;
			continue;
		}
		progress->points++;
		/* What they keep from a first failure on is no loss. */
		if (lost <= 0 ||
		    lost_by(piece, progress->at, progress->all) <= 0)
			continue;
		if (is_of_library()) {
			progress->known++;
			continue;
		}
		progress->leaks++;
		wrong(piece->name, input, "a block is lost");
	}
	progress->ended = true;
}

static void try_piece(const struct piece *piece, const char *input)
{
	int crashes = 0;

	if (only[0] && only[1] && strcmp(only[1], input) != 0)
		return;
	if (only[0] && only[1] && only[2]) {
		piece->run(piece);
		printf("%ld\n",
		       lost_by(piece, strtol(only[2], NULL, 10), false));
		return;
	}
	*progress = (struct progress){ 0 };
	while (!progress->ended && crashes < 50) {
		int status = 0;
		pid_t child;

		(void)fflush(stdout);
		child = fork();
		if (child == 0) {
			(void)signal(SIGSEGV, crashed);
			in_child(piece, input);
			(void)fflush(stdout);
			_exit(0);
		}
		if (child < 0 || waitpid(child, &status, 0) != child)
			exit(1);
		if (!progress->ended) {
			char what[40];

			(void)snprintf(what, sizeof(what), "signal %d",
				       WTERMSIG(status));
			if (progress->is_known)
				progress->known++;
			else
				wrong(piece->name, input, what);
			progress->is_known = false;
			progress->points++;
			crashes++;
		}
	}
	failed += progress->leaks;
	points += progress->points;
	known += progress->known;
}

static void run_target(const struct piece *piece)
{
	(void)targets[piece->which].run(piece->data, piece->size);
}

static void try_input(size_t which, const char *folder, const char *name)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_INPUT_BYTES);
	kr_cleanup(str_freep) char *path = file_join(folder, name);
	struct err *err = path ? file_read(path, &text) : err_no_memory();
	struct piece piece = { .name = targets[which].name,
			       .run = run_target,
			       .which = which };

	if (err) {
		printf("%s: %s\n", name, err_message(err));
		exit(1);
	}
	piece.data = (const uint8_t *)buf_str(&text);
	piece.size = text.len;
	try_piece(&piece, name);
}

int main(int argc, char **argv)
{
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (argc < 2 || argc > 5 || progress == MAP_FAILED || !pieces_begin())
		return 2;
	only = (const char *const *)argv + 2;
	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
		kr_cleanup(str_freep) char *folder =
			file_join(argv[1], targets[i].name);
		kr_cleanup(file_list_release) struct file_list list = { 0 };
		struct err *err = file_list_dir(folder, &list);
		long before = points;

		if (only[0] && strcmp(only[0], targets[i].name) != 0)
			continue;
		for (size_t j = 0; !err && j < list.count; j++)
			try_input(i, folder, list.names[j]);
		err_free(err);
		printf("%s: %ld\n", targets[i].name, points - before);
	}
	for (const struct piece *piece = pieces; piece->name; piece++) {
		long before = points;

		if (only[0] && strcmp(only[0], piece->name) != 0)
			continue;
		try_piece(piece, "");
		printf("%s: %ld\n", piece->name, points - before);
	}
	pieces_end();
	printf("alloc-fail: %ld points, %ld failed, %ld that libraries do "
	       "wrong themselves\n",
	       points, failed, known);
	printf("%ld passed, %ld failed\n", points - failed, failed);
	if (argc == 2 && points < FLOOR) {
		printf("%d points are the least\n", FLOOR);
		return 1;
	}
	return failed != 0;
}
