/*
 * Schedules by the seed, each in a process of its own.
 *
 *	simulate [--from N] [--count N] [--twice N] [--floor N] [-v]
 *	simulate --seed N	one of them, every event printed
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "schedule.h"

static struct options {
	unsigned long from, count, twice, floor;
	double seconds;
	bool one, verbose;
} options = { .from = 1, .count = 1000, .floor = 1 };

static struct sim_result *result;

static void map_shared(const char *folder)
{
	char path[256];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/shared", folder);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(*sim_shared)) != 0) {
		perror(path);
		exit(2);
	}
	sim_shared = mmap(NULL, sizeof(*sim_shared), PROT_READ | PROT_WRITE,
			  MAP_SHARED, fd, 0);
	if (sim_shared == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	(void)close(fd);
}

/* The program, started by an execve(2) of itself. */
static void go_on_as_operator(int argc, char **argv)
{
	const char *value = getenv(SIM_VARIABLE);
	char folder[128];
	int process, box;

	if (!value)
		return;
	if (sscanf(value, "%127[^:]:%d:%d", folder, &process, &box) != 3)
		_exit(99);
	map_shared(folder);
	sim_operator_begin(process, box);
	sim_operator_main(argc, argv);
}

static void run_one(uint64_t seed, const char *folder)
{
	int status = 0;
	pid_t pid;

	memset(result, 0, sizeof(*result));
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		schedule_run(seed, folder, options.verbose, result);
		(void)fflush(stdout);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (status && !*result->failure)
		(void)snprintf(result->failure, sizeof(result->failure),
			       "the simulator itself ended: %x",
			       (unsigned)status);
}

static void read_options(int argc, char **argv)
{
	static const struct option rows[] = {
		{ "from", required_argument, NULL, 'f' },
		{ "count", required_argument, NULL, 'c' },
		{ "twice", required_argument, NULL, 't' },
		{ "floor", required_argument, NULL, 'l' },
		{ "seed", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "v", rows, NULL)) != -1) {
		switch (c) {
		case 'f':
			options.from = strtoul(optarg, NULL, 10);
			break;
		case 'c':
			options.count = strtoul(optarg, NULL, 10);
			break;
		case 't':
			options.twice = strtoul(optarg, NULL, 10);
			break;
		case 'l':
			options.floor = strtoul(optarg, NULL, 10);
			break;
		case 's':
			options.from = strtoul(optarg, NULL, 10);
			options.count = 1;
			options.one = options.verbose = true;
			break;
		case 'v':
			options.verbose = true;
			break;
		default:
			exit(2);
		}
	}
}

static void print_totals(const struct sim_result *sum, unsigned long done,
			 unsigned long failed, unsigned long twice)
{
	(void)printf("%lu runs of the program, %lu requests, %lu faults, "
		     "%lu kills, %lu edits, %lu simulated hours; %lu seeds "
		     "twice, with the same trace\n",
		     sum->runs, sum->requests, sum->faults, sum->kills,
		     sum->edits, (unsigned long)(sum->ms / 3600000), twice);
	(void)printf("simulated %lu/%lu schedules\n", done, options.count);
	(void)printf("%lu passed, %lu failed\n", done - failed, failed);
}

static void add(struct sim_result *sum)
{
	sum->runs += result->runs;
	sum->requests += result->requests;
	sum->faults += result->faults;
	sum->kills += result->kills;
	sum->edits += result->edits;
	sum->ms += result->ms;
}

int main(int argc, char **argv)
{
	struct sim_result sum = { 0 };
	unsigned long failed = 0, done = 0, twice = 0;
	char folder[96];
	cpu_set_t cpus;

	go_on_as_operator(argc, argv);
	read_options(argc, argv);
	(void)signal(SIGPIPE, SIG_IGN);
	/* Whoever has the turn runs, alone: on one processor it is handed over
	 * without waking another one. */
	CPU_ZERO(&cpus);
	CPU_SET((size_t)sched_getcpu(), &cpus);
	(void)sched_setaffinity(0, sizeof(cpus), &cpus);

	(void)snprintf(folder, sizeof(folder), "/dev/shm/keyrot-sim-XXXXXX");
	if (!mkdtemp(folder)) {
		perror(folder);
		return 2;
	}
	map_shared(folder);
	result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (; done < options.count; done++) {
		unsigned long seed = options.from + done;
		uint64_t hash;

		run_one(seed, folder);
		add(&sum);
		hash = result->hash;
		if (!*result->failure && done < options.twice) {
			run_one(seed, folder);
			twice++;
			if (!*result->failure && result->hash != hash)
				(void)strcpy(result->failure,
					     "run twice, it is not the same");
		}
		if (*result->failure) {
			failed++;
			(void)printf("FAILED: make simulate SEED=%lu: %s\n",
				     seed, result->failure);
		}
	}
	if (!getenv("KEEP"))
		schedule_clean(folder);
	print_totals(&sum, done, failed, twice);
	return failed || done < options.floor;
}
