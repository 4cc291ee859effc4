/*
 * Notifications to whom keyrot.yaml names.
 */
#ifndef KR_RUNBOOK_NOTICE_H
#define KR_RUNBOOK_NOTICE_H

#include "config/config.h"
#include "service/notify.h"

/*
 * Delivers the message to each entry of `notify:` that wants its event. Takes
 * at most NOTIFY_LIMIT_MS and fails nothing: on_warning is told. `memory` as of
 * notify_send(). Returns how many deliveries were taken.
 */
size_t notice_send(const struct config *config,
		   const struct notify_message *message,
		   const struct notify_memory *memory,
		   notify_on_warning *on_warning, void *user);

#endif
