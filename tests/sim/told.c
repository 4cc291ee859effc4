/* world.h: what the program says of itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"

cJSON *oracle_document(int process)
{
	char *text = world_output(process, "out");
	cJSON *json = cJSON_Parse(text);

	free(text);
	return json;
}

/* Of its journal the last word is that it has begun. */
static bool is_open(int process, const cJSON *document)
{
	char *path, *line = NULL;
	const char *id = oracle_text(document, "rotation");
	bool open = false;
	size_t size = 0;
	FILE *file;

	path = world_path("m%d/state/keyrot/secrets-service/%s.jsonl",
			  world.processes[process].machine, id);
	file = *id ? fopen(path, "r") : NULL;
	while (file && getline(&line, &size, file) > 0) {
		if (strstr(line, "\"event\":\"begun\""))
			open = true;
		if (strstr(line, "\"event\":\"ended\""))
			open = false;
	}
	free(line);
	if (file)
		(void)fclose(file);
	free(path);
	return open;
}

static bool is_code(int code)
{
	return (code >= 0 && code <= 8) || code == 130;
}

static bool prints_a_command(const cJSON *document)
{
	const cJSON *line;

	cJSON_ArrayForEach (line, oracle_member(document, "next")) {
		const char *text = cJSON_GetStringValue(line);

		if (text && strncmp(text, "kubectl keyrot ", 15) == 0 &&
		    (strncmp(text + 15, "resume", 6) == 0 ||
		     strncmp(text + 15, "rotate", 6) == 0 ||
		     strncmp(text + 15, "rollback", 8) == 0 ||
		     strncmp(text + 15, "promote", 7) == 0))
			return true;
	}
	return false;
}

static int cluster_named(const char *context)
{
	return strstr(context, "production") ? 1 : 0;
}

void oracle_check_told(int process, const cJSON *document)
{
	const struct sim_process *p = &world.processes[process];
	const cJSON *target;

	if (!is_code(p->code))
		world_fail("6: exit code %d", p->code);
	if (!document) {
		world_fail("6: exit code %d, and no document", p->code);
		return;
	}
	if (oracle_member(document, "exitCode")->valueint != p->code)
		world_fail("6: exitCode is not the exit code");
	if (p->code && !*oracle_text(document, "message"))
		world_fail("6: it failed without a message");
	if (p->code && p->code != 2 && is_open(process, document) &&
	    !prints_a_command(document))
		world_fail("6: it has begun, and no next command is printed: "
			   "%.200s",
			   oracle_text(document, "message"));
	/* Of several at work, each tells what it saw. */
	for (int i = 0; i < world.process_count; i++)
		if (world.processes[i].live)
			return;
	cJSON_ArrayForEach (target, oracle_member(document, "targets")) {
		const char *print = oracle_text(target, "fingerprint");
		int c = cluster_named(oracle_text(target, "context"));
		int live = oracle_key_in(c, SIM_ENTRY);

		if (*print && live >= 0 && !world.by_hand &&
		    world.process_count == 1 &&
		    strcmp(print, world.keys[live].fingerprint) != 0)
			world_fail("3: it says that cluster %d holds %.12s", c,
				   print);
	}
}

const char *oracle_reason(int process)
{
	static char reason[128];
	cJSON *document = oracle_document(process);

	(void)snprintf(reason, sizeof(reason), "%s",
		       oracle_text(document, "reason"));
	cJSON_Delete(document);
	return reason;
}

bool oracle_done(int process)
{
	return !world.processes[process].killed &&
	       (world.processes[process].code == 0 ||
		strcmp(oracle_reason(process), "RotationEnded") == 0);
}

bool oracle_next(int process, char *buffer, size_t size, const char **words)
{
	cJSON *document = oracle_document(process);
	const cJSON *line;
	bool found = false;

	if (prints_a_command(document)) {
		cJSON_ArrayForEach (line, oracle_member(document, "next")) {
			const char *text = cJSON_GetStringValue(line);
			char *save = NULL, *word;
			int n = 0;

			if (found || strncmp(text, "kubectl keyrot ", 15) != 0)
				continue;
			(void)snprintf(buffer, size, "%s", text + 15);
			for (word = strtok_r(buffer, " ", &save);
			     word && n + 1 < SIM_WORDS;
			     word = strtok_r(NULL, " ", &save))
				words[n++] = word;
			words[n] = NULL;
			found = n && (strcmp(words[0], "resume") == 0 ||
				      strcmp(words[0], "rotate") == 0 ||
				      strcmp(words[0], "rollback") == 0 ||
				      strcmp(words[0], "promote") == 0);
		}
	}
	cJSON_Delete(document);
	return found;
}
