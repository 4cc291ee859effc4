/*
 * Fields of lines, from what callers say.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "ledger/file.h"
#include "ledger/sign.h"
#include "secret/search.h"

#define MAX_SIGNERS ((size_t)256 * 1024)
#define ID_BYTES    16

static void set_str(struct cJSON *object, const char *name, const char *value)
{
	if (value)
		json_set_str(object, name, value);
}

/* Six digits: what a metric is worth, and what keeps a line short. */
static struct cJSON *number(double value)
{
	char text[32];

	if (!isfinite(value))
		return cJSON_CreateNull();
	(void)snprintf(text, sizeof(text), "%.6g", value);
	return cJSON_CreateNumber(strtod(text, NULL));
}

static void set_number(struct cJSON *object, const char *name, double value)
{
	if (isfinite(value))
		json_set(object, name, number(value));
}

static void add_metric(struct cJSON *list, const struct ledger_metric *m)
{
	struct cJSON *object = json_append_object(list);
	struct cJSON *samples;

	set_str(object, "name", m->name);
	set_str(object, "verdict", m->verdict);
	set_number(object, "baseline", m->baseline);
	set_number(object, "max", m->max);
	set_number(object, "maxIncreasePercent", m->max_increase_pct);
	json_set_int(object, "ok", (long long)m->ok);
	json_set_int(object, "breach", (long long)m->breach);
	json_set_int(object, "noData", (long long)m->no_data);
	json_set_int(object, "nan", (long long)m->nan);
	json_set_int(object, "error", (long long)m->error);
	samples = json_add_array(object, "samples");
	for (size_t i = 0; i < m->n_samples; i++)
		json_append(samples, number(m->samples[i]));
}

static void add_soak(struct cJSON *fields, const struct ledger_soak *soak)
{
	struct cJSON *object = json_add_object(fields, "soak");
	struct cJSON *metrics;

	set_str(object, "started", soak->started);
	json_set_int(object, "forSeconds", soak->for_s);
	json_set_int(object, "everySeconds", soak->every_s);
	metrics = json_add_array(object, "metrics");
	for (size_t i = 0; i < soak->n_metrics; i++)
		add_metric(metrics, &soak->metrics[i]);
}

void ledger_set_time(struct cJSON *fields, const char *time)
{
	char now[CLOCK_RFC3339_LEN];

	if (!time)
		clock_rfc3339(clock_wall_ms(), now);
	json_set_str(fields, "time", time ? time : now);
}

/* Nothing of what stands in a record may be a key. */
static KR_FALLIBLE check_keys(const struct cJSON *fields,
			      const struct secret_search *searched)
{
	kr_cleanup(str_freep) char *text = NULL;
	struct err *err;

	if (!searched)
		return NULL;
	err = json_print(fields, &text);
	if (!err && secret_search_finds(searched, text, strlen(text)))
		err = err_new(KR_EREFUSED,
			      "a record of the ledger would hold the key, or "
			      "a part of it");
	return err;
}

KR_FALLIBLE ledger_record_fields(const struct ledger_record *r,
				 struct cJSON *fields)
{
	const struct {
		const char *name, *value;
	} texts[] = {
		{ "rotation", r->rotation },
		{ "step", r->step },
		{ "outcome", r->outcome },
		{ "context", r->context },
		{ "clusterUID", r->cluster_uid },
		{ "namespace", r->namespace_ },
		{ "secret", r->secret },
		{ "entry", r->entry },
		{ "operator", r->operator_ },
		{ "operatorFrom", r->operator_from },
		{ "fingerprint", r->fingerprint },
		{ "previousFingerprint", r->previous_fingerprint },
		{ "resourceVersion", r->resource_version },
		{ "verdict", r->verdict },
		{ "reason", r->reason },
		{ "storeType", r->store_type },
		{ "storeEntry", r->store_entry },
		{ "previousEntry", r->previous_entry },
	};

	ledger_set_time(fields, r->time);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		set_str(fields, texts[i].name, texts[i].value);
	if (r->overrides && *r->overrides) {
		struct cJSON *list = json_add_array(fields, "overrides");

		for (const char *const *o = r->overrides; *o; o++)
			json_append_str(list, *o);
	}
	set_str(fields, "takenOver", r->taken_over);
	set_str(fields, "approvedBy", r->approved_by);
	if (r->mixed) {
		struct cJSON *mixed = json_add_object(fields, "mixedKeys");

		json_set_int(mixed, "pods", r->mixed->pods);
		json_set_int(mixed, "ms", r->mixed->ms);
	}
	if (r->soak)
		add_soak(fields, r->soak);
	return check_keys(fields, r->searched);
}

KR_FALLIBLE ledger_add_signers(struct cJSON *fields, const char *path)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_SIGNERS);
	struct cJSON *list;
	struct err *err = file_read(path, &text);
	char *rest, *line;

	if (err)
		return err_as(err_wrap(err, "allowed signers"), KR_ECONFIG);
	list = json_add_array(fields, "signers");
	buf_putc(&text, '\n'); /* an empty file has no text to cut up */
	err = buf_check(&text, path);
	if (err)
		return err;
	for (line = strtok_r(text.data, "\r\n", &rest); line;
	     line = strtok_r(NULL, "\r\n", &rest)) {
		line += strspn(line, " \t");
		if (*line && *line != '#')
			json_append_str(list, line);
	}
	if (json_length(list) == 0)
		return err_new(KR_ECONFIG, "%s lists no allowed signers", path);
	return NULL;
}

/* The key that is going to sign, under the operator's name. */
static KR_FALLIBLE add_own_key(const struct ledger *ledger,
			       struct cJSON *fields)
{
	kr_cleanup(str_freep) char *public = NULL;
	kr_cleanup(str_freep) char *line = NULL;
	const char *name = ledger->operator_;
	struct err *err = sign_public_key(ledger->key, &public);

	if (err)
		return err;
	/* A principal has no blanks, and ',' and '*' mean something. */
	if (!name || !*name || strpbrk(name, " \t,*?!\""))
		name = "operator";
	if (asprintf(&line, "%s namespaces=\"%s\" %s", name, SIGN_NAMESPACE,
		     public) < 0) {
		line = NULL;
		return err_no_memory();
	}
	json_append_str(json_add_array(fields, "signers"), line);
	return NULL;
}

static KR_FALLIBLE first_signers(const struct ledger *ledger,
				 struct cJSON *fields)
{
	kr_cleanup(str_freep) char *folder = file_dirname(ledger->path);
	kr_cleanup(str_freep) char *beside = NULL;

	if (ledger->signers)
		return ledger_add_signers(fields, ledger->signers);
	beside = folder ? file_join(folder, "allowed_signers") : NULL;
	if (!beside)
		return err_no_memory();
	return file_exists(beside) ? ledger_add_signers(fields, beside)
				   : add_own_key(ledger, fields);
}

KR_FALLIBLE ledger_genesis(const struct ledger *ledger, struct cJSON *fields)
{
	kr_cleanup(secret_freep) struct secret *random = NULL;
	char id[LEDGER_ID_LEN] = "kl-";
	struct err *err = secret_random(ID_BYTES, &random);

	if (err)
		return err;
	for (size_t i = 0; i < ID_BYTES; i++)
		(void)snprintf(id + 3 + 2 * i, 3, "%02x",
			       secret_bytes(random)[i]);
	json_set_str(fields, "ledger", id);
	set_str(fields, "service", ledger->service);
	set_str(fields, "secret", ledger->secret);
	set_str(fields, "entry", ledger->entry);
	json_set_str(fields, "sign", ledger->sign ? "ssh" : "none");
	if (ledger->sign)
		err = first_signers(ledger, fields);
	if (!err)
		json_set_str(fields, "tool", "kubectl-keyrot " KR_VERSION);
	return err;
}
