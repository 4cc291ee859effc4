/*
 * Any bytes as a ledger. Two ways: as they are; and each line's body with the
 * right beginning and the right hash put around it, so that the fuzzer gets
 * past the chain to the fields. What is accepted must be readable as JSON, and
 * hold no field that the schema does not have.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "ledger/chain.h"
#include "ledger/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_LINE ((size_t)64 * 1024)

static struct err *is_readable(void *user, struct chain *chain,
			       struct chain_line *line)
{
	struct err *err = chain_line_parse(line);

	(void)user;
	(void)chain;
	/* The scanner took what the JSON library refuses. */
	if (err)
		abort();
	if (json_length(line->tree) < 6)
		abort();
	return NULL;
}

static void as_it_is(const char *data, size_t size)
{
	struct chain chain;
	struct err *err = chain_init(&chain, NULL);

	if (!err)
		err = chain_read(&chain, data, size, is_readable, NULL);
	if (!err)
		err = chain_finish(&chain);
	err_free(err);
	chain_release(&chain);
}

static struct err *add_body(struct chain *chain, const char *body, size_t len)
{
	kr_cleanup(buf_release) struct buf line = BUF_INIT(MAX_LINE);
	char start[CHAIN_START_LEN], hash[LEDGER_HASH_LEN];
	struct chain_line added = { 0 };
	struct err *err;

	buf_append(&line, start, chain_start(chain, start));
	buf_append(&line, body, len);
	err = buf_check(&line, "a line");
	if (!err)
		err = hash_line(chain->hasher, line.data, line.len, hash);
	if (err)
		return err;
	buf_printf(&line, ",\"hash\":\"%s\"}", hash);
	err = buf_check(&line, "a line");
	if (!err)
		err = chain_add(chain, line.data, line.len, &added);
	if (!err)
		err = is_readable(NULL, chain, &added);
	chain_line_release(&added);
	return err;
}

static void as_bodies(const char *data, size_t size)
{
	const char *end = data + size;
	struct chain chain;
	struct err *err = chain_init(&chain, NULL);

	while (!err && data < end) {
		const char *stop = memchr(data, '\n', (size_t)(end - data));

		if (!stop)
			stop = end;
		err = add_body(&chain, data, (size_t)(stop - data));
		data = stop < end ? stop + 1 : end;
	}
	err_free(err);
	chain_release(&chain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	kr_cleanup(str_freep) char *text = malloc(size + 1);
	struct ledger_anchor anchor;

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	as_it_is(text, size);
	as_bodies(text, size);
	if (ledger_anchor_find(text, &anchor) && anchor.size == 0)
		abort();
	return 0;
}
