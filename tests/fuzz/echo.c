/*
 * No error quotes the input that it is about: not eight bytes of it.
 *
 * Two kinds of words may stand there. The program's own, which somebody can
 * feed to it too: what is in the read-only part of it or of a library. And
 * names, where the target's table says so: of fields (keyrot.yaml), and of
 * contexts, clusters and users (a kubeconfig). What Prometheus says of a query
 * about numbers is shown; the credentials in it are looked for by other tests.
 */
#include <ctype.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/err.h"
#include "base/yaml.h"

#define WINDOW	  8
#define OWN	  (1U << 21) /* room for the hashes of the program's words */
#define MIN_WORD  4
#define MAX_WORD  128
#define PIECES	  3
#define MAP_POWER 18

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int echo_target(const uint8_t *data, size_t size);
/* What is not to be quoted. */
void echo_input(const char *data, size_t size);
void echo_err_free(struct err *err);
/* What is done about one; the positive control has another. */
void echo_found(const char *text);

enum {
	NAMES_OF_FIELDS = 1,
	NAMES_OF_ENTRIES = 2,
	A_SERVERS_WORDS = 4,
};

static const struct {
	const char *target;
	int may_quote;
} exceptions[] = {
	{ "config", NAMES_OF_FIELDS },
	{ "kubeconfig", NAMES_OF_FIELDS | NAMES_OF_ENTRIES },
	{ "prometheus", A_SERVERS_WORDS },
};

struct piece {
	const char *at;
	size_t len;
};

static uint64_t own[OWN];
static size_t own_count;
static struct yaml_doc *documents[PIECES];
static bool names_read;
static unsigned char map[(1U << MAP_POWER) / 8];
static bool mapped;
static const char *input;
static size_t input_len;
static unsigned long long looked_through;

static int may_quote(void)
{
	for (size_t i = 0; i < sizeof(exceptions) / sizeof(*exceptions); i++)
		if (strcmp(exceptions[i].target, FUZZ_TARGET) == 0)
			return exceptions[i].may_quote;
	return 0;
}

static bool is_separator(char c)
{
	switch (c) {
	case '\0':
	case ' ':
	case '\t':
	case '\r':
	case '\n':
	case '"':
	case '\'':
	case '`':
	case ':':
	case ',':
	case ';':
	case '.':
	case '?':
	case '!':
	case '(':
	case ')':
	case '[':
	case ']':
	case '{':
	case '}':
	case '<':
	case '>':
		return true;
	default:
		return false;
	}
}

/* Not memmem(): libFuzzer would learn from it what to look for. */
static const char *find(struct piece in, struct piece what)
{
	for (; in.len >= what.len; in.at++, in.len--) {
		size_t n = 0;

		while (n < what.len && in.at[n] == what.at[n])
			n++;
		if (n == what.len)
			return in.at;
	}
	return NULL;
}

static uint64_t hash_of(struct piece word)
{
	uint64_t hash = 14695981039346656037U;

	for (size_t i = 0; i < word.len; i++)
		hash = (hash ^ (unsigned char)word.at[i]) * 1099511628211U;
	return hash ? hash : 1;
}

/* Where a word's hash stands, or would. */
static uint64_t *place_of(uint64_t hash)
{
	size_t at = (size_t)(hash % OWN);

	while (own[at] && own[at] != hash)
		at = (at + 1) % OWN;
	return &own[at];
}

static void learn(struct piece word)
{
	uint64_t *place;

	if (word.len < MIN_WORD || word.len > MAX_WORD)
		return;
	place = place_of(hash_of(word));
	if (*place)
		return;
	if (own_count++ > OWN / 2)
		abort();
	*place = hash_of(word);
}

/* The words of a part of memory that nobody can write to. */
static void learn_part(const char *at, size_t len)
{
	size_t begin = 0;
	bool text = true;

	for (size_t i = 0; i < len; i++) {
		if (is_separator(at[i])) {
			if (text)
				learn((struct piece){ at + begin, i - begin });
			begin = i + 1;
			text = true;
		} else if (at[i] < ' ' || at[i] > '~') {
			text = false;
		}
	}
}

static int learn_object(struct dl_phdr_info *info, size_t size, void *unused)
{
	(void)size;
	(void)unused;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type == PT_LOAD && part->p_flags & PF_R &&
		    !(part->p_flags & (PF_W | PF_X)))
			learn_part(
				(const char *)(info->dlpi_addr + part->p_vaddr),
				part->p_memsz);
	}
	return 0;
}

static bool is_own(struct piece word)
{
	if (!own_count)
		(void)dl_iterate_phdr(learn_object, NULL);
	return *place_of(hash_of(word)) != 0;
}

static bool holds(const char *name, struct piece word)
{
	return name && find((struct piece){ name, strlen(name) }, word);
}

static bool is_named(const struct cJSON *node, int which, struct piece word)
{
	if (!node)
		return false;
	if (which & NAMES_OF_FIELDS && holds(node->string, word))
		return true;
	if (which & NAMES_OF_ENTRIES && node->string &&
	    strcmp(node->string, "name") == 0 &&
	    holds(cJSON_GetStringValue(node), word))
		return true;
	for (node = node->child; node; node = node->next)
		if (is_named(node, which, word))
			return true;
	return false;
}

/* The names of a document, which the target reads in one piece or in two. */
static void read_names(void)
{
	const char *text[PIECES] = { input, input, input };
	size_t len[PIECES] = { input_len };

	if (strcmp(FUZZ_TARGET, "kubeconfig") == 0 && input_len) {
		len[0]--, text[0]++;
		len[1] = len[0] / 2, text[1] = text[0];
		len[2] = len[0] - len[1], text[2] = text[0] + len[1];
	}
	for (int i = 0; i < PIECES; i++)
		err_free(yaml_parse("", text[i], len[i], 0, &documents[i]));
	names_read = true;
}

static bool is_name(struct piece word)
{
	if (!may_quote())
		return false;
	if (!names_read)
		read_names();
	for (int i = 0; i < PIECES; i++)
		if (documents[i] &&
		    is_named(yaml_root(documents[i]), may_quote(), word))
			return true;
	return false;
}

/* Three bytes tell nothing, nor does the number of a line. */
static bool is_harmless(struct piece word)
{
	size_t digits = 0;

	while (digits < word.len && isdigit((unsigned char)word.at[digits]))
		digits++;
	return word.len < MIN_WORD || (digits == word.len && digits <= 6) ||
	       is_name(word) || is_own(word);
}

/*
 * Whether all words that the window at `at` has a part in are harmless. Up to
 * *seen they are known to be.
 */
static bool is_excused(const char *text, size_t at, size_t *seen)
{
	size_t begin = at, end;

	while (begin > *seen && !is_separator(text[begin - 1]))
		begin--;
	if (begin < *seen)
		begin = *seen;
	for (; begin < at + WINDOW; begin = end + 1) {
		for (end = begin; !is_separator(text[end]);)
			end++;
		if (!is_harmless((struct piece){ text + begin, end - begin }))
			return false;
		*seen = end;
		if (!text[end])
			break;
	}
	return true;
}

static size_t bit_of(const char *window)
{
	uint64_t bytes;

	memcpy(&bytes, window, WINDOW);
	return (size_t)((bytes * 11400714819323198485U) >> (64 - MAP_POWER));
}

/* The windows of the input: most of a message's are none of them. */
static bool may_be_fed(const char *window)
{
	if (!mapped) {
		memset(map, 0, sizeof(map));
		for (size_t i = 0; i + WINDOW <= input_len; i++) {
			size_t bit = bit_of(input + i);

			map[bit / 8] |= (unsigned char)(1U << bit % 8);
		}
		mapped = true;
	}
	return map[bit_of(window) / 8] >> bit_of(window) % 8 & 1;
}

static void look_through(const char *text)
{
	struct piece in = { input, input_len };
	size_t len = text ? strlen(text) : 0, seen = 0;

	for (size_t i = 0; i + WINDOW <= len; i++)
		if (i + WINDOW > seen && may_be_fed(text + i) &&
		    find(in, (struct piece){ text + i, WINDOW }) &&
		    !is_excused(text, i, &seen)) {
			echo_found(text);
			return;
		}
}

void echo_err_free(struct err *err)
{
	if (err && !(may_quote() & A_SERVERS_WORDS)) {
		look_through(err_message(err));
		look_through(err_hint_text(err));
		look_through(err_reason(err));
		looked_through++;
	}
	err_free(err);
}

__attribute__((weak)) void echo_found(const char *text)
{
	(void)fprintf(stderr, "echo: what was fed stands in: %s\n", text);
	abort();
}

static void say(void)
{
	(void)fprintf(stderr, "echo: %llu errors looked through\n",
		      looked_through);
}

void echo_input(const char *data, size_t size)
{
	input = data;
	input_len = size;
	names_read = false;
	mapped = false;
	for (int i = 0; i < PIECES; i++)
		yaml_doc_free(take_ptr(&documents[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool begun;

	if (!begun && atexit(say) == 0)
		begun = true;
	echo_input((const char *)data, size);
	return echo_target(data, size);
}
