/*
 * A list's reply taken apart as it comes: each element of the top-level
 * `items` is given out and forgotten, so that memory is bounded by one object
 * whatever the list holds. What is left is the list without its items.
 */
#ifndef KR_KUBE_ITEMS_H
#define KR_KUBE_ITEMS_H

#include "base/buf.h"

struct cJSON;

/* Gets each item (borrowed for the call); an error ends the reading. */
typedef struct err *kube_on_item(void *user, const struct cJSON *item);

/* One item, and what stands around the items, may be so large. */
#define KUBE_ITEM_MAX_BYTES (8 * 1024 * 1024)
#define KUBE_HEAD_MAX_BYTES (1024 * 1024)
/* ... and the whole of one page. */
#define KUBE_PAGE_MAX_BYTES (256 * 1024 * 1024)

struct kube_items;

KR_FALLIBLE kube_items_new(kube_on_item *on_item, void *user,
			   struct kube_items **out);
void kube_items_free(struct kube_items *items);
KR_DEFINE_FREEP(kube_items)

/* KR_ECLUSTER where the text is no JSON or too large, else on_item's error. */
KR_FALLIBLE kube_items_feed(struct kube_items *items, const char *data,
			    size_t len);

/*
 * As http_on_data: keeps the error for kube_items_end(), and ends the call by
 * answering false.
 */
bool kube_items_on_data(void *items, const char *data, size_t len);

/* Items given so far. */
size_t kube_items_count(const struct kube_items *items);

/* The list with `items` empty; KR_ECLUSTER where the reply was cut. */
KR_FALLIBLE kube_items_end(struct kube_items *items, struct cJSON **out);

#endif
