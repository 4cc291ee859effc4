/*
 * The text of keyrot.yaml. What was seen is a value, what was not is a comment
 * that can be made one; no date and no number that changes by itself stands in
 * it, so that a second look gives the same text.
 */
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "cli/init.h"
#include "cli/yamlout.h"

#define COMMENT_MAX 200
#define OTHERS_MAX  8

/* Foreign text in a comment: one line, nothing that ends it. */
static void put_clean(struct buf *out, const char *text)
{
	kr_cleanup(str_freep) char *clean =
		text_clean(text, strlen(text), COMMENT_MAX);

	buf_puts(out, clean ? clean : "?");
}

static void put_head(const struct init *init, struct buf *out)
{
	buf_puts(
		out,
		"# What is rotated, where, and what proves it.\n"
		"# Begun by `kubectl keyrot init` from what the clusters show; yours to edit.\n"
		"# `kubectl keyrot plan rotate` says step by step what it means.\n"
		"apiVersion: keyrot.dev/v1\n"
		"kind: Rotation\n"
		"# Names the folder of the store, the journal and the records.\n"
		"service: ");
	yamlout_word(init->service, out);
	buf_puts(out, "\n");
}

/* Other entries that could have been meant. */
static void put_others(const struct init *init, struct buf *out)
{
	const struct cJSON *c = json_first(init->candidates);
	int n = 0;

	for (; c && n < OTHERS_MAX; c = json_next(c)) {
		if (str_same(json_str(c, "secret"), init->secret) &&
		    str_same(json_str(c, "entry"), init->entry))
			continue;
		if (n++ == 0)
			buf_puts(out, "# Others that look like keys:\n");
		buf_puts(out, "#   ");
		put_clean(out, json_str_or(c, "secret", ""));
		buf_puts(out, " ");
		put_clean(out, json_str_or(c, "entry", ""));
		buf_puts(out, "\n");
	}
}

static void put_secret(const struct init *init, struct buf *out)
{
	buf_puts(out, "\n# The Secret, and its entry that holds the key.\n");
	put_others(init, out);
	buf_puts(out, "secret:\n  name: ");
	yamlout_word(init->secret, out);
	buf_puts(out, "\n  key: ");
	yamlout_word(init->entry, out);
	if (init->form.bytes)
		buf_printf(out, "\n  format: {bytes: %zu, encoding: %s}\n",
			   init->form.bytes,
			   keyspec_encoding_name(init->form.encoding));
	else
		buf_puts(
			out,
			"\n  # format: {bytes: 32, encoding: base64}   # what a new key is\n");
	buf_puts(
		out,
		"  # single: the entry is swapped. keyring: the new key is added beside the old\n"
		"  # one first, so that everyone can read both while pods restart.\n");
	buf_printf(out, "  mode: %s\n", init->keyring ? "keyring" : "single");
}

static void put_consumers(const struct init *init, struct buf *out)
{
	buf_puts(
		out,
		"\n# auto: every workload that refers to the entry is restarted. That is now:\n");
	for (size_t i = 0; i < init->n_places; i++) {
		const struct cJSON *list =
			json_member(init->keys[i], "consumers");
		const struct cJSON *user = json_first(list);

		buf_puts(out, "#   ");
		put_clean(out, init->places[i].context);
		buf_puts(out, ": ");
		if (!user)
			buf_puts(out,
				 json_is_array(list) ? "none" : "not seen");
		for (; user; user = json_next(user)) {
			put_clean(out, json_text(user));
			if (json_next(user))
				buf_puts(out, ", ");
		}
		buf_puts(out, "\n");
	}
	buf_puts(out, "consumers: auto\n");
}

static void put_store(const struct init *init, struct buf *out)
{
	const char *store = init->context->options.store;

	buf_puts(
		out,
		"\n# Where every key is kept before a cluster gets it. file: ~/.local/share/keyrot,\n"
		"# encrypted, and read by openssl, too. docs/stores.md has the others:\n"
		"# store: {type: pass, item: Secrets Service Encryption Key}\n"
		"# store: {type: vault, address: 'https://vault.example:8200'}\n"
		"store: ");
	yamlout_word(store ? store : "file", out);
	buf_puts(out, "\n");
}

/* The environment's Prometheus, from the first cluster that shows one. */
static const struct cJSON *prometheus_of(const struct init *init, size_t first,
					 size_t end)
{
	for (size_t i = first; i < end; i++) {
		const struct cJSON *found = json_first(
			json_member(init->places[i].seen, "prometheus"));

		if (found)
			return found;
	}
	return NULL;
}

static void put_soak(const struct init *init, size_t first, size_t end,
		     struct buf *out)
{
	const char *url = init->context->options.prometheus;
	const struct cJSON *found = prometheus_of(init, first, end);

	buf_puts(
		out,
		"  # Half an hour of error rate and latency after the change. The queries are\n"
		"  # yours: what the service counts cannot be seen from here.\n");
	if (found) {
		buf_puts(out, "  # Prometheus is there: Service ");
		put_clean(out, json_str_or(found, "namespace", ""));
		buf_puts(out, "/");
		put_clean(out, json_str_or(found, "service", ""));
		buf_printf(out,
			   ", port %lld. The URL is one that\n"
			   "  # answers where keyrot runs.\n",
			   json_int(found, "port", 0));
	}
	buf_puts(out, "  # soak:\n"
		      "  #   for: 30m\n"
		      "  #   onFail: hold          # or rollback\n"
		      "  #   prometheus: {url: ");
	yamlout_word(url ? url : "https://prometheus.example", out);
	buf_puts(
		out,
		", token: 'env:PROM_TOKEN'}\n"
		"  #   metrics:\n"
		"  #   - name: error rate\n"
		"  #     query: sum(rate(http_requests_total{code=~\"5..\"}[5m])) / sum(rate(http_requests_total[5m]))\n"
		"  #     max: 0.01\n"
		"  #     maxIncrease: 50%\n"
		"  #     noData: breach\n");
}

static void put_target(const struct init *init, size_t i, struct buf *out)
{
	const struct discover_place *place = &init->places[i];
	const struct cJSON *note =
		json_first(json_member(place->seen, "notes"));

	if (place->err)
		buf_puts(
			out,
			"  # This one did not answer when the file was written:\n");
	else if (!init->keys[i])
		buf_puts(out, "  # The entry was not seen in this one:\n");
	/* Up to the colon: the server's own words are in the warnings. */
	for (; note; note = json_next(note))
		buf_printf(out, "  # %.*s\n",
			   (int)strcspn(json_text(note), ":"), json_text(note));
	buf_puts(out, "  - {context: ");
	yamlout_word(place->context, out);
	buf_puts(out, ", namespace: ");
	yamlout_word(init_namespace(init, i), out);
	buf_puts(out, "}\n");
}

/* What only one cluster can have: its id. */
static void put_identity(const struct init *init, size_t first, size_t end,
			 struct buf *out)
{
	const char *id = json_str(init->places[first].seen, "clusterID");

	if (end - first != 1 || !id)
		return;
	buf_puts(
		out,
		"  # The UID of its namespace kube-system: the name cannot lead elsewhere.\n"
		"  clusterID: ");
	yamlout_word(id, out);
	buf_puts(out, "\n");
}

static void put_environment(const struct init *init, size_t first, size_t end,
			    struct buf *out)
{
	const char *name = init->places[first].environment;
	bool production = strcmp(name, INIT_PRODUCTION) == 0;

	buf_printf(out, "- name: %s\n", name);
	if (production && first)
		buf_puts(
			out,
			"  # Only a key that staging runs, validated, not longer ago than:\n"
			"  requires: staging\n"
			"  within: 24h\n");
	if (production)
		buf_puts(
			out,
			"  # A person types the context's name; a pipeline has --approve FILE.\n"
			"  confirm: true\n"
			"  # window: Mon-Thu 09:00-16:00 Europe/London\n");
	put_identity(init, first, end, out);
	buf_puts(out, "  targets:\n");
	for (size_t i = first; i < end; i++)
		put_target(init, i, out);
	buf_puts(
		out,
		"  # What each new pod has to log, and what none may:\n"
		"  # verify: {logs: {expect: ['self-test ok'], forbid: ['decrypt.*failed']}, within: 2m}\n");
	if (production)
		put_soak(init, first, end, out);
}

static void put_environments(const struct init *init, struct buf *out)
{
	size_t end;

	buf_puts(out, "\n# In their order. Each gets the key after the one "
		      "before it.\nenvironments:\n");
	for (size_t first = 0; first < init->n_places; first = end) {
		for (end = first; end < init->n_places; end++)
			if (strcmp(init->places[end].environment,
				   init->places[first].environment) != 0)
				break;
		put_environment(init, first, end, out);
	}
}

/* Applications that sync a namespace which holds the Secret. */
static void put_argocd(const struct init *init, struct buf *out)
{
	for (size_t i = 0; i < init->n_places; i++) {
		const struct cJSON *app =
			json_first(json_member(init->places[i].seen, "argocd"));

		for (; app; app = json_next(app)) {
			if (!str_same(json_str(app, "namespace"),
				      init_namespace(init, i)))
				continue;
			buf_puts(out, "# Argo CD, in ");
			put_clean(out, init->places[i].context);
			buf_puts(out, ": Application ");
			put_clean(out, json_str_or(app, "application", ""));
			buf_printf(
				out, " syncs this namespace%s.\n",
				json_bool(app, "selfHeal", false)
					? ", and heals: it must not own the key"
					: "");
		}
	}
}

static void put_rest(const struct init *init, struct buf *out)
{
	buf_puts(
		out,
		"\n# What proves that the new key works, before production gets it.\n"
		"# validate:\n"
		"# - {name: integration suite, run: [make, integration], timeout: 15m}\n"
		"# dependents: [deployment/billing]\n"
		"\n# Who rotated what, when: a chain of hashes that is signed on request.\n"
		"ledger:\n  path: ");
	buf_printf(out, "ledger/%s.jsonl\n", init->service);
	buf_puts(out, "  # sign: ssh\n  # git: commit\n");
	put_argocd(init, out);
	if (init->manifest) {
		buf_puts(out, "\n# The Secret's manifest; it holds no data.\n");
		if (init->manifest->holds_data)
			buf_puts(out, "# THIS ONE DOES: take the data out, and "
				      "rotate the key.\n");
		buf_puts(out, "manifest: ");
		yamlout_word(init->manifest->path, out);
		buf_puts(out, "\n");
	}
	buf_puts(
		out,
		"\n# notify:\n"
		"# - {type: slack, channels: ['#security-ops'], token: 'env:SLACK_TOKEN', on: [start, failed, done]}\n");
}

KR_FALLIBLE init_text(const struct init *init, struct buf *out)
{
	put_head(init, out);
	put_secret(init, out);
	put_consumers(init, out);
	put_store(init, out);
	put_environments(init, out);
	put_rest(init, out);
	return buf_check(out, "keyrot.yaml");
}
