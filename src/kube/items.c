#include "kube/items.h"

#include <string.h>

#include "base/json.h"

/* Keys longer than this are none that is looked for. */
#define KEY_MAX 16

struct kube_items {
	kube_on_item *on_item;
	void *user;
	struct buf head;    /* the reply without what stands inside `items` */
	struct buf item;    /* the element that is being read */
	struct err *failed; /* owned */
	int depth;
	bool in_string;
	bool escaped;
	bool in_items; /* between the brackets of `items` */
	/* The last string at depth 1: a key, where a colon follows. */
	char key[KEY_MAX];
	size_t key_len;
	bool is_key; /* a colon did follow */
	size_t count;
	size_t total; /* bytes taken */
};

KR_FALLIBLE kube_items_new(kube_on_item *on_item, void *user,
			   struct kube_items **out)
{
	struct kube_items *items = calloc(1, sizeof(*items));

	if (!items)
		return err_no_memory();
	items->on_item = on_item;
	items->user = user;
	items->head = BUF_INIT(KUBE_HEAD_MAX_BYTES);
	items->item = BUF_INIT(KUBE_ITEM_MAX_BYTES);
	*out = items;
	return NULL;
}

void kube_items_free(struct kube_items *items)
{
	if (!items)
		return;
	buf_release(&items->head);
	buf_release(&items->item);
	err_free(items->failed);
	free(items);
}

static struct err *give(struct kube_items *s)
{
	kr_cleanup(json_freep) struct cJSON *item = NULL;
	struct err *err = buf_check(&s->item, "an object of the list");

	if (err)
		return err_as(err, KR_ECLUSTER);
	err = json_parse(buf_str(&s->item), s->item.len, &item);
	/* Not buf_reset(): it would wipe all that was ever allocated. */
	s->item.len = 0;
	if (err)
		return err_as(err, KR_ECLUSTER);
	s->count++;
	return s->on_item(s->user, item);
}

static void in_string(struct kube_items *s, char c)
{
	if (s->escaped)
		s->escaped = false;
	else if (c == '\\')
		s->escaped = true;
	else if (c == '"')
		s->in_string = false;
	if (s->in_string && s->depth == 1 && s->key_len < KEY_MAX)
		s->key[s->key_len++] = c;
}

/* A bracket opens; true where it opens `items`. */
static bool open_bracket(struct kube_items *s, char c)
{
	bool items = s->depth == 1 && c == '[' && s->is_key &&
		     s->key_len == strlen("items") &&
		     memcmp(s->key, "items", s->key_len) == 0;

	s->depth++;
	s->is_key = false;
	s->key_len = 0;
	return items;
}

static void structure(struct kube_items *s, char c, bool *out_opens,
		      bool *out_closes)
{
	switch (c) {
	case '"':
		s->in_string = true;
		if (s->depth == 1)
			s->key_len = 0;
		break;
	case ':':
		s->is_key = s->depth == 1;
		break;
	case ',':
		if (s->depth == 1)
			s->is_key = false;
		break;
	case '{':
	case '[':
		*out_opens = open_bracket(s, c);
		break;
	case '}':
	case ']':
		s->depth--;
		*out_closes = s->in_items && s->depth == 1;
		break;
	default:
		break;
	}
}

/* One byte: where it goes, and what ends with it. */
static struct err *take(struct kube_items *s, char c)
{
	bool inside = s->in_items && (s->depth > 2 || s->in_string);
	bool opens = false, closes = false;

	if (s->in_string)
		in_string(s, c);
	else
		structure(s, c, &opens, &closes);
	if (s->depth < 0)
		return err_new(KR_ECLUSTER, "the list is not valid JSON");
	if (closes)
		s->in_items = false;
	if (s->in_items && (inside || s->depth > 2)) {
		buf_putc(&s->item, c);
		/* The element's own closing bracket. */
		if (s->depth == 2 && !s->in_string)
			return give(s);
		return NULL;
	}
	/* Commas and blanks between the elements are left out. */
	if (!s->in_items)
		buf_putc(&s->head, c);
	else if (!strchr(", \t\r\n", c))
		return err_new(KR_ECLUSTER, "the list is not valid JSON");
	if (opens)
		s->in_items = true;
	return NULL;
}

/* Bytes of a string or of plain text inside an element, taken at once. */
static size_t plain(const struct kube_items *s, const char *data, size_t len)
{
	size_t n = 0;

	if (!s->in_items || s->depth <= 2 || s->escaped)
		return 0;
	if (s->in_string) {
		while (n < len && data[n] != '"' && data[n] != '\\')
			n++;
		return n;
	}
	while (n < len && data[n] != '"' && data[n] != '{' && data[n] != '}' &&
	       data[n] != '[' && data[n] != ']')
		n++;
	return n;
}

KR_FALLIBLE kube_items_feed(struct kube_items *s, const char *data, size_t len)
{
	size_t i = 0;

	s->total += len;
	if (s->total > KUBE_PAGE_MAX_BYTES)
		return err_new(KR_ECLUSTER, "the list has no end: %zu bytes",
			       s->total);
	while (i < len) {
		size_t n = plain(s, data + i, len - i);
		struct err *err;

		buf_append(&s->item, data + i, n);
		i += n;
		if (i == len)
			break;
		err = take(s, data[i++]);
		if (err)
			return err;
	}
	if (s->item.failed)
		return err_as(buf_check(&s->item, "an object of the list"),
			      KR_ECLUSTER);
	return NULL;
}

bool kube_items_on_data(void *items, const char *data, size_t len)
{
	struct kube_items *s = items;

	if (!s->failed)
		s->failed = kube_items_feed(s, data, len);
	return !s->failed;
}

size_t kube_items_count(const struct kube_items *s)
{
	return s->count;
}

KR_FALLIBLE kube_items_end(struct kube_items *s, struct cJSON **out)
{
	struct err *err = take_ptr(&s->failed);

	if (!err)
		err = err_as(buf_check(&s->head, "the list"), KR_ECLUSTER);
	if (!err)
		err = json_parse(buf_str(&s->head), s->head.len, out);
	return err_is(err, KR_EINVALID) ? err_as(err, KR_ECLUSTER) : err;
}
