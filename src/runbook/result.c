#include "runbook/result.h"

#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/json.h"
#include "base/text.h"

#define TEXT_MAX_BYTES (16 * 1024 * 1024)

void result_init(struct result *result, const char *kind)
{
	struct cJSON *document = json_object();

	json_set_str(document, "apiVersion", "keyrot.dev/v1");
	json_set_str(document, "kind", kind);
	json_set_null(document, "outcome");
	json_set_null(document, "exitCode");
	json_set_null(document, "reason");
	json_set_null(document, "message");
	json_set_null(document, "rotation");
	json_set_null(document, "store");
	json_add_array(document, "targets");
	json_add_array(document, "warnings");
	json_add_array(document, "next");
	*result = (struct result){ .document = document,
				   .text = BUF_INIT(TEXT_MAX_BYTES) };
}

void result_release(struct result *result)
{
	json_free(result->document);
	buf_release(&result->text);
	*result = (struct result){ 0 };
}

void result_put_str(struct cJSON *object, const char *name, const char *value)
{
	json_put(object, name,
		 value ? cJSON_CreateString(value) : cJSON_CreateNull());
}

void result_put_int(struct cJSON *object, const char *name, long long value)
{
	json_put(object, name, cJSON_CreateNumber((double)value));
}

void result_put_bool(struct cJSON *object, const char *name, bool value)
{
	json_put(object, name, cJSON_CreateBool(value));
}

void result_set_rotation(struct result *result, const char *id)
{
	result_put_str(result->document, "rotation", id);
}

void result_set_store(struct result *result, const struct result_store *store)
{
	struct cJSON *object = json_object();

	json_set_str(object, "type", store->type);
	json_set_str(object, "where", store->where);
	json_set_str(object, "entry", store->entry);
	json_set_str(object, "previousEntry", store->previous_entry);
	json_set_bool(object, "proved", store->proved);
	json_put(result->document, "store", object);
}

struct cJSON *result_add_target(struct result *result,
				const struct result_target *target)
{
	struct cJSON *object = json_append_object(
		json_member_mut(result->document, "targets"));

	json_set_str(object, "context", target->context);
	json_set_str(object, "cluster", target->cluster);
	json_set_str(object, "namespace", target->namespace_);
	json_set_str(object, "secret", target->secret);
	json_set_str(object, "entry", target->entry);
	json_set_null(object, "fingerprint");
	json_set_null(object, "previousFingerprint");
	json_set_null(object, "changed");
	json_set_null(object, "resourceVersion");
	json_set_null(object, "state");
	json_add_array(object, "consumers");
	return object;
}

void result_take(struct result *result, struct result *from)
{
	static const char *const lists[] = { "targets", "warnings" };

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		struct cJSON *to = json_member_mut(result->document, lists[i]);
		struct cJSON *list = json_member_mut(from->document, lists[i]);

		while (json_length(list) > 0)
			json_append(to, cJSON_DetachItemFromArray(list, 0));
	}
}

void result_put_keyring(struct cJSON *target, const char *current,
			const char *next, const char *previous)
{
	struct cJSON *ring = json_object();

	json_set_str(ring, "current", current && *current ? current : NULL);
	json_set_str(ring, "next", next && *next ? next : NULL);
	json_set_str(ring, "previous", previous && *previous ? previous : NULL);
	json_put(target, "keyring", ring);
}

struct cJSON *result_add_consumer(struct cJSON *target, const char *kind,
				  const char *name)
{
	struct cJSON *object =
		json_append_object(json_member_mut(target, "consumers"));

	json_set_str(object, "kind", kind);
	json_set_str(object, "name", name);
	json_set_null(object, "restarted");
	json_set_null(object, "desired");
	json_set_null(object, "updated");
	json_set_null(object, "ready");
	json_set_null(object, "old");
	json_add_array(object, "pods");
	return object;
}

void result_put_counts(struct cJSON *consumer,
		       const struct result_counts *counts)
{
	result_put_int(consumer, "desired", counts->desired);
	result_put_int(consumer, "updated", counts->updated);
	result_put_int(consumer, "ready", counts->ready);
	result_put_int(consumer, "old", counts->old);
}

void result_add_pod(struct cJSON *consumer, const char *name,
		    const char *fingerprint, bool ready)
{
	struct cJSON *pod =
		json_append_object(json_member_mut(consumer, "pods"));

	json_set_str(pod, "name", name);
	json_set_str(pod, "fingerprint", fingerprint);
	json_set_bool(pod, "ready", ready);
}

KR_PRINTF(3, 0)
static void append_text(struct result *result, const char *list,
			const char *format, va_list ap)
{
	char *text = NULL;

	if (vasprintf(&text, format, ap) < 0)
		return;
	json_append_str(json_member_mut(result->document, list), text);
	free(text);
}

void result_warn(struct result *result, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	append_text(result, "warnings", format, ap);
	va_end(ap);
}

bool result_has_warning(const struct result *result, const char *text)
{
	const struct cJSON *w =
		json_first(json_member(result->document, "warnings"));

	for (; w; w = json_next(w)) {
		if (json_text(w) && strcmp(json_text(w), text) == 0)
			return true;
	}
	return false;
}

void result_next(struct result *result, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	append_text(result, "next", format, ap);
	va_end(ap);
}

const char *result_outcome(const struct err *err)
{
	if (!err)
		return "done";
	switch (err_exit_code(err)) {
	case 2: /* nothing was tried */
	case 3:
		return "refused";
	case 130:
		return "interrupted";
	default:
		return err_is(err, KR_EHELD) ? "refused" : "failed";
	}
}

int result_finish(struct result *result, const struct err *err)
{
	struct cJSON *document = result->document;
	const char *hint = err ? err_hint_text(err) : NULL;
	int code = err_exit_code(err);

	result_put_str(document, "outcome", result_outcome(err));
	result_put_int(document, "exitCode", code);
	result_put_str(document, "reason", err ? err_reason(err) : NULL);
	result_put_str(document, "message", err ? err_message(err) : NULL);
	/* `next` holds commands to type; a sentence stands beside it. */
	if (hint && text_starts_with(hint, "kubectl "))
		(void)cJSON_InsertItemInArray(json_member_mut(document, "next"),
					      0, cJSON_CreateString(hint));
	else if (hint)
		json_set_str(document, "hint", hint);
	return code;
}
