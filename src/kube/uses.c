#include "kube/uses.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"

struct reading {
	const char *secret, *entry;
	bool keyring;
	struct kube_use use;
	bool failed;
};

static bool is_secret(const struct reading *r, const struct cJSON *reference,
		      const char *member)
{
	return str_equal(json_member_str(reference, member), r->secret);
}

static void found(struct reading *r, int how, bool entry,
		  const struct cJSON *reference)
{
	if (json_bool(reference, "optional", false))
		how |= USE_OPTIONAL;
	r->use.how |= how;
	if (entry)
		r->use.entry_how |= how;
}

static void add_container(struct reading *r, const char *name)
{
	char **grown;

	if (!name || kube_use_has_container(&r->use, name))
		return;
	grown = reallocarray(r->use.containers, r->use.container_count + 1,
			     sizeof(*grown));
	if (grown) {
		r->use.containers = grown;
		grown[r->use.container_count] = strdup(name);
	}
	if (!grown || !grown[r->use.container_count])
		r->failed = true;
	else
		r->use.container_count++;
}

/* The entry, or one of the other two of its keyring. */
static bool is_entry(const struct reading *r, const char *key)
{
	size_t n = strlen(r->entry);

	if (!key || strncmp(key, r->entry, n) != 0)
		return false;
	return !key[n] ||
	       (r->keyring && (strcmp(key + n, KUBE_NEXT_SUFFIX) == 0 ||
			       strcmp(key + n, KUBE_PREVIOUS_SUFFIX) == 0));
}

/* Whether the items of a secret volume (none: all entries) name the entry. */
static bool items_name_entry(const struct reading *r, const struct cJSON *items)
{
	const struct cJSON *item;

	if (!json_length(items))
		return true;
	cJSON_ArrayForEach (item, items) {
		if (is_entry(r, json_member_str(item, "key")))
			return true;
	}
	return false;
}

/* Whether the entry is in the volume (and not only others of the Secret). */
static bool read_volume(struct reading *r, const struct cJSON *volume)
{
	const struct cJSON *secret = json_member(volume, "secret");
	const struct cJSON *source;
	bool entry, any = false;

	if (secret && is_secret(r, secret, "secretName")) {
		any = items_name_entry(r, json_member(secret, "items"));
		found(r, USE_VOLUME, any, secret);
	}
	cJSON_ArrayForEach (source, json_at(volume, "projected.sources")) {
		secret = json_member(source, "secret");
		if (!secret || !is_secret(r, secret, "name"))
			continue;
		entry = items_name_entry(r, json_member(secret, "items"));
		found(r, USE_PROJECTED, entry, secret);
		any |= entry;
	}
	secret = json_at(volume, "csi.nodePublishSecretRef");
	if (secret && is_secret(r, secret, "name")) {
		found(r, USE_CSI, true, NULL);
		any = true;
	}
	return any;
}

static void read_env(struct reading *r, const struct cJSON *container)
{
	const char *name = json_member_str(container, "name");
	const struct cJSON *item;

	cJSON_ArrayForEach (item, json_member(container, "env")) {
		const struct cJSON *ref =
			json_at(item, "valueFrom.secretKeyRef");
		bool entry;

		if (!ref || !is_secret(r, ref, "name"))
			continue;
		entry = is_entry(r, json_member_str(ref, "key"));
		found(r, USE_ENV, entry, ref);
		if (entry)
			add_container(r, name);
	}
	cJSON_ArrayForEach (item, json_member(container, "envFrom")) {
		const struct cJSON *ref = json_member(item, "secretRef");

		if (!ref || !is_secret(r, ref, "name"))
			continue;
		found(r, USE_ENV_FROM, true, ref);
		add_container(r, name);
	}
}

/* Containers of one list that mount the volume. */
static void read_mounts(struct reading *r, const struct cJSON *containers,
			const char *volume)
{
	const struct cJSON *container, *mount;

	cJSON_ArrayForEach (container, containers) {
		cJSON_ArrayForEach (mount,
				    json_member(container, "volumeMounts")) {
			if (!str_equal(json_member_str(mount, "name"), volume))
				continue;
			add_container(r, json_member_str(container, "name"));
			if (json_member(mount, "subPath") ||
			    json_member(mount, "subPathExpr"))
				found(r, USE_SUBPATH, true, NULL);
		}
	}
}

KR_FALLIBLE kube_use_read(const struct cJSON *pod_spec, const char *secret,
			  const char *entry, bool keyring, struct kube_use *out)
{
	static const char *const lists[] = { "initContainers", "containers",
					     "ephemeralContainers" };
	struct reading r = { .secret = secret,
			     .entry = entry,
			     .keyring = keyring };
	const struct cJSON *item;

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		cJSON_ArrayForEach (item, json_member(pod_spec, lists[i]))
			read_env(&r, item);
	}
	cJSON_ArrayForEach (item, json_member(pod_spec, "volumes")) {
		const char *name = json_member_str(item, "name");

		if (!read_volume(&r, item))
			continue;
		for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
			read_mounts(&r, json_member(pod_spec, lists[i]), name);
	}
	if (r.failed) {
		kube_use_release(&r.use);
		return err_no_memory();
	}
	*out = r.use;
	return NULL;
}

bool kube_use_has_container(const struct kube_use *use, const char *name)
{
	for (size_t i = 0; i < use->container_count; i++) {
		if (strcmp(use->containers[i], name) == 0)
			return true;
	}
	return false;
}

char *kube_use_text(const struct kube_use *use)
{
	static const struct {
		int how;
		const char *name;
	} names[] = {
		{ USE_ENV, "env" },	  { USE_ENV_FROM, "envFrom" },
		{ USE_VOLUME, "volume" }, { USE_PROJECTED, "projected" },
		{ USE_CSI, "csi" },
	};
	struct buf text = BUF_INIT(256);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (use->how & names[i].how)
			buf_printf(&text, "%s%s", text.len ? ", " : "",
				   names[i].name);
	}
	return buf_take(&text);
}

void kube_use_release(struct kube_use *use)
{
	for (size_t i = 0; i < use->container_count; i++)
		free(use->containers[i]);
	free(use->containers);
	*use = (struct kube_use){ 0 };
}
