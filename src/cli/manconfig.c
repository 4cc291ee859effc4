/* keyrot.yaml(5), from the tables that read it; and the words of the pages that
 * stand in no table. */
#include "cli/man.h"

#include <stdio.h>
#include <string.h>

#include "cli/configform.h"
#include "config/table.h"

#define MAX_PATH 128

const char man_about[] =
	"A kubectl plugin: one command takes a cluster from \"the key must be "
	"rotated\" to\n\"every pod runs the new key\".\nIt can be killed at any "
	"moment without losing a key: the same command again goes\non.\n\nThe "
	"key is put into a password manager, and read back from it, before any "
	"cluster\ngets it; so is the key that it replaces.\nPeople see a key as "
	"its fingerprint, the SHA-256 of its base64 text.\n\nWithout a "
	"configuration the names are those of the runbook: the entry\n"
	"SECRET_ENCRYPTION_KEY of the Secret secrets-service-config, and "
	"whatever uses it in\nthe context's namespace.";

const struct man_term man_exits[] = {
	{ "0", "done" },
	{ "1", "unexpected" },
	{ "2", "usage or configuration; nothing was tried" },
	{ "3", "refused by a safety rule; nothing was changed" },
	{ "4", "cluster or credentials" },
	{ "5", "the rollout failed" },
	{ "6", "a gate failed: logs, probes, soak, suite or ledger" },
	{ "7", "someone else holds the rotation, or changed the object" },
	{ "8", "the store" },
	{ "130", "interrupted; the same command again goes on" },
	{ NULL, NULL },
};

const struct man_term man_variables[] = {
	{ "KUBECONFIG", "as for kubectl" },
	{ "KEYROT_CONFIG", "the configuration, instead of keyrot.yaml" },
	{ "KEYROT_PASSPHRASE_FILE", "as --passphrase-file" },
	{ "SECRET_ENCRYPTION_KEY",
	  "a variable with the name of the Secret's entry: the key that apply "
	  "takes; it is read once and wiped" },
	{ "NO_COLOR", "if set: no colours" },
	{ "XDG_DATA_HOME, XDG_STATE_HOME, XDG_CONFIG_HOME",
	  "where the folders below are" },
	{ NULL, NULL },
};

const struct man_term man_files[] = {
	{ "keyrot.yaml", "the configuration" },
	{ "~/.local/share/keyrot/SERVICE/", "keys, of the store `file`" },
	{ "~/.local/state/keyrot/SERVICE/",
	  "journals, results and reviews; no key" },
	{ NULL, NULL },
};

void man_terms(struct out *out, const char *title, const struct man_term *terms)
{
	out_printf(out, ".SH %s\n", title);
	for (; terms->word; terms++) {
		out_puts(out, ".TP\n\\fB");
		man_text(out, terms->word);
		out_puts(out, "\\fR\n");
		man_text(out, terms->meaning);
		out_puts(out, "\n");
	}
}

static void one(struct out *out, const char *path, const struct field *f,
		const struct configform *form)
{
	out_puts(out, ".TP\n\\fB");
	man_text(out, path);
	out_puts(out, "\\fR");
	if (f->type == FIELD_CHOICE) {
		for (size_t i = 0; f->choices[i]; i++) {
			out_puts(out, i ? " | \\fI" : ": \\fI");
			man_text(out, f->choices[i]);
			out_puts(out, "\\fR");
		}
	} else {
		out_puts(out, ": ");
		man_text(out, form->word);
	}
	out_puts(out, f->required ? " (required)\n" : "\n");
	if (f->help) {
		man_text(out, f->help);
		out_puts(out, "\n");
	}
}

/* Mappings follow what they belong to. */
static void all(struct out *out, const char *prefix, const struct field *fields)
{
	for (const struct field *f = fields; f->name; f++) {
		struct configform form = configform_of(f);
		char path[MAX_PATH], inner[MAX_PATH + 4];

		(void)snprintf(path, sizeof(path), "%s%s", prefix, f->name);
		one(out, path, f, &form);
		if (!form.fields)
			continue;
		(void)snprintf(inner, sizeof(inner), "%s%s.", path,
			       form.is_list ? "[]" : "");
		all(out, inner, form.fields);
	}
}

static const char about[] =
	"keyrot.yaml says whose key it is, where it stands, in which order the "
	"environments\nget a new one and what has to hold before and after "
	"that.\nIt is YAML, and holds no secrets: tokens are named, as env:NAME, "
	"file:PATH or\nexec:COMMAND.\nA field that is not listed, or has "
	"another form, is an error with its line and\ncolumn.\n\nIt is looked "
	"for in --config, $KEYROT_CONFIG, this folder and its parents up to "
	"the\nroot of the Git repository, and $XDG_CONFIG_HOME/keyrot.\nA part "
	"in brackets below, as in environments[].name, is an item of a list.";

static const char example[] =
	"  apiVersion: keyrot.dev/v1\n  kind: Rotation\n"
	"  service: secrets-service\n"
	"  secret: {name: secrets-service-config, key: SECRET_ENCRYPTION_KEY}\n"
	"  store: {type: pass, item: Secrets Service Encryption Key}\n"
	"  environments:\n  - name: staging\n"
	"    targets: [{context: aether-staging, namespace: aether-services}]\n"
	"    verify: {logs: {expect: ['self-test ok']}, within: 2m}\n"
	"  - name: production\n    requires: staging\n"
	"    targets: [{context: aether-production, namespace: "
	"aether-services}]\n";

void man_config(struct out *out)
{
	man_head(out, "keyrot.yaml", "5");
	out_puts(out, ".SH NAME\nkeyrot.yaml \\- the configuration of "
		      "kubectl keyrot\n.SH DESCRIPTION\n");
	man_paragraphs(out, about);
	out_puts(out, ".SH FIELDS\n");
	all(out, "", config_fields);
	out_puts(out, ".SH EXAMPLES\n");
	man_paragraphs(out, example);
	out_puts(out, ".SH SEE ALSO\n.BR kubectl\\-keyrot (1),\n"
		      ".BR kubectl\\-keyrot\\-init (1)\n");
}
