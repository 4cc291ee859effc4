/*
 * Error replies in the API server's structure (meta/v1 Status). Each sets the
 * reply and returns false, so that a check can end with it.
 */
#ifndef PRACTICE_STATUS_H
#define PRACTICE_STATUS_H

#include "http.h"

/* A Status with the given code, reason and message, and no details. */
bool status_plain(struct reply *reply, int code, const char *reason,
		  const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* With details {name, group, kind}; message is made by the caller. */
bool status_object(struct reply *reply, int code, const char *reason,
		   const struct kind *kind, const char *name,
		   const char *format, ...)
	__attribute__((format(printf, 6, 7)));

bool status_not_found(struct reply *reply, const struct kind *kind,
		      const char *name);
bool status_exists(struct reply *reply, const struct kind *kind,
		   const char *name);
/* The optimistic lock's 409. */
bool status_stale(struct reply *reply, const struct kind *kind,
		  const char *name);
bool status_bad_request(struct reply *reply, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* 422: one cause, "FIELD: detail". type is such as FieldValueInvalid. */
bool status_invalid(struct reply *reply, const struct kind *kind,
		    const char *name, const char *type, const char *field,
		    const char *format, ...)
	__attribute__((format(printf, 6, 7)));

/*
 * Causes of a 422, collected in an array; status_causes() consumes it and
 * returns true when it is empty.
 */
void cause_add(cJSON *causes, const char *type, const char *field,
	       const char *format, ...) __attribute__((format(printf, 4, 5)));
bool status_causes(struct reply *reply, const char *group, const char *kind,
		   const char *name, cJSON *take_causes);

/* A Status whose details are there but empty. */
bool status_bare(struct reply *reply, int code, const char *reason,
		 const char *message);

/* Replaces the reply's body by a Status; consumes take_details. */
void status_set(struct reply *reply, int code, const char *reason,
		const char *message, cJSON *take_details);

/* The Status as text, for a watch's ERROR event. */
char *status_text(int code, const char *reason, const char *message,
		  cJSON *take_details);

#endif
