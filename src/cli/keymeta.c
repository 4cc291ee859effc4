#include "cli/keymeta.h"

#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "runbook/operator.h"
#include "runbook/rotation.h"

KR_FALLIBLE keymeta_new(const struct connection *c, const struct secret *key,
			struct store_meta *out)
{
	struct store_meta meta = { .role = STORE_NEW };
	char fingerprint[SECRET_FINGERPRINT_LEN];
	char id[ROTATION_LEN];
	const char *given = c->context->options.operator_;
	struct err *err;

	err = secret_fingerprint(key, fingerprint);
	if (!err)
		err = rotation_new(id);
	if (!err)
		err = operator_find(given ? given
					  : c->context->config->operator_,
				    NULL, &meta.operator_, NULL);
	if (err)
		return err;
	if (asprintf(&meta.secret, "%s/%s/%s", c->secret.ns ? c->secret.ns : "",
		     c->secret.secret, c->secret.entry) < 0)
		meta.secret = NULL;
	meta.id = strdup(id);
	meta.rotation = strdup(id);
	meta.fingerprint = strdup(fingerprint);
	meta.service = strdup(c->context->config->service);
	if (!meta.secret || !meta.id || !meta.rotation || !meta.fingerprint ||
	    !meta.operator_ || !meta.service) {
		store_meta_release(&meta);
		return err_no_memory();
	}
	*out = meta;
	return NULL;
}
