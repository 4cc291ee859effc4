/* LIST in pages, each given out item by item as it comes. */
#include <string.h>

#include "base/json.h"
#include "kube/client_internal.h"

static KR_FALLIBLE page_path(const char *path, const char *query,
			     const char *token, char **out)
{
	struct buf text = BUF_INIT(16 * 1024);
	struct err *err;

	buf_printf(&text, "%s?limit=%d", path, KUBE_PAGE_ITEMS);
	if (query && *query)
		buf_printf(&text, "&%s", query);
	if (token) {
		buf_puts(&text, "&continue=");
		buf_url(&text, token);
	}
	err = buf_check(&text, "a request's path");
	if (!err)
		*out = buf_take(&text);
	buf_release(&text);
	return err;
}

/* Gives the page's items out; *out_token (malloc'd) is NULL at the end. */
static KR_FALLIBLE walk_page(const struct cJSON *page, kube_on_item *on_item,
			     void *user, char **out_token)
{
	const struct cJSON *item = json_first(json_member(page, "items"));
	const char *token = json_str_or(page, "metadata.continue", "");
	struct err *err = NULL;

	for (; !err && item; item = json_next(item))
		err = on_item(user, item);
	if (err)
		return err;
	*out_token = *token ? strdup(token) : NULL;
	if (*token && !*out_token)
		return err_no_memory();
	return NULL;
}

/* A further page is one of the same snapshot: read anew it says the same. */
static void same_again(void *user)
{
	(void)user;
}

static KR_FALLIBLE get_page(struct kube *kube, const char *path,
			    const char *query, int flags, const char *token,
			    kube_on_item *on_item, void *user,
			    struct cJSON **out)
{
	kr_cleanup(str_freep) char *full = NULL;
	struct kube_request request = {
		.method = "GET",
		.what = path,
		.flags = flags,
		.on_item = on_item,
		.on_begin = token ? same_again : NULL,
		.item_user = user,
	};
	struct err *err = page_path(path, query, token, &full);

	if (err)
		return err;
	request.path = full;
	err = kube_do(kube, &request);
	if (!err)
		*out = take_ptr(&request.object);
	kube_request_release(&request);
	return err;
}

static KR_FALLIBLE keep_version(const struct cJSON *page, char **out_version)
{
	const char *version = json_str_or(page, "metadata.resourceVersion", "");

	if (!out_version)
		return NULL;
	*out_version = strdup(version);
	return *out_version ? NULL : err_no_memory();
}

KR_FALLIBLE kube_list_rest(struct kube *kube, const char *path,
			   const char *query, int flags,
			   const struct cJSON *first_page,
			   kube_on_item *on_item, void *user,
			   char **out_version)
{
	kr_cleanup(str_freep) char *version = NULL;
	kr_cleanup(str_freep) char *token = NULL;
	struct err *err = keep_version(first_page, &version);

	if (!err)
		err = walk_page(first_page, on_item, user, &token);
	while (!err && token) {
		kr_cleanup(json_freep) struct cJSON *page = NULL;
		kr_cleanup(str_freep) char *used = take_ptr(&token);

		err = get_page(kube, path, query, flags, used, on_item, user,
			       &page);
		if (!err)
			err = walk_page(page, on_item, user, &token);
	}
	if (!err && out_version)
		*out_version = take_ptr(&version);
	return err;
}

KR_FALLIBLE kube_list(struct kube *kube, const char *path, const char *query,
		      int flags, kube_on_item *on_item, void *user,
		      char **out_version)
{
	kr_cleanup(json_freep) struct cJSON *page = NULL;
	struct err *err =
		get_page(kube, path, query, flags, NULL, on_item, user, &page);

	if (err)
		return err;
	return kube_list_rest(kube, path, query, flags, page, on_item, user,
			      out_version);
}
