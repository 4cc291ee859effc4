/* Which workloads use a Secret, from lists as the API server gives them. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "kube/consumers.h"
#include "unit.h"

static const struct kube_target target = { "ns", "conf", "KEY", false };

static struct cJSON *parse(const char *text)
{
	struct cJSON *tree = NULL;

	(void)UNIT_OK(json_parse(text, strlen(text), &tree));
	return tree;
}

#define ENV(key)                                                               \
	"{\"containers\":[{\"name\":\"app\",\"env\":[{\"name\":\"X\","         \
	"\"valueFrom\":{\"secretKeyRef\":{\"name\":\"conf\",\"key\":\"" key    \
	"\"}}}]}]}"

static void sees_every_way_to_use_it(void)
{
	static const struct {
		const char *name, *spec;
		int how, entry_how;
		const char *containers;
	} rows[] = {
		{ "env", ENV("KEY"), USE_ENV, USE_ENV, "app" },
		{ "env of another entry", ENV("OTHER"), USE_ENV, 0, "" },
		{ "another Secret",
		  "{\"containers\":[{\"name\":\"app\",\"envFrom\":[{"
		  "\"secretRef\":{\"name\":\"other\"}}]}]}",
		  0, 0, "" },
		{ "a config map of that name",
		  "{\"containers\":[{\"name\":\"app\",\"envFrom\":[{"
		  "\"configMapRef\":{\"name\":\"conf\"}}]}]}",
		  0, 0, "" },
		{ "envFrom of an init container",
		  "{\"initContainers\":[{\"name\":\"init\",\"envFrom\":[{"
		  "\"secretRef\":{\"name\":\"conf\",\"optional\":true}}]}]}",
		  USE_ENV_FROM | USE_OPTIONAL, USE_ENV_FROM | USE_OPTIONAL,
		  "init" },
		{ "an ephemeral container",
		  "{\"ephemeralContainers\":[{\"name\":\"debug\",\"envFrom\":["
		  "{\"secretRef\":{\"name\":\"conf\"}}]}]}",
		  USE_ENV_FROM, USE_ENV_FROM, "debug" },
		{ "a volume, mounted by one of two",
		  "{\"volumes\":[{\"name\":\"v\",\"secret\":{\"secretName\":"
		  "\"conf\"}}],\"containers\":[{\"name\":\"a\"},{\"name\":"
		  "\"b\",\"volumeMounts\":[{\"name\":\"v\"}]}]}",
		  USE_VOLUME, USE_VOLUME, "b" },
		{ "a volume of other entries",
		  "{\"volumes\":[{\"name\":\"v\",\"secret\":{\"secretName\":"
		  "\"conf\",\"items\":[{\"key\":\"OTHER\"}]}}],\"containers\":"
		  "[{\"name\":\"b\",\"volumeMounts\":[{\"name\":\"v\"}]}]}",
		  USE_VOLUME, 0, "" },
		{ "a volume by subPath",
		  "{\"volumes\":[{\"name\":\"v\",\"secret\":{\"secretName\":"
		  "\"conf\"}}],\"containers\":[{\"name\":\"b\","
		  "\"volumeMounts\":[{\"name\":\"v\",\"subPath\":\"KEY\"}]}]}",
		  USE_VOLUME | USE_SUBPATH, USE_VOLUME | USE_SUBPATH, "b" },
		{ "a projected volume",
		  "{\"volumes\":[{\"name\":\"v\",\"projected\":{\"sources\":["
		  "{\"configMap\":{\"name\":\"conf\"}},{\"secret\":{\"name\":"
		  "\"conf\",\"items\":[{\"key\":\"KEY\"}]}}]}}],"
		  "\"containers\":[{\"name\":\"b\",\"volumeMounts\":[{"
		  "\"name\":\"v\"}]}]}",
		  USE_PROJECTED, USE_PROJECTED, "b" },
		{ "a CSI reference",
		  "{\"volumes\":[{\"name\":\"v\",\"csi\":{"
		  "\"nodePublishSecretRef\":{\"name\":\"conf\"}}}]}",
		  USE_CSI, USE_CSI, "" },
		{ "an image pull secret does not count",
		  "{\"imagePullSecrets\":[{\"name\":\"conf\"}],"
		  "\"containers\":[{\"name\":\"a\"}]}",
		  0, 0, "" },
		{ "nothing at all", "{}", 0, 0, "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		kr_cleanup(json_freep) struct cJSON *spec = parse(rows[i].spec);
		struct kube_use use = { 0 };
		struct buf names = BUF_INIT(256);

		UNIT_OK(kube_use_read(spec, "conf", "KEY", false, &use));
		for (size_t j = 0; j < use.container_count; j++)
			buf_puts(&names, use.containers[j]);
		if (use.how != rows[i].how ||
		    use.entry_how != rows[i].entry_how)
			printf("\n    %s: %d, %d\n", rows[i].name, use.how,
			       use.entry_how);
		CU_ASSERT_EQUAL(use.how, rows[i].how);
		CU_ASSERT_EQUAL(use.entry_how, rows[i].entry_how);
		UNIT_STR(buf_str(&names), rows[i].containers);
		buf_release(&names);
		kube_use_release(&use);
	}
}

/* KEY_NEXT and KEY_PREVIOUS are the entry's, where it is a keyring. */
static void finds_keyrings(void)
{
	static const struct {
		const char *key;
		bool single, keyring;
	} rows[] = {
		{ "KEY", true, true },		 { "KEY_NEXT", false, true },
		{ "KEY_PREVIOUS", false, true }, { "KEY_NEXT2", false, false },
		{ "KE", false, false },		 { "XKEY_NEXT", false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct kube_use single = { 0 }, keyring = { 0 };
		struct buf text = BUF_INIT(1024);
		struct cJSON *spec;

		buf_printf(
			&text,
			"{\"containers\":[{\"name\":\"a\",\"env\":[{\"name\":"
			"\"K\",\"valueFrom\":{\"secretKeyRef\":{\"name\":"
			"\"conf\",\"key\":\"%s\"}}}]}]}",
			rows[i].key);
		spec = parse(buf_str(&text));
		UNIT_OK(kube_use_read(spec, "conf", "KEY", false, &single));
		UNIT_OK(kube_use_read(spec, "conf", "KEY", true, &keyring));
		CU_ASSERT_EQUAL(single.entry_how != 0, rows[i].single);
		CU_ASSERT_EQUAL(keyring.entry_how != 0, rows[i].keyring);
		kube_use_release(&single);
		kube_use_release(&keyring);
		json_free(spec);
		buf_release(&text);
	}
}

static void matches_selectors(void)
{
	static const struct {
		const char *selector, *labels, *query;
		bool matches;
	} rows[] = {
		{ "{\"matchLabels\":{\"app\":\"x\"}}",
		  "{\"app\":\"x\",\"more\":\"1\"}",
		  "labelSelector=app%20in%20%28x%29", true },
		{ "{\"matchLabels\":{\"app\":\"x\"}}", "{\"app\":\"y\"}",
		  "labelSelector=app%20in%20%28x%29", false },
		{ "{\"matchLabels\":{\"app\":\"x\"}}", "{}",
		  "labelSelector=app%20in%20%28x%29", false },
		{ "{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"In\","
		  "\"values\":[\"1\",\"2\"]}]}",
		  "{\"a\":\"2\"}", "labelSelector=a%20in%20%281%2C2%29", true },
		{ "{\"matchExpressions\":[{\"key\":\"a\",\"operator\":"
		  "\"NotIn\",\"values\":[\"1\"]}]}",
		  "{\"a\":\"1\"}", "labelSelector=a%20notin%20%281%29", false },
		{ "{\"matchExpressions\":[{\"key\":\"a\",\"operator\":"
		  "\"Exists\"},{\"key\":\"b\",\"operator\":"
		  "\"DoesNotExist\"}]}",
		  "{\"a\":\"\"}", "labelSelector=a%2C%21b", true },
		{ "{\"matchExpressions\":[{\"key\":\"a\",\"operator\":"
		  "\"Near\"}]}",
		  "{\"a\":\"1\"}", "", false },
		{ "{}", "{\"a\":\"1\"}", "", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		kr_cleanup(json_freep) struct cJSON *s =
			parse(rows[i].selector);
		kr_cleanup(json_freep) struct cJSON *l = parse(rows[i].labels);
		struct kube_selector selector = { 0 };
		struct buf query = BUF_INIT(1024);

		UNIT_OK(kube_selector_read(s, &selector));
		CU_ASSERT_EQUAL(kube_selector_matches(&selector, l),
				rows[i].matches);
		kube_selector_query(&selector, &query);
		UNIT_STR(buf_str(&query), rows[i].query);
		buf_release(&query);
		kube_selector_release(&selector);
	}
}

/* Lists of a namespace, in the order of kube_consumers_plan_reads(). */
#define LIST(items)                                                            \
	"{\"metadata\":{\"resourceVersion\":\"77\"},\"items\":[" items "]}"
#define WORKLOAD(name, uid, more, spec)                                        \
	"{\"metadata\":{\"name\":\"" name "\",\"uid\":\"" uid                  \
	"\",\"generation\":4},\"spec\":{" more                                 \
	"\"selector\":{\"matchLabels\":"                                       \
	"{\"app\":\"" name "\"}},\"template\":{\"metadata\":{\"annotations\":" \
	"{\"rotation.keyrot.dev/conf.KEY\":\"kr-1\"}},\"spec\":" spec          \
	"}},\"status\":{\"observedGeneration\":4,\"replicas\":2}}"
#define POD(name, uid, owner, app, hash, phase, spec)                          \
	"{\"metadata\":{\"name\":\"" name "\",\"uid\":\"" uid                  \
	"\",\"labels\":{\"app\":\"" app "\",\"pod-template-hash\":\"" hash     \
	"\"}," owner                                                           \
	"\"creationTimestamp\":\"2026-11-22T10:00:00Z\"},\"spec\":" spec       \
	",\"status\":{\"phase\":\"" phase "\"}}"
#define OWNER(kind, name, uid)                                                 \
	"\"ownerReferences\":[{\"kind\":\"" kind "\",\"name\":\"" name         \
	"\",\"uid\":\"" uid "\",\"controller\":true}],"

static const char *const namespace_[] = {
	LIST(WORKLOAD("web", "u-web", "\"replicas\":2,", ENV("KEY")) "," WORKLOAD(
		"other", "u-oth", "",
		ENV("OTHER")) "," WORKLOAD("none", "u-non", "",
					   "{}") "," WORKLOAD("api", "u-api",
							      "\"paused\":true,",
							      ENV("KEY"))),
	LIST(WORKLOAD("db", "u-db",
		      "\"updateStrategy\":{\"type\":\"OnDelete\"},",
		      ENV("KEY"))),
	LIST(WORKLOAD("agent", "u-agent", "", ENV("KEY"))),
	LIST("{\"metadata\":{\"name\":\"nightly\",\"uid\":\"u-cron\"},"
	     "\"spec\":{\"suspend\":true,\"jobTemplate\":{\"spec\":{"
	     "\"template\":{\"spec\":" ENV("KEY") "}}}}}"),
	LIST(POD("web-5d-a", "p1", OWNER("ReplicaSet", "web-5d", "rs1"), "web", "5d", "Running", ENV("KEY")) "," POD(
		"web-old", "p2", OWNER("ReplicaSet", "web-4c", "rs0"), "web",
		"4c", "Running",
		"{}") "," POD("web-gone", "p3",
			      OWNER("ReplicaSet", "web-5d", "rs1"), "web", "5d",
			      "Failed",
			      ENV("KEY")) "," POD("db-0", "p4",
						  OWNER("StatefulSet", "db",
							"u-db"),
						  "db", "", "Running",
						  ENV("KEY")) "," POD("job-x",
								      "p5",
								      OWNER("Job",
									    "job",
									    "u-job"),
								      "job", "",
								      "Running",
								      ENV("KEY")) "," POD("bare",
											  "p6",
											  "",
											  "bare",
											  "",
											  "Running",
											  ENV("KEY")) "," POD("done",
													      "p7",
													      "",
													      "done",
													      "",
													      "Succeeded",
													      ENV("KEY")) "," POD("none-1-a",
																  "p8",
																  OWNER("ReplicaSet",
																	"none-1",
																	"rs2"),
																  "none",
																  "1",
																  "Running",
																  "{}")),
};

/* As a request is answered: items as they come, then what is around them. */
static struct err *answer(struct kube_request *request, const char *list)
{
	kr_cleanup(kube_items_freep) struct kube_items *items = NULL;
	struct err *err =
		kube_items_new(request->on_item, request->item_user, &items);

	if (!err)
		err = kube_items_feed(items, list, strlen(list));
	return err ? err : kube_items_end(items, &request->object);
}

static struct err *read_namespace(const char *const *names, size_t name_count,
				  const char *const *lists,
				  struct kube_consumers **out)
{
	struct kube_request requests[KUBE_CONSUMER_READS] = { 0 };
	kr_cleanup(kube_consumers_freep) struct kube_consumers *c = NULL;
	struct err *err;

	err = kube_consumers_new(&target, names, name_count, 0, &c);
	if (err)
		return err;
	kube_consumers_plan_reads(c, requests);
	for (size_t i = 0; !err && i < kube_consumers_read_count(c); i++)
		err = answer(&requests[i], lists[i]);
	if (!err)
		err = kube_consumers_take_reads(c, NULL, requests);
	for (size_t i = 0; i < kube_consumers_read_count(c); i++)
		kube_request_release(&requests[i]);
	if (!err)
		*out = take_ptr(&c);
	return err;
}

static void asks_in_one_batch(void)
{
	static const char *const paths[] = {
		"/apis/apps/v1/namespaces/ns/deployments?limit=500",
		"/apis/apps/v1/namespaces/ns/statefulsets?limit=500",
		"/apis/apps/v1/namespaces/ns/daemonsets?limit=500",
		"/apis/batch/v1/namespaces/ns/cronjobs?limit=500",
		"/apis/autoscaling/v1/namespaces/ns/horizontalpodautoscalers?limit=500",
		"/api/v1/namespaces/ns/pods?limit=500",
	};
	struct kube_request requests[KUBE_CONSUMER_READS] = { 0 };
	kr_cleanup(kube_consumers_freep) struct kube_consumers *c = NULL;

	if (!UNIT_OK(kube_consumers_new(&target, NULL, 0, CONSUMERS_AUTOSCALERS,
					&c)))
		return;
	kube_consumers_plan_reads(c, requests);
	CU_ASSERT_EQUAL(kube_consumers_read_count(c), 6);
	for (size_t i = 0; i < 6; i++) {
		UNIT_STR(requests[i].path, paths[i]);
		UNIT_STR(requests[i].method, "GET");
	}
}

static void finds_them_all(void)
{
	static const struct {
		const char *kind, *name;
		enum consumer_role role;
		bool takes_part;
	} want[] = {
		{ "Deployment", "api", CONSUMER_RESTARTED, true },
		{ "Deployment", "other", CONSUMER_RESTARTED, false },
		{ "Deployment", "web", CONSUMER_RESTARTED, true },
		{ "StatefulSet", "db", CONSUMER_RESTARTED, true },
		{ "DaemonSet", "agent", CONSUMER_RESTARTED, true },
		{ "CronJob", "nightly", CONSUMER_NEXT_START, false },
		{ "Job", "job", CONSUMER_LEFT, false },
		{ "Pod", "bare", CONSUMER_LEFT, false },
	};
	kr_cleanup(kube_consumers_freep) struct kube_consumers *c = NULL;
	size_t n = sizeof(want) / sizeof(*want);

	if (!UNIT_OK(read_namespace(NULL, 0, namespace_, &c)))
		return;
	CU_ASSERT_EQUAL(c->count, n);
	for (size_t i = 0; i < c->count && i < n; i++) {
		UNIT_STR(c->items[i].kind, want[i].kind);
		UNIT_STR(c->items[i].name, want[i].name);
		CU_ASSERT_EQUAL(c->items[i].role, want[i].role);
		CU_ASSERT_EQUAL(consumer_takes_part(&c->items[i]),
				want[i].takes_part);
	}
	UNIT_STR(c->sources[0].version, "77");
	CU_ASSERT(c->items[5].suspended);
	CU_ASSERT_EQUAL(c->items[3].state.strategy, STRATEGY_ON_DELETE);
	UNIT_STR(c->items[2].state.template_rotation, "kr-1");
}

static void knows_whose_pod_it_is(void)
{
	static const struct {
		const char *uid, *consumer; /* NULL: not kept */
	} want[] = {
		{ "p1", "web" }, { "p2", "web" }, { "p3", NULL },
		{ "p4", "db" },	 { "p5", "job" }, { "p6", "bare" },
		{ "p7", NULL },	 { "p8", NULL },
	};
	kr_cleanup(kube_consumers_freep) struct kube_consumers *c = NULL;

	if (!UNIT_OK(read_namespace(NULL, 0, namespace_, &c)))
		return;
	CU_ASSERT_EQUAL(c->pods.count, 5);
	CU_ASSERT_EQUAL(c->unresolved, 0);
	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		const struct kube_pod *pod =
			kube_pods_find(&c->pods, want[i].uid);

		CU_ASSERT_EQUAL(pod != NULL, want[i].consumer != NULL);
		if (pod && pod->consumer < c->count)
			UNIT_STR(c->items[pod->consumer].name,
				 want[i].consumer);
	}
}

static void asks_for_the_owner_of_an_odd_replicaset(void)
{
	static const char odd[] =
		POD("web-x", "p9", OWNER("ReplicaSet", "shortened", "rs9"),
		    "web", "9f", "Running", ENV("KEY"));
	kr_cleanup(kube_consumers_freep) struct kube_consumers *c = NULL;
	kr_cleanup(json_freep) struct cJSON *pod = parse(odd);

	if (!UNIT_OK(read_namespace(NULL, 0, namespace_, &c)))
		return;
	UNIT_OK(kube_consumers_take_pod(c, pod));
	UNIT_OK(kube_consumers_take_pod(c, pod));
	CU_ASSERT_EQUAL(c->unresolved, 1);
	kube_consumers_drop_pod(c, "p9");
	CU_ASSERT_EQUAL(c->unresolved, 0);
	CU_ASSERT_EQUAL(c->pods.count, 5);
}

static void chooses_what_does_not_run_it(void)
{
	kr_cleanup(kube_consumers_freep) struct kube_consumers *c = NULL;

	if (!UNIT_OK(read_namespace(NULL, 0, namespace_, &c)))
		return;
	UNIT_OK(kube_consumers_choose(c, "staging", "kr-1"));
	for (size_t i = 0; i < c->count; i++)
		CU_ASSERT_FALSE(c->items[i].restart);
	UNIT_FAILS(
		kube_consumers_choose(c, "staging", "kr-2"), KR_EREFUSED,
		"kubectl rollout resume deployment/api --context staging -n ns");
	c->items[0].state.paused = false;
	UNIT_OK(kube_consumers_choose(c, "staging", "kr-2"));
	for (size_t i = 0; i < c->count; i++)
		CU_ASSERT_EQUAL(c->items[i].restart,
				consumer_takes_part(&c->items[i]));
}

static void collect(void *user, const char *sentence)
{
	struct buf *all = user;

	buf_printf(all, "%s\n", sentence);
}

static void says_what_to_know(void)
{
	static const char *const parts[] = {
		"Deployment other uses other entries of Secret conf only",
		"StatefulSet db restarts its pods only when they are deleted",
		"until then they keep the old key, and it is not done (OldPods): db-0\n",
		"DaemonSet agent has no pods to restart",
		"CronJob nightly uses the new key at its next start (it is suspended now)",
		"Job job runs: its pods keep the old key until they end",
		"pod bare has no owner",
	};
	kr_cleanup(kube_consumers_freep) struct kube_consumers *c = NULL;
	struct buf all = BUF_INIT(8192);

	if (!UNIT_OK(read_namespace(NULL, 0, namespace_, &c)))
		return;
	kube_consumers_notes(c, collect, &all);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		bool there = strstr(buf_str(&all), parts[i]) != NULL;

		if (!there)
			printf("\n    not said: %s\n", parts[i]);
		CU_ASSERT(there);
	}
	CU_ASSERT_PTR_NULL(strstr(buf_str(&all), "Deployment web"));
	buf_release(&all);
}

static void takes_named_ones(void)
{
	static const char *const names[] = { "deploy/none", "deployment/none",
					     "sts/db" };
	static const struct {
		const char *name;
		bool takes_part, left_out;
	} want[] = {
		{ "api", false, true },	    { "none", true, false },
		{ "other", false, true },   { "web", false, true },
		{ "db", true, false },	    { "agent", false, true },
		{ "nightly", false, true },
	};
	kr_cleanup(kube_consumers_freep) struct kube_consumers *c = NULL;

	if (!UNIT_OK(read_namespace(names, 3, namespace_, &c)))
		return;
	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		UNIT_STR(c->items[i].name, want[i].name);
		CU_ASSERT_EQUAL(consumer_takes_part(&c->items[i]),
				want[i].takes_part);
		CU_ASSERT_EQUAL(c->items[i].left_out, want[i].left_out);
	}
	CU_ASSERT_EQUAL(c->warning_count, 1);
	UNIT_STR(c->warnings[0],
		 "Deployment none does not refer to Secret conf");
	/* A paused one that was not named stands in nobody's way. */
	UNIT_OK(kube_consumers_choose(c, "staging", "kr-2"));
	for (size_t i = 0; i < c->count; i++)
		CU_ASSERT_EQUAL(c->items[i].restart,
				consumer_takes_part(&c->items[i]));
}

static void refuses_bad_names(void)
{
	static const struct {
		const char *name, *part;
	} rows[] = {
		{ "web", "KIND/NAME" },
		{ "deployment/", "KIND/NAME" },
		{ "deployment/Web", "KIND/NAME" },
		{ "gizmo/web", "KIND/NAME" },
		{ "deployment/a/b", "KIND/NAME" },
		{ "job/web", "cannot be a consumer" },
		{ "pod/web", "cannot be a consumer" },
		{ "secret/web", "cannot be a consumer" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct kube_consumers *c = NULL;

		UNIT_FAILS(kube_consumers_new(&target, &rows[i].name, 1, 0, &c),
			   KR_EUSAGE, rows[i].part);
	}
}

static void tables_of_pods_keep_their_order(void)
{
	struct kube_pods pods = { 0 };
	char uid[32];

	for (int i = 0; i < 500; i++) {
		struct kube_pod pod = { .restarts = i };

		(void)snprintf(uid, sizeof(uid), "uid-%d", i % 400);
		pod.uid = strdup(uid);
		UNIT_OK(kube_pods_put(&pods, &pod));
	}
	CU_ASSERT_EQUAL(pods.count, 400);
	for (int i = 0; i < 400; i += 3) {
		(void)snprintf(uid, sizeof(uid), "uid-%d", i);
		kube_pods_drop(&pods, uid);
		kube_pods_drop(&pods, uid);
	}
	CU_ASSERT_EQUAL(pods.count, 400 - 134);
	for (int i = 0; i < 400; i++) {
		const struct kube_pod *pod;

		(void)snprintf(uid, sizeof(uid), "uid-%d", i);
		pod = kube_pods_find(&pods, uid);
		CU_ASSERT_EQUAL(pod == NULL, i % 3 == 0);
		if (pod)
			CU_ASSERT_EQUAL(pod->restarts, i < 100 ? i + 400 : i);
	}
	kube_pods_clear(&pods);
	CU_ASSERT_PTR_NULL(kube_pods_find(&pods, "uid-1"));
	kube_pods_release(&pods);
}

const struct unit_suite unit_consumers = {
	.tests = { { "sees every way to use it", sees_every_way_to_use_it },
		   { "finds keyrings", finds_keyrings },
		   { "matches selectors", matches_selectors },
		   { "asks in one batch", asks_in_one_batch },
		   { "finds them all", finds_them_all },
		   { "knows whose pod it is", knows_whose_pod_it_is },
		   { "asks for the owner of an odd ReplicaSet",
		     asks_for_the_owner_of_an_odd_replicaset },
		   { "chooses what does not run it",
		     chooses_what_does_not_run_it },
		   { "says what to know", says_what_to_know },
		   { "takes named ones", takes_named_ones },
		   { "refuses bad names", refuses_bad_names },
		   { "tables of pods keep their order",
		     tables_of_pods_keep_their_order } },
};
