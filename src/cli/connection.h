/*
 * The cluster and the store that a command talks to, opened from the command
 * line and keyrot.yaml the same way for every command.
 */
#ifndef KR_CLI_CONNECTION_H
#define KR_CLI_CONNECTION_H

#include "cli/target.h"
#include "kube/client.h"
#include "kube/pod.h"
#include "runbook/run.h"
#include "store/store.h"

struct connection {
	struct cli_context *context; /* borrowed */
	struct result *result;	     /* borrowed */
	struct cli_target target;    /* names, and the place in keyrot.yaml */
	struct kube_access *access;
	struct kube *kube;
	struct store *store;		    /* NULL unless asked for */
	struct store_options store_options; /* which it borrows */
	struct kube_target secret;
	unsigned warnings; /* that the server sent */
	int64_t opened_ms;
};

/* -v from which requests are shown. */
#define CONNECTION_VERBOSE_REQUESTS 6

enum connection_flags {
	CONNECT_STORE = 1,   /* open the store, too */
	CONNECT_OFFLINE = 2, /* no cluster: render, generate */
};

/* KR_EUSAGE, KR_ECONFIG; nothing has been sent yet. */
KR_FALLIBLE connection_open(struct cli_context *context, struct result *result,
			    int flags, struct connection *out);

/* The store of a connection that was opened without: what few need, late. */
KR_FALLIBLE connection_open_store(struct connection *connection);

/* Says --timings and looks at --warnings-as-errors; the first error wins. */
KR_FALLIBLE connection_finish(struct connection *connection,
			      struct err *take_err);
void connection_release(struct connection *connection);

/* What the command line and keyrot.yaml say, as the options of a run. */
void connection_run_options(const struct connection *connection,
			    struct run_options *out);

/* verify, as the options and keyrot.yaml say: cmd_verify.c. */
KR_FALLIBLE connection_verify(struct connection *connection);

/* The key's source, as keysource.h finds it, for a run. */
KR_FALLIBLE connection_find_key(struct connection *connection,
				struct run_key *out);

/*
 * "The store has no entry", where nothing else was named either, becomes the
 * list of all ways to give a key. Other errors pass.
 */
struct err *connection_no_key(const struct connection *connection,
			      const struct run_key *source,
			      struct err *take_err);

#endif
