/*
 * What may stand in a check of validate:.
 */
#include <string.h>

#include "base/json.h"
#include "config/check.h"
#include "config/table.h"
#include "config/value.h"

#define AT(type, member) .offset = offsetof(struct type, member)

static const struct field http_fields[] = {
	{ .name = "url",
	  .help = "that answers with the key's fingerprint",
	  .type = FIELD_CUSTOM,
	  AT(config_probe, url),
	  .required = true,
	  .read = value_url,
	  .release = field_release_string },
	{ .name = "token",
	  .help = "bearer token",
	  .type = FIELD_CUSTOM,
	  AT(config_probe, token),
	  .read = value_ref,
	  .release = value_release_ref },
	{ .name = "ca",
	  .help = "certificates to trust, a file",
	  .type = FIELD_STRING,
	  AT(config_probe, ca) },
	{ .name = "serverName",
	  .help = "name in the server's certificate",
	  .type = FIELD_STRING,
	  AT(config_probe, server_name) },
	{ .name = "header",
	  .help = "that holds the fingerprint",
	  .type = FIELD_STRING,
	  AT(config_probe, header) },
	{ .name = "field",
	  .help = "path in the JSON body that holds it",
	  .type = FIELD_STRING,
	  AT(config_probe, field) },
	{ .name = NULL },
};

static const struct field trip_fields[] = {
	{ .name = "encrypt",
	  .help = "a command, as words: text in, data out",
	  .type = FIELD_STRINGS,
	  AT(config_probe, encrypt),
	  .required = true },
	{ .name = "decrypt",
	  .help = "a command, as words: data in, the text out",
	  .type = FIELD_STRINGS,
	  AT(config_probe, decrypt),
	  .required = true },
	{ .name = NULL },
};

static const struct field probe_fields[] = {
	/* The three ways stand in one structure. */
	{ .name = "http",
	  .help = "asks the service for its key's fingerprint",
	  .type = FIELD_MAPPING,
	  .offset = 0,
	  .fields = http_fields },
	{ .name = "exec",
	  .help = "a command, as words, that prints the fingerprint",
	  .type = FIELD_STRINGS,
	  AT(config_probe, exec) },
	{ .name = "roundTrip",
	  .help = "encrypts, and decrypts again",
	  .type = FIELD_MAPPING,
	  .offset = 0,
	  .fields = trip_fields },
	{ .name = NULL },
};

const struct field config_check_fields[] = {
	{ .name = "name",
	  .help = "for people",
	  .type = FIELD_STRING,
	  AT(config_check, name),
	  .required = true },
	{ .name = "run",
	  .help = "a command, as words; 0 is a pass",
	  .type = FIELD_STRINGS,
	  AT(config_check, run) },
	{ .name = "junit",
	  .help = "the report that it writes",
	  .type = FIELD_STRING,
	  AT(config_check, junit) },
	{ .name = "job",
	  .help = "a Job's manifest, a file",
	  .type = FIELD_STRING,
	  AT(config_check, job) },
	{ .name = "probe",
	  .help = "asks the service which key it uses",
	  .type = FIELD_MAPPING,
	  AT(config_check, probe),
	  .fields = probe_fields },
	{ .name = "environments",
	  .help = "for which it is (all)",
	  .type = FIELD_STRINGS,
	  AT(config_check, environments) },
	{ .name = "env",
	  .help = "variables that commands get, too",
	  .type = FIELD_STRINGS,
	  AT(config_check, env) },
	{ .name = "timeout",
	  .help = "of one check",
	  .type = FIELD_DURATION,
	  AT(config_check, timeout_ms) },
	{ .name = NULL },
};

const struct field config_reencrypt_fields[] = {
	{ .name = "run",
	  .help = "a command, as words",
	  .type = FIELD_STRINGS,
	  AT(config_check, run) },
	{ .name = "job",
	  .help = "a Job's manifest, a file",
	  .type = FIELD_STRING,
	  AT(config_check, job) },
	{ .name = "env",
	  .help = "variables that the command gets, too",
	  .type = FIELD_STRINGS,
	  AT(config_check, env) },
	{ .name = "timeout",
	  .help = "of the whole",
	  .type = FIELD_DURATION,
	  AT(config_check, timeout_ms) },
	{ .name = NULL },
};

const struct field config_retire_fields[] = {
	{ .name = "probe",
	  .help = "a command, as words: 0 where nobody needs the previous key",
	  .type = FIELD_STRINGS,
	  AT(config_check, run),
	  .required = true },
	{ .name = "env",
	  .help = "variables that the command gets, too",
	  .type = FIELD_STRINGS,
	  AT(config_check, env) },
	{ .name = "timeout",
	  .help = "of the command",
	  .type = FIELD_DURATION,
	  AT(config_check, timeout_ms) },
	{ .name = NULL },
};

void config_check_init(void *item)
{
	((struct config_check *)item)->timeout_ms = -1;
}

static bool is_environment(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->n_environments; i++)
		if (strcmp(config->environments[i].name, name) == 0)
			return true;
	return false;
}

KR_FALLIBLE config_check_keyring(const struct config *config,
				 const struct yaml_doc *doc)
{
	const struct cJSON *root = yaml_root(doc);
	const struct cJSON *reencrypt = json_at(root, "reencrypt");
	const struct cJSON *retire = json_at(root, "retire");

	if (config->secret.mode != MODE_KEYRING && (reencrypt || retire))
		return yaml_err(doc, reencrypt ? reencrypt : retire,
				"this belongs to secret.mode: keyring");
	if (reencrypt && !config->reencrypt.run == !config->reencrypt.job)
		return yaml_err(doc, reencrypt,
				"reencrypt needs one of: run, job");
	return NULL;
}

KR_FALLIBLE config_check_check(const struct config *config,
			       const struct yaml_doc *doc,
			       const struct cJSON *node,
			       const struct config_check *check)
{
	const struct config_probe *p = &check->probe;
	int ways = !!check->run + !!check->job + !!p->url + !!p->exec +
		   !!p->encrypt;

	if (ways != 1)
		return yaml_err(doc, node,
				"a check needs one of: run, job, probe.http, "
				"probe.exec, probe.roundTrip");
	if (check->junit && !check->run)
		return yaml_err(doc, json_at(node, "junit"),
				"junit belongs to run");
	if (p->header && p->field)
		return yaml_err(doc, json_at(node, "probe"),
				"header or field, not both");
	for (char **name = check->environments; name && *name; name++)
		if (!is_environment(config, *name))
			return yaml_err(doc, json_at(node, "environments"),
					"environments names one that is not "
					"there");
	return NULL;
}
