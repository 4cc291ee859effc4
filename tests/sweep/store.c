/*
 * A store for the sweeps, by the protocol of docs/stores.md: one file an entry.
 *
 *	store FOLDER ACTION
 *
 * FOLDER/calls keeps the arguments and the environment of each call,
 * FOLDER/actions one word a call. FOLDER/fault has lines "INDEX KIND", each of
 * which spoils one call:
 *
 *	fail, fail-after    exit 1 before, or after it was carried out
 *	locked, missing     exit 5, exit 3
 *	silent              says yes and does nothing
 *	junk                says yes and prints something else
 *	half                keeps, or prints, half of it
 *	die, die-after      SIGKILL for itself, before or after
 *	kill, kill-after    SIGKILL for the caller, before or after
 *	hang                does not end
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static char input[1 << 16], id[256], kind[32];

static int open_log(const char *name)
{
	return open(name, O_WRONLY | O_APPEND | O_CREAT, 0600);
}

static long record(char **argv)
{
	FILE *calls = fopen("calls", "a");
	int fd = open_log("actions");
	struct stat st;
	char *line;
	int n;

	for (; calls && *argv; argv++)
		(void)fprintf(calls, "%s ", *argv);
	for (char **e = environ; calls && *e; e++)
		(void)fprintf(calls, "\n%s", *e);
	if (calls)
		(void)fclose(calls);
	/* Lines of one length: the size tells how many there are. */
	n = asprintf(&line, "%-7.7s\n", argv[-1]);
	if (n != 8 || write(fd, line, 8) != 8 || fstat(fd, &st) != 0)
		_exit(9);
	free(line);
	(void)close(fd);
	return st.st_size / 8;
}

static void find_fault(long index)
{
	FILE *fault = fopen("fault", "r");
	char word[sizeof(kind)];
	long at;

	while (fault && fscanf(fault, "%ld %31s", &at, word) == 2)
		if (at == index)
			strcpy(kind, word);
	if (fault)
		(void)fclose(fault);
}

static int is(const char *word)
{
	return strcmp(kind, word) == 0;
}

static void read_input(void)
{
	size_t len = 0;
	ssize_t n;
	char *at;

	while ((n = read(0, input + len, sizeof(input) - 1 - len)) > 0)
		len += (size_t)n;
	at = strncmp(input, "id=", 3) == 0 ? input : strstr(input, "\nid=");
	if (at)
		(void)sscanf(at + (*at == '\n'), "id=%255[^\n]", id);
}

static int put(void)
{
	char path[512], temporary[560];
	size_t len = strlen(input);
	FILE *file;

	(void)mkdir("entries", 0700);
	(void)snprintf(path, sizeof(path), "entries/%s", id);
	(void)snprintf(temporary, sizeof(temporary), "new-%s", id);
	if (access(path, F_OK) == 0)
		return 4;
	file = fopen(temporary, "w");
	if (!file)
		return 1;
	/* The key is the last line. */
	if (is("half"))
		len -= 20;
	(void)fwrite(input, 1, len, file);
	if (is("half"))
		(void)fputc('\n', file);
	return fclose(file) == 0 && rename(temporary, path) == 0 ? 0 : 1;
}

static int show(const char *name, int with_key)
{
	char path[512], line[4096], *end;
	FILE *file;

	(void)snprintf(path, sizeof(path), "entries/%s", name);
	file = fopen(path, "r");
	if (!file)
		return 3;
	while (fgets(line, sizeof(line), file)) {
		if (!with_key && strncmp(line, "key=", 4) == 0)
			continue;
		end = line + strlen(line);
		if (is("half") && end - line > 24)
			(void)strcpy(end - 21, "\n");
		(void)fputs(line, stdout);
	}
	(void)fclose(file);
	return 0;
}

static int list(void)
{
	DIR *folder = opendir("entries");
	struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		if (*entry->d_name != '.' && show(entry->d_name, 0) == 0)
			(void)fputs("\n", stdout);
	}
	if (folder)
		(void)closedir(folder);
	return 0;
}

static int act(const char *action)
{
	int code = 0;

	if (is("silent"))
		return 0;
	if (is("junk")) {
		puts("key=AAAA\nid=\x01\nfingerprint=none\n=\n");
		return 0;
	}
	if (strcmp(action, "put") == 0)
		code = put();
	else if (strcmp(action, "get") == 0)
		code = show(id, 1);
	else if (strcmp(action, "list") == 0)
		code = list();
	else if (strcmp(action, "probe") != 0)
		code = 2;
	if (is("fail-after"))
		return 1;
	(void)fflush(stdout);
	return code;
}

int main(int argc, char **argv)
{
	pid_t caller = getppid();
	int code;

	if (argc != 3 || chdir(argv[1]) != 0)
		return 2;
	find_fault(record(argv));
	if (is("fail") || is("locked") || is("missing"))
		return is("fail") ? 1 : is("locked") ? 5 : 3;
	if (is("hang"))
		(void)sleep(600);
	if (is("die") || is("kill"))
		(void)kill(is("die") ? getpid() : caller, SIGKILL);
	if (is("kill"))
		return 1;
	read_input();
	code = act(argv[2]);
	if (is("die-after") || is("kill-after"))
		(void)kill(is("die-after") ? getpid() : caller, SIGKILL);
	return code;
}
