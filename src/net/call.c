#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/text.h"
#include "net/http_internal.h"

#define DEFAULT_TIMEOUT_MS 60000
#define DEFAULT_MAX_REPLY  (8u * 1024 * 1024)
#define MAX_ERROR_REPLY	   (64u * 1024)

KR_FALLIBLE http_call_new(struct http *http, const char *method,
			  const char *target, int flags, struct http_call **out)
{
	kr_cleanup(http_call_freep) struct http_call *call =
		calloc(1, sizeof(*call));

	if (!call)
		return err_no_memory();
	call->http = http;
	call->method = method;
	call->flags = flags;
	call->timeout_ms = DEFAULT_TIMEOUT_MS;
	call->reply = BUF_INIT(DEFAULT_MAX_REPLY);
	call->retry_after_s = -1;
	call->date_ms = -1;
	call->target = strdup(target);
	call->easy = curl_easy_init();
	if (!call->target || !call->easy)
		return err_no_memory();
	*out = take_ptr(&call);
	return NULL;
}

static KR_FALLIBLE add_header(struct http_call *call, struct buf *line)
{
	struct curl_slist *grown;
	struct err *err = buf_check(line, "a request header");

	if (!err && strpbrk(buf_str(line), "\r\n"))
		err = err_new(KR_EINVALID,
			      "a request header's value has a line break");
	if (!err) {
		grown = curl_slist_append(call->headers, buf_str(line));
		if (grown)
			call->headers = grown;
		else
			err = err_no_memory();
	}
	buf_release(line);
	return err;
}

KR_FALLIBLE http_call_header(struct http_call *call, const char *name,
			     const char *value)
{
	struct buf line = BUF_INIT(1024 * 1024);

	buf_printf(&line, "%s: %s", name, value);
	return add_header(call, &line);
}

KR_FALLIBLE http_call_header_secret(struct http_call *call, const char *name,
				    const char *prefix,
				    const struct secret *value)
{
	struct buf line = BUF_INIT(1024 * 1024);
	const unsigned char *bytes = secret_expose(value);

	if (memchr(bytes, '\0', secret_len(value)))
		return err_new(KR_EINVALID, "a credential has a NUL byte");
	buf_printf(&line, "%s: %s", name, prefix);
	buf_append(&line, bytes, secret_len(value));
	return add_header(call, &line);
}

void http_call_body(struct http_call *call, const void *data, size_t len)
{
	call->body = data;
	call->body_len = len;
}

void http_call_body_secret(struct http_call *call, const struct secret *body)
{
	http_call_body(call, secret_expose(body), secret_len(body));
}

void http_call_timeout(struct http_call *call, int64_t timeout_ms)
{
	call->timeout_ms = timeout_ms;
}

void http_call_max_reply(struct http_call *call, size_t max_bytes)
{
	call->reply.max_bytes = max_bytes;
}

void http_call_keep(struct http_call *call, const char *name)
{
	call->keep = name;
}

void http_call_stream(struct http_call *call, http_on_data *on_data, void *user,
		      int64_t idle_timeout_ms)
{
	call->on_data = on_data;
	call->data_user = user;
	call->idle_timeout_ms = idle_timeout_ms;
	call->timeout_ms = -1;
	call->reply.max_bytes = MAX_ERROR_REPLY;
}

/*
 * The body goes out through a read function without a seek function: libcurl
 * cannot send a body again by itself on a fresh connection, as it does with
 * its own copy when a kept-alive one was closed under it.
 */
size_t http_on_read(char *to, size_t size, size_t count, void *user)
{
	struct http_call *call = user;
	size_t n = call->body_len - call->body_sent;

	if (n > size * count)
		n = size * count;
	if (n)
		memcpy(to, call->body + call->body_sent, n);
	call->body_sent += n;
	return n;
}

size_t http_on_write(char *data, size_t size, size_t count, void *user)
{
	struct http_call *call = user;
	size_t n = size * count;
	long status = 0;

	(void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	call->last_data_ms = clock_boot_ms();
	if (call->on_data && status >= 200 && status < 300) {
		call->http->activity = true;
		call->streamed_bytes += n;
		if (call->on_data(call->data_user, data, n))
			return n;
		call->ended_by_owner = true;
		return 0;
	}
	buf_append(&call->reply, data, n);
	if (call->reply.failed) {
		call->too_large = true;
		return 0;
	}
	return n;
}

static bool header_is(const char *line, size_t len, const char *name,
		      const char **out_value, size_t *out_len)
{
	size_t n = strlen(name);

	if (len <= n || line[n] != ':' || strncasecmp(line, name, n) != 0)
		return false;
	line += n + 1;
	len -= n + 1;
	while (len && (*line == ' ' || *line == '\t')) {
		line++;
		len--;
	}
	while (len && strchr("\r\n \t", line[len - 1]))
		len--;
	*out_value = line;
	*out_len = len;
	return true;
}

/* Warning: 299 - "text" (RFC 9111, 5.5, as Kubernetes uses it) */
static void take_warning(struct http_call *call, const char *value, size_t len)
{
	const char *open = memchr(value, '"', len);
	const char *end = value + len - 1;

	if (len < 4 || strncmp(value, "299", 3) != 0 || !open || end <= open ||
	    *end != '"' || call->warning_count == HTTP_MAX_WARNINGS)
		return;
	open++;
	call->warnings[call->warning_count] =
		text_clean(open, (size_t)(end - open), 512);
	if (call->warnings[call->warning_count])
		call->warning_count++;
}

static void take_content_type(struct http_call *call, const char *value,
			      size_t len)
{
	size_t n = 0;

	while (n < len && n + 1 < sizeof(call->content_type) &&
	       !strchr("; ", value[n])) {
		char c = value[n];

		call->content_type[n++] =
			(char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	call->content_type[n] = '\0';
}

size_t http_on_header(char *line, size_t size, size_t count, void *user)
{
	struct http_call *call = user;
	size_t n = size * count, len;
	const char *value;
	char text[64];

	if (call->keep && !call->kept &&
	    header_is(line, n, call->keep, &value, &len))
		call->kept = strndup(value, len);
	if (header_is(line, n, "content-type", &value, &len)) {
		take_content_type(call, value, len);
	} else if (header_is(line, n, "warning", &value, &len)) {
		take_warning(call, value, len);
	} else if (header_is(line, n, "retry-after", &value, &len)) {
		if (len && len < 10 && strspn(value, "0123456789") >= len)
			call->retry_after_s = strtol(value, NULL, 10);
	} else if (header_is(line, n, "date", &value, &len)) {
		time_t when;

		if (len < sizeof(text)) {
			memcpy(text, value, len);
			text[len] = '\0';
			when = curl_getdate(text, NULL);
			call->date_ms = when < 0 ? -1 : (int64_t)when * 1000;
		}
	}
	return n;
}
