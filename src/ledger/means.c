/* What a checkpoint will need, looked for before anything is changed. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "ledger/file.h"
#include "ledger/sign.h"
#include "ledger/signkey.h"

/* Who may sign next; *out stays NULL in a ledger that is not signed. */
static KR_FALLIBLE signers_of(const struct ledger *ledger, char **out)
{
	kr_cleanup(json_freep) struct cJSON *fields = json_object();
	kr_cleanup(chain_release) struct chain chain = { 0 };
	kr_cleanup(buf_release) struct buf text = BUF_INIT(LEDGER_MAX_BYTES);
	struct err *err = NULL;

	if (file_exists(ledger->path)) {
		err = ledger_read_text(ledger, &text);
		if (!err)
			err = chain_init(&chain, NULL);
		if (!err)
			err = chain_read(&chain, buf_str(&text), text.len,
					 chain_believe, NULL);
	}
	if (err || (chain.tree.size && !chain.wants_signatures))
		return err;
	if (chain.tree.size) {
		*out = strdup(chain.signers ? chain.signers : "");
		return *out ? NULL : err_no_memory();
	}
	if (!ledger->sign)
		return NULL;
	err = ledger_genesis(ledger, fields);
	if (err)
		return err;
	return chain_join_signers(json_member(fields, "signers"), out);
}

/* As far as it can be known without asking for a passphrase. */
static KR_FALLIBLE public_key(const char *key, char **out_line)
{
	kr_cleanup(str_freep) char *path = NULL;
	kr_cleanup(str_freep) char *beside = NULL;
	struct err *err = signkey_find(key, &path, out_line);

	if (err || !path)
		return err;
	if (!file_exists(path))
		return err_new(KR_ECONFIG, "the signing key %s is not there",
			       path);
	if (asprintf(&beside, "%s.pub", path) < 0) {
		beside = NULL;
		return err_no_memory();
	}
	if (!text_ends_with(path, ".pub") && !file_exists(beside))
		return NULL;
	return signkey_public(path, out_line);
}

static KR_FALLIBLE check_signer(const struct ledger *ledger)
{
	kr_cleanup(str_freep) char *allowed = NULL;
	kr_cleanup(str_freep) char *line = NULL;
	struct err *err = signers_of(ledger, &allowed);
	const char *blob;

	if (!err && allowed)
		err = public_key(ledger->key, &line);
	if (err || !line)
		return err;
	blob = strchr(line, ' ');
	/* Whom an authority vouches for is ssh-keygen's to say. */
	if (!blob || strstr(allowed, blob) || strstr(allowed, "cert-authority"))
		return NULL;
	return err_hint(
		err_set_reason(err_new(KR_EREFUSED,
				       "the key that would sign is not among "
				       "the allowed signers"),
			       "SignerNotAllowed"),
		"The allowed signers stand in the ledger's first line, and in "
		"later ones of type \"signers\"");
}

KR_FALLIBLE ledger_check_means(const struct ledger *ledger)
{
	struct err *err = check_signer(ledger);

	if (!err && ledger->git_commit)
		err = ledger_git_check(ledger);
	return err;
}
