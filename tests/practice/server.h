/*
 * The HTTPS side: one listening socket and two libmicrohttpd daemons (one with
 * the right certificate, one with a wrong one) per cluster.
 */
#ifndef PRACTICE_SERVER_H
#define PRACTICE_SERVER_H

#include "pki.h"
#include "store.h"

/* Starts serving; returns the port. The record file is appended to. */
int server_start(struct cluster *cl, const struct pki *pki,
		 const struct pki *wrong, const char *record_path);

/* Requests since the last reset, of one cluster. */
long server_count(const struct cluster *cl);

/* Zeroes the count and empties the record; open streams end. */
void server_reset(struct cluster *cl);

/* A fault may have become due for connections. */
void server_poke(struct cluster *cl);

#endif
