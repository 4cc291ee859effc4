/*
 * Journal, ledger and file store, with memory running out: what they say they
 * did is there afterwards, with memory enough.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "drivers.h"
#include "fail.h"
#include "ledger/ledger.h"
#include "runbook/journal_internal.h"
#include "store/store.h"

#define ID "kr-20261122-7f3a9c"

static char folder[] = "/tmp/keyrot-alloc-XXXXXX";

/* Paths are made before memory runs out. */
static const char *below(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void run_journal(const struct piece *piece)
{
	struct journal *journal = NULL;
	struct err *err, *added;
	size_t before = 0, after;

	(void)piece;
	(void)unlink(below("keyrot/s/" ID ".jsonl"));
	err = journal_open("s", ID, &journal);
	if (err) {
		err_free(err);
		return;
	}
	before = json_length(journal->lines);
	added = journal_add(journal,
			    &(struct journal_line){ .event = JOURNAL_BEGUN });
	if (!added)
		added = journal_add(journal, &(struct journal_line){
						     .event = JOURNAL_INTENT,
						     .step = "write-secret",
						     .context = "staging",
						     .detail = "a detail" });
	journal_close(journal);
	fail_off();
	err = journal_open("s", ID, &journal);
	must(!err);
	after = json_length(journal->lines);
	/* Said to be there, it is, and whole. */
	must(after >= before && (added || after == before + 2));
	must(added || journal_has(journal, JOURNAL_INTENT, "write-secret", NULL,
				  "staging"));
	err_free(added);
	journal_close(journal);
}

static KR_FALLIBLE open_ledger(struct ledger **out)
{
	static char path[128];
	struct ledger_options options = {
		.path = path,
		.service = "secrets-service",
		.secret = "secrets-service-config",
		.entry = "SECRET_ENCRYPTION_KEY",
		.operator_ = "jane@example.com",
	};

	(void)snprintf(path, sizeof(path), "%s/ledger.jsonl", folder);
	return ledger_open(&options, out);
}

static KR_FALLIBLE add_record(struct ledger *ledger, const char *step)
{
	const struct ledger_record record = {
		.rotation = ID,
		.step = step,
		.context = "aether-staging",
		.namespace_ = "aether-services",
		.secret = "secrets-service-config",
		.entry = "SECRET_ENCRYPTION_KEY",
		.operator_ = "jane@example.com",
		.operator_from = "--operator",
		.outcome = "done",
	};

	return ledger_append(ledger, &record, NULL);
}

static void run_ledger(const struct piece *piece)
{
	struct ledger *ledger = NULL;
	struct ledger_report report = { 0 };
	struct err *err, *added;

	(void)piece;
	(void)unlink(below("ledger.jsonl"));
	err = open_ledger(&ledger);
	if (err) {
		err_free(err);
		return;
	}
	added = add_record(ledger, "start");
	if (!added)
		added = add_record(ledger, LEDGER_STEP_END);
	if (!added)
		added = ledger_checkpoint(ledger);
	err_free(ledger_verify(ledger, NULL, &report));
	fail_off();
	report = (struct ledger_report){ 0 };
	/* What was said to be in it is, and it goes on. */
	err = add_record(ledger, "after");
	if (!err)
		err = ledger_verify(ledger, NULL, &report);
	must(!err && (added || report.records == 3));
	must(added || report.checkpoints == 1);
	err_free(added);
	ledger_free(ledger);
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static KR_FALLIBLE use_store(const char *path, bool *out_put)
{
	static char id[] = ID, empty[] = "", service[] = "s";
	static char text[] = "c2l4dGVlbiBieXRlcyBhbmQgc2l4dGVlbiBtb3JlISE=";
	kr_cleanup(store_closep) struct store *store = NULL;
	kr_cleanup(secret_freep) struct secret *key = NULL;
	kr_cleanup(readback_key_freep) struct readback_key *back = NULL;
	kr_cleanup(store_meta_release) struct store_meta newest = { 0 };
	const struct store_options options = { .spec = path, .service = "s" };
	const struct store_meta meta = { .id = id,
					 .rotation = id,
					 .fingerprint = empty,
					 .operator_ = service,
					 .created_at = empty,
					 .service = service,
					 .secret = service,
					 .ledger = empty };
	struct err *err = store_open(&options, &store);

	if (!err)
		err = secret_from_bytes(text, strlen(text), &key);
	if (!err && !*out_put)
		err = store_put(store, &meta, key);
	if (!err)
		*out_put = true;
	if (!err)
		err = store_newest(store, &newest);
	if (!err)
		err = store_prove(store, ID, NULL, &back);
	return err;
}

/* With a key that has no passphrase: what is looked at is the store. */
static void run_store(const struct piece *piece)
{
	static char path[128];
	bool put = false;
	struct err *err;

	(void)piece;
	(void)snprintf(path, sizeof(path), "file:%s/store", folder);
	(void)unlink(below("store/entries/" ID ".pem"));
	err_free(use_store(path, &put));
	fail_off();
	/* What it said is put can be proved. */
	err = put ? use_store(path, &put) : NULL;
	must(!err);
}

const struct piece pieces[] = {
	{ .name = "journal-file", .run = run_journal },
	{ .name = "ledger-file", .run = run_ledger },
	{ .name = "store-file", .run = run_store },
	{ .name = NULL },
};

bool pieces_begin(void)
{
	static char sh[] = "sh", minus_c[] = "-c";
	static char make[] =
		"cd \"$0\" && mkdir -p store/recipients && cd store && "
		"openssl req -x509 -newkey ec -pkeyopt "
		"ec_paramgen_curve:prime256v1 -nodes -keyout store.key "
		"-out recipients/store.crt -subj /CN=s -days 3650 "
		"-addext keyUsage=critical,keyAgreement 2>/dev/null && "
		"chmod 600 store.key";
	char *const args[] = { sh, minus_c, make, folder, NULL };
	pid_t child;
	int status = 0;

	if (!mkdtemp(folder) || setenv("XDG_STATE_HOME", folder, 1) != 0)
		return false;
	child = fork();
	if (child == 0) {
		(void)execv("/bin/sh", args);
		_exit(1);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		return false;
	return file_exists(below("store/recipients/store.crt"));
}

void pieces_end(void)
{
	(void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
