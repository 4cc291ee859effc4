/*
 * Operators who rotate a key through staging and production, and what may go
 * wrong: they die between any two effects, answers get lost, the store lies,
 * somebody else writes, pods are rescheduled, a Lease is taken from a living
 * holder, a soak fails and is rolled back.
 *
 * The order of the steps is not here: build/model/steps.pml is made from
 * tests/model/steps, which is held against kubectl-keyrot.c. Each step has an
 * inline here, called like it.
 *
 * The promises are assertions, after every change. A mutant (-DNAME) leaves one
 * rule out, and has to be caught: tests/model/model.py lists them.
 */
#ifndef OPERATORS
#define OPERATORS 1
#endif
#ifndef CRASHES
#define CRASHES 2
#endif
#ifndef LOST
#define LOST 2
#endif
#ifndef INTRUDER
#define INTRUDER 0
#endif

#define STAGING    0
#define PRODUCTION 1

/* Keys; 0 is none. */
#define OLD     1
#define FOREIGN 2
#define FRESH   3
/* Each try that dies or is not answered makes one more. */
#define KEYS    (FRESH + OPERATORS + CRASHES + LOST + 1)

typedef environment {
	byte secret = OLD;
	byte version;	/* metadata.resourceVersion */
	byte rotation;	/* the annotation: which one wrote it */
	byte replaced;	/* the annotation: the key before that */
	byte proof;	/* the annotation: the key that was validated */
	byte template;	/* the rotation that restarted the workload */
	byte holder;	/* of the Lease */
	byte pod[2] = OLD;	/* what each has loaded; 0 while it starts */
}

environment env[2];
bool held[KEYS];	/* what the store gives back */
byte entry[5];		/* by rotation: the key under its id */
byte fresh = FRESH, crashes, lost, changed;
#ifdef TWO_SLOTS
byte slots[2];
#endif

#define LIVE_HELD(k)  ((k) == 0 || (k) == OLD || (k) == FOREIGN || held[k])
#define KEPT(x)       (env[x].replaced == 0 || held[env[x].replaced])
/* 1: a key is live only if the store has it. 2: so is what it replaced. */
#define PROMISES \
	assert(LIVE_HELD(env[0].secret) && LIVE_HELD(env[1].secret)); \
	assert(LIVE_HELD(env[0].pod[0]) && LIVE_HELD(env[0].pod[1])); \
	assert(LIVE_HELD(env[1].pod[0]) && LIVE_HELD(env[1].pod[1])); \
	assert(KEPT(0) && KEPT(1))

inline keep(k)
{
	held[k] = true;
#ifdef TWO_SLOTS
	if
	:: slots[0] != k && slots[1] != k ->
		if
		:: slots[1] -> held[slots[1]] = false
		:: else
		fi;
		slots[1] = slots[0];
		slots[0] = k
	:: else
	fi;
#endif
	PROMISES
}

/* Killed: what is in memory is gone; the journal may be, too. */
#define MAY_DIE \
	if \
	:: atomic { crashes < CRASHES -> crashes++; goto again } \
	:: atomic { crashes < CRASHES -> crashes++; validated[0] = false; \
		    validated[1] = false; goto again } \
	:: skip \
	fi

#define LOOK(x) \
	seen[x] = env[x].secret; \
	seen_version[x] = env[x].version; \
	seen_rotation[x] = env[x].rotation

/* Found in the store, or put there and read back. */
#ifdef PREVIOUS_NOT_PROVEN
#define PROVE(x) skip
#else
#define PROVE(x) keep(seen[x])
#endif

inline step_preflight()
{
	d_step { LOOK(0); LOOK(1) }
}

inline step_keyring() { skip }	/* of the other mode alone */
inline step_find_promoted() { skip }	/* of a promotion alone */
inline step_promoted_key() { skip }
inline step_before() { skip }	/* metrics of the time before */

/* A courtesy: it can be lost while its holder sleeps. */
inline step_lock()
{
	i = 0;
	do
	:: i < 2 ->
		if
		:: atomic { env[i].holder == 0 || env[i].holder == me ->
			env[i].holder = me }
		:: atomic { env[i].holder != 0 && env[i].holder != me ->
			env[i].holder = me }	/* it expired */
		:: env[i].holder != 0 && env[i].holder != me -> goto stopped
		fi;
		i++
	:: else -> break
	od
}

inline step_notify_start() { skip }

inline step_prove_previous()
{
	atomic { PROVE(0); PROVE(1) }
}

/* One entry a rotation, under its id: never overwritten. */
inline step_new_key()
{
	if
	:: atomic { entry[rotation] != 0 -> key = entry[rotation] }
	:: atomic { entry[rotation] == 0 -> key = fresh; fresh++;
		assert(fresh < KEYS) }
		MAY_DIE;
		if
#ifndef APPLY_BEFORE_STORE
		:: atomic { entry[rotation] = key; keep(key) }
		:: atomic { lost < LOST -> lost++; entry[rotation] = key;
			keep(key) };	/* kept, and its answer lost */
			MAY_DIE
		:: atomic { lost < LOST -> lost++ };	/* lost, or a lie */
#ifndef NO_READ_BACK
			goto again
#endif
#else
		:: skip
#endif
		fi;
		MAY_DIE
	fi
}

inline step_look_again()
{
	d_step { LOOK(at) }
}

inline step_prove_again()
{
	atomic { PROVE(at) }
}

inline step_admit()
{
	if
	:: key == 0 -> key = entry[rotation]	/* forgotten for a soak */
	:: else
	fi;
	atomic {
		admitted = (at == STAGING || (env[STAGING].secret == key &&
					      env[STAGING].proof == key));
#ifndef NO_GATE
		if
		:: !admitted -> goto stopped
		:: else
		fi
#endif
	}
}

inline step_intent() { skip }	/* of the ledger */
inline step_add_key() { skip }	/* of the other mode alone */

/* The write itself, if nobody wrote since it was looked at. */
#ifdef NO_RESOURCE_VERSION
#define FENCE(x) true
#else
#define FENCE(x) (env[x].version == seen_version[x])
#endif

inline write_secret(x)
{
	/* 4: only what was seen is overwritten. */
	assert(env[x].secret == seen[x]);
	/* 4: nor what somebody put where this rotation had written. */
	assert(!(env[x].rotation == rotation && env[x].secret == FOREIGN));
	/* 7: production gets what staging ran, validated, when it was asked. */
	assert(back || admitted);
	env[x].replaced = env[x].secret;
	env[x].secret = key;
	env[x].rotation = rotation;
	env[x].version++;
	PROMISES
}

inline apply_secret(x)
{
	if
	:: seen_rotation[x] == rotation && seen[x] == key -> skip
#ifndef FORCE
	:: seen_rotation[x] == rotation && seen[x] != key -> goto stopped
#endif
	:: else ->
		if
		:: atomic { FENCE(x) -> write_secret(x) }
		:: !FENCE(x) -> goto again	/* a conflict: looked at anew */
		:: atomic { lost < LOST && FENCE(x) -> lost++;
			write_secret(x) };	/* done, not answered */
			MAY_DIE
		:: atomic { lost < LOST -> lost++ };	/* not done either */
#ifndef UNKNOWN_IS_DONE
			/* Settled by a read. */
			if
			:: env[x].secret == key -> skip
			:: else -> goto again
			fi
#endif
		fi
	fi
}

inline restart(x)
{
	/* 6: one restart for one key. */
	assert(env[x].template != rotation);
	env[x].template = rotation;
	env[x].pod[0] = 0;
	env[x].pod[1] = 0
}

inline apply_restart(x)
{
	if
#ifndef RESTART_AGAIN
	:: env[x].template == rotation -> skip
#endif
	:: else ->
		if
		:: atomic { true -> restart(x) }
		:: atomic { lost < LOST -> lost++; goto again }
		:: atomic { lost < LOST -> lost++; restart(x); goto again }
		fi
	fi
}

/* A pod that starts loads what the Secret holds then. */
inline start(x, p)
{
	if
	:: env[x].pod[p] == 0 -> env[x].pod[p] = env[x].secret
	:: else
	fi
}

inline follow(x)
{
	atomic { start(x, 0); start(x, 1); PROMISES }
}

inline step_apply()
{
	apply_secret(at);
	MAY_DIE;
	apply_restart(at);
	MAY_DIE;
	/* Only what was restarted, and runs this key, has been rolled out. */
	follow(at);
	if
#ifdef UNKNOWN_IS_DONE
	:: true -> skip
#else
	:: env[at].pod[0] == key && env[at].pod[1] == key -> skip
	:: else -> goto stopped
#endif
	fi
}

inline step_verify() { skip }

/* A gate passes, fails, or could not look, which is no pass. */
inline step_validate()
{
	if
	:: validated[at] -> skip	/* the journal remembers it */
	:: else ->
		if
		:: looked[at] = key; validated[at] = true
		:: goto stopped
#ifdef BLIND_GATE
		:: validated[at] = true
#else
		:: atomic { lost < LOST -> lost++; goto again }
#endif
		fi
	fi
}

inline step_mark()
{
	atomic {
		/* 8: nothing is called validated that nobody looked at. */
		assert(looked[at] == key);
		env[at].proof = key
	}
}

/* The key is not held through it; its verdict may be to go back. */
inline step_soak()
{
	key = 0;
	if
	:: skip
	:: at == PRODUCTION -> goto way_back
	fi
}

inline step_reencrypt() { skip }	/* of the other mode alone */
inline step_dependents() { skip }
inline step_ledger() { recorded = true }
inline step_notify() { skip }

inline step_release()
{
	d_step {
		if
		:: env[0].holder == me -> env[0].holder = 0
		:: else
		fi;
		if
		:: env[1].holder == me -> env[1].holder = 0
		:: else
		fi
	}
#ifdef DELETE_PREVIOUS
	held[env[STAGING].replaced] = false;
	PROMISES
#endif
}

/*
 * Roll-back: what the Secrets say was replaced, where this rotation wrote and
 * nobody has put another key since.
 */
inline step_find_previous()
{
	atomic {
		i = 0;
		do
		:: i < 2 ->
			touched[i] = (seen_rotation[i] == undone ||
				      seen_rotation[i] == rotation);
			previous[i] = (seen_rotation[i] == rotation ->
				       seen[i] : env[i].replaced);
			if
			:: touched[i] && seen[i] == FOREIGN -> goto stopped
			:: else
			fi;
			i++
		:: else -> break
		od
	}
}

inline step_previous_key()
{
	/* 9: the way back is never barred. */
	assert(!touched[0] || held[previous[0]]);
	assert(!touched[1] || held[previous[1]])
}

inline step_prove_replaced()
{
	atomic { PROVE(0); PROVE(1) }
}

inline step_apply_back()
{
	if
	:: touched[at] ->
		key = previous[at];
		step_apply()
	:: else
	fi
}

#include "steps.pml"

proctype operator(byte me)
{
	/* In memory: gone with the process. */
	byte key, seen[2], seen_version[2], seen_rotation[2], previous[2];
	byte at, i;
	bool touched[2], admitted;
	/* Journal, ledger and the arguments of what is typed. */
	bool validated[2], back, recorded;
	byte rotation = me, undone, looked[2];

again:	skip;
	d_step {
		key = 0; at = 0; i = 0; admitted = false;
		seen[0] = 0; seen[1] = 0;
		seen_version[0] = 0; seen_version[1] = 0;
		seen_rotation[0] = 0; seen_rotation[1] = 0;
		previous[0] = 0; previous[1] = 0;
		touched[0] = false; touched[1] = false
	}
	if
	:: back -> goto homeward
	:: else
	fi;
	ROTATE;
	/* 3, 6: done is said where every pod runs the one key. */
	assert(recorded);
	assert(OPERATORS > 1 || changed ||
	       (env[0].secret == entry[me] && env[1].secret == entry[me] &&
		env[0].pod[0] == entry[me] && env[0].pod[1] == entry[me] &&
		env[1].pod[0] == entry[me] && env[1].pod[1] == entry[me]));
	goto stopped;

way_back: skip;
	d_step {
		back = true; undone = me; rotation = me + 2;
		validated[0] = true; validated[1] = true
	}
	goto again;
homeward:	ROLLBACK;
	assert(OPERATORS > 1 || changed ||
	       (env[0].secret == OLD && env[1].secret == OLD &&
		env[0].pod[0] == OLD && env[1].pod[0] == OLD &&
		env[0].pod[1] == OLD && env[1].pod[1] == OLD));
stopped: skip
}

/* By hand, or by a GitOps controller: once, anywhere, at any moment. */
proctype intruder()
{
	byte x;

	if
	:: x = 0
	:: x = 1
	:: goto end
	fi;
	atomic {
		env[x].secret = FOREIGN;
		env[x].version++;
		changed++
	}
end:	skip
}

/* A pod is rescheduled, and starts with what the Secret holds then. */
proctype scheduler()
{
	byte x;

	if
	:: x = 0
	:: x = 1
	:: goto end
	fi;
	atomic { env[x].pod[0] = env[x].secret; PROMISES }
end:	skip
}

init {
	atomic {
		run operator(1);
#if OPERATORS > 1
		run operator(2);
#endif
#if INTRUDER
		run intruder();
#endif
		run scheduler()
	}
}
