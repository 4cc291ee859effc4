#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/proc.h"
#include "ledger/ledger.h"
#include "secret/search.h"
#include "unit.h"

#define ROTATION "kr-20261122-7f3a9c"
#define PRINT	 "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

static char folder[64];

static int make_folder(void)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/keyrot-ledger.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static int remove_folder(void)
{
	return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *in_folder(const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static struct ledger *open_at(const char *path)
{
	const struct ledger_options options = {
		.path = path,
		.service = "secrets-service",
		.secret = "secrets-service-config",
		.entry = "SECRET_ENCRYPTION_KEY",
	};
	struct ledger *ledger = NULL;

	UNIT_OK(ledger_open(&options, &ledger));
	return ledger;
}

static struct ledger_record usual(const char *step, const char *outcome)
{
	return (struct ledger_record){
		.rotation = ROTATION,
		.step = step,
		.outcome = outcome,
		.context = "aether-staging",
		.namespace_ = "aether-services",
		.operator_ = "operator@example.com",
		.fingerprint = PRINT,
	};
}

static bool add(struct ledger *ledger, const char *step, const char *outcome)
{
	const struct ledger_record record = usual(step, outcome);
	bool was_there = false;

	UNIT_OK(ledger_append(ledger, &record, &was_there));
	return !was_there;
}

static uint64_t size_of(struct ledger *ledger)
{
	struct ledger_report report = { 0 };

	UNIT_OK(ledger_verify(ledger, NULL, &report));
	return report.size;
}

static void says_the_same_once(void)
{
	kr_cleanup(ledger_freep) struct ledger *ledger =
		open_at(in_folder("new/folder/once.jsonl"));

	CU_ASSERT(!ledger_exists(ledger));
	CU_ASSERT(add(ledger, "start", "started"));
	CU_ASSERT(!add(ledger, "start", "started"));
	CU_ASSERT(add(ledger, "end", "failed"));
	CU_ASSERT(add(ledger, "end", "done"));
	CU_ASSERT(!add(ledger, "end", "done"));
	CU_ASSERT(add(ledger, "end", "failed"));
	CU_ASSERT_EQUAL(size_of(ledger), 5);
	UNIT_OK(ledger_checkpoint(ledger));
	CU_ASSERT_EQUAL(size_of(ledger), 6);
	UNIT_OK(ledger_checkpoint(ledger));
	CU_ASSERT_EQUAL(size_of(ledger), 6);
	CU_ASSERT_EQUAL(file_mode(ledger_path(ledger)), 0600);
}

static void is_about_one_secret(void)
{
	const char *path = in_folder("subject.jsonl");
	const struct ledger_options options = { .path = path,
						.secret = "another",
						.entry = "K" };
	const struct ledger_record record = usual("start", "started");
	kr_cleanup(ledger_freep) struct ledger *ledger = open_at(path);
	kr_cleanup(ledger_freep) struct ledger *other = NULL;

	CU_ASSERT(add(ledger, "start", "started"));
	UNIT_OK(ledger_open(&options, &other));
	UNIT_FAILS(ledger_append(other, &record, NULL), KR_EREFUSED,
		   "secrets-service-config");
	CU_ASSERT_EQUAL(size_of(ledger), 2);
}

/* Whatever stands in a text, it has the field's form or is refused. */
static void refuses_what_has_not_its_form(void)
{
	static const char *const overrides[] = { "--new\nline", NULL };
	const struct {
		const char *field;
		struct ledger_record record;
	} bad[] = {
		{ "rotation", { .step = "s", .outcome = "done" } },
		{ "rotation",
		  { .rotation = "x", .step = "s", .outcome = "done" } },
		{ "step", { .rotation = ROTATION, .outcome = "done" } },
		{ "step",
		  { .rotation = ROTATION, .step = "a b", .outcome = "done" } },
		{ "outcome",
		  { .rotation = ROTATION, .step = "s", .outcome = "fine" } },
		{ "time",
		  { .rotation = ROTATION,
		    .step = "s",
		    .outcome = "done",
		    .time = "2026-02-29T00:00:00Z" } },
		{ "fingerprint",
		  { .rotation = ROTATION,
		    .step = "s",
		    .outcome = "done",
		    .fingerprint = "abc" } },
		/* What a key looks like, in a field that takes any text. */
		{ "operator",
		  { .rotation = ROTATION,
		    .step = "s",
		    .outcome = "done",
		    .operator_ = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNk"
				 "ZWY=" } },
		{ "context",
		  { .rotation = ROTATION,
		    .step = "s",
		    .outcome = "done",
		    .context = "x" PRINT } },
		{ "operator",
		  { .rotation = ROTATION,
		    .step = "s",
		    .outcome = "done",
		    .operator_ = "\x1b[31mred" } },
		{ "operator",
		  { .rotation = ROTATION,
		    .step = "s",
		    .outcome = "done",
		    .operator_ = "\xff\xfe" } },
		{ "verdict",
		  { .rotation = ROTATION,
		    .step = "s",
		    .outcome = "done",
		    .verdict = "ok" } },
		{ "overrides",
		  { .rotation = ROTATION,
		    .step = "s",
		    .outcome = "done",
		    .overrides = overrides } },
	};
	kr_cleanup(ledger_freep) struct ledger *ledger =
		open_at(in_folder("forms.jsonl"));

	CU_ASSERT(add(ledger, "start", "started"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		UNIT_FAILS(ledger_append(ledger, &bad[i].record, NULL),
			   KR_EINVALID, bad[i].field);
	CU_ASSERT_EQUAL(size_of(ledger), 2);
}

static void refuses_a_key_at_hand(void)
{
	static const char key[] = "correct horse battery staple";
	kr_cleanup(ledger_freep) struct ledger *ledger =
		open_at(in_folder("keys.jsonl"));
	kr_cleanup(secret_freep) struct secret *secret = NULL;
	struct ledger_record record = usual("start", "started");
	kr_cleanup(secret_search_freep) struct secret_search *searched = NULL;

	UNIT_OK(secret_from_bytes(key, sizeof(key) - 1, &secret));
	UNIT_OK(secret_search_new(&searched));
	UNIT_OK(secret_search_add(searched, secret));
	record.searched = searched;
	record.operator_ = "horse battery";
	UNIT_FAILS(ledger_append(ledger, &record, NULL), KR_EREFUSED, "key");
	CU_ASSERT(!ledger_exists(ledger));
	record.operator_ = "operator";
	UNIT_OK(ledger_append(ledger, &record, NULL));
}

static struct err *keep(void *user, const struct cJSON *line)
{
	struct cJSON **kept = user;

	json_free(*kept);
	*kept = json_copy(line);
	return NULL;
}

static void keeps_samples_and_overrides(void)
{
	static const double samples[] = { 0.001, NAN, 1e-7, 12345.678 };
	static const char *const overrides[] = { "--allow-outside-window",
						 NULL };
	const struct ledger_metric metric = {
		.name = "p99 \"latency\" \xc3\xa4",
		.verdict = "pass",
		.baseline = 0.25,
		.max = NAN,
		.max_increase_pct = 30,
		.ok = 3,
		.no_data = 1,
		.samples = samples,
		.n_samples = 4,
	};
	const struct ledger_soak soak = { "2026-11-22T21:50:46Z", 1800, 30,
					  &metric, 1 };
	kr_cleanup(ledger_freep) struct ledger *ledger =
		open_at(in_folder("soak.jsonl"));
	kr_cleanup(json_freep) struct cJSON *kept = NULL;
	kr_cleanup(str_freep) char *text = NULL;
	struct ledger_record record = usual("soak", "done");

	record.soak = &soak;
	record.overrides = overrides;
	UNIT_OK(ledger_append(ledger, &record, NULL));
	UNIT_OK(ledger_each(ledger, keep, &kept));
	UNIT_OK(json_print(json_member(kept, "soak"), &text));
	UNIT_STR(text, "{\"started\":\"2026-11-22T21:50:46Z\","
		       "\"forSeconds\":1800,\"everySeconds\":30,\"metrics\":["
		       "{\"name\":\"p99 \\\"latency\\\" \xc3\xa4\","
		       "\"verdict\":\"pass\",\"baseline\":0.25,"
		       "\"maxIncreasePercent\":30,\"ok\":3,\"breach\":0,"
		       "\"noData\":1,\"nan\":0,\"error\":0,\"samples\":"
		       "[0.001,null,1e-07,12345.7]}]}");
}

static void put_file(const char *path, const struct buf *text)
{
	UNIT_OK(file_write_atomic(path, buf_str(text), text->len));
}

/* A power cut: the line's end came to the disk, a sector before it did not. */
static void a_line_with_a_hole_is_cut(void)
{
	const char *path = in_folder("hole.jsonl");
	kr_cleanup(ledger_freep) struct ledger *ledger = open_at(path);
	kr_cleanup(buf_release) struct buf whole = BUF_INIT(1 << 20);
	struct ledger_report report;
	const char *last;

	CU_ASSERT(add(ledger, "start", "started"));
	CU_ASSERT(add(ledger, "end", "done"));
	UNIT_OK(file_read(path, &whole));
	last = memrchr(whole.data, '\n', whole.len - 1);
	for (size_t n = (size_t)(last - whole.data) + 1; n + 1 < whole.len;
	     n += 37) {
		kr_cleanup(buf_release) struct buf torn = BUF_INIT(1 << 20);

		buf_append(&torn, whole.data, n);
		buf_putc(&torn, '\0');
		buf_append(&torn, whole.data + n + 1, whole.len - n - 1);
		put_file(path, &torn);
		UNIT_FAILS(ledger_verify(ledger, NULL, &report), KR_EGATE,
			   "line 3: bytes of it never came to the disk");
		CU_ASSERT(add(ledger, "end", "done"));
		CU_ASSERT_EQUAL(size_of(ledger), 3);
	}
}

/* A crash in the middle of a write; then somebody else's bytes. */
static void a_torn_line_is_cut_and_nothing_else(void)
{
	const char *path = in_folder("torn.jsonl");
	kr_cleanup(ledger_freep) struct ledger *ledger = open_at(path);
	kr_cleanup(buf_release) struct buf whole = BUF_INIT(1 << 20);
	kr_cleanup(buf_release) struct buf torn = BUF_INIT(1 << 20);
	const struct ledger_record record = usual("end", "done");
	struct ledger_report report;
	const char *last;
	size_t before;

	CU_ASSERT(add(ledger, "start", "started"));
	CU_ASSERT(add(ledger, "end", "done"));
	UNIT_OK(file_read(path, &whole));
	last = memrchr(whole.data, '\n', whole.len - 1);
	before = (size_t)(last - whole.data) + 1;
	for (size_t n = before + 1; n < whole.len; n += 37) {
		buf_reset(&torn);
		buf_append(&torn, whole.data, n);
		put_file(path, &torn);
		UNIT_FAILS(ledger_verify(ledger, NULL, &report), KR_EGATE,
			   "line 3");
		CU_ASSERT_EQUAL(report.bad_line, 3);
		CU_ASSERT(add(ledger, "end", "done"));
		CU_ASSERT_EQUAL(size_of(ledger), 3);
	}
	/* Only the line end is missing: the line stays. */
	buf_reset(&torn);
	buf_append(&torn, whole.data, whole.len - 1);
	put_file(path, &torn);
	CU_ASSERT(!add(ledger, "end", "done"));
	CU_ASSERT_EQUAL(size_of(ledger), 3);
	/* What no interrupted write leaves is not thrown away. */
	put_file(path, &whole);
	buf_reset(&torn);
	buf_append(&torn, whole.data, whole.len - 1);
	buf_puts(&torn, "x");
	put_file(path, &torn);
	UNIT_FAILS(ledger_append(ledger, &record, NULL), KR_EGATE,
		   "not what an interrupted write leaves");
	buf_reset(&torn);
	UNIT_OK(file_read(path, &torn));
	CU_ASSERT_EQUAL(torn.len, whole.len);
}

static void anchors_show_what_the_file_cannot(void)
{
	const char *path = in_folder("anchor.jsonl");
	kr_cleanup(ledger_freep) struct ledger *ledger = open_at(path);
	kr_cleanup(buf_release) struct buf early = BUF_INIT(1 << 20);
	struct ledger_anchor anchors[2], parsed;
	struct ledger_trust trust = { .anchors = anchors, .n_anchors = 2 };
	char text[LEDGER_ANCHOR_LEN], message[400];
	struct ledger_report report;

	CU_ASSERT(add(ledger, "start", "started"));
	UNIT_OK(ledger_head(ledger, &anchors[0]));
	UNIT_OK(file_read(path, &early));
	CU_ASSERT(add(ledger, "end", "done"));
	UNIT_OK(ledger_head(ledger, &anchors[1]));
	anchors[1].source = "the chat";
	UNIT_OK(ledger_verify(ledger, &trust, &report));
	CU_ASSERT_EQUAL(report.anchors_held, 2);

	/* The tail is cut, and another history put in its place. */
	put_file(path, &early);
	UNIT_FAILS(ledger_verify(ledger, &trust, &report), KR_EGATE,
		   "the chat has seen 3 lines, the file has 2");
	CU_ASSERT_EQUAL(anchors[0].state, ANCHOR_HOLDS);
	CU_ASSERT_EQUAL(anchors[1].state, ANCHOR_AHEAD);
	CU_ASSERT(add(ledger, "end", "failed"));
	UNIT_FAILS(ledger_verify(ledger, &trust, &report), KR_EGATE,
		   "written anew");
	CU_ASSERT_EQUAL(anchors[1].state, ANCHOR_DIFFERS);

	ledger_anchor_text(&anchors[1], text);
	(void)snprintf(message, sizeof(message),
		       "keyrot-ledger-v1:junk, done. %s.", text);
	CU_ASSERT(ledger_anchor_find(message, &parsed));
	UNIT_STR(parsed.id, anchors[1].id);
	UNIT_STR(parsed.root, anchors[1].root);
	CU_ASSERT_EQUAL(parsed.size, 3);
	anchors[1] = parsed;
	anchors[1].id[5] = anchors[1].id[5] == '0' ? '1' : '0';
	UNIT_FAILS(ledger_verify(ledger, &trust, &report), KR_EGATE,
		   "another ledger");
	text[strlen(text) - 1] = '\0';
	CU_ASSERT(!ledger_anchor_find(text, &parsed));
}

const struct unit_suite unit_ledger = {
	.init = make_folder,
	.clean = remove_folder,
	.tests = {
		{ "says the same once", says_the_same_once },
		{ "is about one Secret", is_about_one_secret },
		{ "refuses what has not its form",
		  refuses_what_has_not_its_form },
		{ "refuses a key at hand", refuses_a_key_at_hand },
		{ "keeps samples and overrides", keeps_samples_and_overrides },
		{ "a line with a hole is cut", a_line_with_a_hole_is_cut },
		{ "a torn line is cut and nothing else",
		  a_torn_line_is_cut_and_nothing_else },
		{ "anchors show what the file cannot",
		  anchors_show_what_the_file_cannot },
		{ NULL, NULL },
	},
};
