/*
 * The store functions from the command line, for the contract suite: each run
 * is a new process, hardened as the program is.
 *
 *	storetool [-s SPEC] [-S SERVICE] [-p PASSPHRASE_FILE] [-c CONFIG_JSON]
 *		  [-a] COMMAND ...
 *	put ID KEYFILE [ROLE]	ensure ID KEYFILE [ROLE]
 *	prove ID [FINGERPRINT] [OUTFILE]
 *	list	newest	probe
 *
 * Prints name=value lines; exit code and "reason:" line are those of errors.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/stop.h"
#include "secret/wipe.h"
#include "store/store.h"

static struct err *read_key(const char *path, struct secret **out)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(SECRET_MAX_BYTES);
	struct err *err = file_read(path, &text);

	return err ? err : secret_from_bytes(buf_str(&text), text.len, out);
}

static void print_meta(const struct store_meta *meta)
{
	printf("entry=%s fingerprint=%s role=%s created=%s operator=%s "
	       "service=%s rotation=%s secret=%s\n",
	       meta->id, meta->fingerprint,
	       meta->role == STORE_PREVIOUS ? "previous" : "new",
	       meta->created_at, meta->operator_, meta->service, meta->rotation,
	       meta->secret);
}

static void print_key(const struct readback_key *key)
{
	printf("entry=%s fingerprint=%s proved=%s\n", readback_key_entry(key),
	       readback_key_fingerprint(key),
	       readback_key_is_proved(key) ? "yes" : "no");
}

static struct err *put(struct store *store, bool ensure, char **args)
{
	kr_cleanup(secret_freep) struct secret *key = NULL;
	kr_cleanup(readback_key_freep) struct readback_key *back = NULL;
	kr_cleanup(str_freep) char *id = NULL;
	char who[] = "ann@example.com", where[] = "shop/config/KEY";
	const char *created = getenv("STORETOOL_CREATED");
	char time[64];
	struct store_meta meta = { .id = args[0],
				   .rotation = args[0],
				   .operator_ = who,
				   .secret = where,
				   .created_at = time };
	bool was_there = false;
	struct err *err = read_key(args[1], &key);

	(void)snprintf(time, sizeof(time), "%s", created ? created : "");
	if (args[2] && strcmp(args[2], "previous") == 0)
		meta.role = STORE_PREVIOUS;
	if (err)
		return err;
	if (!ensure)
		return store_put(store, &meta, key);
	err = store_ensure(store, &meta, key, &back, &id, &was_there);
	if (err)
		return err;
	if (!secret_equal(readback_key_secret(back), key))
		return err_new(KR_EUNEXPECTED, "another key came back");
	printf("was-there=%s id=%s\n", was_there ? "yes" : "no", id);
	print_key(back);
	return NULL;
}

static struct err *prove(struct store *store, char **args)
{
	kr_cleanup(readback_key_freep) struct readback_key *back = NULL;
	const char *fingerprint = args[1] && *args[1] ? args[1] : NULL;
	struct err *err = store_prove(store, args[0], fingerprint, &back);
	const struct secret *key;

	if (err)
		return err;
	print_key(back);
	key = readback_key_secret(back);
	if (args[1] && args[2])
		err = file_write_new(args[2], secret_expose(key),
				     secret_len(key));
	return err;
}

static struct err *look(struct store *store, bool newest)
{
	kr_cleanup(store_list_release) struct store_list list = { 0 };
	kr_cleanup(store_meta_release) struct store_meta meta = { 0 };
	struct err *err = newest ? store_newest(store, &meta)
				 : store_entries(store, &list);

	if (!err && newest)
		print_meta(&meta);
	for (size_t i = 0; i < list.count; i++)
		print_meta(&list.items[i]);
	return err;
}

static struct err *run(struct store *store, int argc, char **argv)
{
	if (argc >= 3 && strcmp(argv[0], "put") == 0)
		return put(store, false, argv + 1);
	if (argc >= 3 && strcmp(argv[0], "ensure") == 0)
		return put(store, true, argv + 1);
	if (argc >= 2 && strcmp(argv[0], "prove") == 0)
		return prove(store, argv + 1);
	if (argc == 1 && strcmp(argv[0], "list") == 0)
		return look(store, false);
	if (argc == 1 && strcmp(argv[0], "newest") == 0)
		return look(store, true);
	if (argc == 1 && strcmp(argv[0], "probe") == 0)
		return store_probe(store);
	return err_new(KR_EUSAGE, "see the head of tests/store/storetool.c");
}

static struct err *open_and_run(struct store_options *options,
				const char *config, int argc, char **argv)
{
	kr_cleanup(store_closep) struct store *store = NULL;
	kr_cleanup(json_freep) struct cJSON *tree = NULL;
	struct err *err = NULL;

	if (config)
		err = json_parse(config, strlen(config), &tree);
	options->config = tree;
	if (tree)
		options->item = json_member_str(tree, "item");
	if (!err)
		err = store_open(options, &store);
	return err ? err : run(store, argc, argv);
}

int main(int argc, char **argv)
{
	struct store_options options = { .service = "secrets-service" };
	const char *config = NULL;
	struct err *err;
	int option, code;

	harden_process();
	stop_install();
	while ((option = getopt(argc, argv, "+s:S:p:c:a")) != -1) {
		if (option == 's')
			options.spec = optarg;
		else if (option == 'S')
			options.service = optarg;
		else if (option == 'p')
			options.passphrase_file = optarg;
		else if (option == 'c')
			config = optarg;
		else if (option == 'a')
			options.may_ask = true;
		else
			return 2;
	}
	err = open_and_run(&options, config, argc - optind, argv + optind);
	code = err_exit_code(err);
	if (err) {
		(void)fprintf(stderr, "error: %s\nreason: %s\n",
			      err_message(err), err_reason(err));
		if (err_hint_text(err))
			(void)fprintf(stderr, "hint: %s\n", err_hint_text(err));
	}
	err_free(err);
	return code;
}
