#include "quota.h"

#include <stdlib.h>

#include "pods.h"

static long used_by(struct cluster *cl, const struct kind *kind, const char *ns)
{
	size_t count, first, i;
	long used = 0;

	first = store_range(cl, kind, ns, &count);
	for (i = first; i < first + count; i++)
		used += !kind_is(kind, "Pod") || !pod_finished(cl->objs[i]);
	return used;
}

/* The quota's number for the kind; NULL when it sets none. */
static const cJSON *hard_limit(const struct obj *quota, const struct kind *kind)
{
	const cJSON *hard = json_get(quota->json, "spec", "hard");
	const cJSON *limit = json_get(hard, kind->resource);
	char resource[128];
	char *counted;

	if (limit && !*kind->group)
		return limit;
	kind_qualified(kind, resource, sizeof(resource));
	counted = xasprintf("count/%s", resource);
	limit = json_get(hard, counted);
	free(counted);
	return limit;
}

char *quota_refusal(struct cluster *cl, const struct kind *kind, const char *ns,
		    const char *name)
{
	size_t count, first, i;

	first = store_range(cl, store_kind("v1", "ResourceQuota"), ns, &count);
	for (i = first; *ns && i < first + count; i++) {
		const cJSON *limit = hard_limit(cl->objs[i], kind);
		const char *text = json_string(limit);
		long most = text ? atol(text) : json_number(limit, 0);
		long used;

		if (!limit)
			continue;
		used = used_by(cl, kind, ns);
		if (used < most)
			continue;
		return xasprintf("%s \"%s\" is forbidden: exceeded quota: %s, "
				 "requested: %s=1, used: %s=%ld, limited: "
				 "%s=%ld",
				 kind->resource, name, cl->objs[i]->name,
				 kind->resource, kind->resource, used,
				 kind->resource, most);
	}
	return NULL;
}
