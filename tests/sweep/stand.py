"""A practice cluster, a home and a store, and the promises that hold there."""

import base64
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "contract"))

import clusters  # noqa: E402
from scan import Scan  # noqa: E402
from steps import fingerprint  # noqa: E402

PROGRAM = os.path.join(ROOT, "kubectl-keyrot")
CONTEXT = "aether-staging"
NAMESPACE = "aether-services"
PODS = 3
RUN_LIMIT_S = 90
OTHER = "a2VwdA=="


class Broken(Exception):
    """A promise."""


def workload(kind, name, replicas):
    reference = {"name": clusters.ENTRY, "valueFrom": {"secretKeyRef": {
        "name": clusters.SECRET, "key": clusters.ENTRY}}}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {
        "name": name, "namespace": NAMESPACE}, "spec": {
            "replicas": replicas, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {
                "containers": [{"name": "app", "image": "registry.test/app",
                                "env": [reference]}]}}}}


def scenario(old):
    data = {clusters.ENTRY: base64.b64encode(old).decode(), "OTHER": OTHER}
    last = {"apiVersion": "v1", "kind": "Secret", "data": data,
            "metadata": {"name": clusters.SECRET}}
    store = workload("StatefulSet", "store", 1)
    store["spec"]["serviceName"] = "store"
    return {
        "settings": {"pod_ms": 10, "stop_ms": 5},
        "users": [{"name": "sweeper", "token": "sweeper-token"}],
        "objects": [
            {"apiVersion": "v1", "kind": "Secret",
             "metadata": {"name": clusters.SECRET, "namespace": NAMESPACE,
                          "annotations": {clusters.LAST_APPLIED:
                                          json.dumps(last)}},
             "data": data, "$manager": "kubectl-client-side-apply"},
            workload("Deployment", "secrets-service", PODS - 1), store]}


class Stand:
    def __init__(self, program):
        self.program = os.path.abspath(program)
        self.home = tempfile.mkdtemp(prefix="keyrot-sweep-")
        self.old = base64.b64encode(secrets.token_bytes(32))
        self.new = base64.b64encode(secrets.token_bytes(32))
        self.leaks = {"old": Scan([self.old]), "new": Scan([self.new])}
        with open(self.at("scenario.json"), "w") as file:
            json.dump(scenario(self.old), file)
        with open(os.open(self.at("new.key"), os.O_WRONLY | os.O_CREAT, 0o600),
                  "wb") as file:
            file.write(self.new)
        self.practice = clusters.Practice(
            ("--fast", "--clusters", CONTEXT, "--scenario",
             self.at("scenario.json")))

    def at(self, name):
        return os.path.join(self.home, name)

    def close(self):
        self.practice.down()
        shutil.rmtree(self.home, ignore_errors=True)

    def reset(self, fault=None):
        self.practice.control("POST", "/reset", {})
        shutil.rmtree(self.at("store"), ignore_errors=True)
        os.mkdir(self.at("store"), 0o700)
        if fault:
            self.practice.control("POST", "/fault", fault)

    def apply(self):
        words = [self.program, "apply", "--context", "sweeper@" + CONTEXT,
                 "-n", NAMESPACE, "--key-file", self.at("new.key"), "-o",
                 "json", "-v=9", "--request-timeout", "1500ms", "--timeout",
                 "15s", "--store", "exec:%s %s" % (
                     clusters.STORE, self.at("store"))]
        env = {"PATH": os.environ["PATH"], "HOME": self.home,
               "KUBECONFIG": self.practice.kubeconfig}
        for name in ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        try:
            return subprocess.run(words, env=env, stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=RUN_LIMIT_S)
        except subprocess.TimeoutExpired as late:
            raise Broken("did not end within %d s: %s" % (
                RUN_LIMIT_S, (late.stderr or b"")[-600:].decode()))

    def clean(self):
        """How many requests a run without faults makes."""
        self.reset()
        done = self.apply()
        self.check(done)
        if done.returncode:
            raise Broken("a clean run fails: " + done.stderr.decode())
        return self.practice.control("GET", "/count")["total"]

    def state(self):
        """The Secret, and the fingerprints that the pods have loaded."""
        state = self.practice.control("GET", "/state")[CONTEXT]
        secret = [item for item in state["objects"]
                  if item["kind"] == "Secret"
                  and item["metadata"]["name"] == clusters.SECRET][0]
        name = "%s/%s" % (clusters.SECRET, clusters.ENTRY)
        pods = [pod["fingerprints"].get(name) for pod in state["pods"]
                if pod["namespace"] == NAMESPACE and pod["running"]]
        return secret, pods

    def stored(self):
        return clusters.keys_in_store(self.at("store"))

    def check(self, done):
        """The promises after one run."""
        secret, pods = self.state()
        live = clusters.key_in(secret)
        held = self.stored()
        prints = {fingerprint(self.old): self.old,
                  fingerprint(self.new): self.new}
        if live not in (self.old, self.new):
            raise Broken("the Secret holds neither key")
        for key in [live] + [prints.get(pod) for pod in pods]:
            if key != self.old and key not in held:
                raise Broken("1: a key is live that the store does not hold")
        if live != self.old and self.old not in held:
            raise Broken("2: the key that was replaced is not in the store")
        self.check_told(done, live, pods)
        if secret["data"].get("OTHER") != OTHER:
            raise Broken("4: the other entry was changed")
        self.check_streams(done)
        self.check_requests()

    def check_told(self, done, live, pods):
        try:
            document = json.loads(done.stdout)
        except ValueError:
            raise Broken("no document: exit %d, %s" % (
                done.returncode, done.stderr[-600:].decode()))
        if document["exitCode"] != done.returncode:
            raise Broken("exitCode is not the exit code")
        if done.returncode == 0:
            if live != self.new or pods != [fingerprint(self.new)] * PODS:
                raise Broken("3: done, it says; the pods run %s" % pods)
            return
        if not document["message"]:
            raise Broken("3: it failed without a message")
        if live == self.new:
            text = json.dumps(document["targets"]) + done.stderr.decode()
            if not ("new key" in text or "not known" in text):
                raise Broken("3: the Secret holds the new key, untold: "
                             + document["message"])
            if not (document["next"] or document.get("hint")):
                raise Broken("3: the key has changed and no next step is said:"
                             " " + document["message"])

    def check_streams(self, done):
        calls = b""
        if os.path.exists(self.at("store/calls")):
            with open(self.at("store/calls"), "rb") as file:
                calls = file.read()
        for name, leak in self.leaks.items():
            for where, text in (("output", done.stdout), ("error",
                                done.stderr), ("a child's call", calls)):
                if leak.find(text):
                    raise Broken("5: the %s key is in %s" % (name, where))

    def check_requests(self):
        log = os.path.join(self.practice.folder, CONTEXT, "requests.jsonl")
        with open(log) as file:
            for line in file:
                request = json.loads(line)
                if request["headers"].get("user-agent", "").startswith(
                        clusters.AGENT):
                    self.check_request(request)

    def check_request(self, request):
        body = request.pop("body") or ""
        writes = (request["method"] == "PATCH"
                  and "/secrets/" in request["path"])
        if self.leaks["old"].find(body) or (
                not writes and self.leaks["new"].find(body)):
            raise Broken("5: a key is in the body of %s %s" % (
                request["method"], request["path"]))
        for leak in self.leaks.values():
            if leak.find(json.dumps(request)):
                raise Broken("5: a key is in the head of %s" % request["path"])
