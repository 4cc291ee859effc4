#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/port.h"
#include "secret/base64.h"
#include "secret/search.h"
#include "secret/wipe.h"
#include "unit.h"

static struct secret *make(const char *text)
{
	struct secret *s = NULL;

	err_free(secret_from_bytes(text, strlen(text), &s));
	return s;
}

static void fingerprint_is_sha256_of_the_text(void)
{
	kr_cleanup(secret_freep) struct secret *s = make("abc");
	kr_cleanup(secret_freep) struct secret *two_blocks = make(
		"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq");
	kr_cleanup(secret_freep) struct secret *none = make("");
	char fp[SECRET_FINGERPRINT_LEN];

	/* FIPS 180-4's examples, and that of the empty string. */
	UNIT_OK(secret_fingerprint(two_blocks, fp));
	UNIT_STR(
		fp,
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	UNIT_OK(secret_fingerprint(s, fp));
	UNIT_STR(fp, "ba7816bf8f01cfea414140de5dae2223"
		     "b00361a396177a9cb410ff61f20015ad");
	UNIT_OK(secret_fingerprint(none, fp));
	UNIT_STR(fp, "e3b0c44298fc1c149afbf4c8996fb924"
		     "27ae41e4649b934ca495991b7852b855");
}

static void is_nul_terminated_and_sized(void)
{
	for (size_t n = 0; n < 9000; n += 127) {
		kr_cleanup(secret_freep) struct secret *s = NULL;

		if (!UNIT_OK(secret_random(n, &s)))
			return;
		CU_ASSERT_EQUAL(secret_len(s), n);
		CU_ASSERT_EQUAL(secret_expose(s)[n], 0);
	}
}

static void has_a_limit(void)
{
	struct secret *s = NULL;

	UNIT_FAILS(secret_new(SECRET_MAX_BYTES + 1, &s), KR_ENOMEM, "larger");
	CU_ASSERT_PTR_NULL(s);
}

static void truncates_and_wipes(void)
{
	kr_cleanup(secret_freep) struct secret *s = make("0123456789");
	const unsigned char *p = secret_expose(s);

	secret_truncate(s, 4);
	CU_ASSERT_EQUAL(secret_len(s), 4);
	UNIT_STR((const char *)p, "0123");
	for (size_t i = 4; i < 10; i++)
		CU_ASSERT_EQUAL(p[i], 0);
	secret_truncate(s, 100);
	CU_ASSERT_EQUAL(secret_len(s), 4);
}

static void compares(void)
{
	kr_cleanup(secret_freep) struct secret *a = make("same");
	kr_cleanup(secret_freep) struct secret *b = make("same");
	kr_cleanup(secret_freep) struct secret *c = make("samf");
	kr_cleanup(secret_freep) struct secret *d = make("samee");

	CU_ASSERT(secret_equal(a, b));
	CU_ASSERT(!secret_equal(a, c));
	CU_ASSERT(!secret_equal(a, d));
}

static void random_differs(void)
{
	kr_cleanup(secret_freep) struct secret *a = NULL;
	kr_cleanup(secret_freep) struct secret *b = NULL;

	if (UNIT_OK(secret_random(32, &a)) && UNIT_OK(secret_random(32, &b)))
		CU_ASSERT(!secret_equal(a, b));
}

/* A generator that is seeded by nothing gives two processes the same keys. */
static void random_differs_between_processes(void)
{
	unsigned char theirs[32] = { 0 };
	struct secret *s = NULL;
	int ends[2], status = -1;
	pid_t pid = pipe(ends) == 0 ? fork() : -1;

	CU_ASSERT(pid >= 0);
	if (pid < 0)
		return;
	err_free(secret_random(sizeof(theirs), &s));
	if (pid == 0)
		_exit(!s || write(ends[1], secret_expose(s), sizeof(theirs)) !=
				    (ssize_t)sizeof(theirs));
	CU_ASSERT_EQUAL(read(ends[0], theirs, sizeof(theirs)),
			(ssize_t)sizeof(theirs));
	CU_ASSERT(waitpid(pid, &status, 0) == pid && status == 0);
	CU_ASSERT(s && memcmp(secret_expose(s), theirs, sizeof(theirs)) != 0);
	secret_free(s);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

/* The child of a fork sees zeros, and a byte past the end is a fault. */
static int child_status(const struct secret *s, size_t read_at)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		const volatile unsigned char *p = secret_expose(s);

		(void)prctl(PR_SET_DUMPABLE, 0);
		(void)signal(SIGSEGV, SIG_DFL);
		_exit(p[read_at]);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

static void forked_child_sees_nothing(void)
{
	kr_cleanup(secret_freep) struct secret *s = make("abc");
	int status = child_status(s, 0);

	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CU_ASSERT_EQUAL(secret_expose(s)[0], 'a');
}

static void reading_past_the_end_is_a_fault(void)
{
	kr_cleanup(secret_freep) struct secret *s = make("abc");
	int status = child_status(s, 16);

	CU_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static bool vm_flags_of(const void *address, char *out, size_t size)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	char line[512];
	bool here = false;

	*out = '\0';
	while (smaps && fgets(line, sizeof(line), smaps)) {
		unsigned long from, to;

		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			here = (uintptr_t)address >= from &&
			       (uintptr_t)address < to;
		else if (here && strncmp(line, "VmFlags:", 8) == 0)
			(void)snprintf(out, size, "%s", line + 8);
	}
	if (smaps)
		(void)fclose(smaps);
	return *out != '\0';
}

static void pages_are_left_out_of_dumps(void)
{
	kr_cleanup(secret_freep) struct secret *s = make("abc");
	char flags[512];

	if (!vm_flags_of(secret_expose(s), flags, sizeof(flags)))
		return; /* a kernel without smaps */
	CU_ASSERT_PTR_NOT_NULL(strstr(flags, " dd"));
	CU_ASSERT_PTR_NOT_NULL(strstr(flags, " wf"));
	/* Sanitizers make mlock() do nothing. */
	if (wipe_is_on() && secret_memory_is_locked())
		CU_ASSERT_PTR_NOT_NULL(strstr(flags, " lo"));
}

static bool found(const struct secret *s, const char *text)
{
	return secret_occurs_in(s, text, strlen(text));
}

static void finds_itself_in_text(void)
{
	kr_cleanup(secret_freep) struct secret *s =
		make("q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=");

	CU_ASSERT(found(s, "key=q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="));
	CU_ASSERT(found(s, "... 4kKvN7xI ..."));
	CU_ASSERT(!found(s, "... 4kKvN7x. ..."));
	CU_ASSERT(
		!found(s, "nothing of the kind in this longer line of a log"));
	CU_ASSERT(!found(s, ""));
	/* Hex of a piece, in both cases. */
	CU_ASSERT(found(s, "<347157386a57654a>") == false);
	CU_ASSERT(found(s, "<346b4b764e377849>"));
	CU_ASSERT(found(s, "<346B4B764E377849>"));
}

static void finds_its_base64_at_any_alignment(void)
{
	static const char key[] = "correct horse battery staple!";
	kr_cleanup(secret_freep) struct secret *s = make(key);

	for (size_t before = 0; before < 6; before++) {
		char text[80], encoded[120];

		(void)snprintf(text, sizeof(text), "%.*s%s tail", (int)before,
			       "prefix", key);
		base64_encode_to((unsigned char *)text, strlen(text), encoded);
		encoded[base64_encoded_len(strlen(text))] = '\0';
		CU_ASSERT(found(s, encoded));
		/* A window from the middle of it is enough. */
		CU_ASSERT(secret_occurs_in(s, encoded + 16, 16));
	}
}

static void finds_short_secrets_whole(void)
{
	kr_cleanup(secret_freep) struct secret *s = make("abcde");
	kr_cleanup(secret_freep) struct secret *none = make("");

	CU_ASSERT(found(s, "xxabcdexx"));
	CU_ASSERT(!found(s, "xxabcdxx"));
	CU_ASSERT(!found(none, "anything"));
}

static bool finds(const struct secret_search *search, const char *text)
{
	return secret_search_finds(search, text, strlen(text));
}

static void is_searched_for_when_it_is_gone(void)
{
	kr_cleanup(secret_search_freep) struct secret_search *search = NULL;
	char line[300];

	UNIT_OK(secret_search_new(&search));
	CU_ASSERT(!finds(search, "anything"));
	CU_ASSERT(!finds(NULL, "anything"));
	for (int twice = 0; twice < 2; twice++) {
		kr_cleanup(secret_freep) struct secret *one =
			make("correct horse battery staple");
		kr_cleanup(secret_freep) struct secret *two =
			make("q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ");

		UNIT_OK(secret_search_add(search, one));
		UNIT_OK(secret_search_add(search, two));
		UNIT_OK(secret_search_add(search, NULL));
	}
	CU_ASSERT(finds(search, "a battery"));
	CU_ASSERT(!finds(search, "a Battery"));
	CU_ASSERT(finds(search, "... 4kKvN7xI ..."));
	/* At every place of a line that is searched bit by bit. */
	for (size_t at = 0; at + 8 < sizeof(line); at++) {
		memset(line, '.', sizeof(line) - 1);
		line[sizeof(line) - 1] = '\0';
		CU_ASSERT(!finds(search, line));
		memcpy(line + at, "t horse ", 8);
		CU_ASSERT(finds(search, line));
	}
}

static void freed_memory_is_wiped(void)
{
	static const char text[] = "a text that is longer than list pointers";
	char *block = wipe_is_on() ? malloc(64) : NULL;
	uintptr_t address = (uintptr_t)block;
	char *again;

	if (!block)
		return;
	memcpy(block, text, sizeof(text));
	/* A store before free() is dead to the compiler, which leaves it out:
	 * nothing would be there to be wiped. */
	__asm__ volatile("" : : "r"(block) : "memory");
	free(block);
	/* The same size is served by the block that was freed last. */
	again = malloc(64);
	/* The compiler must not reason about what malloc returned. */
	__asm__("" : "+r"(again));
	CU_ASSERT_EQUAL((uintptr_t)again, address);
	if ((uintptr_t)again == address)
		CU_ASSERT(memcmp(again + 16, text + 16, 16) != 0);
	free(again);
}

static void realloc_behaves(void)
{
	char *p = realloc(NULL, 10);
	char *grown;

	if (!p)
		return;
	memcpy(p, "123456789", 10);
	grown = realloc(p, 100000);
	CU_ASSERT_PTR_NOT_NULL(grown);
	if (!grown)
		return;
	UNIT_STR(grown, "123456789");
	p = realloc(grown, 10);
	CU_ASSERT_PTR_NOT_NULL(p);
	if (!p)
		return;
	UNIT_STR(p, "123456789");
	free(p);
	wipe_stack();
}

#define GET_MDWE 66 /* PR_GET_MDWE, where <sys/prctl.h> is older */

static bool can_write_and_run(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return errno != EACCES;
	(void)munmap(p, 4096);
	return true;
}

/* 0: as promised; 2: the kernel does not know how. */
static int try_exec_gain(void)
{
	pid_t child;
	int status;

	if (!can_write_and_run())
		return 1;
	port_no_exec_gain();
	if (prctl(GET_MDWE, 0L, 0L, 0L, 0L) <= 0)
		return 2;
	if (can_write_and_run())
		return 3;
	child = fork();
	if (child == 0)
		_exit(can_write_and_run() ? 0 : 1);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return 4;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 5;
}

/* Not below valgrind, which writes what it runs. */
static void written_memory_is_not_run(void)
{
	pid_t child = wipe_is_on() ? fork() : -1;
	int status = 0;

	if (child == 0)
		_exit(try_exec_gain());
	if (child < 0 || waitpid(child, &status, 0) != child)
		return;
	CU_ASSERT(WIFEXITED(status) &&
		  (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 2));
}

const struct unit_suite unit_secret = {
	.tests =
		{
			{"fingerprint is SHA-256 of the text",
			 fingerprint_is_sha256_of_the_text},
			{"is NUL-terminated and sized",
			 is_nul_terminated_and_sized},
			{"has a limit", has_a_limit},
			{"truncates and wipes", truncates_and_wipes},
			{"compares", compares},
			{"random differs", random_differs},
			{"random differs between processes",
			 random_differs_between_processes},
			{"a forked child sees nothing",
			 forked_child_sees_nothing},
			{"reading past the end is a fault",
			 reading_past_the_end_is_a_fault},
			{"pages are left out of dumps",
			 pages_are_left_out_of_dumps},
			{"finds itself in text", finds_itself_in_text},
			{"finds its base64 at any alignment",
			 finds_its_base64_at_any_alignment},
			{"finds short secrets whole",
			 finds_short_secrets_whole},
			{"is searched for when it is gone",
			 is_searched_for_when_it_is_gone},
			{"freed memory is wiped", freed_memory_is_wiped},
			{"realloc behaves", realloc_behaves},
			{"written memory is not run",
			 written_memory_is_not_run},
			{NULL, NULL},
		},
};
