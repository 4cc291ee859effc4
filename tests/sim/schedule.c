/* schedule.h */
#include "schedule.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MACHINES 3
#define AGAIN	 8
#define MINUTE	 60000
#define LIMIT_S	 100 /* of real time */

static const char *const names[] = { "aether-staging", "aether-production" };

static const char kubeconfig[] =
	"apiVersion: v1\nkind: Config\nclusters:\n"
	"- {name: aether-staging, cluster: {server: 'https://staging.test'}}\n"
	"- {name: aether-production, cluster: {server: "
	"'https://production.test'}}\n"
	"users:\n- {name: sweeper, user: {token: sweeper-token}}\n"
	"contexts:\n"
	"- {name: aether-staging, context: {cluster: aether-staging, user: "
	"sweeper, namespace: " SIM_NS "}}\n"
	"- {name: aether-production, context: {cluster: aether-production, "
	"user: sweeper, namespace: " SIM_NS "}}\n"
	"current-context: aether-staging\n";

static const char config[] =
	"apiVersion: keyrot.dev/v1\nkind: Rotation\nservice: secrets-service\n"
	"secret: {name: " SIM_SECRET ", key: " SIM_ENTRY ", mode: %s}\n"
	"store: {type: exec, command: [store], timeout: 20s}\n"
	"operator: operator-%d\n"
	"environments:\n"
	"- name: staging\n"
	"  targets: [{context: aether-staging, namespace: " SIM_NS "}]\n"
	"  verify: {logs: {expect: ['self-test ok']}, within: 1m}\n"
	"- name: production\n"
	"  requires: staging\n"
	"  within: 12h\n"
	"  targets: [{context: aether-production, namespace: " SIM_NS "}]\n"
	"  verify: {logs: {expect: ['self-test ok']}, within: 1m}\n"
	"%s"
	"validate:\n- {name: suite, run: [suite]}\n"
	"ledger: {path: %s/ledger.jsonl}\n";

static const char soak[] =
	"  soak:\n    for: 30m\n    every: 30s\n"
	"    prometheus: {url: 'http://prometheus.test'}\n"
	"    metrics:\n"
	"    - {name: errors, query: errors, max: 0.01, noData: breach}\n";

static const char *const keys[] = {
	"Zmlyc3Qta2V5LWZpcnN0LWtleS1maXJzdC1rZXktMTI=",
	"c2Vjb25kLWtleS1zZWNvbmQta2V5LXNlY29uZC1rZXk=",
};

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	if (ftw->level == 0 || (ftw->level == 1 && strstr(path, "/shared")))
		return 0;
	return remove(path);
}

static void empty(const char *folder)
{
	(void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void schedule_clean(const char *folder)
{
	char path[256];

	empty(folder);
	(void)snprintf(path, sizeof(path), "%s/shared", folder);
	(void)unlink(path);
	(void)rmdir(folder);
}

static void write_file(const char *name, const char *text)
{
	char *path = world_path("%s", name);
	FILE *file = fopen(path, "w");

	if (!file || fputs(text, file) < 0 || fclose(file) != 0)
		abort();
	free(path);
}

void schedule_machines(bool keyring, bool soaks)
{
	for (int i = 0; i < MACHINES; i++) {
		char text[4096], name[32], *path = world_path("m%d", i);

		if (mkdir(path, 0700) != 0)
			abort();
		free(path);
		(void)snprintf(text, sizeof(text), config,
			       keyring ? "keyring" : "single", i,
			       soaks ? soak : "", world.folder);
		(void)snprintf(name, sizeof(name), "m%d/keyrot.yaml", i);
		write_file(name, text);
	}
	write_file("kubeconfig", kubeconfig);
	for (int i = 0; i < 2; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "key-%d", i);
		write_file(name, keys[i]);
	}
}

static void make_clusters(void)
{
	static const char form[] =
		"{\"settings\":{\"pod_ms\":900,\"stop_ms\":400},"
		"\"users\":[{\"name\":\"sweeper\",\"token\":\"sweeper-token\"}],"
		"\"objects\":[{\"apiVersion\":\"v1\",\"kind\":\"Secret\","
		"\"metadata\":{\"name\":\"" SIM_SECRET
		"\",\"namespace\":\"" SIM_NS
		"\",\"annotations\":{\"team.example/owner\":\"jane\"}},"
		"\"data\":{\"" SIM_ENTRY
		"\":\"%s\",\"OTHER\":\"a2VwdA==\"},\"$manager\":"
		"\"kubectl-client-side-apply\"},"
		"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\","
		"\"metadata\":{\"name\":\"secrets-service\",\"namespace\":"
		"\"" SIM_NS "\"},\"spec\":{\"replicas\":2,\"selector\":{"
		"\"matchLabels\":{\"app\":\"secrets-service\"}},"
		"\"template\":{\"metadata\":{\"labels\":{\"app\":"
		"\"secrets-service\"}},\"spec\":{\"containers\":[{\"name\":"
		"\"app\",\"image\":\"registry.test/app\",\"env\":[{\"name\":"
		"\"" SIM_ENTRY "\",\"valueFrom\":{\"secretKeyRef\":{\"name\":"
		"\"" SIM_SECRET "\",\"key\":\"" SIM_ENTRY "\"}}}]}]}}}}]}";
	char *text;

	/* The key before: 32 bytes in base64, as the program makes them. */
	(void)world_key_of_text("b2xkLW9sZC1vbGQtb2xkLW9sZC1vbGQtb2xkLW9sZC0=");
	if (asprintf(&text, form, world.keys[0].base64) < 0)
		abort();
	simcluster_begin(text, names, SIM_NS);
	free(text);
}

void world_begin(uint64_t seed, const char *folder)
{
	world.seed = world.random = seed;
	world.hash = 1469598103934665603u;
	(void)snprintf(world.folder, sizeof(world.folder), "%s", folder);
	empty(folder);
	sim_shared->now_ms = 0;
	for (int i = 0; i <= SIM_OPERATORS; i++)
		sim_shared->random[i] = seed * 1000 + (uint64_t)i;
	memset(sim_shared->alive, 0, sizeof(sim_shared->alive));
	world.plan.kill_operator = -1;
	things_begin();
	make_clusters();
}

static void draw_kill(void)
{
	if (world_random(2)) {
		world.plan.kill_operator = world.process_count;
		world.plan.kill_at = 1 + (long)world_random(400);
	}
}

static void draw_plan(void)
{
	static const unsigned rates[] = { 0, 0, 5000, 20000, 80000 };
	struct sim_plan *plan = &world.plan;

	plan->request_faults = rates[world_random(5)];
	plan->store_faults = rates[world_random(5)];
	plan->delays = rates[world_random(5)] / 2;
	draw_kill();
	if (world_random(8) == 0)
		plan->interrupt_at = 1 + (long)world_random(400);
	if (world_random(3) == 0) {
		plan->edit_at = world.requests + 1 + (long)world_random(90);
		plan->edit_what = (int)world_random(16);
		plan->edit_cluster = (int)world_random(2);
	}
}

static void end_faults(void)
{
	memset(&world.plan, 0, sizeof(world.plan));
	world.plan.kill_operator = -1;
}

#define LIMITS                                                                 \
	"-o", "json", "-v=9", "--request-timeout", "10s", "--timeout", "2m",   \
		NULL

static const char *const rotate[] = { "rotate", LIMITS };
static const char *const resume[] = { "resume", LIMITS };
static const char *const rollback[] = { "rollback", LIMITS };

static int end_of(int process)
{
	if (!*world.failure)
		oracle_ended(process);
	return process;
}

static int run(int machine, const char *const *words)
{
	int process = world_start(machine, words);

	world_run();
	return end_of(process);
}

/* Another one, that has a machine of its own, comes meanwhile. */
static int run_two(const char *const *words)
{
	static const char *const others[][10] = {
		{ "rotate", LIMITS },
		{ "resume", LIMITS },
		{ "rollback", LIMITS },
		{ "apply", "--context", "aether-staging", "-o", "json", NULL },
	};
	int first = world_start(0, words);
	int other = world_start(2, others[world_random(4)]);

	struct sim_actor *late = &world.actors[world.processes[other].main_box];

	late->wait = WAIT_UNTIL;
	late->until = sim_shared->now_ms + (int64_t)world_random(9000);
	world.second++;
	world_run();
	(void)end_of(other);
	return end_of(first);
}

/* What is typed next, after a run that did not end it. */
static const char *const *after(int last, const char *const *words,
				char *buffer, size_t size, const char **own)
{
	const char *reason = oracle_reason(last);
	int n = 0;

	if (world.processes[last].killed)
		return resume;
	if (strcmp(reason, "NothingToResume") == 0 ||
	    strcmp(reason, "RotationUnknown") == 0)
		return words;
	if (!oracle_next(last, buffer, size, own))
		return resume;
	while (own[n])
		n++;
	if (n + 2 < SIM_WORDS) {
		own[n++] = "-o";
		own[n++] = "json";
		own[n] = NULL;
	}
	return own;
}

/*
 * A keyring with a previous key has been rotated. A roll-back that was killed
 * after all that it does, and whose journal is lost, left nothing to put back.
 */
static bool is_end(int last)
{
	const char *reason = oracle_reason(last);

	return oracle_done(last) || strcmp(reason, "PreviousNotRetired") == 0 ||
	       (strcmp(reason, "NothingToRollBack") == 0 && world.kills > 0);
}

/* A person goes on, without faults, until all is done. */
static void recover(int last, const char *const *words)
{
	int machine = (int)world_random(2);
	bool again = world_random(3) == 0;

	for (int i = 0; i < AGAIN && !*world.failure; i++) {
		const char *own[SIM_WORDS + 1] = { NULL };
		char buffer[512];

		if (is_end(last)) {
			if (!world.second)
				oracle_final(last);
			return;
		}
		/* Whoever was killed elsewhere leaves its Lease. */
		sim_shared->now_ms += 2 * MINUTE;
		end_faults();
		if (again && i == 0)
			draw_plan();
		last = run(machine,
			   after(last, words, buffer, sizeof(buffer), own));
	}
	/* What somebody else put there is theirs to decide on. */
	if (!*world.failure && !world.by_hand && !world.second &&
	    !oracle_done(last))
		world_fail("6: it does not end: exit %d, %s",
			   world.processes[last].code, oracle_reason(last));
}

/* What the schedule is about. */
static void play(bool keyring)
{
	const char *const *words = rotate;

	if (world_random(4) == 0) {
		if (run(0, rotate) < 0 || *world.failure)
			return;
		/* A keyring has no room for a third key. */
		words = keyring || world_random(2) ? rollback : rotate;
		sim_shared->now_ms += 2 * MINUTE;
	}
	draw_plan();
	recover(world_random(3) ? run(0, words) : run_two(words), words);
}

void schedule_run(uint64_t seed, const char *folder, bool verbose,
		  struct sim_result *out)
{
	bool keyring;

	(void)alarm(LIMIT_S);
	world.verbose = verbose;
	world_begin(seed, folder);
	keyring = world_random(4) == 0;
	schedule_machines(keyring, world_random(24) == 0);
	play(keyring);
	out->hash = world.hash;
	out->runs = (unsigned long)world.process_count;
	out->requests = (unsigned long)world.requests;
	out->faults = (unsigned long)world.faults;
	out->kills = (unsigned long)world.kills;
	out->edits = (unsigned long)world.edits;
	out->ms = sim_shared->now_ms;
	(void)strcpy(out->failure, world.failure);
}
