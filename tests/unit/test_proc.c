#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/proc.h"
#include "base/stop.h"
#include "unit.h"

static const char *const no_env[] = { NULL };
static const char *const path_env[] = { "PATH=/usr/bin:/bin", NULL };

static struct proc_spec shell(const char *const *argv)
{
	return (struct proc_spec){
		.argv = argv,
		.envp = path_env,
		.stdin_mode = PROC_STDIN_NULL,
		.stderr_mode = PROC_STDERR_CAPTURE,
		.max_stdout_bytes = 1 << 20,
		.max_stderr_bytes = 1000,
		.timeout_ms = 20000,
	};
}

#define SH(script) ((const char *const[]){ "/bin/sh", "-c", (script), NULL })

static bool prints(struct proc_spec spec, const char *expected)
{
	struct proc_result result = { 0 };
	bool same;

	if (!UNIT_OK(proc_run(&spec, &result)))
		return false;
	same = UNIT_STR(buf_str(&result.out), expected);
	proc_result_release(&result);
	return same;
}

static void output_and_exit_codes(void)
{
	struct proc_spec spec = shell(SH("echo out; echo err >&2; exit 3"));
	struct proc_result result = { 0 };

	if (!UNIT_OK(proc_run(&spec, &result)))
		return;
	CU_ASSERT_EQUAL(result.exit_code, 3);
	CU_ASSERT_EQUAL(result.term_signal, 0);
	UNIT_STR(buf_str(&result.out), "out\n");
	UNIT_STR(buf_str(&result.err), "err\n");
	proc_result_release(&result);
	spec = shell(SH("kill -USR1 $$"));
	if (!UNIT_OK(proc_run(&spec, &result)))
		return;
	CU_ASSERT_EQUAL(result.exit_code, -1);
	CU_ASSERT_EQUAL(result.term_signal, SIGUSR1);
	proc_result_release(&result);
}

/* A shell would have expanded these. */
static void arguments_arrive_as_they_are(void)
{
	struct proc_spec spec = shell((const char *const[]){
		"printf", "[%s]", "a b", "$(id)", "*", "", NULL });

	CU_ASSERT(prints(spec, "[a b][$(id)][*][]"));
}

static void environment_is_exactly_what_was_named(void)
{
	const char *const env[] = { "ONE=1", "TWO=2", NULL };
	struct proc_spec spec =
		shell((const char *const[]){ "/usr/bin/env", NULL });

	CU_ASSERT_EQUAL(setenv("KEYROT_TEST_SECRET", "x", 1), 0);
	spec.envp = env;
	CU_ASSERT(prints(spec, "ONE=1\nTWO=2\n"));
	spec.envp = no_env;
	CU_ASSERT(prints(spec, ""));
	CU_ASSERT_EQUAL(unsetenv("KEYROT_TEST_SECRET"), 0);
}

static void no_descriptor_is_inherited(void)
{
	int fd = open("/dev/null", O_RDONLY);
	struct proc_spec spec = shell(
		(const char *const[]){ "/bin/ls", "/proc/self/fd", NULL });

	CU_ASSERT(fd > 2);
	/* 3 is the folder that ls itself reads. */
	CU_ASSERT(prints(spec, "0\n1\n2\n3\n"));
	CU_ASSERT_EQUAL(close(fd), 0);
}

static void input_arrives_whole(void)
{
	enum { LEN = 300000 };
	kr_cleanup(str_freep) char *data = malloc(LEN + 1);
	struct proc_spec spec = shell(SH("cat"));

	if (!data)
		return;
	for (size_t i = 0; i < LEN; i++)
		data[i] = (char)('a' + i % 23);
	data[LEN] = '\0';
	spec.stdin_mode = PROC_STDIN_DATA;
	spec.stdin_data = data;
	spec.stdin_len = LEN;
	CU_ASSERT(prints(spec, data));
	spec.stdin_len = 0;
	CU_ASSERT(prints(spec, ""));
}

/* A broken pipe is not our death, whatever the caller does with SIGPIPE. */
static void unread_input_does_no_harm(void)
{
	static char data[200000];
	struct proc_spec spec = shell(SH("exec 0<&-; sleep 0.1; echo done"));
	struct sigaction before, standard;

	memset(&standard, 0, sizeof(standard));
	standard.sa_handler = SIG_DFL;
	CU_ASSERT_EQUAL(sigaction(SIGPIPE, &standard, &before), 0);
	spec.stdin_mode = PROC_STDIN_DATA;
	spec.stdin_data = data;
	spec.stdin_len = sizeof(data);
	CU_ASSERT(prints(spec, "done\n"));
	CU_ASSERT_EQUAL(sigaction(SIGPIPE, &before, NULL), 0);
}

static void too_much_output_is_an_error(void)
{
	struct proc_spec spec = shell(SH("yes"));
	struct proc_result result = { 0 };

	spec.max_stdout_bytes = 1000;
	UNIT_FAILS(proc_run(&spec, &result), KR_ENOMEM, "more than 1000 bytes");
	spec = shell(SH("head -c 1000 /dev/zero"));
	spec.max_stdout_bytes = 1000;
	if (UNIT_OK(proc_run(&spec, &result)))
		CU_ASSERT_EQUAL(result.out.len, 1000);
	proc_result_release(&result);
}

static void too_many_messages_are_cut(void)
{
	struct proc_spec spec = shell(SH("yes | head -c 500000 >&2; echo ok"));
	struct proc_result result = { 0 };

	if (!UNIT_OK(proc_run(&spec, &result)))
		return;
	CU_ASSERT_EQUAL(result.err.len, 1000);
	UNIT_STR(buf_str(&result.out), "ok\n");
	proc_result_release(&result);
}

/* Dead: not there, or a zombie that nobody has waited for yet. */
static bool is_gone(long pid)
{
	char path[64], state = '\0';
	FILE *stat_file;

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	stat_file = fopen(path, "re");
	if (!stat_file)
		return true;
	if (fscanf(stat_file, "%*d (%*[^)]) %c", &state) != 1)
		state = 'Z';
	(void)fclose(stat_file);
	return state == 'Z' || state == 'X';
}

static bool soon_gone(long pid)
{
	for (int i = 0; i < 200 && !is_gone(pid); i++)
		(void)usleep(10000);
	return is_gone(pid);
}

static void the_deadline_kills_the_group(void)
{
	char path[] = "/tmp/keyrot-proc.XXXXXX", script[200];
	kr_cleanup(buf_release) struct buf b = BUF_INIT(100);
	int fd = mkstemp(path);
	int64_t start = clock_boot_ms();
	struct proc_result result = { 0 };
	struct proc_spec spec;

	(void)snprintf(script, sizeof(script),
		       "trap '' TERM; sleep 100 & echo $! > %s; "
		       "while :; do sleep 1; done",
		       path);
	spec = shell(SH(script));
	spec.timeout_ms = 300;
	UNIT_FAILS(proc_run(&spec, &result), KR_ETIMEOUT, "did not end");
	CU_ASSERT(clock_boot_ms() - start < 5000);
	UNIT_OK(file_read_fd(fd, path, &b));
	CU_ASSERT(atol(buf_str(&b)) > 1 && soon_gone(atol(buf_str(&b))));
	CU_ASSERT_EQUAL(close(fd), 0);
	CU_ASSERT_EQUAL(unlink(path), 0);
}

/* A daemon that keeps our pipes open does not keep us. */
static void a_daemon_left_behind_is_not_waited_for(void)
{
	struct proc_spec spec = shell(SH("setsid sleep 3 & echo $!"));
	struct proc_result result = { 0 };
	int64_t start = clock_boot_ms();

	if (!UNIT_OK(proc_run(&spec, &result)))
		return;
	CU_ASSERT(clock_boot_ms() - start < 2500);
	CU_ASSERT(atol(buf_str(&result.out)) > 1);
	proc_result_release(&result);
}

static void a_stop_ends_it(void)
{
	struct proc_spec spec;
	struct proc_result result = { 0 };
	char script[80];
	int64_t start = clock_boot_ms();

	stop_install();
	(void)snprintf(script, sizeof(script), "kill -TERM %d; sleep 20",
		       (int)getpid());
	spec = shell(SH(script));
	UNIT_FAILS(proc_run(&spec, &result), KR_EINTERRUPTED, "interrupted");
	CU_ASSERT(clock_boot_ms() - start < 5000);
	UNIT_FAILS(proc_run(&spec, &result), KR_EINTERRUPTED, "interrupted");
	stop_reset();
}

static void what_cannot_run_says_why(void)
{
	struct proc_spec spec =
		shell((const char *const[]){ "keyrot-no-such-tool", NULL });
	struct proc_result result = { 0 };

	UNIT_FAILS(proc_run(&spec, &result), KR_ENOTFOUND, "not installed");
	spec = shell((const char *const[]){ "/no/such/file", NULL });
	UNIT_FAILS(proc_run(&spec, &result), KR_ENOTFOUND, "No such file");
	spec = shell((const char *const[]){ "/etc/passwd", NULL });
	UNIT_FAILS(proc_run(&spec, &result), KR_EFORBIDDEN,
		   "Permission denied");
}

static void finds_on_path(void)
{
	kr_cleanup(str_freep) char *sh = proc_find("sh", "/nowhere::.:/bin");
	kr_cleanup(str_freep) char *here = NULL;
	kr_cleanup(str_freep) char *none = proc_find("sh", "");
	char cwd[1000];

	UNIT_STR(sh, "/bin/sh");
	CU_ASSERT_PTR_NULL(none);
	/* The current folder is not searched, by whatever name. */
	if (!getcwd(cwd, sizeof(cwd)) || chdir("/bin") != 0)
		return;
	here = proc_find("sh", ":.:../bin:");
	CU_ASSERT_PTR_NULL(here);
	CU_ASSERT_EQUAL(chdir(cwd), 0);
}

static void environments_are_built_from_names(void)
{
	kr_cleanup(proc_env_release) struct proc_env env = { 0 };
	const char *const *vars = NULL;

	CU_ASSERT_EQUAL(setenv("LC_KEYROT", "lc", 1), 0);
	CU_ASSERT_EQUAL(setenv("KEYROT_ONE", "1", 1), 0);
	proc_env_base(&env);
	proc_env_set(&env, "LC_KEYROT", "set");
	proc_env_inherit(&env, "KEYROT_ONE");
	proc_env_inherit(&env, "KEYROT_NOT_SET");
	if (!UNIT_OK(proc_env_vars(&env, &vars)))
		return;
	{
		unsigned lc = 0, one = 0, other = 0;

		for (; *vars; vars++) {
			lc += strcmp(*vars, "LC_KEYROT=set") == 0;
			one += strcmp(*vars, "KEYROT_ONE=1") == 0;
			other += strncmp(*vars, "KEYROT_NOT", 10) == 0 ||
				 strcmp(*vars, "LC_KEYROT=lc") == 0;
		}
		CU_ASSERT(lc == 1 && one == 1 && other == 0);
	}
	CU_ASSERT_EQUAL(unsetenv("LC_KEYROT"), 0);
	CU_ASSERT_EQUAL(unsetenv("KEYROT_ONE"), 0);
}

static void the_whole_environment_where_asked(void)
{
	kr_cleanup(proc_env_release) struct proc_env env = { 0 };
	kr_cleanup(proc_env_release) struct proc_env none = { 0 };
	const char *const *vars = NULL;
	size_t n = 0;

	proc_env_inherit_all(&env);
	while (environ[n])
		n++;
	CU_ASSERT_EQUAL(env.count, n);
	UNIT_OK(proc_env_vars(&none, &vars));
	CU_ASSERT_PTR_NULL(*vars);
}

const struct unit_suite unit_proc = {
	.tests =
		{
			{"output and exit codes", output_and_exit_codes},
			{"arguments arrive as they are",
			 arguments_arrive_as_they_are},
			{"the environment is exactly what was named",
			 environment_is_exactly_what_was_named},
			{"no descriptor is inherited",
			 no_descriptor_is_inherited},
			{"input arrives whole", input_arrives_whole},
			{"unread input does no harm",
			 unread_input_does_no_harm},
			{"too much output is an error",
			 too_much_output_is_an_error},
			{"too many messages are cut",
			 too_many_messages_are_cut},
			{"the deadline kills the group",
			 the_deadline_kills_the_group},
			{"a daemon left behind is not waited for",
			 a_daemon_left_behind_is_not_waited_for},
			{"a stop ends it", a_stop_ends_it},
			{"what cannot run says why", what_cannot_run_says_why},
			{"finds on PATH", finds_on_path},
			{"environments are built from names",
			 environments_are_built_from_names},
			{"the whole environment where asked",
			 the_whole_environment_where_asked},
			{NULL, NULL},
		},
};
