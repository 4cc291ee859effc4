#include "kubelet.h"

#include <stdlib.h>
#include <string.h>

#include "pods.h"

#define NOTE(name) "test.keyrot.dev/" name

void pod_log_add(struct pod_log *log, const char *text)
{
	struct log_line *line;

	log->lines = xrealloc(log->lines, (log->len + 1) * sizeof(*log->lines));
	line = &log->lines[log->len++];
	time_nano(line->stamp);
	line->text = xstrdup(text);
}

void pod_log_release(struct pod_log *log)
{
	size_t i;

	for (i = 0; i < log->len; i++)
		free(log->lines[i].text);
	free(log->lines);
	log->lines = NULL;
	log->len = 0;
}

/* "2026-11-22T10:00:00.1Z stdout F text" */
static void add_cri_line(struct pod_log *log, const char *line)
{
	const char *body = strstr(line, " F ");
	size_t len = strcspn(line, " ");
	char *stamp;

	pod_log_add(log, body ? body + 3 : line);
	if (!body || len >= TIME_LEN)
		return;
	stamp = log->lines[log->len - 1].stamp;
	memcpy(stamp, line, len);
	stamp[len] = '\0';
}

static void add_lines(struct pod_log *log, const char *text,
		      void (*add)(struct pod_log *log, const char *line))
{
	char *copy = xstrdup(text), *save = NULL, *line;

	for (line = strtok_r(copy, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		add(log, line);
	free(copy);
}

static void add_default(struct pod_run *run, bool crashes)
{
	char *line;

	pod_log_add(&run->log, "level=info msg=\"starting\" version=2.14.0");
	if (run->leak) {
		line = xasprintf("level=debug msg=\"config\" key=%s",
				 run->leak);
		pod_log_add(&run->log, line);
		free(line);
	}
	if (crashes) {
		pod_log_add(&run->log,
			    "level=error msg=\"encryption self-test failed\" "
			    "error=\"decrypt sample record failed\"");
		pod_log_add(&run->log,
			    "level=fatal msg=\"exiting: invalid key\"");
		return;
	}
	pod_log_add(&run->log, "level=info msg=\"encryption self-test ok\"");
	pod_log_add(&run->log, "level=info msg=\"listening\" port=8080");
}

void pod_log_write(struct pod_run *run, const struct obj *pod, bool crashes)
{
	const cJSON *notes = json_get(pod->json, "metadata", "annotations");
	const char *file = json_text(notes, NOTE("logs"));
	const char *own = pod_restarted(pod)
				  ? json_text(notes, NOTE("restarted-log"))
				  : NULL;
	char *text;

	if (!own)
		own = json_text(notes, NOTE("log"));
	if (file) {
		text = file_read(file, NULL);
		if (text)
			add_lines(&run->log, text, add_cri_line);
		free(text);
	} else if (own) {
		add_lines(&run->log, own, pod_log_add);
	} else {
		add_default(run, crashes);
	}
}

bool pod_restarted(const struct obj *pod)
{
	const cJSON *at;

	cJSON_ArrayForEach (at, json_get(pod->json, "metadata", "annotations"))
		if (str_ends(at->string, "/restartedAt") ||
		    str_starts(at->string, "keyrot") ||
		    str_starts(at->string, "rotation.keyrot.dev/"))
			return true;
	return false;
}
