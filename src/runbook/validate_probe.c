/* Which key does the application say it runs? */
#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/stop.h"
#include "runbook/validate_internal.h"
#include "secret/secret.h"
#include "service/probe.h"

#define LIMIT_MS (30 * 1000)
#define ASK_MS	 (10 * 1000)
#define PAUSE_MS 1000

/* The 64 digits, in either case, with blanks around them; "" otherwise. */
static void read_fingerprint(const char *text, char out[SECRET_FINGERPRINT_LEN])
{
	size_t n = 0;

	*out = '\0';
	while (isspace((unsigned char)*text))
		text++;
	while (isxdigit((unsigned char)text[n]) &&
	       n < SECRET_FINGERPRINT_LEN - 1) {
		out[n] = (char)tolower((unsigned char)text[n]);
		n++;
	}
	out[n] = '\0';
	text += n;
	while (isspace((unsigned char)*text))
		text++;
	if (n != SECRET_FINGERPRINT_LEN - 1 || *text)
		*out = '\0';
}

KR_FALLIBLE check_answer(const struct check *check, const char *text)
{
	const char *field = check->config->probe.field;
	kr_cleanup(json_freep) struct cJSON *tree = NULL;
	char fingerprint[SECRET_FINGERPRINT_LEN];

	if (check_holds_key(check, text, strlen(text)))
		return err_set_reason(
			check_failed(check, "the answer holds key material"),
			"KeyInOutput");
	if (field) {
		struct err *bad = json_parse(text, strlen(text), &tree);

		if (bad) {
			err_free(bad);
			return check_failed(check,
					    "the answer is no JSON document");
		}
		text = json_str_or(tree, field, "");
	}
	read_fingerprint(text, fingerprint);
	if (!*fingerprint)
		return check_failed(check, "no fingerprint came back");
	if (strcmp(fingerprint, check->options->fingerprint) == 0)
		return NULL;
	return check_failed(check,
			    "the application runs key %.12s, and not %.12s",
			    fingerprint, check->options->fingerprint);
}

static struct ref ref_of(const struct config_ref *token, const char *folder)
{
	static const enum ref_from from[] = {
		[REF_NONE] = REF_FROM_NOWHERE,
		[REF_ENV] = REF_FROM_ENV,
		[REF_FILE] = REF_FROM_FILE,
		[REF_EXEC] = REF_FROM_EXEC,
	};

	return (struct ref){ .from = from[token->kind],
			     .value = token->value,
			     .folder = folder };
}

static KR_FALLIBLE ask_once(const struct check *check,
			    const struct probe_question *question)
{
	kr_cleanup(str_freep) char *text = NULL;
	struct err *err = probe_ask(question, &text);

	if (err)
		return err_wrap(err, "%s", check->name);
	return check_answer(check, text);
}

/* What asking again can change: not a leak, and not a wrong address. */
static bool is_passing(const struct err *err)
{
	return !err_is(err, KR_ECONFIG) && !err_is(err, KR_EINTERRUPTED) &&
	       strcmp(err_reason(err), "KeyInOutput") != 0;
}

/*
 * A load balancer may hold on to an old pod for a moment: asked until the
 * answer is right or the time is over.
 */
KR_FALLIBLE check_http(struct check *check)
{
	const struct config_probe *p = &check->config->probe;
	const char *config = check->options->config->path;
	int64_t limit_ms = check->config->timeout_ms >= 0
				   ? check->config->timeout_ms
				   : LIMIT_MS;
	int64_t deadline_ms = deadline_in_ms(limit_ms);
	kr_cleanup(str_freep) char *folder =
		config ? file_dirname(config) : NULL;
	kr_cleanup(str_freep) char *url = NULL;
	struct err *err = check_fill(check, p->url, &url);

	if (err)
		return err;
	for (;;) {
		int64_t left_ms = deadline_left_ms(deadline_ms);
		const struct probe_question question = {
			.url = url,
			.folder = folder,
			.token = ref_of(&p->token, folder),
			.ca = p->ca,
			.server_name = p->server_name,
			.header = p->header,
			.timeout_ms = left_ms < 1000	 ? 1000
				      : left_ms < ASK_MS ? left_ms
							 : ASK_MS,
		};

		err = ask_once(check, &question);
		if (!err || !is_passing(err) ||
		    deadline_left_ms(deadline_ms) <= PAUSE_MS)
			return err;
		err_free(err);
		clock_sleep_ms(PAUSE_MS);
		err = stop_check();
		if (err)
			return err;
	}
}
