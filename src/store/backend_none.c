#include <string.h>

#include "store/store_backend.h"

/* The key is kept where no program can read it; an operator's word for it. */

static struct err *none_open(const struct store_options *options,
			     const char *where, void **out_state,
			     char **out_label)
{
	(void)options;
	(void)where;
	*out_label = strdup("none (keys are not proved to be stored)");
	if (!*out_label)
		return err_no_memory();
	*out_state = NULL;
	return NULL;
}

static void none_close(void *state)
{
	(void)state;
}

static struct err *none_probe(void *state)
{
	(void)state;
	return NULL;
}

static struct err *none_list(void *state, struct store_list *out)
{
	(void)state;
	(void)out;
	return NULL;
}

static struct err *no_store(void)
{
	return err_hint(store_error("StoreFailed", "it keeps no keys"),
			"name a store: --store=file, --store=pass, "
			"--store=exec:COMMAND");
}

static struct err *none_put(void *state, const struct store_meta *meta,
			    const struct secret *key)
{
	(void)state;
	(void)meta;
	(void)key;
	return no_store();
}

static struct err *none_get(void *state, const char *id,
			    struct store_meta *out_meta,
			    struct secret **out_key)
{
	(void)state;
	(void)id;
	(void)out_meta;
	(void)out_key;
	return no_store();
}

const struct store_backend backend_none = {
	.name = "none",
	.can_prove = false,
	.open = none_open,
	.close = none_close,
	.probe = none_probe,
	.list = none_list,
	.put = none_put,
	.get = none_get,
};
