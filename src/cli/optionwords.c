/* Options as the words that would set them again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/option.h"

void option_words_add(struct option_words *words, const char *format, ...)
{
	char **grown =
		reallocarray(words->words, words->count + 2, sizeof(*grown));
	va_list ap;
	char *text = NULL;

	if (!grown) {
		words->failed = true;
		return;
	}
	words->words = grown;
	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	va_end(ap);
	words->failed = words->failed || !text;
	grown[words->count] = text;
	words->count += text != NULL;
	grown[words->count] = NULL;
}

void option_words_release(struct option_words *words)
{
	for (size_t i = 0; i < words->count; i++)
		free(words->words[i]);
	free(words->words);
	memset(words, 0, sizeof(*words));
}

static void add_list(const struct option *o, const char *const *list,
		     struct option_words *out)
{
	for (; list && *list; list++)
		option_words_add(out, "--%s=%s", o->name, *list);
}

static void add(const struct option *o, const void *at, const void *before,
		struct option_words *out)
{
	switch (o->type) {
	case OPTION_BOOL:
		if (*(const bool *)at != *(const bool *)before)
			option_words_add(out, "--%s=%s", o->name,
					 *(const bool *)at ? "true" : "false");
		break;
	case OPTION_BOOL_TEXT:
	case OPTION_STRING:
	case OPTION_BARE:
	case OPTION_CHOICE:
		if (!str_equal(*(const char *const *)at,
			       *(const char *const *)before))
			option_words_add(out, "--%s=%s", o->name,
					 *(const char *const *)at);
		break;
	case OPTION_LIST:
		add_list(o, *(const char *const *const *)at, out);
		break;
	case OPTION_INT:
		if (*(const int *)at != *(const int *)before)
			option_words_add(out, "--%s=%d", o->name,
					 *(const int *)at);
		break;
	case OPTION_DURATION:
		if (*(const int64_t *)at != *(const int64_t *)before)
			option_words_add(out, "--%s=%lldms", o->name,
					 (long long)*(const int64_t *)at);
		break;
	case OPTION_SECRET:
		break;
	}
}

void option_words(option_tables tables, const void *base, const void *defaults,
		  struct option_words *out)
{
	for (; *tables; tables++) {
		/* A hidden one is another's other name. */
		for (const struct option *o = *tables; o->name; o++) {
			if (!o->hidden)
				add(o, (const char *)base + o->offset,
				    (const char *)defaults + o->offset, out);
		}
	}
}
