/* world.h: what is neither a cluster nor the program: the store, by the
 * protocol of docs/stores.md, the suite, the metrics. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define ENTRIES 64
#define SUITES	32

struct entry {
	char id[256];
	char *text; /* its lines, the key's last */
	bool whole;
	char fingerprint[65];
};

static struct entry entries[ENTRIES];
static int entry_count;

static struct {
	char environment[64], fingerprint[65];
} suites[SUITES];
static int suite_count;

enum spoilt {
	SPOILT_NOT,
	SPOILT_FAIL,
	SPOILT_FAIL_AFTER,
	SPOILT_LOCKED,
	SPOILT_SILENT,
	SPOILT_JUNK,
	SPOILT_HALF,
	SPOILT_HANG,
	SPOILT_HANG_AFTER,
	SPOILT_COUNT,
};

void things_begin(void)
{
	entry_count = 0;
	suite_count = 0;
}

/* The value of a "name=value" line. */
static bool line(const char *text, const char *name, char *out, size_t size)
{
	size_t n = strlen(name);

	for (; text && *text; text = strchr(text, '\n'), text += text != NULL) {
		size_t len = strcspn(text, "\n");

		if (len > n && strncmp(text, name, n) == 0 && text[n] == '=' &&
		    len - n - 1 < size) {
			memcpy(out, text + n + 1, len - n - 1);
			out[len - n - 1] = '\0';
			return true;
		}
	}
	return false;
}

static struct entry *entry(const char *id)
{
	for (int i = 0; i < entry_count; i++)
		if (strcmp(entries[i].id, id) == 0)
			return &entries[i];
	return NULL;
}

bool things_holds(const char *fingerprint)
{
	for (int i = 0; i < entry_count; i++)
		if (entries[i].whole &&
		    strcmp(entries[i].fingerprint, fingerprint) == 0)
			return true;
	return false;
}

bool things_suite_ran(const char *environment, const char *fingerprint)
{
	for (int i = 0; i < suite_count; i++)
		if (strcmp(suites[i].environment, environment) == 0 &&
		    strcmp(suites[i].fingerprint, fingerprint) == 0)
			return true;
	return false;
}

static int put(const char *input, enum spoilt spoilt)
{
	char id[256], key[4096] = "";
	struct entry *e = &entries[entry_count];
	int known;

	if (!line(input, "id", id, sizeof(id)))
		return 1;
	if (entry(id))
		return 4;
	if (entry_count == ENTRIES)
		abort();
	(void)line(input, "key", key, sizeof(key));
	known = world_key(key);
	(void)strcpy(e->id, id);
	e->text = strdup(input);
	e->whole = known >= 0;
	if (known >= 0)
		(void)strcpy(e->fingerprint, world.keys[known].fingerprint);
	if (spoilt == SPOILT_HALF && strlen(e->text) > 24) {
		(void)strcpy(e->text + strlen(e->text) - 21, "\n");
		e->whole = false;
	}
	entry_count++;
	return 0;
}

static void add(struct sim_actor *actor, const char *text, size_t len)
{
	actor->text = realloc(actor->text, actor->text_len + len + 1);
	if (!actor->text)
		abort();
	memcpy(actor->text + actor->text_len, text, len);
	actor->text_len += len;
}

static void show(struct sim_actor *actor, const struct entry *e, bool with_key,
		 enum spoilt spoilt)
{
	const char *at = e->text;

	while (*at) {
		size_t len = strcspn(at, "\n") + 1;

		if (at[len - 1] == '\0')
			len--;
		if (with_key || strncmp(at, "key=", 4) != 0) {
			if (spoilt == SPOILT_HALF && len > 24) {
				add(actor, at, len - 21);
				add(actor, "\n", 1);
			} else {
				add(actor, at, len);
			}
		}
		at += len;
	}
}

static int act(struct sim_actor *actor, const char *action, const char *input,
	       enum spoilt spoilt)
{
	char id[256];
	int code = 0;

	if (spoilt == SPOILT_FAIL)
		return 1;
	if (spoilt == SPOILT_LOCKED)
		return 5;
	if (spoilt == SPOILT_SILENT)
		return 0;
	if (spoilt == SPOILT_JUNK) {
		add(actor, "key=AAAA\nid=\x01\n=\n\n", 18);
		return 0;
	}
	if (strcmp(action, "put") == 0) {
		code = put(input, spoilt);
	} else if (strcmp(action, "get") == 0) {
		if (!line(input, "id", id, sizeof(id)) || !entry(id))
			return 3;
		show(actor, entry(id), true, spoilt);
	} else if (strcmp(action, "list") == 0) {
		for (int i = 0; i < entry_count; i++) {
			show(actor, &entries[i], false, spoilt);
			add(actor, "\n", 1);
		}
	} else if (strcmp(action, "probe") != 0) {
		code = 2;
	}
	return spoilt == SPOILT_FAIL_AFTER ? 1 : code;
}

static void run_store(int process, struct sim_actor *actor, const char *action,
		      const char *input)
{
	enum spoilt spoilt = SPOILT_NOT;

	if (world_chance(world.plan.store_faults)) {
		spoilt = (enum spoilt)(1 + world_random(SPOILT_COUNT - 1));
		world.faults++;
	}
	if (spoilt != SPOILT_HANG)
		actor->answer[1] = act(actor, action, input, spoilt);
	if (spoilt == SPOILT_HANG || spoilt == SPOILT_HANG_AFTER) {
		actor->answer[0] = 2;
		actor->until = sim_shared->now_ms + actor->until;
	} else {
		actor->until = sim_shared->now_ms +
			       (world.processes[process].quick
					? 0
					: 5 + (int64_t)world_random(30));
	}
	world_trace("%d store %s: %d%s", process, action, (int)actor->answer[1],
		    spoilt ? " (spoilt)" : "");
	world_hash(actor->text, actor->text_len);
}

static const char *variable(const char *env, const char *name)
{
	size_t n = strlen(name);

	for (; *env; env += strlen(env) + 1)
		if (strncmp(env, name, n) == 0 && env[n] == '=')
			return env + n + 1;
	return "";
}

static void run_suite(int process, struct sim_actor *actor, const char *env)
{
	const char *where = variable(env, "KEYROT_ENVIRONMENT");
	const char *print = variable(env, "KEYROT_FINGERPRINT");

	actor->until = sim_shared->now_ms + 1000;
	actor->answer[1] = world_chance(world.plan.store_faults);
	world_trace("%d suite %s %.12s: %d", process, where, print,
		    (int)actor->answer[1]);
	if (actor->answer[1] || suite_count == SUITES)
		return;
	(void)snprintf(suites[suite_count].environment,
		       sizeof(suites->environment), "%s", where);
	(void)snprintf(suites[suite_count++].fingerprint,
		       sizeof(suites->fingerprint), "%s", print);
}

const char *things_action(const struct sim_box *box)
{
	const char *last = "";

	for (const char *word = box->bytes; *word; word += strlen(word) + 1)
		last = word;
	return last;
}

void things_run(int process, struct sim_actor *actor, const struct sim_box *box)
{
	const char *argv = box->bytes, *word = argv, *env;
	char *input;

	for (; *word; word += strlen(word) + 1)
		continue;
	env = ++word;
	for (; *word; word += strlen(word) + 1)
		continue;
	word++;
	input = strndup(word, (size_t)(box->bytes + box->len - word));
	if (!input)
		abort();
	free(actor->text);
	actor->text = NULL;
	actor->text_len = 0;
	memset(actor->answer, 0, sizeof(actor->answer));
	actor->until = box->n[0] < 0 ? 60000 : box->n[0];
	if (strcmp(argv, "store") == 0) {
		run_store(process, actor, things_action(box), input);
	} else if (strcmp(argv, "suite") == 0) {
		run_suite(process, actor, env);
	} else {
		world_trace("%d %s is not installed", process, argv);
		actor->answer[0] = 1;
		actor->until = sim_shared->now_ms;
	}
	actor->answer[2] = (int64_t)actor->text_len;
	free(input);
}

/* The parameter's number. */
static double parameter(const char *target, const char *name)
{
	const char *at = strstr(target, name);

	return at ? strtod(at + strlen(name), NULL) : 0;
}

/* Error rates are low; time() is the time. */
char *things_metric(const char *target)
{
	double now = (double)(SIM_BEGIN_MS + sim_shared->now_ms) / 1000;
	double end = parameter(target, "&end="), at;
	double step = parameter(target, "&step=");
	size_t size = 0;
	char *out = NULL;
	FILE *file;

	if (!strstr(target, "/api/v1/query"))
		return NULL;
	file = open_memstream(&out, &size);
	if (!file)
		abort();
	if (!strstr(target, "/query_range")) {
		(void)fprintf(file,
			      "{\"status\":\"success\",\"data\":{"
			      "\"resultType\":\"vector\",\"result\":[{"
			      "\"metric\":{},\"value\":[%.3f,\"%.3f\"]}]}}",
			      now, strstr(target, "time%28") ? now : 0.001);
	} else {
		const char *comma = "";

		(void)fputs("{\"status\":\"success\",\"data\":{"
			    "\"resultType\":\"matrix\",\"result\":[{"
			    "\"metric\":{},\"values\":[",
			    file);
		for (at = parameter(target, "&start="); step > 0 && at <= end;
		     at += step, comma = ",")
			(void)fprintf(file, "%s[%.3f,\"0.001\"]", comma, at);
		(void)fputs("]}]}}", file);
	}
	(void)fclose(file);
	return out;
}
