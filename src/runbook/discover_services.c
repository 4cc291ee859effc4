/* Prometheus and Argo CD, by the objects that they leave in a cluster. */
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "runbook/discover_internal.h"

#define PROMETHEUS_PORT 9090
/* A cluster with more of them shows nothing by the rest. */
#define MAX_OBJECTS 10000
#define MAX_SHOWN   20

struct gathering {
	struct cJSON *into;
	size_t seen;
};

/* Services beside Prometheus that are called after it. */
static bool is_beside(const char *name)
{
	static const char *const words[] = {
		"exporter", "operator", "adapter",  "alertmanager",
		"metrics",  "gateway",	"operated", "blackbox",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strstr(name, words[i]))
			return true;
	return false;
}

/* The port that is called so, or is the usual one; else the only one. */
static long long port_of(const struct cJSON *service)
{
	const struct cJSON *ports = json_at(service, "spec.ports");
	const struct cJSON *port = json_first(ports);
	long long first = json_int(port, "port", 0);

	for (; port; port = json_next(port)) {
		const char *name = json_str_or(port, "name", "");
		long long number = json_int(port, "port", 0);

		if (number == PROMETHEUS_PORT || strcmp(name, "web") == 0 ||
		    text_starts_with(name, "http"))
			return number;
	}
	return json_length(ports) == 1 ? first : 0;
}

static KR_FALLIBLE is_more(struct gathering *g)
{
	if (++g->seen > MAX_OBJECTS)
		return err_new(KR_ECLUSTER, "there are more than %d",
			       MAX_OBJECTS);
	return NULL;
}

static struct err *take_service(void *user, const struct cJSON *item)
{
	struct gathering *g = user;
	const char *name = json_str_or(item, "metadata.name", "");
	const char *label = json_member_str(json_at(item, "metadata.labels"),
					    "app.kubernetes.io/name");
	bool labelled = label && strcmp(label, "prometheus") == 0;
	long long port = port_of(item);
	struct cJSON *found;

	if ((labelled || strstr(name, "prometheus")) && !is_beside(name) &&
	    port > 0 && json_length(g->into) < MAX_SHOWN) {
		found = json_append_object(g->into);
		json_set_str(found, "namespace",
			     json_str_or(item, "metadata.namespace", ""));
		json_set_str(found, "service", name);
		json_set_int(found, "port", port);
	}
	return is_more(g);
}

KR_FALLIBLE discover_prometheus(struct discover_look *look)
{
	struct gathering g = {
		.into = json_member_mut(look->seen, "prometheus"),
	};

	return kube_list(look->kube, "/api/v1/services", "", 0, take_service,
			 &g, NULL);
}

static struct err *take_application(void *user, const struct cJSON *item)
{
	struct gathering *g = user;
	const struct cJSON *automated =
		json_at(item, "spec.syncPolicy.automated");
	struct buf name = BUF_INIT(1024);
	struct cJSON *found;

	if (json_length(g->into) < MAX_SHOWN) {
		buf_printf(&name, "%s/%s",
			   json_str_or(item, "metadata.namespace", ""),
			   json_str_or(item, "metadata.name", ""));
		found = json_append_object(g->into);
		json_set_str(found, "application", buf_str(&name));
		json_set_str(found, "namespace",
			     json_str(item, "spec.destination.namespace"));
		json_set_bool(found, "selfHeal",
			      json_bool(automated, "selfHeal", false));
		buf_release(&name);
	}
	return is_more(g);
}

KR_FALLIBLE discover_argocd(struct discover_look *look)
{
	struct gathering g = {
		.into = json_member_mut(look->seen, "argocd"),
	};
	struct err *err =
		kube_list(look->kube, "/apis/argoproj.io/v1alpha1/applications",
			  "", 0, take_application, &g, NULL);

	/* The kind is not there: no Argo CD. */
	if (err_is(err, KR_ENOTFOUND)) {
		err_free(err);
		return NULL;
	}
	return err;
}
