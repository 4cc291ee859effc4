#include "ledger/file.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"

#define LOCK_WAIT_MS 10000
#define LOCK_TICK_MS 50

static KR_FALLIBLE read_line(struct chain *chain, const char *text, size_t len,
			     chain_on_line *on_line, void *user)
{
	kr_cleanup(chain_line_release) struct chain_line line = { 0 };
	struct err *err = chain_add(chain, text, len, &line);

	return err || !on_line ? err : on_line(user, chain, &line);
}

/* A text has no NUL: where one stands, a byte never came to the disk. */
static bool has_hole(const char *text, size_t len)
{
	return memchr(text, 0, len);
}

KR_FALLIBLE chain_read(struct chain *chain, const char *text, size_t len,
		       chain_on_line *on_line, void *user)
{
	const char *end = text + len;
	struct err *err = NULL;

	while (!err && text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));

		if (!stop ||
		    (stop + 1 == end && has_hole(text, (size_t)(stop - text))))
			return err_hint(
				chain_broken(chain->tree.size + 1,
					     stop ? "bytes of it never came to "
						    "the disk: writing it was "
						    "interrupted"
						  : "it has no line end: "
						    "writing it was "
						    "interrupted, or it was "
						    "cut"),
				"The next record that is written removes what "
				"an interrupted write left");
		err = read_line(chain, text, (size_t)(stop - text), on_line,
				user);
		text = stop + 1;
	}
	return err;
}

KR_FALLIBLE chain_believe(void *user, struct chain *chain,
			  struct chain_line *line)
{
	(void)user;
	if (line->type == LINE_CHECKPOINT && chain->last_is_signed)
		chain_signed(chain);
	return NULL;
}

KR_FALLIBLE ledger_read_text(const struct ledger *ledger, struct buf *out)
{
	struct err *err = file_read(ledger->path, out);

	if (!err_is(err, KR_ENOTFOUND))
		return err;
	err_free(err);
	return err_set_reason(
		err_new(KR_ECONFIG, "there is no ledger at %s", ledger->path),
		"LedgerNotFound");
}

/* From the hash on, it is the beginning of what the line's end would be. */
static KR_FALLIBLE check_rest_end(const struct chain *chain, const char *rest,
				  size_t len, bool *out_fits)
{
	static const char name[] = "\",\"hash\":\"";
	const char *at = memmem(rest, len, name, sizeof(name) - 1);
	char end[sizeof(name) + LEDGER_HASH_LEN + 2];
	char hash[LEDGER_HASH_LEN];
	struct err *err;
	size_t n;

	*out_fits = true;
	if (!at)
		return NULL;
	at++; /* the quote belongs to the field before */
	err = hash_line(chain->hasher, rest, (size_t)(at - rest), hash);
	if (err)
		return err;
	(void)snprintf(end, sizeof(end), "%s%s\"}", name + 1, hash);
	n = len - (size_t)(at - rest);
	*out_fits = n <= strlen(end) && memcmp(at, end, n) == 0;
	return NULL;
}

/*
 * What stands behind the last good line. A write that was interrupted leaves
 * the beginning of the line that was to come, with NUL for the bytes that the
 * disk never got. Anything else was put there, and is not to be thrown away.
 */
static KR_FALLIBLE check_rest(const struct chain *chain, const char *rest,
			      size_t len)
{
	char start[CHAIN_START_LEN];
	size_t n = chain_start(chain, start);
	bool fits = true;
	struct err *err =
		check_rest_end(chain, rest, strnlen(rest, len), &fits);

	if (err)
		return err;
	for (size_t i = 0; i < len && i < n; i++)
		fits = fits && (rest[i] == start[i] || !rest[i]);
	if (!fits)
		return chain_broken(chain->tree.size + 1,
				    "it is not whole, and not what an "
				    "interrupted write leaves");
	return NULL;
}

/* Where the last line begins, if it is not a whole one; else the end. */
static size_t whole_lines(const struct buf *text)
{
	size_t n = text->len;
	bool ended = n && text->data[n - 1] == '\n';
	const char *end = n ? memrchr(text->data, '\n', n - ended) : NULL;
	size_t start = end ? (size_t)(end - text->data) + 1 : 0;

	return ended && !has_hole(text->data + start, n - start) ? n : start;
}

/*
 * Before the file is opened for writing, which cuts what is no whole line:
 * looks whether that may be cut. A whole line that only lacks its end is
 * returned, to be written again. (An interrupted write that got that far, or
 * an editor.)
 */
static KR_FALLIBLE rescue_rest(const struct ledger *ledger, struct buf *out)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(LEDGER_MAX_BYTES);
	kr_cleanup(chain_release) struct chain chain = { 0 };
	struct err *err, *whole;
	size_t len;

	if (!file_exists(ledger->path))
		return NULL;
	err = ledger_read_text(ledger, &text);
	if (err)
		return err;
	len = whole_lines(&text);
	if (len == text.len)
		return NULL;
	err = chain_init(&chain, NULL);
	if (!err)
		err = chain_read(&chain, text.data, len, NULL, NULL);
	if (err)
		return err;
	whole = chain_add(&chain, text.data + len, text.len - len, NULL);
	if (whole) {
		err_free(whole);
		return check_rest(&chain, text.data + len, text.len - len);
	}
	buf_append(out, text.data + len, text.len - len);
	return buf_check(out, "a line of the ledger");
}

static KR_FALLIBLE open_log(const struct ledger *ledger, struct appendlog **out)
{
	int64_t deadline = deadline_in_ms(LOCK_WAIT_MS);
	struct err *err;

	for (;;) {
		err = appendlog_open(ledger->path, 0, NULL, out);
		if (!err_is(err, KR_EHELD) || deadline_over(deadline))
			return err;
		err_free(err);
		clock_sleep_ms(LOCK_TICK_MS);
	}
}

static KR_FALLIBLE check_subject(const struct ledger *ledger,
				 const struct chain *chain)
{
	if ((!ledger->secret || strcmp(ledger->secret, chain->secret) == 0) &&
	    (!ledger->entry || strcmp(ledger->entry, chain->entry) == 0))
		return NULL;
	return err_set_reason(
		err_new(KR_EREFUSED,
			"%s is the ledger of Secret %s, entry %s: another "
			"one needs a ledger of its own",
			ledger->path, chain->secret, chain->entry),
		"LedgerOfAnother");
}

static KR_FALLIBLE add_genesis(struct writing *writing)
{
	kr_cleanup(json_freep) struct cJSON *fields = json_object();
	struct err *err;

	ledger_set_time(fields, NULL);
	err = ledger_genesis(writing->ledger, fields);
	return err ? err : writing_add(writing, LINE_GENESIS, fields);
}

static KR_FALLIBLE open_chain(struct writing *w, const struct buf *rescued,
			      chain_on_line *on_line, void *user)
{
	kr_cleanup(buf_release) struct buf text = BUF_INIT(LEDGER_MAX_BYTES);
	struct err *err = NULL;

	if (rescued->len)
		err = appendlog_add(w->log, rescued->data, rescued->len);
	if (!err)
		err = appendlog_read(w->log, &text);
	if (!err)
		err = chain_init(&w->chain, NULL);
	if (!err)
		err = chain_read(&w->chain, buf_str(&text), text.len, on_line,
				 user);
	if (!err && w->chain.tree.size)
		err = check_subject(w->ledger, &w->chain);
	else if (!err)
		err = add_genesis(w);
	return err;
}

KR_FALLIBLE writing_open(const struct ledger *ledger, bool make,
			 chain_on_line *on_line, void *user,
			 struct writing *out)
{
	kr_cleanup(buf_release) struct buf rescued = BUF_INIT(CHAIN_MAX_LINE);
	kr_cleanup(str_freep) char *folder = file_dirname(ledger->path);
	struct writing writing = { .ledger = ledger };
	struct err *err = NULL;

	if (!folder)
		return err_no_memory();
	if (!make && !file_exists(ledger->path))
		return err_set_reason(err_new(KR_ECONFIG,
					      "there is no ledger at %s",
					      ledger->path),
				      "LedgerNotFound");
	if (!file_exists(folder))
		err = file_make_dirs(folder);
	if (!err)
		err = rescue_rest(ledger, &rescued);
	if (!err)
		err = open_log(ledger, &writing.log);
	if (!err)
		err = open_chain(&writing, &rescued, on_line, user);
	if (err) {
		writing_release(&writing);
		return err_is(err, KR_EGATE) ? err_wrap(err, "%s", ledger->path)
					     : err;
	}
	*out = writing;
	return NULL;
}

KR_FALLIBLE writing_add(struct writing *w, enum line_type type,
			const struct cJSON *fields)
{
	kr_cleanup(buf_release) struct buf line = BUF_INIT(CHAIN_MAX_LINE);
	struct err *err = chain_make_line(&w->chain, type, fields, &line);

	/* Before it is on disk: a line that would not be read is not written.
	 */
	if (!err)
		err = chain_add(&w->chain, line.data, line.len, NULL);
	if (!err)
		err = appendlog_add(w->log, line.data, line.len);
	return err;
}

void writing_release(struct writing *w)
{
	appendlog_close(w->log);
	chain_release(&w->chain);
	*w = (struct writing){ 0 };
}
