/* Impersonation: --as and its company, over the kubeconfig's. */
#include <cjson/cJSON.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "kube/access_build.h"

static KR_FALLIBLE copy_groups(const char *const *flags,
			       const struct cJSON *list, char ***out)
{
	size_t n = 0, i = 0;
	char **groups;

	while (flags && flags[n])
		n++;
	if (n == 0)
		flags = NULL;
	if (!flags)
		n = json_length(list);
	if (n == 0)
		return NULL;
	groups = calloc(n + 1, sizeof(*groups));
	if (!groups)
		return err_no_memory();
	*out = groups; /* the caller's to free, whatever comes */
	for (const struct cJSON *item = list ? list->child : NULL; i < n; i++) {
		const char *text = flags ? flags[i] : json_text(item);

		groups[i] = strdup(text ? text : "");
		if (!groups[i])
			return err_no_memory();
		item = flags ? NULL : item->next;
	}
	return NULL;
}

/* "KEY=VALUE" as given by flags; without '=' it is left out, as in kubectl. */
static KR_FALLIBLE add_extra_flag(struct cJSON *extra, struct cJSON *seen,
				  const char *flag)
{
	const char *equals = strchr(flag, '=');
	kr_cleanup(str_freep) char *key = NULL;

	if (!equals)
		return NULL;
	key = strndup(flag, (size_t)(equals - flag));
	if (!key)
		return err_no_memory();
	/* The first of a key replaces what the kubeconfig says for it. */
	if (!json_member(seen, key)) {
		json_set_null(seen, key);
		(void)json_add_array(extra, key);
	}
	json_append_str(json_member_mut(extra, key), equals + 1);
	return NULL;
}

static KR_FALLIBLE copy_extra(const char *const *flags, const struct cJSON *map,
			      struct cJSON **out)
{
	kr_cleanup(json_freep) struct cJSON *extra = json_object();
	kr_cleanup(json_freep) struct cJSON *seen = json_object();
	const struct cJSON *list, *item;
	struct err *err = NULL;

	if (!extra || !seen)
		return err_no_memory();
	cJSON_ArrayForEach (list, map) {
		struct cJSON *to = json_add_array(extra, list->string);

		cJSON_ArrayForEach (item, list) {
			const char *text = json_text(item);

			json_append_str(to, text ? text : "");
		}
	}
	for (; flags && *flags && !err; flags++)
		err = add_extra_flag(extra, seen, *flags);
	if (!err && json_length(extra))
		*out = take_ptr(&extra);
	return err;
}

KR_FALLIBLE access_build_impersonation(const struct access_parts *parts,
				       struct kube_access *access)
{
	const struct kube_flags *flags = parts->flags;
	const struct cJSON *body = parts->user ? parts->user->body : NULL;
	const char *as = flag_text(flags->as);
	const char *uid = flag_text(flags->as_uid);
	struct err *err;

	if (!as)
		as = kubeconfig_str(parts->user, "as");
	if (!uid)
		uid = kubeconfig_str(parts->user, "as-uid");
	if (!str_keep(&access->as, as) || !str_keep(&access->as_uid, uid))
		return err_no_memory();
	err = copy_groups(flags->as_groups, json_member(body, "as-groups"),
			  &access->as_groups);
	if (!err)
		err = copy_extra(flags->as_user_extras,
				 json_member(body, "as-user-extra"),
				 &access->as_extra);
	if (err)
		return err;
	if (!as && (uid || access->as_groups || access->as_extra))
		return err_hint(
			err_new(KR_ECONFIG,
				"user \"%.100s\": a group, uid or extra "
				"to act with, but no user to act as",
				access->user),
			"add --as USER, or as: USER to the kubeconfig");
	return NULL;
}
