/* Which contexts of the kubeconfig are staging, and which are production. */
#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "cli/init.h"
#include "config/config.h"

enum stage { STAGE_NONE, STAGE_STAGING, STAGE_TEST, STAGE_PRODUCTION };

static const struct {
	const char *word;
	enum stage stage;
} words[] = {
	{ "staging", STAGE_STAGING },
	{ "stage", STAGE_STAGING },
	{ "stg", STAGE_STAGING },
	{ "preprod", STAGE_STAGING },
	{ "preproduction", STAGE_STAGING },
	{ "nonprod", STAGE_STAGING },
	{ "uat", STAGE_STAGING },
	{ "test", STAGE_TEST },
	{ "testing", STAGE_TEST },
	{ "qa", STAGE_TEST },
	{ "dev", STAGE_TEST },
	{ "production", STAGE_PRODUCTION },
	{ "prod", STAGE_PRODUCTION },
	{ "prd", STAGE_PRODUCTION },
	{ "live", STAGE_PRODUCTION },
};

/* One word of a name, without digits at its end: "prod1" is "prod". */
static enum stage stage_of_word(const char *word, size_t n)
{
	while (n && isdigit((unsigned char)word[n - 1]))
		n--;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strlen(words[i].word) == n &&
		    strncasecmp(words[i].word, word, n) == 0)
			return words[i].stage;
	return STAGE_NONE;
}

/* "pre-prod" and "non-production" are not production. */
static bool turns_around(const char *word, size_t n)
{
	return n == 3 && (strncasecmp(word, "pre", n) == 0 ||
			  strncasecmp(word, "non", n) == 0);
}

/* Of the part behind the last '/' of an ARN, and of USER@CLUSTER's cluster. */
static enum stage stage_of(const char *name)
{
	const char *at = strrchr(name, '@');
	enum stage found = STAGE_NONE;
	bool turned = false;
	size_t n;

	for (name = at ? at + 1 : name; *name; name += n) {
		enum stage stage;

		name += strcspn(name, "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
		for (n = 0; isalnum((unsigned char)name[n]); n++)
			;
		stage = stage_of_word(name, n);
		if (stage == STAGE_PRODUCTION && turned)
			stage = STAGE_STAGING;
		if (found == STAGE_NONE)
			found = stage;
		turned = turns_around(name, n);
	}
	return found;
}

static KR_FALLIBLE add_place(struct init *init, const char *context,
			     const char *environment)
{
	if (init->n_places >= CONFIG_MAX_TARGETS)
		return err_new(KR_EUSAGE, "more than %d contexts",
			       CONFIG_MAX_TARGETS);
	if (!init->places)
		init->places =
			calloc(CONFIG_MAX_TARGETS, sizeof(*init->places));
	if (!init->places)
		return err_no_memory();
	init->places[init->n_places++] = (struct discover_place){
		.context = context,
		.environment = environment,
	};
	return NULL;
}

/* Of two that lead to one place: the current one, then the plain one. */
static bool is_better(const struct kube_context *a,
		      const struct kube_context *b)
{
	if (a->current != b->current)
		return a->current;
	return !strchr(a->name, '@') && strchr(b->name, '@');
}

/* Another user's context of the same cluster and namespace says no more. */
static bool is_best(const struct init *init, const struct kube_context *one)
{
	for (size_t i = 0; i < init->contexts.count; i++) {
		const struct kube_context *other = &init->contexts.items[i];

		if (other == one || !str_same(other->cluster, one->cluster) ||
		    !str_same(other->namespace_, one->namespace_) ||
		    stage_of(other->name) != stage_of(one->name))
			continue;
		if (is_better(other, one) ||
		    (!is_better(one, other) && other < one))
			return false;
	}
	return true;
}

static KR_FALLIBLE add_by_name(struct init *init, enum stage stage,
			       const char *environment)
{
	struct err *err = NULL;

	for (size_t i = 0; !err && i < init->contexts.count; i++) {
		const struct kube_context *c = &init->contexts.items[i];

		if (stage_of(c->name) == stage && is_best(init, c))
			err = add_place(init, c->name, environment);
	}
	return err;
}

static bool is_placed(const struct init *init, const char *context)
{
	for (size_t i = 0; i < init->n_places; i++)
		if (strcmp(init->places[i].context, context) == 0)
			return true;
	return false;
}

/* The contexts that are nothing yet; the rest of them is nobody's business. */
static KR_FALLIBLE ask_for(struct init *init, const char *environment,
			   const char *text, const char *flag)
{
	char **answers = calloc(init->contexts.count + 1, sizeof(*answers));
	struct init_question question = { .text = text, .flag = flag };
	struct err *err = answers ? NULL : err_no_memory();
	size_t n = 0, chosen = 0;

	for (size_t i = 0; !err && i < init->contexts.count; i++) {
		const struct kube_context *c = &init->contexts.items[i];

		if (is_best(init, c) && !is_placed(init, c->name))
			answers[n++] = c->name;
	}
	question.answers = answers;
	question.count = n;
	if (!err && n)
		err = init_ask(init, &question, &chosen);
	if (!err && n)
		err = add_place(init, answers[chosen], environment);
	free(answers);
	return err;
}

static size_t count_of(const struct init *init, const char *environment)
{
	size_t n = 0;

	for (size_t i = 0; i < init->n_places; i++)
		n += strcmp(init->places[i].environment, environment) == 0;
	return n;
}

static KR_FALLIBLE by_name(struct init *init)
{
	struct err *err = add_by_name(init, STAGE_STAGING, INIT_STAGING);

	if (!err && !init->n_places)
		err = add_by_name(init, STAGE_TEST, INIT_STAGING);
	if (!err && !init->n_places)
		err = ask_for(init, INIT_STAGING,
			      "Which context is staging, where a new key is "
			      "tried first?",
			      "--staging CONTEXT");
	if (!err)
		err = add_by_name(init, STAGE_PRODUCTION, INIT_PRODUCTION);
	if (!err && !count_of(init, INIT_PRODUCTION))
		err = ask_for(init, INIT_PRODUCTION,
			      "Which context is production?",
			      "--production CONTEXT");
	return err;
}

static KR_FALLIBLE check_known(const struct init *init, const char *flag,
			       const char *name)
{
	const size_t n = init->contexts.count;
	const char **names = calloc(n + 1, sizeof(*names));
	const char *meant;
	bool known = false;
	struct err *err;

	if (!names)
		return err_no_memory();
	for (size_t i = 0; i < n; i++) {
		names[i] = init->contexts.items[i].name;
		known = known || str_same(names[i], name);
	}
	meant = text_suggest(name, names);
	free(names);
	if (known)
		return NULL;
	err = err_new(KR_EUSAGE, "--%s: there is no context \"%s\"", flag,
		      name);
	return meant ? err_hint(err, "did you mean \"%s\"?", meant)
		     : err_hint(err, "kubectl config get-contexts");
}

static KR_FALLIBLE add_given(struct init *init, const char *const *names,
			     const char *environment)
{
	struct err *err = NULL;

	for (; !err && names && *names; names++) {
		err = check_known(init, environment, *names);
		if (err)
			return err;
		if (is_placed(init, *names))
			return err_new(KR_EUSAGE,
				       "--staging and --production name the "
				       "same context twice");
		err = add_place(init, *names, environment);
	}
	return err;
}

/* The one there is: what is not known to be staging is production. */
static KR_FALLIBLE add_alone(struct init *init, const char *context)
{
	enum stage stage = stage_of(context);
	bool staging = stage == STAGE_STAGING || stage == STAGE_TEST;

	return add_place(init, context,
			 staging ? INIT_STAGING : INIT_PRODUCTION);
}

/* Contexts that lead somewhere of their own. */
static size_t count_best(const struct init *init, const char **out_one)
{
	size_t n = 0;

	for (size_t i = 0; i < init->contexts.count; i++) {
		if (!is_best(init, &init->contexts.items[i]))
			continue;
		*out_one = init->contexts.items[i].name;
		n++;
	}
	return n;
}

KR_FALLIBLE init_find_contexts(struct init *init)
{
	const struct cli_options *o = &init->context->options;
	const char *only = NULL;
	struct err *err =
		kube_contexts_load(o->kube.kubeconfig, &init->contexts);

	if (err)
		return err;
	if (o->staging || o->production) {
		err = add_given(init, o->staging, INIT_STAGING);
		if (!err)
			err = add_given(init, o->production, INIT_PRODUCTION);
		return err;
	}
	if (o->kube.context)
		return add_alone(init, o->kube.context);
	switch (count_best(init, &only)) {
	case 0:
		return err_hint(
			err_new(KR_ECONFIG, "the kubeconfig names no context"),
			"kubectl config get-contexts");
	case 1:
		return add_alone(init, only);
	default:
		return by_name(init);
	}
}
