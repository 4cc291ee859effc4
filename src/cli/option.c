#include "cli/option.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"

#define MAX_NAMES 256

static bool same_name(const char *name, const char *typed, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = typed[i] == '_' ? '-' : typed[i];

		if (name[i] != c)
			return false;
	}
	return name[len] == '\0';
}

const struct option *option_find(option_tables tables, const char *name,
				 size_t len)
{
	for (; *tables; tables++)
		for (const struct option *o = *tables; o->name; o++)
			if (same_name(o->name, name, len))
				return o;
	return NULL;
}

const struct option *option_find_letter(option_tables tables, char letter)
{
	for (; *tables; tables++)
		for (const struct option *o = *tables; o->name; o++)
			if (o->letter && o->letter == letter)
				return o;
	return NULL;
}

bool option_needs_value(const struct option *option)
{
	return option->type != OPTION_BOOL &&
	       option->type != OPTION_BOOL_TEXT && option->type != OPTION_BARE;
}

bool option_may_quote(const char *word)
{
	size_t n = strlen(word);

	if (n == 0 || n > 24)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!islower((unsigned char)word[i]) && word[i] != '-')
			return false;
	return true;
}

/* As Go's strconv.ParseBool reads it. */
static bool parse_bool(const char *text, bool *out)
{
	static const char *const yes[] = {
		"1", "t", "T", "true", "TRUE", "True"
	};
	static const char *const no[] = { "0",	   "f",	    "F",
					  "false", "FALSE", "False" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
		if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
			*out = strcmp(text, yes[i]) == 0;
			return true;
		}
	}
	return false;
}

static KR_FALLIBLE set_choice(const struct option *o, const char **dest,
			      const char *value)
{
	kr_cleanup(buf_release) struct buf known = BUF_INIT(1024);
	const char *near;
	struct err *err;

	for (size_t i = 0; o->choices[i]; i++) {
		if (strcmp(o->choices[i], value) == 0) {
			*dest = o->choices[i];
			return NULL;
		}
		buf_printf(&known, i ? "|%s" : "%s", o->choices[i]);
	}
	if (option_may_quote(value))
		err = err_new(KR_EUSAGE, "--%s cannot be \"%s\": it is %s",
			      o->name, value, buf_str(&known));
	else
		err = err_new(KR_EUSAGE, "--%s is %s", o->name,
			      buf_str(&known));
	near = text_suggest(value, o->choices);
	if (near)
		return err_hint(err, "Did you mean --%s=%s?", o->name, near);
	return err;
}

static KR_FALLIBLE set_list(const struct option *o, const char *const **dest,
			    const char *value)
{
	const char *const *old = *dest;
	const char **grown;
	size_t n = 0;

	while (old && old[n])
		n++;
	grown = calloc(n + 2, sizeof(*grown));
	if (!grown)
		return err_new(KR_ENOMEM, "out of memory for --%s", o->name);
	if (n)
		memcpy(grown, old, n * sizeof(*grown));
	grown[n] = value;
	free((void *)(uintptr_t)old);
	*dest = grown;
	return NULL;
}

/* The copy is what is used; /proc/PID/cmdline shows stars from here on. */
static KR_FALLIBLE set_secret(const struct option *o, char **dest, char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return err_new(KR_ENOMEM, "out of memory for --%s", o->name);
	free(*dest);
	*dest = copy;
	memset(value, '*', strlen(value));
	return NULL;
}

static KR_FALLIBLE set_int(const struct option *o, int *dest, const char *value)
{
	const int most = o->most ? o->most : 1000000;
	char *end;
	long n;

	errno = 0;
	n = strtol(value, &end, 10);
	if (!isdigit((unsigned char)*value) || *end || errno || n < o->least ||
	    n > most)
		return err_new(KR_EUSAGE, "--%s wants a number from %d to %d",
			       o->name, o->least, most);
	*dest = (int)n;
	return NULL;
}

static KR_FALLIBLE set_value(const struct option *o, void *base, char *value)
{
	void *dest = (char *)base + o->offset;
	bool flag;
	int64_t ms;
	struct err *err;

	switch (o->type) {
	case OPTION_BOOL:
	case OPTION_BOOL_TEXT:
		if (!parse_bool(value, &flag))
			return err_new(KR_EUSAGE, "--%s is true or false",
				       o->name);
		if (o->type == OPTION_BOOL)
			*(bool *)dest = flag;
		else
			*(const char **)dest = flag ? "true" : "false";
		return NULL;
	case OPTION_STRING:
	case OPTION_BARE:
		*(const char **)dest = value;
		return NULL;
	case OPTION_SECRET:
		return set_secret(o, dest, value);
	case OPTION_CHOICE:
		return set_choice(o, dest, value);
	case OPTION_LIST:
		return set_list(o, dest, value);
	case OPTION_INT:
		return set_int(o, dest, value);
	case OPTION_DURATION:
		err = clock_parse_duration(value, true, &ms);
		if (err) {
			err_free(err);
			return err_new(KR_EUSAGE,
				       "--%s wants a duration, such as 90s, "
				       "5m or 1h30m",
				       o->name);
		}
		*(int64_t *)dest = ms;
		return NULL;
	}
	return NULL;
}

static KR_FALLIBLE unknown_name(const struct option_parse *p, const char *name,
				size_t len)
{
	const char *names[MAX_NAMES + 1] = { NULL };
	char typed[32];
	const char *near;
	struct err *err;
	size_t n = 0;

	for (option_tables t = p->tables; *t; t++)
		for (const struct option *o = *t; o->name && n < MAX_NAMES; o++)
			if (!o->hidden)
				names[n++] = o->name;
	if (len > sizeof(typed) - 1)
		return err_new(KR_EUSAGE, "unknown flag");
	memcpy(typed, name, len);
	typed[len] = '\0';
	for (size_t i = 0; i < len; i++)
		if (!isalpha((unsigned char)typed[i]) && typed[i] != '-' &&
		    typed[i] != '_')
			return err_new(KR_EUSAGE, "unknown flag");
	near = text_suggest(typed, names);
	err = err_new(KR_EUSAGE, "unknown flag: --%s", typed);
	if (near)
		return err_hint(err, "Did you mean --%s?", near);
	return err;
}

struct cursor {
	const struct option_parse *p;
	int at;
};

static KR_FALLIBLE next_value(struct cursor *c, const struct option *o,
			      char **out)
{
	if (c->at + 1 >= c->p->argc)
		return err_new(KR_EUSAGE, "flag needs an argument: --%s",
			       o->name);
	*out = c->p->argv[++c->at];
	return NULL;
}

/* kubectl's --dry-run: the word behind it is its value only if it is one. */
static bool stands_alone(const struct cursor *c, const struct option *o)
{
	const char *next =
		c->at + 1 < c->p->argc ? c->p->argv[c->at + 1] : NULL;

	if (!o->bare)
		return false;
	for (size_t i = 0; next && o->choices[i]; i++)
		if (strcmp(o->choices[i], next) == 0)
			return false;
	return true;
}

/* What an option without a value stands for, where it may have none. */
static char *bare_value(const struct option *o)
{
	static char yes[] = "true", nothing[] = "";

	return o->type == OPTION_BARE ? nothing : yes;
}

static KR_FALLIBLE parse_long(struct cursor *c, char *word)
{
	char *name = word + 2, *value = strchr(name, '=');
	size_t len = value ? (size_t)(value - name) : strlen(name);
	const struct option *o = option_find(c->p->tables, name, len);
	struct err *err;

	if (!o)
		return unknown_name(c->p, name, len);
	if (value) {
		value++;
	} else if (stands_alone(c, o)) {
		*(const char **)((char *)c->p->base + o->offset) = o->bare;
		return NULL;
	} else if (option_needs_value(o)) {
		err = next_value(c, o, &value);
		if (err)
			return err;
	} else {
		value = bare_value(o);
	}
	return set_value(o, c->p->base, value);
}

static KR_FALLIBLE parse_letters(struct cursor *c, char *word)
{
	struct err *err;

	for (char *at = word + 1; *at; at++) {
		const struct option *o = option_find_letter(c->p->tables, *at);
		char *value = at[1] == '=' ? at + 2 : at + 1;

		if (!o && isalnum((unsigned char)*at))
			return err_new(KR_EUSAGE, "unknown flag: -%c", *at);
		if (!o)
			return err_new(KR_EUSAGE, "unknown flag");
		if (!option_needs_value(o) && at[1] != '=') {
			err = set_value(o, c->p->base, bare_value(o));
			if (err)
				return err;
			continue;
		}
		if (!at[1]) {
			err = next_value(c, o, &value);
			if (err)
				return err;
		}
		return set_value(o, c->p->base, value);
	}
	return NULL;
}

KR_FALLIBLE option_parse(const struct option_parse *parse, int *out_n_args,
			 int *out_used)
{
	struct cursor c = { .p = parse };
	bool ended = false;
	int n = 0;

	for (; c.at < parse->argc; c.at++) {
		char *word = parse->argv[c.at];
		struct err *err = NULL;

		if (ended || word[0] != '-' || word[1] == '\0') {
			if (parse->stop_at_first)
				break;
			parse->args[n++] = word;
		} else if (strcmp(word, "--") == 0) {
			ended = true;
		} else if (word[1] == '-') {
			err = parse_long(&c, word);
		} else {
			err = parse_letters(&c, word);
		}
		if (err)
			return err;
	}
	*out_n_args = n;
	*out_used = c.at;
	return NULL;
}

void option_release(option_tables tables, void *base)
{
	for (; *tables; tables++) {
		for (const struct option *o = *tables; o->name; o++) {
			void **dest;

			if (o->type != OPTION_LIST && o->type != OPTION_SECRET)
				continue;
			dest = (void **)(void *)((char *)base + o->offset);
			free(*dest);
			*dest = NULL;
		}
	}
}
