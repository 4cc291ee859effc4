/* A list taken apart as it comes. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "kube/items.h"
#include "unit.h"

struct seen {
	char text[512];
	const char *fail_at;
};

static struct err *collect(void *user, const struct cJSON *item)
{
	struct seen *seen = user;
	const char *name = json_str_or(item, "metadata.name", "?");
	size_t n = strlen(seen->text);

	if (seen->fail_at && strcmp(seen->fail_at, name) == 0)
		return err_new(KR_EREFUSED, "told to fail");
	(void)snprintf(seen->text + n, sizeof(seen->text) - n, "%s ", name);
	return NULL;
}

/* In pieces of n bytes; the head as compact JSON, malloc'd. */
static struct err *read_list(const char *text, size_t n, struct seen *seen,
			     char **out_head)
{
	kr_cleanup(kube_items_freep) struct kube_items *items = NULL;
	kr_cleanup(json_freep) struct cJSON *head = NULL;
	size_t len = strlen(text);
	struct err *err = kube_items_new(collect, seen, &items);

	for (size_t at = 0; !err && at < len; at += n)
		err = kube_items_feed(items, text + at,
				      len - at < n ? len - at : n);
	if (!err)
		err = kube_items_end(items, &head);
	return err ? err : json_print(head, out_head);
}

static void takes_lists_apart(void)
{
	static const struct {
		const char *list, *items, *head;
	} rows[] = {
		{ "{\"kind\":\"L\",\"items\":[{\"metadata\":{\"name\":\"a\"}},"
		  " {\"metadata\":{\"name\":\"b\",\"x\":[[1],{}]}}\n],\"z\":1}",
		  "a b ", "{\"kind\":\"L\",\"items\":[],\"z\":1}" },
		{ "{\"items\" : [ ], \"metadata\":{\"continue\":\"t\"}}", "",
		  "{\"items\":[],\"metadata\":{\"continue\":\"t\"}}" },
		{ "{\"items\":null}", "", "{\"items\":null}" },
		/* Brackets, quotes and the word itself inside strings. */
		{ "{\"a\":\"items\",\"items\":[{\"metadata\":{\"name\":"
		  "\"]}\\\"[{\"},\"items\":[1,2]}]}",
		  "]}\"[{ ", "{\"a\":\"items\",\"items\":[]}" },
		/* Not at the top: nothing of ours. */
		{ "{\"metadata\":{\"items\":[{\"x\":1}]},\"items\":[]}", "",
		  "{\"metadata\":{\"items\":[{\"x\":1}]},\"items\":[]}" },
		{ "{\"itemsandmoreandmore\":[1],\"my\\\"items\":[2]}", "",
		  "{\"itemsandmoreandmore\":[1],\"my\\\"items\":[2]}" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		for (size_t n = 1; n <= strlen(rows[i].list); n++) {
			struct seen seen = { .fail_at = NULL };
			kr_cleanup(str_freep) char *head = NULL;

			if (!UNIT_OK(read_list(rows[i].list, n, &seen, &head)))
				return;
			UNIT_STR(seen.text, rows[i].items);
			UNIT_STR(head, rows[i].head);
		}
	}
}

static void refuses_what_is_no_list(void)
{
	static const char *const texts[] = {
		"",
		"{\"items\":[{\"metadata\":{}}",
		"{\"items\":[{\"metadata\":{}}]",
		"{\"items\":[{\"metadata\":}]}",
		"{\"items\":[1]}",
		"{\"items\":[\"x\"]}",
		"]]]]",
		"<html>",
		"{\"items\":[{]}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct seen seen = { .fail_at = NULL };
		char *head = NULL;

		if (!UNIT_FAILS(read_list(texts[i], 3, &seen, &head),
				KR_ECLUSTER, ""))
			printf("\n    %s\n", texts[i]);
	}
}

static void an_error_of_the_taker_ends_it(void)
{
	struct seen seen = { .fail_at = "b" };
	char *head = NULL;

	UNIT_FAILS(read_list("{\"items\":[{\"metadata\":{\"name\":\"a\"}},"
			     "{\"metadata\":{\"name\":\"b\"}},"
			     "{\"metadata\":{\"name\":\"c\"}}]}",
			     5, &seen, &head),
		   KR_EREFUSED, "told to fail");
	UNIT_STR(seen.text, "a ");
}

static void an_endless_item_is_refused(void)
{
	static char piece[256 * 1024];
	struct seen seen = { .fail_at = NULL };
	kr_cleanup(kube_items_freep) struct kube_items *items = NULL;
	struct err *err = NULL;

	if (!UNIT_OK(kube_items_new(collect, &seen, &items)))
		return;
	UNIT_OK(kube_items_feed(items, "{\"items\":[{\"x\":\"", 16));
	memset(piece, 'x', sizeof(piece));
	for (size_t n = 0; !err && n <= KUBE_ITEM_MAX_BYTES; n += sizeof(piece))
		err = kube_items_feed(items, piece, sizeof(piece));
	UNIT_FAILS(err, KR_ECLUSTER, "larger than");
}

const struct unit_suite unit_items = {
	.tests = { { "takes lists apart", takes_lists_apart },
		   { "refuses what is no list", refuses_what_is_no_list },
		   { "an error of the taker ends it",
		     an_error_of_the_taker_ends_it },
		   { "an endless item is refused",
		     an_endless_item_is_refused } },
};
