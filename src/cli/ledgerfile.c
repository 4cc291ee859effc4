#include "cli/ledgerfile.h"

#include "cli/target.h"
#include "runbook/ledgerplace.h"

KR_FALLIBLE cli_ledger_open(const struct cli_context *context,
			    const char *operator_, struct ledger **out)
{
	const struct ledgerplace place = {
		.path = context->options.ledger,
		.secret = context->options.secret,
		.entry = cli_entry(context),
		.operator_ = operator_,
	};

	return ledgerplace_open(context->config, &place, out);
}

void cli_ledger_warn(const struct cli_context *context, struct result *result,
		     const char *text)
{
	const struct reporter *r = context->reporter;

	result_warn(result, "%s", text);
	if (r && r->message)
		r->message(r->user, REPORT_WARNING, text);
}
