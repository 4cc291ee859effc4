/*
 * How fast a ledger is verified: lines a second. Printed, not judged; the goal
 * is 100,000.
 */
#include <stdio.h>

#include "base/clock.h"
#include "ledger/ledger.h"
#include "sample.h"
#include "secret/wipe.h"

#define LINES 100000

int main(void)
{
	struct buf text = BUF_INIT(SAMPLE_MAX_BYTES);
	struct ledger_report report;
	struct err *err;
	int64_t begun, ms;

	harden_process();
	err = sample_make(LINES, &text);
	begun = clock_boot_ms();
	if (!err)
		err = ledger_check_text(text.data, text.len, NULL, &report);
	ms = clock_boot_ms() - begun;
	if (err) {
		printf("%s\n", err_message(err));
		err_free(err);
		return 1;
	}
	printf("ledger verify: %d lines, %zu MB in %lld ms: %lld lines/s\n",
	       LINES, text.len / 1000000, (long long)ms,
	       (long long)(1000LL * LINES / (ms > 0 ? ms : 1)));
	buf_release(&text);
	return 0;
}
