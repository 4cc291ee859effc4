"""Clusters to look at, a folder to write into, and the program."""

import base64
import json
import os
import pty
import re
import secrets
import select
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "contract"))

import clusters  # noqa: E402
import schema  # noqa: E402

PROGRAM = os.environ.get("KEYROT", os.path.join(ROOT, "kubectl-keyrot"))
STAGING, PRODUCTION = "aether-staging", "aether-production"
KINDS = {"kinds": [
    {"apiVersion": "v1", "resource": "services", "kind": "Service"},
    {"apiVersion": "argoproj.io/v1alpha1", "resource": "applications",
     "kind": "Application"}]}
CRD = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": {"name": "applications.argoproj.io"},
    "spec": {"group": "argoproj.io", "scope": "Namespaced", "names": {
        "plural": "applications", "singular": "application",
        "kind": "Application"},
        "versions": [{"name": "v1alpha1", "served": True, "storage": True,
                      "schema": {"openAPIV3Schema": {
                          "type": "object",
                          "x-kubernetes-preserve-unknown-fields": True}}}]}}


def text_key(encoding="base64", size=32):
    raw = secrets.token_bytes(size)
    return raw.hex() if encoding == "hex" else base64.b64encode(raw).decode()


class Stand:
    def __init__(self, kind):
        self.real = kind == "real"
        if self.real:
            self.fleet = clusters.Real()
        else:
            with tempfile.NamedTemporaryFile("w", suffix=".json") as scenario:
                json.dump(KINDS, scenario)
                scenario.flush()
                self.fleet = clusters.Practice(
                    ("--fast", "--scenario", scenario.name))
        self.number, self.home, self.keys = 0, None, []

    def fresh(self):
        """A new folder, and a namespace that nothing is in."""
        if self.home:
            shutil.rmtree(self.home, ignore_errors=True)
        self.home = tempfile.mkdtemp(prefix="keyrot-init-")
        self.number += 1
        self.ns = "init-%d" % self.number
        self.keys = []
        self.marks = {name: self.fleet.cluster(name).mark()
                      for name in (STAGING, PRODUCTION)}
        self.env = {
            "PATH": os.environ["PATH"], "HOME": self.home,
            "KUBECONFIG": self.fleet.kubeconfig, "NO_COLOR": "1",
            "LC_ALL": "C.UTF-8"}

    def fixture(self, *words, contexts=(STAGING, PRODUCTION), key=None):
        """The runbook's objects, each with a key of its own."""
        for context in contexts:
            value = key or text_key()
            self.keys.append(value)
            clusters.make_fixture(self.fleet.cluster(context), self.ns,
                                  list(words), value.encode())

    def post(self, context, path, manifest):
        return self.fleet.cluster(context).api().call("POST", path, manifest)

    def crd(self, context, manifest):
        """The kind, and until it is served."""
        api = self.fleet.cluster(context).api()
        base = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        api.call("POST", base, manifest)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                api.get("/apis/%s/v1alpha1/%s" % (
                    manifest["spec"]["group"],
                    manifest["spec"]["names"]["plural"]))
                return
            except clusters.fixture.ApiError:
                pass
            time.sleep(0.1)
        raise AssertionError("the kind is not served")

    def server(self, context):
        """The URL that the kubeconfig has for it."""
        if not self.real:
            return self.fleet.servers[context]
        with open(self.fleet.kubeconfig) as file:
            return next(c["cluster"]["server"] for c in
                        json.load(file)["clusters"] if c["name"] == context)

    def without_namespaces(self):
        with open(self.fleet.kubeconfig) as file:
            text = file.read()
        if not self.real:
            return re.sub(r", namespace: [^,}\s]+", "", text)
        config = json.loads(text)
        for context in config["contexts"]:
            context["context"].pop("namespace", None)
        return json.dumps(config)

    def namespace(self, name=None, contexts=(STAGING, PRODUCTION)):
        for context in contexts:
            self.post(context, "/api/v1/namespaces", {
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": {"name": name or self.ns}})

    def secret(self, name, entries, type_="Opaque",
               contexts=(STAGING, PRODUCTION)):
        for context in contexts:
            self.post(context, "/api/v1/namespaces/%s/secrets" % self.ns, {
                "apiVersion": "v1", "kind": "Secret", "type": type_,
                "metadata": {"name": name}, "stringData": entries}
                if self.real else {
                "apiVersion": "v1", "kind": "Secret", "type": type_,
                "metadata": {"name": name}, "data": {
                    entry: base64.b64encode(value.encode()).decode()
                    for entry, value in entries.items()}})
        self.keys += entries.values()

    def write(self, name, text):
        path = os.path.join(self.home, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as out:
            out.write(text)
        return path

    def read(self, name="keyrot.yaml"):
        with open(os.path.join(self.home, name)) as file:
            return file.read()

    def there(self, name="keyrot.yaml"):
        return os.path.exists(os.path.join(self.home, name))

    def run(self, *words, env=None):
        done = subprocess.run(
            [PROGRAM, *words], cwd=self.home,
            env=dict(self.env, **(env or {})), text=True, capture_output=True,
            timeout=60, stdin=subprocess.DEVNULL)
        self.no_key_in(done.stdout + done.stderr)
        return done

    def json(self, *words, env=None):
        done = self.run(*words, "-o", "json", env=env)
        try:
            document = json.loads(done.stdout)
        except ValueError:
            raise AssertionError("no document: %s" % done.stderr) from None
        wrong = schema.problems(document)
        if wrong:
            raise AssertionError("; ".join(wrong))
        if document["exitCode"] != done.returncode:
            raise AssertionError("exit code %d" % done.returncode)
        return done.returncode, document, done.stderr

    def no_key_in(self, text):
        for key in self.keys:
            for form in (key, base64.b64encode(key.encode()).decode()):
                if form in text:
                    raise AssertionError("a key is shown")

    def on_terminal(self, answers, *words):
        """Each answer is typed when the text before it has come."""
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.home)
            os.execve(PROGRAM,
                      ["kubectl-keyrot", *words],
                      dict(self.env, TERM="xterm"))
        seen, end = "", time.monotonic() + 60
        answers = list(answers)
        while True:
            if time.monotonic() > end:
                os.kill(pid, 9)
                raise AssertionError("it waits: " + seen)
            if not select.select([fd], [], [], 0.2)[0]:
                continue
            try:
                data = os.read(fd, 65536)
            except OSError:
                data = b""
            if not data:
                break
            seen += data.decode()
            if answers and answers[0][0] in seen.rpartition("\0")[2]:
                seen += "\0"
                os.write(fd, (answers.pop(0)[1] + "\n").encode())
        status = os.waitpid(pid, 0)[1]
        os.close(fd)
        self.no_key_in(seen)
        return os.waitstatus_to_exitcode(status), seen.replace("\0", "")

    def requests(self, context):
        """What the program asked since fresh(), of any namespace."""
        cluster = self.fleet.cluster(context)
        found = []
        for entry in clusters.entries_since(cluster.log, self.marks[context]):
            agent = entry.get("userAgent") or entry.get("headers", {}).get(
                "user-agent", "")
            if agent.startswith(clusters.AGENT):
                found.append((entry.get("verb") or entry["method"],
                              entry.get("requestURI") or entry["path"]))
        return found

    def many(self, namespace, n):
        """So many Secrets, at once; everything else is gone."""
        self.fleet.control("POST", "/reset", {"scenario": dict(KINDS, objects=[
            {"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
             "metadata": {"name": "filler-%04d" % i, "namespace": namespace},
             "data": {"a": "Yg=="}} for i in range(n)])})
        self.marks = dict.fromkeys(self.marks, 0)

    def close(self):
        self.fleet.down()
        if self.home:
            shutil.rmtree(self.home, ignore_errors=True)
