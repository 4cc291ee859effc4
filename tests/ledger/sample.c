#include "sample.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "ledger/chain.h"
#include "ledger/file.h"

#define SAMPLES 60

static const char time_of_all[] = "2026-11-22T21:50:46Z";

static KR_FALLIBLE add(struct chain *chain, enum line_type type,
		       const struct cJSON *fields, struct buf *out)
{
	kr_cleanup(buf_release) struct buf line = BUF_INIT(CHAIN_MAX_LINE);
	struct err *err = chain_make_line(chain, type, fields, &line);

	if (!err)
		err = chain_add(chain, line.data, line.len, NULL);
	if (err)
		return err;
	buf_append(out, line.data, line.len);
	buf_putc(out, '\n');
	return buf_check(out, "the sample");
}

static KR_FALLIBLE add_first(struct chain *chain, struct buf *out)
{
	kr_cleanup(json_freep) struct cJSON *fields = json_object();

	ledger_set_time(fields, time_of_all);
	json_set_str(fields, "ledger", "kl-0123456789abcdef0123456789abcdef");
	json_set_str(fields, "service", "secrets-service");
	json_set_str(fields, "secret", "secrets-service-config");
	json_set_str(fields, "entry", "SECRET_ENCRYPTION_KEY");
	json_set_str(fields, "sign", "none");
	return add(chain, LINE_GENESIS, fields, out);
}

static KR_FALLIBLE add_checkpoint(struct chain *chain, struct buf *out)
{
	kr_cleanup(json_freep) struct cJSON *fields = json_object();
	unsigned char root[HASH_BYTES];
	char text[HASH_BASE64_LEN];
	struct err *err = chain_root(chain, root);

	if (err)
		return err;
	hash_base64(root, text);
	ledger_set_time(fields, time_of_all);
	json_set_int(fields, "size", (long long)chain->tree.size);
	json_set_str(fields, "root", text);
	return add(chain, LINE_CHECKPOINT, fields, out);
}

static KR_FALLIBLE add_record(struct chain *chain, size_t i, struct buf *out)
{
	kr_cleanup(json_freep) struct cJSON *fields = json_object();
	double samples[SAMPLES];
	struct ledger_metric metric = {
		.name = "error rate",
		.verdict = "pass",
		.baseline = 0.001,
		.max = 0.01,
		.max_increase_pct = 50,
		.ok = SAMPLES,
		.samples = samples,
		.n_samples = SAMPLES,
	};
	struct ledger_soak soak = { time_of_all, 1800, 30, &metric, 1 };
	char rotation[40], fingerprint[LEDGER_HASH_LEN], step[40];
	struct ledger_record record = {
		.rotation = rotation,
		.step = step,
		.time = time_of_all,
		.context = "aether-staging",
		.cluster_uid = "5f0c1d9e-7a53-4d7c-9f0e-2f8f7a1f3b11",
		.namespace_ = "aether-services",
		.secret = "secrets-service-config",
		.entry = "SECRET_ENCRYPTION_KEY",
		.operator_ = "operator@example.com",
		.operator_from = "cluster",
		.fingerprint = fingerprint,
		.previous_fingerprint = fingerprint,
		.resource_version = "4711",
		.outcome = "done",
		.store_type = "pass",
		.store_entry = rotation,
		.soak = i % 100 == 50 ? &soak : NULL,
	};
	struct err *err;

	for (size_t s = 0; s < SAMPLES; s++)
		samples[s] = (double)(i + s) / 100000;
	(void)snprintf(rotation, sizeof(rotation), "kr-20261122-%06zx",
		       i / 10 & 0xffffff);
	(void)snprintf(step, sizeof(step), "step-%zu", i % 10);
	(void)snprintf(fingerprint, sizeof(fingerprint), "%064zx", i);
	err = ledger_record_fields(&record, fields);
	return err ? err : add(chain, LINE_RECORD, fields, out);
}

KR_FALLIBLE sample_make(size_t n, struct buf *out)
{
	kr_cleanup(chain_release) struct chain chain = { 0 };
	struct err *err = chain_init(&chain, NULL);

	for (size_t i = 0; i < n && !err; i++) {
		if (i == 0)
			err = add_first(&chain, out);
		else if (i % 11 == 10)
			err = add_checkpoint(&chain, out);
		else
			err = add_record(&chain, i, out);
	}
	return err;
}
