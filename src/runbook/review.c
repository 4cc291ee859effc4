/* The files: found, asked whether they are closed, closed. */
#include "runbook/review.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "runbook/ledgerplace.h"
#include "runbook/review_internal.h"

#define SUFFIX	  ".review.md"
#define MAX_BYTES (4u * 1024 * 1024)
#define OPEN	  "closed: false"

KR_FALLIBLE review_folder(const struct config *config, char **out)
{
	kr_cleanup(str_freep) char *path = NULL;
	struct err *err = ledgerplace_path(config, &path);

	if (err || !path)
		return err ? err : journal_folder(config->service, out);
	*out = file_dirname(path);
	return *out ? NULL : err_no_memory();
}

KR_FALLIBLE review_path(const struct config *config, const char *rotation,
			char **out)
{
	kr_cleanup(str_freep) char *folder = NULL;
	struct err *err = review_folder(config, &folder);

	if (err)
		return err;
	if (asprintf(out, "%s/%s" SUFFIX, folder, rotation) < 0)
		return err_no_memory();
	return NULL;
}

/* The line `closed: ...` of the front matter, or NULL. */
static const char *find_field(const char *text)
{
	const char *line = text;
	bool first = true;

	while (line && *line) {
		if (!first && text_starts_with(line, "---"))
			return NULL;
		if (!first && text_starts_with(line, "closed:"))
			return line;
		if (first && !text_starts_with(line, "---"))
			return NULL;
		first = false;
		line = strchr(line, '\n');
		line += line != NULL;
	}
	return NULL;
}

static bool is_closed(const char *text)
{
	const char *line = find_field(text);

	if (!line)
		return false;
	line += strlen("closed:");
	line += strspn(line, " \t\"'");
	return text_starts_with(line, "true") || text_starts_with(line, "yes");
}

/* Of this service: beside a ledger there may be several's. */
static bool is_of(const char *text, const char *service)
{
	kr_cleanup(str_freep) char *line = NULL;

	if (asprintf(&line, "\nservice: %s\n", service) < 0) {
		line = NULL;
		return false;
	}
	return strstr(text, line) != NULL;
}

static KR_FALLIBLE record_closed(const struct config *config,
				 const char *rotation, const char *operator_)
{
	const struct ledgerplace place = { .operator_ = operator_ };
	const struct ledger_record record = {
		.rotation = rotation,
		.step = REVIEW_STEP,
		.operator_ = operator_,
		.outcome = "done",
	};
	kr_cleanup(ledger_freep) struct ledger *ledger = NULL;
	struct err *err;

	if (!config->ledger.path)
		return NULL;
	err = ledgerplace_open(config, &place, &ledger);
	if (!err)
		err = ledger_append(ledger, &record, NULL);
	return err_wrap(err, "ledger");
}

static KR_FALLIBLE refuse(const char *rotation, const char *path,
			  const char *typed, struct result *result)
{
	struct err *err = err_new(KR_EREFUSED,
				  "the review of rotation %s is not closed: %s",
				  rotation, path);

	result_next(result, "kubectl keyrot %s --review-closed %s", typed,
		    rotation);
	err = err_set_reason(err, "ReviewOpen");
	return err_hint(
		err,
		"write down why it failed; then set `closed: true` in the file, or say --review-closed %s",
		rotation);
}

/* One file of the folder. */
static KR_FALLIBLE check_file(const struct config *config, const char *folder,
			      const char *name, const char *operator_,
			      const char *typed, struct result *result)
{
	kr_cleanup(str_freep) char *path = file_join(folder, name);
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_BYTES);
	char id[ROTATION_LEN];
	struct err *err;

	(void)snprintf(id, sizeof(id), "%s", name);
	if (!rotation_is_valid(id) ||
	    strcmp(name + ROTATION_LEN - 1, SUFFIX) != 0)
		return NULL;
	err = path ? file_read(path, &text) : err_no_memory();
	if (err)
		return err_wrap(err, "review");
	if (!is_of(buf_str(&text), config->service))
		return NULL;
	if (!is_closed(buf_str(&text)))
		return refuse(id, path, typed, result);
	return record_closed(config, id, operator_);
}

KR_FALLIBLE review_check(const struct config *config, const char *operator_,
			 const char *typed, struct result *result)
{
	kr_cleanup(str_freep) char *folder = NULL;
	kr_cleanup(file_list_release) struct file_list files = { 0 };
	struct err *err = review_folder(config, &folder);

	if (!err)
		err = file_list_dir(folder, &files);
	for (size_t i = 0; !err && i < files.count; i++) {
		if (strlen(files.names[i]) == ROTATION_LEN - 1 + strlen(SUFFIX))
			err = check_file(config, folder, files.names[i],
					 operator_, typed, result);
	}
	return err;
}

KR_FALLIBLE review_look(const struct config *config, const char *rotation,
			char **out_path, bool *out_closed)
{
	kr_cleanup(str_freep) char *path = NULL;
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_BYTES);
	struct err *err = review_path(config, rotation, &path);

	*out_path = NULL;
	*out_closed = false;
	if (err || !file_exists(path))
		return err;
	err = file_read(path, &text);
	if (err)
		return err_wrap(err, "review");
	*out_closed = is_closed(buf_str(&text));
	*out_path = take_ptr(&path);
	return NULL;
}

KR_FALLIBLE review_close(const struct config *config, const char *rotation,
			 const char *operator_)
{
	kr_cleanup(str_freep) char *path = NULL;
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_BYTES);
	kr_cleanup(buf_release) struct buf closed = BUF_INIT(MAX_BYTES);
	char now[CLOCK_RFC3339_LEN];
	const char *at;
	struct err *err = review_path(config, rotation, &path);

	if (!err)
		err = file_read(path, &text);
	if (err_is(err, KR_ENOTFOUND)) {
		err_free(err);
		return err_new(KR_EUSAGE, "there is no review of rotation %s",
			       rotation);
	}
	if (err || is_closed(buf_str(&text)))
		return err;
	at = find_field(buf_str(&text));
	if (!at)
		return err_new(KR_EUSAGE,
			       "%s has no field `closed:` at its beginning",
			       path);
	clock_rfc3339(clock_wall_ms(), now);
	buf_append(&closed, buf_str(&text), (size_t)(at - buf_str(&text)));
	buf_printf(&closed, "closed: true\nclosedBy: %s\nclosedAt: %s",
		   operator_, now);
	buf_puts(&closed, at + strcspn(at, "\n"));
	err = buf_check(&closed, "review");
	return err ? err : file_write_atomic(path, closed.data, closed.len);
}
