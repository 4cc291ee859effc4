/* What the controllers have in common: pods, owners, templates, conditions. */
#ifndef PRACTICE_PODS_H
#define PRACTICE_PODS_H

#include "store.h"
#include "util.h"

struct obj_list {
	struct obj **items;
	size_t len;
};

/* Objects of a kind whose controller is owner; free items only. */
struct obj_list owned_list(struct cluster *cl, const struct kind *kind,
			   const struct obj *owner);
void obj_list_release(struct obj_list *list);

/* The object's controller owner, or NULL. */
struct obj *owner_of(struct cluster *cl, const struct obj *obj);

/* A counter of a status: absent when 0. */
void count_put(cJSON *status, const char *name, long count);

bool pod_terminating(const struct obj *pod);
bool pod_ready(const struct obj *pod);
/* Ready for at least min_ready_s seconds. */
bool pod_available(const struct obj *pod, long min_ready_s);
bool pod_finished(const struct obj *pod);
bool condition_true(const cJSON *object, const char *type);

/*
 * Sets status.conditions[type]. The times move only when the status does (and
 * lastUpdateTime also with the reason).
 */
void condition_set(cJSON *status, const char *type, bool value,
		   const char *reason, const char *message);

/* Takes a condition away. */
void condition_drop(cJSON *status, const char *type);

/* Stores a controller's change if it is one. Consumes take_json. */
struct obj *controller_put(struct cluster *cl, struct obj *obj,
			   cJSON *take_json);
struct obj *controller_put_as(struct cluster *cl, struct obj *obj,
			      cJSON *take_json, const char *manager);

/* Makes an object owned by owner. Consumes take_json. */
struct obj *controller_create(struct cluster *cl, const struct kind *kind,
			      const struct obj *owner, const char *name,
			      cJSON *take_json);

/* A pod from a template; extra labels are added. */
struct obj *pod_create(struct cluster *cl, const struct obj *owner,
		       const char *name, const cJSON *template,
		       const cJSON *extra_labels, const char *node);

/* Marks a pod for deletion. */
void pod_delete(struct cluster *cl, struct obj *pod);

/* A hash of a pod template. */
void template_hash(const cJSON *template, char out[11]);

/* "25%" or 1, of total. */
long percent_of(const cJSON *value, long total, bool up);

/* A core/v1 Event about an object. */
void event_record(struct cluster *cl, const struct obj *about, const char *type,
		  const char *reason, const char *message,
		  const char *component);

/*
 * The ControllerRevision of a template: made when missing. Returns its name,
 * which lives as long as the object.
 */
const char *revision_of(struct cluster *cl, const struct obj *owner);
const struct obj *revision_find(struct cluster *cl, const struct obj *owner,
				const char *name);

#endif
