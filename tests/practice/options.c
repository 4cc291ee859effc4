#include "write.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *options_kind(const struct request *req)
{
	if (str_eq(req->method, "POST"))
		return "CreateOptions";
	return str_eq(req->method, "PUT") ? "UpdateOptions" : "PatchOptions";
}

static bool manager_printable(const char *manager)
{
	for (; *manager; manager++)
		if (!isprint((unsigned char)*manager))
			return false;
	return true;
}

static void check_manager(const char *manager, bool apply, cJSON *causes)
{
	if (apply && (!manager || !*manager))
		cause_add(causes, "FieldValueRequired", "fieldManager",
			  "Required value: is required for apply patch");
	if (manager && strlen(manager) > 128)
		cause_add(causes, "FieldValueTooLong", "fieldManager",
			  "Too long: may not be more than 128 bytes");
	if (manager && !manager_printable(manager))
		cause_add(causes, "FieldValueInvalid", "fieldManager",
			  "Invalid value: should contain printable characters");
}

static bool check_options(const struct request *req, bool apply,
			  struct reply *reply)
{
	const char *dry = request_param(req, "dryRun");
	const char *check = request_param(req, "fieldValidation");
	cJSON *causes = cJSON_CreateArray();

	if (!apply && request_param(req, "force"))
		cause_add(causes, "FieldValueForbidden", "force",
			  "Forbidden: may not be specified for non-apply "
			  "patch");
	check_manager(request_param(req, "fieldManager"), apply, causes);
	if (dry && *dry && !str_eq(dry, "All"))
		cause_add(causes, "FieldValueNotSupported", "dryRun",
			  "Unsupported value: supported values: \"All\"");
	if (check && *check && !str_eq(check, "Strict") &&
	    !str_eq(check, "Ignore") && !str_eq(check, "Warn"))
		cause_add(causes, "FieldValueNotSupported", "fieldValidation",
			  "Unsupported value: supported values: \"\", "
			  "\"Ignore\", \"Strict\", \"Warn\"");
	return status_causes(reply, "meta.k8s.io", options_kind(req), "",
			     causes);
}

/* Without fieldManager it is the user agent up to the first "/". */
static void set_manager(struct write *w, const char *manager)
{
	const char *from = manager && *manager ? manager : w->req->user_agent;
	size_t len;

	if (!from)
		from = "unknown";
	len = from == manager ? strlen(from) : strcspn(from, "/");
	if (len >= sizeof(w->manager))
		len = sizeof(w->manager) - 1;
	memcpy(w->manager, from, len);
	w->manager[len] = '\0';
}

bool write_begin(struct write *w, struct request *req, const struct target *to,
		 struct reply *reply)
{
	const char *type = req->content_type ? req->content_type : "";
	const char *dry = request_param(req, "dryRun");
	bool apply = str_starts(type, "application/apply-patch+yaml") &&
		     str_eq(req->method, "PATCH");

	memset(w, 0, sizeof(*w));
	w->req = req;
	w->to = to;
	w->reply = reply;
	w->dry_run = dry && *dry;
	w->strict = str_eq(request_param(req, "fieldValidation"), "Strict");
	w->by.kind = to->kind;
	w->by.manager = w->manager;
	w->by.subresource = to->sub;
	w->by.force = request_flag(req, "force");
	set_manager(w, request_param(req, "fieldManager"));
	return check_options(req, apply, reply) &&
	       accept_form(req, false, &w->form, reply);
}
