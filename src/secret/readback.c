#include "secret/readback.h"

#include <stdatomic.h>
#include <string.h>

#include "secret/readback_make.h"

struct readback_key {
	atomic_uint owners;
	struct secret *key;
	char fingerprint[SECRET_FINGERPRINT_LEN];
	char *entry;
	bool proved;
};

KR_FALLIBLE readback_key_make(struct secret *take_key, const char *entry,
			      bool proved, struct readback_key **out)
{
	kr_cleanup(secret_freep) struct secret *key = take_key;
	kr_cleanup(readback_key_freep) struct readback_key *made =
		calloc(1, sizeof(*made));
	struct err *err;

	if (!made)
		return err_no_memory();
	err = secret_fingerprint(key, made->fingerprint);
	if (err)
		return err;
	made->entry = strdup(entry);
	if (!made->entry)
		return err_no_memory();
	made->owners = 1;
	made->key = take_ptr(&key);
	made->proved = proved;
	*out = take_ptr(&made);
	return NULL;
}

struct readback_key *readback_key_share(struct readback_key *key)
{
	if (key)
		key->owners++;
	return key;
}

const struct secret *readback_key_secret(const struct readback_key *key)
{
	return key->key;
}

const char *readback_key_fingerprint(const struct readback_key *key)
{
	return key->fingerprint;
}

const char *readback_key_entry(const struct readback_key *key)
{
	return key->entry;
}

bool readback_key_is_proved(const struct readback_key *key)
{
	return key->proved;
}

void readback_key_free(struct readback_key *key)
{
	if (!key || (key->owners && --key->owners))
		return;
	secret_free(key->key);
	free(key->entry);
	free(key);
}
