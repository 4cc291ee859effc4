/*
 * How fast a ledger is verified: lines a second of processor time, so that a
 * busy machine does not change the answer. Printed, not judged; the goal is
 * 100,000.
 */
#include <stdio.h>
#include <time.h>

#include "ledger/ledger.h"
#include "sample.h"
#include "secret/wipe.h"

#define LINES 100000

static long long cpu_ms(void)
{
	return (long long)clock() * 1000 / CLOCKS_PER_SEC;
}

int main(void)
{
	struct buf text = BUF_INIT(SAMPLE_MAX_BYTES);
	struct ledger_report report;
	struct err *err;
	long long begun, ms;

	harden_process();
	err = sample_make(LINES, &text);
	begun = cpu_ms();
	if (!err)
		err = ledger_check_text(text.data, text.len, NULL, &report);
	ms = cpu_ms() - begun;
	if (err) {
		printf("%s\n", err_message(err));
		err_free(err);
		return 1;
	}
	printf("ledger verify: %d lines, %zu MB in %lld ms: %lld lines/s\n",
	       LINES, text.len / 1000000, ms,
	       1000LL * LINES / (ms > 0 ? ms : 1));
	buf_release(&text);
	return 0;
}
