#include "runbook/mark.h"
#include "unit.h"

#define KEY	"1111111111111111111111111111111111111111111111111111111111111111"
#define OTHER	"2111111111111111111111111111111111111111111111111111111111111111"
#define HOUR_MS (60 * 60 * 1000)

static void is_of_this_key(void)
{
	unit_clock_at(1795428000000); /* 2026-11-23T10:00:00Z */
	CU_ASSERT_FALSE(mark_is_proof(NULL, KEY, -1));
	CU_ASSERT_FALSE(mark_is_proof("", KEY, -1));
	CU_ASSERT_FALSE(mark_is_proof(KEY, KEY, -1));
	CU_ASSERT_FALSE(mark_is_proof(KEY " yesterday", KEY, -1));
	CU_ASSERT_FALSE(
		mark_is_proof("2" KEY " 2026-11-23T09:00:00Z", KEY, -1));
	CU_ASSERT_FALSE(mark_is_proof(OTHER " 2026-11-23T09:00:00Z", KEY, -1));
	CU_ASSERT_TRUE(mark_is_proof(KEY " 2020-11-23T09:00:00Z", KEY, -1));
	unit_clock_on();
}

static void is_not_too_old(void)
{
	unit_clock_at(1795428000000);
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
	unit_clock_on();
}

const struct unit_suite unit_mark = {
	.tests = {
			{ "is of this key", is_of_this_key },
			{ "is not too old", is_not_too_old },
			{ NULL, NULL },
},
};
