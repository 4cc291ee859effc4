/* Names of annotations and field managers, and the restart patch. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "kube/annotations.h"
#include "unit.h"

#define A10 "aaaaaaaaaa"
#define A60 A10 A10 A10 A10 A10 A10

static void names_on_secret(void)
{
	static const struct {
		enum kube_note note;
		const char *entry, *name;
	} rows[] = {
		{ NOTE_FINGERPRINT, "SECRET_ENCRYPTION_KEY",
		  "fingerprint.keyrot.dev/SECRET_ENCRYPTION_KEY" },
		{ NOTE_ROTATION, "a.b-c", "rotation.keyrot.dev/a.b-c" },
		{ NOTE_PREVIOUS, "K", "previous.keyrot.dev/K" },
		{ NOTE_OPERATOR, "9", "operator.keyrot.dev/9" },
		{ NOTE_ROTATED_AT, A60 "abc",
		  "rotated-at.keyrot.dev/" A60 "abc" },
	};
	char name[KUBE_NOTE_LEN];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		UNIT_OK(kube_note_on_secret(rows[i].note, rows[i].entry, name));
		UNIT_STR(name, rows[i].name);
	}
}

static void hashes_what_is_no_name(void)
{
	/* First 40 digits of `printf '%s' TEXT | sha256sum`. */
	static const struct {
		const char *entry, *hash;
	} rows[] = {
		{ ".dot", "0ce4e5a50a79574695e2224fc6b38e38d8be3c66" },
		{ "end-", "89d969cd480f9cdede6bf6ce1de36c59bcb13e5c" },
		{ A60 "abcd", "e8375a0410b5b9d53b773594cea18e6b95675d7d" },
	};
	char name[KUBE_NOTE_LEN], want[KUBE_NOTE_LEN];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		(void)snprintf(want, sizeof(want), "rotation.keyrot.dev/x-%s",
			       rows[i].hash);
		UNIT_OK(kube_note_on_secret(NOTE_ROTATION, rows[i].entry,
					    name));
		UNIT_STR(name, want);
	}
}

static void names_on_pods(void)
{
	char name[KUBE_NOTE_LEN];

	UNIT_OK(kube_note_on_pod(NOTE_FINGERPRINT, "secrets-service-config",
				 "SECRET_ENCRYPTION_KEY", name));
	UNIT_STR(name, "fingerprint.keyrot.dev/"
		       "secrets-service-config.SECRET_ENCRYPTION_KEY");
	/* 64 characters in all: one too many. */
	UNIT_OK(kube_note_on_pod(NOTE_ROTATION, A60, "KEY", name));
	UNIT_STR(
		name,
		"rotation.keyrot.dev/x-7bca292c3517615cfa37e850fac72786bdadec49");
}

static void names_managers(void)
{
	char name[KUBE_MANAGER_LEN];
	char entry[254];

	UNIT_OK(kube_manager_of_entry("KEY", name));
	UNIT_STR(name, "keyrot.KEY");
	memset(entry, 'a', sizeof(entry));
	entry[121] = '\0';
	UNIT_OK(kube_manager_of_entry(entry, name));
	CU_ASSERT_EQUAL(strlen(name), 128);
	entry[121] = 'a';
	entry[122] = '\0';
	UNIT_OK(kube_manager_of_entry(entry, name));
	CU_ASSERT_EQUAL(strlen(name), strlen("keyrot.x-") + 40);
	CU_ASSERT_EQUAL(strncmp(name, "keyrot.x-", 9), 0);
}

static void patches_the_template_alone(void)
{
	kr_cleanup(str_freep) char *patch = NULL;
	kr_cleanup(str_freep) char *again = NULL;

	if (!UNIT_OK(kube_restart_patch("s", "KEY", "kr-1", "ab12", NULL,
					&patch)) ||
	    !UNIT_OK(kube_restart_patch("s", "KEY", "kr-1", "ab12", NULL,
					&again)))
		return;
	UNIT_STR(patch, "{\"spec\":{\"template\":{\"metadata\":{"
			"\"annotations\":{"
			"\"fingerprint.keyrot.dev/s.KEY\":\"ab12\","
			"\"rotation.keyrot.dev/s.KEY\":\"kr-1\"}}}}}");
	UNIT_STR(again, patch);
}

const struct unit_suite unit_annotations = {
	.tests = { { "names on the Secret", names_on_secret },
		   { "hashes what is no name", hashes_what_is_no_name },
		   { "names on pods", names_on_pods },
		   { "names managers", names_managers },
		   { "patches the template alone",
		     patches_the_template_alone } },
};
