/* world.h: requests on their way, and what becomes of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"

#define CALLS	192
#define BOOT_MS 60000 /* how much older the clusters' clock is */
#define LOOK_MS 5000  /* how often a quiet stream is looked at */
#define CHUNK	65536

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
	call_draw(call);
	call->late_ms = box->n[3] < 0 ? INT64_MAX : call->begun_ms + box->n[3];
	call->idle_ms = call->streams && box->n[4] > 0 ? box->n[4] : 0;
	call->last_ms = call->begun_ms;
	call->look_ms = INT64_MAX;
	call->gated = world.is_gated && world.is_gated(process, call->cluster,
						       call->request.method,
						       call->request.target);
	if (call->gated)
		call->arrives_ms = INT64_MAX;
	if (call->fate == FATE_REFUSED) {
		call->arrives_ms = INT64_MAX;
		call->answer_ms = call->begun_ms + 1;
	}
}

bool calls_gated(int process)
{
	for (struct call *c = calls; c < calls + CALLS; c++)
		if (c->used && c->gated && c->process == process)
			return true;
	return false;
}

void calls_open_gate(int process)
{
	struct call *first = NULL;

	for (struct call *c = calls; c < calls + CALLS; c++)
		if (c->used && c->gated && c->process == process &&
		    (!first || c->id < first->id))
			first = c;
	if (!first)
		return;
	first->gated = false;
	first->arrives_ms = sim_shared->now_ms;
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
	if (call->gated)
		call->carried_out = true; /* it never will be */
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
	while ((call = first_arrival())) {
		call_arrive(call);
		if (!call->client)
			call_free(call);
	}
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
