/*
 * The address of a webhook: its path often is all that keeps others out, so
 * that nothing but the host is shown.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "net/url.h"
#include "service/notify_internal.h"

#define MAX_URL 4096

static KR_FALLIBLE bad_address(const char *what)
{
	return err_new(KR_ECONFIG, "the address is none: %s", what);
}

static size_t host_length(const char *authority, size_t n)
{
	const char *bracket = memchr(authority, ']', n);
	const char *colon =
		memchr(bracket ? bracket : authority, ':',
		       bracket ? n - (size_t)(bracket - authority) : n);

	return colon ? (size_t)(colon - authority) : n;
}

static KR_FALLIBLE check(const char *url, size_t scheme, size_t n)
{
	const char *authority = url + scheme;
	size_t host = host_length(authority, n);

	if (strlen(url) > MAX_URL)
		return bad_address("it is too long");
	if (memchr(authority, '@', n))
		return bad_address("user and password do not belong into it");
	if (host == 0)
		return bad_address("it has no host");
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)authority[i]) &&
		    !strchr("-._[]:", authority[i]))
			return bad_address("its host has a strange character");
	for (const char *p = authority + n; *p; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 127 ||
		    *p == '#')
			return bad_address("its path has a character that is "
					   "to be encoded");
	if (scheme == 7 && !url_is_loopback(authority, host))
		return bad_address("http:// goes through the network where "
				   "all can read it; use https://");
	return NULL;
}

static KR_FALLIBLE parse(const char *url, struct notify_address *out)
{
	size_t scheme = text_starts_with(url, "https://")  ? 8
			: text_starts_with(url, "http://") ? 7
							   : 0;
	const char *authority = url + scheme, *rest;
	size_t n = strcspn(authority, "/?#");
	struct err *err;

	if (!scheme)
		return bad_address("it does not begin with https://");
	err = check(url, scheme, n);
	if (err)
		return err;
	rest = authority + n;
	out->origin = strndup(url, scheme + n);
	out->host = strndup(authority, host_length(authority, n));
	if (!out->origin || !out->host)
		return err_no_memory();
	if (*rest == '/')
		return secret_from_bytes(rest, strlen(rest), &out->target);
	err = secret_new(strlen(rest) + 1, &out->target);
	if (!err) {
		secret_bytes(out->target)[0] = '/';
		memcpy(secret_bytes(out->target) + 1, rest, strlen(rest));
	}
	return err;
}

KR_FALLIBLE notify_address_read(const char *url, const char *folder,
				struct notify_address *out)
{
	kr_cleanup(secret_freep) struct secret *read = NULL;
	struct notify_address address = { 0 };
	struct ref ref;
	struct err *err = NULL;

	if (ref_parse(url, &ref)) {
		ref.folder = folder;
		err = ref_read(&ref, "the address", &read);
		if (err)
			return err;
	}
	err = parse(read ? (const char *)secret_expose(read) : url, &address);
	if (err) {
		notify_address_release(&address);
		return err;
	}
	*out = address;
	return NULL;
}

void notify_address_release(struct notify_address *address)
{
	free(address->origin);
	free(address->host);
	secret_free(address->target);
	*address = (struct notify_address){ 0 };
}
