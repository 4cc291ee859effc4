/*
 * What the server does to an object before it stores it: conversions,
 * defaults and validation, by kind.
 */
#ifndef PRACTICE_OBJECTS_H
#define PRACTICE_OBJECTS_H

#include "http.h"

/* Where a body came from: decoding errors differ, as the real server's do. */
enum body_source {
	BODY_FULL,	/* POST, PUT */
	BODY_APPLY,	/* server-side apply */
	BODY_MERGE,	/* merge and JSON patch: errors quote the object */
	BODY_STRATEGIC, /* errors quote the patch */
};

/*
 * Checks what decoding a typed object would refuse (base64 of a Secret, times
 * of a Lease), folds stringData into data, drops empty maps.
 */
bool object_decode(const struct kind *kind, cJSON *object,
		   enum body_source source, const char *raw,
		   struct reply *reply);

/* Unknown fields: a NULL result means none; otherwise ".path". */
char *object_unknown(const struct kind *kind, const cJSON *object);

/* Drops those unknown fields. */
void object_prune(const struct kind *kind, cJSON *object);

/* The status of a new object. */
cJSON *object_status(const struct kind *kind);

/* What follows from a change of the spec (annotations of a DaemonSet). */
void object_follow(const struct kind *kind, const cJSON *live, cJSON *object);

/* Sets what the server sets when a client does not. */
void object_default(const struct kind *kind, cJSON *object);

/* live is NULL on create. */
bool object_validate(const struct kind *kind, const char *name,
		     const cJSON *live, const cJSON *object,
		     struct reply *reply);

/* The part of it for Secrets. */
bool secret_validate(const struct kind *kind, const char *name,
		     const cJSON *live, const cJSON *object,
		     struct reply *reply);

bool object_name_valid(const struct kind *kind, const char *name,
		       struct reply *reply);

#endif
