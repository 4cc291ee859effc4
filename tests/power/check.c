/*
 * What the program makes of a disk: its own functions, asked about one state
 * after the other. The state is put there before each question.
 *
 *	power-check FOLDER PASSPHRASE_FILE <questions >answers
 *
 *	journal ID    the rotations' journals in FOLDER/state
 *	ledger        FOLDER/ledger/l.jsonl
 *	store         the file store in FOLDER/store
 *
 * An answer is one line, "error: ..." where something could not be recovered.

 * Each also writes once more: what is added to a recovered file must be read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "ledger/ledger.h"
#include "runbook/journal_internal.h"
#include "store/store.h"

#define SERVICE "secrets-service"
#define PROBE	"kr-20260101-aaaaaa"

static const char *top, *passphrase;

static int answer_err(struct err *err, const char *where)
{
	printf("error: %s: %s: %s\n", where, err_reason(err), err_message(err));
	err_free(err);
	return 0;
}

static KR_FALLIBLE look_at_journal(const char *id, bool *out_known,
				   char **out_open)
{
	kr_cleanup(str_freep) char *undone = NULL;
	kr_cleanup(str_freep) char *to = NULL;
	struct err *err = journal_look(SERVICE, id, out_known, &undone, &to);

	return err ? err : journal_find_open(SERVICE, out_open);
}

/* Its lines as they are read, and whether one more is read after them. */
static int journal(const char *id)
{
	kr_cleanup(journal_closep) struct journal *j = NULL;
	kr_cleanup(journal_closep) struct journal *again = NULL;
	kr_cleanup(str_freep) char *open = NULL;
	static const struct journal_line probe = {
		.event = JOURNAL_TAKEOVER,
		.detail = "from a probe",
	};
	bool known = false;
	size_t lines;
	struct err *err = look_at_journal(id, &known, &open);

	if (!err)
		err = journal_open(SERVICE, id, &j);
	if (err)
		return answer_err(err, "open");
	lines = json_length(j->lines);
	printf("lines=%zu known=%d open=%s outcome=%s", lines, known,
	       open ? open : "-",
	       journal_outcome(j) ? journal_outcome(j) : "-");
	err = journal_add(j, &probe);
	journal_close(take_ptr(&j));
	if (!err)
		err = journal_open(SERVICE, id, &again);
	if (err)
		return answer_err(err, "again");
	printf(" again=%zu\n", json_length(again->lines));
	return 0;
}

static KR_FALLIBLE add_record(struct ledger *ledger)
{
	static const struct ledger_record record = {
		.rotation = PROBE,
		.step = "probe",
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

static int ledger(void)
{
	kr_cleanup(ledger_freep) struct ledger *l = NULL;
	kr_cleanup(str_freep) char *path = file_join(top, "ledger/l.jsonl");
	struct ledger_options options = {
		.path = path,
		.service = SERVICE,
		.secret = "secrets-service-config",
		.entry = "SECRET_ENCRYPTION_KEY",
		.operator_ = "jane@example.com",
	};
	struct ledger_report report = { 0 };
	struct err *err = ledger_open(&options, &l);

	if (!err)
		err = ledger_verify(l, NULL, &report);
	printf("lines=%llu torn=%d", (unsigned long long)report.size,
	       err != NULL);
	err_free(err);
	err = add_record(l);
	if (!err)
		err = ledger_verify(l, NULL, &report);
	if (err)
		return answer_err(err, "again");
	printf(" again=%llu\n", (unsigned long long)report.size);
	return 0;
}

static KR_FALLIBLE prove_all(struct store *store)
{
	struct store_list list = { 0 };
	struct err *err = store_entries(store, &list);

	for (size_t i = 0; !err && i < list.count; i++) {
		kr_cleanup(readback_key_freep) struct readback_key *key = NULL;

		err = store_prove(store, list.items[i].id, NULL, &key);
		if (!err)
			printf(" %s=%s", list.items[i].id,
			       readback_key_fingerprint(key));
	}
	store_list_release(&list);
	return err;
}

static KR_FALLIBLE put_one(struct store *store)
{
	static char id[] = PROBE, empty[] = "", service[] = SERVICE;
	static char text[] = "c2l4dGVlbiBieXRlcyBhbmQgc2l4dGVlbiBtb3JlISE=";
	kr_cleanup(secret_freep) struct secret *key = NULL;
	kr_cleanup(readback_key_freep) struct readback_key *back = NULL;
	kr_cleanup(str_freep) char *where = NULL;
	struct store_meta meta = { .id = id,
				   .rotation = id,
				   .fingerprint = empty,
				   .operator_ = service,
				   .created_at = empty,
				   .service = service,
				   .secret = service,
				   .ledger = empty };
	bool was_there = false;
	struct err *err = secret_from_bytes(text, strlen(text), &key);

	return err ? err
		   : store_ensure(store, &meta, key, &back, &where, &was_there);
}

static int store(void)
{
	kr_cleanup(store_closep) struct store *s = NULL;
	kr_cleanup(str_freep) char *spec = NULL;
	struct store_options options = { .service = SERVICE,
					 .passphrase_file = passphrase };
	struct err *err;

	if (asprintf(&spec, "file:%s/store", top) < 0)
		return 1;
	options.spec = spec;
	err = store_open(&options, &s);
	if (!err)
		err = store_probe(s);
	if (!err)
		err = prove_all(s);
	if (!err)
		err = put_one(s);
	if (err)
		return answer_err(err, "store");
	printf(" good=1\n");
	return 0;
}

static int ask(char *question)
{
	char *rest = NULL;
	const char *word = strtok_r(question, " \n", &rest);
	const char *id = strtok_r(NULL, " \n", &rest);

	if (word && id && strcmp(word, "journal") == 0)
		return journal(id);
	if (word && strcmp(word, "ledger") == 0)
		return ledger();
	return word && strcmp(word, "store") == 0 ? store() : 1;
}

int main(int argc, char **argv)
{
	kr_cleanup(str_freep) char *state = NULL;
	char question[256];

	if (argc != 3)
		return 2;
	top = argv[1];
	passphrase = argv[2];
	state = file_join(top, "state");
	if (!state || setenv("XDG_STATE_HOME", state, 1) != 0)
		return 1;
	while (fgets(question, sizeof(question), stdin)) {
		if (ask(question) != 0)
			return 1;
		(void)fflush(stdout);
	}
	return 0;
}
