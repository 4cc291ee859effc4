#include "api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "selector.h"

/* 504 when a client asks for a version that is still to come. */
static bool version_reached(const struct request *req, struct reply *reply)
{
	const char *rv = request_param(req, "resourceVersion");
	cJSON *details, *cause;
	char *message;

	if (!rv || !*rv)
		return true;
	if (strspn(rv, "0123456789") != strlen(rv))
		return status_bad_request(reply,
					  "resourceVersion: Invalid value: "
					  "\"%s\": strconv.ParseUint: parsing "
					  "\"%s\": invalid syntax",
					  rv, rv);
	if (atol(rv) <= req->cluster->rv)
		return true;
	details = cJSON_CreateObject();
	cause = cJSON_CreateObject();
	json_put_text(cause, "reason", "ResourceVersionTooLarge");
	json_put_text(cause, "message", "Too large resource version");
	cJSON_AddItemToArray(cJSON_AddArrayToObject(details, "causes"), cause);
	json_put_long(details, "retryAfterSeconds", 1);
	message = xasprintf("Timeout: Too large resource version: %s, "
			    "current: %ld",
			    rv, req->cluster->rv);
	status_set(reply, 504, "Timeout", message, details);
	strcpy(reply->retry_after, "1");
	free(message);
	return false;
}

void api_get(struct request *req, const struct target *to, struct reply *reply)
{
	struct obj *obj;
	enum form form;

	if (!accept_form(req, false, &form, reply) ||
	    !version_reached(req, reply))
		return;
	obj = store_find(req->cluster, to->store, to->ns, to->name);
	if (!obj) {
		status_not_found(reply, to->kind, to->name);
		return;
	}
	reply->status = 200;
	render_stored(&reply->body, to->kind, obj, form);
	buf_str(&reply->body, "\n");
}

struct page {
	long rv;     /* the snapshot's version */
	char *after; /* key of the last item sent, or NULL */
	long limit;
	long sent;
	long left;
	char *last;
};

/* continue=base64({"rv":N,"after":KEY}) */
static bool page_begin(const struct request *req, struct page *page,
		       struct reply *reply)
{
	const char *limit = request_param(req, "limit");
	const char *token = request_param(req, "continue");
	size_t len, bad;
	char *text;
	cJSON *json;

	page->rv = req->cluster->rv;
	page->limit = limit ? atol(limit) : 0;
	if (!token || !*token)
		return true;
	text = base64_decode(token, &len, &bad);
	json = text ? json_parse(text, len) : NULL;
	free(text);
	if (!json_text(json, "after")) {
		cJSON_Delete(json);
		return status_bad_request(reply, "continue key is not valid");
	}
	page->rv = json_long(json, 0, "rv");
	page->after = xstrdup(json_text(json, "after"));
	cJSON_Delete(json);
	if (page->rv + 1 >= req->cluster->first_rv)
		return true;
	return status_plain(reply, 410, "Expired",
			    "The provided continue parameter is too old to "
			    "display a consistent list result. You can start "
			    "a new list without the continue parameter.");
}

static void page_item(const struct target *to, struct page *page,
		      const struct obj *obj, enum form form,
		      struct reply *reply)
{
	/* A byte below any in a name keeps the order of (ns, name). */
	char *key = xasprintf("%s\x01%s", obj->ns, obj->name);
	bool seen = page->after && strcmp(key, page->after) <= 0;

	if (seen || (page->limit > 0 && page->sent >= page->limit)) {
		page->left += !seen;
		free(key);
		return;
	}
	if (page->sent++)
		buf_str(&reply->body, ",");
	render_item(&reply->body, to->kind, obj, form);
	free(page->last);
	page->last = key;
}

/* The objects as they were at version page->rv: now, minus later events. */
static struct obj **snapshot(struct cluster *cl, const struct target *to,
			     long rv, size_t *out_count)
{
	const char *ns = *to->ns ? to->ns : NULL;
	size_t count, first = store_range(cl, to->store, ns, &count);
	size_t cap = count + (size_t)(cl->rv - rv) + 1, i;
	struct obj **objs = xcalloc(cap, sizeof(*objs));
	long at;

	if (count)
		memcpy(objs, cl->objs + first, count * sizeof(*objs));
	for (at = cl->rv; at > rv; at--) {
		const struct event *event = store_event(cl, at);

		if (!event || event->now->kind != to->store ||
		    (ns && strcmp(event->now->ns, ns) != 0))
			continue;
		for (i = 0; i < count; i++)
			if (str_eq(objs[i]->name, event->now->name) &&
			    str_eq(objs[i]->ns, event->now->ns))
				break;
		if (event->type == EVENT_DELETED)
			objs[count++] = event->old;
		else if (event->type == EVENT_MODIFIED)
			objs[i] = event->old;
		else if (i < count)
			objs[i] = objs[--count];
	}
	*out_count = count;
	return objs;
}

static int by_key(const void *a, const void *b)
{
	const struct obj *const *x = a, *const *y = b;
	int order = strcmp((*x)->ns, (*y)->ns);

	return order ? order : strcmp((*x)->name, (*y)->name);
}

static void page_end(const struct page *page, bool exact, struct buf *out)
{
	cJSON *token;
	char *text, *encoded;

	buf_printf(out, "{\"resourceVersion\":\"%ld\"", page->rv);
	if (page->left) {
		token = cJSON_CreateObject();
		json_put_long(token, "rv", page->rv);
		json_put_text(token, "after", page->last);
		text = json_print(token);
		encoded = base64_encode(text, strlen(text));
		buf_printf(out, ",\"continue\":\"%s\"", encoded);
		if (exact)
			buf_printf(out, ",\"remainingItemCount\":%ld",
				   page->left);
		free(encoded);
		free(text);
		cJSON_Delete(token);
	}
	buf_str(out, "}");
}

static void list_body(struct request *req, const struct target *to,
		      const struct selector *selector, struct page *page,
		      enum form form, struct reply *reply)
{
	size_t count, i;
	struct obj **objs = snapshot(req->cluster, to, page->rv, &count);
	bool all = !request_param(req, "labelSelector") &&
		   !request_param(req, "fieldSelector");
	struct buf items = { 0 };
	struct buf body = { 0 };

	if (page->rv != req->cluster->rv)
		qsort(objs, count, sizeof(struct obj *), by_key);
	for (i = 0; i < count; i++)
		if (selector_match(selector, objs[i]))
			page_item(to, page, objs[i], form, reply);
	items = reply->body;
	if (form == FORM_METADATA)
		buf_str(&body, "{\"kind\":\"PartialObjectMetadataList\","
			       "\"apiVersion\":\"meta.k8s.io/v1\"");
	else
		buf_printf(&body, "{\"kind\":\"%sList\",\"apiVersion\":\"%s\"",
			   to->kind->name, kind_api_version(to->kind));
	buf_str(&body, ",\"metadata\":");
	page_end(page, all, &body);
	/* As the server does: no partial objects are null, not a list. */
	if (!items.len && form == FORM_METADATA) {
		buf_str(&body, ",\"items\":null}\n");
	} else {
		buf_str(&body, ",\"items\":[");
		buf_add(&body, items.data, items.len);
		buf_str(&body, "]}\n");
	}
	buf_release(&items);
	reply->body = body;
	free(objs);
}

void api_list(struct request *req, const struct target *to, struct reply *reply)
{
	struct selector *selector;
	struct page page = { 0 };
	enum form form;

	if (!accept_form(req, true, &form, reply) ||
	    !version_reached(req, reply))
		return;
	selector = selector_new(to->store, request_param(req, "labelSelector"),
				request_param(req, "fieldSelector"), reply);
	if (!selector)
		return;
	if (page_begin(req, &page, reply)) {
		reply->status = 200;
		list_body(req, to, selector, &page, form, reply);
	}
	selector_free(selector);
	free(page.after);
	free(page.last);
}
