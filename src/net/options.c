/* A call's settings in libcurl: connection, TLS, exchange. */
#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <arpa/inet.h>

#include "net/http_internal.h"
#include "net/identity.h"
#include "net/roots.h"

/*
 * A peer that vanished without a word (a tunnel that went down under a watch)
 * is noticed after this: asked from the first on, every so often.
 */
#define TCP_SILENCE_MS 25000u
#define TCP_QUIET_S    10L
#define TCP_PROBE_S    5L

static int on_socket(void *user, curl_socket_t fd, curlsocktype type)
{
	unsigned silence_ms = TCP_SILENCE_MS;

	(void)user;
	(void)type;
#ifdef TCP_USER_TIMEOUT
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence_ms,
			 sizeof(silence_ms));
#endif
	return CURL_SOCKOPT_OK;
}

/*
 * OpenSSL: wipe received plaintext, and take the server's name from the
 * certificate's subjectAltName alone (libcurl would fall back to the CN).
 */
static CURLcode name_server(const struct http *http, SSL_CTX *ssl_ctx)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ssl_ctx);
	unsigned char ip[sizeof(struct in6_addr)];
	int ok;

	X509_VERIFY_PARAM_set_hostflags(param,
					X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (inet_pton(AF_INET, http->tls_name, ip) == 1 ||
	    inet_pton(AF_INET6, http->tls_name, ip) == 1)
		ok = X509_VERIFY_PARAM_set1_ip_asc(param, http->tls_name);
	else
		ok = X509_VERIFY_PARAM_set1_host(param, http->tls_name, 0);
	return ok ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

static CURLcode on_ssl_ctx(CURL *easy, void *ssl_ctx, void *user)
{
	const struct http_call *call = user;
	struct http *http = call->http;
	int code;

	(void)easy;
	(void)SSL_CTX_set_options(ssl_ctx, SSL_OP_CLEANSE_PLAINTEXT);
	/* An https proxy's handshake comes here too: leave it to libcurl. */
	if (!http_identity_is_used(http))
		return CURLE_OK;
	code = http_identity_give(http, ssl_ctx);
	if (code != CURLE_OK || http->insecure)
		return (CURLcode)code;
	return name_server(http, ssl_ctx);
}

static void set_blob(CURL *easy, CURLoption option, const void *data,
		     size_t len)
{
	/* Options take a mutable pointer; NOCOPY is only read from. */
	struct curl_blob blob = { .len = len, .flags = CURL_BLOB_NOCOPY };

	memcpy(&blob.data, &data, sizeof(data));
	(void)curl_easy_setopt(easy, option, &blob);
}

static void configure_tls(const struct http_call *call, CURL *easy)
{
	const struct http *http = call->http;

	(void)curl_easy_setopt(easy, CURLOPT_SSLVERSION,
			       (long)CURL_SSLVERSION_TLSv1_2);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, call);
	(void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	(void)curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
	if (http->insecure) {
		(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	} else if (http->ca_pem && http_identity_is_used(http)) {
		/* Comes with the identity; nothing of the system's is read. */
		(void)curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
#if LIBCURL_VERSION_NUM >= 0x075700
		(void)curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
#endif
	} else if (http->ca_pem) {
		set_blob(easy, CURLOPT_CAINFO_BLOB, http->ca_pem,
			 http->ca_pem_len);
		set_blob(easy, CURLOPT_PROXY_CAINFO_BLOB, http->ca_pem,
			 http->ca_pem_len);
	} else {
		(void)curl_easy_setopt(easy, CURLOPT_CAINFO, roots_file());
		(void)curl_easy_setopt(easy, CURLOPT_CAPATH, roots_dir());
	}
	if (http->cert && http->key && !http_identity_is_used(http)) {
		set_blob(easy, CURLOPT_SSLCERT_BLOB, secret_expose(http->cert),
			 secret_len(http->cert));
		set_blob(easy, CURLOPT_SSLKEY_BLOB, secret_expose(http->key),
			 secret_len(http->key));
	}
}

static void configure_connection(const struct http_call *call, CURL *easy)
{
	const struct http *http = call->http;
	bool key = call->flags & HTTP_KEY;

	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https,http");
	(void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_PROXY, http->proxy);
	(void)curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	(void)curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_CONNECT_TO, call->connect_to);
	(void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
			       (long)http->connect_timeout_ms);
	(void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
			       call->timeout_ms > 0 ? (long)call->timeout_ms
						    : 0L);
	(void)curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, TCP_QUIET_S);
	(void)curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, TCP_PROBE_S);
	(void)curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket);
	(void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
			       key || http->disable_http2
				       ? (long)CURL_HTTP_VERSION_1_1
				       : (long)CURL_HTTP_VERSION_2TLS);
	if (key) {
		(void)curl_easy_setopt(easy, CURLOPT_FORBID_REUSE,
				       call->flags & HTTP_KEY_CLOSE ? 1L : 0L);
	} else {
		/* Wait for the connection being set up, to share it. */
		(void)curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
		if (!http->disable_compression)
			(void)curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING,
					       "gzip");
	}
}

static void configure_exchange(struct http_call *call, CURL *easy)
{
	(void)curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
	(void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->curl_text);
	(void)curl_easy_setopt(easy, CURLOPT_USERAGENT, call->http->user_agent);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, http_on_write);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, http_on_header);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
	if (call->body) {
		(void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
		(void)curl_easy_setopt(easy, CURLOPT_READFUNCTION,
				       http_on_read);
		(void)curl_easy_setopt(easy, CURLOPT_READDATA, call);
		(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
				       (curl_off_t)call->body_len);
	}
	if (strcmp(call->method, call->body ? "POST" : "GET") != 0)
		(void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST,
				       call->method);
	(void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
}

KR_FALLIBLE http_call_configure(struct http_call *call)
{
	struct http *http = call->http;
	kr_cleanup(str_freep) char *url = NULL;
	struct buf text = BUF_INIT(64 * 1024);
	struct err *err = NULL;

	buf_printf(&text, "%s%s", http->url, call->target);
	url = buf_take(&text);
	if (http->host_header)
		err = http_call_header(call, "Host", http->host_header);
	/* No round trip for leave to send a body. */
	if (!err && call->body)
		err = http_call_header(call, "Expect", "");
	if (err)
		return err;
	if (http->connect_to) {
		call->connect_to = curl_slist_append(NULL, http->connect_to);
		if (!call->connect_to)
			return err_no_memory();
	}
	if (!url || curl_easy_setopt(call->easy, CURLOPT_URL, url) != CURLE_OK)
		return err_no_memory();
	configure_connection(call, call->easy);
	configure_tls(call, call->easy);
	configure_exchange(call, call->easy);
	return NULL;
}
