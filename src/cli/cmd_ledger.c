/* ledger: show, verify or export the record of past rotations. */
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "cli/ledgerfile.h"
#include "cli/ledgerimport.h"
#include "cli/ledgertext.h"
#include "runbook/rotation.h"

/* Not all of the digits: enough to compare by eye. */
#define SHORT_HASH 12

static KR_FALLIBLE need_ledger(const struct cli_context *context,
			       struct ledger **out)
{
	struct err *err = cli_ledger_open(context, NULL, out);

	if (err || *out)
		return err;
	return err_hint(
		err_set_reason(err_new(KR_ECONFIG, "no ledger is configured"),
			       "LedgerNotFound"),
		"Name one in keyrot.yaml (ledger: {path: ...}), or by --ledger");
}

/* Every call of it is told of one line. */
struct listing {
	struct result *result;
	struct cJSON *records;
	const char *rotation; /* NULL: all */
	bool csv;
	size_t columns; /* of a line of the table */
	size_t shown;
};

static KR_FALLIBLE list_line(void *user, const struct cJSON *line)
{
	struct listing *l = user;
	const char *rotation = json_member_str(line, "rotation");

	if (l->rotation && (!rotation || strcmp(rotation, l->rotation) != 0))
		return NULL;
	json_append(l->records, json_copy(line));
	if (!rotation)
		return NULL;
	if (l->csv)
		ledgertext_csv(line, &l->result->text);
	else
		ledgertext_row(line, l->columns, &l->result->text);
	l->shown++;
	return NULL;
}

static KR_FALLIBLE list_all(struct cli_context *context, struct result *result,
			    bool csv)
{
	kr_cleanup(ledger_freep) struct ledger *ledger = NULL;
	struct listing listing = {
		.result = result,
		.rotation = context->n_args > 1 ? context->args[1] : NULL,
		.csv = csv,
		.columns = result->columns,
	};
	struct err *err = need_ledger(context, &ledger);

	if (err)
		return err;
	json_set_str(result->document, "ledger", ledger_path(ledger));
	listing.records = json_add_array(result->document, "records");
	if (csv)
		ledgertext_csv(NULL, &result->text);
	else
		ledgertext_row(NULL, listing.columns, &result->text);
	err = ledger_each(ledger, list_line, &listing);
	if (err || listing.shown || csv)
		return err;
	if (listing.rotation)
		return err_set_reason(
			err_new(KR_EUSAGE, "the ledger has no such rotation"),
			"RotationNotFound");
	buf_reset(&result->text);
	buf_puts(&result->text, "No rotation is recorded yet.\n");
	return NULL;
}

static void fill_anchors(struct result *result,
			 const struct cli_anchors *anchors)
{
	struct cJSON *list = json_add_array(result->document, "anchors");

	for (size_t i = 0; i < anchors->count; i++) {
		const struct ledger_anchor *a = &anchors->items[i];
		struct cJSON *object = json_append_object(list);

		json_set_str(object, "source", a->source);
		json_set_str(object, "ledger", a->id);
		json_set_int(object, "size", (long long)a->size);
		json_set_str(object, "root", a->root);
		json_set_str(object, "state", ledger_anchor_word(a->state));
	}
}

static void fill_verify(struct result *result, const struct ledger_report *r)
{
	struct cJSON *document = result->document;

	json_set_str(document, "ledgerID", *r->id ? r->id : NULL);
	json_set_int(document, "lines", (long long)r->size);
	json_set_str(document, "root", *r->root ? r->root : NULL);
	json_set_int(document, "records", (long long)r->records);
	json_set_int(document, "rotationsEnded", (long long)r->ended);
	json_set_int(document, "checkpoints", (long long)r->checkpoints);
	json_set_int(document, "signatures", (long long)r->signatures);
	json_set_int(document, "signedLines", (long long)r->signed_size);
	json_set_bool(document, "signed", r->wants_signatures);
	if (r->bad_line)
		json_set_int(document, "line", (long long)r->bad_line);
	else
		json_set_null(document, "line");
}

static void say_verify(const struct cli_context *context, struct result *result,
		       const struct ledger *ledger,
		       const struct ledger_report *r)
{
	struct buf *text = &result->text;

	buf_printf(text,
		   "%s: %" PRIu64 " lines, %" PRIu64
		   " end%s of rotations on record, unchanged\n",
		   ledger_path(ledger), r->size, r->ended,
		   r->ended == 1 ? "" : "s");
	buf_printf(text, "root         %.*s... at %" PRIu64 " lines\n",
		   SHORT_HASH, r->root, r->size);
	buf_printf(text,
		   "checkpoints  %" PRIu64 ", %" PRIu64
		   " of them signed, up to line %" PRIu64 "\n",
		   r->checkpoints, r->signatures, r->signed_size);
	if (r->anchors_held)
		buf_printf(text, "anchors      %zu, all of them hold\n",
			   r->anchors_held);
	else
		cli_ledger_warn(context, result,
				"no anchor was found outside of the file: "
				"that its end was cut off, or all of it "
				"written anew, would not be seen");
}

/* That it is gone is a change, too, where something remembers it. */
static KR_FALLIBLE if_gone(const struct cli_anchors *anchors,
			   struct err *take_err)
{
	struct err *err;

	if (!take_err || !anchors->count ||
	    strcmp(err_reason(take_err), "LedgerNotFound") != 0)
		return take_err;
	err = err_new(KR_EGATE, "%s, though %s holds an anchor of one",
		      err_message(take_err), anchors->items[0].source);
	err_free(take_err);
	return err_set_reason(err, "LedgerBroken");
}

static KR_FALLIBLE verify(struct cli_context *context, struct result *result)
{
	kr_cleanup(ledger_freep) struct ledger *ledger = NULL;
	kr_cleanup(cli_anchors_release) struct cli_anchors anchors = { 0 };
	struct ledger_trust trust = { .signers = context->options.signers };
	struct ledger_report report;
	struct err *err = need_ledger(context, &ledger);

	if (err)
		return err;
	json_set_str(result->document, "ledger", ledger_path(ledger));
	if (context->n_args > 1)
		return err_new(KR_EUSAGE, "ledger verify checks the whole "
					  "ledger: name no rotation");
	err = cli_anchors_find(context, result, &anchors);
	if (err)
		return err;
	trust.anchors = anchors.items;
	trust.n_anchors = anchors.count;
	err = if_gone(&anchors, ledger_verify(ledger, &trust, &report));
	fill_verify(result, &report);
	fill_anchors(result, &anchors);
	if (!err)
		say_verify(context, result, ledger, &report);
	else if (err_is(err, KR_EGATE))
		err = err_hint(err,
			       "Compare the file with the last copy that "
			       "was good (git log -p %s)",
			       ledger_path(ledger));
	return err;
}

static KR_FALLIBLE import(struct cli_context *context, struct result *result)
{
	kr_cleanup(ledger_freep) struct ledger *ledger = NULL;
	struct err *err;

	if (context->n_args != 2)
		return err_hint(err_new(KR_EUSAGE, "import wants one file"),
				"kubectl keyrot ledger import FILE.csv");
	err = need_ledger(context, &ledger);
	if (err)
		return err;
	json_set_str(result->document, "ledger", ledger_path(ledger));
	return ledgerimport_run(result, ledger, context->args[1]);
}

KR_FALLIBLE cmd_ledger(struct cli_context *context, struct result *result)
{
	const char *verb = context->n_args ? context->args[0] : "show";

	if (strcmp(verb, "import") == 0)
		return import(context, result);
	if (context->n_args > 1 && !rotation_is_valid(context->args[1]))
		return err_new(KR_EUSAGE, "that is no rotation's id: it looks "
					  "like kr-20261122-7f3a9c");
	if (strcmp(verb, "show") == 0)
		return list_all(context, result, false);
	if (strcmp(verb, "export") == 0)
		return list_all(context, result, true);
	if (strcmp(verb, "verify") == 0)
		return verify(context, result);
	return err_hint(err_new(KR_EUSAGE, "ledger does one of: show, verify, "
					   "export, import"),
			"kubectl keyrot ledger --help");
}
