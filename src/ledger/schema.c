#include "ledger/schema.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#include "base/json.h"
#include "ledger/form.h"

#define MAX_COUNT 9007199254740991.0 /* what a double holds exactly */

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

static bool is_choice(const char *const *choices, const char *text)
{
	for (; *choices; choices++)
		if (strcmp(*choices, text) == 0)
			return true;
	return false;
}

static struct err *check_fields(const struct cJSON *first,
				const struct cJSON *end,
				const struct field *fields);

static struct err *check_value(const struct field *f, const struct cJSON *value)
{
	bool fits = false;

	if (f->form == FORM_FIELDS && cJSON_IsObject(value))
		return check_fields(value->child, NULL, f->fields);
	if (f->form == FORM_NUMBER || f->form == FORM_COUNT) {
		double n = value->valuedouble;

		fits = cJSON_IsNumber(value) && isfinite(n);
		if (f->form == FORM_COUNT)
			fits = fits && n >= 0 && n <= MAX_COUNT &&
			       n == floor(n);
		fits = fits || (f->flags & FIELD_NULLS && cJSON_IsNull(value));
	} else if (cJSON_IsString(value)) {
		fits = f->form == FORM_CHOICE
			       ? is_choice(f->choices, value->valuestring)
			       : form_fits(f->form, value->valuestring);
	}
	return fits ? NULL
		    : err_new(KR_EINVALID, "field \"%s\" is not %s", f->name,
			      form_name(f->form));
}

static struct err *check_field(const struct field *f, const struct cJSON *value)
{
	struct err *err = NULL;

	if (!(f->flags & FIELD_LIST))
		return check_value(f, value);
	if (!cJSON_IsArray(value))
		return err_new(KR_EINVALID, "field \"%s\" is not a list",
			       f->name);
	for (const struct cJSON *i = value->child; i && !err; i = i->next)
		err = check_value(f, i);
	return err;
}

/* Both in one order, so that nothing can stand twice. `end` is not looked at.
 */
static struct err *check_fields(const struct cJSON *first,
				const struct cJSON *end,
				const struct field *fields)
{
	const struct cJSON *value = first;
	struct err *err = NULL;

	for (const struct field *f = fields; f->name && !err; f++) {
		if (value != end && strcmp(value->string, f->name) == 0) {
			err = check_field(f, value);
			value = value->next;
		} else if (f->flags & FIELD_REQUIRED) {
			err = err_new(KR_EINVALID,
				      "field \"%s\" is not where it should be",
				      f->name);
		}
	}
	if (!err && value != end)
		err = err_new(KR_EINVALID,
			      "it has a field that is not known, or not in its "
			      "place");
	return err;
}

static const struct cJSON *skip(const struct cJSON *value, const char *name)
{
	return value && value->string && strcmp(value->string, name) == 0
		       ? value->next
		       : NULL;
}

KR_FALLIBLE schema_check(const struct cJSON *line, bool has_hash,
			 enum line_type *out_type)
{
	const char *name = json_member_str(line, "type");
	const struct cJSON *first, *end = NULL;
	size_t type = 0;

	if (!cJSON_IsObject(line))
		return err_new(KR_EINVALID, "it is no object");
	while (name && type < LINE_TYPE_COUNT &&
	       strcmp(types[type].name, name) != 0)
		type++;
	if (!name || type == LINE_TYPE_COUNT)
		return err_new(KR_EINVALID, "its type is not known");
	/* v, seq and prev are compared as bytes, with the hash. */
	first = skip(line->child, "v");
	first = skip(first, "seq");
	first = skip(first, "prev");
	if (first && strcmp(first->string, "type") != 0)
		first = NULL;
	if (!first)
		return err_new(KR_EINVALID, "its first fields are not in "
					    "their places");
	if (has_hash)
		end = line->child->prev; /* cJSON: the first's is the last */
	if (end && strcmp(end->string, "hash") != 0)
		return err_new(KR_EINVALID, "its last field is not its hash");
	*out_type = (enum line_type)type;
	return check_fields(first->next, end, types[type].fields);
}
