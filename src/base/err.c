#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct err {
	enum err_kind kind;
	char *message;
	char *hint;
	char *reason;
};

static const struct {
	const char *name;
	int exit_code;
} kinds[] = {
	[KR_EUNEXPECTED] = { "Unexpected", 1 },
	[KR_ENOMEM] = { "OutOfMemory", 1 },
	[KR_EUSAGE] = { "Usage", 2 },
	[KR_ECONFIG] = { "Configuration", 2 },
	[KR_EREFUSED] = { "Refused", 3 },
	[KR_ECLUSTER] = { "Cluster", 4 },
	[KR_EAUTH] = { "Unauthorized", 4 },
	[KR_EFORBIDDEN] = { "Forbidden", 4 },
	[KR_ENOTFOUND] = { "NotFound", 4 },
	[KR_EINVALID] = { "Invalid", 4 },
	[KR_ETIMEOUT] = { "Timeout", 4 },
	[KR_EROLLOUT] = { "RolloutFailed", 5 },
	[KR_EGATE] = { "GateFailed", 6 },
	[KR_EHELD] = { "Held", 7 },
	[KR_ECONFLICT] = { "Conflict", 7 },
	[KR_ESTORE] = { "Store", 8 },
	[KR_EINTERRUPTED] = { "Interrupted", 130 },
};

static char oom_message[] = "out of memory";
static struct err oom = { KR_ENOMEM, oom_message, NULL, NULL };

static struct err *err_take(enum err_kind kind, char *take_message)
{
	struct err *err;

	if (!take_message)
		return &oom;
	err = calloc(1, sizeof(*err));
	if (!err) {
		free(take_message);
		return &oom;
	}
	err->kind = kind;
	err->message = take_message;
	return err;
}

struct err *err_no_memory(void)
{
	return &oom;
}

KR_PRINTF(1, 0)
static char *format_text(const char *format, va_list ap)
{
	char *text = NULL;

	if (vasprintf(&text, format, ap) < 0)
		return NULL;
	return text;
}

struct err *err_new(enum err_kind kind, const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	text = format_text(format, ap);
	va_end(ap);
	return err_take(kind, text);
}

struct err *err_errno(enum err_kind kind, const char *format, ...)
{
	int saved = errno;
	struct err *err;
	char *text;
	char *full = NULL;
	va_list ap;

	va_start(ap, format);
	text = format_text(format, ap);
	va_end(ap);
	if (!text || asprintf(&full, "%s: %s", text, strerror(saved)) < 0)
		full = NULL;
	free(text);
	err = err_take(saved == ENOMEM ? KR_ENOMEM : kind, full);
	errno = saved;
	return err;
}

struct err *err_wrap(struct err *take_cause, const char *format, ...)
{
	va_list ap;
	char *text;
	char *full = NULL;

	if (!take_cause || take_cause == &oom)
		return take_cause;
	va_start(ap, format);
	text = format_text(format, ap);
	va_end(ap);
	if (text && asprintf(&full, "%s: %s", text, take_cause->message) >= 0) {
		free(take_cause->message);
		take_cause->message = full;
	}
	free(text);
	return take_cause;
}

struct err *err_as(struct err *take_err, enum err_kind kind)
{
	if (take_err && take_err != &oom && take_err->kind != KR_EINTERRUPTED)
		take_err->kind = kind;
	return take_err;
}

struct err *err_hint(struct err *take_err, const char *format, ...)
{
	va_list ap;

	if (!take_err || take_err == &oom || take_err->hint)
		return take_err;
	va_start(ap, format);
	take_err->hint = format_text(format, ap);
	va_end(ap);
	return take_err;
}

struct err *err_set_reason(struct err *take_err, const char *reason)
{
	if (!take_err || take_err == &oom)
		return take_err;
	free(take_err->reason);
	take_err->reason = strdup(reason);
	return take_err;
}

enum err_kind err_kind(const struct err *err)
{
	return err->kind;
}

bool err_is(const struct err *err, enum err_kind kind)
{
	return err && err->kind == kind;
}

const char *err_message(const struct err *err)
{
	return err->message;
}

const char *err_hint_text(const struct err *err)
{
	return err->hint;
}

const char *err_reason(const struct err *err)
{
	return err->reason ? err->reason : kinds[err->kind].name;
}

int err_exit_code(const struct err *err)
{
	return err ? kinds[err->kind].exit_code : 0;
}

int err_kind_exit_code(enum err_kind kind)
{
	return kinds[kind].exit_code;
}

const char *err_kind_name(enum err_kind kind)
{
	return kinds[kind].name;
}

void err_free(struct err *err)
{
	if (!err || err == &oom)
		return;
	free(err->message);
	free(err->hint);
	free(err->reason);
	free(err);
}
