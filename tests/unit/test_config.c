#include <math.h>
#include <string.h>

#include "config/config.h"
#include "config/value.h"
#include "unit.h"

#define HEAD "apiVersion: keyrot.dev/v1\nkind: Rotation\nservice: s\n"

static KR_FALLIBLE parse(const char *text, struct config **out)
{
	return config_parse("keyrot.yaml", text, strlen(text), out);
}

static void refuses(const char *text, const char *part)
{
	kr_cleanup(config_freep) struct config *config = NULL;

	UNIT_FAILS(parse(text, &config), KR_ECONFIG, part);
	CU_ASSERT_PTR_NULL(config);
}

/* Every field that the format has. */
static const char whole[] =
	"apiVersion: keyrot.dev/v1\n"
	"kind: Rotation\n"
	"service: secrets-service\n"
	"secret:\n"
	"  name: secrets-service-config\n"
	"  key: SECRET_ENCRYPTION_KEY\n"
	"  format: {bytes: 24, encoding: hex}\n"
	"  mode: keyring\n"
	"consumers: [deployment/secrets-service, sts/db]\n"
	"store: {type: pass, item: Secrets Service Encryption Key}\n"
	"environments:\n"
	"- name: staging\n"
	"  targets: [{context: aether-staging, namespace: aether-services}]\n"
	"  verify: {logs: {expect: ['self-test ok'], "
	"forbid: ['decrypt.*failed']}, within: 2m}\n"
	"- name: production\n"
	"  requires: staging\n"
	"  within: 24h\n"
	"  confirm: true\n"
	"  window: Mon-Thu 09:00-16:00 Europe/London\n"
	"  clusterID: 5f0c\n"
	"  targets: [{context: aether-production}]\n"
	"  soak:\n"
	"    for: 30m\n"
	"    every: 30s\n"
	"    onFail: rollback\n"
	"    prometheus: {url: 'https://p.example', token: env:PROM_TOKEN}\n"
	"    metrics:\n"
	"    - {name: errors, query: 'q', max: 0.01, maxIncrease: 50%, "
	"noData: breach}\n"
	"    - {name: p99, query: 'q', max: 0.5, noData: zero}\n"
	"validate:\n"
	"- {name: suite, run: [pytest, -k, encryption], timeout: 15m}\n"
	"dependents: [deployment/billing]\n"
	"ledger: {path: ledger/s.jsonl, sign: ssh, git: commit}\n"
	"operator: auto\n"
	"manifest: deploy/secret.yaml\n"
	"notify:\n"
	"- {type: webhook, url: 'https://hooks.example/keyrot'}\n"
	"- {type: slack, channels: ['#ops'], token: env:SLACK_TOKEN, "
	"on: [start, failed]}\n";

static void reads_every_field(void)
{
	kr_cleanup(config_freep) struct config *c = NULL;
	const struct config_environment *e;

	if (!UNIT_OK(parse(whole, &c)))
		return;
	UNIT_STR(c->service, "secrets-service");
	UNIT_STR(c->secret.name, "secrets-service-config");
	CU_ASSERT_EQUAL(c->secret.format.bytes, 24);
	CU_ASSERT_EQUAL(c->secret.format.encoding, KEY_HEX);
	CU_ASSERT_EQUAL(c->secret.mode, MODE_KEYRING);
	UNIT_STR(c->consumers[1], "sts/db");
	UNIT_STR(c->store.spec, "pass");
	UNIT_STR(c->store.item, "Secrets Service Encryption Key");
	CU_ASSERT_PTR_NULL(c->operator_);
	if (c->n_environments != 2) {
		CU_FAIL("two environments");
		return;
	}
	e = &c->environments[0];
	UNIT_STR(e->targets[0].namespace_, "aether-services");
	UNIT_STR(e->verify.expect[0], "self-test ok");
	CU_ASSERT_EQUAL(e->verify.within_ms, 120000);
	CU_ASSERT_EQUAL(e->within_ms, -1);
	e = &c->environments[1];
	UNIT_STR(e->requires, "staging");
	CU_ASSERT_EQUAL(e->within_ms, 24LL * 3600 * 1000);
	CU_ASSERT(e->confirm);
	CU_ASSERT_EQUAL(e->window.days, 15);
	CU_ASSERT_EQUAL(e->window.end_minute, 16 * 60);
	UNIT_STR(e->window.zone, "Europe/London");
	CU_ASSERT_EQUAL(e->soak.on_fail, ON_FAIL_ROLLBACK);
	UNIT_STR(e->soak.prometheus.token.value, "PROM_TOKEN");
	CU_ASSERT_EQUAL(e->soak.prometheus.token.kind, REF_ENV);
	CU_ASSERT_DOUBLE_EQUAL(e->soak.metrics[0].max_increase_pct, 50, 0.01);
	CU_ASSERT(isnan(e->soak.metrics[1].max_increase_pct));
	CU_ASSERT_EQUAL(e->soak.metrics[1].no_data, NO_DATA_ZERO);
	UNIT_STR(c->validate[0].run[2], "encryption");
	CU_ASSERT_EQUAL(c->ledger.git, GIT_COMMIT);
	UNIT_STR(c->notify[1].on[1], "failed");
}

static void has_defaults(void)
{
	kr_cleanup(config_freep) struct config *c = NULL;

	if (!UNIT_OK(parse(HEAD, &c)))
		return;
	UNIT_STR(c->secret.name, "secrets-service-config");
	UNIT_STR(c->secret.key, "SECRET_ENCRYPTION_KEY");
	CU_ASSERT_EQUAL(c->secret.format.bytes, 32);
	CU_ASSERT_EQUAL(c->secret.format.encoding, KEY_BASE64);
	CU_ASSERT_PTR_NULL(c->consumers);
}

static void names_the_place(void)
{
	refuses(HEAD "secret:\n  nmae: x\n", "keyrot.yaml:5:3: unknown field");
	refuses(HEAD "secret:\n  nmae: x\n", "nmae");
	refuses(HEAD "store: 7\n", "keyrot.yaml:4:1");
	refuses("service: s\n", "missing");
	refuses("", "wants a mapping");
	refuses("- a\n", "wants a mapping");
	refuses(HEAD "service: t\n", "keyrot.yaml:4:");
}

static void suggests(void)
{
	kr_cleanup(config_freep) struct config *c = NULL;
	kr_cleanup(err_freep) struct err *err = NULL;

	err = parse(HEAD "enviroments: []\n", &c);
	CU_ASSERT_PTR_NOT_NULL(err);
	if (err)
		UNIT_STR(err_hint_text(err), "Did you mean \"environments\"?");
}

static const struct {
	const char *text, *part;
} wrong[] = {
	{ HEAD "reencrypt: {run: [x]}\n", "secret.mode: keyring" },
	{ HEAD "secret: {mode: keyring}\nreencrypt: {timeout: 1m}\n",
	  "run, job" },
	{ HEAD "secret: {mode: keyring}\nretire: {}\n", "probe" },
	{ HEAD "secret: {name: Bad_Name}\n", "lower case" },
	{ HEAD "secret: {key: 'a b'}\n", "entry" },
	{ HEAD "secret: {key: ..x}\n", "entry" },
	{ HEAD "secret: {mode: both}\n", "one of: single, keyring" },
	{ HEAD "secret: {format: {bytes: 8}}\n", "16 to 1024" },
	{ HEAD "secret: {format: {bytes: 16.5}}\n", "whole number" },
	{ HEAD "secret: {format: {encoding: b64}}\n", "encoding is" },
	{ HEAD "consumers: all\n", "auto" },
	{ HEAD "consumers: [secrets-service]\n", "KIND/NAME" },
	{ HEAD "consumers: [pod/x]\n", "the kind is one of" },
	{ HEAD "store: {type: lastpass}\n", "a store is one of" },
	{ HEAD "store: {item: x}\n", "type" },
	{ HEAD "store: {type: vault, token: hvs.x}\n", "not written" },
	{ HEAD "store: {type: vault, secretID: x}\n", "not written" },
	{ HEAD "store: {type: bw, session: x}\n", "not written" },
	{ HEAD "store: {type: vault, adress: x}\n", "address" },
	{ HEAD "store: {type: vault, auth: github}\n", "keyrot.yaml:4:22" },
	{ HEAD "store: {type: pass, timeout: abc}\n", "keyrot.yaml:4:21" },
	{ HEAD "store: fil\n", "file" },
	{ HEAD "operator: 7\n", "put it in quotes" },
	{ HEAD "operator: no\n", "put it in quotes" },
	{ HEAD "environments: []\n", "must not be empty" },
	{ HEAD "environments: {}\n", "a list" },
	{ HEAD "environments: [{name: a}]\n", "targets" },
	{ HEAD "environments: [{name: a, targets: [{}]}]\n", "context" },
	{ HEAD "environments:\n- {name: a, targets: [{context: c}]}\n"
	       "- {name: a, targets: [{context: d}]}\n",
	  "two environments" },
	{ HEAD "environments:\n- {name: a, targets: [{context: c}]}\n"
	       "- {name: b, targets: [{context: c}]}\n",
	  "twice" },
	{ HEAD "environments: [{name: a, requires: b, "
	       "targets: [{context: c}]}]\n",
	  "stands before" },
	{ HEAD "environments: [{name: a, within: 1h, "
	       "targets: [{context: c}]}]\n",
	  "requires" },
	{ HEAD "environments: [{name: a, within: 90, requires: a, "
	       "targets: [{context: c}]}]\n",
	  "duration with a unit" },
	{ HEAD "environments: [{name: a, window: nights, "
	       "targets: [{context: c}]}]\n",
	  "time zone" },
	{ HEAD "environments: [{name: a, confirm: maybe, "
	       "targets: [{context: c}]}]\n",
	  "true or false" },
	{ HEAD "environments: [{name: a, targets: [{context: c}], "
	       "verify: {logs: {expect: ['(']}}}]\n",
	  "regular expression" },
	{ HEAD "ledger: {sign: ssh}\n", "path" },
	{ HEAD "notify: [{type: webhook}]\n", "needs a url" },
	{ HEAD "notify: [{type: slack, channels: ['#a']}]\n", "token" },
	{ HEAD "notify: [{type: webhook, url: ftp://x}]\n", "https://" },
	{ HEAD "notify: [{type: webhook, url: 'https://u:p@x'}]\n",
	  "password" },
	{ HEAD "notify: [{type: webhook, url: 'https://x', "
	       "on: [never]}]\n",
	  "rolled-back" },
	{ HEAD "validate: [{name: a, run: pytest}]\n", "a list of strings" },
};

static void refuses_wrong_values(void)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		refuses(wrong[i].text, wrong[i].part);
}

/* A token that was written out must not come back in the message. */
static void never_quotes_values(void)
{
	kr_cleanup(config_freep) struct config *c = NULL;
	kr_cleanup(err_freep) struct err *err = NULL;

	err = parse(HEAD "notify: [{type: slack, channels: ['#a'], "
			 "token: xoxb-SECRET}]\n",
		    &c);
	CU_ASSERT(err_is(err, KR_ECONFIG));
	if (err) {
		CU_ASSERT_PTR_NULL(strstr(err_message(err), "SECRET"));
		CU_ASSERT_PTR_NOT_NULL(strstr(err_message(err), "env:NAME"));
	}
}

static void finds_a_context(void)
{
	kr_cleanup(config_freep) struct config *c = NULL;
	struct config_place place = { 0 };

	if (!UNIT_OK(parse(whole, &c)))
		return;
	CU_ASSERT_EQUAL(config_find_context(c, "aether-staging", NULL, &place),
			1);
	UNIT_STR(place.environment->name, "staging");
	CU_ASSERT_EQUAL(
		config_find_context(c, "aether-staging", "other", &place), 0);
	CU_ASSERT_EQUAL(
		config_find_context(c, "aether-production", "any", &place), 1);
	CU_ASSERT_EQUAL(config_find_context(c, "nowhere", NULL, &place), 0);
}

static void reads_windows(void)
{
	static const char *const bad[] = {
		"",
		"Mon",
		"Mon 09:00-16:00",
		"Mon 9:00-16:00 UTC",
		"Mon 09:00-08:00 UTC",
		"Mon 09:00-24:01 UTC",
		"Mon 09:60-16:00 UTC",
		"Xyz 09:00-16:00 UTC",
		"Mon- 09:00-16:00 UTC",
		"Mon 09:00-16:00 ../../etc/passwd",
	};
	struct config_window window = { 0 };

	CU_ASSERT(window_parse("Fri-Mon,Wed 00:00-24:00 UTC", &window));
	CU_ASSERT_EQUAL(window.days, 0x75); /* Fri Sat Sun Mon, Wed */
	CU_ASSERT_EQUAL(window.end_minute, 24 * 60);
	window_release(&window);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CU_ASSERT_FALSE(window_parse(bad[i], &window));
}

const struct unit_suite unit_config = {
	.tests = { { "reads every field", reads_every_field },
		   { "has the runbook's defaults", has_defaults },
		   { "names the place of a mistake", names_the_place },
		   { "suggests what was meant", suggests },
		   { "refuses wrong values", refuses_wrong_values },
		   { "never quotes values", never_quotes_values },
		   { "finds a context", finds_a_context },
		   { "reads windows", reads_windows },
		   { NULL, NULL } },
};
