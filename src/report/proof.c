/* What the ledger holds of the rotation, and whether that can be believed. */
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "report/sources.h"

static void add_record(const struct cJSON *line, struct cJSON *records)
{
	static const char *const words[] = {
		"time",	       "rotation",  "step",	"outcome",
		"context",     "namespace", "operator", "operatorFrom",
		"fingerprint", "verdict",   "reason",	"hash",
	};
	struct cJSON *record = json_append_object(records);

	json_set_int(record, "seq", json_int(line, "seq", -1));
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		json_set_str(record, words[i], json_member_str(line, words[i]));
}

/* The rotation's last record, and the checkpoint behind it. */
struct cover {
	long long last, checkpoint; /* seq; -1: none */
	const char *signer;
};

static struct cover add_records(const struct sources *s, struct cJSON *records)
{
	struct cover cover = { -1, -1, NULL };
	const struct cJSON *line = json_first(s->lines);

	for (; line; line = json_next(line)) {
		if (sources_has(s, line)) {
			add_record(line, records);
			cover = (struct cover){ json_int(line, "seq", -1), -1,
						NULL };
		} else if (cover.checkpoint < 0 && cover.last >= 0 &&
			   str_same(json_member_str(line, "type"),
				    "checkpoint")) {
			cover.checkpoint = json_int(line, "seq", -1);
			cover.signer = json_member_str(line, "signer");
		}
	}
	return cover;
}

static void put_anchors(const struct ledger_trust *trust, struct cJSON *ledger)
{
	struct cJSON *list = json_add_array(ledger, "anchors");

	for (size_t i = 0; trust && i < trust->n_anchors; i++) {
		const struct ledger_anchor *a = &trust->anchors[i];
		struct cJSON *anchor = json_append_object(list);

		json_set_str(anchor, "source", a->source);
		json_set_int(anchor, "size", (long long)a->size);
		json_set_str(anchor, "state", ledger_anchor_word(a->state));
	}
}

static void put_seq(struct cJSON *ledger, const char *name, long long seq)
{
	if (seq < 0)
		json_set_null(ledger, name);
	else
		json_set_int(ledger, name, seq);
}

static void put_report(const struct ledger_report *r, struct cJSON *ledger)
{
	json_set_str(ledger, "id", *r->id ? r->id : NULL);
	json_set_int(ledger, "lines", (long long)r->size);
	json_set_str(ledger, "root", *r->root ? r->root : NULL);
	json_set_bool(ledger, "signed", r->wants_signatures);
	json_set_int(ledger, "checkpoints", (long long)r->checkpoints);
	json_set_int(ledger, "signatures", (long long)r->signatures);
	json_set_int(ledger, "signedLines", (long long)r->signed_size);
	put_seq(ledger, "badLine", r->bad_line ? (long long)r->bad_line : -1);
}

/* Broken is KR_EGATE, which the report survives; what cannot be looked at (no
 * ssh-keygen) is not proved, and that is said as well. */
KR_FALLIBLE proof_fill(const struct sources *sources, struct cJSON *report)
{
	struct ledger *file = sources->options->ledger;
	struct ledger_report found = { 0 };
	struct cJSON *ledger;
	struct cover cover;
	struct err *err;

	if (!file || !ledger_exists(file)) {
		json_set_null(report, "ledger");
		return NULL;
	}
	ledger = json_add_object(report, "ledger");
	json_set_str(ledger, "path", ledger_path(file));
	err = ledger_verify(file, sources->options->trust, &found);
	json_set_str(ledger, "state",
		     !err		     ? "unchanged"
		     : err_is(err, KR_EGATE) ? "broken"
					     : "not-checked");
	json_set_str(ledger, "problem", err ? err_message(err) : NULL);
	put_report(&found, ledger);
	put_anchors(sources->options->trust, ledger);
	cover = add_records(sources, json_add_array(ledger, "records"));
	put_seq(ledger, "coveredBy", cover.checkpoint);
	json_set_str(ledger, "signer", cover.signer);
	return err;
}
