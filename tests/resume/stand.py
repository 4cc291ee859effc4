"""Two clusters, an operator, and what an interrupted rotation leaves behind."""

import base64
import hashlib
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "contract"))

import clusters  # noqa: E402

CONTEXTS = ("aether-staging", "aether-production")
ENVIRONMENTS = ("staging", "production")
LIMIT_S = 90
NOTE = "%s.keyrot.dev/" + clusters.ENTRY
POD_NOTE = "rotation.keyrot.dev/%s.%s" % (clusters.SECRET, clusters.ENTRY)


class Wrong(Exception):
    """A promise that was not kept."""


def check(fact, *words):
    if not fact:
        raise Wrong(" ".join(str(word) for word in words))


def sha256(key):
    return hashlib.sha256(key).hexdigest()


class Stand:
    """One service in a namespace of its own on both clusters."""

    def __init__(self, fleet, program, name):
        self.fleet, self.program = fleet, os.path.abspath(program)
        self.namespace = "r-%s-%s" % (name, secrets.token_hex(3))
        self.folder = tempfile.mkdtemp(prefix="keyrot-resume-")
        self.store = os.path.join(self.folder, "store")
        os.mkdir(self.store, 0o700)
        self.home = self.new_machine()
        self.old = {}
        self.api = {}
        self.children = []
        self.mark()
        for context in CONTEXTS:
            cluster = fleet.cluster(context)
            self.old[context] = base64.b64encode(secrets.token_bytes(32))
            clusters.make_fixture(
                cluster, self.namespace,
                ["--workload", "deployment/secrets-service,replicas=2"],
                self.old[context])
            self.api[context] = cluster.api()

    def close(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
                child.wait()
        for context, api in self.api.items():
            try:
                api.call("DELETE", "/api/v1/namespaces/" + self.namespace)
            except (clusters.fixture.ApiError, OSError):
                pass
            api.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    # The operator's side

    def new_machine(self):
        """Another home: no journal, no state, the same password manager."""
        home = tempfile.mkdtemp(prefix="home-", dir=self.folder)
        self.home = home
        if getattr(self, "config", None):
            self.write_config(**self.config)
        return home

    def write_config(self, production="", staging="", more=""):
        """keyrot.yaml; each text is put into its place."""
        self.config = {"production": production, "staging": staging,
                       "more": more}
        text = ("apiVersion: keyrot.dev/v1\nkind: Rotation\n"
                "service: %s\nstore: {type: exec, command: [%s, %s]}\n"
                "environments:\n" % (self.namespace, clusters.STORE,
                                     self.store))
        for name, context, extra in zip(ENVIRONMENTS, CONTEXTS,
                                        (staging, production)):
            text += ("- name: %s\n  targets: [{context: %s, namespace: %s}]\n"
                     "  verify: {logs: {expect: ['self-test ok']}}\n"
                     % (name, context, self.namespace))
            if name == "production":
                text += "  requires: staging\n"
            text += extra
        with open(os.path.join(self.home, "keyrot.yaml"), "w") as file:
            file.write(text + more)

    def environment(self):
        env = {"PATH": os.environ["PATH"], "HOME": self.home,
               "KUBECONFIG": self.fleet.kubeconfig, "LC_ALL": "C.UTF-8"}
        for name in ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        return env

    def start(self, *words, **more):
        child = subprocess.Popen(
            [self.program, *words], cwd=self.home,
            **dict({"env": self.environment(), "stdin": subprocess.DEVNULL,
                    "stdout": subprocess.PIPE, "stderr": subprocess.PIPE},
                   **more))
        self.children.append(child)
        return child

    def run(self, *words, expect=0, **more):
        """With -o json; the document."""
        return self.ended(self.start(*words, "-o", "json", **more), words,
                          expect)

    def ended(self, child, words, expect):
        """The document of what was started with -o json."""
        out, err = child.communicate(timeout=LIMIT_S)
        self.err = err.decode()
        self.no_leak(out + err)
        try:
            document = json.loads(out)
        except ValueError:
            raise Wrong("no document from %s: exit %s, %s %s" % (
                words, child.returncode, out[-500:], self.err[-2000:]))
        check(document["exitCode"] == child.returncode, "exitCode",
              document["exitCode"], "but exit", child.returncode)
        check(child.returncode == expect, words, "exit", child.returncode,
              document["reason"], document["message"], self.err[-2000:])
        return document

    def until(self, words, step, environment=None, state="running",
              how=signal.SIGKILL):
        """Runs until a step of the stream is in that state, then the signal;
        (what it printed, exit code)."""
        child = self.start(*words, "-o", "jsonl", stderr=subprocess.STDOUT)
        seen = []
        for line in child.stdout:
            seen.append(line.decode())
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if (event.get("kind") == "Step" and event["id"] == step
                    and event["state"] == state
                    and (environment is None
                         or event["target"] == environment)):
                child.send_signal(how)
                seen += child.stdout.read().decode().splitlines(True)
                child.wait(LIMIT_S)
                self.no_leak("".join(seen).encode())
                return seen, child.returncode
        raise Wrong("step %s did not come: %s" % (step, "".join(seen)[-3000:]))

    # What is there

    def keys(self):
        return clusters.keys_in_store(self.store) | set(self.old.values())

    def new_keys(self):
        """Keys in the store that no cluster had before."""
        return (clusters.keys_in_store(self.store)
                - set(self.old.values()))

    def no_leak(self, text):
        for key in self.keys():
            check(key not in text, "a key is in the output")

    def secret(self, context):
        return self.api[context].get(clusters.secret_path(self.namespace))

    def note(self, context, name):
        return self.secret(context)["metadata"].get("annotations", {}).get(
            NOTE % name)

    def live(self, context):
        return clusters.key_in(self.secret(context))

    def deployment(self, context):
        return self.api[context].get(
            "/apis/apps/v1/namespaces/%s/deployments/secrets-service"
            % self.namespace)

    def lease(self, context):
        return self.api[context].get(
            "/apis/coordination.k8s.io/v1/namespaces/%s/leases/keyrot-%s" % (
                self.namespace, clusters.SECRET))

    def patch_lease(self, context, body):
        return self.api[context].call(
            "PATCH", "/apis/coordination.k8s.io/v1/namespaces/%s/leases/"
            "keyrot-%s" % (self.namespace, clusters.SECRET), body,
            "application/merge-patch+json")

    def delete_leases(self):
        for context in CONTEXTS:
            try:
                self.api[context].call(
                    "DELETE", "/apis/coordination.k8s.io/v1/namespaces/%s/"
                    "leases/keyrot-%s" % (self.namespace, clusters.SECRET))
            except clusters.fixture.ApiError:
                pass

    def mark(self):
        self.marks = {context: self.fleet.cluster(context).mark()
                      for context in CONTEXTS}

    def requests(self, context):
        if self.fleet.real:
            time.sleep(0.3)  # the audit log comes a moment later
        return self.fleet.cluster(context).requests(self.namespace,
                                                    self.marks[context])

    def decided_in(self, context):
        """Requests before the first one that changes something. A real
        cluster logs the watches of the process before when they end; nothing
        is watched before it is decided. What a server that has just come up
        answered by 5xx was asked again, and counts once."""
        n = 0
        for request in self.requests(context):
            if request.writes:
                return n
            n += "watch=true" not in request.path \
                and (request.code or 0) < 500
        return n

    def restarts(self, context):
        """Restarts that were asked for since mark()."""
        found = [r for r in self.requests(context)
                 if r.method == "PATCH" and "/deployments/" in r.path
                 and r.code == 200]
        return len(found)

    def journals(self):
        folder = os.path.join(self.home, ".local/state/keyrot",
                              self.namespace)
        return sorted(os.path.join(folder, name)
                      for name in os.listdir(folder)
                      if re.fullmatch(r"kr-\d+-[0-9a-f]+\.jsonl", name)
                      ) if os.path.isdir(folder) else []

    def journal(self):
        """The lines of the newest one that has begun."""
        found = []
        for path in self.journals():
            with open(path) as file:
                lines = [json.loads(line) for line in file]
            if any(line["event"] == "begun" for line in lines):
                found.append((lines[0]["time"], lines))
        check(found, "no journal")
        return max(found, key=lambda item: item[0])[1]

    def ended_done(self):
        """One new key, everywhere, every pod restarted for it once."""
        check(len(self.new_keys()) == 1, len(self.new_keys()), "new keys")
        key = self.new_keys().pop()
        for context in CONTEXTS:
            check(self.live(context) == key, context, "has another key")
            template = self.deployment(context)["spec"]["template"]
            check(template["metadata"]["annotations"][POD_NOTE]
                  == self.note(context, "rotation"), context, "not restarted")
            # One made the Deployment, one restarted it.
            check(self.deployment(context)["metadata"]["generation"] == 2,
                  context, "generation",
                  self.deployment(context)["metadata"]["generation"])
            check(self.old[context] in clusters.keys_in_store(self.store),
                  context, "the key before is not in the store")
            lease = self.lease(context)
            check(not lease["spec"].get("holderIdentity"), "the Lease is held")
            check(NOTE % "open" not in lease["metadata"].get(
                "annotations", {}), "the Lease has a trace")
        return key
