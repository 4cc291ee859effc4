#include "ledger/chain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"

/* ,"hash":"<64 digits>"} */
#define HASH_FIELD ",\"hash\":\""
#define TAIL_LEN   (sizeof(HASH_FIELD) - 1 + LEDGER_HASH_LEN - 1 + 2)

static const char zeros[] = "00000000000000000000000000000000"
			    "00000000000000000000000000000000";

struct err *chain_broken(uint64_t number, const char *format, ...)
{
	kr_cleanup(str_freep) char *text = NULL;
	struct err *err;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (number)
		err = err_new(KR_EGATE, "line %" PRIu64 ": %s", number,
			      text ? text : "broken");
	else
		err = err_new(KR_EGATE, "%s", text ? text : "broken");
	return err_set_reason(err, "LedgerBroken");
}

KR_FALLIBLE chain_init(struct chain *chain, struct ledger_trust *trust)
{
	*chain = (struct chain){ .trust = trust,
				 .spare = BUF_INIT(CHAIN_MAX_LINE) };
	memcpy(chain->head, zeros, sizeof(chain->head));
	for (size_t i = 0; trust && i < trust->n_anchors; i++)
		trust->anchors[i].state = ANCHOR_NOT_CHECKED;
	return hasher_new(&chain->hasher);
}

void chain_release(struct chain *chain)
{
	hasher_free(chain->hasher);
	free(chain->id);
	free(chain->service);
	free(chain->secret);
	free(chain->entry);
	free(chain->signers);
	free(chain->next_signers);
	buf_release(&chain->spare);
	*chain = (struct chain){ 0 };
}

void chain_line_release(struct chain_line *line)
{
	json_free(line->tree);
	line->tree = NULL;
}

size_t chain_start(const struct chain *chain, char out[CHAIN_START_LEN])
{
	return (size_t)snprintf(out, CHAIN_START_LEN,
				"{\"v\":%d,\"seq\":%" PRIu64
				",\"prev\":\"%s\",\"type\":\"",
				SCHEMA_VERSION, chain->tree.size, chain->head);
}

/* Finds out which part of a wrong beginning is wrong. */
static struct err *wrong_start(const struct chain *chain, const char *line,
			       size_t len)
{
	uint64_t number = chain->tree.size + 1;
	char start[CHAIN_START_LEN];
	int n = snprintf(start, sizeof(start), "{\"v\":%d,", SCHEMA_VERSION);

	if (len < (size_t)n || memcmp(line, start, (size_t)n) != 0)
		return chain_broken(number,
				    "its version is not one that this program "
				    "knows (%d)",
				    SCHEMA_VERSION);
	n = snprintf(start, sizeof(start), "{\"v\":%d,\"seq\":%" PRIu64 ",",
		     SCHEMA_VERSION, chain->tree.size);
	if (len < (size_t)n || memcmp(line, start, (size_t)n) != 0)
		return chain_broken(number,
				    "its number is not %" PRIu64
				    ": a line is missing, doubled or moved",
				    chain->tree.size);
	return chain_broken(number, "it does not follow the line before it: "
				    "its prev is not that line's hash");
}

static KR_FALLIBLE check_bytes(const struct chain *chain, const char *line,
			       size_t len, char hash[LEDGER_HASH_LEN])
{
	uint64_t number = chain->tree.size + 1;
	char start[CHAIN_START_LEN];
	size_t n = chain_start(chain, start);
	const char *tail = line + (len < TAIL_LEN ? 0 : len - TAIL_LEN);
	struct err *err;

	if (len > CHAIN_MAX_LINE)
		return chain_broken(number, "it is longer than a line can be");
	if (len < n || memcmp(line, start, n) != 0)
		return wrong_start(chain, line, len);
	if (len < n + TAIL_LEN ||
	    memcmp(tail, HASH_FIELD, sizeof(HASH_FIELD) - 1) != 0 ||
	    memcmp(line + len - 2, "\"}", 2) != 0)
		return chain_broken(number, "it does not end with its hash");
	err = hash_line(chain->hasher, line, len - TAIL_LEN, hash);
	if (err)
		return err;
	if (memcmp(tail + sizeof(HASH_FIELD) - 1, hash, LEDGER_HASH_LEN - 1) !=
	    0)
		return chain_broken(number, "its hash is not that of its "
					    "bytes: it was changed");
	return NULL;
}

static KR_FALLIBLE check_fields(struct chain *chain, const char *line,
				size_t len, struct schema_seen *out)
{
	char start[CHAIN_START_LEN];
	size_t n = chain_start(chain, start);
	struct err *err =
		schema_check(line + n, len - n - TAIL_LEN, &chain->spare, out);
	struct err *broken;

	if (!err_is(err, KR_EINVALID))
		return err;
	broken = chain_broken(chain->tree.size + 1, "%s", err_message(err));
	err_free(err);
	return broken;
}

KR_FALLIBLE chain_line_parse(struct chain_line *line)
{
	return line->tree ? NULL
			  : json_parse(line->text, line->len, &line->tree);
}

/* The list as text, one a line; NULL where there is none. */
KR_FALLIBLE chain_join_signers(const struct cJSON *list, char **field)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(CHAIN_MAX_LINE);
	struct err *err;

	for (const struct cJSON *i = json_first(list); i; i = json_next(i)) {
		buf_puts(&text, json_text(i));
		buf_putc(&text, '\n');
	}
	err = buf_check(&text, "the list of signers");
	if (err)
		return err;
	free(*field);
	*field = text.len ? buf_take(&text) : NULL;
	return NULL;
}

static KR_FALLIBLE take_genesis(struct chain *chain, const struct cJSON *line)
{
	bool ok = str_keep(&chain->id, json_member_str(line, "ledger"));

	ok = str_keep(&chain->service, json_member_str(line, "service")) && ok;
	ok = str_keep(&chain->secret, json_member_str(line, "secret")) && ok;
	ok = str_keep(&chain->entry, json_member_str(line, "entry")) && ok;
	if (!ok)
		return err_no_memory();
	chain->wants_signatures =
		str_equal(json_member_str(line, "sign"), "ssh") ||
		(chain->trust && chain->trust->signers);
	return chain_join_signers(json_member(line, "signers"),
				  &chain->signers);
}

static KR_FALLIBLE take_checkpoint(struct chain *chain,
				   const struct cJSON *line)
{
	uint64_t number = chain->tree.size + 1;
	const char *signature = json_member_str(line, "signature");
	const char *signer = json_member_str(line, "signer");
	unsigned char root[HASH_BYTES];
	char text[HASH_BASE64_LEN];
	struct err *err = chain_root(chain, root);

	if (err)
		return err;
	hash_base64(root, text);
	if (json_int(line, "size", -1) != (long long)chain->tree.size)
		return chain_broken(number, "the checkpoint's size is not the "
					    "number of lines before it");
	if (!str_equal(json_member_str(line, "root"), text))
		return chain_broken(number, "the checkpoint's root is not that "
					    "of the lines before it");
	if (!signature != !signer)
		return chain_broken(number, "a signature needs a signer's "
					    "name, and a name a signature");
	if (!signature && chain->wants_signatures)
		return chain_broken(number, "the checkpoint is not signed, and "
					    "this ledger asks for that");
	chain->checkpoints++;
	if (signature) {
		chain->signatures++;
		chain->signed_size = chain->tree.size;
	}
	chain->last_is_signed = signature != NULL;
	return NULL;
}

static KR_FALLIBLE take_line(struct chain *chain, const struct chain_line *line,
			     const struct schema_seen *seen)
{
	uint64_t number = chain->tree.size + 1;

	if ((line->type == LINE_GENESIS) != (number == 1))
		return chain_broken(
			number, number == 1 ? "the first line must say what "
					      "the ledger is about"
					    : "only the first line says what "
					      "the ledger is about");
	switch (line->type) {
	case LINE_GENESIS:
		return take_genesis(chain, line->tree);
	case LINE_CHECKPOINT:
		return take_checkpoint(chain, line->tree);
	case LINE_SIGNERS:
		return chain_join_signers(json_member(line->tree, "signers"),
					  &chain->next_signers);
	case LINE_RECORD:
		chain->records++;
		if (view_is(&seen->step, LEDGER_STEP_END)) {
			chain->ended++;
			chain->ended_size = number;
		}
		return NULL;
	case LINE_TYPE_COUNT:
		break;
	}
	return err_new(KR_EUNEXPECTED, "a line of no type");
}

/* Sets the state of the anchors that were made at this size. */
static KR_FALLIBLE check_anchors(struct chain *chain)
{
	struct ledger_trust *trust = chain->trust;
	char root[LEDGER_HASH_LEN] = "";
	struct err *err = NULL;

	for (size_t i = 0; trust && i < trust->n_anchors && !err; i++) {
		struct ledger_anchor *a = &trust->anchors[i];
		unsigned char hash[HASH_BYTES];

		if (a->size != chain->tree.size)
			continue;
		if (!*root) {
			err = chain_root(chain, hash);
			if (!err)
				hash_hex(hash, root);
		}
		if (!err && str_equal(a->id, chain->id))
			a->state = strcmp(a->root, root) == 0 ? ANCHOR_HOLDS
							      : ANCHOR_DIFFERS;
	}
	return err;
}

KR_FALLIBLE chain_add(struct chain *chain, const char *text, size_t len,
		      struct chain_line *out)
{
	kr_cleanup(chain_line_release) struct chain_line line = { .text = text,
								  .len = len };
	struct schema_seen seen;
	char hash[LEDGER_HASH_LEN];
	struct err *err;

	err = check_bytes(chain, text, len, hash);
	if (!err)
		err = check_fields(chain, text, len, &seen);
	if (err)
		return err;
	line.type = seen.type;
	if (line.type != LINE_RECORD)
		err = chain_line_parse(&line);
	if (!err)
		err = take_line(chain, &line, &seen);
	if (!err)
		err = tree_add(&chain->tree, chain->hasher, text, len);
	if (err)
		return err;
	memcpy(chain->head, hash, sizeof(chain->head));
	chain->last_type = line.type;
	err = check_anchors(chain);
	if (!err && out) {
		*out = line;
		line.tree = NULL;
	}
	return err;
}

void chain_signed(struct chain *chain)
{
	if (!chain->next_signers)
		return;
	free(chain->signers);
	chain->signers = take_ptr(&chain->next_signers);
}

static KR_FALLIBLE judge_anchor(struct chain *chain, struct ledger_anchor *a)
{
	const char *source = a->source ? a->source : "an anchor";

	if (!str_equal(a->id, chain->id))
		a->state = ANCHOR_FOREIGN;
	else if (a->size > chain->tree.size)
		a->state = ANCHOR_AHEAD;
	switch (a->state) {
	case ANCHOR_FOREIGN:
		return chain_broken(0,
				    "%s is about another ledger (%s), not "
				    "this one (%s)",
				    source, a->id, chain->id);
	case ANCHOR_AHEAD:
		return chain_broken(0,
				    "%s has seen %" PRIu64
				    " lines, the file has %" PRIu64
				    ": its end was cut off",
				    source, a->size, chain->tree.size);
	case ANCHOR_DIFFERS:
		return chain_broken(0,
				    "%s has seen other lines than the first "
				    "%" PRIu64
				    " of the file: it was written anew",
				    source, a->size);
	case ANCHOR_HOLDS:
	case ANCHOR_NOT_CHECKED:
		break;
	}
	return NULL;
}

KR_FALLIBLE chain_finish(struct chain *chain)
{
	struct ledger_trust *trust = chain->trust;
	struct err *first = NULL;

	if (chain->tree.size == 0)
		return chain_broken(0, "the ledger is empty");
	for (size_t i = 0; trust && i < trust->n_anchors; i++) {
		struct err *err = judge_anchor(chain, &trust->anchors[i]);

		if (first)
			err_free(err);
		else
			first = err;
	}
	if (!first && chain->wants_signatures &&
	    chain->ended_size > chain->signed_size)
		first = chain_broken(chain->ended_size,
				     "a rotation ended here, and no signed "
				     "checkpoint comes after it");
	return first;
}

KR_FALLIBLE chain_root(const struct chain *chain, unsigned char out[HASH_BYTES])
{
	return tree_root(&chain->tree, chain->hasher, out);
}

KR_FALLIBLE chain_make_line(const struct chain *chain, enum line_type type,
			    const struct cJSON *fields, struct buf *out)
{
	kr_cleanup(buf_release) struct buf spare = BUF_INIT(CHAIN_MAX_LINE);
	kr_cleanup(str_freep) char *text = NULL;
	char start[CHAIN_START_LEN], hash[LEDGER_HASH_LEN];
	struct schema_seen seen;
	size_t n = chain_start(chain, start);
	struct err *err = json_print(fields, &text);

	if (err)
		return err;
	/* fields: {"time":...}; without its braces, after the type. */
	buf_printf(out, "%s%s\",%.*s", start, line_type_name(type),
		   (int)strlen(text) - 2, text + 1);
	err = buf_check(out, "a line of the ledger");
	if (!err)
		err = schema_check(out->data + n, out->len - n, &spare, &seen);
	if (err)
		return err_wrap(err, "a %s of the ledger",
				line_type_name(type));
	err = hash_line(chain->hasher, out->data, out->len, hash);
	if (err)
		return err;
	buf_printf(out, HASH_FIELD "%s\"}", hash);
	return buf_check(out, "a line of the ledger");
}
