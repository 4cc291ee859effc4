#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "runbook/result.h"
#include "unit.h"

static void prints(const struct result *result, const char *part)
{
	char *text = NULL;

	if (!UNIT_OK(json_print(result->document, &text)))
		return;
	CU_ASSERT_PTR_NOT_NULL(strstr(text, part));
	if (!strstr(text, part))
		UNIT_STR(text, part);
	free(text);
}

static void has_the_frame(void)
{
	struct result r;

	result_init(&r, "ApplyResult");
	CU_ASSERT_EQUAL(result_finish(&r, NULL), 0);
	prints(&r, "{\"apiVersion\":\"keyrot.dev/v1\",\"kind\":\"ApplyResult\","
		   "\"outcome\":\"done\",\"exitCode\":0,\"reason\":null,"
		   "\"message\":null,\"rotation\":null,\"store\":null,"
		   "\"targets\":[],\"warnings\":[],\"next\":[]}");
	result_release(&r);
}

static void leaves_the_unknown_null(void)
{
	static const struct result_target ids = {
		.context = "c", .namespace_ = "n", .secret = "s", .entry = "e"
	};
	struct cJSON *target, *consumer;
	struct result r;

	result_init(&r, "ApplyResult");
	target = result_add_target(&r, &ids);
	consumer = result_add_consumer(target, "Deployment", "d");
	result_add_pod(consumer, "p", NULL, true);
	prints(&r, "\"cluster\":null,\"namespace\":\"n\",\"secret\":\"s\","
		   "\"entry\":\"e\",\"fingerprint\":null,"
		   "\"previousFingerprint\":null,\"changed\":null,"
		   "\"resourceVersion\":null,\"state\":null,\"consumers\":"
		   "[{\"kind\":\"Deployment\",\"name\":\"d\","
		   "\"restarted\":null,\"desired\":null,\"updated\":null,"
		   "\"ready\":null,\"old\":null,\"pods\":[{\"name\":\"p\","
		   "\"fingerprint\":null,\"ready\":true}]}]");
	/* What becomes known keeps its place. */
	result_put_bool(target, "changed", true);
	result_put_counts(consumer, &(struct result_counts){ 3, 2, 1, 1 });
	prints(&r, "\"changed\":true,\"resourceVersion\":null");
	prints(&r, "\"desired\":3,\"updated\":2,\"ready\":1,\"old\":1");
	result_release(&r);
}

static void says_what_failed(void)
{
	kr_cleanup(err_freep) struct err *err =
		err_hint(err_new(KR_EROLLOUT, "deployment/a: it failed"),
			 "kubectl keyrot status");
	struct result r;

	result_init(&r, "ApplyResult");
	result_next(&r, "kubectl keyrot apply --context %s", "c");
	result_warn(&r, "%d pods", 2);
	CU_ASSERT_EQUAL(result_finish(&r, err), 5);
	prints(&r, "\"outcome\":\"failed\",\"exitCode\":5,"
		   "\"reason\":\"RolloutFailed\","
		   "\"message\":\"deployment/a: it failed\"");
	prints(&r, "\"warnings\":[\"2 pods\"],\"next\":[\"kubectl keyrot "
		   "status\",\"kubectl keyrot apply --context c\"]");
	result_release(&r);
}

static void maps_kinds_to_outcomes(void)
{
	static const struct {
		enum err_kind kind;
		const char *outcome;
		int code;
	} cases[] = {
		{ KR_EUNEXPECTED, "failed", 1 },
		{ KR_ENOMEM, "failed", 1 },
		{ KR_EUSAGE, "refused", 2 },
		{ KR_ECONFIG, "refused", 2 },
		{ KR_EREFUSED, "refused", 3 },
		{ KR_ECLUSTER, "failed", 4 },
		{ KR_EFORBIDDEN, "failed", 4 },
		{ KR_EROLLOUT, "failed", 5 },
		{ KR_EGATE, "failed", 6 },
		{ KR_EHELD, "refused", 7 },
		{ KR_ECONFLICT, "failed", 7 },
		{ KR_ESTORE, "failed", 8 },
		{ KR_EINTERRUPTED, "interrupted", 130 },
	};

	UNIT_STR(result_outcome(NULL), "done");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		kr_cleanup(err_freep) struct err *err =
			err_new(cases[i].kind, "x");

		UNIT_STR(result_outcome(err), cases[i].outcome);
		CU_ASSERT_EQUAL(err_exit_code(err), cases[i].code);
	}
}

static void names_the_store(void)
{
	static const struct result_store store = { .type = "pass",
						   .where = "pass: item",
						   .entry = "kr-1" };
	struct result r;

	result_init(&r, "ApplyResult");
	result_set_store(&r, &store);
	result_set_rotation(&r, "kr-1");
	prints(&r, "\"rotation\":\"kr-1\",\"store\":{\"type\":\"pass\","
		   "\"where\":\"pass: item\",\"entry\":\"kr-1\","
		   "\"previousEntry\":null,\"proved\":false},\"targets\"");
	result_release(&r);
}

const struct unit_suite unit_result = {
	.tests = { { "has the frame", has_the_frame },
		   { "leaves the unknown null", leaves_the_unknown_null },
		   { "says what failed", says_what_failed },
		   { "maps kinds to outcomes", maps_kinds_to_outcomes },
		   { "names the store", names_the_store },
		   { NULL, NULL } },
};
