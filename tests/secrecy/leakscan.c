/*
 * Looks for a key, in all its forms, in files, folders and processes.
 *
 *	leakscan -k KEYFILE [-p PID]... [PATH|-]...
 *
 * A process is searched in /proc/PID/mem (all that is mapped, areas left out
 * of core dumps too), cmdline and environ. One line a find:
 *
 *	found PLACE at OFFSET: N bytes (FORM) [protected]
 *
 * and a last line "scanned B bytes in P places for W windows: F found, of them
 * S protected". Protected is memory that is locked and left out of dumps. Exit
 * code: 0 nothing, 1 only protected, 2 found, 3 could not look.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "forms.h"

#define CHUNK	(1 << 20)
#define OVERLAP 64 /* more than any window */
#define MAX_KEY 4096

static struct forms *forms;
static unsigned long long scanned_bytes;
static unsigned places, found, found_protected;
static bool failed;

static void cannot(const char *what)
{
	(void)fprintf(stderr, "leakscan: %s: %s\n", what, strerror(errno));
	failed = true;
}

/* What is found in one place, joined to runs. */
struct run {
	const char *place;
	const char *form;
	unsigned long long start, end;
	bool is_protected;
};

static void report(struct run *run)
{
	if (!run->form)
		return;
	printf("found %s at 0x%llx: %llu bytes (%s)%s\n", run->place,
	       run->start, run->end - run->start, run->form,
	       run->is_protected ? " protected" : "");
	found++;
	found_protected += run->is_protected;
	run->form = NULL;
}

static void scan(struct run *run, const unsigned char *data, size_t len,
		 unsigned long long offset, size_t upto)
{
	for (size_t i = 0; i < upto; i++) {
		size_t size = 0;
		const char *form = forms_at(forms, data + i, len - i, &size);
		unsigned long long at = offset + i;

		if (!form)
			continue;
		if (run->form && at > run->end)
			report(run);
		if (!run->form)
			run->start = at;
		run->form = run->form ? run->form : form;
		run->end = at + size;
	}
}

/* Reads by `pread` where at != NULL, else on from where fd stands. */
static void scan_fd(int fd, const char *place, unsigned long long start,
		    unsigned long long end, bool is_protected)
{
	static unsigned char data[CHUNK + OVERLAP];
	struct run run = { .place = place, .is_protected = is_protected };
	bool seek = end != 0;
	size_t have = 0;

	places++;
	for (;;) {
		size_t want = CHUNK + OVERLAP - have;
		ssize_t n;

		if (seek && want > end - start - have)
			want = (size_t)(end - start - have);
		n = seek ? pread(fd, data + have, want, (off_t)(start + have))
			 : read(fd, data + have, want);
		if (n < 0 && errno == EINTR)
			continue;
		/* Guard pages, and what only the kernel may read. */
		if (n < 0 && errno == EIO && seek)
			n = 0;
		if (n < 0) {
			cannot(place);
			break;
		}
		have += (size_t)n;
		scanned_bytes += (size_t)n;
		if (n == 0 || (seek && start + have == end)) {
			scan(&run, data, have, start, have);
			break;
		}
		if (have > OVERLAP) {
			size_t upto = have - OVERLAP;

			scan(&run, data, have, start, upto);
			memmove(data, data + upto, OVERLAP);
			start += upto;
			have = OVERLAP;
		}
	}
	report(&run);
	memset(data, 0, sizeof(data));
}

static void scan_path(const char *path)
{
	int fd = strcmp(path, "-") == 0 ? dup(0)
					: open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		cannot(path);
		return;
	}
	scan_fd(fd, path, 0, 0, false);
	(void)close(fd);
}

static int scan_one(const char *path, const struct stat *st, int type,
		    struct FTW *at)
{
	/* A name can hold a key, too. */
	struct run run = { .place = "a file's name" };

	(void)at;
	scan(&run, (const unsigned char *)path, strlen(path), 0, strlen(path));
	report(&run);
	if (type == FTW_F && S_ISREG(st->st_mode))
		scan_path(path);
	return 0;
}

/* One mapping of smaps: its header, and the flags that come 20 lines later. */
static void scan_maps(const char *proc, FILE *smaps, int mem)
{
	unsigned long long from = 0, to = 0;
	char line[1024], name[400], place[600] = "";
	bool readable = false;

	while (fgets(line, sizeof(line), smaps)) {
		char mode[8] = "";

		unsigned long long first, last;

		name[0] = '\0';
		/* "Anonymous:" begins with a hex digit, too. */
		if (sscanf(line, "%llx-%llx %7s %*s %*s %*s %399[^\n]", &first,
			   &last, mode, name) >= 3) {
			from = first;
			to = last;
			readable = strcmp(name, "[vvar]") != 0 &&
				   strcmp(name, "[vsyscall]") != 0;
			(void)snprintf(place, sizeof(place), "%s %s %s", proc,
				       mode, *name ? name : "(anonymous)");
		}
		if (strncmp(line, "VmFlags:", 8) == 0 && readable)
			scan_fd(mem, place, from, to,
				strstr(line, " dd") && strstr(line, " lo"));
	}
}

static void scan_process(const char *pid)
{
	static const char *const texts[] = { "cmdline", "environ" };
	char path[64];
	FILE *smaps;
	int mem;

	for (int i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "/proc/%s/%s", pid,
			       texts[i]);
		scan_path(path);
	}
	(void)snprintf(path, sizeof(path), "/proc/%s/smaps", pid);
	smaps = fopen(path, "re");
	if (!smaps) {
		cannot(path);
		return;
	}
	(void)snprintf(path, sizeof(path), "/proc/%s/mem", pid);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	if (mem < 0)
		cannot(path);
	else
		scan_maps(pid, smaps, mem);
	if (mem >= 0)
		(void)close(mem);
	(void)fclose(smaps);
}

static bool read_key(const char *path)
{
	unsigned char key[MAX_KEY];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, key, sizeof(key));

	if (fd >= 0)
		(void)close(fd);
	if (n <= 0) {
		cannot(path);
		return false;
	}
	if (key[n - 1] == '\n')
		n--;
	forms = forms_new(key, (size_t)n);
	explicit_bzero(key, sizeof(key));
	return forms && forms_count(forms) > 0;
}

int main(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "k:p:")) != -1) {
		if (option == 'k' && !read_key(optarg))
			return 3;
		if (option == '?' || !forms)
			return 3;
		if (option == 'p')
			scan_process(optarg);
	}
	for (int i = optind; forms && i < argc; i++) {
		if (strcmp(argv[i], "-") == 0)
			scan_path(argv[i]);
		else if (nftw(argv[i], scan_one, 32, FTW_PHYS) != 0)
			cannot(argv[i]);
	}
	if (!forms)
		return 3;
	printf("scanned %llu bytes in %u places for %zu windows: %u found, "
	       "of them %u protected\n",
	       scanned_bytes, places, forms_count(forms), found,
	       found_protected);
	forms_free(forms);
	if (failed || !places)
		return 3;
	return found > found_protected ? 2 : found > 0;
}
