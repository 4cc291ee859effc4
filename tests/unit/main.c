/*
 * Runs every suite, or those named as arguments.
 */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "unit.h"

/* Made by unit.mk: SUITE(module) for each tests/unit/test_<module>.c. */
#define SUITE(module) extern const struct unit_suite unit_##module;
#include "unit-suites.h"
#undef SUITE

static const struct {
	const char *name;
	const struct unit_suite *suite;
} suites[] = {
#define SUITE(module) { #module, &unit_##module },
#include "unit-suites.h"
#undef SUITE
};

/* Fewer in a whole run is a failure: a suite got lost. */
#define FLOOR 225

static int64_t clock_ms;

static int64_t now(void *user)
{
	(void)user;
	return clock_ms;
}

static void no_sleep(void *user, int64_t ms)
{
	(void)user;
	(void)ms;
}

void unit_clock_at(int64_t now_ms)
{
	static const struct clock_source fixed = { now, now, no_sleep, NULL };

	clock_ms = now_ms;
	clock_use(&fixed);
}

void unit_clock_on(void)
{
	clock_use(NULL);
}

static void report(const char *file, unsigned line, const char *text)
{
	(void)CU_assertImplementation(CU_FALSE, line, text, file, "", CU_FALSE);
}

bool unit_check_ok(struct err *take_err, const char *file, unsigned line,
		   const char *call)
{
	char text[1024];

	if (!take_err) {
		(void)CU_assertImplementation(CU_TRUE, line, call, file, "",
					      CU_FALSE);
		return true;
	}
	(void)snprintf(text, sizeof(text), "%s failed: %s", call,
		       err_message(take_err));
	report(file, line, text);
	err_free(take_err);
	return false;
}

bool unit_check_fails(struct err *take_err, enum err_kind kind,
		      const char *part, const char *file, unsigned line,
		      const char *call)
{
	char text[2048];
	const char *hint;
	bool good;

	if (!take_err) {
		(void)snprintf(text, sizeof(text), "%s did not fail", call);
		report(file, line, text);
		return false;
	}
	hint = err_hint_text(take_err);
	good = err_kind(take_err) == kind &&
	       (strstr(err_message(take_err), part) ||
		(hint && strstr(hint, part)));
	(void)snprintf(text, sizeof(text), "%s: %s: %s (%s); expected %s: %s",
		       call, err_kind_name(err_kind(take_err)),
		       err_message(take_err), hint ? hint : "no hint",
		       err_kind_name(kind), part);
	(void)CU_assertImplementation(good, line, text, file, "", CU_FALSE);
	err_free(take_err);
	return good;
}

bool unit_check_str(const char *actual, const char *expected, const char *file,
		    unsigned line, const char *what)
{
	bool good = actual && expected ? strcmp(actual, expected) == 0
				       : actual == expected;
	char text[2048];

	(void)snprintf(text, sizeof(text), "%s is [%s], not [%s]", what,
		       actual ? actual : "(null)",
		       expected ? expected : "(null)");
	(void)CU_assertImplementation(good, line, text, file, "", CU_FALSE);
	return good;
}

static bool is_wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], name) == 0)
			return true;
	}
	return argc == 1;
}

static bool add_suite(const char *name, const struct unit_suite *suite)
{
	CU_pSuite added = CU_add_suite(name, suite->init, suite->clean);

	if (!added)
		return false;
	for (const struct unit_test *t = suite->tests; t->name; t++) {
		if (!CU_add_test(added, t->name, t->run))
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	unsigned run, failed;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	for (size_t i = 0; i < sizeof(suites) / sizeof(*suites); i++) {
		if (is_wanted(suites[i].name, argc, argv) &&
		    !add_suite(suites[i].name, suites[i].suite)) {
			(void)fprintf(stderr, "%s: %s\n", suites[i].name,
				      CU_get_error_msg());
			return 2;
		}
	}
	CU_basic_set_mode(CU_BRM_NORMAL);
	if (CU_basic_run_tests() != CUE_SUCCESS)
		return 2;
	run = CU_get_number_of_tests_run();
	failed = CU_get_number_of_tests_failed() +
		 CU_get_number_of_suites_failed();
	CU_cleanup_registry();
	printf("\n%u passed, %u failed\n", run - failed, failed);
	if (argc == 1 && run < FLOOR)
		printf("%u tests; %d is the floor\n", run, FLOOR);
	return failed != 0 || run < (argc == 1 ? FLOOR : 1);
}
