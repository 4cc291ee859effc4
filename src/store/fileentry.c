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
	char mac[META_MAC_LEN];
	struct err *err = cms_recipients_read(recipients, &list);

	if (err)
		return err;
	buf_puts(out, VERSION_LINE);
	meta_format(meta, ": ", out);
	err = buf_check(out, "entry");
	if (!err)
		err = meta_mac(out->data, out->len, key, mac);
	if (err)
		return err;
	buf_printf(out, META_MAC_NAME ": %s\n", mac);
	return cms_seal(list, key, out);
}

KR_FALLIBLE fileentry_split(const struct buf *text, struct fileentry *out)
{
	const char *all = buf_str(text);
	const char *pem = strstr(all, CMS_PEM_BEGIN);
	const char *mac = strstr(all, "\n" META_MAC_NAME ": ");

	if (!text_starts_with(all, VERSION_NAME))
		return store_error("Mismatch", "it is damaged (no entry)");
	if (!text_starts_with(all, VERSION_LINE))
		return store_error("StoreFailed",
				   "a later version of keyrot wrote it");
	if (!pem || !mac || mac > pem)
		return store_error("Mismatch", "it is damaged (cut off)");
	*out = (struct fileentry){
		.head = all,
		.head_len = (size_t)(pem - all),
		.signed_len = (size_t)(mac + 1 - all),
		.pem = pem,
		.pem_len = text->len - (size_t)(pem - all),
	};
	return NULL;
}

KR_FALLIBLE fileentry_meta(const struct fileentry *entry,
			   struct store_meta *out)
{
	/* Only what the MAC is over: a line after it proves nothing. */
	return meta_parse(entry->head, entry->signed_len, ':', out);
}

KR_FALLIBLE fileentry_check(const struct fileentry *entry,
			    const struct secret *key)
{
	kr_cleanup(str_freep) char *mac =
		meta_field(entry->head, entry->head_len, ':', META_MAC_NAME);

	return meta_check_mac(entry->head, entry->signed_len, key, mac);
}
