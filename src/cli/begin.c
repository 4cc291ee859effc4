#include "cli/begin.h"

#include <stdlib.h>

#include "config/config.h"
#include "runbook/journal.h"
#include "runbook/review.h"
#include "runbook/rotation.h"

static const char *who(const struct cli_context *context)
{
	static const char *const variables[] = { "GIT_AUTHOR_EMAIL", "USER",
						 "LOGNAME" };
	const char *name = context->options.operator_;

	if (!name)
		name = context->config->operator_;
	for (size_t i = 0; !name && i < 3; i++)
		name = getenv(variables[i]);
	return name && *name ? name : "unknown";
}

/* What failed is understood before anything new begins. */
static KR_FALLIBLE check_reviews(const struct cli_context *context,
				 struct result *result)
{
	const char *closed = context->options.review_closed;
	struct err *err = NULL;

	if (closed && !rotation_is_valid(closed))
		return err_new(
			KR_EUSAGE,
			"--review-closed wants a rotation's id, such as kr-20261122-7f3a9c");
	if (closed)
		err = review_close(context->config, closed, who(context));
	return err ? err : review_check(context->config, who(context), result);
}

/* One at a time: what has not ended comes first, then what failed. */
KR_FALLIBLE begin_check(const struct cli_context *context,
			struct result *result)
{
	kr_cleanup(str_freep) char *open = NULL;
	struct err *err = journal_find_open(context->config->service, &open);

	if (err)
		return err;
	if (!open || context->options.new_rotation)
		return check_reviews(context, result);
	err = err_new(KR_EREFUSED, "rotation %s of %s has not ended", open,
		      context->config->service);
	err = err_set_reason(err, "RotationOpen");
	result_next(result, "kubectl keyrot resume %s", open);
	result_next(result, "kubectl keyrot rollback %s", open);
	return err_hint(err, "to begin another one all the same: --new");
}
