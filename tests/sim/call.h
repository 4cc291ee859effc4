/* One request on its way: shared by calls.c and fates.c. */
#ifndef SIM_CALL_H
#define SIM_CALL_H

#include "world.h"

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
	bool gated;
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

/* What becomes of it, and when, by the seed. */
void call_draw(struct call *call);
/* It arrives: what is answered is in it then. */
void call_arrive(struct call *call);

#endif
