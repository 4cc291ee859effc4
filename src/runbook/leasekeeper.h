/*
 * Renews the Leases of a rotation while it works, waits, soaks or asks: a
 * thread of its own, over connections of its own.
 */
#ifndef KR_RUNBOOK_LEASEKEEPER_H
#define KR_RUNBOOK_LEASEKEEPER_H

#include "kube/lease.h"

struct lease_keeper;

/*
 * Takes the leases over (an array of n, its memory too). Each was acquired
 * over a struct kube that nothing else uses from here on; those stay the
 * caller's and are closed after lease_keeper_stop().
 */
KR_FALLIBLE lease_keeper_start(struct kube_lease **take_leases, size_t n,
			       struct lease_keeper **out);

/*
 * KR_EHELD where one of them was lost. Where the machine slept, or this process
 * was stopped, for as long as they last, it is looked first. NULL keeper:
 * nothing is held.
 */
KR_FALLIBLE lease_keeper_check(struct lease_keeper *keeper);

/* What the Leases show as the step at work, from the next look on. */
void lease_keeper_step(struct lease_keeper *keeper, const char *step,
		       const char *environment);

/*
 * Ends the thread, gives all of them back (kube/lease.h), frees. An error says
 * of one that it could not be given back. NULL is fine.
 */
KR_FALLIBLE lease_keeper_stop(struct lease_keeper *keeper,
			      enum kube_lease_end end, const char *trace);

#endif
