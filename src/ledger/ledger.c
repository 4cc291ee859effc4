#include "ledger/ledger.h"

#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "ledger/file.h"
#include "ledger/sign.h"

#define SIGN_TRIES 5

KR_FALLIBLE ledger_open(const struct ledger_options *o, struct ledger **out)
{
	kr_cleanup(ledger_freep) struct ledger *ledger =
		calloc(1, sizeof(*ledger));
	bool ok = ledger != NULL;

	ok = ok && str_keep(&ledger->path, o->path);
	ok = ok && str_keep(&ledger->service, o->service);
	ok = ok && str_keep(&ledger->secret, o->secret);
	ok = ok && str_keep(&ledger->entry, o->entry);
	ok = ok && str_keep(&ledger->key, o->key);
	ok = ok && str_keep(&ledger->signers, o->signers);
	ok = ok && str_keep(&ledger->operator_, o->operator_);
	if (!ok)
		return err_no_memory();
	ledger->sign = o->sign;
	ledger->git_commit = o->git_commit;
	ledger->git_push = o->git_push;
	*out = take_ptr(&ledger);
	return NULL;
}

void ledger_free(struct ledger *ledger)
{
	if (!ledger)
		return;
	free(ledger->path);
	free(ledger->service);
	free(ledger->secret);
	free(ledger->entry);
	free(ledger->key);
	free(ledger->signers);
	free(ledger->operator_);
	free(ledger);
}

const char *ledger_path(const struct ledger *ledger)
{
	return ledger->path;
}

bool ledger_exists(const struct ledger *ledger)
{
	return file_exists(ledger->path);
}

/* Looks for a record that says the same. */
struct seen {
	const struct ledger_record *record;
	bool same; /* the latest of this step */
};

static bool member_is(const struct cJSON *line, const char *name,
		      const char *value)
{
	return str_equal(json_member_str(line, name), value);
}

static KR_FALLIBLE look(void *user, struct chain *chain,
			struct chain_line *line)
{
	struct seen *seen = user;
	const struct ledger_record *r = seen->record;

	struct err *err;

	(void)chain;
	if (line->type != LINE_RECORD)
		return NULL;
	err = chain_line_parse(line);
	if (err)
		return err;
	if (member_is(line->tree, "rotation", r->rotation) &&
	    member_is(line->tree, "step", r->step) &&
	    member_is(line->tree, "context", r->context) &&
	    member_is(line->tree, "namespace", r->namespace_))
		seen->same =
			member_is(line->tree, "outcome", r->outcome) &&
			member_is(line->tree, "fingerprint", r->fingerprint);
	return NULL;
}

KR_FALLIBLE ledger_append(struct ledger *ledger,
			  const struct ledger_record *record,
			  bool *out_was_there)
{
	kr_cleanup(json_freep) struct cJSON *fields = json_object();
	kr_cleanup(writing_release) struct writing writing = { 0 };
	struct seen seen = { .record = record };
	struct err *err = ledger_record_fields(record, fields);

	if (!err)
		err = writing_open(ledger, true, look, &seen, &writing);
	if (!err && !seen.same)
		err = writing_add(&writing, LINE_RECORD, fields);
	if (!err && out_was_there)
		*out_was_there = seen.same;
	return err;
}

KR_FALLIBLE ledger_check_record(const struct ledger_record *record)
{
	kr_cleanup(json_freep) struct cJSON *fields = json_object();
	kr_cleanup(buf_release) struct buf line = BUF_INIT(CHAIN_MAX_LINE);
	struct chain chain;
	struct err *err = chain_init(&chain, NULL);

	if (!err)
		err = ledger_record_fields(record, fields);
	if (!err)
		err = chain_make_line(&chain, LINE_RECORD, fields, &line);
	chain_release(&chain);
	return err;
}

KR_FALLIBLE ledger_set_signers(struct ledger *ledger, const char *signers)
{
	kr_cleanup(json_freep) struct cJSON *fields = json_object();
	kr_cleanup(writing_release) struct writing writing = { 0 };
	struct err *err;

	ledger_set_time(fields, NULL);
	err = ledger_add_signers(fields, signers);
	if (!err)
		err = writing_open(ledger, false, NULL, NULL, &writing);
	return err ? err : writing_add(&writing, LINE_SIGNERS, fields);
}

/* What is going to be signed. */
struct draft {
	struct cJSON *fields;
	uint64_t size;
	bool sign;
	bool needed; /* the last line is no such checkpoint */
	char *note, *allowed;
	char time[32];
};

static void draft_release(struct draft *draft)
{
	json_free(draft->fields);
	free(draft->note);
	free(draft->allowed);
	*draft = (struct draft){ 0 };
}

static KR_FALLIBLE make_draft(const struct chain *chain, struct draft *draft)
{
	unsigned char hash[HASH_BYTES];
	char root[HASH_BASE64_LEN];
	struct err *err = chain_root(chain, hash);

	if (err)
		return err;
	hash_base64(hash, root);
	draft->size = chain->tree.size;
	draft->sign = chain->wants_signatures;
	draft->needed = chain->last_type != LINE_CHECKPOINT ||
			(draft->sign && !chain->last_is_signed);
	draft->fields = json_object();
	ledger_set_time(draft->fields, NULL);
	json_set_int(draft->fields, "size", (long long)draft->size);
	json_set_str(draft->fields, "root", root);
	draft->note = sign_note(chain->id, draft->size, root);
	if (!draft->note || !str_keep(&draft->allowed, chain->signers))
		return err_no_memory();
	return NULL;
}

static KR_FALLIBLE sign_draft(const struct ledger *ledger, struct draft *draft)
{
	kr_cleanup(signer_freep) struct signer *signer = NULL;
	kr_cleanup(str_freep) char *signature = NULL;
	kr_cleanup(str_freep) char *name = NULL;
	struct sign_check check = {
		.allowed = draft->allowed,
		.time = json_member_str(draft->fields, "time"),
		.note = draft->note,
	};
	struct err *err = signer_new(&signer);

	if (!err)
		err = sign_make(signer, ledger->key, draft->note, &signature);
	check.signature = signature;
	if (!err)
		err = sign_name(signer, &check, &name);
	check.name = name;
	if (!err)
		err = sign_verify(signer, &check);
	if (err_is(err, KR_EGATE))
		return err_hint(err_as(err, KR_EREFUSED),
				"The allowed signers stand in the ledger's "
				"first line, and in later ones of type "
				"\"signers\"");
	if (err)
		return err;
	json_set_str(draft->fields, "signer", name);
	json_set_str(draft->fields, "signature", signature);
	return NULL;
}

/*
 * Without the lock, since a person may have to be asked: *out_late where the
 * ledger has grown meanwhile.
 */
static KR_FALLIBLE try_checkpoint(struct ledger *ledger, bool *out_late,
				  uint64_t *out_size)
{
	kr_cleanup(draft_release) struct draft draft = { 0 };
	kr_cleanup(writing_release) struct writing writing = { 0 };
	struct err *err =
		writing_open(ledger, false, chain_believe, NULL, &writing);

	*out_late = false;
	if (!err)
		err = make_draft(&writing.chain, &draft);
	*out_size = draft.size;
	if (err || !draft.needed)
		return err;
	if (!draft.sign)
		return writing_add(&writing, LINE_CHECKPOINT, draft.fields);
	writing_release(&writing);
	err = sign_draft(ledger, &draft);
	if (!err)
		err = writing_open(ledger, false, NULL, NULL, &writing);
	if (err)
		return err;
	*out_late = writing.chain.tree.size != draft.size;
	return *out_late ? NULL
			 : writing_add(&writing, LINE_CHECKPOINT, draft.fields);
}

KR_FALLIBLE ledger_checkpoint(struct ledger *ledger)
{
	struct err *err = NULL;
	bool late = true;
	uint64_t size = 0;

	for (int i = 0; i < SIGN_TRIES && late && !err; i++)
		err = try_checkpoint(ledger, &late, &size);
	if (!err && late)
		err = err_new(KR_EHELD,
			      "others write %s faster than it can be signed",
			      ledger->path);
	if (!err && ledger->git_commit)
		err = ledger_git_commit(ledger, size + 1);
	return err;
}
