#include "runbook/soak_state.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "base/appendlog.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"

#define FORMAT	  "soak/1"
#define MAX_STATE (64u * 1024 * 1024)
#define BOOT_ID	  "/proc/sys/kernel/random/boot_id"

struct soak_state {
	struct appendlog *log;
};

void soak_saved_release(struct soak_saved *saved)
{
	json_free(saved->baseline);
	json_free(saved->ticks);
	memset(saved, 0, sizeof(*saved));
}

void soak_state_close(struct soak_state *state)
{
	if (!state)
		return;
	appendlog_close(state->log);
	free(state);
}

/* Which start of the machine this is; "" where that cannot be known. */
static char *boot_id(void)
{
	struct buf text = BUF_INIT(256);
	struct err *err = file_read(BOOT_ID, &text);

	if (err)
		buf_reset(&text);
	err_free(err);
	if (text.len && text.data[text.len - 1] == '\n')
		text.data[--text.len] = '\0';
	buf_puts(&text, "");
	return text.data ? buf_take(&text) : strdup("");
}

/*
 * The monotonic clock where the machine was not started again meanwhile, the
 * wall clock otherwise.
 */
static int64_t age_of(const struct cJSON *line)
{
	kr_cleanup(str_freep) char *id = boot_id();
	const char *then = json_str_or(line, "boot", "");
	int64_t boot_ms = json_int(line, "startBootMs", -1);
	int64_t age_ms = clock_boot_ms() - boot_ms;

	if (id && *id && strcmp(id, then) == 0 && boot_ms >= 0 && age_ms >= 0)
		return age_ms;
	age_ms = clock_wall_ms() - json_int(line, "startWallMs", 0);
	return age_ms > 0 ? age_ms : 0;
}

/* A header voids what stands before it; an end voids all. */
static void take_line(struct soak_saved *saved, const char *what,
		      struct cJSON *take_line)
{
	const char *format = json_str(take_line, "keyrot");

	if (format) {
		soak_saved_release(saved);
		saved->found = strcmp(format, FORMAT) == 0 &&
			       str_equal(json_str(take_line, "what"), what);
		saved->age_ms = age_of(take_line);
		saved->started_wall_ms = json_int(take_line, "startWallMs", 0);
		saved->ticks = json_array();
	} else if (json_member(take_line, "end")) {
		soak_saved_release(saved);
	} else if (saved->found && json_member(take_line, "baseline")) {
		json_free(saved->baseline);
		saved->baseline = take_line;
		return;
	} else if (saved->found && json_member(take_line, "t")) {
		json_append(saved->ticks, take_line);
		return;
	}
	json_free(take_line);
}

/* A line that is none is a crash's; the samples after it still count. */
static void take_text(struct soak_saved *saved, const char *what,
		      const struct buf *text)
{
	const char *p = buf_str(text), *end = p + text->len;

	while (p < end) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		size_t n = stop ? (size_t)(stop - p) : (size_t)(end - p);
		struct cJSON *line = NULL;
		struct err *err = json_parse(p, n, &line);

		if (!err && json_is_object(line))
			take_line(saved, what, line);
		else
			json_free(line);
		err_free(err);
		p += n + 1;
	}
}

static KR_FALLIBLE read_saved(struct soak_state *state, const char *what,
			      struct soak_saved *out)
{
	struct buf text = BUF_INIT(MAX_STATE);
	struct err *err = appendlog_read(state->log, &text);

	if (!err)
		take_text(out, what, &text);
	buf_release(&text);
	if (!out->found)
		soak_saved_release(out);
	return err;
}

KR_FALLIBLE soak_state_open(const char *path, const char *what, bool afresh,
			    struct soak_saved *out_saved,
			    struct soak_state **out)
{
	kr_cleanup(soak_state_closep) struct soak_state *state =
		calloc(1, sizeof(*state));
	kr_cleanup(str_freep) char *folder = file_dirname(path);
	struct soak_saved saved = { 0 };
	struct err *err;

	if (!state || !folder)
		return err_no_memory();
	err = file_make_dirs(folder);
	if (!err)
		err = appendlog_open(path, 0, NULL, &state->log);
	if (err_is(err, KR_EHELD))
		return err_wrap(err, "another soak of the same target is "
				     "under way");
	if (!err && !afresh)
		err = read_saved(state, what, &saved);
	if (err) {
		soak_saved_release(&saved);
		return err_wrap(err, "state of the soak");
	}
	*out_saved = saved;
	*out = take_ptr(&state);
	return NULL;
}

KR_FALLIBLE soak_state_begin(struct soak_state *state, const char *what,
			     int64_t age_ms)
{
	kr_cleanup(json_freep) struct cJSON *line = json_object();
	kr_cleanup(str_freep) char *id = boot_id();

	json_set_str(line, "keyrot", FORMAT);
	json_set_str(line, "what", what);
	json_set_str(line, "boot", id);
	json_set_int(line, "startBootMs", clock_boot_ms() - age_ms);
	json_set_int(line, "startWallMs", clock_wall_ms() - age_ms);
	return soak_state_add(state, line);
}

KR_FALLIBLE soak_state_add(struct soak_state *state, const struct cJSON *line)
{
	kr_cleanup(str_freep) char *text = NULL;
	struct err *err = json_print(line, &text);

	if (!err)
		err = appendlog_add(state->log, text, strlen(text));
	return err_wrap(err, "state of the soak");
}
