#include "report/sources.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/json.h"
#include "base/str.h"
#include "runbook/journal.h"
#include "runbook/kept.h"

void report_put_number(struct cJSON *object, const char *name, double value)
{
	json_set(object, name,
		 isfinite(value) ? cJSON_CreateNumber(value)
				 : cJSON_CreateNull());
}

void report_put_copy(struct cJSON *to, const char *name,
		     const struct cJSON *value)
{
	json_set(to, name, value ? json_copy(value) : cJSON_CreateNull());
}

void sources_release(struct sources *sources)
{
	json_free(sources->lines);
	json_free(sources->journals);
	json_free(sources->runs);
	err_free(sources->broken);
	*sources = (struct sources){ 0 };
}

static struct err *take_line(void *user, const struct cJSON *line)
{
	json_append(user, json_copy(line));
	return NULL;
}

/* One that is not there yet is empty; one that is broken ends early. */
static KR_FALLIBLE read_ledger(struct sources *s)
{
	struct ledger *ledger = s->options->ledger;
	struct err *err;

	if (!ledger || !ledger_exists(ledger))
		return NULL;
	err = ledger_each(ledger, take_line, s->lines);
	if (!err_is(err, KR_EGATE))
		return err;
	s->broken = err;
	return NULL;
}

static void take_journal(void *user, const char *rotation, const char *undone,
			 const struct cJSON *lines)
{
	struct cJSON *journal = json_append_object(user);

	json_set_str(journal, "rotation", rotation);
	json_set_str(journal, "undone", undone);
	json_set(journal, "lines", json_copy(lines));
}

static const struct cJSON *journal_of(const struct sources *s, const char *id)
{
	const struct cJSON *j;

	for (j = json_first(s->journals); j; j = json_next(j)) {
		if (str_same(json_member_str(j, "rotation"), id))
			return j;
	}
	return NULL;
}

/* The line that was written last of a rotation, of any; NULL where none is. */
static const struct cJSON *last_line(const struct sources *s)
{
	const struct cJSON *line, *last = NULL;

	for (line = json_first(s->lines); line; line = json_next(line)) {
		if (json_member_str(line, "rotation"))
			last = line;
	}
	return last;
}

static bool wrote_key(const struct cJSON *line, const char *fingerprint)
{
	return str_same(json_member_str(line, "step"), "write-secret") &&
	       str_same(json_member_str(line, "fingerprint"), fingerprint);
}

/*
 * What the roll-back undid: the journal says it; the ledger shows it, by the
 * key that it replaced. NULL: it is no roll-back, or that is not known.
 */
static const char *undone_by(const struct sources *s, const char *id)
{
	const struct cJSON *line, *earlier;
	const char *key = NULL, *found = NULL;

	if (journal_of(s, id))
		return json_member_str(journal_of(s, id), "undone");
	for (line = json_first(s->lines); line && !key;
	     line = json_next(line)) {
		if (str_same(json_member_str(line, "rotation"), id) &&
		    str_same(json_member_str(line, "outcome"), "rolled-back"))
			key = json_member_str(line, "previousFingerprint");
	}
	for (earlier = json_first(s->lines); key && earlier;
	     earlier = json_next(earlier)) {
		const char *other = json_member_str(earlier, "rotation");

		if (str_same(other, id))
			break;
		if (wrote_key(earlier, key))
			found = other;
	}
	return found;
}

const char *sources_begun_at(const struct cJSON *lines)
{
	const struct cJSON *line = json_first(lines);

	for (; line; line = json_next(line)) {
		if (str_same(json_member_str(line, "event"), "begun"))
			return json_member_str(line, "time");
	}
	return NULL;
}

/* The one that begins last, by either; times are RFC 3339 in UTC. */
static const char *newest(const struct sources *s)
{
	const struct cJSON *last = last_line(s), *j;
	const char *id = json_member_str(last, "rotation");
	const char *at = json_member_str(last, "time");

	for (j = json_first(s->journals); j; j = json_next(j)) {
		const char *begun = sources_begun_at(json_member(j, "lines"));

		if (begun && (!at || strcmp(begun, at) > 0)) {
			id = json_member_str(j, "rotation");
			at = begun;
		}
	}
	return id;
}

static KR_FALLIBLE not_found(const char *what)
{
	return err_hint(err_set_reason(err_new(KR_EUSAGE, "%s", what),
				       "RotationNotFound"),
			"kubectl keyrot ledger show");
}

static bool is_known(const struct sources *s, const char *id)
{
	const struct cJSON *line = json_first(s->lines);

	while (line && !str_same(json_member_str(line, "rotation"), id))
		line = json_next(line);
	return line || journal_of(s, id);
}

static KR_FALLIBLE choose(struct sources *s)
{
	const char *id = s->options->rotation;
	const char *undone;

	if (!id)
		id = newest(s);
	if (!id)
		return not_found("no rotation is known here yet: neither the "
				 "ledger nor this machine has one");
	if (!is_known(s, id))
		return not_found("neither the ledger nor this machine knows "
				 "that rotation");
	undone = undone_by(s, id);
	if (undone && is_known(s, undone))
		id = undone;
	(void)snprintf(s->id, sizeof(s->id), "%s", id);
	return NULL;
}

static KR_FALLIBLE add_run(struct sources *s, const char *id,
			   const char *undoes)
{
	struct cJSON *kept = NULL, *run;
	struct err *err = kept_read(s->options->config->service, id, &kept);

	if (err)
		return err;
	run = json_append_object(s->runs);
	json_set_str(run, "rotation", id);
	json_set_str(run, "undoes", undoes);
	if (journal_of(s, id))
		json_set(run, "journal",
			 json_copy(json_member(journal_of(s, id), "lines")));
	if (kept)
		json_set(run, "kept", kept);
	return NULL;
}

static bool is_run(const struct sources *s, const char *id)
{
	const struct cJSON *run = json_first(s->runs);

	while (run && !str_same(json_member_str(run, "rotation"), id))
		run = json_next(run);
	return run != NULL;
}

/* Whether it could be of a roll-back: most are not, and cost nothing more. */
static bool may_undo(const struct cJSON *item)
{
	return json_member_str(item, "undone") ||
	       str_same(json_member_str(item, "outcome"), "rolled-back");
}

/* Its roll-backs: those of the ledger first, then those only seen here. */
static KR_FALLIBLE add_undoing(struct sources *s, const struct cJSON *list)
{
	const struct cJSON *item;
	struct err *err = NULL;

	for (item = json_first(list); !err && item; item = json_next(item)) {
		const char *id = json_member_str(item, "rotation");

		if (id && may_undo(item) && !is_run(s, id) &&
		    str_same(undone_by(s, id), s->id))
			err = add_run(s, id, s->id);
	}
	return err;
}

bool sources_has(const struct sources *sources, const struct cJSON *line)
{
	const char *id = json_member_str(line, "rotation");

	return id && is_run(sources, id);
}

const struct config_environment *
sources_environment(const struct sources *sources, const char *context,
		    const char *namespace_)
{
	const struct config *config = sources->options->config;

	for (size_t i = 0; context && i < config->n_environments; i++) {
		const struct config_environment *e = &config->environments[i];

		for (size_t j = 0; j < e->n_targets; j++) {
			const struct config_target *t = &e->targets[j];

			if (str_same(t->context, context) &&
			    (!t->namespace_ || !namespace_ ||
			     strcmp(t->namespace_, namespace_) == 0))
				return e;
		}
	}
	return NULL;
}

KR_FALLIBLE sources_read(const struct report_options *options,
			 struct sources *out)
{
	struct sources s = { .options = options,
			     .lines = json_array(),
			     .journals = json_array(),
			     .runs = json_array() };
	struct err *err = read_ledger(&s);

	if (!err)
		err = journal_each(options->config->service, take_journal,
				   s.journals);
	if (!err)
		err = choose(&s);
	if (!err)
		err = add_run(&s, s.id, NULL);
	if (!err)
		err = add_undoing(&s, s.lines);
	if (!err)
		err = add_undoing(&s, s.journals);
	if (err) {
		sources_release(&s);
		return err;
	}
	*out = s;
	return NULL;
}
