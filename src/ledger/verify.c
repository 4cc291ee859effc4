/*
 * Reading a ledger: all of its checks, its head, its lines.
 */
#include <inttypes.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "ledger/file.h"
#include "ledger/sign.h"

#define MAX_SIGNERS ((size_t)256 * 1024)

/* What a walk over the lines carries. */
struct verifying {
	struct signer *signer; /* NULL: signatures are not looked at */
	struct buf trusted;    /* of trust->signers; empty: none given */
	bool bad_signature;    /* in the line that was added last */
};

static struct err *bad_signature(struct verifying *v, struct chain *chain,
				 struct err *take_err)
{
	struct err *err = take_err;

	if (!err_is(err, KR_EGATE))
		return err;
	v->bad_signature = true;
	err = chain_broken(chain->tree.size, "%s", err_message(take_err));
	err_free(take_err);
	return err;
}

static KR_FALLIBLE check_signature(struct verifying *v, struct chain *chain,
				   const struct cJSON *line)
{
	kr_cleanup(str_freep) char *note =
		sign_note(chain->id, (uint64_t)json_int(line, "size", 0),
			  json_member_str(line, "root"));
	struct sign_check check = {
		.allowed = chain->signers,
		.name = json_member_str(line, "signer"),
		.time = json_member_str(line, "time"),
		.note = note,
		.signature = json_member_str(line, "signature"),
	};
	struct err *err;

	if (!note)
		return err_no_memory();
	/* Its root was compared when the line was taken. */
	err = sign_verify(v->signer, &check);
	if (!err && v->trusted.len) {
		kr_cleanup(str_freep) char *name = NULL;

		check.allowed = buf_str(&v->trusted);
		err = sign_name(v->signer, &check, &name);
		check.name = name;
		if (!err)
			err = sign_verify(v->signer, &check);
	}
	return bad_signature(v, chain, err);
}

static KR_FALLIBLE verify_line(void *user, struct chain *chain,
			       struct chain_line *line)
{
	struct verifying *v = user;
	struct err *err = NULL;

	if (line->type != LINE_CHECKPOINT || !chain->last_is_signed)
		return NULL;
	if (v->signer)
		err = check_signature(v, chain, line->tree);
	if (!err)
		chain_signed(chain);
	return err;
}

static KR_FALLIBLE fill_report(const struct chain *chain,
			       struct ledger_report *report)
{
	unsigned char root[HASH_BYTES];
	struct err *err = chain_root(chain, root);

	if (err)
		return err;
	if (chain->id)
		memcpy(report->id, chain->id, sizeof(report->id));
	hash_hex(root, report->root);
	report->size = chain->tree.size;
	report->records = chain->records;
	report->checkpoints = chain->checkpoints;
	report->signatures = chain->signatures;
	report->ended = chain->ended;
	report->signed_size = chain->signed_size;
	report->wants_signatures = chain->wants_signatures;
	for (size_t i = 0; chain->trust && i < chain->trust->n_anchors; i++)
		if (chain->trust->anchors[i].state == ANCHOR_HOLDS)
			report->anchors_held++;
	return NULL;
}

static KR_FALLIBLE verify_text(struct verifying *v, const char *text,
			       size_t len, struct ledger_trust *trust,
			       struct ledger_report *report)
{
	kr_cleanup(chain_release) struct chain chain = { 0 };
	struct err *err = chain_init(&chain, trust);
	struct err *filled;

	*report = (struct ledger_report){ 0 };
	if (err)
		return err;
	err = chain_read(&chain, text, len, verify_line, v);
	if (err && err_is(err, KR_EGATE))
		report->bad_line = chain.tree.size + !v->bad_signature;
	if (!err) {
		err = chain_finish(&chain);
		if (err && chain.wants_signatures &&
		    chain.ended_size > chain.signed_size)
			report->bad_line = chain.ended_size;
	}
	filled = fill_report(&chain, report);
	if (err)
		err_free(filled);
	return err ? err : filled;
}

KR_FALLIBLE ledger_check_text(const char *text, size_t len,
			      struct ledger_trust *trust,
			      struct ledger_report *report)
{
	struct verifying v = { 0 };

	return verify_text(&v, text, len, trust, report);
}

KR_FALLIBLE ledger_verify(struct ledger *ledger, struct ledger_trust *trust,
			  struct ledger_report *report)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(LEDGER_MAX_BYTES);
	kr_cleanup(signer_freep) struct signer *signer = NULL;
	struct verifying v = { .trusted = BUF_INIT(MAX_SIGNERS) };
	struct err *err = signer_new(&signer);

	*report = (struct ledger_report){ 0 };
	v.signer = signer;
	if (!err && trust && trust->signers) {
		err = file_read(trust->signers, &v.trusted);
		if (!err && v.trusted.len == 0)
			err = err_new(KR_ECONFIG, "%s is empty",
				      trust->signers);
		err = err_as(err_wrap(err, "allowed signers"), KR_ECONFIG);
	}
	if (!err)
		err = ledger_read_text(ledger, &text);
	if (!err)
		err = verify_text(&v, buf_str(&text), text.len, trust, report);
	buf_release(&v.trusted);
	return err_is(err, KR_EGATE) ? err_wrap(err, "%s", ledger->path) : err;
}

KR_FALLIBLE ledger_head(struct ledger *ledger, struct ledger_anchor *out)
{
	kr_cleanup(chain_release) struct chain chain = { 0 };
	kr_cleanup(buf_release) struct buf text = BUF_INIT(LEDGER_MAX_BYTES);
	struct ledger_anchor head = { 0 };
	unsigned char root[HASH_BYTES];
	struct err *err = ledger_read_text(ledger, &text);

	if (!err)
		err = chain_init(&chain, NULL);
	if (!err)
		err = chain_read(&chain, buf_str(&text), text.len, NULL, NULL);
	if (!err && chain.tree.size == 0)
		err = chain_broken(0, "the ledger is empty");
	if (!err)
		err = chain_root(&chain, root);
	if (err)
		return err_is(err, KR_EGATE) ? err_wrap(err, "%s", ledger->path)
					     : err;
	memcpy(head.id, chain.id, sizeof(head.id));
	hash_hex(root, head.root);
	head.size = chain.tree.size;
	*out = head;
	return NULL;
}

/* A caller's function behind the chain's. */
struct giving {
	ledger_on_line *on_line;
	void *user;
};

static KR_FALLIBLE give(void *user, struct chain *chain,
			struct chain_line *line)
{
	const struct giving *g = user;

	struct err *err = chain_line_parse(line);

	(void)chain;
	return err ? err : g->on_line(g->user, line->tree);
}

KR_FALLIBLE ledger_each(struct ledger *ledger, ledger_on_line *on_line,
			void *user)
{
	kr_cleanup(chain_release) struct chain chain = { 0 };
	kr_cleanup(buf_release) struct buf text = BUF_INIT(LEDGER_MAX_BYTES);
	struct giving giving = { on_line, user };
	struct err *err = ledger_read_text(ledger, &text);

	if (!err)
		err = chain_init(&chain, NULL);
	if (!err)
		err = chain_read(&chain, buf_str(&text), text.len, give,
				 &giving);
	return err_is(err, KR_EGATE) ? err_wrap(err, "%s", ledger->path) : err;
}
