/*
 * What may stand in a field of keyrot.yaml, in words and as a pattern: for the
 * manual page and the JSON Schema, which are made from the tables that read it.
 */
#ifndef KR_CLI_CONFIGFORM_H
#define KR_CLI_CONFIGFORM_H

#include "config/field.h"

struct configform {
	const char *word;    /* "a duration, such as 30s" */
	const char *pattern; /* of a string, for JSON Schema; NULL: any */
	bool is_list;	     /* of such strings */
	bool or_number;	     /* a number from 1 on will do, too */
	bool or_string;	     /* a list, or the word `auto` */
	const struct field *fields; /* a mapping; with a pattern: or a string */
};

struct configform configform_of(const struct field *field);

#endif
