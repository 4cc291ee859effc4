/* One workload: what is kept of it. */
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "kube/annotations.h"
#include "kube/consumers_internal.h"

#define MESSAGE_MAX 300

static const struct cJSON *template_of(enum kube_kind kind,
				       const struct cJSON *object)
{
	return json_at(object, kind == KIND_CRONJOB
				       ? "spec.jobTemplate.spec.template"
				       : "spec.template");
}

static struct err *read_template(struct consumer_state *state,
				 const struct cJSON *template_,
				 const struct kube_target *target)
{
	char name[KUBE_NOTE_LEN];
	struct err *err;
	bool ok;

	err = kube_note_on_pod(NOTE_ROTATION, target->secret, target->entry,
			       name);
	if (err)
		return err;
	ok = str_keep(&state->template_rotation,
		      kube_annotation(template_, name));
	err = kube_note_on_pod(NOTE_FINGERPRINT, target->secret, target->entry,
			       name);
	if (err)
		return err;
	ok &= str_keep(&state->template_fingerprint,
		       kube_annotation(template_, name));
	return ok ? NULL : err_no_memory();
}

static int count_of(const struct cJSON *object, const char *path, int otherwise)
{
	long long n = json_int(object, path, otherwise);

	return n < 0 ? 0 : n > INT32_MAX ? INT32_MAX : (int)n;
}

static void read_counts(enum kube_kind kind, const struct cJSON *o,
			struct consumer_state *s)
{
	if (kind == KIND_DAEMONSET) {
		s->desired = count_of(o, "status.desiredNumberScheduled", 0);
		s->replicas = count_of(o, "status.currentNumberScheduled", 0);
		s->updated = count_of(o, "status.updatedNumberScheduled", 0);
		s->ready = count_of(o, "status.numberReady", 0);
		s->available = count_of(o, "status.numberAvailable", 0);
		return;
	}
	s->desired = count_of(o, "spec.replicas", 1);
	s->replicas = count_of(o, "status.replicas", 0);
	s->updated = count_of(o, "status.updatedReplicas", 0);
	s->ready = count_of(o, "status.readyReplicas", 0);
	s->available = count_of(o, "status.availableReplicas", 0);
}

static enum consumer_strategy strategy_of(enum kube_kind kind,
					  const struct cJSON *object)
{
	const char *type = json_str_or(object,
				       kind == KIND_DEPLOYMENT
					       ? "spec.strategy.type"
					       : "spec.updateStrategy.type",
				       "RollingUpdate");

	if (strcmp(type, "Recreate") == 0)
		return STRATEGY_RECREATE;
	if (strcmp(type, "OnDelete") == 0)
		return STRATEGY_ON_DELETE;
	return STRATEGY_ROLLING;
}

/* Deployment conditions (apps/v1): Progressing and ReplicaFailure. */
static struct err *read_conditions(const struct cJSON *object,
				   struct consumer_state *state)
{
	const struct cJSON *c =
		json_first(json_at(object, "status.conditions"));
	bool ok = true;

	for (; c; c = json_next(c)) {
		const char *type = json_str_or(c, "type", "");
		const char *reason = json_str_or(c, "reason", "");
		const char *message = json_str_or(c, "message", "");

		if (strcmp(type, "Progressing") == 0 &&
		    strcmp(reason, "ProgressDeadlineExceeded") == 0)
			state->deadline_exceeded = true;
		if (strcmp(type, "ReplicaFailure") != 0 ||
		    strcmp(json_str_or(c, "status", ""), "True") != 0)
			continue;
		ok &= str_keep(&state->failure_reason,
			       *reason ? reason : "ReplicaFailure");
		free(state->failure_message);
		state->failure_message =
			text_clean(message, strlen(message), MESSAGE_MAX);
		ok &= state->failure_message != NULL;
	}
	return ok ? NULL : err_no_memory();
}

KR_FALLIBLE consumer_state_read(enum kube_kind kind, const struct cJSON *object,
				const struct kube_target *target,
				struct consumer_state *out)
{
	struct consumer_state state = {
		.generation = json_int(object, "metadata.generation", 0),
		.observed_generation =
			json_int(object, "status.observedGeneration", 0),
		.paused = json_bool(object, "spec.paused", false),
		.strategy = strategy_of(kind, object),
		.partition = count_of(
			object, "spec.updateStrategy.rollingUpdate.partition",
			0),
	};
	struct err *err;

	read_counts(kind, object, &state);
	err = read_conditions(object, &state);
	if (!err)
		err = read_template(&state, template_of(kind, object), target);
	if (err) {
		consumer_state_release(&state);
		return err;
	}
	*out = state;
	return NULL;
}

void consumer_state_release(struct consumer_state *state)
{
	free(state->failure_reason);
	free(state->failure_message);
	free(state->template_rotation);
	free(state->template_fingerprint);
	*state = (struct consumer_state){ 0 };
}

KR_FALLIBLE consumer_read(enum kube_kind kind, const struct cJSON *object,
			  const struct kube_target *target,
			  struct consumer *out)
{
	const struct cJSON *template_ = template_of(kind, object);
	struct consumer consumer = {
		.kube_kind = kind,
		.role = kind == KIND_CRONJOB ? CONSUMER_NEXT_START
					     : CONSUMER_RESTARTED,
		.suspended = json_bool(object, "spec.suspend", false),
	};
	struct err *err;

	err = kube_use_read(json_member(template_, "spec"), target->secret,
			    target->entry, target->keyring, &consumer.use);
	if (!err)
		err = consumer_state_read(kind, object, target,
					  &consumer.state);
	if (!err && kind != KIND_CRONJOB)
		err = kube_selector_read(json_at(object, "spec.selector"),
					 &consumer.selector);
	if (!err &&
	    (!str_keep(&consumer.kind, kube_kind_info(kind)->kind) ||
	     !str_keep(&consumer.name,
		       json_str_or(object, "metadata.name", "")) ||
	     !str_keep(&consumer.uid, json_str_or(object, "metadata.uid", ""))))
		err = err_no_memory();
	if (err) {
		consumer_release(&consumer);
		return err;
	}
	*out = consumer;
	return NULL;
}

void consumer_release(struct consumer *consumer)
{
	free(consumer->kind);
	free(consumer->name);
	free(consumer->uid);
	free(consumer->autoscaler);
	kube_use_release(&consumer->use);
	kube_selector_release(&consumer->selector);
	consumer_state_release(&consumer->state);
	*consumer = (struct consumer){ 0 };
}

bool consumer_takes_part(const struct consumer *consumer)
{
	return consumer->role == CONSUMER_RESTARTED && !consumer->left_out &&
	       (consumer->use.entry_how || consumer->named);
}
