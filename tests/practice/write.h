/* Shared by the files that carry out POST, PUT and PATCH. */
#ifndef PRACTICE_WRITE_H
#define PRACTICE_WRITE_H

#include "api.h"
#include "managed.h"
#include "objects.h"

struct write {
	struct request *req;
	struct reply *reply;
	const struct target *to;
	enum form form;
	bool dry_run;
	bool strict;
	bool put;
	enum body_source source;
	struct writer by;
	char manager[512];
};

/* Reads the query; false after setting an error. */
bool write_begin(struct write *w, struct request *req, const struct target *to,
		 struct reply *reply);

/*
 * Store a new object, or a new state of a live one, after all checks. Both
 * consume take_object and set the reply. applied: managedFields are done.
 */
void write_create(struct write *w, cJSON *take_object, bool applied);
void write_update(struct write *w, struct obj *live, cJSON *take_object,
		  bool applied);

/* Parses the body, JSON or YAML by content type; NULL after an error. */
cJSON *write_body(struct write *w);

#endif
