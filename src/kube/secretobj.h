/*
 * One entry of one Secret: read it, see whose it is, write it.
 *
 * The write is a server-side apply of this entry alone, by a field manager of
 * its own, fenced by the uid and resourceVersion that were read, answered with
 * metadata only. It takes a struct readback_key: a key that no store holds
 * cannot be passed.
 */
#ifndef KR_KUBE_SECRETOBJ_H
#define KR_KUBE_SECRETOBJ_H

#include "kube/client.h"
#include "kube/pod.h"
#include "kube/podkey.h"
#include "secret/readback.h"

/* A field manager that owns the entry. */
struct kube_owner {
	char *manager;	    /* "argocd-controller" */
	bool is_ours;	    /* keyrot's own */
	bool is_kubectl;    /* one of kubectl's, or nobody's in particular */
	bool is_controller; /* an owner reference: "ExternalSecret/name" */
};

/* The other entries of a keyring: ENTRY_NEXT, ENTRY_PREVIOUS. */
enum kube_ring { RING_NEXT, RING_PREVIOUS, RING_COUNT };

struct kube_ring_entry {
	char *name;
	struct secret *live;			  /* NULL: not there */
	char fingerprint[SECRET_FINGERPRINT_LEN]; /* "" where not there */
	/* Owned by the entry's own field manager: leaving it out of the next
	 * write drops it. */
	bool ours;
	char *foreign; /* a manager beside that one; NULL: none */
};

/* A tool that left its mark on the Secret, whoever owns the entry's field. */
struct kube_secret_sign {
	const char *tool; /* "Argo CD" */
	const char *does; /* "puts its own value back at the next sync" */
};
#define KUBE_SECRET_SIGN_SENTENCE "%s manages the Secret: it %s"
#define KUBE_SECRET_MAX_SIGNS	  4

struct kube_secret_signs {
	struct kube_secret_sign items[KUBE_SECRET_MAX_SIGNS];
	size_t count;
};
/* From labels, annotations and owner references; each tool once. */
void kube_secret_signs(const struct cJSON *secret,
		       struct kube_secret_signs *out);

struct kube_secret {
	char *ns, *name, *entry;
	bool exists;
	struct kube_key_facts facts; /* zero where it does not exist */
	char *type;		     /* "Opaque" */
	struct secret *live;	     /* the entry's value; NULL: not there */
	char live_fingerprint[SECRET_FINGERPRINT_LEN]; /* "" where not there */
	struct kube_ring_entry ring[RING_COUNT];
	/* The annotation kubectl leaves, where it holds data. */
	bool has_last_applied;
	struct kube_owner *owners;
	size_t owner_count;
	struct kube_secret_signs signs;
	char **entries; /* names of all entries, for suggestions */
	size_t entry_count;
};

/* The request that reads it, for a batch; path and what belong to `s`. */
struct kube_secret_read {
	char *path, *what;
	struct kube_request request;
};
KR_FALLIBLE kube_secret_plan_read(const struct kube_target *target,
				  struct kube_secret_read *out);
void kube_secret_read_release(struct kube_secret_read *read);

/*
 * From the answer, which is wiped. A Secret that is not there is a
 * kube_secret with exists == false, not an error.
 */
KR_FALLIBLE kube_secret_take(const struct kube_target *target,
			     struct kube_request *answered,
			     struct kube_secret **out);
/* Plan, request and take in one. */
KR_FALLIBLE kube_secret_get(struct kube *kube, const struct kube_target *target,
			    struct kube_secret **out);
/* Wipes the values; the fingerprints stay, and what is there stays known. */
void kube_secret_forget(struct kube_secret *secret);
static inline bool kube_secret_has_entry(const struct kube_secret *secret)
{
	return *secret->live_fingerprint != '\0';
}
static inline bool kube_ring_has(const struct kube_secret *secret, size_t place)
{
	return *secret->ring[place].fingerprint != '\0';
}
void kube_secret_free(struct kube_secret *secret);
KR_DEFINE_FREEP(kube_secret)

/*
 * Whether the entry may be taken. kubectl's own managers are taken over
 * (*out_force, and *out_from names them, malloc'd, "" where none); anything
 * else is KR_EREFUSED, reason "FieldOwned", unless `take` (NULL-terminated,
 * may be NULL) names it.
 */
KR_FALLIBLE kube_secret_may_take(const struct kube_secret *secret,
				 const char *const *take, bool *out_force,
				 char **out_from);
/* What that manager is going to do, as half a sentence; never NULL. */
const char *kube_owner_outlook(const char *manager);

/*
 * What the entry's field manager is to own: the entry, and of a keyring what
 * is given. What is left out and was written by it before is dropped, all in
 * one write.
 */
struct kube_secret_write {
	const struct readback_key *key;
	const struct readback_key *next, *previous; /* NULL: not there */
	const char *mark; /* of the rotation and its state; annotations.h */
	const char *operator_;
	const char *rotated_at; /* RFC 3339 */
	bool force;		/* from kube_secret_may_take() */
	bool create;		/* may create the Secret and its namespace */
	bool dry_run; /* the server checks everything, keeps nothing */
};

struct kube_secret_written {
	char *resource_version; /* owned */
	bool created;
	bool made_namespace;
	bool found_by_reading; /* the answer was lost; a read settled it */
};

/*
 * KR_ECONFLICT: somebody changed the Secret since it was read. KR_EREFUSED:
 * a field is somebody else's. KR_EINVALID: immutable, too large, ... A lost
 * answer is settled by reading; where that cannot be done either the error's
 * reason is "Unknown".
 */
KR_FALLIBLE kube_secret_apply(struct kube *kube,
			      const struct kube_secret *secret,
			      const struct kube_secret_write *write,
			      struct kube_secret_written *out);

/*
 * Asks the server whether it would take the write: everything is checked,
 * nothing is kept. What is sent is random, as long as a usual key: the key
 * itself has no business in a question.
 */
KR_FALLIBLE kube_secret_dry_run(struct kube *kube,
				const struct kube_secret *secret, bool force,
				bool create);

/*
 * Removes kubectl's last-applied-configuration. *out_version (malloc'd) is
 * the Secret's new resourceVersion.
 */
KR_FALLIBLE kube_secret_drop_last_applied(struct kube *kube,
					  const struct kube_secret *secret,
					  char **out_version);

/*
 * The manifest that an apply of this entry sends, as YAML with the key in
 * it: for `render`.
 */
KR_FALLIBLE kube_secret_manifest(const struct kube_target *target,
				 const struct secret *key,
				 struct secret **out_yaml);

#endif
