/*
 * Names of entries in password managers: ITEM/ID.TIME.ROLE.FINGERPRINT.
 *
 * The name alone answers every question but the key itself, so that looking
 * for a key asks no smart card. Two puts never meet in one name unless they
 * put the same key.
 */
#ifndef KR_STORE_PASSNAME_H
#define KR_STORE_PASSNAME_H

#include "base/buf.h"
#include "store/store.h"

/* malloc'd; NULL when out of memory. */
char *passname_format(const char *item, const struct store_meta *meta);

/*
 * A name, without its item, as lines of metadata. false where it is not one
 * of ours: people keep other things there, too.
 */
bool passname_parse(const char *name, struct buf *out_lines);

#endif
