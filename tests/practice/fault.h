/*
 * Faults to inject, as PRACTICE.md lists them. Each waits for a request (the
 * N-th of a cluster, or one that matches) or for a connection.
 */
#ifndef PRACTICE_FAULT_H
#define PRACTICE_FAULT_H

#include "http.h"

enum fault_kind {
	FAULT_NONE,
	FAULT_STATUS,	/* an error of the API server */
	FAULT_CONFLICT, /* 409 with FieldManagerConflict causes */
	FAULT_STALE,	/* 409 of the optimistic lock */
	FAULT_ECHO,	/* an error whose message quotes everything */
	FAULT_GATEWAY,	/* a proxy's HTML error page */
	FAULT_HTML,	/* 200 with a login page */
	FAULT_EXPIRED,	/* 401, and for this token ever after */
	FAULT_DELAY,
	FAULT_HANG,	   /* no reply, connection stays open */
	FAULT_RESET_FIRST, /* RST before the body is read */
	FAULT_RESET_READ,  /* RST after the body is read, not applied */
	FAULT_RESET_DONE,  /* applied, then RST: the reply is lost */
	FAULT_EOF,	   /* closed without a reply, not applied */
	FAULT_CUT,	   /* half of the reply's body, then closed */
	FAULT_TRUNCATED,   /* half of the JSON with a matching length */
	FAULT_WRONG_KIND,
	FAULT_WRONG_UID,
	FAULT_WRONG_NAME,
	FAULT_SLOW,	   /* the reply trickles */
	FAULT_ENDLESS,	   /* a body without end */
	FAULT_BAD_TLS,	   /* certificate of another authority */
	FAULT_REFUSE,	   /* connections are refused */
	FAULT_WATCH_CUT,   /* the stream ends in the middle of an event */
	FAULT_WATCH_END,   /* … cleanly, after one event */
	FAULT_WATCH_GONE,  /* ERROR event 410 */
	FAULT_WATCH_ERROR, /* ERROR event 500 */
	FAULT_WATCH_SPLIT, /* a few bytes at a time */
	FAULT_WATCH_STALL, /* nothing is sent any more */
};

/* What a taken fault says. */
struct fault_hit {
	enum fault_kind kind;
	int code;
	long ms;
	long retry_after; /* -1: no header */
	bool applied;
	bool date; /* Retry-After as an HTTP date */
	char name[32];
	char pid_file[160]; /* whose process dies with the connection; "" */
};

/* Reads one fault or an array of them; the reason when it is refused. */
const char *fault_add(const cJSON *spec);
void fault_clear(void);
cJSON *fault_dump(void);

/* The fault for a request, if one waits for it. */
bool fault_take(const struct request *req, const char *uri, bool watch,
		struct fault_hit *out);

/* For a new connection, when the next request would be index. */
bool fault_take_connection(const struct cluster *cl, long index);

/* True while connections to a cluster are to be refused. */
bool fault_refusing(const struct cluster *cl, long index);

/* Before the request is carried out: true when the reply is made. */
bool fault_instead(const struct fault_hit *hit, struct request *req,
		   struct reply *reply);

/* After it: changes the reply. */
void fault_after(const struct fault_hit *hit, struct request *req,
		 struct reply *reply);

/* SIGKILL for the client that the fault names, if it names one. */
void fault_kill(const struct fault_hit *hit);

/* Resets the TCP connection at once. */
void socket_reset(int fd);

#endif
