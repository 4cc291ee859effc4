#include "net/http.h"

#include <curl/curl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/stop.h"
#include "net/http_internal.h"
#include "net/identity.h"

/* How long the text of a refused stream is waited for. */
#define REFUSAL_MS 500
/* HTTP/1.1 servers get a connection a stream; this bounds them. */
#define MAX_CONNECTIONS	  16L
#define BATCH_CONNECTIONS 2L
/* How long one wait in poll(2) may be, so that owners' clocks go on. */
#define POLL_SLICE_MS 250
#define MAX_KEY_FDS   8

static pthread_once_t init_once = PTHREAD_ONCE_INIT;
static bool init_ok;

static void init_libcurl(void)
{
	const curl_version_info_data *info;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return;
	info = curl_version_info(CURLVERSION_NOW);
	/* Wiping of TLS plaintext is asked from OpenSSL by its own option. */
	init_ok = info->ssl_version &&
		  strncasecmp(info->ssl_version, "OpenSSL/", 8) == 0;
}

KR_FALLIBLE http_new(const struct http_origin *origin, struct http **out)
{
	kr_cleanup(http_freep) struct http *http = NULL;
	struct err *err;

	(void)pthread_once(&init_once, init_libcurl);
	if (!init_ok)
		return err_new(
			KR_EUNEXPECTED,
			"libcurl cannot be used: it is not built with OpenSSL");
	http = calloc(1, sizeof(*http));
	if (!http)
		return err_no_memory();
	err = http_copy_origin(http, origin);
	if (err)
		return err;
	http->main_multi = curl_multi_init();
	http->key_multi = curl_multi_init();
	if (!http->main_multi || !http->key_multi)
		return err_no_memory();
	(void)curl_multi_setopt(http->main_multi, CURLMOPT_MAX_HOST_CONNECTIONS,
				MAX_CONNECTIONS);
	(void)curl_multi_setopt(http->key_multi, CURLMOPT_MAX_HOST_CONNECTIONS,
				1L);
	(void)curl_multi_setopt(http->key_multi, CURLMOPT_PIPELINING,
				(long)CURLPIPE_NOTHING);
	*out = take_ptr(&http);
	return NULL;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	while (http->active)
		http_cancel(http->active);
	if (http->main_multi)
		(void)curl_multi_cleanup(http->main_multi);
	if (http->key_multi)
		(void)curl_multi_cleanup(http->key_multi);
	http_identity_free(http->identity);
	free(http->url);
	free(http->host_header);
	free(http->connect_to);
	free(http->tls_name);
	free(http->ca_pem);
	free(http->proxy);
	free(http->user_agent);
	free(http);
}

static CURLM *multi_of(const struct http_call *call)
{
	return call->flags & HTTP_KEY ? call->http->key_multi
				      : call->http->main_multi;
}

KR_FALLIBLE http_start(struct http_call *call)
{
	struct err *err = http_call_configure(call);

	if (err)
		return err;
	if (curl_multi_add_handle(multi_of(call), call->easy) != CURLM_OK)
		return err_new(KR_EUNEXPECTED, "libcurl takes no request");
	call->started = true;
	call->started_ms = clock_boot_ms();
	call->last_data_ms = call->started_ms;
	call->next = call->http->active;
	call->http->active = call;
	call->http->stats.requests++;
	return NULL;
}

void http_detach(struct http_call *call)
{
	struct http_call **at = &call->http->active;

	while (*at && *at != call)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = call->next;
	(void)curl_multi_remove_handle(multi_of(call), call->easy);
}

static void collect(struct http *http, CURLM *multi)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(multi, &left)) != NULL) {
		struct http_call *call = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
					&call);
		http_call_finish(call, (int)message->data.result);
		http->activity = true;
	}
}

/*
 * A stream that was refused is over with its status: whoever sends the words
 * to it slowly, or never ends them, is not waited for.
 */
static bool is_refused(struct http_call *call, int64_t now)
{
	long status = 0;

	(void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	if (!call->on_data || status < 300)
		return false;
	if (!call->refused_ms)
		call->refused_ms = now;
	return now - call->refused_ms > REFUSAL_MS;
}

static void expire_idle(struct http *http)
{
	int64_t now = clock_boot_ms();
	struct http_call *call = http->active;

	while (call) {
		struct http_call *next = call->next;

		if (is_refused(call, now)) {
			call->ended_by_owner = true;
			http_call_finish(call, CURLE_WRITE_ERROR);
			http->activity = true;
		} else if (call->on_data && call->idle_timeout_ms > 0 &&
			   now - call->last_data_ms > call->idle_timeout_ms) {
			call->idle_expired = true;
			http_call_finish(call, CURLE_OPERATION_TIMEDOUT);
			http->activity = true;
		}
		call = next;
	}
}

/* Descriptors of the key connection, to be waited for beside the others. */
static unsigned key_fds(struct http *http, struct curl_waitfd *fds)
{
	fd_set in, out, bad;
	int max = -1;
	unsigned n = 0;

	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&bad);
	if (curl_multi_fdset(http->key_multi, &in, &out, &bad, &max) !=
	    CURLM_OK)
		return 0;
	for (int fd = 0; fd <= max && n < MAX_KEY_FDS; fd++) {
		short events = 0;

		if (FD_ISSET(fd, &in))
			events |= CURL_WAIT_POLLIN;
		if (FD_ISSET(fd, &out))
			events |= CURL_WAIT_POLLOUT;
		if (events)
			fds[n++] = (struct curl_waitfd){ fd, events, 0 };
	}
	return n;
}

static void wait_for_activity(struct http *http, int64_t deadline_ms)
{
	struct curl_waitfd fds[MAX_KEY_FDS + 1];
	bool heed = !http->deaf && stop_fd() >= 0;
	int64_t wait_ms = deadline_left_ms(deadline_ms);
	long key_ms = -1;
	unsigned n = key_fds(http, fds);

	fds[n++] = (struct curl_waitfd){ stop_fd(), CURL_WAIT_POLLIN, 0 };
	if (wait_ms > POLL_SLICE_MS)
		wait_ms = POLL_SLICE_MS;
	(void)curl_multi_timeout(http->key_multi, &key_ms);
	if (key_ms >= 0 && key_ms < wait_ms)
		wait_ms = key_ms;
	(void)curl_multi_poll(http->main_multi, fds, heed ? n : n - 1,
			      (int)wait_ms, NULL);
}

KR_FALLIBLE http_drive(struct http *http, int64_t deadline_ms,
		       bool *out_progress)
{
	int running;

	http->activity = false;
	for (;;) {
		if (curl_multi_perform(http->main_multi, &running) !=
			    CURLM_OK ||
		    curl_multi_perform(http->key_multi, &running) != CURLM_OK)
			return err_new(KR_EUNEXPECTED,
				       "libcurl lost its connections");
		collect(http, http->main_multi);
		collect(http, http->key_multi);
		expire_idle(http);
		if (http->activity || deadline_over(deadline_ms) ||
		    (stop_requested() && !http->deaf))
			break;
		wait_for_activity(http, deadline_ms);
	}
	if (out_progress)
		*out_progress = http->activity;
	return NULL;
}

static bool must_finish(struct http_call *const *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (calls[i] && !calls[i]->over &&
		    calls[i]->flags & HTTP_FINISH)
			return true;
	}
	return false;
}

static void cancel_all(struct http_call *const *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (calls[i])
			http_cancel(calls[i]);
	}
}

/* Calls beside these n: watches, which have a connection each. */
static long count_others(const struct http *http,
			 struct http_call *const *calls, size_t n)
{
	long others = 0;

	for (const struct http_call *c = http->active; c; c = c->next)
		others++;
	for (size_t i = 0; i < n; i++)
		others -= calls[i] && !calls[i]->over;
	return others > 0 ? others : 0;
}

static void limit_connections(const struct http *http, long most)
{
	(void)curl_multi_setopt(http->main_multi, CURLMOPT_MAX_HOST_CONNECTIONS,
				most < MAX_CONNECTIONS ? most
						       : MAX_CONNECTIONS);
}

KR_FALLIBLE http_wait(struct http *http, struct http_call *const *calls,
		      size_t n)
{
	struct err *err = NULL;

	/* Without HTTP/2, a few handshakes cost more than a wait for turns. */
	limit_connections(http,
			  count_others(http, calls, n) + BATCH_CONNECTIONS);
	for (size_t i = 0; !err && i < n; i++) {
		while (!err && calls[i] && !calls[i]->over) {
			http->deaf = must_finish(calls, n);
			err = http_drive(http, DEADLINE_NEVER, NULL);
			if (!err && !calls[i]->over && !http->deaf)
				err = stop_check();
		}
	}
	http->deaf = false;
	limit_connections(http, MAX_CONNECTIONS);
	if (err)
		cancel_all(calls, n);
	return err;
}

KR_FALLIBLE http_run(struct http_call *call)
{
	struct err *err = http_start(call);

	return err ? err : http_wait(call->http, &call, 1);
}

void http_cancel(struct http_call *call)
{
	if (call->started && !call->over)
		http_call_finish(call, CURLE_ABORTED_BY_CALLBACK);
}

void http_set_trace(struct http *http, http_on_trace *on_trace, void *user)
{
	http->on_trace = on_trace;
	http->trace_user = user;
}

struct http_stats http_stats(const struct http *http)
{
	return http->stats;
}
