/*
 * Certificates and the client's key, parsed once for all connections of a
 * struct http: OpenSSL takes longer for that than for the handshake. Shared by
 * the files of http.h; nobody else includes it.
 */
#ifndef KR_NET_IDENTITY_H
#define KR_NET_IDENTITY_H

#include <stdbool.h>

struct http;
struct http_identity;

/* Whether connections take what is parsed here, and not libcurl's own: not
 * where a proxy's handshake would get it, too. */
bool http_identity_is_used(const struct http *http);

/* Into a connection's SSL_CTX, a CURLcode: what cannot be read, is no pair, or
 * holds no certificate is one of libcurl's own errors for that. */
int http_identity_give(struct http *http, void *ssl_ctx);

void http_identity_free(struct http_identity *identity);

#endif
