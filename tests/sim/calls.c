/* world.h: requests on their way, and what becomes of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define CALLS	192
#define BOOT_MS 60000 /* how much older the clusters' clock is */
#define LOOK_MS 5000  /* how often a quiet stream is looked at */
#define CHUNK	65536
#define DELAY_S 40
#define SERVICE (-1) /* not a cluster */

enum fate {
	FATE_NONE,
	FATE_REFUSED,	   /* no connection */
	FATE_LOST,	   /* the request never arrives */
	FATE_STATUS,	   /* refused, and not carried out */
	FATE_ANSWER_LOST,  /* carried out */
	FATE_STATUS_AFTER, /* carried out, and nobody says so */
	FATE_SILENCE,	   /* carried out, and never answered */
	FATE_PAGE,	   /* a proxy's page in its place */
	FATE_CUT,	   /* half of the answer */
	FATE_COUNT,
};

struct call {
	bool used;
	bool client; /* somebody waits for it */
	bool carried_out, streams, has_status;
	int process, cluster;
	long id, http;
	struct sim_request request;
	char *texts; /* what the request points into */
	enum fate fate;
	int code; /* of FATE_STATUS* */
	int64_t begun_ms, arrives_ms, answer_ms, late_ms, idle_ms, last_ms;
	int64_t look_ms;
	struct sim_answer answer;
	char *data; /* of a stream, not given yet */
	size_t data_len;
	bool over; /* the stream has ended */
	enum sim_end end;
	int breaks_after; /* events of a stream; 0: never */
};

static struct call calls[CALLS];
static long versions[SIM_CLUSTERS];

static void call_free(struct call *call)
{
	simcluster_release(&call->answer);
	free(call->texts);
	free(call->data);
	memset(call, 0, sizeof(*call));
}

static const char *header(const char *line, const char *name)
{
	size_t n = strlen(name);

	return strncasecmp(line, name, n) == 0 ? line + n : NULL;
}

static void read_header(struct sim_request *r, const char *line)
{
	const char *value;

	if ((value = header(line, "Authorization: Bearer ")))
		r->token = value;
	else if ((value = header(line, "Content-Type: ")))
		r->content_type = value;
	else if ((value = header(line, "Accept: ")))
		r->accept = value;
	else if ((value = header(line, "User-Agent: ")))
		r->agent = value;
}

static int cluster_of(const char *origin)
{
	if (strstr(origin, "staging"))
		return 0;
	return strstr(origin, "production") ? 1 : SERVICE;
}

static void draw_fate(struct call *call)
{
	static const int codes[] = { 409, 429, 500, 503, 401, 403, 404, 504 };

	if (!world_chance(world.plan.request_faults))
		return;
	world.faults++;
	call->fate = (enum fate)(1 + world_random(FATE_COUNT - 1));
	call->code = codes[world_random(sizeof(codes) / sizeof(*codes))];
	if (call->fate == FATE_STATUS_AFTER)
		call->code = world_random(2) ? 500 : 504;
	if (call->streams && world_random(2)) {
		call->fate = FATE_NONE;
		call->breaks_after = 1 + (int)world_random(3);
	}
}

static void draw_times(struct call *call)
{
	int64_t now = sim_shared->now_ms;
	bool quick = world.processes[call->process].quick;

	call->begun_ms = now;
	call->arrives_ms = now + (quick ? 0 : 1 + (int64_t)world_random(6));
	if (!quick && world_chance(world.plan.delays))
		call->arrives_ms += (int64_t)world_random(DELAY_S * 1000);
	call->answer_ms = INT64_MAX;
}

void calls_start(int process, const struct sim_box *box)
{
	struct call *call = calls;
	const char *origin, *at;

	while (call < calls + CALLS && call->used)
		call++;
	if (call == calls + CALLS)
		abort();
	call->used = call->client = true;
	call->process = process;
	call->id = (long)box->n[0];
	call->http = (long)box->n[1];
	call->streams = box->n[5];
	call->texts = malloc(box->len + 1);
	if (!call->texts)
		abort();
	memcpy(call->texts, box->bytes, box->len);
	call->texts[box->len] = '\0';
	call->request.method = call->texts;
	origin = call->texts + strlen(call->texts) + 1;
	call->request.target = origin + strlen(origin) + 1;
	at = call->request.target + strlen(call->request.target) + 1;
	for (; *at; at += strlen(at) + 1)
		read_header(&call->request, at);
	call->request.body = at + 1;
	call->request.body_len = (size_t)box->n[6];
	call->cluster = cluster_of(origin);
	draw_times(call);
	draw_fate(call);
	call->late_ms = box->n[3] < 0 ? INT64_MAX : call->begun_ms + box->n[3];
	call->idle_ms = call->streams && box->n[4] > 0 ? box->n[4] : 0;
	call->last_ms = call->begun_ms;
	call->look_ms = INT64_MAX;
	if (call->fate == FATE_REFUSED) {
		call->arrives_ms = INT64_MAX;
		call->answer_ms = call->begun_ms + 1;
	}
}

static struct call *find(int process, long id)
{
	for (struct call *c = calls; c < calls + CALLS; c++)
		if (c->used && c->client && c->process == process &&
		    c->id == id)
			return c;
	return NULL;
}

/* What is on its way to the cluster arrives all the same. */
static void let_go(struct call *call)
{
	call->client = false;
	if (call->carried_out || call->fate == FATE_REFUSED ||
	    call->fate == FATE_LOST)
		call_free(call);
}

void calls_cancel(int process, long id)
{
	struct call *call = find(process, id);

	if (call)
		let_go(call);
}

void calls_forget(int process)
{
	for (struct call *c = calls; c < calls + CALLS; c++)
		if (c->used && c->client && c->process == process)
			let_go(c);
}

static void set_status(struct call *call, int code)
{
	static const struct {
		int code;
		const char *reason;
	} reasons[] = {
		{ 401, "Unauthorized" },       { 403, "Forbidden" },
		{ 404, "NotFound" },	       { 409, "Conflict" },
		{ 429, "TooManyRequests" },    { 500, "InternalError" },
		{ 503, "ServiceUnavailable" }, { 504, "Timeout" },
	};
	const char *reason = "";
	int len;

	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (reasons[i].code == code)
			reason = reasons[i].reason;
	simcluster_release(&call->answer);
	call->answer.status = code;
	(void)strcpy(call->answer.type, "application/json");
	len = asprintf(
		&call->answer.body,
		"{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":"
		"{},\"status\":\"Failure\",\"message\":\"simulated\","
		"\"reason\":\"%s\",\"code\":%d}",
		reason, code);
	if (len < 0)
		abort();
	call->answer.len = (size_t)len;
}

static void set_page(struct call *call)
{
	simcluster_release(&call->answer);
	call->answer.status = 200;
	(void)strcpy(call->answer.type, "text/html");
	call->answer.body = strdup("<html>Sign in</html>");
	call->answer.len = strlen(call->answer.body);
}

static void serve(struct call *call)
{
	if (call->cluster != SERVICE) {
		oracle_before(call->process, call->cluster, &call->request);
		simcluster_serve(call->cluster, &call->request, &call->answer);
		world.requests++;
		oracle_after(call->process, call->cluster, &call->request);
		return;
	}
	(void)strcpy(call->answer.type, "application/json");
	call->answer.body = things_metric(call->request.target);
	call->answer.status = call->answer.body ? 200 : 404;
	call->answer.len = call->answer.body ? strlen(call->answer.body) : 0;
}

static void carry_out(struct call *call)
{
	call->carried_out = true;
	call->arrives_ms = INT64_MAX;
	switch (call->fate) {
	case FATE_LOST:
		call->end = SIM_BROKEN;
		break;
	case FATE_STATUS:
		set_status(call, call->code);
		break;
	case FATE_PAGE:
		set_page(call);
		break;
	case FATE_STATUS_AFTER:
		serve(call);
		set_status(call, call->code);
		break;
	case FATE_ANSWER_LOST:
	case FATE_CUT:
		serve(call);
		call->end = SIM_BROKEN;
		break;
	case FATE_NONE:
	case FATE_SILENCE:
	case FATE_REFUSED:
	case FATE_COUNT:
		serve(call);
		break;
	}
	world_trace("%d %s %s%s: %d%s", call->process, call->request.method,
		    call->cluster < 0 ? "service"
		    : call->cluster   ? "P"
				      : "S",
		    call->request.target, call->answer.status,
		    call->fate ? " (spoilt)" : "");
	if (call->fate)
		world_hash(&call->fate, sizeof(call->fate));
	world_hash(call->request.body, call->request.body_len);
	world_hash(call->answer.body, call->answer.len);
	if (!call->client) {
		call_free(call);
		return;
	}
	if (call->fate != FATE_SILENCE)
		call->answer_ms = sim_shared->now_ms +
				  (world.processes[call->process].quick
					   ? 0
					   : 1 + (int64_t)world_random(6));
	call->look_ms = call->answer_ms;
}

static void add_data(struct call *call, const char *data, size_t len)
{
	call->data = realloc(call->data, call->data_len + len + 1);
	if (!call->data)
		abort();
	memcpy(call->data + call->data_len, data, len);
	call->data_len += len;
}

static void look_at_stream(struct call *call)
{
	char chunk[CHUNK];
	long n;

	call->look_ms = sim_shared->now_ms + LOOK_MS;
	while (!call->over && (n = simcluster_poll(call->answer.stream, chunk,
						   sizeof(chunk))) != 0) {
		if (n < 0) {
			call->over = true;
			break;
		}
		add_data(call, chunk, (size_t)n);
		if (call->breaks_after && --call->breaks_after == 0) {
			call->over = true;
			call->end = SIM_BROKEN;
			call->data_len /= 2;
		}
	}
}

static bool is_stream(const struct call *call)
{
	return call->answer.stream && call->answer_ms <= sim_shared->now_ms &&
	       call->end == SIM_ANSWERED;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t due_of(const struct call *call)
{
	int64_t now = sim_shared->now_ms, due = call->arrives_ms;

	if (!call->client)
		return due;
	if (call->answer_ms > now)
		due = sooner(due, call->answer_ms);
	if (call->late_ms > now)
		due = sooner(due, call->late_ms);
	if (call->idle_ms && call->last_ms + call->idle_ms > now)
		due = sooner(due, call->last_ms + call->idle_ms);
	if (is_stream(call) && call->look_ms > now)
		due = sooner(due, call->look_ms);
	return due;
}

static struct call *first_arrival(void)
{
	struct call *first = NULL;

	for (struct call *c = calls; c < calls + CALLS; c++)
		if (c->used && c->arrives_ms <= sim_shared->now_ms &&
		    (!first || c->arrives_ms < first->arrives_ms))
			first = c;
	return first;
}

int64_t calls_work(void)
{
	int64_t next = INT64_MAX, due;
	struct call *call;

	for (int i = 0; i < SIM_CLUSTERS; i++)
		(void)simcluster_work(i);
	while ((call = first_arrival()))
		carry_out(call);
	for (int i = 0; i < SIM_CLUSTERS; i++) {
		due = simcluster_work(i);
		if (due != INT64_MAX)
			next = sooner(next, due - BOOT_MS);
	}
	for (struct call *c = calls; c < calls + CALLS; c++) {
		if (!c->used)
			continue;
		if (is_stream(c) && !c->over &&
		    (c->look_ms <= sim_shared->now_ms ||
		     versions[c->cluster] != simcluster_version(c->cluster)))
			look_at_stream(c);
		next = sooner(next, due_of(c));
	}
	for (int i = 0; i < SIM_CLUSTERS; i++)
		versions[i] = simcluster_version(i);
	return next;
}

/* What a call has to say now. */
static enum sim_event event_of(const struct call *c)
{
	int64_t now = sim_shared->now_ms;

	if (c->answer_ms <= now) {
		if (c->data_len)
			return SIM_DATA;
		if (c->streams && c->answer.len && c->end == SIM_ANSWERED &&
		    c->answer.status < 300)
			return SIM_DATA;
		if (!is_stream(c) || c->over)
			return SIM_DONE;
	}
	if (now >= c->late_ms || (c->idle_ms && now >= c->last_ms + c->idle_ms))
		return SIM_DONE;
	return SIM_NOTHING;
}

static struct call *choose(int process, long http)
{
	struct call *found[CALLS];
	size_t n = 0;

	for (struct call *c = calls; c < calls + CALLS; c++)
		if (c->used && c->client && c->process == process &&
		    c->http == http && event_of(c) != SIM_NOTHING)
			found[n++] = c;
	if (!n)
		return NULL;
	return found[n == 1 ? 0 : world_random(n)];
}

bool calls_ready(int process, long http)
{
	for (struct call *c = calls; c < calls + CALLS; c++)
		if (c->used && c->client && c->process == process &&
		    c->http == http && event_of(c) != SIM_NOTHING)
			return true;
	return false;
}

static void put(struct sim_box *box, const void *data, size_t len)
{
	if (box->len + len > SIM_BOX_BYTES)
		abort();
	if (len)
		memcpy(box->bytes + box->len, data, len);
	box->len += len;
}

static void give_data(struct call *call, struct sim_box *box)
{
	box->n[0] = SIM_DATA;
	box->n[2] = call->answer.status;
	call->last_ms = sim_shared->now_ms;
	if (call->answer.len) {
		put(box, call->answer.body, call->answer.len);
		call->answer.len = 0;
		return;
	}
	put(box, call->data, call->data_len);
	call->data_len = 0;
}

static void give_end(struct call *call, struct sim_box *box)
{
	bool came = call->answer_ms <= sim_shared->now_ms;
	enum sim_end end = call->end;

	if (call->fate == FATE_REFUSED)
		end = SIM_REFUSED;
	else if (!came)
		end = call->idle_ms ? SIM_IDLE : SIM_LATE;
	else if (is_stream(call) && !call->over)
		end = SIM_IDLE;
	if (end != SIM_ANSWERED)
		call->answer.len = 0;
	box->n[0] = SIM_DONE;
	box->n[2] = end == SIM_ANSWERED || is_stream(call) ? call->answer.status
							   : 0;
	box->n[3] = end;
	box->n[4] = end == SIM_ANSWERED && (call->answer.status == 429 ||
					    call->answer.status == 503)
			    ? 1
			    : -1;
	box->n[5] = SIM_BEGIN_MS + sim_shared->now_ms / 1000 * 1000;
	box->n[6] = (int64_t)call->answer.len;
	put(box, call->answer.type, strlen(call->answer.type) + 1);
	put(box, call->answer.warning, strlen(call->answer.warning) + 1);
	put(box, call->answer.body, call->answer.len);
	if (call->cluster != SERVICE && call->answer.len)
		oracle_read(call->process, call->cluster, call->answer.body,
			    call->answer.len);
	let_go(call);
}

bool calls_take(int process, long http, struct sim_box *box)
{
	struct call *call = choose(process, http);

	if (!call)
		return false;
	box->len = 0;
	box->n[1] = call->id;
	if (event_of(call) == SIM_DATA)
		give_data(call, box);
	else
		give_end(call, box);
	return true;
}
