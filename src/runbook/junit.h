/*
 * JUnit XML, as test runners write it: how many cases, and which failed.
 *
 * What is read is XML without a document type: elements, attributes, the five
 * entities and numeric ones, comments, CDATA and processing instructions. A
 * case is a <testcase>; <failure>, <error> and <skipped> in it say how it
 * ended. Sums that the file claims are not looked at: cases are counted.
 */
#ifndef KR_RUNBOOK_JUNIT_H
#define KR_RUNBOOK_JUNIT_H

#include <stddef.h>

#include "base/err.h"

#define JUNIT_NAMED_MAX 10

struct junit_report {
	size_t tests, failures, errors, skipped;
	/* "class.name" of cases that failed, the first few, cleaned; owned */
	char *failing[JUNIT_NAMED_MAX];
	size_t n_failing;
};

/*
 * KR_EINVALID with the byte where it is no XML, or no report, and nothing of
 * the text. `out` is to be released, and is written only on success.
 */
KR_FALLIBLE junit_read(const char *text, size_t len, struct junit_report *out);
void junit_release(struct junit_report *report);

#endif
