/*
 * Kubeconfig files, found, checked and merged as kubectl does it.
 *
 * --kubeconfig names one file that must be there. Else $KUBECONFIG is a list
 * (':'), whose missing files are skipped; else ~/.kube/config. Of entries with
 * one name the first file's is taken whole; current-context is the first that
 * is not empty. Every file is checked as a whole (types, base64, names given
 * twice), also where only one entry of it is wanted.
 */
#ifndef KR_KUBE_KUBECONFIG_H
#define KR_KUBE_KUBECONFIG_H

#include <stddef.h>

#include "base/yaml.h"

#define KUBECONFIG_MAX_BYTES (16 * 1024 * 1024)

enum kubeconfig_kind {
	KUBECONFIG_CONTEXT,
	KUBECONFIG_CLUSTER,
	KUBECONFIG_USER,
	KUBECONFIG_KINDS,
};

struct kubeconfig_file {
	char *path; /* as it was named */
	char *dir;  /* relative names in the file start here */
	struct yaml_doc *doc;
};

struct kubeconfig_entry {
	const char *name;
	const struct kubeconfig_file *file;
	const struct cJSON *item; /* {name: ..., cluster: ...} */
	const struct cJSON *body; /* what is below cluster, user or context;
				   * NULL where there is nothing */
};

struct kubeconfig {
	struct kubeconfig_file **files;
	size_t file_count;
	struct kubeconfig_entry *entries[KUBECONFIG_KINDS];
	size_t entry_count[KUBECONFIG_KINDS];
	const char *current_context; /* "" where none */
	const struct kubeconfig_file *current_file;
};

/* flag: --kubeconfig, NULL or "" where not given. KR_ECONFIG. */
KR_FALLIBLE kubeconfig_load(const char *flag, struct kubeconfig **out);
void kubeconfig_free(struct kubeconfig *config);
KR_DEFINE_FREEP(kubeconfig)

/* Takes one more file's text in; its name is used in messages. */
KR_FALLIBLE kubeconfig_add(struct kubeconfig *config, const char *path,
			   const char *data, size_t len);

/* NULL where there is none. */
const struct kubeconfig_entry *kubeconfig_find(const struct kubeconfig *config,
					       enum kubeconfig_kind kind,
					       const char *name);

/*
 * The error for a name that is nowhere, with a suggestion and what there is.
 * `who` says who asked for it: "--context", "current-context in FILE".
 */
struct err *kubeconfig_unknown(const struct kubeconfig *config,
			       enum kubeconfig_kind kind, const char *name,
			       const char *who);

/* A text field of the entry; NULL where it is not there, or empty. */
const char *kubeconfig_str(const struct kubeconfig_entry *entry,
			   const char *field);
/* false where not there. */
bool kubeconfig_bool(const struct kubeconfig_entry *entry, const char *field);

/* A file name of the entry, resolved (malloc'd); NULL: no memory. */
char *kubeconfig_resolve(const struct kubeconfig_entry *entry,
			 const char *path);

/*
 * KR_ECONFIG: "FILE:LINE:COLUMN: user "NAME": text", at the field where the
 * entry has it.
 */
struct err *kubeconfig_err(const struct kubeconfig_entry *entry,
			   const char *field, const char *format, ...)
	KR_PRINTF(3, 4);

#endif
