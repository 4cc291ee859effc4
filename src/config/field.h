/*
 * Reading a YAML mapping into a structure, by a table of its fields.
 *
 * Every field that is not in the table is an error with a suggestion, and so
 * is a value of another type. Error texts name fields, never values: whoever
 * writes a key into this file by mistake does not find it in a log, too.
 */
#ifndef KR_CONFIG_FIELD_H
#define KR_CONFIG_FIELD_H

#include <stddef.h>

#include "base/err.h"
#include "base/yaml.h"

struct cJSON;

struct field;

/* Reads `node` into `dest`; `doc` for the place in messages. */
typedef struct err *field_read(const struct yaml_doc *doc,
			       const struct cJSON *node, void *dest);

enum field_type {
	FIELD_STRING,	/* char * */
	FIELD_STRINGS,	/* char **, NULL-terminated; a list, not empty */
	FIELD_BOOL,	/* bool */
	FIELD_NUMBER,	/* double */
	FIELD_DURATION, /* int64_t, milliseconds */
	FIELD_CHOICE,	/* int: the index in `choices` */
	FIELD_MAPPING,	/* a structure of its own, by `fields` */
	FIELD_LIST,	/* an array of them: see struct field_array */
	FIELD_CUSTOM,	/* by `read` */
};

struct field {
	const char *name; /* NULL ends the table */
	enum field_type type;
	size_t offset;
	bool required;
	const char *const *choices; /* NULL-terminated */
	const struct field *fields;
	/* FIELD_LIST: size of an item, offset of the count, its defaults. */
	size_t item_size;
	size_t count_offset;
	void (*item_init)(void *item);
	field_read *read;
	void (*release)(void *dest); /* FIELD_CUSTOM; NULL: nothing owned */
	const char *help;	     /* for the schema */
};

KR_FALLIBLE fields_read(const struct yaml_doc *doc, const struct cJSON *node,
			const struct field *fields, void *base);

/* Frees what fields_read() allocated, also after a failure. */
void fields_release(const struct field *fields, void *base);

/* A copy of a string node; an error says what is expected of it. */
KR_FALLIBLE field_string(const struct yaml_doc *doc, const struct cJSON *node,
			 char **out);
KR_FALLIBLE field_strings(const struct yaml_doc *doc, const struct cJSON *node,
			  char ***out);
KR_FALLIBLE field_duration(const struct yaml_doc *doc, const struct cJSON *node,
			   int64_t *out);

/* Whether an unknown name may be quoted. */
bool field_may_quote(const char *name);

void strings_free(char **strings);
/* For FIELD_CUSTOM fields of these types. */
void field_release_string(void *dest);
void field_release_strings(void *dest);

#endif
