/*
 * The world that the program is simulated in: operators (processes of the real
 * program), two clusters, a store, a suite, a clock that jumps to the next
 * thing that happens, and a seed that chooses what that is.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "cluster.h"
#include "seam.h"

#define SIM_NS	   "aether-services"
#define SIM_SECRET "secrets-service-config"
#define SIM_ENTRY  "SECRET_ENCRYPTION_KEY"
#define SIM_PODS   2
#define SIM_KEYS   48
#define SIM_WORDS  12

enum sim_wait {
	WAIT_NONE, /* it may go on */
	WAIT_DRIVE,
	WAIT_UNTIL, /* asleep, or for a child */
	WAIT_JOIN,
	WAIT_CONDITION,
	WAIT_LOCK,
	WAIT_GATE, /* until the other one has done something */
};

/* A thread of an operator. */
struct sim_actor {
	bool live;
	int operator_;
	enum sim_wait wait;
	int64_t until;
	long http;
	int64_t condition;
	int join;
	long serial, join_serial; /* no two threads have one */
	bool signalled;
	long steps; /* of its operator, when a lock was not to be had */
	/* of a child: what it will be answered */
	int64_t answer[3];
	char *text;
	size_t text_len;
};

/* A process of the program, with all that it becomes. */
struct sim_process {
	const char *words[SIM_WORDS + 1];
	int pid;
	bool live, killed, reaped;
	int code;
	int machine;
	int main_box;
	long seams; /* how often it has asked for anything */
	long steps;
	int interrupt;		   /* to be raised */
	bool quick;		   /* other rules: nothing is delayed */
	bool frozen;		   /* SIGSTOP */
	long leased[SIM_CLUSTERS]; /* world.requests, when it took the Lease */
	uint64_t seen[SIM_CLUSTERS]; /* keys that it has read there, by bit */
};

/* What a schedule is to bring; all of it by the seed. */
struct sim_plan {
	unsigned request_faults; /* of 1,000,000, each */
	unsigned store_faults;
	unsigned delays;
	int kill_operator; /* -1: none */
	long kill_at;	   /* so many times it has asked for anything */
	long interrupt_at; /* of the first operator; 0: never */
	/* Somebody with kubectl, after so many requests; 0: never */
	long edit_at;
	int edit_what, edit_cluster;
};

struct sim_key {
	char text[64];
	char base64[96];
	char fingerprint[65];
};

extern struct world {
	uint64_t seed, random;
	uint64_t hash; /* of all that happened */
	bool verbose;
	char folder[128];
	struct sim_plan plan;
	struct sim_process processes[SIM_OPERATORS];
	int process_count;
	struct sim_actor actors[SIM_BOXES];
	struct sim_key keys[SIM_KEYS]; /* [0]: the first one */
	int key_count;
	uint64_t by_hand; /* keys that somebody put there with kubectl */
	long requests;	  /* carried out by a cluster */
	long faults, kills, edits;
	int second;	   /* an operator that came while another was at work */
	char failure[512]; /* the first one; "" */
	/* Which actor goes on, of n; NULL: by the seed. */
	int (*choose)(const int *boxes, int n);
	/* It asks for something: it may be stopped. */
	void (*on_seam)(int process);
	/* Whether a request, or what the store is asked for (cluster -1, no
	 * target), waits at a gate; opens one. NULL: there is none. */
	bool (*is_gated)(int process, int cluster, const char *method,
			 const char *target);
	bool (*open_gate)(void);
} world;

void world_begin(uint64_t seed, const char *folder);
/* Starts `kubectl keyrot WORDS...`; its number. */
int world_start(int machine, const char *const *words);
/* Until all of them have ended. */
void world_run(void);
void world_kill(int process);
/* Another thread of a process: its box, -1: there is none left. */
int world_actor(int process);
/* Waits until a thread has asked for something; false: it is gone. */
bool world_await(int box);
/* It has said that it ends. */
void world_reap(int process);
/* A promise does not hold; the first one is kept. */
void world_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
uint64_t world_random(uint64_t below);
/* True so many times of a million. */
bool world_chance(unsigned of_a_million);
void world_hash(const void *data, size_t len);
void world_trace(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *world_path(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What a process has printed; the caller frees it. */
char *world_output(int process, const char *which);

/* The same for what it asks the store for. */
bool world_gated(int process);
void world_open_gate(int process);

/* Requests (calls.c). */
void calls_start(int process, const struct sim_box *box);
void calls_cancel(int process, long id);
void calls_forget(int process); /* it is gone; what it sent still arrives */
/* The oldest request of a process that waits at a gate goes on. */
bool calls_gated(int process);
void calls_open_gate(int process);
/* Fills the box with an event, if there is one by now. */
bool calls_take(int process, long http, struct sim_box *box);
bool calls_ready(int process, long http);
/* Carries out what is due; when the next is due. */
int64_t calls_work(void);

/* Store, suite and the like (things.c). */
void things_begin(void);
/* The last word of what a child was started with. */
const char *things_action(const struct sim_box *box);
void things_run(int process, struct sim_actor *actor,
		const struct sim_box *box);
/* Whether the store holds it, whole. */
bool things_holds(const char *fingerprint);
bool things_suite_ran(const char *environment, const char *fingerprint);
/* Prometheus' answer, the caller's to free; NULL: it is no query. */
char *things_metric(const char *target);
/* Number of a key by its text in base64; made known; -1: it is no key. */
int world_key(const char *base64);
int world_key_of_text(const char *text);

/* Somebody with kubectl changes something (edits.c). */
void world_edit(void);

/* The promises (oracle.c). */
/* Around a request that a cluster carries out. */
void oracle_before(int process, int cluster, const struct sim_request *request);
void oracle_after(int process, int cluster, const struct sim_request *request,
		  int status);
/* An answer came to a process: what it has read. */
void oracle_read(int process, int cluster, const char *body, size_t len);
void oracle_ended(int process);
/* Whether it says that all is done, and it is. */
bool oracle_done(int process);
/* What it printed to be typed next; words[] filled, false: nothing. */
bool oracle_next(int process, char *buffer, size_t size, const char **words);
const char *oracle_reason(int process);
void oracle_final(int process);

#endif
