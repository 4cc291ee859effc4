#include "cli/ledgerfile.h"

#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/target.h"

/* A path of keyrot.yaml, as it stands from here; malloc'd, NULL stays. */
static KR_FALLIBLE of_config(const struct config *config, const char *path,
			     char **out)
{
	kr_cleanup(str_freep) char *folder = NULL;

	if (!path)
		return NULL;
	if (text_starts_with(path, "~/") && getenv("HOME"))
		*out = file_join(getenv("HOME"), path + 2);
	else if (config->path)
		folder = file_dirname(config->path);
	if (!*out)
		*out = folder ? file_join(folder, path) : strdup(path);
	return *out ? NULL : err_new(KR_ENOMEM, "out of memory");
}

KR_FALLIBLE cli_ledger_open(const struct cli_context *context,
			    const char *operator_, struct ledger **out)
{
	const struct config *config = context->config;
	const struct cli_options *options = &context->options;
	kr_cleanup(str_freep) char *path = NULL;
	kr_cleanup(str_freep) char *key = NULL;
	/* A public key may stand where its path would. */
	const bool is_key =
		config->ledger.key && strstr(config->ledger.key, " AAAA");
	kr_cleanup(str_freep) char *signers = NULL;
	struct ledger_options o = {
		.service = config->service,
		.secret =
			options->secret ? options->secret : config->secret.name,
		.entry = cli_entry(context),
		.sign = config->ledger.sign == SIGN_SSH,
		.operator_ = operator_,
		.git_commit = config->ledger.git == GIT_COMMIT,
	};
	struct err *err = of_config(config, config->ledger.path, &path);

	if (!err)
		err = of_config(config, is_key ? NULL : config->ledger.key,
				&key);
	if (!err)
		err = of_config(config, config->ledger.signers, &signers);
	if (err)
		return err;
	o.path = options->ledger ? options->ledger : path;
	o.key = is_key ? config->ledger.key : key;
	o.signers = signers;
	*out = NULL;
	return o.path ? ledger_open(&o, out) : NULL;
}

void cli_ledger_warn(const struct cli_context *context, struct result *result,
		     const char *text)
{
	const struct reporter *r = context->reporter;

	result_warn(result, "%s", text);
	if (r && r->message)
		r->message(r->user, REPORT_WARNING, text);
}
