"""The two kinds of clusters that cases run on, behind one face."""

import base64
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "cluster"))

import fixture  # noqa: E402
from api import Api  # noqa: E402

STORE = os.path.join(HERE, "store.sh")
AGENT = "kubectl-keyrot"
SECRET = "secrets-service-config"
ENTRY = "SECRET_ENCRYPTION_KEY"
METHODS = {"get": "GET", "list": "GET", "watch": "GET", "create": "POST",
           "update": "PUT", "patch": "PATCH", "delete": "DELETE",
           "deletecollection": "DELETE"}
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Request:
    """One request as the server saw it."""

    def __init__(self, method, path, body, code):
        self.method, self.path, self.code = method, path, code
        self.body = body if isinstance(body, str) else json.dumps(body)

    def __str__(self):
        return "%s %s -> %s" % (self.method, self.path, self.code)

    @property
    def writes(self):
        """Whether it was to change anything."""
        return (self.method != "GET" and "dryRun=All" not in self.path
                and "reviews" not in self.path)


class Fixture(fixture.Fixture):
    """The fixture of the real clusters, in the process of the test."""

    def __init__(self, cluster, arguments):
        self.cluster, self.arguments = cluster, arguments
        self.namespace = arguments.namespace
        self.api = cluster.api()

    def key(self):
        return self.arguments.key

    def kubectl(self, *words, stdin=None):
        if self.cluster.real:
            return super().kubectl(*words, stdin=stdin)
        return self.cluster.as_kubectl(self.namespace, words[0],
                                       json.loads(stdin))

    def make_namespace(self):
        if self.cluster.real:
            return super().make_namespace()
        return self.api.call("POST", "/api/v1/namespaces", {
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": self.namespace}})


def entries_since(log, mark):
    """The whole lines of a log after `mark`, which may have been taken while
    one was being written: that one was there before, and is left out."""
    with open(log, "rb") as file:
        if mark:
            file.seek(mark - 1)
        data = file.read()
    if mark:
        data = data.partition(b"\n")[2]
    return [json.loads(line) for line in data.split(b"\n")[:-1]
            if line.strip()]


class Practice:
    """The practice clusters: one process."""

    real = False
    word = "practice"

    def __init__(self, options=("--fast",)):
        self.folder = tempfile.mkdtemp(prefix="keyrot-practice-")
        self.lock = threading.Lock()
        self.granted = {"viewer": [{
            "verbs": ["get", "list", "watch"], "apiGroups": ["*"],
            "resources": ["*"]}], "rotator": [], "nobody": []}
        program = os.path.join(ROOT, "build", "practice", "keyrot-practice")
        self.process = subprocess.Popen(
            [program, "--dir", self.folder, *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while not os.path.exists(os.path.join(self.folder, "ready")):
            if time.monotonic() > end or self.process.poll() is not None:
                raise SystemExit("the practice clusters do not start")
            time.sleep(0.01)
        self.kubeconfig = os.path.join(self.folder, "kubeconfig")
        with open(os.path.join(self.folder, "control")) as file:
            self.control_at = urllib.parse.urlsplit(file.read().strip()).netloc
        with open(self.kubeconfig) as file:
            self.servers = dict(re.findall(
                r"- name: (\S+)\n\s+cluster:\n\s+server: (\S+)", file.read()))

    def cluster(self, context):
        return PracticeCluster(self, context)

    def control(self, method, path, body=None):
        connection = http.client.HTTPConnection(self.control_at, timeout=30)
        connection.request(method, path,
                           None if body is None else json.dumps(body))
        reply = connection.getresponse()
        text = reply.read().decode()
        connection.close()
        if reply.status >= 300:
            raise RuntimeError("%s %s: %s" % (method, path, text))
        return json.loads(text) if text.strip() else None

    def down(self):
        self.process.terminate()
        self.process.wait()
        subprocess.run(["rm", "-rf", self.folder], check=False)


class PracticeCluster:
    real = False

    def __init__(self, practice, context):
        self.practice, self.context = practice, context
        self.log = os.path.join(practice.folder, context, "requests.jsonl")

    def api(self):
        at = lambda name: os.path.join(self.practice.folder, name)
        return Api(self.practice.servers[self.context], at("ca.crt"),
                   at("client.crt"), at("client.key"))

    def as_kubectl(self, namespace, verb, manifest):
        """The object as kubectl leaves it behind."""
        path = "/api/v1/namespaces/%s/secrets" % namespace
        manager = "kubectl-create"
        if verb == "apply":
            manager = "kubectl-client-side-apply"
            whole = dict(manifest, metadata=dict(
                manifest["metadata"], annotations={}, namespace=namespace))
            manifest["metadata"]["annotations"] = {
                LAST_APPLIED: json.dumps(whole, separators=(",", ":")) + "\n"}
        return self.api().call("POST", path + "?fieldManager=" + manager,
                               manifest)

    def grant(self, namespace, user, rules):
        with self.practice.lock:
            allowed = self.practice.granted[user]
            allowed += [dict(rule, namespace=namespace) for rule in rules]
            self.practice.control("POST", "/users", [
                {"name": name, "token": name + "-token", "allow": allow}
                for name, allow in self.practice.granted.items()])

    def mark(self):
        return os.path.getsize(self.log)

    def requests(self, namespace, mark):
        found = []
        for entry in entries_since(self.log, mark):
            agent = entry["headers"].get("user-agent", "")
            if agent.startswith(AGENT) and (
                    "/namespaces/%s/" % namespace in entry["path"]
                    or entry["path"].endswith("/" + namespace)):
                found.append(Request(entry["method"], entry["path"],
                                     entry["body"], entry["status"]))
        return found


class Real:
    """Real clusters: etcd, API server, controllers, scheduler, kwok."""

    real = True
    word = "real"

    def __init__(self, names=("aether-staging", "aether-production")):
        self.folder = tempfile.mkdtemp(prefix="keyrot-real-")
        up = [os.path.join(ROOT, "tests", "cluster", "cluster.py"), "up",
              self.folder, "--owner", str(os.getpid())]
        for name in names:
            up += ["--context", name]
        started = subprocess.run(up, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL)
        if started.returncode:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise SystemExit(started.returncode)
        self.kubeconfig = os.path.join(self.folder, "kubeconfig")

    def cluster(self, context):
        return RealCluster(self, context)

    def down(self):
        subprocess.run([os.path.join(ROOT, "tests", "cluster", "cluster.py"),
                        "down", self.folder], check=False)
        subprocess.run(["rm", "-rf", self.folder], check=False)


class RealCluster:
    real = True

    def __init__(self, clusters, context):
        self.clusters, self.context = clusters, context
        self.directory = clusters.folder
        self.log = os.path.join(clusters.folder, context, "audit.log")

    def api(self):
        return fixture.connect(self.directory, self.context)

    def api_server(self):
        with open(os.path.join(self.directory, self.context,
                               "infra.kubeconfig")) as file:
            return json.load(file)["clusters"][0]["cluster"]["server"]

    def grant(self, namespace, user, rules):
        group = "rbac.authorization.k8s.io"
        base = "/apis/%s/v1/namespaces/%s/" % (group, namespace)
        meta = {"name": "test-" + user}
        api = self.api()
        api.call("POST", base + "roles", {
            "apiVersion": group + "/v1", "kind": "Role", "metadata": meta,
            "rules": rules})
        api.call("POST", base + "rolebindings", {
            "apiVersion": group + "/v1", "kind": "RoleBinding",
            "metadata": meta, "roleRef": {
                "apiGroup": group, "kind": "Role", "name": meta["name"]},
            "subjects": [{"apiGroup": group, "kind": "User", "name": user}]})

    def mark(self):
        return os.path.getsize(self.log)

    def requests(self, namespace, mark):
        found, seen = [], set()
        for entry in entries_since(self.log, mark):
            if not entry.get("userAgent", "").startswith(AGENT):
                continue
            reference = entry.get("objectRef", {})
            if reference.get("namespace") != namespace:
                continue
            if entry["auditID"] in seen:
                continue
            seen.add(entry["auditID"])
            found.append(Request(
                METHODS[entry["verb"]], entry["requestURI"],
                entry.get("requestObject") or "",
                entry.get("responseStatus", {}).get("code")))
        return found


def make_fixture(cluster, namespace, words, key):
    """As tests/cluster/fixture.py does; `words` are its options."""
    parser = fixture.argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("--workload", action="append", type=fixture.Workload)
    parser.add_argument("--secret", default=SECRET)
    parser.add_argument("--entry", default=ENTRY)
    parser.add_argument("--made-by", default="apply")
    parser.add_argument("--immutable", action="store_true")
    parser.add_argument("--no-wait", dest="wait", action="store_false")
    arguments = parser.parse_args(words)
    arguments.grant = []
    arguments.namespace, arguments.context = namespace, cluster.context
    arguments.directory = getattr(cluster, "directory", None)
    arguments.key = key
    if arguments.workload is None:
        arguments.workload = [fixture.Workload("deployment/secrets-service")]
    arguments.workload = [w for w in arguments.workload if w.name != "none"]
    Fixture(cluster, arguments).make()


def secret_path(namespace, name=SECRET):
    return "/api/v1/namespaces/%s/secrets/%s" % (namespace, name)


def key_in(secret, entry=ENTRY):
    value = secret.get("data", {}).get(entry)
    return None if value is None else base64.b64decode(value)


def keys_in_store(folder):
    """All keys that store.sh holds there."""
    found = set()
    entries = os.path.join(folder, "entries")
    for name in os.listdir(entries) if os.path.isdir(entries) else ():
        try:
            with open(os.path.join(entries, name)) as file:
                lines = file.read().splitlines()
        except FileNotFoundError:
            continue  # renamed meanwhile
        found |= {base64.b64decode(line[4:]) for line in lines
                  if line.startswith("key=")}
    return found
