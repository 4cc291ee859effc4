#include "runbook/newest.h"

#include <stdio.h>

#include "base/json.h"
#include "base/str.h"
#include "runbook/journal.h"
#include "runbook/rotation.h"

struct given_up {
	const char *rotation;
	char by[ROTATION_LEN]; /* the roll-back; "": there is none */
};

/* Whether it came as far as to put another key there. */
static void visit(void *user, const char *id, const char *undone,
		  const struct cJSON *lines)
{
	struct given_up *g = user;
	const struct cJSON *line = json_first(lines);

	if (!str_same(undone, g->rotation))
		return;
	for (; line; line = json_next(line))
		if (str_same(json_member_str(line, "event"), "intent") &&
		    str_same(json_member_str(line, "step"), "apply"))
			(void)snprintf(g->by, sizeof(g->by), "%s", id);
}

static struct err *refuse(const struct store_meta *meta, const char *how,
			  const char *by)
{
	struct err *err = err_new(
		KR_EREFUSED,
		"the store's newest key (%.12s) was given up, %s%s; --from-store=%s takes it all the same",
		meta->fingerprint, how, by, meta->id);

	return err_hint(err_set_reason(err, "KeyRolledBack"),
			"kubectl keyrot generate");
}

KR_FALLIBLE newest_key(struct store *store, const char *service,
		       const struct kube_key_facts *facts,
		       struct store_meta *out)
{
	struct store_meta meta = { 0 };
	struct given_up given_up = { 0 };
	struct err *err = store_newest(store, &meta);

	if (err)
		return err;
	given_up.rotation = meta.rotation;
	err = journal_each(service, visit, &given_up);
	if (!err && *given_up.by)
		err = refuse(&meta, "by roll-back ", given_up.by);
	else if (!err && facts && facts->owned &&
		 str_same(facts->replaced, meta.fingerprint))
		err = refuse(&meta, "another took its place by ",
			     facts->rotation ? facts->rotation : "hand");
	if (err) {
		store_meta_release(&meta);
		return err;
	}
	*out = meta;
	return NULL;
}
