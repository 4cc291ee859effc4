#include "runbook/run.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "secret/search.h"
#include "secret/wipe.h"

KR_FALLIBLE run_init(struct run *run, const struct run_options *options,
		     struct run_key *take_key_source)
{
	const struct kube_access *access = kube_access_of(options->kube);
	struct result_target target = {
		.context = access->context,
		.cluster = access->cluster,
		.namespace_ = options->target.ns,
		.secret = options->target.secret,
		.entry = options->target.entry,
	};

	memset(run, 0, sizeof(*run));
	run->options = *options;
	run->key_source = *take_key_source;
	memset(take_key_source, 0, sizeof(*take_key_source));
	run->document = result_add_target(options->result, &target);
	return rotation_new(run->rotation);
}

void run_key_release(struct run_key *key)
{
	secret_free(key->given);
	free(key->entry);
	free(key->source);
	memset(key, 0, sizeof(*key));
}

void run_release(struct run *run)
{
	run_key_release(&run->key_source);
	rollout_free(run->rollout);
	kube_consumers_free(run->consumers);
	kube_secret_free(run->secret);
	readback_key_free(run->key);
	secret_search_free(run->searched);
	readback_key_free(run->current_key);
	free(run->operator_);
	free(run->cluster_uid);
	free(run->entry_id);
	free(run->previous_entry_id);
	free(run->taken_from);
	free(run->resource_version);
	free(run->detail);
	memset(run, 0, sizeof(*run));
}

KR_FALLIBLE run_search_keys(struct run *run)
{
	const struct kube_secret *s = run->secret;
	struct err *err =
		run->searched ? NULL : secret_search_new(&run->searched);

	if (!err && run->key)
		err = secret_search_add(run->searched,
					readback_key_secret(run->key));
	if (!err && s)
		err = secret_search_add(run->searched, s->live);
	for (size_t i = 0; !err && s && i < RING_COUNT; i++)
		err = secret_search_add(run->searched, s->ring[i].live);
	return err;
}

void run_let_keys_go(struct run *run)
{
	run->proved |= run->key && readback_key_is_proved(run->key);
	readback_key_free(take_ptr(&run->key));
	readback_key_free(take_ptr(&run->current_key));
	/* Its fingerprint is all that is needed from now on. */
	if (run->secret)
		kube_secret_forget(run->secret);
	wipe_stack();
}

static char *format_text(const char *format, va_list ap)
	__attribute__((format(printf, 1, 0)));

static char *format_text(const char *format, va_list ap)
{
	char *text = NULL;

	return vasprintf(&text, format, ap) < 0 ? NULL : text;
}

void run_detail(struct run *run, const char *format, ...)
{
	va_list ap;

	free(run->detail);
	va_start(ap, format);
	run->detail = format_text(format, ap);
	va_end(ap);
}

/* Says it, and keeps a warning in the result. */
static void message(struct run *run, enum report_level level, char *take_text)
{
	const struct reporter *r = run->options.reporter;
	kr_cleanup(str_freep) char *text = take_text;

	if (text && run->options.one_of_many) {
		char *full = NULL;

		if (asprintf(&full, "%s/%s: %s",
			     kube_access_of(run->options.kube)->context,
			     run->options.target.ns, text) >= 0) {
			free(text);
			text = full;
		}
	}
	run_talk_begin();
	/* A rotation looks twice, and says once. */
	if (level == REPORT_WARNING && text &&
	    result_has_warning(run->options.result, text)) {
		run_talk_end();
		return;
	}
	if (r->message && text)
		r->message(r->user, level, text);
	if (level == REPORT_WARNING)
		result_warn(run->options.result, "%s",
			    text ? text : "out of memory");
	run_talk_end();
}

void run_warn(struct run *run, const char *format, ...)
{
	char *text;
	va_list ap;

	va_start(ap, format);
	text = format_text(format, ap);
	va_end(ap);
	message(run, REPORT_WARNING, text);
}

void run_say(struct run *run, const char *format, ...)
{
	char *text;
	va_list ap;

	va_start(ap, format);
	text = format_text(format, ap);
	va_end(ap);
	message(run, REPORT_INFO, text);
}

char *run_again_command(const struct run *run)
{
	const struct kube_access *access = kube_access_of(run->options.kube);
	struct buf text = BUF_INIT(4096);

	buf_puts(&text, "kubectl keyrot apply");
	if (*access->context)
		buf_printf(&text, " --context %s", access->context);
	buf_printf(&text, " -n %s", run->options.target.ns);
	if (run->entry_id && store_can_prove(run->options.store))
		buf_printf(&text, " --from-store=%s", run->entry_id);
	return buf_take(&text);
}
