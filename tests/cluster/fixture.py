#!/usr/bin/env python3
"""Fills a namespace of a test cluster with what the runbook rotates.

usage: fixture.py DIR CONTEXT NAMESPACE [option...]

Makes the namespace, the Secret as kubectl's users make it, with a random key, and
the workloads, waits until they run, and prints the namespace's name. The requests
are infra's: they do not show in the audit log.

  --workload KIND/NAME[,WORD=VALUE...]   again for each; deployment/secrets-service
      KIND: deployment, statefulset, daemonset, cronjob, job, pod
      replicas=N (3)   uses=env|envFrom|volume|projected|init|none (env)
      pod=WISH         what every pod does: ready, never-ready, crash, image-pull,
                       config-error, pending, unschedulable
      restarted-pod=WISH   ... only pods that a restart made
      ready-after=TIME (200ms)   delete-after=TIME (50ms)
      log=TEXT, restarted-log=TEXT, log-after=SECONDS, logs=FILE
      paused=true, strategy=OnDelete, partition=N, deadline=SECONDS,
      min-ready=SECONDS, unavailable=N, surge=N
  --secret NAME (secrets-service-config)   --entry KEY (SECRET_ENCRYPTION_KEY)
  --key-file PATH   the key, instead of a random one; - is standard input
  --made-by MANAGER (apply)   apply or create: what kubectl leaves behind; none: no
      Secret; another word: a server-side apply by that field manager
  --immutable       the Secret is made immutable
  --grant USER=FILE   a JSON list of RBAC rules for viewer, rotator or nobody
  --no-wait         do not wait for the pods
"""

import argparse
import base64
import json
import os
import secrets
import subprocess
import sys
import time

import cluster
from api import Api, ApiError
from podlogs import PREFIX

# What people type: its name in the API, its group and version, its plural.
KINDS = {
    "deployment": ("Deployment", "apps/v1", "deployments"),
    "statefulset": ("StatefulSet", "apps/v1", "statefulsets"),
    "daemonset": ("DaemonSet", "apps/v1", "daemonsets"),
    "cronjob": ("CronJob", "batch/v1", "cronjobs"),
    "job": ("Job", "batch/v1", "jobs"),
    "pod": ("Pod", "v1", "pods"),
}
ANNOTATIONS = ("pod", "restarted-pod", "ready-after", "delete-after", "log",
               "restarted-log", "log-after", "restarted-log-after", "logs",
               "complete-after", "job")
SETTINGS = ("replicas", "uses", "paused", "strategy", "partition", "deadline",
            "min-ready", "unavailable", "surge")
HEALTHY = (None, "ready")


def fail(message):
    print("fixture.py: " + message, file=sys.stderr)
    sys.exit(1)


class Workload:
    def __init__(self, text):
        where, *words = text.split(",")
        self.kind, _, self.name = where.partition("/")
        self.settings = {"replicas": "3", "uses": "env"}
        self.annotations = {"ready-after": "200ms"}
        if self.kind not in KINDS or not self.name:
            fail("what kind of workload is %s?" % where)
        for word in words:
            name, _, value = word.partition("=")
            if name in ANNOTATIONS:
                self.annotations[name] = value
            elif name in SETTINGS:
                self.settings[name] = value
            else:
                fail("workloads have no %s" % name)

    def number(self, name):
        value = self.settings.get(name)
        return None if value is None else int(value)

    def healthy(self):
        return self.annotations.get("pod") in HEALTHY

    def pod_spec(self, secret, entry):
        container = {"name": "app", "image": "registry.test/" + self.name}
        spec = {"containers": [container]}
        ref = {"name": secret}
        variable = {"name": entry, "valueFrom": {
            "secretKeyRef": {"name": secret, "key": entry}}}
        mount = [{"name": "keys", "mountPath": "/keys", "readOnly": True}]
        uses = self.settings["uses"]
        if uses == "env":
            container["env"] = [variable]
        elif uses == "envFrom":
            container["envFrom"] = [{"secretRef": ref}]
        elif uses == "init":
            spec["initContainers"] = [dict(container, name="init",
                                           env=[variable])]
        elif uses == "volume":
            container["volumeMounts"] = mount
            spec["volumes"] = [{"name": "keys",
                                "secret": {"secretName": secret}}]
        elif uses == "projected":
            container["volumeMounts"] = mount
            spec["volumes"] = [{"name": "keys", "projected": {
                "sources": [{"secret": ref}]}}]
        elif uses != "none":
            fail("Secrets are not used by %s" % uses)
        if self.annotations.get("pod") == "unschedulable":
            spec["nodeSelector"] = {"test.keyrot.dev/no-such": "node"}
        return spec

    def template(self, secret, entry):
        return {"metadata": {
            "labels": {"app": self.name},
            "annotations": {PREFIX + name: value
                            for name, value in self.annotations.items()}},
            "spec": self.pod_spec(secret, entry)}

    def job_spec(self, template):
        template["spec"]["restartPolicy"] = "Never"
        return {"template": template, "backoffLimit": 0}

    def strategy(self):
        rolling = {}
        for word, field in (("partition", "partition"), ("surge", "maxSurge"),
                            ("unavailable", "maxUnavailable")):
            if self.number(word) is not None:
                rolling[field] = self.number(word)
        strategy = {"type": self.settings.get("strategy", "RollingUpdate")}
        if rolling:
            strategy["rollingUpdate"] = rolling
        return strategy

    def spec(self, secret, entry):
        template = self.template(secret, entry)
        if self.kind == "pod":
            return template["spec"]
        if self.kind == "job":
            return self.job_spec(template)
        if self.kind == "cronjob":
            return {"schedule": "0 3 * * *",
                    "jobTemplate": {"spec": self.job_spec(template)}}
        spec = {"template": template,
                "selector": {"matchLabels": {"app": self.name}}}
        if self.kind != "daemonset":
            spec["replicas"] = self.number("replicas")
        if self.number("min-ready") is not None:
            spec["minReadySeconds"] = self.number("min-ready")
        if self.kind == "deployment":
            spec["strategy"] = self.strategy()
            if self.number("deadline") is not None:
                spec["progressDeadlineSeconds"] = self.number("deadline")
        else:
            spec["updateStrategy"] = self.strategy()
        if self.kind == "statefulset":
            spec["serviceName"] = self.name
        return spec

    def manifest(self, secret, entry):
        kind, version, _ = KINDS[self.kind]
        meta = {"name": self.name}
        if self.kind == "pod":
            meta.update(self.template(secret, entry)["metadata"])
        return {"apiVersion": version, "kind": kind, "metadata": meta,
                "spec": self.spec(secret, entry)}

    def path(self, namespace):
        _, version, plural = KINDS[self.kind]
        root = "apis" if "/" in version else "api"
        return "/%s/%s/namespaces/%s/%s" % (root, version, namespace, plural)

    def running(self, live):
        """Whether the controllers and kwok are through with it."""
        status = live.get("status", {})
        if self.kind == "cronjob":
            return True
        if self.kind == "job":
            return bool(status.get("conditions"))
        if self.kind == "pod":
            return status.get("phase") == "Running"
        if status.get("observedGeneration") != live["metadata"]["generation"]:
            return False
        if self.kind == "daemonset":
            return status.get("numberAvailable", 0) >= 1
        return status.get("availableReplicas", 0) == live["spec"]["replicas"]


def connect(directory, context):
    """As infra, whom the audit log leaves out."""
    place = os.path.join(directory, context)
    with open(os.path.join(place, "infra.kubeconfig")) as file:
        server = json.load(file)["clusters"][0]["cluster"]["server"]
    pki = os.path.join(place, "pki")
    return Api(server, *(os.path.join(pki, name) for name in
                         ("ca.crt", "infra.crt", "infra.key")))


class Fixture:
    def __init__(self, arguments):
        self.arguments = arguments
        self.namespace = arguments.namespace
        self.api = connect(arguments.directory, arguments.context)

    def kubectl(self, *words, stdin=None):
        config = os.path.join(self.arguments.directory,
                              self.arguments.context, "infra.kubeconfig")
        run = subprocess.run(
            (os.path.join(cluster.programs(), "kubectl"), "--kubeconfig",
             config, "-n", self.namespace) + words,
            input=stdin, capture_output=True)
        if run.returncode:
            fail("kubectl %s: %s" % (words[0], run.stderr.decode()))
        return run.stdout

    def key(self):
        if self.arguments.key_file is None:
            return base64.b64encode(secrets.token_bytes(32))
        if self.arguments.key_file == "-":
            return sys.stdin.buffer.read()
        with open(self.arguments.key_file, "rb") as file:
            return file.read()

    def make_secret(self):
        """The value travels by pipe; it is in no argument and in no file."""
        name, manager = self.arguments.secret, self.arguments.made_by
        if manager == "none":
            return
        manifest = {"apiVersion": "v1", "kind": "Secret",
                    "metadata": {"name": name},
                    "data": {self.arguments.entry:
                             base64.b64encode(self.key()).decode()}}
        if self.arguments.immutable:
            manifest["immutable"] = True
        text = json.dumps(manifest).encode()
        if manager in ("apply", "create"):
            self.kubectl(manager, "-f", "-", stdin=text)
        else:
            self.api.apply("/api/v1/namespaces/%s/secrets/%s" % (
                self.namespace, name), text, manager)

    def make_grant(self, grant):
        user, _, path = grant.partition("=")
        with open(path) as file:
            rules = json.load(file)
        group = "rbac.authorization.k8s.io"
        base = "/apis/%s/v1/namespaces/%s/" % (group, self.namespace)
        meta = {"name": "test-" + user}
        self.api.call("POST", base + "roles", {
            "apiVersion": group + "/v1", "kind": "Role", "metadata": meta,
            "rules": rules})
        self.api.call("POST", base + "rolebindings", {
            "apiVersion": group + "/v1", "kind": "RoleBinding",
            "metadata": meta,
            "roleRef": {"apiGroup": group, "kind": "Role",
                        "name": meta["name"]},
            "subjects": [{"apiGroup": group, "kind": "User", "name": user}]})

    def wait_for(self, what, done):
        end = time.monotonic() + 60
        while not done():
            if time.monotonic() > end:
                fail("%s does not come up" % what)
            time.sleep(0.02)

    def wait_for_workload(self, workload):
        path = workload.path(self.namespace) + "/" + workload.name
        self.wait_for(workload.name,
                      lambda: workload.running(self.api.get(path)))

    def pause(self, workload):
        """Only now: a Deployment that is made paused gets no pods."""
        self.api.call("PATCH", "%s/%s" % (workload.path(self.namespace),
                                          workload.name),
                      {"spec": {"paused": True}},
                      "application/merge-patch+json")

    def make_namespace(self):
        try:
            self.api.call("POST", "/api/v1/namespaces", {
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": {"name": self.namespace}})
        except ApiError as error:
            if error.code != 409:
                raise
        # A bare pod is refused until the namespace has its service account.
        account = "/api/v1/namespaces/%s/serviceaccounts" % self.namespace
        self.wait_for(account, lambda: self.api.get(account)["items"])

    def make(self):
        self.make_namespace()
        self.make_secret()
        for grant in self.arguments.grant:
            self.make_grant(grant)
        for workload in self.arguments.workload:
            self.api.call("POST", workload.path(self.namespace),
                          workload.manifest(self.arguments.secret,
                                            self.arguments.entry))
        if self.arguments.wait:
            for workload in self.arguments.workload:
                if workload.healthy():
                    self.wait_for_workload(workload)
        for workload in self.arguments.workload:
            if workload.settings.get("paused"):
                self.pause(workload)


def main():
    parser = argparse.ArgumentParser(
        usage=__doc__[__doc__.index("usage: ") + 7:])
    parser.add_argument("directory")
    parser.add_argument("context")
    parser.add_argument("namespace")
    parser.add_argument("--workload", action="append", type=Workload)
    parser.add_argument("--secret", default="secrets-service-config")
    parser.add_argument("--entry", default="SECRET_ENCRYPTION_KEY")
    parser.add_argument("--key-file")
    parser.add_argument("--made-by", default="apply")
    parser.add_argument("--immutable", action="store_true")
    parser.add_argument("--grant", action="append", default=[])
    parser.add_argument("--no-wait", dest="wait", action="store_false")
    arguments = parser.parse_args()
    if arguments.workload is None:
        arguments.workload = [Workload("deployment/secrets-service")]
    try:
        Fixture(arguments).make()
    except (ApiError, OSError) as error:
        fail(str(error))
    print(arguments.namespace)


if __name__ == "__main__":
    main()
