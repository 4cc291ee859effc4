/* Sends a reply, whole or as a fault wants it. */
#ifndef PRACTICE_BODY_H
#define PRACTICE_BODY_H

#include <microhttpd.h>

#include "fault.h"

/* Takes over the reply's body or stream. */
enum MHD_Result body_queue(struct MHD_Connection *conn, struct request *req,
			   struct reply *reply, const struct fault_hit *hit);

#endif
