"""Rotations by a user who may do what the printed Role allows, and no more."""

import base64
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import yaml

from oracle import PLAYS, ROOT, clusters, entries

sys.path.insert(0, os.path.join(ROOT, "tests", "resume"))

import prom  # noqa: E402

PROGRAM = os.environ.get("KEYROT", os.path.join(ROOT, "kubectl-keyrot"))
CONTEXTS = ("aether-staging", "aether-production")
# Prints the Role: may nothing. Does the rest: may what is printed.
ASKS, ROTATES = "nobody", "rotator"
LIMIT_S = 90
WORKLOADS = ("deployment/secrets-service,replicas=2",
             "statefulset/store,replicas=1,uses=volume",
             "daemonset/agent,uses=envFrom", "cronjob/nightly",
             "deployment/billing,replicas=1,uses=none")
CONFIG = """\
apiVersion: keyrot.dev/v1
kind: Rotation
service: secrets-service
secret: {name: %(secret)s, key: %(entry)s, mode: %(mode)s}
store: {type: file}
environments:
- name: staging
  targets: [{context: rotator@aether-staging, namespace: %(ns)s}]
  verify: {logs: {expect: ['self-test ok']}, within: 20s}
- name: production
  requires: staging
  within: 1h
  targets: [{context: rotator@aether-production, namespace: %(ns)s}]
  verify: {logs: {expect: ['self-test ok']}, within: 20s}
%(soak)svalidate:
- {name: suite, run: ['true'], timeout: 1m}
ledger: {path: ledger.jsonl}
%(more)s"""


class Wrong(Exception):
    """It did not go as the play goes."""


def check(fact, *words):
    if not fact:
        raise Wrong(" ".join(str(word) for word in words))


class Play:
    """One namespace on both clusters, a home, and what was asked there."""

    runs = 0
    keys = []  # of all plays: none may be in a request of another

    def __init__(self, fleet, name, workloads=WORKLOADS):
        self.fleet = fleet
        self.ns = "%s%s-%s" % (PLAYS, name, secrets.token_hex(2))
        self.home = tempfile.mkdtemp(prefix="keyrot-audit-")
        self.prom = prom.Prom()
        self.kubeconfig = fleet.kubeconfig
        for context in CONTEXTS:
            key = base64.b64encode(secrets.token_bytes(32))
            self.keys.append(key)
            words = [word for each in workloads
                     for word in ("--workload", each)]
            clusters.make_fixture(fleet.cluster(context), self.ns, words, key)
        self.write("passphrase", "correct horse battery\n")
        self.configure()
        self.rules = self.take_printed_role()
        self.marks = {context: fleet.cluster(context).mark()
                      for context in CONTEXTS}

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.prom.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def write(self, name, text):
        with open(os.open(os.path.join(self.home, name), os.O_WRONLY
                          | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)

    def configure(self, mode="single", more="", soak=True):
        self.write("keyrot.yaml", CONFIG % {
            "secret": clusters.SECRET, "entry": clusters.ENTRY, "mode": mode,
            "ns": self.ns, "more": more,
            "soak": self.prom.soak(seconds=2) if soak else ""})

    # What may be done: the program says it itself

    def take_printed_role(self):
        found = {}
        for context in CONTEXTS:
            done = self.run("doctor", "--context", "%s@%s" % (ASKS, context),
                            "-n", self.ns, expect=4)
            found[context] = yaml.safe_load(done["role"])
        first, second = found.values()
        check(first == second, "the clusters are told different Roles")
        check(first["kind"] == "Role" and first["metadata"]["namespace"]
              == self.ns, first)
        for context in CONTEXTS:
            self.fleet.cluster(context).grant(self.ns, ROTATES,
                                              first["rules"])
            self.until_granted(context, first["rules"])
        return first["rules"]

    def until_granted(self, context, rules):
        """The authorizer hears of a Role a moment later."""
        api = self.fleet.cluster(context).api()
        rule = rules[-1]
        resource, _, sub = rule["resources"][0].partition("/")
        end = time.monotonic() + 20
        while not api.call(
                "POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", {
                    "apiVersion": "authorization.k8s.io/v1",
                    "kind": "SubjectAccessReview",
                    "spec": {"user": ROTATES, "resourceAttributes": {
                        "namespace": self.ns, "verb": rule["verbs"][-1],
                        "group": rule["apiGroups"][0], "resource": resource,
                        "subresource": sub,
                        "name": rule.get("resourceNames", [""])[0]}}})[
                            "status"]["allowed"]:
            check(time.monotonic() < end, "the Role is not granted")
            time.sleep(0.02)

    # Running

    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": self.home,
                "KUBECONFIG": self.kubeconfig, "LC_ALL": "C.UTF-8",
                "KEYROT_PASSPHRASE_FILE": os.path.join(self.home,
                                                       "passphrase"),
                "GIT_CONFIG_GLOBAL": "/dev/null"}

    def start(self, *words):
        Play.runs += 1
        return subprocess.Popen(
            [PROGRAM, *words], cwd=self.home, env=self.environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)

    def plain(self, *words, expect=0):
        child = self.start(*words)
        try:
            out, err = child.communicate(timeout=LIMIT_S)
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
        check(child.returncode == expect, " ".join(words), "exit",
              child.returncode, err.decode()[-2000:], out.decode()[-1000:])
        return out.decode()

    def run(self, *words, expect=0):
        return json.loads(self.plain(*words, "-o", "json", expect=expect))

    def killed(self, words, step, where):
        """SIGKILL as soon as that step is done there."""
        child = self.start(*words, "-o", "jsonl")
        for line in child.stdout:
            event = json.loads(line)
            if (event.get("kind") == "Step" and event["id"] == step
                    and event["state"] == "done"
                    and event["target"] == where):
                child.send_signal(signal.SIGKILL)
                child.communicate()
                return
        raise Wrong("step %s did not come: %s" % (
            step, child.stderr.read().decode()[-2000:]))

    # What came of it

    def collect(self, context):
        """The requests since the last time; a line can come a moment late:
        until the log has been quiet."""
        log = self.fleet.cluster(context).log
        size = -1
        while size != os.path.getsize(log):
            size = os.path.getsize(log)
            time.sleep(0.3)
        found = entries(log, ROTATES, self.marks[context], self.ns)
        self.marks[context] = size
        return found

    def live(self, context):
        return clusters.key_in(self.fleet.cluster(context).api().get(
            clusters.secret_path(self.ns)))

    def new_keys(self):
        """What the clusters hold now: all that there are to look for."""
        for context in CONTEXTS:
            data = self.fleet.cluster(context).api().get(
                clusters.secret_path(self.ns))["data"]
            for value in data.values():
                key = base64.b64decode(value)
                if key not in self.keys:
                    self.keys.append(key)

    def key_file(self):
        key = base64.b64encode(secrets.token_bytes(32))
        self.keys.append(key)
        self.write("key", key.decode())
        return os.path.join(self.home, "key")

    def next_pods(self, wish):
        """What pods do that a restart makes. The change waits, paused, for
        the restart."""
        api = self.fleet.cluster(CONTEXTS[0]).api()
        for body in ({"spec": {"paused": True, "template": {"metadata": {
                "annotations": {"test.keyrot.dev/restarted-pod": wish}}}}},
                     {"spec": {"paused": False}}):
            api.call("PATCH", "/apis/apps/v1/namespaces/%s/deployments/"
                     "secrets-service" % self.ns, body,
                     "application/merge-patch+json")

    def bare_replicaset(self):
        """Pods that use the Secret, and whose owner no Deployment is."""
        api = self.fleet.cluster(CONTEXTS[0]).api()
        path = "/apis/apps/v1/namespaces/%s/" % self.ns
        template = api.get(path + "deployments/secrets-service")["spec"][
            "template"]
        template["metadata"]["labels"] = {"app": "bare"}
        api.call("POST", path + "replicasets", {
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"name": "bare"}, "spec": {
                "replicas": 1, "template": template,
                "selector": {"matchLabels": {"app": "bare"}}}})
        end = time.monotonic() + 20
        while api.get(path + "replicasets/bare")["status"].get(
                "readyReplicas") != 1:
            check(time.monotonic() < end, "the pod does not come")
            time.sleep(0.05)
