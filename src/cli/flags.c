/*
 * The program's own options, in groups that commands put together.
 */
#include "cli/options.h"

#define AT(field) offsetof(struct cli_options, field)

static const char *const outputs[] = { "text", "json", "jsonl",
				       "yaml", "name", NULL };
static const char *const dry_runs[] = { "none", "client", "server", NULL };
static const char *const on_fails[] = { "hold", "rollback", NULL };
static const char *const encodings[] = { "base64", "base64url", "hex", "raw",
					 NULL };

void cli_options_init(struct cli_options *options)
{
	*options = (struct cli_options){
		.output = outputs[0],
		.dry_run = dry_runs[0],
		.timeout_ms = CLI_TIMEOUT_DEFAULT_MS,
		.interval = "quarter",
		.alarm = "7d",
		.run = "check",
		.within_ms = -1,
		.valid_ms = (int64_t)4 * 60 * 60 * 1000,
		.since_ms = -1,
		.for_ms = -1,
		.every_ms = -1,
	};
}

const struct option cli_common_flags[] = {
	{ .name = "help",
	  .letter = 'h',
	  .type = OPTION_BOOL,
	  .help = "help for the command",
	  .offset = AT(help) },
	{ .name = "output",
	  .letter = 'o',
	  .type = OPTION_CHOICE,
	  .help = "what is printed on standard output",
	  .offset = AT(output),
	  .choices = outputs },
	{ .name = "config",
	  .type = OPTION_STRING,
	  .metavar = "PATH",
	  .help = "the configuration instead of keyrot.yaml",
	  .offset = AT(config),
	  .completion = COMPLETE_FILE },
	{ .name = "timings",
	  .type = OPTION_BOOL,
	  .help = "count requests, connections and time",
	  .offset = AT(timings) },
	{ .name = NULL },
};

const struct option cli_secret_flags[] = {
	{ .name = "secret",
	  .type = OPTION_STRING,
	  .metavar = "NAME",
	  .help = "the Secret (secrets-service-config)",
	  .offset = AT(secret),
	  .completion = COMPLETE_SECRET },
	{ .name = "entry",
	  .type = OPTION_STRING,
	  .metavar = "NAME",
	  .help = "its entry (SECRET_ENCRYPTION_KEY)",
	  .offset = AT(entry),
	  .completion = COMPLETE_ENTRY },
	{ .name = NULL },
};

const struct option cli_consumer_flags[] = {
	{ .name = "consumer",
	  .type = OPTION_LIST,
	  .metavar = "KIND/NAME",
	  .help = "a workload that uses it (repeatable)",
	  .offset = AT(consumers),
	  .completion = COMPLETE_WORKLOAD },
	{ .name = "workload",
	  .type = OPTION_LIST,
	  .metavar = "KIND/NAME",
	  .help = "the same as --consumer",
	  .offset = AT(consumers),
	  .hidden = true },
	{ .name = NULL },
};

const struct option cli_key_flags[] = {
	{ .name = "key-file",
	  .type = OPTION_STRING,
	  .metavar = "PATH",
	  .help = "read the key from a file; - is standard input",
	  .offset = AT(key_file),
	  .completion = COMPLETE_FILE },
	{ .name = "from-store",
	  .type = OPTION_BARE,
	  .metavar = "ENTRY",
	  .help = "take the store's newest entry, or ENTRY",
	  .offset = AT(from_store),
	  .completion = COMPLETE_STORE_ENTRY },
	{ .name = NULL },
};

const char *const cli_store_words[] = {
	"file", "pass", "gopass", "keepassxc:", "vault",
	"op",	"bw",	"exec:",  "none",	NULL,
};

const struct option cli_store_flags[] = {
	{ .name = "store",
	  .type = OPTION_STRING,
	  .metavar = "TYPE[:WHERE]",
	  .help = "where keys are kept: file, pass, gopass, keepassxc, "
		  "vault, op, bw, exec, none",
	  .choices = cli_store_words,
	  .offset = AT(store) },
	{ .name = "passphrase-file",
	  .type = OPTION_STRING,
	  .metavar = "PATH",
	  .help = "the passphrase of the file store or of KeePassXC is in this "
		  "file",
	  .offset = AT(passphrase_file),
	  .completion = COMPLETE_FILE },
	{ .name = NULL },
};

const struct option cli_operator_flags[] = {
	{ .name = "operator",
	  .type = OPTION_STRING,
	  .metavar = "NAME",
	  .help = "who rotates, for the records",
	  .offset = AT(operator_) },
	{ .name = NULL },
};

const struct option cli_write_flags[] = {
	{ .name = "create",
	  .type = OPTION_BOOL,
	  .help = "create the Secret where it is not there",
	  .offset = AT(create) },
	{ .name = "take-ownership",
	  .type = OPTION_LIST,
	  .metavar = "MANAGER",
	  .help = "take over from this manager (repeatable)",
	  .offset = AT(take_ownership),
	  .completion = COMPLETE_MANAGER },
	{ .name = "dry-run",
	  .type = OPTION_CHOICE,
	  .help = "change nothing: show, or ask the server",
	  .offset = AT(dry_run),
	  .choices = dry_runs },
	{ .name = "allow-insecure-tls",
	  .type = OPTION_BOOL,
	  .help = "send the key to an unchecked server",
	  .offset = AT(allow_insecure_tls) },
	{ .name = "allow-other-cluster",
	  .type = OPTION_BOOL,
	  .help = "go on where clusterID names another one",
	  .offset = AT(allow_other_cluster) },
	{ .name = "allow-secret-type",
	  .type = OPTION_STRING,
	  .metavar = "TYPE",
	  .help = "write to a Secret of this type, too",
	  .offset = AT(allow_secret_type) },
	{ .name = "allow-plain-http",
	  .type = OPTION_BOOL,
	  .help = "talk http, which all on the way can read",
	  .offset = AT(kube.allow_plain_http) },
	{ .name = NULL },
};

const struct option cli_rollout_flags[] = {
	{ .name = "no-restart",
	  .type = OPTION_BOOL,
	  .help = "leave the workloads alone; they are named",
	  .offset = AT(no_restart) },
	{ .name = "no-wait",
	  .type = OPTION_BOOL,
	  .help = "do not follow the rollout",
	  .offset = AT(no_wait) },
	{ .name = "timeout",
	  .type = OPTION_DURATION,
	  .metavar = "DURATION",
	  .help = "limit of the rollout (15m); 0 is none",
	  .offset = AT(timeout_ms) },
	{ .name = NULL },
};

const struct option cli_timeout_flags[] = {
	{ .name = "timeout",
	  .type = OPTION_DURATION,
	  .metavar = "DURATION",
	  .help = "limit of the rollout (15m); 0 is none",
	  .offset = AT(timeout_ms) },
	{ .name = NULL },
};

const struct option cli_rotate_flags[] = {
	{ .name = "take-ownership",
	  .type = OPTION_LIST,
	  .metavar = "MANAGER",
	  .help = "take over from this manager (repeatable)",
	  .offset = AT(take_ownership),
	  .completion = COMPLETE_MANAGER },
	{ .name = "allow-outside-window",
	  .type = OPTION_BOOL,
	  .help = "go on though the window is closed",
	  .offset = AT(allow_outside_window) },
	{ .name = "allow-unvalidated",
	  .type = OPTION_BOOL,
	  .help = "go on without proof from the one before",
	  .offset = AT(allow_unvalidated) },
	{ .name = "allow-insecure-tls",
	  .type = OPTION_BOOL,
	  .help = "send the key to an unchecked server",
	  .offset = AT(allow_insecure_tls) },
	{ .name = "allow-other-cluster",
	  .type = OPTION_BOOL,
	  .help = "go on where clusterID names another one",
	  .offset = AT(allow_other_cluster) },
	{ .name = "wait",
	  .type = OPTION_BARE,
	  .metavar = "DURATION",
	  .help = "wait for somebody else's rotation to end",
	  .offset = AT(wait) },
	{ .name = NULL },
};

const struct option cli_new_flags[] = {
	{ .name = "new",
	  .type = OPTION_BOOL,
	  .help = "begin another rotation though one has not ended",
	  .offset = AT(new_rotation) },
	{ .name = "review-closed",
	  .type = OPTION_STRING,
	  .metavar = "ROTATION",
	  .help = "the review of that failed one is closed",
	  .offset = AT(review_closed),
	  .completion = COMPLETE_ROTATION },
	{ .name = NULL },
};

const struct option cli_verify_flags[] = {
	{ .name = "expect",
	  .type = OPTION_LIST,
	  .metavar = "REGEX",
	  .help = "what every pod must log (repeatable)",
	  .offset = AT(expect) },
	{ .name = "forbid",
	  .type = OPTION_LIST,
	  .metavar = "REGEX",
	  .help = "what no pod may log (repeatable)",
	  .offset = AT(forbid) },
	{ .name = "within",
	  .type = OPTION_DURATION,
	  .metavar = "DURATION",
	  .help = "wait so long for the expected lines (2m)",
	  .offset = AT(within_ms) },
	{ .name = "since",
	  .type = OPTION_DURATION,
	  .metavar = "DURATION",
	  .help = "only the log of the last while (all of it)",
	  .offset = AT(since_ms) },
	{ .name = NULL },
};

const struct option cli_soak_flags[] = {
	{ .name = "for",
	  .type = OPTION_DURATION,
	  .metavar = "DURATION",
	  .help = "how long (keyrot.yaml's; 30m is usual)",
	  .offset = AT(for_ms) },
	{ .name = "every",
	  .type = OPTION_DURATION,
	  .metavar = "DURATION",
	  .help = "time between two samples (30s)",
	  .offset = AT(every_ms) },
	{ .name = "on-fail",
	  .type = OPTION_CHOICE,
	  .help = "what a failure asks for next",
	  .offset = AT(on_fail),
	  .choices = on_fails },
	{ .name = "prometheus",
	  .type = OPTION_STRING,
	  .metavar = "URL",
	  .help = "ask this server instead of keyrot.yaml's",
	  .offset = AT(prometheus) },
	{ .name = "afresh",
	  .type = OPTION_BOOL,
	  .help = "do not go on with an interrupted soak",
	  .offset = AT(afresh) },
	{ .name = NULL },
};

const struct option cli_generate_flags[] = {
	{ .name = "to-store",
	  .type = OPTION_BOOL,
	  .help = "put it into the store (the default)",
	  .offset = AT(to_store) },
	{ .name = "key-file",
	  .type = OPTION_STRING,
	  .metavar = "PATH",
	  .help = "write it to a new file, 0600",
	  .offset = AT(key_file),
	  .completion = COMPLETE_FILE },
	{ .name = "stdout",
	  .type = OPTION_BOOL,
	  .help = "write it to standard output, a pipe",
	  .offset = AT(to_stdout) },
	{ .name = "bytes",
	  .type = OPTION_INT,
	  .metavar = "N",
	  .help = "random bytes in the key (32)",
	  .offset = AT(bytes) },
	{ .name = "encoding",
	  .type = OPTION_CHOICE,
	  .help = "how they are written (base64)",
	  .offset = AT(encoding),
	  .choices = encodings },
	{ .name = NULL },
};

const struct option cli_terminal_flags[] = {
	{ .name = "allow-terminal",
	  .type = OPTION_BOOL,
	  .help = "show the key on a terminal",
	  .offset = AT(allow_terminal) },
	{ .name = NULL },
};
