/*
 * Any bytes as a test report. What is counted must add up, names that are
 * printed hold no control character, and an error quotes nothing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runbook/junit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct junit_report report = { 0 };
	struct err *err = junit_read((const char *)data, size, &report);

	if (!err &&
	    (report.failures + report.errors + report.skipped > report.tests ||
	     report.n_failing > JUNIT_NAMED_MAX ||
	     report.n_failing > report.failures + report.errors))
		abort();
	for (size_t i = 0; i < report.n_failing; i++)
		for (const char *p = report.failing[i]; *p; p++)
			if ((unsigned char)*p < ' ' || *p == 127)
				abort();
	junit_release(&report);
	err_free(err);
	return 0;
}
