/* What a soak keeps on disk, and how it goes on from there. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "runbook/soak_state.h"
#include "soak_world.h"

static char folder[] = "/tmp/keyrot-soak-XXXXXX";
static char path[64];

static struct soak_options kept(void)
{
	struct soak_options o = half_an_hour();

	o.state_path = path;
	return o;
}

static void goes_on_after_a_stop(void)
{
	struct soak_options o;
	struct soak_result r;
	const int64_t start = 1700000000000;

	begin("o", 2);
	w.stop_at = 21;
	o = kept();
	expect(&o, &watching, SOAK_INCONCLUSIVE, 130, &r);
	CU_ASSERT(r.interrupted && r.tick == 20 && !r.complete);
	soak_result_release(&r);
	CU_ASSERT_EQUAL(file_mode(path) & 0777, 0600);
	/* A minute later: one tick is lost, the end stays where it was. */
	w.now_ms = start + 11 * 60 * 1000;
	w.stop_at = 0;
	w.baselines = 0;
	expect(&o, &watching, SOAK_PASS, 0, &r);
	CU_ASSERT(r.resumed && r.complete && w.recalled);
	CU_ASSERT_EQUAL(w.baselines, 0);
	CU_ASSERT_EQUAL(w.now_ms, start + SOAK_FOR_MS);
	CU_ASSERT_EQUAL(r.tracks[0].counts.of[SOAK_MISSED], 1);
	CU_ASSERT_EQUAL(r.tracks[0].counts.of[SOAK_OK], 59);
	CU_ASSERT(r.tracks[1].values[3] == 5);
	CU_ASSERT_EQUAL(r.started_wall_ms, start);
	soak_result_release(&r);
	/* That one is over: the next is a new one. */
	expect(&o, &watching, SOAK_PASS, 0, &r);
	CU_ASSERT_FALSE(r.resumed);
	soak_result_release(&r);
}

static void stop_after(const char *seen, size_t asked)
{
	struct soak_options o;
	struct soak_result r;

	begin(seen, 1);
	w.stop_at = asked;
	o = kept();
	o.afresh = true;
	expect(&o, &source, SOAK_INCONCLUSIVE, 130, &r);
	soak_result_release(&r);
	w.stop_at = 0;
}

static void a_long_pause_is_no_pass(void)
{
	struct soak_options o;
	struct soak_result r;

	stop_after("o", 21);
	o = kept();
	w.now_ms += 3600 * 1000;
	expect(&o, &source, SOAK_INCONCLUSIVE, 6, &r);
	CU_ASSERT_EQUAL(r.tracks[0].counts.of[SOAK_MISSED], 40);
	soak_result_release(&r);
}

static void old_breaches_count(void)
{
	struct soak_options o;
	struct soak_result r;

	stop_after("bbbo", 5);
	o = kept();
	w.seen = "b";
	w.asked = 0;
	expect(&o, &source, SOAK_FAIL, 6, &r);
	CU_ASSERT_EQUAL(w.asked, 1);
	soak_result_release(&r);
}

static void other_settings_begin_anew(void)
{
	struct soak_options o;
	struct soak_result r;

	stop_after("o", 5);
	o = kept();
	metrics[0].query = "another";
	expect(&o, &source, SOAK_PASS, 0, &r);
	CU_ASSERT_FALSE(r.resumed);
	soak_result_release(&r);
}

static void survives_torn_lines(void)
{
	struct buf text = BUF_INIT(1024 * 1024);
	struct soak_options o;
	struct soak_result r;

	stop_after("o", 5);
	if (!UNIT_OK(file_read(path, &text)))
		return;
	buf_puts(&text, "{\"t\":4,\"o\":\"b\",\"v\":[99]}\n{\"t\":99999}\n"
			"{\"t\":5,\"o\":\"bbb\"}\nnonsense\n[]\n{\"t\":5,\"o");
	(void)UNIT_OK(file_write_atomic(path, text.data, text.len));
	buf_release(&text);
	o = kept();
	expect(&o, &source, SOAK_PASS, 0, &r);
	CU_ASSERT(r.resumed && r.tracks[0].counts.of[SOAK_OK] == 60);
	soak_result_release(&r);
}

static void only_one_at_a_time(void)
{
	struct soak_saved saved = { 0 };
	struct soak_state *state = NULL;
	struct soak_options o;
	struct soak_result r;

	begin("o", 1);
	o = kept();
	if (!UNIT_OK(soak_state_open(path, "w", true, &saved, &state)))
		return;
	(void)UNIT_FAILS(soak_run(&o, &source, &r), KR_EHELD, "another soak");
	soak_state_close(state);
	soak_saved_release(&saved);
}

static int init(void)
{
	if (!mkdtemp(folder))
		return 1;
	(void)snprintf(path, sizeof(path), "%s/a/soak.jsonl", folder);
	return 0;
}

static int clean(void)
{
	char inner[64];

	clock_use(NULL);
	(void)snprintf(inner, sizeof(inner), "%s/a", folder);
	(void)unlink(path);
	(void)rmdir(inner);
	return rmdir(folder);
}

const struct unit_suite unit_soak_state = {
	.init = init,
	.clean = clean,
	.tests = { { "goes on after a stop", goes_on_after_a_stop },
		   { "a long pause is no pass", a_long_pause_is_no_pass },
		   { "old breaches count", old_breaches_count },
		   { "other settings begin anew", other_settings_begin_anew },
		   { "survives torn lines", survives_torn_lines },
		   { "only one at a time", only_one_at_a_time },
		   { NULL, NULL } },
};
