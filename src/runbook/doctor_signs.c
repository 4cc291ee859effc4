/*
 * Other tools that write the Secret or restart its workloads, seen from the
 * marks that they leave.
 */
#include <string.h>

#include "base/json.h"
#include "kube/secretobj.h"
#include "runbook/doctor.h"

void doctor_signs_of_secret(struct doctor *doctor, const struct cJSON *secret)
{
	struct kube_secret_signs signs;

	kube_secret_signs(secret, &signs);
	for (size_t i = 0; i < signs.count; i++)
		doctor_say(
			doctor, DOCTOR_WARNING, "owner",
			"Change the key where that tool takes it from, or pause it.",
			KUBE_SECRET_SIGN_SENTENCE, signs.items[i].tool,
			signs.items[i].does);
}

struct err *doctor_signs_of_workload(void *user, const struct cJSON *workload)
{
	struct doctor *doctor = user;
	const struct cJSON *metadata = json_member(workload, "metadata");
	const struct cJSON *note =
		json_first(json_member(metadata, "annotations"));

	for (; note; note = json_next(note)) {
		const char *name = json_name(note);

		if (!strstr(name, "reloader.stakater.com/"))
			continue;
		doctor_say(doctor, DOCTOR_WARNING, "owner", NULL,
			   "Reloader restarts %s by itself when the Secret "
			   "changes: it may be restarted twice",
			   json_str_or(metadata, "name", "a workload"));
		break;
	}
	return NULL;
}
