/* A soak on a clock of its own: ticks, gaps, verdicts, 24 hours. */
#include <time.h>

#include <cjson/cJSON.h>

#include "soak_world.h"

static void passes_after_its_time(void)
{
	struct soak_options o;
	struct soak_result r;

	begin("o", 2);
	o = half_an_hour();
	expect(&o, &source, SOAK_PASS, 0, &r);
	CU_ASSERT(r.complete && r.tick == 60 && w.asked == 60);
	CU_ASSERT_EQUAL(w.now_ms, 1700000000000 + SOAK_FOR_MS);
	CU_ASSERT_EQUAL(r.tracks[0].rule.limits.breach, 3);
	soak_result_release(&r);
	/* Slow answers do not make it longer. */
	begin("o", 1);
	w.query_ms = 7000;
	o = half_an_hour();
	expect(&o, &source, SOAK_PASS, 0, &r);
	CU_ASSERT(w.now_ms < 1700000000000 + SOAK_FOR_MS + 8000);
	soak_result_release(&r);
}

static void begins_at_convergence(void)
{
	struct soak_options o;
	struct soak_result r;

	begin("o", 1);
	o = half_an_hour();
	o.age_ms = 40 * 1000;
	expect(&o, &source, SOAK_PASS, 0, &r);
	/* A tick that is late by less than the interval is taken. */
	CU_ASSERT_EQUAL(r.tracks[0].letters[0], 'o');
	CU_ASSERT_EQUAL(w.now_ms, 1700000000000 + SOAK_FOR_MS - 40 * 1000);
	soak_result_release(&r);
}

static void settles_first(void)
{
	struct soak_options o;
	struct soak_result r;

	begin("bbo", 1);
	o = half_an_hour();
	o.settle_ms = -1;
	expect(&o, &source, SOAK_PASS, 0, &r);
	CU_ASSERT_EQUAL(r.settling, 2);
	CU_ASSERT_EQUAL(strncmp(r.tracks[0].letters, "sso", 3), 0);
	CU_ASSERT(r.tracks[0].values[0] == 1000);
	CU_ASSERT_EQUAL(r.tracks[0].counts.of[SOAK_OK], 58);
	soak_result_release(&r);
}

static void fails_at_once(void)
{
	struct soak_options o;
	struct soak_result r;

	begin("oobbbbo", 1);
	o = half_an_hour();
	expect(&o, &source, SOAK_FAIL, 6, &r);
	CU_ASSERT_EQUAL(r.tick, 6);
	CU_ASSERT_FALSE(r.complete);
	(void)UNIT_STR(r.message, "m was over its limit of 10 in 4 samples, "
				  "3 allowed");
	soak_result_release(&r);
	begin("obbbo", 1);
	o = half_an_hour();
	expect(&o, &source, SOAK_PASS, 0, &r);
	soak_result_release(&r);
}

static void holds_without_data(void)
{
	static const struct {
		const char *seen;
		enum soak_verdict verdict;
	} rows[] = {
		{ "-", SOAK_INCONCLUSIVE },
		{ "n", SOAK_INCONCLUSIVE },
		{ "e", SOAK_UNABLE },
		{ "oooo----o", SOAK_INCONCLUSIVE },
		{ "ooeeeeo", SOAK_UNABLE },
		{ "---nnneeeo", SOAK_INCONCLUSIVE },
		{ "eeee-bbbbo", SOAK_FAIL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct soak_options o;
		struct soak_result r;

		begin(rows[i].seen, 1);
		o = half_an_hour();
		expect(&o, &source, rows[i].verdict, 6, &r);
		/* It looks to the end: a failure could still come. */
		CU_ASSERT(r.complete || r.verdict == SOAK_FAIL);
		soak_result_release(&r);
	}
}

/* A silent counter is a zero only beside a metric that speaks. */
static void believes_zero_with_a_witness(void)
{
	struct soak_options o;
	struct soak_result r;

	begin("-", 2);
	metrics[0].rule.no_data = SOAK_NO_DATA_ZERO;
	o = half_an_hour();
	expect(&o, &source, SOAK_PASS, 0, &r);
	CU_ASSERT(r.tracks[0].values[5] == 0);
	soak_result_release(&r);
	begin("-", 1);
	metrics[0].rule.no_data = SOAK_NO_DATA_ZERO;
	o = half_an_hour();
	expect(&o, &source, SOAK_INCONCLUSIVE, 6, &r);
	soak_result_release(&r);
}

static void sleeping_is_not_soaking(void)
{
	struct soak_options o;
	struct soak_result r;

	begin("o", 1);
	metrics[0].rule.no_data = SOAK_NO_DATA_BREACH;
	w.asleep_from_ms = w.now_ms + 5 * 60 * 1000;
	w.asleep_to_ms = w.now_ms + 20 * 60 * 1000;
	o = half_an_hour();
	expect(&o, &source, SOAK_INCONCLUSIVE, 6, &r);
	CU_ASSERT_EQUAL(r.tracks[0].counts.of[SOAK_MISSED], 29);
	CU_ASSERT_EQUAL(w.now_ms, 1700000000000 + SOAK_FOR_MS);
	soak_result_release(&r);
	/* Beyond the end: nothing was seen after the lid closed. */
	begin("o", 1);
	w.asleep_from_ms = w.now_ms + 5 * 60 * 1000;
	w.asleep_to_ms = w.now_ms + 10 * 3600 * 1000;
	o = half_an_hour();
	expect(&o, &source, SOAK_INCONCLUSIVE, 6, &r);
	soak_result_release(&r);
}

static void a_query_for_several_series(void)
{
	struct soak_options o;
	struct soak_result r;

	begin("o", 1);
	w.several_at = 5;
	o = half_an_hour();
	expect(&o, &source, SOAK_UNABLE, 6, &r);
	CU_ASSERT_EQUAL(r.tick, 4);
	(void)UNIT_STR(r.message, "2 series");
	soak_result_release(&r);
}

static void the_cluster_fails_it(void)
{
	struct soak_options o;
	struct soak_result r;

	begin("o", 1);
	w.fail_at = 7;
	o = half_an_hour();
	expect(&o, &watching, SOAK_FAIL, 6, &r);
	CU_ASSERT_EQUAL(r.tick, 7);
	CU_ASSERT_EQUAL(r.watch.letters[6], 'b');
	(void)UNIT_STR(r.message, "pod a restarted");
	soak_result_release(&r);
}

static void refuses_what_is_no_soak(void)
{
	struct soak_options o;
	struct soak_result r;

	begin("o", 1);
	o = half_an_hour();
	o.every_ms = 10;
	(void)UNIT_FAILS(soak_run(&o, &source, &r), KR_ECONFIG, "every 1s");
	o = half_an_hour();
	o.settle_ms = o.for_ms;
	(void)UNIT_FAILS(soak_run(&o, &source, &r), KR_ECONFIG, "settle");
	o = half_an_hour();
	o.n_metrics = 0;
	(void)UNIT_FAILS(soak_run(&o, &source, &r), KR_ECONFIG, "a metric");
}

/* Flat memory and little work: a day of ten metrics. */
static void soaks_for_a_day(void)
{
	struct soak_options o;
	struct soak_result r;
	clock_t began = clock();
	size_t first;

	begin("o", MAX_METRICS);
	first = mallinfo2().uordblks;
	o = half_an_hour();
	o.for_ms = 24 * 3600 * 1000;
	expect(&o, &watching, SOAK_PASS, 0, &r);
	CU_ASSERT_EQUAL(w.asked, 2880);
	CU_ASSERT(w.most_bytes < first + 1024 * 1024);
	CU_ASSERT((clock() - began) / CLOCKS_PER_SEC < 5);
	soak_result_release(&r);
}

static void tells_everything(void)
{
	kr_cleanup(json_freep) struct cJSON *to = json_object();
	const struct cJSON *m;
	struct soak_options o;
	struct soak_result r;

	begin("ob-neo", 1);
	o = half_an_hour();
	o.for_ms = 8 * SOAK_EVERY_MS;
	expect(&o, &source, SOAK_FAIL, 6, &r);
	soak_result_fill(&o, &r, to);
	m = json_first(json_at(to, "metrics"));
	(void)UNIT_STR(json_str(to, "verdict"), "fail");
	(void)UNIT_STR(json_str(m, "outcomes"), "ob");
	CU_ASSERT_EQUAL(json_int(m, "counts.breach", -1), 1);
	CU_ASSERT_EQUAL(json_length(json_at(m, "values")), 2);
	CU_ASSERT_EQUAL(json_int(to, "samples.planned", -1), 8);
	soak_result_release(&r);
}

static int clean(void)
{
	clock_use(NULL);
	return 0;
}

const struct unit_suite unit_soak = {
	.clean = clean,
	.tests = { { "passes after its time", passes_after_its_time },
		   { "begins at convergence", begins_at_convergence },
		   { "settles first", settles_first },
		   { "fails at once", fails_at_once },
		   { "holds without data", holds_without_data },
		   { "believes zero with a witness",
		     believes_zero_with_a_witness },
		   { "sleeping is not soaking", sleeping_is_not_soaking },
		   { "several series in mid-soak", a_query_for_several_series },
		   { "the cluster fails it", the_cluster_fails_it },
		   { "refuses what is no soak", refuses_what_is_no_soak },
		   { "soaks for a day", soaks_for_a_day },
		   { "tells everything", tells_everything },
		   { NULL, NULL } },
};
