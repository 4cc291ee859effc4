/*
 * Command-line options, in the syntax of kubectl (pflag):
 *
 *	--name=v  --name v  -nv  -n v  -n=v  -abc (flags that take no value)
 *
 * mixed with arguments in any order; "--" ends the options; '_' in a long name
 * is '-'; names are not abbreviated; a boolean takes a value only by "=". The
 * last one of several wins, but for lists.
 *
 * Options are pure data: tables of struct option, ended by a row without a
 * name. Parsing, help, completion and the reference are made from them.
 */
#ifndef KR_CLI_OPTION_H
#define KR_CLI_OPTION_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum option_type {
	OPTION_BOOL,	  /* bool */
	OPTION_BOOL_TEXT, /* const char *: "true" or "false" */
	OPTION_STRING,	  /* const char * */
	OPTION_SECRET,	  /* const char *, a copy; blanked in the arguments */
	OPTION_BARE,	  /* const char *; the value is optional, "" if none */
	OPTION_CHOICE,	  /* const char *, one of `choices` */
	OPTION_LIST,	  /* const char *const *, NULL-terminated */
	OPTION_INT,	  /* int, not negative */
	OPTION_DURATION,  /* int64_t: milliseconds; a bare number is seconds */
};

enum option_completion {
	COMPLETE_NOTHING,
	COMPLETE_FILE,
	COMPLETE_CONTEXT,
	COMPLETE_CLUSTER,
	COMPLETE_USER,
	COMPLETE_NAMESPACE,
	COMPLETE_SECRET,
	COMPLETE_ENTRY, /* of the Secret */
	COMPLETE_MANAGER,
	COMPLETE_WORKLOAD,
	COMPLETE_STORE_ENTRY,
	COMPLETE_ROTATION,
	COMPLETE_ENVIRONMENT, /* of keyrot.yaml */
};

struct option {
	const char *name; /* without "--"; NULL ends the table */
	char letter;	  /* 0 where there is none */
	enum option_type type;
	const char *metavar; /* NULL for booleans and choices */
	const char *help;
	size_t offset; /* of the destination in the structure parsed into */
	const char *const
		*choices; /* NULL-terminated; of others: for completion */
	enum option_completion completion;
	bool hidden;	 /* works, but is not shown */
	int least, most; /* of a number; 0: up to a million */
	/* Of a choice: what it stands for where none of them follows. */
	const char *bare;
};

/* Several tables, ended by NULL. */
typedef const struct option *const *option_tables;

/*
 * Parses the words argv[0..argc) into the structure at `base`, whose initial
 * contents are the defaults. Positional arguments go to args, which has room
 * for argc words, and their number to *out_n_args. With `stop_at_first` the
 * parser ends at the first positional argument; *out_used is the number of
 * words it took, that argument not counted.
 *
 * KR_EUSAGE with a suggestion. An error text quotes names of options, never
 * their values: a key may stand where a path was meant.
 *
 * Strings are borrowed from argv, but for OPTION_SECRET and lists, which
 * option_release() frees (also after a failure).
 */
struct option_parse {
	option_tables tables;
	void *base;
	int argc;
	char **argv;
	const char **args;
	bool stop_at_first;
};
KR_FALLIBLE option_parse(const struct option_parse *parse, int *out_n_args,
			 int *out_used);
void option_release(option_tables tables, void *base);

/*
 * The words that set what `base` has and `defaults` has not, as option_parse()
 * takes them; malloc'd each, appended to an array that is ended by NULL.
 * Secrets are left out: they go through `secret`.
 */
struct option_words {
	char **words;
	size_t count;
	bool failed; /* out of memory */
};
void option_words(option_tables tables, const void *base, const void *defaults,
		  struct option_words *out);
void option_words_add(struct option_words *words, const char *format, ...)
	KR_PRINTF(2, 3);
void option_words_release(struct option_words *words);

/* NULL where there is none. `len` bytes of name, '_' read as '-'. */
const struct option *option_find(option_tables tables, const char *name,
				 size_t len);
const struct option *option_find_letter(option_tables tables, char letter);

/* Whether the option must be followed by a value. */
bool option_needs_value(const struct option *option);

/* Whether a word may be quoted in an error: it looks like a name, not a key. */
bool option_may_quote(const char *word);

#endif
