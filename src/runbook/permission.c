#include "runbook/permission.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"

#define ROTATE PERMIT_ROTATE
#define WRITE  (PERMIT_APPLY | PERMIT_ROTATE)
#define VERIFY (PERMIT_VERIFY | ROTATE)
#define LOOK   (PERMIT_STATUS | PERMIT_VERIFY | WRITE)
#define ALL    (PERMIT_CHECK | LOOK)

#define FIND	"consumers are not found"
#define FOLLOW	"rollouts are not followed"
#define RESTART "nothing is restarted"
#define ALONE	"rotate cannot keep others away"

const struct permission permissions[PERMISSIONS] = {
	{ "get", "", "secrets", "", true, ALL, "nothing works" },
	{ "patch", "", "secrets", "", true, WRITE, "apply does not work" },
	{ "list", "apps", "deployments", "", false, LOOK, FIND },
	{ "watch", "apps", "deployments", "", false, WRITE, FOLLOW },
	{ "patch", "apps", "deployments", "", false, WRITE, RESTART },
	{ "list", "apps", "statefulsets", "", false, LOOK, FIND },
	{ "watch", "apps", "statefulsets", "", false, WRITE, FOLLOW },
	{ "patch", "apps", "statefulsets", "", false, WRITE, RESTART },
	{ "list", "apps", "daemonsets", "", false, LOOK, FIND },
	{ "watch", "apps", "daemonsets", "", false, WRITE, FOLLOW },
	{ "patch", "apps", "daemonsets", "", false, WRITE, RESTART },
	{ "get", "", "pods", "", false, VERIFY,
	  "verify does not see restarts" },
	{ "list", "", "pods", "", false, LOOK,
	  "which key a pod runs is not known" },
	{ "watch", "", "pods", "", false, WRITE, FOLLOW },
	{ "get", "", "pods", "log", false, VERIFY, "verify does not work" },
	{ "get", "apps", "replicasets", "", false, 0,
	  "some pods cannot be told to belong to their Deployment" },
	{ "list", "batch", "cronjobs", "", false, 0,
	  "CronJobs that use the Secret are not named" },
	{ "list", "autoscaling", "horizontalpodautoscalers", "", false, 0,
	  "autoscalers are not named" },
	{ "list", "", "events", "", false, 0, "a failed rollout says less" },
	{ "get", "coordination.k8s.io", "leases", "", false, ROTATE, ALONE },
	{ "create", "coordination.k8s.io", "leases", "", false, ROTATE, ALONE },
	{ "update", "coordination.k8s.io", "leases", "", false, ROTATE, ALONE },
};

bool permission_same_rule(const struct permission *a,
			  const struct permission *b)
{
	return strcmp(a->group, b->group) == 0 &&
	       strcmp(a->resource, b->resource) == 0 &&
	       strcmp(a->subresource, b->subresource) == 0;
}

char *permission_review(const struct permission *permission, const char *ns,
			const char *name)
{
	kr_cleanup(json_freep) struct cJSON *review = json_object();
	struct cJSON *attributes;
	char *text = NULL;

	json_set_str(review, "apiVersion", "authorization.k8s.io/v1");
	json_set_str(review, "kind", "SelfSubjectAccessReview");
	attributes = json_add_object(json_add_object(review, "spec"),
				     "resourceAttributes");
	json_set_str(attributes, "namespace", ns);
	json_set_str(attributes, "verb", permission->verb);
	json_set_str(attributes, "group", permission->group);
	json_set_str(attributes, "resource", permission->resource);
	if (*permission->subresource)
		json_set_str(attributes, "subresource",
			     permission->subresource);
	if (name)
		json_set_str(attributes, "name", name);
	err_free(json_print(review, &text));
	return text;
}

static struct cJSON *add_list(struct cJSON *rule, const char *name,
			      const char *first)
{
	struct cJSON *list = json_add_array(rule, name);

	json_append_str(list, first);
	return list;
}

static struct cJSON *add_rule(const struct permission *p, const char *secret,
			      struct cJSON *rules)
{
	struct cJSON *rule = json_append_object(rules);
	char resource[64];

	if (*p->subresource)
		snprintf(resource, sizeof(resource), "%s/%s", p->resource,
			 p->subresource);
	else
		snprintf(resource, sizeof(resource), "%s", p->resource);
	add_list(rule, "apiGroups", p->group);
	add_list(rule, "resources", resource);
	if (p->named)
		add_list(rule, "resourceNames", secret);
	return add_list(rule, "verbs", p->verb);
}

void permission_rules(unsigned uses, const char *secret, struct cJSON *rules)
{
	const struct permission *open = NULL;
	struct cJSON *verbs = NULL;

	for (size_t i = 0; i < PERMISSIONS; i++) {
		const struct permission *p = &permissions[i];

		if (!(p->needed_by & uses))
			continue;
		if (open && permission_same_rule(open, p))
			json_append_str(verbs, p->verb);
		else
			verbs = add_rule(p, secret, rules);
		open = p;
	}
}
