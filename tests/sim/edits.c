/* world.h: somebody else, with kubectl. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define SECRET "/api/v1/namespaces/" SIM_NS "/secrets/" SIM_SECRET
#define DEPLOYMENT                                                             \
	"/apis/apps/v1/namespaces/" SIM_NS "/deployments/secrets-service"
#define PODS  "/api/v1/namespaces/" SIM_NS "/pods"
#define MERGE "application/merge-patch+json"

enum edit {
	EDIT_NOTE, /* an annotation of the Secret */
	EDIT_KEY,  /* the key itself, by hand */
	EDIT_RESTART,
	EDIT_DELETE_PODS,
	EDIT_COMPACT, /* etcd forgets its history */
	EDIT_COUNT,
};

static void send(const char *method, const char *target, const char *type,
		 const char *body)
{
	struct sim_request request = {
		.method = method,
		.target = target,
		.token = "sweeper-token",
		.content_type = type,
		.agent = "kubectl",
		.body = body,
		.body_len = strlen(body),
	};
	struct sim_answer answer;

	simcluster_serve(world.plan.edit_cluster, &request, &answer);
	world_trace("somebody: %s %s: %d", method, target, answer.status);
	simcluster_release(&answer);
}

static void put_key(void)
{
	char text[64], body[512];
	int key;

	/* 44 letters of base64, as all keys here. */
	(void)snprintf(text, sizeof(text),
		       "YnktaGFuZC1ieS1oYW5k%016llxMTIzNDU=",
		       (unsigned long long)sim_random(&world.random));
	key = world_key_of_text(text);
	world.by_hand |= 1ull << key;
	(void)snprintf(body, sizeof(body),
		       "{\"data\":{\"" SIM_ENTRY "\":\"%s\"}}",
		       world.keys[key].base64);
	send("PATCH", SECRET "?fieldManager=kubectl-edit", MERGE, body);
}

void world_edit(void)
{
	world.edits++;
	switch ((enum edit)(world.plan.edit_what % EDIT_COUNT)) {
	case EDIT_NOTE:
		send("PATCH", SECRET "?fieldManager=kubectl-annotate", MERGE,
		     "{\"metadata\":{\"annotations\":{\"team.example/note\":"
		     "\"seen\"}}}");
		break;
	case EDIT_KEY:
		put_key();
		break;
	case EDIT_RESTART:
		send("PATCH", DEPLOYMENT "?fieldManager=kubectl-rollout", MERGE,
		     "{\"spec\":{\"template\":{\"metadata\":{\"annotations\":{"
		     "\"kubectl.kubernetes.io/restartedAt\":"
		     "\"2026-11-23T09:00:00Z\"}}}}}");
		break;
	case EDIT_DELETE_PODS:
		send("DELETE", PODS, NULL, "");
		break;
	case EDIT_COMPACT:
		simcluster_compact(world.plan.edit_cluster);
		world_trace("somebody: etcd is compacted");
		break;
	case EDIT_COUNT:
		break;
	}
}
