/*
 * Running keepassxc-cli: the password goes in over its standard input.
 */
#ifndef KR_STORE_KEEPASS_H
#define KR_STORE_KEEPASS_H

#include "store/passphrase.h"
#include "store/tool.h"

struct keepass_store {
	char *file;
	char *folder; /* of the file */
	char *group;
	char *key_file; /* or NULL */
	struct proc_env env;
	int64_t timeout_ms;
	struct passphrase_source source;
	struct secret *password; /* NULL until it is needed */
	bool group_is_there;
};

/* One run: `command`'s words, then the database, then `entry`. */
struct keepass_run {
	const char *const *command;
	const char *entry;	   /* or NULL */
	const struct secret *line; /* goes in behind the password, or NULL */
	const struct secret *key;
};

/*
 * Any exit code is a success here; KR_ESTORE, reason "Locked", where the
 * password is wrong. One that was typed may be typed again.
 */
KR_FALLIBLE keepass_run(struct keepass_store *ks, const struct keepass_run *run,
			struct tool_result *out);

#endif
