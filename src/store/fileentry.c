#include "store/fileentry.h"

#include <string.h>

#include "base/text.h"
#include "store/cms.h"
#include "store/meta.h"
#include "store/store_backend.h"

#define VERSION_NAME "keyrot-entry: "
#define VERSION_LINE VERSION_NAME "1\n"

KR_FALLIBLE fileentry_format(const struct store_meta *meta,
			     const struct secret *key, const char *recipients,
			     struct buf *out)
{
	kr_cleanup(cms_recipients_freep) struct cms_recipients *list = NULL;
	struct err *err = cms_recipients_read(recipients, &list);

	if (err)
		return err;
	buf_puts(out, VERSION_LINE);
	meta_format(meta, ": ", out);
	err = meta_put_mac(out, key);
	if (err)
		return err;
	return cms_seal(list, key, out);
}

KR_FALLIBLE fileentry_split(const struct buf *text, struct fileentry *out)
{
	const char *all = buf_str(text);
	const char *pem = strstr(all, CMS_PEM_BEGIN);
	const char *mac = NULL;
	size_t signed_len = 0;

	if (!text_starts_with(all, VERSION_NAME))
		return store_error("Mismatch", "it is damaged (no entry)");
	if (!text_starts_with(all, VERSION_LINE))
		return store_error("StoreFailed",
				   "a later version of keyrot wrote it");
	if (!pem || !meta_find_mac(all, (size_t)(pem - all), &signed_len, &mac))
		return store_error("Mismatch", "it is damaged (cut off)");
	*out = (struct fileentry){
		.head = all,
		.head_len = signed_len,
		.mac = mac,
		.pem = pem,
		.pem_len = text->len - (size_t)(pem - all),
	};
	return NULL;
}

KR_FALLIBLE fileentry_meta(const struct fileentry *entry,
			   struct store_meta *out)
{
	/* Only what the MAC is over: a line after it proves nothing. */
	return meta_parse(entry->head, entry->head_len, ':', out);
}

KR_FALLIBLE fileentry_check(const struct fileentry *entry,
			    const struct secret *key)
{
	return meta_check_mac(entry->head, entry->head_len, key, entry->mac);
}
