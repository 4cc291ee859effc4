/* What must hold between the fields of a `notify:` entry. */
#include <string.h>

#include "base/json.h"
#include "config/check.h"

static bool is_event(const char *text)
{
	static const char *const events[] = { "start",	"needs-person",
					      "failed", "rolled-back",
					      "done",	NULL };

	for (size_t i = 0; events[i]; i++)
		if (strcmp(events[i], text) == 0)
			return true;
	return false;
}

/* Fields that belong to one type alone. */
static KR_FALLIBLE check_type(const struct yaml_doc *doc,
			      const struct cJSON *node,
			      const struct config_notify *n)
{
	bool slack = n->type == NOTIFY_SLACK;

	if (n->type == NOTIFY_WEBHOOK && !n->url)
		return yaml_err(doc, node, "a webhook needs a url");
	if (n->type == NOTIFY_COMMAND && !n->run)
		return yaml_err(doc, node, "a command needs run");
	if (slack && !n->token.value && !n->url)
		return yaml_err(doc, node,
				"slack needs a token, or the url of an "
				"incoming webhook");
	if (n->channels && (!slack || !n->token.value))
		return yaml_err(doc, json_at(node, "channels"),
				"channels belong to type: slack with a token");
	if (n->run && n->type != NOTIFY_COMMAND)
		return yaml_err(doc, json_at(node, "run"),
				"run belongs to type: command");
	if (n->type == NOTIFY_COMMAND && (n->url || n->token.value))
		return yaml_err(doc, node,
				"a command has neither url nor token");
	return NULL;
}

KR_FALLIBLE config_check_notify(const struct config_notify *n,
				const struct yaml_doc *doc,
				const struct cJSON *node)
{
	/* YAML 1.1 reads the name as true. */
	const struct cJSON *on = json_at(node, "on");
	const struct cJSON *item = json_first(on ? on : json_at(node, "true"));

	for (size_t i = 0; n->on && n->on[i]; i++) {
		if (!is_event(n->on[i]))
			return yaml_err(doc, item,
					"on lists some of: start, "
					"needs-person, failed, rolled-back, "
					"done");
		item = item ? json_next(item) : NULL;
	}
	return check_type(doc, node, n);
}
