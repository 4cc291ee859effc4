#include "kube/names.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"

static struct err *take_name(void *user, const struct cJSON *item)
{
	struct kube_names *names = user;
	char **grown =
		reallocarray(names->items, names->count + 2, sizeof(*grown));

	if (!grown)
		return err_no_memory();
	names->items = grown;
	grown[names->count] = strdup(json_str_or(item, "metadata.name", ""));
	if (!grown[names->count])
		return err_no_memory();
	grown[++names->count] = NULL;
	return NULL;
}

KR_FALLIBLE kube_names_read(struct kube *kube, enum kube_kind kind,
			    const char *ns, struct kube_names *out)
{
	struct kube_names names = { 0 };
	kr_cleanup(str_freep) char *path = kube_path(kind, ns, NULL);
	struct buf full = BUF_INIT(1024);
	struct kube_request request = {
		.method = "GET",
		.what = kube_kind_info(kind)->plural,
		.flags = KUBE_METADATA,
		.on_item = take_name,
		.item_user = &names,
	};
	struct err *err;

	buf_printf(&full, "%s?limit=%d", path ? path : "", KUBE_PAGE_ITEMS);
	request.path = buf_str(&full);
	err = path ? kube_do(kube, &request) : err_no_memory();
	kube_request_release(&request);
	buf_release(&full);
	if (err)
		kube_names_release(&names);
	else
		*out = names;
	return err;
}

void kube_names_release(struct kube_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
	*names = (struct kube_names){ 0 };
}

char *kube_names_suggest(struct kube *kube, enum kube_kind kind, const char *ns,
			 const char *name)
{
	struct kube_names names = { 0 };
	struct err *err = kube_names_read(kube, kind, ns, &names);
	char *found = NULL;

	if (!err && names.items)
		(void)str_keep(
			&found,
			text_suggest(name, (const char *const *)names.items));
	err_free(err);
	kube_names_release(&names);
	return found;
}
