/* Between libmicrohttpd and the API: one HTTP exchange. */
#ifndef PRACTICE_SERVE_H
#define PRACTICE_SERVE_H

#include <microhttpd.h>

#include "store.h"

struct server {
	struct cluster *cluster;
	struct MHD_Daemon *right;
	struct MHD_Daemon *wrong;
	int listen_fd;
	int wake_fd;
	int record_fd;
	int port;
	bool listening;
	long count;
	long connections;
};

/* libmicrohttpd's callbacks. */
void *serve_begin(void *cls, const char *uri, struct MHD_Connection *conn);
enum MHD_Result serve_request(void *cls, struct MHD_Connection *conn,
			      const char *url, const char *method,
			      const char *version, const char *data,
			      size_t *size, void **ctx);
void serve_end(void *cls, struct MHD_Connection *conn, void **ctx,
	       enum MHD_RequestTerminationCode code);
void serve_connection(void *cls, struct MHD_Connection *conn, void **socket_ctx,
		      enum MHD_ConnectionNotificationCode code);

#endif
