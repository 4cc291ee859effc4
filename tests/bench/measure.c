/*
 * Runs a program and writes its wall time, CPU time and peak memory to a file.
 * A process of its own, and a small one: the peak memory that the kernel
 * reports begins with that of the process which forked.
 *
 *	measure FILE PROGRAM ARGUMENT...
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	struct rusage usage;
	double begin, end;
	int status = 0;
	FILE *out;
	pid_t pid;

	if (argc < 3)
		return 2;
	begin = now_s();
	pid = fork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		return 2;
	end = now_s();
	out = fopen(argv[1], "w");
	if (!out)
		return 2;
	fprintf(out, "%.6f %.6f %ld %.6f\n", end - begin,
		seconds(usage.ru_utime) + seconds(usage.ru_stime),
		usage.ru_maxrss, end);
	fclose(out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
