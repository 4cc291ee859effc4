"""Two practice clusters, a store, a home: where whole rotations are swept."""

import base64
import json
import os
import secrets
import shlex
import shutil
import signal
import subprocess
import tempfile

from stand import (OTHER, ROOT, RUN_LIMIT_S, Broken, clusters, fingerprint,
                   workload)

PROGRAM = os.path.join(ROOT, "kubectl-keyrot")
TOOLS = os.path.join(ROOT, "build", "sweep")
STAGING, PRODUCTION = "aether-staging", "aether-production"
CONTEXTS = (STAGING, PRODUCTION)
NAMESPACE = "aether-services"
FOREIGN = {"team.example/owner": "jane"}
PODS = 2
# Whatever the program leaves on a machine lies below one of these.
PLACES = ("state", "user", "tmp")
GOING_ON = ("resume", "rollback", "rotate", "promote")
FIRST_STAGING = """\
- name: staging
  targets: [{context: sweeper@aether-staging, namespace: %(namespace)s}]
  verify: {logs: {expect: ['self-test ok']}, within: 5s}
"""
THEN_PRODUCTION = """\
- name: production
  requires: staging
  within: 1h
  targets: [{context: sweeper@aether-production, namespace: %(namespace)s}]
  verify: {logs: {expect: ['self-test ok']}, within: 5s}
"""
# One environment of both clusters: the second one is another wave.
WAVES = """\
- name: all
  waves: [1, 100%%]
  targets:
  - {context: sweeper@aether-staging, namespace: %(namespace)s}
  - {context: sweeper@aether-production, namespace: %(namespace)s}
  verify: {logs: {expect: ['self-test ok']}, within: 5s}
"""
# Kinds of keyrot.yaml: the Secret's mode, and the environments.
KINDS = {
    "plain": ("single", FIRST_STAGING + THEN_PRODUCTION),
    "staging": ("single", FIRST_STAGING),
    "keyring": ("keyring", FIRST_STAGING + THEN_PRODUCTION),
    "waves": ("single", WAVES),
}
CONFIG = """\
apiVersion: keyrot.dev/v1
kind: Rotation
service: secrets-service
secret: {name: %(secret)s, key: %(entry)s, mode: %(mode)s}
store: {type: exec, command: [%(tools)s/store, %(home)s/store], timeout: 3s}
environments:
%(environments)svalidate:
- name: suite
  run: [sh, -c, 'export -p >>%(home)s/suite-calls; echo "$KEYROT_ENVIRONMENT $KEYROT_FINGERPRINT" >>%(home)s/suite']
ledger: {path: %(home)s/state/ledger.jsonl}
"""


class Run:
    """One run of the program."""

    def __init__(self, words, code, out, err):
        self.words, self.code, self.out, self.err = words, code, out, err

    @property
    def killed(self):
        return self.code == -signal.SIGKILL

    def document(self):
        try:
            return json.loads(self.out)
        except ValueError:
            raise Broken("6: no document: exit %d, %s" % (
                self.code, self.err[-900:].decode("utf-8", "replace")))

    def __str__(self):
        return "%s: exit %d" % (" ".join(self.words), self.code)


def scenario(old):
    data = {clusters.ENTRY: base64.b64encode(old).decode(), "OTHER": OTHER}
    last = {"apiVersion": "v1", "kind": "Secret", "data": data,
            "metadata": {"name": clusters.SECRET}}
    deployment = workload("Deployment", "secrets-service", PODS)
    deployment["metadata"]["annotations"] = dict(FOREIGN)
    return {
        "settings": {"pod_ms": 10, "stop_ms": 5},
        "users": [{"name": "sweeper", "token": "sweeper-token"}],
        "objects": [
            {"apiVersion": "v1", "kind": "Secret",
             "metadata": {"name": clusters.SECRET, "namespace": NAMESPACE,
                          "annotations": dict(FOREIGN, **{
                              clusters.LAST_APPLIED: json.dumps(last)})},
             "data": data, "$manager": "kubectl-client-side-apply"},
            deployment]}


class World:
    def __init__(self, program=PROGRAM):
        self.program = os.path.abspath(program)
        self.home = tempfile.mkdtemp(prefix="keyrot-sweep-")
        self.old = base64.b64encode(secrets.token_bytes(32))
        self.scenario = scenario(self.old)
        self.request_timeout = "1500ms"  # while there are faults
        self.spoiled = False
        self.saved, self.base = {}, self.old
        self.restarts = dict.fromkeys(CONTEXTS, 1)  # that a case ends with
        with open(self.at("scenario.json"), "w") as file:
            json.dump(self.scenario, file)
        self.use("plain")
        self.practice = clusters.Practice(
            ("--fast", "--clusters", ",".join(CONTEXTS), "--scenario",
             self.at("scenario.json")))

    def at(self, *names):
        return os.path.join(self.home, *names)

    def use(self, kind):
        """Another keyrot.yaml, of KINDS."""
        self.kind, (mode, environments) = kind, KINDS[kind]
        with open(self.at("keyrot.yaml"), "w") as file:
            file.write(CONFIG % {
                "secret": clusters.SECRET, "entry": clusters.ENTRY,
                "mode": mode, "tools": TOOLS, "home": self.home,
                "environments": environments % {"namespace": NAMESPACE}})

    def close(self):
        self.practice.down()
        shutil.rmtree(self.home, ignore_errors=True)

    def control(self, method, path, body=None):
        return self.practice.control(method, path, body)

    # Where a case begins

    def empty(self):
        for name in ("store", *PLACES):
            shutil.rmtree(self.at(name), ignore_errors=True)
            os.mkdir(self.at(name), 0o700)
        for name in ("suite", "suite-calls", "seam"):
            if os.path.exists(self.at(name)):
                os.unlink(self.at(name))

    def fresh(self):
        self.control("POST", "/reset", {"scenario": self.scenario})
        self.empty()

    def save(self, name):
        """What there is now is a place to begin at, by that name."""
        folder = self.at("saved-" + name)
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
        for part in ("store", "state"):
            shutil.copytree(self.at(part), os.path.join(folder, part))
        shutil.copy(self.at("suite"), folder)
        self.saved[name] = self.control("GET", "/state"), self.base

    def restore(self, name):
        """Pods start anew with the key that they had; then the Secrets are
        as they were."""
        state, self.base = self.saved[name]
        self.empty()
        for part in ("store", "state"):
            shutil.rmtree(self.at(part))
            shutil.copytree(self.at("saved-" + name, part), self.at(part))
        shutil.copy(self.at("saved-" + name, "suite"), self.home)
        for word in ("actions", "fault"):
            if os.path.exists(self.at("store", word)):
                os.unlink(self.at("store", word))
        self.control("POST", "/reset", {"scenario": dict(
            self.scenario, objects=[], perCluster={
                context: self.objects(state[context])
                for context in CONTEXTS})})
        for context in CONTEXTS:
            for item in state[context]["objects"]:
                if item["kind"] in ("Secret", "Lease"):
                    self.control("POST", "/put", {"object": item,
                                                  "cluster": context})

    def expire_leases(self):
        """As they are once nobody has renewed them for their time."""
        for context, state in self.control("GET", "/state").items():
            for item in state["objects"]:
                if item["kind"] == "Lease":
                    item["spec"]["holderIdentity"] = ""
                    self.control("POST", "/put", {"object": item,
                                                  "cluster": context})

    def objects(self, state):
        """Secrets and workloads, as a scenario has them."""
        loaded = state["pods"][0]["fingerprints"]
        keys = {fingerprint(key): key for key in [
            self.old, *clusters.keys_in_store(self.at("store"))]}
        found = []
        for item in state["objects"]:
            if item["kind"] not in ("Secret", "Deployment"):
                continue
            item = dict(item, metadata={
                word: value for word, value in item["metadata"].items()
                if word in ("name", "namespace", "annotations", "labels")})
            if item["kind"] == "Secret":
                key = keys[loaded["%s/%s" % (clusters.SECRET,
                                             clusters.ENTRY)]]
                item["data"] = dict(item["data"], **{
                    clusters.ENTRY: base64.b64encode(key).decode()})
            found.append(item)
        return found

    # Faults

    def spoil(self, fault):
        """One fault: {"seam"|"store"|"api": …}"""
        self.spoiled = True
        if "store" in fault:
            with open(self.at("store", "fault"), "a") as file:
                file.write("%d %s\n" % (fault["at"], fault["store"]))
        elif "api" in fault:
            spec = dict(fault["api"])
            if spec.pop("kill", False):
                spec["pidFile"] = self.at("pid")
            self.control("POST", "/fault", spec)

    def mend(self):
        self.spoiled = False
        self.control("DELETE", "/fault")
        if os.path.exists(self.at("store", "fault")):
            os.unlink(self.at("store", "fault"))

    # Running

    def environment(self, fault):
        env = {"PATH": os.environ["PATH"], "HOME": self.at("user"),
               "TMPDIR": self.at("tmp"),
               "KUBECONFIG": self.practice.kubeconfig,
               "XDG_STATE_HOME": self.at("state")}
        if fault and ("seam" in fault or "record" in fault):
            env.update({"LD_PRELOAD": os.path.join(TOOLS, "seam.so"),
                        "KEYROT_SEAM": self.at("state")})
        if fault and "seam" in fault:
            env.update({"KEYROT_SEAM_AT": str(fault["at"]),
                        "KEYROT_SEAM_DO": fault["seam"]})
        elif fault and "record" in fault:
            env["KEYROT_SEAM_LOG"] = self.at("seam")
        return env

    def under(self, fault):
        """What the program is run by, for faults that come from there."""
        if not fault or "syscall" not in fault:
            return []
        return [os.path.join(TOOLS, "killer"), str(fault["syscall"]),
                self.at("calls")]

    def run(self, *words, fault=None):
        command = [*self.under(fault), self.program, *words, "--config", self.at("keyrot.yaml"),
                   "-o", "json", "-v=9", "--request-timeout",
                   # Without a fault nothing hangs: a slow machine is none.
                   self.request_timeout if self.spoiled else "15s",
                   "--timeout", "15s"]
        return self.run_plain(words, self.environment(fault), command)

    def run_plain(self, words, env, command=None):
        """With these words alone, and keyrot.yaml in the current folder."""
        process = subprocess.Popen(
            command or [self.program, *words], env=env, cwd=self.home,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        with open(self.at("pid"), "w") as file:
            file.write(str(process.pid))
        try:
            out, err = process.communicate(timeout=RUN_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise Broken("6: %s did not end within %d s: %s" % (
                words[0], RUN_LIMIT_S, err[-900:].decode()))
        return Run(words, process.returncode, out, err)

    # Looking

    def requests(self):
        found = []
        for context in CONTEXTS:
            with open(os.path.join(self.practice.folder, context,
                                   "requests.jsonl")) as file:
                found += [json.loads(line) for line in file]
        return [request for request in found if request["headers"].get(
            "user-agent", "").startswith(clusters.AGENT)]

    def actions(self):
        """What the store was asked, in order."""
        with open(self.at("store", "actions")) as file:
            return file.read().split()

    def journals(self):
        found = {}
        folder = self.at("state", "keyrot", "secrets-service")
        for name in sorted(os.listdir(folder)) if os.path.isdir(
                folder) else ():
            if name.startswith("kr-") and name.endswith(".jsonl"):
                with open(os.path.join(folder, name), "rb") as file:
                    found[name[:-6]] = file.read()
        return found


def printed(document):
    """The first command that a document tells to go on with, as words."""
    for line in document.get("next") or ():
        words = shlex.split(line)
        if words[:2] == ["kubectl", "keyrot"] and words[2] in GOING_ON:
            return words[2:]
    return None
