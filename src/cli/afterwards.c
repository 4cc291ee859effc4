#include "cli/afterwards.h"

#include "base/json.h"
#include "base/text.h"

enum look {
	LOOK_HELP,   /* what was typed, or stands in a file, is wrong */
	LOOK_DOCTOR, /* a precondition is not met */
	LOOK_STATUS, /* something was begun, perhaps by someone else */
};

static enum look where_to_look(enum err_kind kind)
{
	switch (kind) {
	case KR_EUSAGE:
	case KR_ECONFIG:
		return LOOK_HELP;
	case KR_EREFUSED:
	case KR_ECLUSTER:
	case KR_EAUTH:
	case KR_EFORBIDDEN:
	case KR_ENOTFOUND:
	case KR_EINVALID:
	case KR_ETIMEOUT:
	case KR_ESTORE:
		return LOOK_DOCTOR;
	case KR_EUNEXPECTED:
	case KR_ENOMEM:
	case KR_EROLLOUT:
	case KR_EGATE:
	case KR_EHELD:
	case KR_ECONFLICT:
	case KR_EINTERRUPTED:
		break;
	}
	return LOOK_STATUS;
}

/* By what the doctor has just said; it looks again after that. */
static bool to_be_mended(const struct err *err)
{
	return err_is(err, KR_ESTORE) || err_is(err, KR_EFORBIDDEN) ||
	       err_is(err, KR_EREFUSED);
}

void afterwards_complete(const struct command *command, const struct err *err,
			 struct result *result)
{
	const char *hint = err ? err_hint_text(err) : NULL;
	enum look look;

	if (!err || (hint && text_starts_with(hint, "kubectl ")) ||
	    json_length(json_at(result->document, "next")))
		return;
	look = where_to_look(err_kind(err));
	if (!command)
		result_next(result, "kubectl keyrot help");
	else if (look == LOOK_HELP)
		result_next(result, "kubectl keyrot %s --help", command->name);
	else if (look == LOOK_STATUS &&
		 (command->run != cmd_status || err_is(err, KR_EINTERRUPTED)))
		result_next(result, "kubectl keyrot status");
	else if (command->run != cmd_doctor || to_be_mended(err))
		result_next(result, "kubectl keyrot doctor");
	else /* the one that looks could not: is it the right place? */
		result_next(result, "kubectl config get-contexts");
}
