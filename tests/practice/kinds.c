#include "kinds.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

#define NS   KIND_NAMESPACED
#define ROLL (KIND_NAMESPACED | KIND_WORKLOAD | KIND_GENERATION)

enum { KINDS_MAX = 64 };

static struct kind kinds[KINDS_MAX] = {
	{ "", "v1", "namespaces", "Namespace", "ns", 0, NULL },
	{ "", "v1", "nodes", "Node", "no", 0, NULL },
	{ "", "v1", "secrets", "Secret", "", NS, NULL },
	{ "", "v1", "configmaps", "ConfigMap", "cm", NS, NULL },
	{ "", "v1", "pods", "Pod", "po", NS | KIND_GENERATION, NULL },
	{ "", "v1", "events", "Event", "ev", NS, NULL },
	{ "", "v1", "services", "Service", "svc", NS, NULL },
	{ "", "v1", "serviceaccounts", "ServiceAccount", "sa", NS, NULL },
	{ "", "v1", "resourcequotas", "ResourceQuota", "quota",
	  NS | KIND_STATUS, NULL },
	{ "apps", "v1", "deployments", "Deployment", "deploy",
	  ROLL | KIND_SCALE, NULL },
	{ "apps", "v1", "replicasets", "ReplicaSet", "rs", ROLL | KIND_SCALE,
	  NULL },
	{ "apps", "v1", "statefulsets", "StatefulSet", "sts", ROLL | KIND_SCALE,
	  NULL },
	{ "apps", "v1", "daemonsets", "DaemonSet", "ds", ROLL, NULL },
	{ "apps", "v1", "controllerrevisions", "ControllerRevision", "", NS,
	  NULL },
	{ "batch", "v1", "jobs", "Job", "", ROLL, NULL },
	{ "batch", "v1", "cronjobs", "CronJob", "cj", NS | KIND_GENERATION,
	  NULL },
	{ "autoscaling", "v2", "horizontalpodautoscalers",
	  "HorizontalPodAutoscaler", "hpa", NS, NULL },
	{ "autoscaling", "v1", "horizontalpodautoscalers",
	  "HorizontalPodAutoscaler", "hpa", NS | KIND_ALIAS, NULL },
	{ "policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", "pdb",
	  NS | KIND_GENERATION, NULL },
	{ "coordination.k8s.io", "v1", "leases", "Lease", "",
	  NS | KIND_NEEDS_VERSION | KIND_PUT_CREATES, NULL },
	{ "events.k8s.io", "v1", "events", "Event", "ev", NS | KIND_ALIAS,
	  NULL },
	{ "rbac.authorization.k8s.io", "v1", "roles", "Role", "", NS, NULL },
	{ "rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", "",
	  NS, NULL },
	{ "authorization.k8s.io", "v1", "selfsubjectaccessreviews",
	  "SelfSubjectAccessReview", "", KIND_REVIEW, NULL },
	{ "authorization.k8s.io", "v1", "selfsubjectrulesreviews",
	  "SelfSubjectRulesReview", "", KIND_REVIEW, NULL },
	{ "authentication.k8s.io", "v1", "selfsubjectreviews",
	  "SelfSubjectReview", "", KIND_REVIEW, NULL },
};

static size_t kinds_used;
static pthread_once_t counted = PTHREAD_ONCE_INIT;

static void name_version(struct kind *kind)
{
	kind->api_version =
		*kind->group ? xasprintf("%s/%s", kind->group, kind->version)
			     : xstrdup(kind->version);
}

static void count_fixed(void)
{
	size_t n;

	for (n = 0; n < KINDS_MAX && kinds[n].resource; n++)
		name_version(&kinds[n]);
	kinds_used = n;
}

size_t kind_count(void)
{
	pthread_once(&counted, count_fixed);
	return __atomic_load_n(&kinds_used, __ATOMIC_ACQUIRE);
}

const struct kind *kind_at(size_t index)
{
	return &kinds[index];
}

size_t kind_index(const struct kind *kind)
{
	return (size_t)(kind - kinds);
}

const struct kind *kind_find(const char *group, const char *version,
			     const char *resource)
{
	size_t i;

	for (i = 0; i < kind_count(); i++)
		if (str_eq(kinds[i].group, group) &&
		    str_eq(kinds[i].version, version) &&
		    str_eq(kinds[i].resource, resource))
			return &kinds[i];
	return NULL;
}

const struct kind *kind_by_name(const char *api_version, const char *name)
{
	size_t i;

	for (i = 0; i < kind_count(); i++)
		if (str_eq(kinds[i].name, name) &&
		    str_eq(kind_api_version(&kinds[i]), api_version))
			return &kinds[i];
	return NULL;
}

bool kind_group_known(const char *group, const char *version)
{
	size_t i;

	for (i = 0; i < kind_count(); i++)
		if (str_eq(kinds[i].group, group) &&
		    (!version || str_eq(kinds[i].version, version)))
			return true;
	return false;
}

const struct kind *kind_stored(const struct kind *kind)
{
	if (!kind || !(kind->flags & KIND_ALIAS))
		return kind;
	if (kind_is(kind, "Event"))
		return kind_find("", "v1", kind->resource);
	return kind_find(kind->group, "v2", kind->resource);
}

bool kind_is(const struct kind *kind, const char *name)
{
	return kind && strcmp(kind->name, name) == 0;
}

const char *kind_api_version(const struct kind *kind)
{
	pthread_once(&counted, count_fixed);
	return kind->api_version;
}

void kind_qualified(const struct kind *kind, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s", kind->resource, *kind->group ? "." : "",
		 kind->group);
}

bool kind_add(const char *api_version, const char *resource, const char *name)
{
	const char *slash = strchr(api_version, '/');
	size_t n = kind_count();

	if (n + 1 >= KINDS_MAX)
		return false;
	kinds[n].group =
		slash ? xstrndup(api_version, (size_t)(slash - api_version))
		      : "";
	kinds[n].version = xstrdup(slash ? slash + 1 : api_version);
	kinds[n].resource = xstrdup(resource);
	kinds[n].name = xstrdup(name);
	kinds[n].short_name = "";
	kinds[n].flags = NS | KIND_GENERATION;
	name_version(&kinds[n]);
	__atomic_store_n(&kinds_used, n + 1, __ATOMIC_RELEASE);
	return true;
}
