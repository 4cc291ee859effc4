#include "secret/keyhunt.h"

#include <ctype.h>
#include <string.h>

#include "secret/keyhunt_forms.h"
#include "secret/keyhunt_line.h"

#define MAX_LINE 8192
/* What is kept of a longer line for its next part: the longest form. */
#define OVERLAP 1024
/* Shaped values that wait for the word that the text is a Secret. */
#define MAX_WAITING 64
#define MIN_VALUE   8

struct hashes {
	unsigned char (*items)[KEYHUNT_HASH];
	size_t count;
};

struct waiting {
	size_t line;
	unsigned char hash[KEYHUNT_HASH];
};

struct keyhunt {
	struct keyhunt_forms forms;
	char *entry;
	keyhunt_on_find *on_find;
	void *user;
	struct hashes known, allowed;
	/* The text that is being fed. */
	char line[MAX_LINE];
	size_t len;
	size_t number;	/* of the line, from 1 */
	bool cut;	/* an earlier part of the line has been looked at */
	bool is_secret; /* this YAML document says kind: Secret */
	bool is_entry;	/* what is looked at stands behind the entry's name */
	bool entry_is_named; /* ... was `name: ENTRY` */
	struct waiting waiting[MAX_WAITING];
	size_t n_waiting;
	/* The last find: the same one in another window is no other. */
	size_t told_line;
	unsigned char told[KEYHUNT_HASH];
};

static bool hashes_have(const struct hashes *hashes,
			const unsigned char hash[KEYHUNT_HASH])
{
	size_t low = 0, high = hashes->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = memcmp(hash, hashes->items[mid], KEYHUNT_HASH);

		if (order == 0)
			return true;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return false;
}

/* In order; there are some hundreds at most. */
static KR_FALLIBLE hashes_add(struct hashes *hashes, const char *fingerprint)
{
	unsigned char hash[KEYHUNT_HASH];
	unsigned char(*grown)[KEYHUNT_HASH];
	size_t at = hashes->count;

	if (!fingerprint || !keyhunt_parse_hash(fingerprint, hash) ||
	    hashes_have(hashes, hash))
		return NULL;
	grown = reallocarray(hashes->items, hashes->count + 1, sizeof(*grown));
	if (!grown)
		return err_no_memory();
	hashes->items = grown;
	for (; at > 0 && memcmp(grown[at - 1], hash, KEYHUNT_HASH) > 0; at--)
		memcpy(grown[at], grown[at - 1], KEYHUNT_HASH);
	memcpy(grown[at], hash, KEYHUNT_HASH);
	hashes->count++;
	return NULL;
}

KR_FALLIBLE keyhunt_new(const struct keyhunt_options *options,
			struct keyhunt **out)
{
	kr_cleanup(keyhunt_freep) struct keyhunt *hunt =
		calloc(1, sizeof(*hunt));
	struct err *err;

	if (!hunt)
		return err_no_memory();
	hunt->on_find = options->on_find;
	hunt->user = options->user;
	hunt->entry = strdup(options->entry);
	if (!hunt->entry)
		return err_no_memory();
	err = keyhunt_forms_init(&hunt->forms, &options->spec);
	if (err)
		return err;
	*out = take_ptr(&hunt);
	return NULL;
}

void keyhunt_free(struct keyhunt *hunt)
{
	if (!hunt)
		return;
	keyhunt_forms_release(&hunt->forms);
	explicit_bzero(hunt->line, sizeof(hunt->line));
	free(hunt->entry);
	free(hunt->known.items);
	free(hunt->allowed.items);
	free(hunt);
}

KR_FALLIBLE keyhunt_know(struct keyhunt *hunt, const char *fingerprint)
{
	return hashes_add(&hunt->known, fingerprint);
}

KR_FALLIBLE keyhunt_allow(struct keyhunt *hunt, const char *fingerprint)
{
	return hashes_add(&hunt->allowed, fingerprint);
}

size_t keyhunt_known(const struct keyhunt *hunt)
{
	return hunt->known.count;
}

static KR_FALLIBLE find(struct keyhunt *hunt, enum keyhunt_rule rule,
			size_t line, const unsigned char hash[KEYHUNT_HASH])
{
	char fingerprint[SECRET_FINGERPRINT_LEN];
	const struct keyhunt_find found = { rule, line, fingerprint };

	if (hunt->told_line == line &&
	    memcmp(hunt->told, hash, KEYHUNT_HASH) == 0)
		return NULL;
	hunt->told_line = line;
	memcpy(hunt->told, hash, KEYHUNT_HASH);
	keyhunt_format_hash(hash, fingerprint);
	return hunt->on_find(hunt->user, &found);
}

/* Of a window: only what is known counts. */
static KR_FALLIBLE on_window(void *user, const unsigned char hash[KEYHUNT_HASH],
			     bool shaped)
{
	struct keyhunt *hunt = user;

	(void)shaped;
	return hashes_have(&hunt->known, hash)
		       ? find(hunt, KEYHUNT_KNOWN, hunt->number, hash)
		       : NULL;
}

/* Of a whole value. */
static KR_FALLIBLE on_value(void *user, const unsigned char hash[KEYHUNT_HASH],
			    bool shaped)
{
	struct keyhunt *hunt = user;
	struct waiting *w;

	if (hashes_have(&hunt->known, hash))
		return find(hunt, KEYHUNT_KNOWN, hunt->number, hash);
	if (!shaped || hashes_have(&hunt->allowed, hash))
		return NULL;
	if (hunt->is_entry)
		return find(hunt, KEYHUNT_SHAPED, hunt->number, hash);
	if (hunt->n_waiting == MAX_WAITING)
		return NULL;
	w = &hunt->waiting[hunt->n_waiting++];
	w->line = hunt->number;
	memcpy(w->hash, hash, KEYHUNT_HASH);
	return NULL;
}

/* The end of a YAML document or of the text. */
static KR_FALLIBLE end_document(struct keyhunt *hunt)
{
	struct err *err = NULL;

	for (size_t i = 0; hunt->is_secret && i < hunt->n_waiting && !err; i++)
		err = find(hunt, KEYHUNT_SHAPED, hunt->waiting[i].line,
			   hunt->waiting[i].hash);
	hunt->n_waiting = 0;
	hunt->is_secret = false;
	return err;
}

static bool is_run_char(char c)
{
	return isalnum((unsigned char)c) || c == '+' || c == '/' || c == '-' ||
	       c == '_';
}

static KR_FALLIBLE look_at_runs(struct keyhunt *hunt)
{
	struct err *err = NULL;
	size_t begin = 0;

	for (size_t i = 0; i <= hunt->len && !err; i++) {
		if (i < hunt->len && is_run_char(hunt->line[i]))
			continue;
		if (i > begin)
			err = keyhunt_try_run(&hunt->forms, hunt->line + begin,
					      i - begin, on_window, hunt);
		begin = i + 1;
	}
	return err;
}

/* ENTRY, ENTRY_NEXT, ENTRY_PREVIOUS. */
static bool is_entry(const struct keyhunt *hunt, struct keyhunt_view name)
{
	size_t n = strlen(hunt->entry);

	if (name.len < n || memcmp(name.at, hunt->entry, n) != 0)
		return false;
	name.at += n;
	name.len -= n;
	return !name.len || keyhunt_is_word(name, "_NEXT") ||
	       keyhunt_is_word(name, "_PREVIOUS");
}

/* In a container's env the name is a line of its own, before the value. */
static void read_name(struct keyhunt *hunt, struct keyhunt_view name,
		      struct keyhunt_view value)
{
	bool named = hunt->entry_is_named && keyhunt_is_word(name, "value");

	hunt->entry_is_named =
		keyhunt_is_word(name, "name") && is_entry(hunt, value);
	hunt->is_entry = named || is_entry(hunt, name);
	if (keyhunt_is_word(name, "kind") && keyhunt_is_word(value, "Secret"))
		hunt->is_secret = true;
}

/* One "NAME: VALUE"; of a mapping in braces, one of several in a line. */
static KR_FALLIBLE look_at_value(struct keyhunt *hunt, const char *text,
				 size_t len)
{
	struct keyhunt_view whole = keyhunt_trimmed(text, len), name, value;
	struct err *err = NULL;

	if (!whole.len)
		return NULL;
	keyhunt_split(whole, &name, &value);
	read_name(hunt, name, value);
	if (value.len >= MIN_VALUE &&
	    (hunt->is_entry || !keyhunt_has_blank(value)))
		err = keyhunt_try_value(&hunt->forms, value.at, value.len,
					keyhunt_is_plain_name(name) ? on_value
								    : on_window,
					hunt);
	if (!err && value.at != whole.at && !keyhunt_has_blank(whole))
		err = keyhunt_try_value(&hunt->forms, whole.at, whole.len,
					on_window, hunt);
	return err;
}

static KR_FALLIBLE look_at_values(struct keyhunt *hunt)
{
	struct err *err = NULL;
	size_t begin = 0;

	for (size_t i = 0; i <= hunt->len && !err; i++) {
		char c = i < hunt->len ? hunt->line[i] : ',';

		if (c != ',' && c != '{' && c != '}')
			continue;
		err = look_at_value(hunt, hunt->line + begin, i - begin);
		begin = i + 1;
	}
	return err;
}

static KR_FALLIBLE look_at_line(struct keyhunt *hunt)
{
	struct err *err;

	if (hunt->len >= 3 && !hunt->cut && memcmp(hunt->line, "---", 3) == 0) {
		err = end_document(hunt);
		if (err)
			return err;
	}
	err = look_at_runs(hunt);
	if (!err && !hunt->cut)
		err = look_at_values(hunt);
	return err;
}

void keyhunt_begin(struct keyhunt *hunt)
{
	hunt->len = 0;
	hunt->number = 1;
	hunt->cut = false;
	hunt->is_secret = false;
	hunt->entry_is_named = false;
	hunt->n_waiting = 0;
	hunt->told_line = 0;
}

static KR_FALLIBLE end_line(struct keyhunt *hunt)
{
	struct err *err = look_at_line(hunt);

	hunt->len = 0;
	hunt->cut = false;
	hunt->number++;
	return err;
}

KR_FALLIBLE keyhunt_feed(struct keyhunt *hunt, const char *data, size_t len)
{
	struct err *err = NULL;

	while (len && !err) {
		const char *newline = memchr(data, '\n', len);
		size_t n = newline ? (size_t)(newline - data) : len;
		size_t room = MAX_LINE - hunt->len;

		if (n > room) {
			n = room;
			newline = NULL;
		}
		memcpy(hunt->line + hunt->len, data, n);
		hunt->len += n;
		data += n;
		len -= n;
		if (newline) {
			err = end_line(hunt);
			data++;
			len--;
		} else if (hunt->len == MAX_LINE) {
			hunt->cut = true;
			err = look_at_line(hunt);
			memmove(hunt->line, hunt->line + MAX_LINE - OVERLAP,
				OVERLAP);
			hunt->len = OVERLAP;
		}
	}
	return err;
}

KR_FALLIBLE keyhunt_end(struct keyhunt *hunt)
{
	struct err *err = hunt->len ? end_line(hunt) : NULL;

	return err ? err : end_document(hunt);
}
