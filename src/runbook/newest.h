/* The store's newest key, for the one who names none. */
#ifndef KR_RUNBOOK_NEWEST_H
#define KR_RUNBOOK_NEWEST_H

#include "kube/podkey.h"
#include "store/store.h"

/*
 * As store_newest(). KR_EREFUSED, reason "KeyRolledBack", where that key is one
 * that was given up: by a roll-back, as a journal of `service` here knows, or
 * by putting another one in its place, as the Secret says whose facts these
 * are (NULL: none was read).
 */
KR_FALLIBLE newest_key(struct store *store, const char *service,
		       const struct kube_key_facts *facts,
		       struct store_meta *out);

#endif
