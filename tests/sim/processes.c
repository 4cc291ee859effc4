/* world.h: the processes of the program. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "world.h"

#define HANG_MS 20000 /* of real time */

static int free_box(void)
{
	for (int i = 0; i < SIM_BOXES; i++)
		if (!world.actors[i].live)
			return i;
	return -1;
}

int world_actor(int process)
{
	static long serial;
	int box = free_box();

	if (box < 0)
		return -1;
	free(world.actors[box].text);
	memset(&world.actors[box], 0, sizeof(world.actors[box]));
	world.actors[box].live = true;
	world.actors[box].serial = ++serial;
	world.actors[box].operator_ = process;
	sim_shared->boxes[box].turn = 0;
	sim_shared->boxes[box].kind = 0;
	sim_shared->boxes[box].interrupt = 0;
	return box;
}

static void redirect(const char *which, int process, int fd)
{
	char *path = world_path("%s-%d", which, process);
	int file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	if (file < 0 || dup2(file, fd) != fd)
		_exit(99);
	(void)close(file);
	free(path);
}

static void set(const char *name, const char *value)
{
	if (setenv(name, value, 1) != 0)
		_exit(99);
}

static void become(int process, int box)
{
	struct sim_process *p = &world.processes[process];
	char *home = world_path("m%d", p->machine);
	char *config = world_path("kubeconfig");
	char *state = world_path("m%d/state", p->machine);
	char variable[256];
	char *argv[SIM_WORDS + 2] = { (char *)(uintptr_t) "kubectl-keyrot" };
	int argc = 1;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)clearenv();
	set("HOME", home);
	set("TMPDIR", home);
	set("PATH", "/nonexistent");
	set("KUBECONFIG", config);
	set("XDG_STATE_HOME", state);
	(void)snprintf(variable, sizeof(variable), "%s:%d:%d", world.folder,
		       process, box);
	set(SIM_VARIABLE, variable);
	redirect("out", process, STDOUT_FILENO);
	redirect("err", process, STDERR_FILENO);
	(void)close(STDIN_FILENO);
	if (open("/dev/null", O_RDONLY) != STDIN_FILENO || chdir(home) != 0)
		_exit(99);
	for (int i = 0; p->words[i]; i++)
		argv[argc++] = (char *)(uintptr_t)p->words[i];
	argv[argc] = NULL;
	sim_operator_begin(process, box);
	(void)sim_turn_await(&sim_shared->boxes[box], 1, 0);
	sim_operator_main(argc, argv);
}

int world_start(int machine, const char *const *words)
{
	int process = world.process_count++;
	struct sim_process *p = &world.processes[process];
	int box = world_actor(process), n = 0;

	if (process >= SIM_OPERATORS || box < 0)
		abort();
	memset(p, 0, sizeof(*p));
	for (; words[n]; n++)
		p->words[n] = words[n];
	p->machine = machine;
	p->main_box = box;
	p->live = true;
	sim_shared->machine[process] = (unsigned char)machine;
	sim_shared->alive[process] = 1;
	world_trace("operator %d on machine %d: %s %s", process, machine,
		    words[0], words[1] ? words[1] : "");
	(void)fflush(stdout);
	p->pid = fork();
	if (p->pid < 0)
		abort();
	if (p->pid == 0)
		become(process, box);
	return process;
}

static void forget(int process)
{
	struct sim_process *p = &world.processes[process];

	p->live = false;
	sim_shared->alive[process] = 0;
	for (int i = 0; i < SIM_BOXES; i++)
		if (world.actors[i].operator_ == process)
			world.actors[i].live = false;
	calls_forget(process);
}

void world_reap(int process)
{
	struct sim_process *p = &world.processes[process];
	int status = 0;

	while (!p->reaped && waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	p->reaped = true;
	p->code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
	if (p->code < 0 && !p->killed)
		world_fail("6: operator %d died of signal %d", process,
			   -p->code);
	world_trace("operator %d ended: %d", process, p->code);
	forget(process);
}

void world_kill(int process)
{
	struct sim_process *p = &world.processes[process];

	if (!p->live)
		return;
	world_trace("operator %d is killed", process);
	world.kills++;
	p->killed = true;
	(void)kill(p->pid, SIGKILL);
	world_reap(process);
}

bool world_await(int box)
{
	int process = world.actors[box].operator_;
	struct sim_process *p = &world.processes[process];
	int waited = 0, status;

	while (!sim_turn_await(&sim_shared->boxes[box], 0, 50)) {
		if (waitpid(p->pid, &status, WNOHANG) == p->pid) {
			p->reaped = true;
			p->code = WIFEXITED(status) ? WEXITSTATUS(status)
						    : -WTERMSIG(status);
			if (p->code < 0)
				world_fail("6: operator %d died of signal %d",
					   process, -p->code);
			world_trace("operator %d has gone: %d", process,
				    p->code);
			forget(process);
			return false;
		}
		waited += 50;
		if (waited > HANG_MS) {
			world_fail("6: operator %d hangs", process);
			world_kill(process);
			return false;
		}
	}
	return true;
}

char *world_output(int process, const char *which)
{
	char *path = world_path("%s-%d", which, process);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text;
	ssize_t n;

	free(path);
	if (fd < 0 || fstat(fd, &st) != 0)
		abort();
	text = calloc((size_t)st.st_size + 1, 1);
	if (!text)
		abort();
	n = read(fd, text, (size_t)st.st_size);
	text[n > 0 ? n : 0] = '\0';
	(void)close(fd);
	return text;
}
