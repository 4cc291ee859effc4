#include "runbook/gitops_search.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

#define MAX_HEADER 256
#define MAX_PATH   4096

/* What `git cat-file --batch` prints: "OID TYPE SIZE\n", bytes, "\n". */
enum place { IN_HEADER, IN_BODY, AT_END };

struct gitops_search {
	const struct gitops_check *check;
	struct keyhunt *hunt;
	struct gitops_find found[GITOPS_FOUND_MAX];
	size_t n_found;
	/* The object or file that is being read. */
	char object[GITOPS_OID_MAX + 1]; /* "": a file */
	const char *file;
	bool is_commit;
	enum place place;
	bool wanted;
	unsigned long long left;
	char header[MAX_HEADER];
	size_t header_len;
	/* The list of what can be reached. */
	char row[MAX_PATH];
	size_t row_len;
	struct gitops_counts counts;
};

static KR_FALLIBLE on_find(void *user, const struct keyhunt_find *find)
{
	struct gitops_search *s = user;
	struct gitops_find *f;

	if (s->n_found == GITOPS_FOUND_MAX) {
		s->counts.more++;
		return NULL;
	}
	f = &s->found[s->n_found++];
	*f = (struct gitops_find){ .rule = find->rule,
				   .line = find->line,
				   .is_commit = s->is_commit };
	memcpy(f->object, s->object, sizeof(f->object));
	(void)snprintf(f->fingerprint, sizeof(f->fingerprint), "%s",
		       find->fingerprint);
	if (s->file) {
		f->reachable = true;
		f->path = text_clean(s->file, strlen(s->file), MAX_PATH);
	} else if (s->is_commit) {
		f->commit = strdup(s->object);
	}
	return NULL;
}

static KR_FALLIBLE begin_object(struct gitops_search *s)
{
	char type[16];

	s->header[s->header_len] = '\0';
	/* Anything else, such as "OID missing", is not an object. */
	if (sscanf(s->header, "%64[0-9a-f] %15s %llu", s->object, type,
		   &s->left) != 3)
		return err_new(KR_EUNEXPECTED,
			       "git cat-file said something unexpected");
	s->is_commit = strcmp(type, "commit") == 0;
	s->wanted = s->is_commit || strcmp(type, "blob") == 0 ||
		    strcmp(type, "tag") == 0;
	s->counts.objects++;
	s->counts.bytes += (long long)s->left;
	s->place = s->left ? IN_BODY : AT_END;
	if (s->wanted)
		keyhunt_begin(s->hunt);
	return NULL;
}

static KR_FALLIBLE take_header(struct gitops_search *s, char c)
{
	if (c == '\n')
		return begin_object(s);
	if (s->header_len + 1 == sizeof(s->header))
		return err_new(KR_EUNEXPECTED,
			       "git cat-file said something unexpected");
	s->header[s->header_len++] = c;
	return NULL;
}

static KR_FALLIBLE end_object(struct gitops_search *s, char c)
{
	if (c != '\n')
		return err_new(KR_EUNEXPECTED,
			       "git cat-file said something unexpected");
	s->place = IN_HEADER;
	s->header_len = 0;
	return s->wanted ? keyhunt_end(s->hunt) : NULL;
}

static KR_FALLIBLE on_objects(void *user, const char *data, size_t len)
{
	struct gitops_search *s = user;
	struct err *err = NULL;

	while (len && !err) {
		size_t n = 1;

		if (s->place == IN_HEADER) {
			err = take_header(s, *data);
		} else if (s->place == AT_END) {
			err = end_object(s, *data);
		} else {
			n = s->left < len ? (size_t)s->left : len;
			if (s->wanted)
				err = keyhunt_feed(s->hunt, data, n);
			s->left -= n;
			if (!s->left)
				s->place = AT_END;
		}
		data += n;
		len -= n;
	}
	return err;
}

/* What could not be looked at has not passed; the rest is looked at still. */
static KR_FALLIBLE count_unreadable(struct gitops_search *s,
				    struct err *take_err)
{
	if (!take_err || err_is(take_err, KR_EINTERRUPTED) ||
	    err_is(take_err, KR_ENOMEM))
		return take_err;
	result_warn(s->check->result, "%s", err_message(take_err));
	err_free(take_err);
	s->counts.unreadable++;
	return NULL;
}

/* Everything that Git keeps here, reachable or not, each object once. */
static KR_FALLIBLE search_objects(struct gitops_search *s)
{
	struct err *err;

	err = gitrepo_stream(s->check->repo,
			     (const char *const[]){ "cat-file", "--batch",
						    "--batch-all-objects",
						    "--buffer", "--unordered",
						    NULL },
			     on_objects, s);
	if (!err && (s->place != IN_HEADER || s->header_len))
		err = err_new(KR_EUNEXPECTED, "git cat-file ended too early");
	return count_unreadable(s, err);
}

/* "OID", "OID PATH", or "?OID" of what is missing. */
static void take_row(struct gitops_search *s)
{
	char *space = memchr(s->row, ' ', s->row_len);
	size_t n = space ? (size_t)(space - s->row) : s->row_len;

	if (s->row_len && *s->row == '?') {
		s->counts.missing++;
		return;
	}
	for (size_t i = 0; i < s->n_found; i++) {
		struct gitops_find *f = &s->found[i];

		if (n == 0 || strlen(f->object) != n ||
		    memcmp(f->object, s->row, n) != 0)
			continue;
		f->reachable = true;
		if (space && !f->path && !f->is_commit)
			f->path = text_clean(space + 1, s->row_len - n - 1,
					     MAX_PATH);
	}
}

static KR_FALLIBLE on_rows(void *user, const char *data, size_t len)
{
	struct gitops_search *s = user;

	for (; len; data++, len--) {
		if (*data == '\n') {
			take_row(s);
			s->row_len = 0;
		} else if (s->row_len < sizeof(s->row)) {
			s->row[s->row_len++] = *data;
		}
	}
	return NULL;
}

/* What is missing, and where the findings stand. */
static KR_FALLIBLE search_reachable(struct gitops_search *s)
{
	struct err *err = gitrepo_stream(
		s->check->repo,
		(const char *const[]){ "rev-list", "--objects", "--all",
				       "--indexed-objects", "--missing=print",
				       NULL },
		on_rows, s);

	return count_unreadable(s, err);
}

static KR_FALLIBLE on_file(void *user, const char *data, size_t len)
{
	struct gitops_search *s = user;

	return keyhunt_feed(s->hunt, data, len);
}

static KR_FALLIBLE search_file(struct gitops_search *s, const char *path)
{
	kr_cleanup(str_freep) char *whole =
		file_join(s->check->repo->root, path);
	bool regular = false;
	struct err *err;

	if (!whole)
		return err_no_memory();
	s->file = path;
	keyhunt_begin(s->hunt);
	err = file_feed(whole, on_file, s, &regular);
	if (!err)
		err = keyhunt_end(s->hunt);
	s->file = NULL;
	s->counts.files += regular;
	/* Deleted, and the deletion is not staged yet. */
	if (err_is(err, KR_ENOTFOUND)) {
		err_free(err);
		return NULL;
	}
	return count_unreadable(s, err);
}

/* Names end with NUL. */
static KR_FALLIBLE on_names(void *user, const char *data, size_t len)
{
	struct gitops_search *s = user;
	struct err *err = NULL;

	for (; len && !err; data++, len--) {
		if (s->row_len + 1 >= sizeof(s->row))
			return err_new(KR_EUNEXPECTED, "a path is too long");
		s->row[s->row_len++] = *data;
		if (*data)
			continue;
		err = search_file(s, s->row);
		s->row_len = 0;
	}
	return err;
}

/* Files that differ from what was staged, and new ones. */
static KR_FALLIBLE search_tree(struct gitops_search *s)
{
	s->object[0] = '\0';
	s->is_commit = false;
	s->row_len = 0;
	return gitrepo_stream(
		s->check->repo,
		(const char *const[]){ "ls-files", "-z", "--modified",
				       "--others", "--exclude-standard", NULL },
		on_names, s);
}

KR_FALLIBLE gitops_search_new(const struct gitops_check *check,
			      struct gitops_search **out)
{
	kr_cleanup(gitops_search_freep) struct gitops_search *s =
		calloc(1, sizeof(*s));
	const struct keyhunt_options options = {
		.spec = check->spec,
		.entry = check->entry,
		.on_find = on_find,
		.user = s,
	};
	struct err *err;

	if (!s)
		return err_no_memory();
	s->check = check;
	err = keyhunt_new(&options, &s->hunt);
	for (size_t i = 0; !err && check->known && check->known[i]; i++)
		err = keyhunt_know(s->hunt, check->known[i]);
	for (size_t i = 0; !err && check->harmless && check->harmless[i]; i++)
		err = keyhunt_allow(s->hunt, check->harmless[i]);
	if (err)
		return err;
	*out = take_ptr(&s);
	return NULL;
}

void gitops_search_free(struct gitops_search *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_found; i++) {
		free(s->found[i].commit);
		free(s->found[i].path);
	}
	keyhunt_free(s->hunt);
	free(s);
}

KR_FALLIBLE gitops_search_run(struct gitops_search *search)
{
	struct err *err = search_objects(search);

	if (!err)
		err = search_reachable(search);
	return err ? err : search_tree(search);
}

struct gitops_counts gitops_search_counts(const struct gitops_search *search)
{
	struct gitops_counts counts = search->counts;

	counts.known = keyhunt_known(search->hunt);
	return counts;
}

struct gitops_find *gitops_search_found(struct gitops_search *search,
					size_t *out_n)
{
	*out_n = search->n_found;
	return search->found;
}
