/* call.h: what goes wrong on the way. */
#include "call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DELAY_S 40

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

void call_draw(struct call *call)
{
	draw_times(call);
	draw_fate(call);
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
		oracle_after(call->process, call->cluster, &call->request,
			     call->answer.status);
		if (++world.requests == world.plan.edit_at)
			world_edit();
		return;
	}
	(void)strcpy(call->answer.type, "application/json");
	call->answer.body = things_metric(call->request.target);
	call->answer.status = call->answer.body ? 200 : 404;
	call->answer.len = call->answer.body ? strlen(call->answer.body) : 0;
}

void call_arrive(struct call *call)
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
	if (call->fate != FATE_SILENCE)
		call->answer_ms = sim_shared->now_ms +
				  (world.processes[call->process].quick
					   ? 0
					   : 1 + (int64_t)world_random(6));
	call->look_ms = call->answer_ms;
}
