#include "runbook/ledgerplace.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "base/text.h"

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
	return *out ? NULL : err_no_memory();
}

KR_FALLIBLE ledgerplace_path(const struct config *config, char **out)
{
	*out = NULL;
	return of_config(config, config->ledger.path, out);
}

KR_FALLIBLE ledgerplace_open(const struct config *config,
			     const struct ledgerplace *place,
			     struct ledger **out)
{
	const struct config_ledger *l = &config->ledger;
	/* A public key may stand where its path would. */
	const bool is_key = l->key && strstr(l->key, " AAAA");
	kr_cleanup(str_freep) char *path = NULL;
	kr_cleanup(str_freep) char *key = NULL;
	kr_cleanup(str_freep) char *signers = NULL;
	struct ledger_options o = {
		.service = config->service,
		.secret = place->secret ? place->secret : config->secret.name,
		.entry = place->entry ? place->entry : config->secret.key,
		.sign = l->sign == SIGN_SSH,
		.operator_ = place->operator_,
		.git_commit = l->git != GIT_NONE,
		.git_push = l->git == GIT_PUSH,
	};
	struct err *err = of_config(config, l->path, &path);

	if (!err)
		err = of_config(config, is_key ? NULL : l->key, &key);
	if (!err)
		err = of_config(config, l->signers, &signers);
	if (err)
		return err;
	o.path = place->path ? place->path : path;
	o.key = is_key ? l->key : key;
	o.signers = signers;
	*out = NULL;
	return o.path ? ledger_open(&o, out) : NULL;
}

/* The folder of one that is not there yet, and that it may be written. */
static KR_FALLIBLE check_folder(const char *path)
{
	kr_cleanup(str_freep) char *folder = file_dirname(path);
	struct err *err;

	if (!folder)
		return err_no_memory();
	err = file_exists(folder) ? NULL : file_make_dirs(folder);
	if (!err && access(folder, W_OK) != 0)
		err = err_errno(KR_ECONFIG, "folder %s", folder);
	return err_as(err, KR_ECONFIG);
}

KR_FALLIBLE ledgerplace_check(const struct config *config,
			      const struct ledgerplace *place)
{
	kr_cleanup(ledger_freep) struct ledger *ledger = NULL;
	struct ledger_anchor head;
	struct err *err = ledgerplace_open(config, place, &ledger);

	if (!err && ledger)
		err = ledger_head(ledger, &head);
	if (err && str_same(err_reason(err), "LedgerNotFound")) {
		err_free(err);
		err = check_folder(ledger_path(ledger));
	} else if (!err && ledger && access(ledger_path(ledger), W_OK) != 0) {
		err = err_errno(KR_ECONFIG, "%s", ledger_path(ledger));
	}
	if (!err && ledger)
		err = ledger_check_means(ledger);
	return err_wrap(err, "ledger");
}
