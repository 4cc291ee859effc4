#include "cli/keymeta.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "config/config.h"
#include "runbook/rotation.h"

static const char *operator_of(const struct cli_context *context)
{
	static const char *const variables[] = { "USER", "LOGNAME" };

	if (context->options.operator_)
		return context->options.operator_;
	if (context->config->operator_)
		return context->config->operator_;
	for (size_t i = 0; i < 2; i++) {
		const char *name = getenv(variables[i]);

		if (name && *name)
			return name;
	}
	return "";
}

KR_FALLIBLE keymeta_new(const struct connection *c, const struct secret *key,
			struct store_meta *out)
{
	struct store_meta meta = { .role = STORE_NEW };
	char fingerprint[SECRET_FINGERPRINT_LEN];
	char now[CLOCK_RFC3339_LEN];
	char id[ROTATION_LEN];
	struct err *err;

	err = secret_fingerprint(key, fingerprint);
	if (!err)
		err = rotation_new(id);
	if (err)
		return err;
	clock_rfc3339(clock_wall_ms(), now);
	if (asprintf(&meta.secret, "%s/%s/%s", c->secret.ns ? c->secret.ns : "",
		     c->secret.secret, c->secret.entry) < 0)
		meta.secret = NULL;
	meta.id = strdup(id);
	meta.rotation = strdup(id);
	meta.fingerprint = strdup(fingerprint);
	meta.operator_ = strdup(operator_of(c->context));
	meta.created_at = strdup(now);
	meta.service = strdup(c->context->config->service);
	if (!meta.secret || !meta.id || !meta.rotation || !meta.fingerprint ||
	    !meta.operator_ || !meta.created_at || !meta.service) {
		store_meta_release(&meta);
		return err_new(KR_ENOMEM, "out of memory");
	}
	*out = meta;
	return NULL;
}
