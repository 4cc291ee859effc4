/* world.h: the promises, looked at from outside, around every write and after
 * every run. docs/reliability.md has their numbers. */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "oracle.h"

#define OTHER	 "a2VwdA=="
#define WINDOW	 12
#define PREFIX	 "keyrot-ledger-v1\n"
#define OWN_WORD "fieldManager=keyrot." SIM_ENTRY

static int live_before, beside_before[2];

const cJSON *oracle_member(const cJSON *at, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(at, name);
}

const char *oracle_text(const cJSON *at, const char *name)
{
	const char *text = cJSON_GetStringValue(oracle_member(at, name));

	return text ? text : "";
}

void oracle_hash(const void *data, size_t len, char out[65])
{
	unsigned char digest[32];

	(void)SHA256(data, len, digest);
	for (int i = 0; i < 32; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

int world_key_of_text(const char *text)
{
	struct sim_key *key = &world.keys[world.key_count];

	for (int i = 0; i < world.key_count; i++)
		if (strcmp(world.keys[i].text, text) == 0)
			return i;
	if (world.key_count == SIM_KEYS)
		abort();
	(void)snprintf(key->text, sizeof(key->text), "%s", text);
	(void)EVP_EncodeBlock((unsigned char *)key->base64,
			      (const unsigned char *)text, (int)strlen(text));
	oracle_hash(text, strlen(text), key->fingerprint);
	return world.key_count++;
}

int world_key(const char *base64)
{
	unsigned char text[128];
	size_t len = strlen(base64);
	int n;

	if (!len || len > 84 || len % 4)
		return -1;
	n = EVP_DecodeBlock(text, (const unsigned char *)base64, (int)len);
	while (n > 0 && len && base64[len - 1] == '=') {
		n--;
		len--;
	}
	if (n <= 0 || n >= 64 || memchr(text, 0, (size_t)n))
		return -1;
	text[n] = '\0';
	return world_key_of_text((const char *)text);
}

int oracle_key_in(int cluster, const char *entry)
{
	const cJSON *secret = simcluster_secret(cluster, SIM_SECRET);
	const char *value = oracle_text(oracle_member(secret, "data"), entry);

	return *value ? world_key(value) : -1;
}

static bool is_held(int key)
{
	return key >= 0 && things_holds(world.keys[key].fingerprint);
}

const char *oracle_leaked(const char *text, size_t len)
{
	for (int i = 0; i < world.key_count; i++) {
		const char *forms[] = { world.keys[i].text,
					world.keys[i].base64 };

		for (int f = 0; f < 2; f++) {
			size_t n = strlen(forms[f]);

			for (size_t at = 0; at + WINDOW <= n; at += WINDOW)
				if (memmem(text, len, forms[f] + at, WINDOW))
					return world.keys[i].fingerprint;
		}
	}
	return NULL;
}

static bool writes(const struct sim_request *r)
{
	return strcmp(r->method, "GET") != 0 &&
	       strstr(r->target, "/secrets/" SIM_SECRET);
}

void oracle_before(int process, int cluster, const struct sim_request *r)
{
	if (process >= 0 && (oracle_leaked(r->target, strlen(r->target)) ||
			     (!(writes(r) && strstr(r->target, OWN_WORD)) &&
			      oracle_leaked(r->body, r->body_len))))
		world_fail("5: a key is in %s %s", r->method, r->target);
	live_before = oracle_key_in(cluster, SIM_ENTRY);
	beside_before[0] = oracle_key_in(cluster, SIM_ENTRY "_NEXT");
	beside_before[1] = oracle_key_in(cluster, SIM_ENTRY "_PREVIOUS");
}

static void check_others(int cluster)
{
	const cJSON *secret = simcluster_secret(cluster, SIM_SECRET);
	const cJSON *notes =
		oracle_member(oracle_member(secret, "metadata"), "annotations");

	if (strcmp(oracle_text(oracle_member(secret, "data"), "OTHER"),
		   OTHER) != 0)
		world_fail("4: the other entry was changed");
	if (strcmp(oracle_text(notes, "team.example/owner"), "jane") != 0)
		world_fail("4: somebody's annotation is gone");
}

static bool has_seen(int process, int cluster, int key)
{
	return key < 0 || world.processes[process].seen[cluster] >> key & 1;
}

/* What stood there before a process put `now` in its place. */
static void check_replaced(int process, int cluster, int before, int now)
{
	if (before == now || before < 0)
		return;
	if (!has_seen(process, cluster, before))
		world_fail("4: operator %d wrote over a key that it had not "
			   "read",
			   process);
	if (!is_held(before))
		world_fail("2: the key that operator %d replaced is not "
			   "stored",
			   process);
}

/* Who wrote the key last, and when, in world.requests. */
static struct {
	int process;
	long at;
} written[SIM_CLUSTERS];

static void take_lease(struct sim_process *p, int cluster,
		       const struct sim_request *r, int status)
{
	if (strstr(r->target, "/leases") && strcmp(r->method, "GET") != 0 &&
	    status < 300 && !p->leased[cluster])
		p->leased[cluster] = world.requests + 1;
}

/* Since it took the Lease, nobody else may have written. */
static void check_alone(int process, int cluster)
{
	const struct sim_process *p = &world.processes[process];

	if (p->leased[cluster] && written[cluster].process != process &&
	    written[cluster].at > p->leased[cluster])
		world_fail("4: operator %d wrote over the key that operator "
			   "%d had put there meanwhile",
			   process, written[cluster].process);
	written[cluster].process = process;
	written[cluster].at = world.requests + 1;
}

void oracle_after(int process, int cluster, const struct sim_request *r,
		  int status)
{
	int now, next, previous;

	if (process >= 0)
		take_lease(&world.processes[process], cluster, r, status);

	if (process < 0 || !writes(r))
		return;
	now = oracle_key_in(cluster, SIM_ENTRY);
	next = oracle_key_in(cluster, SIM_ENTRY "_NEXT");
	previous = oracle_key_in(cluster, SIM_ENTRY "_PREVIOUS");
	check_replaced(process, cluster, live_before, now);
	check_replaced(process, cluster, beside_before[1], previous);
	if (now != live_before && !is_held(now))
		world_fail("1: operator %d put a key there that the store "
			   "does not hold",
			   process);
	if (next != beside_before[0] && next >= 0 && !is_held(next))
		world_fail("1: the keyring has a key that the store does not");
	if (now != live_before)
		check_alone(process, cluster);
	/* What one wrote, it knows. */
	if (now >= 0 && now != live_before)
		world.processes[process].seen[cluster] |= 1ull << now;
	check_others(cluster);
}

void oracle_read(int process, int cluster, const char *body, size_t len)
{
	for (int i = 0; i < world.key_count; i++)
		if (memmem(body, len, world.keys[i].base64,
			   strlen(world.keys[i].base64)))
			world.processes[process].seen[cluster] |= 1ull << i;
}

static void check_clusters(void)
{
	for (int c = 0; c < SIM_CLUSTERS; c++) {
		cJSON *look = simcluster_look(c, SIM_SECRET, SIM_ENTRY);
		const cJSON *pod;
		int live = oracle_key_in(c, SIM_ENTRY);

		if (live > 0 && !is_held(live) && !(world.by_hand >> live & 1))
			world_fail("1: cluster %d has a key that the store "
				   "does not",
				   c);
		cJSON_ArrayForEach (pod, oracle_member(look, "pods")) {
			const char *print = oracle_text(pod, "fingerprint");
			bool known = false;

			for (int i = 0; i < world.key_count; i++)
				known |= (i == 0 || is_held(i) ||
					  (world.by_hand >> i & 1)) &&
					 strcmp(print,
						world.keys[i].fingerprint) == 0;
			if (*print && !known)
				world_fail("1: a pod of cluster %d has a key "
					   "that cannot be got back",
					   c);
		}
		check_others(c);
		cJSON_Delete(look);
	}
}

static int look_at_file(const char *path, const struct stat *st, int type,
			struct FTW *ftw)
{
	char *text;
	FILE *file;
	size_t n;

	(void)ftw;
	if (type != FTW_F || strstr(path, "/shared") || strstr(path, "/key-") ||
	    st->st_size <= 0)
		return 0;
	text = malloc((size_t)st->st_size);
	file = fopen(path, "r");
	if (!text || !file)
		abort();
	n = fread(text, 1, (size_t)st->st_size, file);
	(void)fclose(file);
	if (oracle_leaked(text, n))
		world_fail("5: a key is in %s", path + strlen(world.folder));
	free(text);
	return 0;
}

/* Each line's hash is of it and of the line before. */
static void check_ledger(void)
{
	char *path = world_path("ledger.jsonl"), *line = NULL, hash[65];
	FILE *file = fopen(path, "r");
	char before[65];
	size_t size = 0;
	ssize_t len;

	(void)memset(before, '0', 64);
	before[64] = '\0';
	free(path);
	while (file && (len = getline(&line, &size, file)) > 0 &&
	       line[len - 1] == '\n') {
		char *own = strstr(line, ",\"hash\":\""), *whole;
		cJSON *row = cJSON_Parse(line);
		int n;

		if (!own || !row) {
			world_fail("6: a line of the ledger is damaged");
			cJSON_Delete(row);
			break;
		}
		n = asprintf(&whole, PREFIX "%.*s", (int)(own - line), line);
		if (n < 0)
			abort();
		oracle_hash(whole, (size_t)n, hash);
		if (strcmp(oracle_text(row, "hash"), hash) != 0 ||
		    strcmp(oracle_text(row, "prev"), before) != 0)
			world_fail("6: a line of the ledger does not fit");
		(void)strcpy(before, hash);
		free(whole);
		cJSON_Delete(row);
	}
	free(line);
	if (file)
		(void)fclose(file);
}

void oracle_ended(int process)
{
	cJSON *document = oracle_document(process);
	char *out = world_output(process, "out");
	char *err = world_output(process, "err");

	check_clusters();
	check_ledger();
	if (oracle_leaked(out, strlen(out)) || oracle_leaked(err, strlen(err)))
		world_fail("5: a key is in what is printed");
	if (nftw(world.folder, look_at_file, 8, FTW_PHYS) != 0)
		world_fail("6: its files cannot be read");
	if (!world.processes[process].killed)
		oracle_check_told(process, document);
	world_hash(out, strlen(out));
	free(out);
	free(err);
	cJSON_Delete(document);
}

/* It says that all is done. */
void oracle_final(int process)
{
	int key = oracle_key_in(0, SIM_ENTRY);

	(void)process;
	if (world.by_hand)
		return;
	for (int c = 0; c < SIM_CLUSTERS; c++) {
		cJSON *look = simcluster_look(c, SIM_SECRET, SIM_ENTRY);
		const cJSON *pod;
		int pods = 0;

		if (key < 0 || oracle_key_in(c, SIM_ENTRY) != key)
			world_fail("3: done, it says; the clusters have two "
				   "keys");
		cJSON_ArrayForEach (pod, oracle_member(look, "pods")) {
			if (!cJSON_IsTrue(oracle_member(pod, "running")))
				continue;
			pods++;
			if (key >= 0 && strcmp(oracle_text(pod, "fingerprint"),
					       world.keys[key].fingerprint))
				world_fail("3: done, it says; a pod of "
					   "cluster %d runs another key",
					   c);
		}
		/* One that somebody else restarted is still ending. */
		if (pods < SIM_PODS || (pods > SIM_PODS && !world.edits))
			world_fail("3: done, it says; cluster %d has %d pods",
				   c, pods);
		cJSON_Delete(look);
	}
}
