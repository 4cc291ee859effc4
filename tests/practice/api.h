/*
 * The API itself. api_serve() answers one request; the rest of this header is
 * shared by the files that make it up.
 */
#ifndef PRACTICE_API_H
#define PRACTICE_API_H

#include "http.h"
#include "status.h"

enum { NAME_MAX_LEN = 254 };

/* What a resource path names. */
struct target {
	const struct kind *kind;  /* as addressed */
	const struct kind *store; /* where it is kept: differs for aliases */
	char ns[NAME_MAX_LEN];
	char name[NAME_MAX_LEN];
	char sub[NAME_MAX_LEN];
};

enum form {
	FORM_FULL,
	FORM_METADATA,
};

/* Answers a request; takes the cluster's lock itself. */
void api_serve(struct request *req, struct reply *reply);

/* False when the path is no resource path; reply is then set. */
bool target_parse(const char *path, struct target *out, struct reply *reply);

/* GET, LIST and WATCH; POST, PUT, PATCH and DELETE. Lock held. */
void api_get(struct request *req, const struct target *to, struct reply *reply);
void api_list(struct request *req, const struct target *to,
	      struct reply *reply);
void api_watch(struct request *req, const struct target *to,
	       struct reply *reply);
void api_write(struct request *req, const struct target *to,
	       struct reply *reply);
void api_delete(struct request *req, const struct target *to,
		struct reply *reply);
void api_review(struct request *req, const struct target *to,
		struct reply *reply);
void api_scale(struct request *req, const struct target *to,
	       struct reply *reply);

/* Waits without the lock, so it takes it itself. */
void api_log(struct request *req, const struct target *to, struct reply *reply);

/* /version, /readyz, /api, /apis…; false when the path is none of these. */
bool api_discovery(struct request *req, struct reply *reply);

bool api_openapi(struct request *req, struct reply *reply);

/* What the Accept header asks for; false after setting a 406. */
bool accept_form(const struct request *req, bool list, enum form *out,
		 struct reply *reply);

/* Appends an object as sent to a client. */
void render_object(struct buf *out, const struct kind *kind,
		   const cJSON *object, enum form form);
/* The same for a stored one (fast), and as a list's item. */
void render_stored(struct buf *out, const struct kind *kind,
		   const struct obj *obj, enum form form);
void render_item(struct buf *out, const struct kind *kind,
		 const struct obj *obj, enum form form);

/* Removes an object as the garbage collector and DELETE do. */
void object_remove(struct cluster *cl, struct obj *obj, bool orphan);

/* events.k8s.io/v1 to and from the stored core/v1 form, in place. */
void event_to_core(cJSON *event);
void event_from_core(cJSON *event);
bool event_validate(const struct target *to, const cJSON *event,
		    struct reply *reply);

#endif
