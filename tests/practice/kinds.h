/*
 * The kinds that are served. Rows are fixed; kinds_add() takes further ones
 * from a scenario, as a CustomResourceDefinition would.
 */
#ifndef PRACTICE_KINDS_H
#define PRACTICE_KINDS_H

#include <stdbool.h>
#include <stddef.h>

enum kind_flag {
	KIND_NAMESPACED = 1,
	KIND_WORKLOAD = 2,	/* has a pod template, rolled by the loop */
	KIND_GENERATION = 4,	/* a change of spec bumps the generation */
	KIND_NEEDS_VERSION = 8, /* PUT without resourceVersion is refused */
	KIND_REVIEW = 16,	/* POST only, nothing is stored */
	KIND_ALIAS = 32,	/* another version of a stored kind */
	KIND_PUT_CREATES = 64,	/* PUT of a missing object makes it */
	KIND_SCALE = 128,	/* has a scale subresource */
	KIND_STATUS = 256,	/* has a status subresource */
};

struct kind {
	const char *group;
	const char *version;
	const char *resource;
	const char *name;
	const char *short_name;
	unsigned flags;
	char *api_version; /* made at the first use */
};

/* By group, version and resource ("", "v1", "secrets"); NULL if unknown. */
const struct kind *kind_find(const char *group, const char *version,
			     const char *resource);

/* By apiVersion and kind ("apps/v1", "Deployment"). */
const struct kind *kind_by_name(const char *api_version, const char *name);

/* The kind under which objects of an alias are kept; else itself. */
const struct kind *kind_stored(const struct kind *kind);

bool kind_group_known(const char *group, const char *version);
bool kind_is(const struct kind *kind, const char *name);

/* Position in the table, for iterating and for sorting. */
size_t kind_count(void);
const struct kind *kind_at(size_t index);
size_t kind_index(const struct kind *kind);

/* "v1", "apps/v1"; lives as long as the process. */
const char *kind_api_version(const struct kind *kind);

/* "secrets", "deployments.apps": as errors and kubectl name it. */
void kind_qualified(const struct kind *kind, char *out, size_t size);

/* Further kinds, before the server starts. False when there is no room. */
bool kind_add(const char *api_version, const char *resource, const char *name);

#endif
