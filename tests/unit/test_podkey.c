/* Which key a pod runs, and when that cannot be known. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "kube/podkey.h"
#include "unit.h"

static const struct kube_target target = { "ns", "conf", "KEY", false };

static struct cJSON *parse(const char *text)
{
	struct cJSON *tree = NULL;

	(void)UNIT_OK(json_parse(text, strlen(text), &tree));
	return tree;
}

#define MANAGED(manager, operation, field, time)                               \
	"{\"manager\":\"" manager "\",\"operation\":\"" operation              \
	"\",\"time\":\"" time "\",\"fieldsV1\":{\"f:data\":{\"f:" field        \
	"\":{}}}}"
#define SECRET(fields)                                                         \
	"{\"metadata\":{\"name\":\"conf\",\"uid\":\"u\",\"resourceVersion\":"  \
	"\"9\",\"annotations\":{\"fingerprint.keyrot.dev/KEY\":\"ff2\","       \
	"\"rotation.keyrot.dev/KEY\":\"kr-2\",\"previous.keyrot.dev/KEY\":"    \
	"\"kr-1\",\"operator.keyrot.dev/KEY\":\"ann\","                        \
	"\"rotated-at.keyrot.dev/KEY\":\"2026-11-22T10:00:00Z\"},"             \
	"\"managedFields\":[" fields "]}}"
#define T0 "2026-11-22T09:00:00Z"
#define T1 "2026-11-22T10:00:00Z"
#define T2 "2026-11-22T11:00:00Z"

static void reads_the_owner(void)
{
	static const struct {
		const char *name, *secret, *owner;
		bool owned;
		long long written_s;
	} rows[] = {
		{ "ours", SECRET(MANAGED("keyrot.KEY", "Apply", "KEY", T1)),
		  "keyrot.KEY", true, 1795341600 },
		{ "ours, and another that agrees, later",
		  SECRET(MANAGED("other", "Update", "KEY", T2) "," MANAGED(
			  "keyrot.KEY", "Apply", "KEY", T1)),
		  "keyrot.KEY", true, 1795341600 },
		{ "our name, but no apply",
		  SECRET(MANAGED("keyrot.KEY", "Update", "KEY", T1)),
		  "keyrot.KEY", false, 1795341600 },
		{ "of another entry",
		  SECRET(MANAGED("keyrot.KEY2", "Apply", "KEY2", T1)), NULL,
		  false, 0 },
		{ "the newest of two others",
		  SECRET(MANAGED("a", "Update", "KEY",
				 T2) "," MANAGED("b", "Apply", "KEY", T0)),
		  "a", false, 1795345200 },
		{ "nobody", SECRET(""), NULL, false, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		kr_cleanup(json_freep) struct cJSON *s = parse(rows[i].secret);
		struct kube_key_facts facts = { 0 };

		if (!UNIT_OK(kube_key_facts_read(s, "KEY", &facts)))
			return;
		UNIT_STR(facts.owner, rows[i].owner);
		CU_ASSERT_EQUAL(facts.owned, rows[i].owned);
		CU_ASSERT_EQUAL(facts.written_ms, rows[i].written_s * 1000);
		UNIT_STR(facts.rotation, "kr-2");
		UNIT_STR(facts.previous, "kr-1");
		UNIT_STR(facts.operator_, "ann");
		UNIT_STR(facts.rotated_at, T1);
		UNIT_STR(facts.resource_version, "9");
		kube_key_facts_release(&facts);
	}
}

/* What a mark says: the rotation, and the keyring's state. */
static void reads_marks(void)
{
	static const struct {
		const char *mark, *rotation;
		enum kube_ring_state state;
	} rows[] = {
		{ "kr-1", "kr-1", RING_CURRENT },
		{ "kr-1+next", "kr-1", RING_ADDED },
		{ "kr-1+retired", "kr-1", RING_RETIRED },
		/* of a later version */
		{ "kr-1+other", "kr-1", RING_CURRENT },
		{ NULL, NULL, RING_CURRENT },
	};
	struct kube_key_facts facts = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		UNIT_OK(kube_key_facts_mark(&facts, rows[i].mark));
		UNIT_STR(facts.mark, rows[i].mark);
		UNIT_STR(facts.rotation, rows[i].rotation);
		CU_ASSERT_EQUAL(facts.state, rows[i].state);
	}
	kube_key_facts_release(&facts);
}

#define WRITTEN	    1000000000LL /* any moment */
#define LONG_BEFORE (WRITTEN - 60000)

static void tells_or_says_nothing(void)
{
	static char kr0[] = "kr-0", kr1[] = "kr-1", kr2[] = "kr-2",
		    f1[] = "ff1", f2[] = "ff2";
	const struct kube_key_facts ours = {
		.fingerprint = f2,
		.rotation = kr2,
		.mark = kr2,
		.previous = kr1,
		.owned = true,
		.written_ms = WRITTEN,
	};
	const struct kube_key_facts foreign = {
		.fingerprint = f2,
		.rotation = kr2,
		.mark = kr2,
		.previous = kr1,
		.written_ms = WRITTEN,
	};
	const struct kube_key_facts first = {
		.fingerprint = f2,
		.rotation = kr2,
		.mark = kr2,
		.owned = true,
		.written_ms = WRITTEN,
	};
	const struct {
		const char *name;
		const struct kube_key_facts *facts;
		struct kube_pod pod;
		const char *want;
	} rows[] = {
		{ "the Secret's rotation",
		  &ours,
		  { .rotation = kr2,
		    .fingerprint = f2,
		    .entry_how = USE_ENV,
		    .started = true,
		    .started_ms = WRITTEN + 5000 },
		  "ff2" },
		{ "the Secret's rotation, by volume",
		  &ours,
		  { .rotation = kr2,
		    .fingerprint = f2,
		    .entry_how = USE_VOLUME,
		    .started = true,
		    .started_ms = WRITTEN + 5000 },
		  "ff2" },
		{ "somebody else wrote the entry since",
		  &foreign,
		  { .rotation = kr2,
		    .fingerprint = f2,
		    .entry_how = USE_ENV,
		    .started = true,
		    .started_ms = WRITTEN + 5000 },
		  NULL },
		{ "not started",
		  &ours,
		  { .rotation = kr2, .fingerprint = f2, .entry_how = USE_ENV },
		  NULL },
		{ "ended",
		  &ours,
		  { .rotation = kr2,
		    .fingerprint = f2,
		    .entry_how = USE_ENV,
		    .started = true,
		    .finished = true,
		    .started_ms = WRITTEN + 5000 },
		  NULL },
		{ "annotations that do not agree",
		  &ours,
		  { .rotation = kr2,
		    .fingerprint = f1,
		    .entry_how = USE_ENV,
		    .started = true,
		    .started_ms = WRITTEN + 5000 },
		  NULL },
		{ "does not use the entry",
		  &ours,
		  { .rotation = kr2,
		    .fingerprint = f2,
		    .use_how = USE_ENV,
		    .started = true,
		    .started_ms = WRITTEN + 5000 },
		  NULL },
		{ "no annotations",
		  &ours,
		  { .entry_how = USE_ENV,
		    .started = true,
		    .started_ms = LONG_BEFORE },
		  NULL },
		{ "the rotation before, started before",
		  &ours,
		  { .rotation = kr1,
		    .fingerprint = f1,
		    .entry_how = USE_ENV,
		    .started = true,
		    .started_ms = LONG_BEFORE },
		  "ff1" },
		{ "the rotation before, nobody knows whether before",
		  &ours,
		  { .rotation = kr1,
		    .fingerprint = f1,
		    .entry_how = USE_ENV,
		    .started = true,
		    .started_ms = WRITTEN - 1000 },
		  NULL },
		{ "the rotation before, restarted since",
		  &ours,
		  { .rotation = kr1,
		    .fingerprint = f1,
		    .entry_how = USE_ENV,
		    .started = true,
		    .started_ms = WRITTEN + 1000 },
		  NULL },
		{ "the rotation before, a volume is refreshed",
		  &ours,
		  { .rotation = kr1,
		    .fingerprint = f1,
		    .entry_how = USE_ENV | USE_VOLUME,
		    .started = true,
		    .started_ms = LONG_BEFORE },
		  NULL },
		{ "two rotations before",
		  &ours,
		  { .rotation = kr0,
		    .fingerprint = f1,
		    .entry_how = USE_ENV,
		    .started = true,
		    .started_ms = LONG_BEFORE },
		  NULL },
		{ "what was replaced is not on record",
		  &first,
		  { .rotation = kr1,
		    .fingerprint = f1,
		    .entry_how = USE_ENV,
		    .started = true,
		    .started_ms = LONG_BEFORE },
		  NULL },
		{ "optional makes no difference",
		  &ours,
		  { .rotation = kr1,
		    .fingerprint = f1,
		    .entry_how = USE_ENV_FROM | USE_OPTIONAL,
		    .started = true,
		    .started_ms = LONG_BEFORE },
		  "ff1" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *got =
			kube_pod_fingerprint(&rows[i].pod, rows[i].facts);

		if (!UNIT_STR(got, rows[i].want))
			printf("\n    %s\n", rows[i].name);
	}
}

#define CONTAINER(name, rest) "{\"name\":\"" name "\"," rest "}"
#define SPEC                                                                   \
	"\"spec\":{\"nodeName\":\"n\",\"containers\":[{\"name\":\"side\"},{"   \
	"\"name\":\"app\",\"envFrom\":[{\"secretRef\":{\"name\":\"conf\"}}]}]}"
#define POD(spec, status)                                                      \
	"{\"metadata\":{\"name\":\"p\",\"uid\":\"u\",\"annotations\":{"        \
	"\"rotation.keyrot.dev/conf.KEY\":\"kr-2\","                           \
	"\"fingerprint.keyrot.dev/conf.KEY\":\"ff2\"},\"labels\":{"            \
	"\"controller-revision-hash\":\"h\"}}," spec ",\"status\":{" status    \
	"}}"
#define RUNNING "\"state\":{\"running\":{\"startedAt\":\"" T1 "\"}}"

static void keeps_what_matters_of_a_pod(void)
{
	static const char text[] = POD(
		SPEC,
		"\"phase\":\"Running\",\"conditions\":[{\"type\":"
		"\"Ready\",\"status\":\"True\"}],"
		"\"containerStatuses\":[" CONTAINER(
			"side",
			"\"restartCount\":3,\"state\":{"
			"\"running\":{\"startedAt\":\"" T2
			"\"}}") "," CONTAINER("app",
					      "\"ready\":true," RUNNING) "]");
	kr_cleanup(json_freep) struct cJSON *object = parse(text);
	struct kube_pod pod = { 0 };

	if (!UNIT_OK(kube_pod_read(object, &target, &pod)))
		return;
	UNIT_STR(pod.container, "app");
	CU_ASSERT_EQUAL(pod.container_count, 2);
	UNIT_STR(pod.rotation, "kr-2");
	UNIT_STR(pod.hash, "h");
	CU_ASSERT(pod.ready && pod.started && pod.scheduled);
	CU_ASSERT_FALSE(pod.terminating || pod.finished);
	CU_ASSERT_EQUAL(pod.restarts, 3);
	/* The side car's start says nothing about the key. */
	CU_ASSERT_EQUAL(pod.started_ms, 1795341600000);
	CU_ASSERT_PTR_NULL(pod.trouble.reason);
	kube_pod_release(&pod);
}

static void sees_trouble(void)
{
	static const struct {
		const char *pod, *reason, *container, *message;
		bool waiting;
		int exit_code, restarts;
	} rows[] = {
		{ POD(SPEC,
		      "\"containerStatuses\":[" CONTAINER(
			      "app",
			      "\"restartCount\":4,\"lastState\":{"
			      "\"terminated\":{\"exitCode\":1,\"reason\":"
			      "\"Error\"}},\"state\":{\"waiting\":{"
			      "\"reason\":\"CrashLoopBackOff\","
			      "\"message\":\"back-off\\u001b[2J\"}}") "]"),
		  "CrashLoopBackOff", "app", "back-off?[2J", true, 1, 4 },
		{ POD(SPEC, "\"containerStatuses\":[" CONTAINER(
				    "app",
				    "\"restartCount\":2,\"ready\":false,"
				    "\"lastState\":{\"terminated\":{"
				    "\"exitCode\":137,\"reason\":\"OOMKilled\"}"
				    "}," RUNNING) "]"),
		  "OOMKilled", "app", NULL, false, 137, 2 },
		{ POD(SPEC,
		      "\"containerStatuses\":[" CONTAINER(
			      "app", "\"restartCount\":2,\"ready\":true,"
				     "\"lastState\":{\"terminated\":{"
				     "\"exitCode\":1,\"reason\":\"Error\"}"
				     "}," RUNNING) "]"),
		  NULL, NULL, NULL, false, 0, 0 },
		{ POD(SPEC, "\"containerStatuses\":[" CONTAINER(
				    "app", "\"state\":{\"waiting\":{"
					   "\"reason\":\"ContainerCreating\"}"
					   "}") "]"),
		  NULL, NULL, NULL, false, 0, 0 },
		{ POD(SPEC,
		      "\"containerStatuses\":[" CONTAINER(
			      "side",
			      "\"lastState\":{\"terminated\":{"
			      "\"exitCode\":1}}," RUNNING) "," CONTAINER("app",
									 "\"state\":{\"waiting\":{"
									 "\"reason\":\"ErrImagePull\"}}") "]"),
		  "ErrImagePull", "app", NULL, true, 0, 0 },
		{ POD(SPEC,
		      "\"initContainerStatuses\":[" CONTAINER(
			      "init",
			      "\"ready\":true,\"state\":{"
			      "\"terminated\":{\"exitCode\":0}}") "],\"containerStatuses\":[" CONTAINER("app",
													RUNNING) "]"),
		  NULL, NULL, NULL, false, 0, 0 },
		{ POD("\"spec\":{\"containers\":[]}",
		      "\"phase\":\"Pending\",\"conditions\":[{\"type\":"
		      "\"PodScheduled\",\"status\":\"False\",\"reason\":"
		      "\"Unschedulable\",\"message\":\"0/1 nodes\"}]"),
		  "Unschedulable", NULL, "0/1 nodes", true, 0, 0 },
		{ POD(SPEC,
		      "\"phase\":\"Failed\",\"containerStatuses\":[" CONTAINER(
			      "app", "\"state\":{\"terminated\":{"
				     "\"exitCode\":1}}") "]"),
		  NULL, NULL, NULL, false, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		kr_cleanup(json_freep) struct cJSON *object =
			parse(rows[i].pod);
		struct kube_pod pod = { 0 };

		if (!UNIT_OK(kube_pod_read(object, &target, &pod)))
			return;
		if (!UNIT_STR(pod.trouble.reason, rows[i].reason))
			printf("\n    row %zu\n", i);
		UNIT_STR(pod.trouble.container, rows[i].container);
		UNIT_STR(pod.trouble.message, rows[i].message);
		CU_ASSERT_EQUAL(pod.trouble.waiting, rows[i].waiting);
		CU_ASSERT_EQUAL(pod.trouble.exit_code, rows[i].exit_code);
		CU_ASSERT_EQUAL(pod.trouble.restarts, rows[i].restarts);
		kube_pod_release(&pod);
	}
}

static void survives_anything(void)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		"null",
		"{\"metadata\":[],\"spec\":\"x\",\"status\":7}",
		"{\"metadata\":{\"name\":1,\"ownerReferences\":[1,{\"controller\":true}]}}",
		"{\"spec\":{\"containers\":[7,{}],\"volumes\":[{}],\"nodeName\":\"n\"}}",
		"{\"status\":{\"containerStatuses\":[null,{\"state\":[]}]}}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		kr_cleanup(json_freep) struct cJSON *object = parse(texts[i]);
		struct kube_key_facts facts = { 0 };
		struct kube_pod pod = { 0 };

		UNIT_OK(kube_pod_read(object, &target, &pod));
		UNIT_STR(pod.uid, "");
		kube_pod_release(&pod);
		UNIT_OK(kube_key_facts_read(object, "KEY", &facts));
		CU_ASSERT_FALSE(facts.owned);
		kube_key_facts_release(&facts);
	}
}

const struct unit_suite unit_podkey = {
	.tests = { { "reads the owner", reads_the_owner },
		   { "reads marks", reads_marks },
		   { "tells or says nothing", tells_or_says_nothing },
		   { "keeps what matters of a pod",
		     keeps_what_matters_of_a_pod },
		   { "sees trouble", sees_trouble },
		   { "survives anything", survives_anything } },
};
