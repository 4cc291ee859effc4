#include "cli/rotateend.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "config/config.h"
#include "runbook/review.h"

/* The rotation whose key failed a gate: a promotion finds one there already. */
static const char *rotation_to_undo(const struct rotation *rotation,
				    const struct err *err)
{
	const struct rotate_env *env = rotation->failed_in;
	const struct kube_secret *s;

	if (!env || !env->count || !err_is(err, KR_EGATE) ||
	    rotation_carried_key(rotation))
		return rotation->id;
	s = env->targets[0].run.secret;
	return s && s->facts.owned && s->facts.rotation &&
			       rotation_is_valid(s->facts.rotation)
		       ? s->facts.rotation
		       : rotation->id;
}

void rotateend_next(const struct rotation *rotation, struct result *result,
		    const struct err *err)
{
	if (!err)
		result_next(result, "kubectl keyrot status");
	if (!err && rotation->options.config->secret.mode == MODE_KEYRING &&
	    !rotation->options.retires)
		result_next(result, "kubectl keyrot retire");
	/* What has not begun is neither gone on with nor undone. */
	if (!err || !(rotation->begun || rotation->resumed) ||
	    strcmp(err_reason(err), "RotationOvertaken") == 0)
		return;
	if (rotation->options.retires) {
		result_next(result, "kubectl keyrot retire");
		return;
	}
	result_next(result, "kubectl keyrot resume %s", rotation->id);
	/* Its key runs somewhere, and the store has damaged it. */
	if (strcmp(err_reason(err), "Mismatch") == 0 &&
	    rotation_carried_key(rotation))
		result_next(result, "kubectl keyrot rotate --new");
	if (!*rotation->undone)
		result_next(result, "kubectl keyrot rollback %s",
			    rotation_to_undo(rotation, err));
}

void rotateend_review(struct rotation *rotation, struct result *result,
		      const struct err *err)
{
	const struct reporter *r = rotation->options.reporter;
	kr_cleanup(str_freep) char *path = NULL;
	kr_cleanup(str_freep) char *text = NULL;
	struct err *unwritten;

	if (!rotation->begun || !(*rotation->undone || err_is(err, KR_EGATE) ||
				  err_is(err, KR_EROLLOUT)))
		return;
	unwritten = review_write(rotation, err ? err_reason(err) : NULL,
				 err ? err_message(err) : NULL, &path);
	if (unwritten)
		result_warn(result, "%s", err_message(unwritten));
	err_free(unwritten);
	json_set_str(result->document, "review", path);
	if (path && r->message &&
	    asprintf(&text, "a draft of the review is in %s", path) >= 0)
		r->message(r->user, REPORT_INFO, text);
}

bool rotateend_wants_back(const struct rotation *rotation,
			  const struct err *err)
{
	const struct rotate_env *env = rotation->failed_in;

	/* What was there before it is not put back without being asked. */
	if (!env || *rotation->undone || rotation->options.retires ||
	    !rotation_carried_key(rotation))
		return false;
	if (err_is(err, KR_EROLLOUT))
		return env->config->on_fail == ON_FAIL_ROLLBACK;
	if (!err_is(err, KR_EGATE))
		return false;
	if (strcmp(err_reason(err), "SoakFailed") == 0)
		return env->config->soak.on_fail == ON_FAIL_ROLLBACK;
	return !text_starts_with(err_reason(err), "Soak") &&
	       strcmp(err_reason(err), "ValidationError") != 0 &&
	       env->config->on_fail == ON_FAIL_ROLLBACK;
}
