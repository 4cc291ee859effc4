/* A command that is told: by argv, the event on its standard input. */
#include <string.h>

#include "base/clock.h"
#include "base/proc.h"
#include "service/notify_internal.h"

#define MAX_OUTPUT (64u * 1024)

KR_FALLIBLE notify_run(const struct notify_target *target, const char *event,
		       int64_t deadline_ms)
{
	int64_t left = deadline_left_ms(deadline_ms);
	struct proc_env vars = { 0 };
	struct proc_result result = { 0 };
	struct proc_spec spec = {
		.argv = target->run,
		.stdin_mode = PROC_STDIN_DATA,
		.stdin_data = event,
		.stdin_len = strlen(event),
		.stderr_mode = PROC_STDERR_CAPTURE,
		.max_stdout_bytes = MAX_OUTPUT,
		.max_stderr_bytes = MAX_OUTPUT,
		.timeout_ms =
			target->timeout_ms > 0 && target->timeout_ms < left
				? target->timeout_ms
				: left,
	};
	struct err *err;

	proc_env_base(&vars);
	err = proc_env_vars(&vars, &spec.envp);
	if (!err)
		err = proc_run(&spec, &result);
	if (!err && result.term_signal)
		err = err_new(KR_EUNEXPECTED, "it was ended by signal %d",
			      result.term_signal);
	else if (!err && result.exit_code != 0)
		err = err_new(KR_EUNEXPECTED, "exit code %d", result.exit_code);
	proc_result_release(&result);
	proc_env_release(&vars);
	return err;
}
