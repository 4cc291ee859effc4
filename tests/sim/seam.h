/*
 * Between the program and the world of the simulator: what one thread of the
 * program asks for, and what it is answered. A box a thread, in memory that
 * all processes of one schedule share; whoever has the turn runs, and nobody
 * else does. So everything happens in the order that the world chose.
 */
#ifndef SIM_SEAM_H
#define SIM_SEAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_BOXES     32
#define SIM_BOX_BYTES (1u << 20)
#define SIM_OPERATORS 16
#define SIM_NUMBERS   8
/* "FOLDER:OPERATOR:BOX", for the program that is started by an execve(2). */
#define SIM_VARIABLE "KEYROT_SIM"
/* 2026-11-23 09:00:00 UTC, a Monday */
#define SIM_BEGIN_MS 1795424400000

enum sim_kind {
	/* call, http, flags, timeout ms, idle ms, streams, body's length;
	 * method, origin, target, headers, an empty one, the body */
	SIM_START = 1,
	SIM_CANCEL, /* call */
	SIM_DRIVE,  /* http, deadline */
	SIM_SLEEP,  /* until */
	SIM_PROC,   /* timeout; argv, "", environment, "", standard input */
	SIM_THREAD, /* answered: its box, its number */
	SIM_JOIN,   /* box, number */
	SIM_ENDED,  /* this thread; not answered */
	SIM_WAIT,   /* condition, until; answered: whether it was signalled */
	SIM_SIGNAL, /* condition */
	SIM_LOCK,   /* somebody else has it: later */
	SIM_EXEC,   /* this thread alone goes on */
	SIM_EXIT,   /* exit code; not answered */
};

/* What a SIM_DRIVE brings. */
enum sim_event {
	SIM_NOTHING,
	SIM_DATA, /* call, status; the bytes */
	/* call, status, enum sim_end, Retry-After s, Date ms, body's length;
	 * content type, warning, the body */
	SIM_DONE,
};

enum sim_end {
	SIM_ANSWERED,
	SIM_REFUSED, /* never sent */
	SIM_BROKEN,  /* sent, and no answer */
	SIM_LATE,    /* nor one in time */
	SIM_IDLE,
};

struct sim_box {
	uint32_t turn; /* a futex: 0 the world's, 1 the thread's */
	int kind;
	int interrupt; /* a signal for the thread, once it goes on */
	int64_t n[SIM_NUMBERS];
	size_t len;
	char bytes[SIM_BOX_BYTES];
};

struct sim_shared {
	int64_t now_ms; /* since the schedule began */
	uint64_t random[SIM_OPERATORS + 1];
	unsigned char machine[SIM_OPERATORS];
	unsigned char alive[SIM_OPERATORS];
	struct sim_box boxes[SIM_BOXES];
};

extern struct sim_shared *sim_shared;

/* splitmix64 */
uint64_t sim_random(uint64_t *state);

/* Gives the turn away, and waits until it is back; false at real time's end. */
void sim_turn_give(struct sim_box *box, uint32_t to);
bool sim_turn_await(struct sim_box *box, uint32_t whose, int real_ms);

/* The side of the program (operator.c, http.c). */
/* This thread's, empty; which one that is. */
struct sim_box *sim_box(void);
void sim_box_take(int box);
bool sim_box_is_there(void);
void sim_ask(enum sim_kind kind);
void sim_put(const void *data, size_t len);
void sim_put_text(const char *text);
void sim_operator_begin(int operator_, int box);
/* The program, run; does not return. */
void sim_operator_main(int argc, char **argv) __attribute__((noreturn));
/* Whether this process is an operator's. */
extern int sim_operator; /* -1: the world */

#endif
