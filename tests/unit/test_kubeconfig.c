#include "kube/kubeconfig.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "kube/access.h"
#include "unit.h"

static char folder[] = "/tmp/keyrot-unit-XXXXXX";

static int enter(void)
{
	return mkdtemp(folder) && setenv("HOME", folder, 1) == 0 &&
			       unsetenv("KUBECONFIG") == 0
		       ? 0
		       : 1;
}

static int leave(void)
{
	struct file_list names = { 0 };

	err_free(file_list_dir(folder, &names));
	for (size_t i = 0; i < names.count; i++) {
		kr_cleanup(str_freep) char *path =
			file_join(folder, names.names[i]);

		(void)unlink(path);
	}
	file_list_release(&names);
	return rmdir(folder);
}

/* Writes FOLDER/name; the path is malloc'd. */
static char *put(const char *name, const char *text)
{
	char *path = file_join(folder, name);

	UNIT_OK(file_write_atomic(path, text, strlen(text)));
	return path;
}

static KR_FALLIBLE add(struct kubeconfig *config, const char *name,
		       const char *text)
{
	return kubeconfig_add(config, name, text, strlen(text));
}

static struct kubeconfig *empty(void)
{
	struct kubeconfig *config = calloc(1, sizeof(*config));

	if (config)
		config->current_context = "";
	return config;
}

static void takes_the_first_of_a_name(void)
{
	kr_cleanup(kubeconfig_freep) struct kubeconfig *config = empty();
	const struct kubeconfig_entry *entry;

	if (!UNIT_OK(add(config, "d1/a",
			 "users: [{name: u, user: {token: t1}}]\n")) ||
	    !UNIT_OK(add(config, "d2/b",
			 "current-context: x\n"
			 "users: [{name: u, user: {token: t2, as: j}},\n"
			 "        {name: v, user: {tokenFile: t}}]\n")))
		return;
	UNIT_STR(config->current_context, "x");
	entry = kubeconfig_find(config, KUBECONFIG_USER, "u");
	UNIT_STR(kubeconfig_str(entry, "token"), "t1");
	UNIT_STR(kubeconfig_str(entry, "as"), NULL);
	entry = kubeconfig_find(config, KUBECONFIG_USER, "v");
	if (entry) {
		kr_cleanup(str_freep) char *path =
			kubeconfig_resolve(entry, "t");
		kr_cleanup(str_freep) char *absolute =
			kubeconfig_resolve(entry, "/t");

		UNIT_STR(path, "d2/t");
		UNIT_STR(absolute, "/t");
	}
	CU_ASSERT_PTR_NULL(kubeconfig_find(config, KUBECONFIG_USER, "w"));
	CU_ASSERT_PTR_NULL(kubeconfig_find(config, KUBECONFIG_CLUSTER, "u"));
}

static void refuses_wrong_types_and_says_where(void)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "users:\n- name: u\n  user:\n    token: 12345",
		  "f:4:5: user \"u\": token must be a text" },
		{ "users: {}", "f:1:1: users must be a list" },
		{ "users: [1]", "f:1:9: users must be a mapping" },
		{ "clusters: [{name: c, cluster: {insecure-skip-tls-verify: 1}}]",
		  "cluster \"c\": insecure-skip-tls-verify must be true or" },
		{ "clusters: [{name: c, cluster: {certificate-authority-data: "
		  "a=b=}}]",
		  "is not base64" },
		{ "users: [{name: u, user: {client-key-data: YWJ}}]",
		  "is cut base64" },
		{ "users: [{name: u, user: {as-groups: [[]]}}]", "as-groups" },
		{ "users: [{name: u, user: {as-user-extra: {k: v}}}]",
		  "as-user-extra must be a list" },
		{ "users: [{name: u, user: {exec: {env: [{name: 1}]}}}]",
		  "user \"u\": name must be a text" },
		{ "users: [{name: u}, {name: v}, {name: u}]",
		  "the name \"u\" is given twice" },
		{ "clusters: [{}, {}]", "the name \"\" is given twice" },
		{ "apiVersion: v1beta1", "apiVersion must be v1" },
		{ "apiVersion: 1", "apiVersion must be a text" },
		{ "kind: Secret", "kind must be Config" },
		{ "[a]", "must be a mapping" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		kr_cleanup(kubeconfig_freep) struct kubeconfig *c = empty();
		struct err *err = add(c, "f", cases[i].text);

		if (err && strstr(err_message(err), "12345"))
			CU_FAIL("quotes a value");
		UNIT_FAILS(err, KR_ECONFIG, cases[i].says);
	}
}

static void accepts_nulls_and_nothing(void)
{
	static const char *const good[] = {
		"",
		"---\n",
		"users:\nclusters: ~\n",
		"users: [{name: u}]",
		"users: [{name: u, user: ~}, ~]",
		"users: [{name: u, user: {token: ~, exec: ~, as-groups: ~}}]",
		"preferences: {}\nunknown: [1]\n",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		kr_cleanup(kubeconfig_freep) struct kubeconfig *c = empty();

		UNIT_OK(add(c, "f", good[i]));
	}
}

static void suggests_a_context(void)
{
	kr_cleanup(kubeconfig_freep) struct kubeconfig *config = empty();

	if (!UNIT_OK(add(config, "f",
			 "contexts: [{name: aether-staging}, "
			 "{name: aether-production}]")))
		return;
	UNIT_FAILS(kubeconfig_unknown(config, KUBECONFIG_CONTEXT,
				      "aether-stagin", "--context"),
		   KR_ECONFIG, "did you mean \"aether-staging\"?");
	UNIT_FAILS(kubeconfig_unknown(config, KUBECONFIG_CONTEXT, "zzz",
				      "--context"),
		   KR_ECONFIG, "aether-staging, aether-production");
	UNIT_FAILS(kubeconfig_unknown(config, KUBECONFIG_USER, "zzz", "--user"),
		   KR_ECONFIG, "names no users");
}

static void lists_contexts(void)
{
	kr_cleanup(str_freep) char *path =
		put("list", "current-context: b\n"
			    "contexts:\n"
			    "- {name: a, context: {cluster: c, user: u}}\n"
			    "- {name: b, context: {namespace: ns}}\n");
	struct kube_contexts contexts = { 0 };

	if (!UNIT_OK(kube_contexts_load(path, &contexts)))
		return;
	CU_ASSERT_EQUAL(contexts.count, 2);
	if (contexts.count == 2) {
		UNIT_STR(contexts.items[0].name, "a");
		UNIT_STR(contexts.items[0].cluster, "c");
		UNIT_STR(contexts.items[0].namespace_, "default");
		CU_ASSERT_FALSE(contexts.items[0].current);
		UNIT_STR(contexts.items[1].user, "");
		UNIT_STR(contexts.items[1].namespace_, "ns");
		CU_ASSERT_TRUE(contexts.items[1].current);
	}
	kube_contexts_release(&contexts);
	UNIT_FAILS(kube_contexts_load("/nowhere/at/all", &contexts), KR_ECONFIG,
		   "--kubeconfig names this file");
}

/* What the flags alone decide; the rest is compared with kubectl's doing. */
static void resolves_access(void)
{
	kr_cleanup(str_freep) char *path = put(
		"access",
		"current-context: x\n"
		"clusters: [{name: c, cluster: {server: 'https://h:6443/p/', "
		"insecure-skip-tls-verify: true}}]\n"
		"users: [{name: u, user: {token: t, as: j, as-groups: [g]}}]\n"
		"contexts: [{name: x, context: {cluster: c, user: u}}]\n");
	kr_cleanup(kube_access_freep) struct kube_access *access = NULL;
	struct kube_flags flags = { .kubeconfig = path,
				    .request_timeout = "1m30s" };

	if (!UNIT_OK(kube_access_load(&flags, &access)))
		return;
	UNIT_STR(access->context, "x");
	UNIT_STR(access->cluster, "c");
	UNIT_STR(access->user, "u");
	UNIT_STR(access->origin, "https://h:6443");
	UNIT_STR(access->path_prefix, "/p");
	UNIT_STR(access->namespace_, "default");
	UNIT_STR(access->as, "j");
	CU_ASSERT_TRUE(access->namespace_is_default);
	CU_ASSERT_TRUE(access->insecure_skip_tls_verify);
	CU_ASSERT_PTR_NULL(access->ca_pem);
	CU_ASSERT_EQUAL(access->request_timeout_ms, 90000);
	CU_ASSERT_PTR_NOT_NULL(access->token);
	CU_ASSERT_PTR_NULL(access->basic);
	flags.request_timeout = "-1";
	kube_access_freep(&access);
	access = NULL;
	UNIT_FAILS(kube_access_load(&flags, &access), KR_EUSAGE,
		   "--request-timeout");
}

const struct unit_suite unit_kubeconfig = {
	.init = enter,
	.clean = leave,
	.tests =
		{
			{"takes the first of a name",
			 takes_the_first_of_a_name},
			{"refuses wrong types and says where",
			 refuses_wrong_types_and_says_where},
			{"accepts nulls and nothing",
			 accepts_nulls_and_nothing},
			{"suggests a context", suggests_a_context},
			{"lists contexts", lists_contexts},
			{"resolves access", resolves_access},
			{NULL, NULL},
		},
};
