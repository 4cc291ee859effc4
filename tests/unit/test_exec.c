#include "kube/exec.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "kube/auth.h"
#include "unit.h"

#define V1 "client.authentication.k8s.io/v1"

static char folder[] = "/tmp/keyrot-unit-XXXXXX";
static char user_name[] = "jane";
static char version[] = V1;
static char *plugin; /* counts its runs, prints FOLDER/reply */

static struct kube_exec exec_of(char *command)
{
	return (struct kube_exec){ .user = user_name,
				   .api_version = version,
				   .command = command };
}

static void put(const char *name, const char *text)
{
	kr_cleanup(str_freep) char *path = file_join(folder, name);

	UNIT_OK(file_write_atomic(path, text, strlen(text)));
}

static int runs(void)
{
	kr_cleanup(str_freep) char *path = file_join(folder, "runs");
	struct buf text = BUF_INIT(4096);
	int n;

	err_free(file_read(path, &text));
	n = (int)text.len;
	buf_release(&text);
	(void)unlink(path);
	return n;
}

static int enter(void)
{
	struct buf script = BUF_INIT(4096);
	struct err *err;

	if (!mkdtemp(folder))
		return 1;
	plugin = file_join(folder, "plugin");
	buf_printf(&script,
		   "#!/bin/sh\nprintf x >> %s/runs\nexec cat %s/reply\n",
		   folder, folder);
	err = file_write_atomic(plugin, buf_str(&script), script.len);
	buf_release(&script);
	if (err) {
		err_free(err);
		return 1;
	}
	return chmod(plugin, 0700);
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
	free(plugin);
	return rmdir(folder);
}

static KR_FALLIBLE parse(const char *text, struct exec_result *out)
{
	char command[] = "p";
	const struct kube_exec exec = exec_of(command);

	return kube_exec_parse(&exec, text, strlen(text), out);
}

#define CRED(status)                                                           \
	"{\"apiVersion\":\"" V1 "\",\"kind\":\"ExecCredential\","              \
	"\"status\":" status "}"

static void reads_a_credential(void)
{
	kr_cleanup(exec_result_release) struct exec_result result = { 0 };

	if (!UNIT_OK(parse(CRED("{\"token\":\"abc\",\"expirationTimestamp\":"
				"\"2026-01-02T03:04:05.5+01:00\"}"),
			   &result)))
		return;
	CU_ASSERT_EQUAL(secret_len(result.token), 3);
	CU_ASSERT_PTR_NULL(result.cert);
	CU_ASSERT_TRUE(result.expires);
	CU_ASSERT_EQUAL(result.expires_wall_ms, 1767319445500);
}

static void refuses_what_is_none(void)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "ExecCredential" },
		{ "hunter2", "ExecCredential" },
		{ "{\"kind\":\"ExecCredential\"}", "another API version" },
		{ "{\"apiVersion\":\"" V1 "\",\"kind\":\"hunter2\","
		  "\"status\":{\"token\":\"hunter2\"}}",
		  "ExecCredential" },
		{ "{\"apiVersion\":\"v2\",\"kind\":\"ExecCredential\","
		  "\"status\":{\"token\":\"hunter2\"}}",
		  "another API version" },
		{ CRED("{}"), "neither a token nor" },
		{ CRED("null"), "no status" },
		{ CRED("[]"), "not a mapping" },
		{ CRED("{\"token\":7}"), "status.token is not a text" },
		{ CRED("{\"clientKeyData\":\"hunter2\"}"), "not both" },
		{ CRED("{\"token\":\"hunter2\\n\"}"), "line break" },
		{ CRED("{\"token\":\"a\",\"expirationTimestamp\":1}"),
		  "expirationTimestamp" },
		{ CRED("{\"clientCertificateData\":\"hunter2\","
		       "\"clientKeyData\":\"hunter2\"}"),
		  "no PEM certificate" },
		{ "{\"token\": hunter2", "its output:2" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct exec_result result = { 0 };
		struct err *err = parse(cases[i].text, &result);

		if (err && strstr(err_message(err), "hunter2"))
			CU_FAIL("quotes what the plugin printed");
		UNIT_FAILS(err, KR_EAUTH, cases[i].says);
	}
}

static void tells_the_cluster(void)
{
	char command[] = "p";
	struct kube_exec exec = exec_of(command);
	kr_cleanup(str_freep) char *bare = NULL;
	kr_cleanup(str_freep) char *full = NULL;

	if (!UNIT_OK(kube_exec_info(&exec, true, &bare)))
		return;
	UNIT_STR(bare, "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1
		       "\",\"spec\":{\"interactive\":true}}\n");
	exec.cluster = json_object();
	json_set_str(exec.cluster, "server", "https://h");
	UNIT_OK(kube_exec_info(&exec, false, &full));
	UNIT_STR(full, "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1
		       "\",\"spec\":{\"cluster\":{\"server\":\"https://h\"},"
		       "\"interactive\":false}}\n");
	json_free(exec.cluster);
}

static int64_t now_ms;

static int64_t fake_now(void *user)
{
	(void)user;
	return now_ms;
}

static void fake_sleep(void *user, int64_t ms)
{
	(void)user;
	now_ms += ms;
}

static const struct clock_source fake_clock = { fake_now, fake_now, fake_sleep,
						NULL };

static void runs_once_until_it_expires(void)
{
	struct kube_exec exec = exec_of(plugin);
	struct kube_access access = { .exec = &exec };
	kr_cleanup(kube_auth_freep) struct kube_auth *auth = NULL;
	bool changed = false;

	now_ms = 1000000;
	clock_use(&fake_clock);
	put("reply", CRED("{\"token\":\"a\",\"expirationTimestamp\":"
			  "\"1970-01-01T00:20:00Z\"}"));
	if (!UNIT_OK(kube_auth_new(&access, &auth)))
		return;
	CU_ASSERT_EQUAL(runs(), 0);
	UNIT_OK(kube_auth_prepare(auth, &changed));
	UNIT_OK(kube_auth_prepare(auth, &changed));
	CU_ASSERT_EQUAL(runs(), 1);
	CU_ASSERT_FALSE(changed);
	now_ms = 1200000;
	UNIT_OK(kube_auth_prepare(auth, &changed));
	CU_ASSERT_EQUAL(runs(), 0);
	now_ms = 1200001;
	UNIT_OK(kube_auth_prepare(auth, &changed));
	CU_ASSERT_EQUAL(runs(), 1);
	CU_ASSERT_TRUE(kube_auth_rejected(auth));
	put("reply", CRED("{}"));
	UNIT_FAILS(kube_auth_prepare(auth, &changed), KR_EAUTH, "neither");
	clock_use(NULL);
}

static void rereads_a_token_file(void)
{
	kr_cleanup(str_freep) char *path = file_join(folder, "token");
	struct kube_access access = { .token_file = path };
	kr_cleanup(kube_auth_freep) struct kube_auth *auth = NULL;
	bool changed;

	now_ms = 0;
	clock_use(&fake_clock);
	put("token", " one\n");
	if (!UNIT_OK(kube_auth_new(&access, &auth)))
		return;
	UNIT_OK(kube_auth_prepare(auth, &changed));
	/* Rejected, and the file still says the same: no second try. */
	CU_ASSERT_FALSE(kube_auth_rejected(auth));
	put("token", "two\n");
	CU_ASSERT_TRUE(kube_auth_rejected(auth));
	CU_ASSERT_FALSE(kube_auth_rejected(auth));
	(void)unlink(path);
	now_ms += 60000;
	UNIT_OK(kube_auth_prepare(auth, &changed)); /* keeps what it has */
	put("token", "three");
	now_ms += 49999;
	UNIT_OK(kube_auth_prepare(auth, &changed));
	CU_ASSERT_TRUE(kube_auth_rejected(auth)); /* was not read before */
	clock_use(NULL);
}

static void says_what_is_not_installed(void)
{
	char missing[] = "keyrot-no-such-plugin";
	char hint[] = "brew install it";
	struct kube_exec exec = exec_of(missing);
	struct exec_result result = { 0 };
	char *path = file_join(folder, "nothing");

	UNIT_FAILS(kube_exec_run(&exec, &result), KR_EAUTH,
		   "put its folder on PATH");
	exec.install_hint = hint;
	UNIT_FAILS(kube_exec_run(&exec, &result), KR_EAUTH, hint);
	exec.install_hint = NULL;
	exec.command = path;
	UNIT_FAILS(kube_exec_run(&exec, &result), KR_EAUTH,
		   "correct the command");
	free(path);
}

const struct unit_suite unit_exec = {
	.init = enter,
	.clean = leave,
	.tests =
		{
			{"reads a credential", reads_a_credential},
			{"refuses what is none", refuses_what_is_none},
			{"tells the cluster", tells_the_cluster},
			{"runs once until it expires",
			 runs_once_until_it_expires},
			{"rereads a token file", rereads_a_token_file},
			{"says what is not installed",
			 says_what_is_not_installed},
			{NULL, NULL},
		},
};
