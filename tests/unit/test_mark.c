#include "base/clock.h"
#include "runbook/mark.h"
#include "unit.h"

#define KEY	"1111111111111111111111111111111111111111111111111111111111111111"
#define HOUR_MS (60 * 60 * 1000)

static int64_t now_ms;

static int64_t now(void *user)
{
	(void)user;
	return now_ms;
}

static void no_sleep(void *user, int64_t ms)
{
	(void)user;
	(void)ms;
}

static const struct clock_source fixed = { now, now, no_sleep, NULL };

static void is_of_this_key(void)
{
	now_ms = 1795428000000; /* 2026-11-23T10:00:00Z */
	clock_use(&fixed);
	CU_ASSERT_FALSE(mark_is_proof(NULL, KEY, -1));
	CU_ASSERT_FALSE(mark_is_proof("", KEY, -1));
	CU_ASSERT_FALSE(mark_is_proof(KEY, KEY, -1));
	CU_ASSERT_FALSE(mark_is_proof(KEY " yesterday", KEY, -1));
	CU_ASSERT_FALSE(
		mark_is_proof("2" KEY " 2026-11-23T09:00:00Z", KEY, -1));
	CU_ASSERT_TRUE(mark_is_proof(KEY " 2020-11-23T09:00:00Z", KEY, -1));
	clock_use(NULL);
}

static void is_not_too_old(void)
{
	now_ms = 1795428000000;
	clock_use(&fixed);
	CU_ASSERT_TRUE(
		mark_is_proof(KEY " 2026-11-23T09:00:00Z", KEY, HOUR_MS));
	CU_ASSERT_FALSE(
		mark_is_proof(KEY " 2026-11-23T08:59:59Z", KEY, HOUR_MS));
	/* Clocks differ a little; a wrong one proves nothing. */
	CU_ASSERT_TRUE(
		mark_is_proof(KEY " 2026-11-23T10:05:00Z", KEY, HOUR_MS));
	CU_ASSERT_FALSE(
		mark_is_proof(KEY " 2026-11-23T10:05:01Z", KEY, HOUR_MS));
	CU_ASSERT_FALSE(mark_is_proof(KEY " 2036-11-23T10:00:00Z", KEY, -1));
	clock_use(NULL);
}

const struct unit_suite unit_mark = {
	.tests = {
			{ "is of this key", is_of_this_key },
			{ "is not too old", is_not_too_old },
			{ NULL, NULL },
},
};
