/*
 * Schedules by the seed, each in a process of its own.
 *
 *	simulate [--from N] [--count N] [--twice N] [--floor N] [-v]
 *	simulate --seed N	one of them, every event printed
 *	simulate [--interleave apply|rotate] [--stops N]
 *	simulate --order KIND:0110...	one of them, every event printed
 *	simulate --stop N
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

#include "interleave.h"

static struct options {
	unsigned long from, count, twice, floor;
	unsigned long stops;
	const char *order;	/* KIND:01101... */
	const char *interleave; /* a kind's first word */
	bool verbose;
} options = { .from = 1, .count = 1000, .floor = 1 };

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

/* What is run in a process of its own. */
enum what {
	SCHEDULE,
	INTERLEAVE,
	STOP,
};

static struct {
	struct sim_result result;
	struct sim_order order;
} * shared;

static void run_one(enum what what, unsigned long number, const char *folder)
{
	struct sim_result *result = &shared->result;
	int status = 0;
	pid_t pid;

	memset(result, 0, sizeof(*result));
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (what == SCHEDULE)
			schedule_run(number, folder, options.verbose, result);
		else if (what == INTERLEAVE)
			interleave_run((int)number, folder, options.verbose,
				       &shared->order, result);
		else
			interleave_stop(number, folder, options.verbose,
					result);
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
		{ "interleave", required_argument, NULL, 'i' },
		{ "stops", required_argument, NULL, 'p' },
		{ "stop", required_argument, NULL, 'q' },
		{ "order", required_argument, NULL, 'o' },
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
			options.verbose = true;
			break;
		case 'i':
			options.interleave = optarg;
			break;
		case 'p':
			options.stops = strtoul(optarg, NULL, 10);
			break;
		case 'q':
			options.from = strtoul(optarg, NULL, 10);
			options.stops = 1;
			options.verbose = true;
			break;
		case 'o':
			options.order = optarg;
			options.verbose = true;
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
	const struct sim_result *one = &shared->result;

	sum->runs += one->runs;
	sum->requests += one->requests;
	sum->faults += one->faults;
	sum->kills += one->kills;
	sum->edits += one->edits;
	sum->ms += one->ms;
}

static bool schedules(const char *folder)
{
	struct sim_result sum = { 0 }, *result = &shared->result;
	unsigned long failed = 0, done = 0, twice = 0;

	for (; done < options.count; done++) {
		unsigned long seed = options.from + done;
		uint64_t hash;

		run_one(SCHEDULE, seed, folder);
		add(&sum);
		hash = result->hash;
		if (!*result->failure && done < options.twice) {
			run_one(SCHEDULE, seed, folder);
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
	print_totals(&sum, done, failed, twice);
	return !failed && done >= options.floor;
}

static void print_order(char out[2 * INTERLEAVED + 1])
{
	int n = shared->order.count;

	for (int i = 0; i < n; i++)
		out[i] = (char)('0' + shared->order.chosen[i]);
	out[n] = '\0';
}

/* One kind, in every order; the failures. */
static unsigned long orders(int kind, const char *folder, unsigned long *runs)
{
	unsigned long failed = 0, stands_for = 0, done[3] = { 0 }, n = 0;
	char text[2 * INTERLEAVED + 1];

	memset(&shared->order, 0, sizeof(shared->order));
	do {
		run_one(INTERLEAVE, (unsigned long)kind, folder);
		n++;
		stands_for += interleave_weight(&shared->order);
		if (shared->result.done < 3)
			done[shared->result.done]++;
		print_order(text);
		if (!*shared->result.failure)
			continue;
		failed++;
		(void)printf("FAILED: make interleave ORDER=%d:%s: %s\n", kind,
			     text, shared->result.failure);
	} while (interleave_next(&shared->order));
	(void)printf("%s: interleaved %lu/12870 in %lu runs; both done in %lu, "
		     "one in %lu, neither in %lu\n",
		     interleave_name(kind), stands_for, n, done[2], done[1],
		     done[0]);
	if (stands_for != 12870)
		failed++;
	*runs += n;
	return failed;
}

static unsigned long stops(const char *folder)
{
	unsigned long failed = 0, done[3] = { 0 };

	for (unsigned long i = 0; i < options.stops; i++) {
		run_one(STOP, options.from + i, folder);
		if (shared->result.done < 3)
			done[shared->result.done]++;
		if (!*shared->result.failure)
			continue;
		failed++;
		(void)printf("FAILED: make interleave STOP=%lu: %s\n",
			     options.from + i, shared->result.failure);
	}
	(void)printf("stopped and continued: %lu; both done in %lu, one in "
		     "%lu, neither in %lu\n",
		     options.stops, done[2], done[1], done[0]);
	return failed;
}

static bool interleaved(const char *folder)
{
	unsigned long failed = 0, runs = 0;

	for (int kind = 0; options.interleave && kind < INTERLEAVE_KINDS;
	     kind++)
		if (strncmp(interleave_name(kind), options.interleave,
			    strlen(options.interleave)) == 0)
			failed += orders(kind, folder, &runs);
	if (options.stops)
		failed += stops(folder);
	runs += options.stops;
	(void)printf("%lu passed, %lu failed\n", runs - failed, failed);
	return !failed;
}

static bool one_order(const char *folder)
{
	const char *at = strchr(options.order, ':');

	for (at = at ? at + 1 : "";
	     *at && shared->order.count < 2 * INTERLEAVED; at++)
		shared->order.chosen[shared->order.count++] = *at == '1';
	run_one(INTERLEAVE, strtoul(options.order, NULL, 10), folder);
	(void)printf("%s\n", *shared->result.failure ? shared->result.failure
						     : "passed");
	return !*shared->result.failure;
}

int main(int argc, char **argv)
{
	char folder[] = "/dev/shm/keyrot-sim-XXXXXX";
	cpu_set_t cpus;
	bool ok;

	go_on_as_operator(argc, argv);
	read_options(argc, argv);
	(void)signal(SIGPIPE, SIG_IGN);
	/* Whoever has the turn runs, alone: on one processor it is handed over
	 * without waking another one. */
	CPU_ZERO(&cpus);
	CPU_SET((size_t)sched_getcpu(), &cpus);
	(void)sched_setaffinity(0, sizeof(cpus), &cpus);
	if (!mkdtemp(folder)) {
		perror(folder);
		return 2;
	}
	map_shared(folder);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	if (options.order)
		ok = one_order(folder);
	else if (options.interleave || options.stops)
		ok = interleaved(folder);
	else
		ok = schedules(folder);
	schedule_clean(folder);
	return !ok;
}
