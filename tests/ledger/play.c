/*
 * Writes a ledger through the interface that the runbook uses, for the tests
 * of the command line.
 *
 *	ledger-play PATH none|ssh KEY OPERATOR STEP...
 *
 * STEP is "checkpoint", "head" (prints the anchor), "signers=FILE", or
 * ROTATION/STEP/OUTCOME.
 */
#include <stdio.h>
#include <string.h>

#include "ledger/ledger.h"

static KR_FALLIBLE record(struct ledger *ledger, const char *operator_,
			  char *text)
{
	char *rest = NULL;
	struct ledger_record r = {
		.rotation = strtok_r(text, "/", &rest),
		.step = strtok_r(NULL, "/", &rest),
		.outcome = strtok_r(NULL, "/", &rest),
		.context = "aether-staging",
		.namespace_ = "aether-services",
		.secret = "secrets-service-config",
		.entry = "SECRET_ENCRYPTION_KEY",
		.operator_ = operator_,
		.operator_from = "--operator",
		.fingerprint = "9f86d081884c7d659a2feaa0c55ad015"
			       "a3bf4f1b2b0b822cd15d6c15b0f00a08",
	};
	bool was_there;
	struct err *err = ledger_append(ledger, &r, &was_there);

	if (!err && was_there)
		printf("was there\n");
	return err;
}

static KR_FALLIBLE head(struct ledger *ledger)
{
	char text[LEDGER_ANCHOR_LEN];
	struct ledger_anchor anchor;
	struct err *err = ledger_head(ledger, &anchor);

	if (err)
		return err;
	ledger_anchor_text(&anchor, text);
	printf("%s\n", text);
	return NULL;
}

static KR_FALLIBLE play(struct ledger *ledger, const char *operator_,
			char *step)
{
	if (strcmp(step, "checkpoint") == 0)
		return ledger_checkpoint(ledger);
	if (strcmp(step, "head") == 0)
		return head(ledger);
	if (strncmp(step, "signers=", 8) == 0)
		return ledger_set_signers(ledger, step + 8);
	return record(ledger, operator_, step);
}

int main(int argc, char **argv)
{
	kr_cleanup(ledger_freep) struct ledger *ledger = NULL;
	struct ledger_options options = {
		.service = "secrets-service",
		.secret = "secrets-service-config",
		.entry = "SECRET_ENCRYPTION_KEY",
	};
	struct err *err;
	int code;

	if (argc < 5)
		return 2;
	options.path = argv[1];
	options.sign = strcmp(argv[2], "none") != 0;
	options.git_commit = strcmp(argv[2], "ssh+git") == 0;
	options.key = *argv[3] ? argv[3] : NULL;
	options.operator_ = argv[4];
	err = ledger_open(&options, &ledger);
	for (int i = 5; i < argc && !err; i++)
		err = play(ledger, argv[4], argv[i]);
	code = err_exit_code(err);
	if (err)
		printf("%s: %s\n", err_reason(err), err_message(err));
	err_free(err);
	return code;
}
