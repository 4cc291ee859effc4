#include "kube/path.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"

static const struct kube_kind_info kinds[KIND_COUNT] = {
	[KIND_SECRET] = { "Secret", "", "v1", "secrets", "secret", NULL },
	[KIND_POD] = { "Pod", "", "v1", "pods", "pod", "po" },
	[KIND_NAMESPACE] = { "Namespace", "", "v1", "namespaces", "namespace",
			     "ns" },
	[KIND_EVENT] = { "Event", "", "v1", "events", "event", "ev" },
	[KIND_DEPLOYMENT] = { "Deployment", "apps", "v1", "deployments",
			      "deployment", "deploy" },
	[KIND_REPLICASET] = { "ReplicaSet", "apps", "v1", "replicasets",
			      "replicaset", "rs" },
	[KIND_STATEFULSET] = { "StatefulSet", "apps", "v1", "statefulsets",
			       "statefulset", "sts" },
	[KIND_DAEMONSET] = { "DaemonSet", "apps", "v1", "daemonsets",
			     "daemonset", "ds" },
	[KIND_CONTROLLERREVISION] = { "ControllerRevision", "apps", "v1",
				      "controllerrevisions",
				      "controllerrevision", NULL },
	[KIND_JOB] = { "Job", "batch", "v1", "jobs", "job", NULL },
	[KIND_CRONJOB] = { "CronJob", "batch", "v1", "cronjobs", "cronjob",
			   "cj" },
	[KIND_HPA] = { "HorizontalPodAutoscaler", "autoscaling", "v1",
		       "horizontalpodautoscalers", "horizontalpodautoscaler",
		       "hpa" },
	[KIND_PDB] = { "PodDisruptionBudget", "policy", "v1",
		       "poddisruptionbudgets", "poddisruptionbudget", "pdb" },
	[KIND_LEASE] = { "Lease", "coordination.k8s.io", "v1", "leases",
			 "lease", NULL },
};

const struct kube_kind_info *kube_kind_info(enum kube_kind kind)
{
	return &kinds[kind];
}

static bool same(const char *text, size_t len, const char *name)
{
	return name && strlen(name) == len && strncasecmp(text, name, len) == 0;
}

bool kube_kind_parse(const char *text, size_t len, enum kube_kind *out)
{
	/* "deployment.apps" and "deployments.apps" name the group too. */
	size_t bare = 0;

	while (bare < len && text[bare] != '.')
		bare++;
	for (int i = 0; i < KIND_COUNT; i++) {
		if (!same(text, bare, kinds[i].plural) &&
		    !same(text, bare, kinds[i].singular) &&
		    !same(text, bare, kinds[i].short_))
			continue;
		if (bare < len &&
		    !same(text + bare + 1, len - bare - 1, kinds[i].group))
			return false;
		*out = (enum kube_kind)i;
		return true;
	}
	return false;
}

char *kube_path_sub(enum kube_kind kind, const char *ns, const char *name,
		    const char *subresource, const char *query)
{
	const struct kube_kind_info *info = &kinds[kind];
	struct buf path = BUF_INIT(4096);

	if (*info->group)
		buf_printf(&path, "/apis/%s/%s", info->group, info->version);
	else
		buf_printf(&path, "/api/%s", info->version);
	if (ns) {
		buf_puts(&path, "/namespaces/");
		buf_url(&path, ns);
	}
	buf_printf(&path, "/%s", info->plural);
	if (name) {
		buf_putc(&path, '/');
		buf_url(&path, name);
	}
	if (subresource)
		buf_printf(&path, "/%s", subresource);
	if (query && *query)
		buf_printf(&path, "?%s", query);
	return buf_take(&path);
}

char *kube_path(enum kube_kind kind, const char *ns, const char *name)
{
	return kube_path_sub(kind, ns, name, NULL, NULL);
}

static bool is_lower_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool kube_name_is_valid(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > 253)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool edge = i == 0 || i == len - 1 || name[i - 1] == '.' ||
			    name[i + 1] == '.';

		if (is_lower_alnum(name[i]))
			continue;
		if (edge || (name[i] != '-' && name[i] != '.'))
			return false;
	}
	return true;
}

bool kube_entry_is_valid(const char *entry)
{
	size_t len = strlen(entry);

	if (len == 0 || len > 253 || strcmp(entry, ".") == 0 ||
	    strncmp(entry, "..", 2) == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)entry[i]) &&
		    !strchr("-._", entry[i]))
			return false;
	}
	return true;
}
