/*
 * Unit tests: one suite per module, in tests/unit/test_<module>.c.
 *
 * Such a file defines its suite, and nothing else has to be told of it:
 *
 *	static void adds(void) { CU_ASSERT_EQUAL(1 + 1, 2); }
 *
 *	const struct unit_suite unit_<module> = {
 *		.tests = { { "adds", adds }, { NULL, NULL } },
 *	};
 *
 * Use CU_ASSERT_* and return early; the _FATAL forms jump over the clean-up
 * attribute and leak.
 */
#ifndef KR_TESTS_UNIT_H
#define KR_TESTS_UNIT_H

#include <CUnit/CUnit.h>

#include <stdint.h>

#include "base/err.h"

struct unit_test {
	const char *name;
	void (*run)(void);
};

#define UNIT_MAX_TESTS 100

struct unit_suite {
	/* Both optional; 0 is success. */
	int (*init)(void);
	int (*clean)(void);
	struct unit_test tests[UNIT_MAX_TESTS]; /* ends with a NULL name */
};

/* Asserts success; shows the message and frees the error where there is one. */
#define UNIT_OK(call) unit_check_ok((call), __FILE__, __LINE__, #call)

/* Asserts an error of this kind whose text or hint holds `part`. */
#define UNIT_FAILS(call, kind, part)                                           \
	unit_check_fails((call), (kind), (part), __FILE__, __LINE__, #call)

/* Asserts equal strings and shows both where they differ; NULL is allowed. */
#define UNIT_STR(actual, expected)                                             \
	unit_check_str((actual), (expected), __FILE__, __LINE__, #actual)

/* Wall and other clocks stand at this time, until unit_clock_on(). */
void unit_clock_at(int64_t now_ms);
void unit_clock_on(void);

/* All three answer whether the assertion held. */
bool unit_check_ok(struct err *take_err, const char *file, unsigned line,
		   const char *call);
bool unit_check_fails(struct err *take_err, enum err_kind kind,
		      const char *part, const char *file, unsigned line,
		      const char *call);
bool unit_check_str(const char *actual, const char *expected, const char *file,
		    unsigned line, const char *what);

#endif
