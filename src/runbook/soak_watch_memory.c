/* What a watch must still know after the program was started again. */
#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "runbook/soak_watch_internal.h"

struct cJSON *soak_watch_memory(void *user)
{
	const struct soak_watch *watch = user;
	const struct kube_key_facts *f = &watch->facts;
	struct cJSON *memory = json_object();

	json_set_str(memory, "uid", f->uid);
	json_set_str(memory, "rotation", f->mark);
	json_set_str(memory, "fingerprint", f->fingerprint);
	json_set_str(memory, "owner", f->owner);
	json_set_bool(memory, "owned", f->owned);
	json_set_int(memory, "writtenMs", f->written_ms);
	json_set_int(memory, "begunMs", clock_wall_ms());
	json_set(memory, "restarts", json_copy(watch->restarts));
	return memory;
}

struct err *soak_watch_recall(void *user, const struct cJSON *memory)
{
	struct soak_watch *watch = user;
	struct kube_key_facts *f = &watch->facts;
	const struct cJSON *restarts = json_member(memory, "restarts");
	int64_t ago_ms;
	struct err *err = kube_key_facts_mark(f, json_str(memory, "rotation"));

	if (err)
		return err;
	if (!str_keep(&f->uid, json_str(memory, "uid")) ||
	    !str_keep(&f->fingerprint, json_str(memory, "fingerprint")) ||
	    !str_keep(&f->owner, json_str(memory, "owner")))
		return err_no_memory();
	f->owned = json_bool(memory, "owned", false);
	f->written_ms = json_int(memory, "writtenMs", 0);
	if (json_is_object(restarts)) {
		json_free(watch->restarts);
		watch->restarts = json_copy(restarts);
	}
	/* What was written while nobody looked is looked at now. */
	ago_ms = clock_wall_ms() - json_int(memory, "begunMs", 0);
	watch->looked_ms = clock_boot_ms() - (ago_ms > 0 ? ago_ms : 0);
	return NULL;
}
