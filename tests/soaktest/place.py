"""Two clusters, one service on both, a store, a ledger; what goes wrong."""

import base64
import http.client
import os
import secrets
import shutil
import tempfile
import threading
import time

import paths  # noqa: F401 (it says where the next ones are)

import cluster as orders
import prom
from api import ApiError
from stand import CONTEXTS, check, clusters

NO_ANSWER = (ApiError, OSError, ValueError, http.client.HTTPException)
PODS = 2
CALM_S = 120
CONFIG = """\
apiVersion: keyrot.dev/v1
kind: Rotation
service: %(ns)s
store: {type: file, path: %(folder)s/store}
environments:
- name: staging
  targets: [{context: aether-staging, namespace: %(ns)s}]
  verify: {logs: {expect: ['self-test ok']}, within: 30s}
- name: production
  requires: staging
  targets: [{context: aether-production, namespace: %(ns)s}]
  verify: {logs: {expect: ['self-test ok']}, within: 30s}
%(soak)svalidate:
- {name: suite, run: ['true'], timeout: 1m}
ledger: {path: %(folder)s/ledger.jsonl}
"""


class Place:
    def __init__(self, program):
        self.program = os.path.abspath(program)
        self.fleet = clusters.Real()
        self.folder = tempfile.mkdtemp(prefix="keyrot-soaktest-")
        self.namespace = "soak-" + secrets.token_hex(3)
        self.prom = prom.Prom()
        self.passphrase = os.path.join(self.folder, "passphrase")
        self.ledger = os.path.join(self.folder, "ledger.jsonl")
        with open(os.open(self.passphrase, os.O_WRONLY | os.O_CREAT, 0o600),
                  "w") as file:
            file.write("correct horse battery\n")
        self.config = CONFIG % {
            "ns": self.namespace, "folder": self.folder,
            "soak": self.prom.soak(2, "rollback")}
        self.keys = set()  # that a cluster had, or that were typed
        for context in CONTEXTS:
            key = base64.b64encode(secrets.token_bytes(32))
            self.keys.add(key)
            clusters.make_fixture(
                fleet_cluster(self, context), self.namespace,
                ["--workload", "deployment/secrets-service,replicas=%d"
                 % PODS], key)

    def close(self):
        self.prom.close()
        self.fleet.down()
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_key(self):
        key = base64.b64encode(secrets.token_bytes(32))
        self.keys.add(key)
        return key.decode()

    # Looking; a connection that broke is made anew.

    def call(self, context, method, path, body=None,
             content="application/merge-patch+json"):
        api = fleet_cluster(self, context).api()
        try:
            return api.call(method, path, body, content)
        finally:
            api.close()

    def get(self, context, path):
        return self.call(context, "GET", path)

    def at(self, kind):
        group = {"deployments": "apis/apps/v1", "leases":
                 "apis/coordination.k8s.io/v1"}.get(kind, "api/v1")
        return "/%s/namespaces/%s/%s" % (group, self.namespace, kind)

    def secret(self, context):
        return self.get(context, clusters.secret_path(self.namespace))

    def pods(self, context):
        return self.get(context, self.at("pods"))["items"]

    def leases(self, context):
        return self.get(context, self.at("leases"))["items"]

    def settled(self, context):
        """The controllers are through, whatever they had to do."""
        live = self.get(context, self.at("deployments")
                        + "/secrets-service")
        status = live["status"]
        return (status.get("observedGeneration")
                == live["metadata"]["generation"]
                and status.get("updatedReplicas") == PODS
                and status.get("replicas") == PODS
                and status.get("availableReplicas") == PODS
                and len(self.pods(context)) == PODS)

    def calm(self):
        """Waits until both clusters answer and are settled."""
        for context in CONTEXTS:
            end = time.monotonic() + CALM_S
            while True:
                try:
                    if self.settled(context):
                        break
                except NO_ANSWER:
                    pass
                check(time.monotonic() < end, context, "does not settle")
                time.sleep(0.1)

    def calm_api(self):
        """Waits until both API servers answer."""
        for context in CONTEXTS:
            end = time.monotonic() + CALM_S
            while True:
                try:
                    self.secret(context)
                    break
                except NO_ANSWER:
                    pass
                check(time.monotonic() < end, context, "does not answer")
                time.sleep(0.1)

    # Faults

    def order(self, context, word):
        answer = orders.order(self.fleet.folder, context, word)
        check(answer == "done", context, word, answer)

    def outage(self, turn):
        words = (("kill-apiserver", "start-apiserver")
                 if turn.fault == "api" else ("stop-etcd", "cont-etcd"))
        self.order(turn.context, words[0])
        time.sleep(turn.for_s)
        self.order(turn.context, words[1])

    def spoil(self, turn):
        """What is there before the command is typed."""
        full = {"hard": {"pods": str(PODS)}}
        if turn.fault == "unschedulable":
            self.cordon(turn.context, True)
        elif turn.fault == "refused":
            self.call(turn.context, "POST", self.at("resourcequotas"), {
                "apiVersion": "v1", "kind": "ResourceQuota",
                "metadata": {"name": "full"},
                "spec": full}, "application/json")
            # No controller counts here.
            self.call(turn.context, "PATCH",
                      self.at("resourcequotas") + "/full/status",
                      {"status": dict(full, used=full["hard"])})
        elif turn.fault == "metric":
            self.prom.values["errors"] = 50

    def close_reviews(self):
        """As a person does who has written down what it was."""
        for name in os.listdir(self.folder):
            if not name.endswith(".review.md"):
                continue
            path = os.path.join(self.folder, name)
            with open(path) as file:
                text = file.read()
            with open(path, "w") as file:
                file.write(text.replace("\nclosed: false", "\nclosed: true"))

    def mend(self, turn):
        if turn.fault == "unschedulable":
            self.cordon(turn.context, False)
        elif turn.fault == "refused":
            try:
                self.call(turn.context, "DELETE",
                          self.at("resourcequotas") + "/full")
            except ApiError as error:
                check(error.code == 404, error)
        self.prom.values["errors"] = 1

    def cordon(self, context, shut):
        self.call(context, "PATCH", "/api/v1/nodes/node-0",
                  {"spec": {"unschedulable": shut or None}})


def fleet_cluster(place, context):
    return place.fleet.cluster(context)


class Later(threading.Thread):
    """Something that is done a while from now, unless it is called off."""

    def __init__(self, after_s, what):
        super().__init__(daemon=True)
        self.after_s, self.what = after_s, what
        self.off, self.wrong, self.did = threading.Event(), None, False
        self.start()

    def run(self):
        if self.off.wait(self.after_s):
            return
        self.did = True
        try:
            self.what()
        except Exception as wrong:
            self.wrong = wrong

    def end(self):
        """Whether it was done; to its end, then."""
        self.off.set()
        self.join()
        if self.wrong:
            raise self.wrong
        return self.did
