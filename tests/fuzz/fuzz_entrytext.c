/*
 * Any bytes as an entry of a password manager, which people and other programs
 * write too. What is accepted is written down again as an entry that says the
 * same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/entrytext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same_again(const struct store_meta *meta, const struct secret *key)
{
	struct store_meta again = { 0 };
	struct secret *text = NULL, *other = NULL;

	if (entrytext_format(meta, key, &text) ||
	    entrytext_parse(text, &again, &other))
		abort();
	if (secret_len(key) != secret_len(other) ||
	    memcmp(secret_expose(key), secret_expose(other), secret_len(key)) !=
		    0 ||
	    strcmp(meta->id, again.id) != 0 ||
	    strcmp(meta->fingerprint, again.fingerprint) != 0 ||
	    strcmp(meta->created_at, again.created_at) != 0 ||
	    meta->role != again.role)
		abort();
	store_meta_release(&again);
	secret_free(text);
	secret_free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct secret *text = NULL, *key = NULL;
	struct store_meta meta = { 0 };
	struct err *err = secret_from_bytes(data, size, &text);

	if (!err)
		err = entrytext_parse(text, &meta, &key);
	if (!err)
		same_again(&meta, key);
	store_meta_release(&meta);
	secret_free(key);
	secret_free(text);
	err_free(err);
	return 0;
}
