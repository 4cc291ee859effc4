#include "runbook/approval.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "ledger/sign.h"

#define MAX_TEXT ((size_t)64 * 1024)

static KR_FALLIBLE refused(const struct rotate_env *env, const char *reason,
			   const char *what)
{
	return err_set_reason(err_new(KR_EREFUSED,
				      "environment %s: the approval %s",
				      env->name, what),
			      reason);
}

KR_FALLIBLE approval_text(const struct rotation *rotation,
			  const struct rotate_env *env, bool bound,
			  const char *by, int64_t ends_ms, char **out)
{
	const struct config *config = rotation->options.config;
	const char *cluster = env->config->cluster_id;
	char ends[CLOCK_RFC3339_LEN];
	struct buf text = BUF_INIT(MAX_TEXT);

	clock_rfc3339(ends_ms, ends);
	buf_printf(&text, "keyrot-approval-v1\nservice %s\nenvironment %s\n",
		   config->service, env->name);
	buf_printf(&text, "cluster %s\n", cluster ? cluster : "any");
	for (size_t i = 0; i < env->count; i++)
		buf_printf(&text, "target %s/%s\n", env->targets[i].context,
			   env->targets[i].run.options.target.ns);
	buf_printf(&text, "secret %s/%s\nrotation %s\nkey %s\n",
		   config->secret.name, config->secret.key,
		   bound ? rotation->id : "any",
		   bound || *rotation->to ? rotation->fingerprint : "any");
	buf_printf(&text, "requested-by %s\nends %s\n", by, ends);
	*out = buf_take(&text);
	return *out ? NULL : err_no_memory();
}

/* The rest of the line that begins with `word`; malloc'd, NULL: none. */
static char *field(const char *text, const char *word)
{
	size_t n = strlen(word);

	while (*text) {
		size_t line = strcspn(text, "\n");

		if (line > n && strncmp(text, word, n) == 0 && text[n] == ' ')
			return strndup(text + n + 1, line - n - 1);
		text += line + (text[line] == '\n');
	}
	return NULL;
}

/* Which line differs first, as a sentence of its own. */
static KR_FALLIBLE differs(const struct rotate_env *env, const char *given,
			   const char *wanted)
{
	static const struct {
		const char *word, *reason, *what;
	} fields[] = {
		{ "service", "ApprovalOfAnother", "is for another service" },
		{ "environment", "ApprovalOfAnother",
		  "is for another environment" },
		{ "cluster", "ApprovalOfAnother", "is for another cluster" },
		{ "target", "ApprovalOfAnother", "is for other targets" },
		{ "secret", "ApprovalOfAnother", "is for another Secret" },
		{ "rotation", "ApprovalOfAnother", "is for another rotation" },
		{ "key", "ApprovalOfAnother", "is for another key" },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		kr_cleanup(str_freep) char *a = field(given, fields[i].word);
		kr_cleanup(str_freep) char *b = field(wanted, fields[i].word);

		if (!a || !b || strcmp(a, b) != 0)
			return refused(env, fields[i].reason, fields[i].what);
	}
	return refused(env, "ApprovalInvalid", "is not one that was asked for");
}

static KR_FALLIBLE check_text(const struct rotation *rotation,
			      const struct rotate_env *env, const char *text)
{
	kr_cleanup(str_freep) char *by = field(text, "requested-by");
	kr_cleanup(str_freep) char *of = field(text, "rotation");
	kr_cleanup(str_freep) char *ends = field(text, "ends");
	kr_cleanup(str_freep) char *wanted = NULL;
	int64_t ends_ms;
	struct err *err;

	if (!by || !ends || !clock_parse_rfc3339(ends, &ends_ms) ||
	    !text_starts_with(text, "keyrot-approval-v1\n"))
		return refused(env, "ApprovalInvalid",
			       "is not a text of --approval-request");
	err = approval_text(rotation, env, of && strcmp(of, "any") != 0, by,
			    ends_ms, &wanted);
	if (err)
		return err;
	if (strcmp(text, wanted) != 0)
		return differs(env, text, wanted);
	if (ends_ms <= clock_wall_ms())
		return refused(env, "ApprovalExpired", "has ended");
	return NULL;
}

static KR_FALLIBLE read_approvers(const struct rotation *rotation,
				  const struct rotate_env *env, struct buf *out)
{
	const struct config *config = rotation->options.config;
	const char *name = env->config->approvers ? env->config->approvers
						  : config->approvers;
	kr_cleanup(str_freep) char *folder =
		config->path ? file_dirname(config->path) : NULL;
	kr_cleanup(str_freep) char *path = NULL;

	if (!name)
		return err_hint(
			refused(env, "ApproverUnknown",
				"cannot be checked: keyrot.yaml names no approvers"),
			"approvers: PATH, a file of allowed signers as ssh-keygen knows it");
	path = folder ? file_join(folder, name) : strdup(name);
	if (!path)
		return err_no_memory();
	return err_as(err_wrap(file_read(path, out), "approvers"), KR_ECONFIG);
}

/* The same name in another case is the same person. */
static bool is_same(const char *a, const char *b)
{
	return a && b && strcasecmp(a, b) == 0;
}

static KR_FALLIBLE check_signer(const struct rotation *rotation,
				const struct rotate_env *env, const char *text,
				const char *signer)
{
	kr_cleanup(str_freep) char *by = field(text, "requested-by");

	if (!is_same(signer, by) &&
	    !is_same(signer, rotation_operator(rotation)))
		return NULL;
	return refused(env, "ApproverIsOperator",
		       "is by the operator: a second person has to sign it");
}

static struct err *as_refusal(const struct rotate_env *env,
			      struct err *take_err, const char *reason,
			      const char *what)
{
	if (!err_is(take_err, KR_EGATE))
		return take_err;
	err_free(take_err);
	return refused(env, reason, what);
}

static KR_FALLIBLE check_signature(const struct rotation *rotation,
				   const struct rotate_env *env,
				   const char *text, const char *signature,
				   char **out_by)
{
	kr_cleanup(buf_release) struct buf approvers = BUF_INIT(MAX_TEXT);
	kr_cleanup(signer_freep) struct signer *signer = NULL;
	kr_cleanup(str_freep) char *name = NULL;
	char now[CLOCK_RFC3339_LEN];
	struct sign_check check = {
		.namespace_ = APPROVAL_NAMESPACE,
		.time = now,
		.note = text,
		.signature = signature,
	};
	struct err *err = read_approvers(rotation, env, &approvers);

	clock_rfc3339(clock_wall_ms(), now);
	check.allowed = buf_str(&approvers);
	if (!err)
		err = signer_new(&signer);
	if (!err)
		err = as_refusal(env, sign_name(signer, &check, &name),
				 "ApproverUnknown",
				 "is not signed by one of the approvers");
	if (err)
		return err;
	check.name = name;
	err = as_refusal(
		env, sign_verify(signer, &check), "ApprovalInvalid",
		"was changed after it was signed, or signed for something else");
	if (!err)
		err = check_signer(rotation, env, text, name);
	if (!err)
		*out_by = take_ptr(&name);
	return err;
}

static KR_FALLIBLE check_file(const struct rotation *rotation,
			      const struct rotate_env *env, const char *path,
			      char **out_by)
{
	kr_cleanup(str_freep) char *by = NULL;
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_TEXT);
	kr_cleanup(buf_release) struct buf signature = BUF_INIT(MAX_TEXT);
	kr_cleanup(str_freep) char *beside = NULL;
	struct err *err = file_read(path, &text);

	if (asprintf(&beside, "%s.sig", path) < 0)
		beside = NULL;
	if (!err)
		err = beside ? file_read(beside, &signature) : err_no_memory();
	if (err)
		return err_set_reason(
			err_as(err_wrap(err, "--approve"), KR_EREFUSED),
			"ApprovalInvalid");
	err = check_signature(rotation, env, buf_str(&text),
			      buf_str(&signature), &by);
	if (!err)
		err = check_text(rotation, env, buf_str(&text));
	if (!err)
		*out_by = take_ptr(&by);
	return err;
}

/* For the records, also of a process that goes on with it. */
static KR_FALLIBLE keep_approver(struct rotation *rotation,
				 const struct rotate_env *env, const char *by)
{
	const struct journal_line line = {
		.event = JOURNAL_APPROVED,
		.environment = env->name,
		.detail = by,
	};

	result_warn(rotation->options.result, "environment %s: approved by %s",
		    env->name, by);
	return journal_add(rotation->journal, &line);
}

KR_FALLIBLE approval_check(struct rotation *rotation,
			   const struct rotate_env *env)
{
	const char *const *path = rotation->options.approve;
	kr_cleanup(str_freep) char *by = NULL;
	struct err *err = NULL;

	/* Of several, the one that fits; else what is wrong with the last. */
	for (; *path; path++) {
		err_free(err);
		err = check_file(rotation, env, *path, &by);
		if (!err)
			return keep_approver(rotation, env, by);
	}
	return err;
}
