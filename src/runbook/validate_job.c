/*
 * Checks that are Kubernetes Jobs. A Job carries a label made of rotation,
 * environment, key, check and target: one that is under way is waited for and
 * none is made beside it, whoever began it.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/stop.h"
#include "base/yaml.h"
#include "kube/path.h"
#include "runbook/validate_internal.h"
#include "secret/secret.h"

#define LIMIT_MS	(10 * 60 * 1000)
#define PAUSE_FIRST_MS	200
#define PAUSE_MAX_MS	2000
#define MAX_MANIFEST	((size_t)1024 * 1024)
#define MAX_LOG_PODS	3
#define LABEL		"keyrot.dev/check"
#define ATTEMPT		"keyrot.dev/attempt"
#define HASH_DIGITS	16
#define MAX_PREFIX	32
#define LOGS_TIMEOUT_MS 20000

enum job_state { JOB_RUNNING, JOB_COMPLETE, JOB_FAILED };

struct job {
	struct check *check;
	struct kube *kube;
	struct cJSON *manifest;
	const char *ns; /* borrowed from the manifest or the place */
	char hash[HASH_DIGITS + 1];
	/* The newest one that is there. */
	long long attempt;
	enum job_state state;
	char *name;
};

static KR_FALLIBLE read_manifest(struct job *job)
{
	const struct check *check = job->check;
	kr_cleanup(buf_release) struct buf text = BUF_INIT(MAX_MANIFEST);
	kr_cleanup(yaml_freep) struct yaml_doc *doc = NULL;
	kr_cleanup(str_freep) char *filled = NULL;
	kr_cleanup(str_freep) char *path = NULL;
	const struct cJSON *root;
	struct err *err = check_fill(check, check->config->job, &filled);

	if (err)
		return err;
	path = check_path(check, filled);
	if (!path)
		return err_no_memory();
	err = file_read(path, &text);
	if (!err)
		err = yaml_parse(path, buf_str(&text), text.len, 0, &doc);
	if (err)
		return err_as(err, KR_ECONFIG);
	root = yaml_root(doc);
	if (strcmp(json_str_or(root, "kind", ""), "Job") != 0 ||
	    strcmp(json_str_or(root, "apiVersion", ""), "batch/v1") != 0)
		return yaml_err(doc, root, "wants a Job of batch/v1");
	job->manifest = json_copy(root);
	if (!job->manifest)
		return err_no_memory();
	job->ns = json_str_or(job->manifest, "metadata.namespace",
			      check->options->places[0].target.ns);
	return NULL;
}

static KR_FALLIBLE make_hash(struct job *job)
{
	const struct validate_options *o = job->check->options;
	kr_cleanup(secret_freep) struct secret *text = NULL;
	kr_cleanup(str_freep) char *what = NULL;
	char hash[SECRET_FINGERPRINT_LEN];
	struct err *err;

	/* Targets of one cluster may share the namespace of their Jobs. */
	if (asprintf(&what, "%s\n%s\n%s\n%s\n%s/%s",
		     o->rotation ? o->rotation : "", o->name, o->fingerprint,
		     job->check->name, o->places[0].target.ns,
		     o->places[0].target.secret) < 0) {
		what = NULL;
		return err_no_memory();
	}
	err = secret_from_bytes(what, strlen(what), &text);
	if (!err)
		err = secret_fingerprint(text, hash);
	if (!err)
		(void)snprintf(job->hash, sizeof(job->hash), "%.*s",
			       HASH_DIGITS, hash);
	return err;
}

static struct cJSON *member(struct cJSON *object, const char *name)
{
	struct cJSON *found = json_member_mut(object, name);

	return json_is_object(found) ? found : json_add_object(object, name);
}

static void put_labels(const struct job *job, struct cJSON *object)
{
	const struct validate_options *o = job->check->options;
	struct cJSON *metadata = member(object, "metadata");
	struct cJSON *labels = member(metadata, "labels");
	struct cJSON *notes = member(metadata, "annotations");
	char attempt[24];

	(void)snprintf(attempt, sizeof(attempt), "%lld", job->attempt);
	json_set_str(labels, "app.kubernetes.io/managed-by", "keyrot");
	json_set_str(labels, LABEL, job->hash);
	json_set_str(labels, ATTEMPT, attempt);
	json_set_str(notes, "keyrot.dev/rotation",
		     o->rotation ? o->rotation : "");
	json_set_str(notes, "keyrot.dev/environment", o->name);
	json_set_str(notes, "keyrot.dev/fingerprint", o->fingerprint);
}

/* The manifest's name, cut so that a pod's name still fits behind it. */
static KR_FALLIBLE fill_manifest(struct job *job)
{
	const char *name = json_str_or(
		job->manifest, "metadata.name",
		json_str_or(job->manifest, "metadata.generateName", "check"));
	int n = (int)strnlen(name, MAX_PREFIX);
	struct cJSON *metadata;

	while (n > 0 && strchr("-.", name[n - 1]))
		n--;
	free(job->name);
	if (asprintf(&job->name, "%.*s-%.8s-%lld", n, name, job->hash,
		     job->attempt) < 0) {
		job->name = NULL;
		return err_no_memory();
	}
	put_labels(job, job->manifest);
	put_labels(job, member(member(job->manifest, "spec"), "template"));
	metadata = member(job->manifest, "metadata");
	json_set_str(metadata, "name", job->name);
	json_set_str(metadata, "namespace", job->ns);
	job->ns = json_str(job->manifest, "metadata.namespace");
	return NULL;
}

static enum job_state state_of(const struct cJSON *object)
{
	const struct cJSON *c;

	for (c = json_first(json_at(object, "status.conditions")); c;
	     c = json_next(c)) {
		const char *type = json_str_or(c, "type", "");

		if (strcmp(json_str_or(c, "status", ""), "True") != 0)
			continue;
		if (strcmp(type, "Complete") == 0)
			return JOB_COMPLETE;
		if (strcmp(type, "Failed") == 0)
			return JOB_FAILED;
	}
	return JOB_RUNNING;
}

static struct err *on_job(void *user, const struct cJSON *object)
{
	struct job *job = user;
	const char *text =
		json_member_str(json_at(object, "metadata.labels"), ATTEMPT);
	const char *name = json_str(object, "metadata.name");
	long long attempt = text ? strtoll(text, NULL, 10) : 0;

	if (!name || attempt <= job->attempt)
		return NULL;
	free(job->name);
	job->name = strdup(name);
	job->attempt = attempt;
	job->state = state_of(object);
	return job->name ? NULL : err_no_memory();
}

static KR_FALLIBLE find_newest(struct job *job)
{
	kr_cleanup(str_freep) char *path = kube_path(KIND_JOB, job->ns, NULL);
	kr_cleanup(str_freep) char *version = NULL;
	char query[64];

	if (!path)
		return err_no_memory();
	(void)snprintf(query, sizeof(query), "labelSelector=" LABEL "%%3D%s",
		       job->hash);
	return kube_list(job->kube, path, query, 0, on_job, job, &version);
}

static KR_FALLIBLE get_job(struct job *job)
{
	kr_cleanup(str_freep) char *path =
		kube_path(KIND_JOB, job->ns, job->name);
	kr_cleanup(json_freep) struct cJSON *object = NULL;
	struct err *err;

	if (!path)
		return err_no_memory();
	err = kube_get(job->kube, path, "Job", &object);
	if (!err)
		job->state = state_of(object);
	return err;
}

/* A lost answer is settled by reading; so is one who was there first. */
static KR_FALLIBLE create(struct job *job)
{
	struct kube_request request = {
		.method = "POST",
		.what = "Job",
		.expect_kind = "Job",
	};
	kr_cleanup(str_freep) char *path = kube_path_sub(
		KIND_JOB, job->ns, NULL, NULL, "fieldManager=keyrot");
	kr_cleanup(str_freep) char *body = NULL;
	struct err *err = json_print(job->manifest, &body);

	if (err)
		return err;
	if (!path)
		return err_no_memory();
	request.path = path;
	request.body = body;
	err = kube_do(job->kube, &request);
	if (request.outcome == KUBE_UNKNOWN ||
	    (request.outcome == KUBE_REFUSED && request.status == 409)) {
		err_free(err);
		err = get_job(job);
	}
	job->state = JOB_RUNNING;
	kube_request_release(&request);
	return err;
}

static KR_FALLIBLE begin(struct job *job)
{
	struct err *err = find_newest(job);

	if (err)
		return err;
	if (job->attempt > 0 &&
	    (job->state == JOB_RUNNING ||
	     (job->state == JOB_COMPLETE && !job->check->options->afresh)))
		return NULL;
	job->attempt++;
	err = fill_manifest(job);
	return err ? err : create(job);
}

static KR_FALLIBLE wait_for(struct job *job)
{
	int64_t limit_ms = job->check->config->timeout_ms >= 0
				   ? job->check->config->timeout_ms
				   : LIMIT_MS;
	int64_t deadline_ms = deadline_in_ms(limit_ms);
	int64_t pause_ms = PAUSE_FIRST_MS;
	char limit[CLOCK_SHORT_LEN];
	struct err *err = NULL;

	while (!err && job->state == JOB_RUNNING) {
		if (deadline_over(deadline_ms)) {
			clock_short(limit_ms, limit);
			return check_failed(
				job->check,
				"Job %s/%s did not end within %s; it goes on, and is waited for again",
				job->ns, job->name, limit);
		}
		clock_sleep_ms(pause_ms);
		if (pause_ms < PAUSE_MAX_MS)
			pause_ms += pause_ms / 2;
		err = stop_check();
		if (!err)
			err = get_job(job);
	}
	return err;
}

static struct err *on_pod(void *user, const struct cJSON *object)
{
	struct cJSON *names = user;
	const char *name = json_str(object, "metadata.name");

	if (name && json_length(names) < MAX_LOG_PODS)
		json_append_str(names, name);
	return NULL;
}

static KR_FALLIBLE find_pods(const struct job *job, struct cJSON *names)
{
	kr_cleanup(str_freep) char *path = kube_path(KIND_POD, job->ns, NULL);
	kr_cleanup(str_freep) char *version = NULL;
	struct buf query = BUF_INIT(1024);
	struct err *err;

	buf_puts(&query, "labelSelector=job-name%3D");
	buf_url(&query, job->name);
	if (!path)
		err = err_no_memory();
	else
		err = kube_list(job->kube, path, buf_str(&query), KUBE_METADATA,
				on_pod, names, &version);
	buf_release(&query);
	return err;
}

static KR_FALLIBLE show_log(const struct job *job, const char *pod)
{
	kr_cleanup(str_freep) char *path =
		kube_path_sub(KIND_POD, job->ns, pod, "log", "tailLines=20");
	struct kube_request request = {
		.method = "GET",
		.path = path,
		.what = pod,
		.flags = KUBE_TEXT,
		.timeout_ms = LOGS_TIMEOUT_MS,
	};
	struct err *err;

	if (!path)
		return err_no_memory();
	err = kube_do(job->kube, &request);
	if (!err)
		check_show(job->check, pod, buf_str(&request.text));
	kube_request_release(&request);
	return err;
}

/* That a log cannot be had makes the failure no other one. */
static void show_logs(const struct job *job)
{
	kr_cleanup(json_freep) struct cJSON *names = json_array();
	struct err *err = find_pods(job, names);
	const struct cJSON *name;

	for (name = json_first(names); !err && name; name = json_next(name))
		err = show_log(job, json_text(name));
	if (err)
		result_warn(job->check->options->result, "%s: no log: %s",
			    job->check->name, err_message(err));
	err_free(err);
}

static KR_FALLIBLE judge(const struct job *job)
{
	struct err *err;

	if (job->state == JOB_COMPLETE)
		return NULL;
	show_logs(job);
	err = check_failed(job->check, "Job %s/%s failed", job->ns, job->name);
	return err_hint(err, "kubectl logs --context %s -n %s job/%s",
			job->check->options->places[0].context, job->ns,
			job->name);
}

KR_FALLIBLE check_job(struct check *check)
{
	struct job job = {
		.check = check,
		.kube = check->options->places[0].kube,
	};
	struct err *err = read_manifest(&job);

	if (!err)
		err = make_hash(&job);
	if (!err)
		err = begin(&job);
	if (!err)
		json_set_str(check->row, "job", job.name);
	if (!err)
		err = wait_for(&job);
	if (!err)
		err = judge(&job);
	json_free(job.manifest);
	free(job.name);
	return err;
}
