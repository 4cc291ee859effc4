/* Autoscalers of consumers: they may change the number of pods meanwhile. */
#include "base/json.h"
#include "base/str.h"
#include "kube/consumers_internal.h"

KR_FALLIBLE consumers_keep_autoscaler(struct kube_consumers *c,
				      const struct cJSON *object)
{
	struct consumer_autoscaler *grown = reallocarray(
		c->autoscalers, c->autoscaler_count + 1, sizeof(*grown));
	struct consumer_autoscaler *a;

	if (!grown)
		return err_no_memory();
	c->autoscalers = grown;
	a = &grown[c->autoscaler_count++];
	*a = (struct consumer_autoscaler){ 0 };
	if (str_keep(&a->kind,
		     json_str_or(object, "spec.scaleTargetRef.kind", "")) &&
	    str_keep(&a->name,
		     json_str_or(object, "spec.scaleTargetRef.name", "")) &&
	    str_keep(&a->autoscaler, json_str_or(object, "metadata.name", "")))
		return NULL;
	return err_no_memory();
}

KR_FALLIBLE consumers_name_autoscalers(struct kube_consumers *c)
{
	for (size_t i = 0; i < c->autoscaler_count; i++) {
		const struct consumer_autoscaler *a = &c->autoscalers[i];
		struct consumer *consumer =
			kube_consumers_find(c, a->kind, a->name);

		if (consumer && !str_keep(&consumer->autoscaler, a->autoscaler))
			return err_no_memory();
	}
	return NULL;
}

void consumers_free_autoscalers(struct kube_consumers *c)
{
	for (size_t i = 0; i < c->autoscaler_count; i++) {
		free(c->autoscalers[i].kind);
		free(c->autoscalers[i].name);
		free(c->autoscalers[i].autoscaler);
	}
	free(c->autoscalers);
	c->autoscalers = NULL;
	c->autoscaler_count = 0;
}
