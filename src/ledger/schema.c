#include "ledger/schema.h"

#include <string.h>

#include "ledger/form.h"

enum field_flags {
	FIELD_REQUIRED = 1,
	FIELD_LIST = 2,	 /* an array of such values */
	FIELD_NULLS = 4, /* null stands for "no number" */
};

struct field {
	const char *name; /* NULL ends */
	enum form form;
	int flags;
	const char *const *choices; /* of FORM_CHOICE */
	const struct field *fields; /* of FORM_FIELDS */
};

static const char *const signs[] = { "none", "ssh", NULL };
static const char *const verdicts[] = { "pass", "fail", "inconclusive", "error",
					NULL };
static const char *const outcomes[] = { "started",     "done",	  "failed",
					"rolled-back", "refused", "interrupted",
					NULL };

static const struct field genesis[] = {
	{ .name = "time", FORM_TIME, FIELD_REQUIRED },
	{ .name = "ledger", FORM_LEDGER_ID, FIELD_REQUIRED },
	{ .name = "service", FORM_TEXT },
	{ .name = "secret", FORM_WORD, FIELD_REQUIRED },
	{ .name = "entry", FORM_WORD, FIELD_REQUIRED },
	{ .name = "sign", FORM_CHOICE, FIELD_REQUIRED, signs },
	{ .name = "signers", FORM_SIGNER, FIELD_LIST },
	{ .name = "tool", FORM_TEXT },
	{ .name = NULL },
};

static const struct field metric[] = {
	{ .name = "name", FORM_TEXT, FIELD_REQUIRED },
	{ .name = "verdict", FORM_CHOICE, .choices = verdicts },
	{ .name = "baseline", FORM_NUMBER },
	{ .name = "max", FORM_NUMBER },
	{ .name = "maxIncreasePercent", FORM_NUMBER },
	{ .name = "ok", FORM_COUNT },
	{ .name = "breach", FORM_COUNT },
	{ .name = "noData", FORM_COUNT },
	{ .name = "nan", FORM_COUNT },
	{ .name = "error", FORM_COUNT },
	{ .name = "samples", FORM_NUMBER, FIELD_LIST | FIELD_NULLS },
	{ .name = NULL },
};

static const struct field soak[] = {
	{ .name = "started", FORM_TIME },
	{ .name = "forSeconds", FORM_COUNT },
	{ .name = "everySeconds", FORM_COUNT },
	{ .name = "metrics", FORM_FIELDS, FIELD_LIST, .fields = metric },
	{ .name = NULL },
};

static const struct field mixed[] = {
	{ .name = "pods", FORM_COUNT, FIELD_REQUIRED },
	{ .name = "ms", FORM_COUNT, FIELD_REQUIRED },
	{ .name = NULL },
};

static const struct field record[] = {
	{ .name = "time", FORM_TIME, FIELD_REQUIRED },
	{ .name = "rotation", FORM_ROTATION, FIELD_REQUIRED },
	{ .name = "step", FORM_WORD, FIELD_REQUIRED },
	{ .name = "outcome", FORM_CHOICE, FIELD_REQUIRED, outcomes },
	{ .name = "context", FORM_TEXT },
	{ .name = "clusterUID", FORM_WORD },
	{ .name = "namespace", FORM_WORD },
	{ .name = "secret", FORM_WORD },
	{ .name = "entry", FORM_WORD },
	{ .name = "operator", FORM_TEXT },
	{ .name = "operatorFrom", FORM_TEXT },
	{ .name = "fingerprint", FORM_HASH },
	{ .name = "previousFingerprint", FORM_HASH },
	{ .name = "resourceVersion", FORM_WORD },
	{ .name = "verdict", FORM_CHOICE, .choices = verdicts },
	{ .name = "reason", FORM_WORD },
	{ .name = "storeType", FORM_WORD },
	{ .name = "storeEntry", FORM_TEXT },
	{ .name = "previousEntry", FORM_TEXT },
	{ .name = "overrides", FORM_TEXT, FIELD_LIST },
	{ .name = "takenOver", FORM_TEXT },
	{ .name = "approvedBy", FORM_TEXT },
	{ .name = "mixedKeys", FORM_FIELDS, .fields = mixed },
	{ .name = "soak", FORM_FIELDS, .fields = soak },
	{ .name = NULL },
};

static const struct field signers[] = {
	{ .name = "time", FORM_TIME, FIELD_REQUIRED },
	{ .name = "signers", FORM_SIGNER, FIELD_REQUIRED | FIELD_LIST },
	{ .name = NULL },
};

static const struct field checkpoint[] = {
	{ .name = "time", FORM_TIME, FIELD_REQUIRED },
	{ .name = "size", FORM_COUNT, FIELD_REQUIRED },
	{ .name = "root", FORM_ROOT, FIELD_REQUIRED },
	{ .name = "signer", FORM_TEXT },
	{ .name = "signature", FORM_SIGNATURE },
	{ .name = NULL },
};

static const struct {
	const char *name;
	const struct field *fields;
} types[LINE_TYPE_COUNT] = {
	[LINE_GENESIS] = { "genesis", genesis },
	[LINE_RECORD] = { "record", record },
	[LINE_SIGNERS] = { "signers", signers },
	[LINE_CHECKPOINT] = { "checkpoint", checkpoint },
};

const char *line_type_name(enum line_type type)
{
	return types[type].name;
}

const char *schema_record_field(size_t index)
{
	return record[index].name;
}

static bool is_choice(const char *const *choices, const struct view *view)
{
	for (; *choices; choices++)
		if (view_is(view, *choices))
			return true;
	return false;
}

/* Takes fields in their order, so that nothing can stand twice. */
static struct err *check_fields(struct scan *scan, char lead,
				const struct field *fields,
				struct schema_seen *seen);

static struct err *check_object(struct scan *scan, const struct field *fields)
{
	struct err *err = NULL;

	if (scan_word(scan, "{}"))
		return check_fields(scan, '{', fields, NULL);
	err = check_fields(scan, '{', fields, NULL);
	if (!err && !scan_byte(scan, '}'))
		err = err_new(KR_EINVALID,
			      "it has a field that is not known, or not in "
			      "its place");
	return err;
}

static struct err *check_value(struct scan *scan, const struct field *f,
			       struct view *view)
{
	bool fits;

	switch (f->form) {
	case FORM_FIELDS:
		return check_object(scan, f->fields);
	case FORM_NUMBER:
		fits = (f->flags & FIELD_NULLS && scan_word(scan, "null")) ||
		       scan_number(scan);
		break;
	case FORM_COUNT:
		fits = scan_count(scan);
		break;
	case FORM_CHOICE:
		fits = scan_string(scan, view) && is_choice(f->choices, view);
		break;
	case FORM_TEXT:
	case FORM_WORD:
	case FORM_TIME:
	case FORM_ROTATION:
	case FORM_HASH:
	case FORM_ROOT:
	case FORM_LEDGER_ID:
	case FORM_SIGNER:
	case FORM_SIGNATURE:
	default:
		fits = scan_string(scan, view) &&
		       form_fits(f->form, view->text, view->len);
		break;
	}
	return fits ? NULL
		    : err_new(KR_EINVALID, "field \"%s\" is not %s", f->name,
			      form_name(f->form));
}

static struct err *check_list(struct scan *scan, const struct field *f)
{
	struct err *err = NULL;
	struct view view;

	if (!scan_byte(scan, '['))
		return err_new(KR_EINVALID, "field \"%s\" is not a list",
			       f->name);
	if (scan_byte(scan, ']'))
		return NULL;
	do
		err = check_value(scan, f, &view);
	while (!err && scan_byte(scan, ','));
	if (!err && !scan_byte(scan, ']'))
		err = err_new(KR_EINVALID, "field \"%s\" is not a list",
			      f->name);
	return err;
}

static struct err *check_fields(struct scan *scan, char lead,
				const struct field *fields,
				struct schema_seen *seen)
{
	struct view view = { 0 };
	struct err *err = NULL;

	for (const struct field *f = fields; f->name && !err; f++) {
		if (scan_name(scan, lead, f->name)) {
			lead = ',';
			err = f->flags & FIELD_LIST
				      ? check_list(scan, f)
				      : check_value(scan, f, &view);
			if (seen && f->form == FORM_WORD &&
			    strcmp(f->name, "step") == 0)
				seen->step = view;
		} else if (f->flags & FIELD_REQUIRED) {
			err = err_new(KR_EINVALID,
				      "field \"%s\" is not where it should be",
				      f->name);
		}
	}
	return err;
}

KR_FALLIBLE schema_check(const char *body, size_t len, struct buf *spare,
			 struct schema_seen *out)
{
	struct scan scan = { body, body + len, spare };
	struct schema_seen seen = { 0 };
	size_t type = 0;
	struct err *err;

	while (type < LINE_TYPE_COUNT && !scan_word(&scan, types[type].name))
		type++;
	if (type == LINE_TYPE_COUNT || !scan_byte(&scan, '"'))
		return err_new(KR_EINVALID, "its type is not known");
	seen.type = (enum line_type)type;
	err = check_fields(&scan, ',', types[type].fields, &seen);
	if (!err && scan.at != scan.end)
		err = err_new(KR_EINVALID,
			      "it has a field that is not known, or not in "
			      "its place");
	if (!err)
		*out = seen;
	return err;
}
