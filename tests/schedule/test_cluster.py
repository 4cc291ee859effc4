#!/usr/bin/env python3
"""What `schedule cronjob` prints, on a real cluster: it is accepted where the
strictest Pod Security Standard is enforced, the image's executable does its
work with the account's token, and the Role is the smallest that lets it.

usage: test_cluster.py IMAGE.tar
"""

import base64
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests", name)
                for name in ("contract", "store")]

import clusters  # noqa: E402
import kubelet  # noqa: E402
from api import ApiError  # noqa: E402
from vaultserver import Server as Vault  # noqa: E402

KEYROT = os.path.join(ROOT, "kubectl-keyrot")
CONTEXT = "aether-staging"
GROUP = "rbac.authorization.k8s.io"
WORKLOADS = ["--workload", "deployment/secrets-service,replicas=1",
             "--workload", "statefulset/store,replicas=1",
             "--workload", "daemonset/agent"]
JOBS = 4


def check(condition, *told):
    if not condition:
        raise AssertionError(" ".join(str(item) for item in told))


class World:
    """One real cluster, Vault, the unpacked image."""

    def __init__(self, image):
        found = subprocess.run([os.path.join(ROOT, "tests/store/programs.sh")],
                               stdout=subprocess.PIPE, text=True)
        if found.returncode:
            sys.exit(found.returncode)
        self.work = tempfile.TemporaryDirectory(prefix="keyrot-schedule-")
        self.image = self.unpack(image)
        self.clusters = clusters.Real((CONTEXT,))
        self.vault = Vault(os.path.join(found.stdout.strip(), "vaultkit"))
        self.cluster = self.clusters.cluster(CONTEXT)
        self.port = int(self.cluster.api_server().rpartition(":")[2])
        with open(os.path.join(self.clusters.folder, CONTEXT, "pki",
                               "ca.crt")) as file:
            self.ca = file.read()
        self.lock, self.count = threading.Lock(), 0
        self.env = {"PATH": subprocess.run(
            [os.path.join(ROOT, "tests/cluster/cluster.py"), "programs"],
            stdout=subprocess.PIPE, text=True).stdout.strip() + ":" +
            os.environ["PATH"], "HOME": self.work.name,
            "KUBECONFIG": self.clusters.kubeconfig}

    def unpack(self, image):
        """As a runtime does; the files are root's."""
        work = self.work.name
        os.mkdir(work + "/oci")
        subprocess.run(["tar", "-C", work + "/oci", "-xf", image], check=True)
        with open(work + "/oci/index.json") as file:
            tag, = [m["annotations"]["org.opencontainers.image.ref.name"]
                    for m in json.load(file)["manifests"]]
        subprocess.run(["umoci", "unpack", "--rootless", "--image",
                        work + "/oci:" + tag, work + "/bundle"], check=True,
                       capture_output=True)
        return work + "/bundle/rootfs"

    def namespace(self):
        with self.lock:
            self.count += 1
            return "in%d" % self.count

    def down(self):
        self.vault.close()
        self.clusters.down()
        self.work.cleanup()


class Place:
    """A namespace with the runbook's objects and the CronJob's."""

    def __init__(self, world, run, *words):
        self.world = world
        self.name = world.namespace()
        self.api = world.cluster.api()
        clusters.make_fixture(world.cluster, self.name, WORKLOADS,
                              base64.b64encode(os.urandom(32)))
        self.home = os.path.join(world.work.name, self.name)
        os.mkdir(self.home)
        volume = {"vault-ca.pem": open(world.vault.ca).read(),
                  "vault-token": world.vault.token()}
        self.more = {"config": volume} if run == "rotate" else {}
        for name, text in dict(volume, **{
                "keyrot.yaml": json.dumps(self.config())}).items():
            self.write(name, text)
        if run == "verify":
            # What is verified was written by this program.
            self.write("key", base64.b64encode(os.urandom(32)).decode())
            self.keyrot("apply", "--context", CONTEXT, "--key-file", "key")
        self.manifests = json.loads(self.keyrot(
            "schedule", "cronjob", "--context", CONTEXT, "-n", self.name,
            "--image", "registry.example/keyrot:1", "--run", run, *words,
            "-o", "json").stdout)["manifests"]

    def write(self, name, text):
        with open(os.path.join(self.home, name), "w") as out:
            out.write(text)

    def config(self):
        return {"apiVersion": "keyrot.dev/v1", "kind": "Rotation",
                "service": "secrets-service",
                "store": {"type": "vault", "address": self.world.vault.secure,
                          "ca": "vault-ca.pem",
                          "path": "keyrot/" + self.name,
                          "token": "file:vault-token"},
                "environments": [{"name": "staging", "verify": {
                    "logs": {"expect": ["self-test ok"]}, "within": "20s"},
                    "targets": [
                    {"context": CONTEXT, "namespace": self.name}]}]}

    def keyrot(self, *words):
        done = subprocess.run([KEYROT, *words], env=self.world.env, text=True,
                              capture_output=True, cwd=self.home)
        check(done.returncode == 0, words, done.stderr)
        return done

    def kubectl(self, *words, stdin=None):
        return subprocess.run(
            ["kubectl", "--context", CONTEXT, "-n", self.name, *words],
            env=self.world.env, text=True, capture_output=True, input=stdin)

    def apply(self):
        done = self.kubectl("apply", "-f", "-", stdin=json.dumps(
            {"apiVersion": "v1", "kind": "List", "items": self.manifests}))
        check(done.returncode == 0, done.stderr)
        return done

    def rules(self):
        role, = [m for m in self.manifests if m["kind"] == "Role"]
        return role["rules"]

    def set_rules(self, rules):
        path = "/apis/%s/v1/namespaces/%s/roles/" % (GROUP, self.name)
        role, = [m for m in self.manifests if m["kind"] == "Role"]
        self.api.call("PUT", path + role["metadata"]["name"],
                      dict(role, rules=rules))

    def pod(self, job):
        """The pod that the controller makes for a Job of the CronJob."""
        done = self.kubectl("create", "job", job, "--from=cronjob/keyrot-"
                            "secrets-service")
        check(done.returncode == 0, done.stderr)
        path = ("/api/v1/namespaces/%s/pods?labelSelector=job-name%%3D%s"
                % (self.name, job))
        end = time.monotonic() + 20
        while time.monotonic() < end:
            pods = self.api.get(path)["items"]
            if pods:
                return pods[0]
            time.sleep(0.05)
        raise AssertionError("no pod of Job %s" % job)

    def run(self, pod):
        return kubelet.run_pod(self.api, pod, self.world.image, self.world.ca,
                               self.world.port, self.more)


def allowed(place, verb, rule):
    """What the API server says that the account may do."""
    resource, _, sub = rule["resources"][0].partition("/")
    attributes = {"namespace": place.name, "verb": verb,
                  "group": rule["apiGroups"][0], "resource": resource,
                  "subresource": sub,
                  "name": rule.get("resourceNames", [""])[0]}
    return place.api.call(
        "POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": "system:serviceaccount:%s:keyrot-secrets-service"
                     % place.name, "resourceAttributes": attributes}},
    )["status"]["allowed"]


def wait_for(place, verb, rule, wanted):
    end = time.monotonic() + 10
    while allowed(place, verb, rule) != wanted:
        check(time.monotonic() < end, "the authorizer is behind")
        time.sleep(0.02)


# ---- the tests

def test_accepted(world):
    """Manifests, and a Job of them, where `restricted` is enforced."""
    place = Place(world, "check")
    place.api.call("PATCH", "/api/v1/namespaces/" + place.name, {
        "metadata": {"labels": {
            "pod-security.kubernetes.io/enforce": "restricted",
            "pod-security.kubernetes.io/warn": "restricted"}}},
        "application/merge-patch+json")
    done = place.apply()
    check("warning" not in done.stderr.lower(), done.stderr)
    check(len(done.stdout.splitlines()) == 4, done.stdout)
    again = place.kubectl("apply", "-f", "-", stdin=json.dumps(
        {"apiVersion": "v1", "kind": "List", "items": place.manifests}))
    check(again.stdout.count("unchanged") == 4, again.stdout)
    pod = place.pod("once")
    check(any("projected" in v for v in pod["spec"]["volumes"]),
          "the account's token is mounted")
    # The same pod with less is not accepted: the standard is enforced.
    bad = json.loads(json.dumps(place.manifests[-1]["spec"]["jobTemplate"]
                                ["spec"]["template"]))
    del bad["spec"]["securityContext"]["seccompProfile"]
    try:
        place.api.call("POST", "/api/v1/namespaces/%s/pods" % place.name, {
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bad"},
            "spec": bad["spec"]})
    except ApiError as error:
        check(error.code == 403 and "restricted" in str(error), error)
    else:
        check(False, "restricted is not enforced")


def test_runs(world, run, words=(), code=0):
    """As the pod would: no root, read-only root, its own token."""
    place = Place(world, run, *words)
    place.apply()
    done = place.run(place.pod("once"))
    check(done.returncode == code, run, done.returncode, done.stderr)
    return place, done


def test_check(world):
    _, done = test_runs(world, "check")
    check(re.search(r"secrets-service-config: \d+s old, due ", done.stdout),
          done.stdout)


def test_overdue(world):
    _, done = test_runs(world, "check", ("--max-age", "1ms"), 6)
    check("OVERDUE" in done.stdout, done.stdout)


def test_rotate(world):
    place, _ = test_runs(world, "rotate")
    secret = place.api.get(clusters.secret_path(place.name))
    note = secret["metadata"]["annotations"]
    check(note["operator.keyrot.dev/SECRET_ENCRYPTION_KEY"] ==
          "system:serviceaccount:%s:keyrot-secrets-service" % place.name, note)
    status = json.loads(place.keyrot(
        "status", "--context", CONTEXT, "-n", place.name, "-o",
        "json").stdout)
    target, = status["targets"]
    check(target["podsOnKey"] == 3 and not target["podsOlder"], target)
    check(not lease_is_held(place), "the Lease was given back")


def without(rules, index, verb):
    less = [dict(rule) for rule in rules]
    less[index]["verbs"] = [v for v in less[index]["verbs"] if v != verb]
    return [rule for rule in less if rule["verbs"]]


def lease_is_held(place):
    """Nobody else may begin, for as long as it lasts."""
    leases = place.api.get("/apis/coordination.k8s.io/v1/namespaces/%s/leases"
                           % place.name)["items"]
    return bool(leases[0]["spec"].get("holderIdentity"))


def takes_away(world, run, index, verb):
    """One verb less, and it fails for that."""
    place = Place(world, run)
    rules = place.rules()
    place.apply()
    place.set_rules(without(rules, index, verb))
    wait_for(place, verb, rules[index], False)
    done = place.run(place.pod("once"))
    if verb == "update" and rules[index]["resources"] == ["leases"]:
        check(lease_is_held(place), "it could give the Lease back")
        return
    check(done.returncode == 4 and
          ("may not" in done.stderr or "orbidden" in done.stderr),
          run, "without", verb, rules[index]["resources"], "ends with",
          done.returncode, done.stderr[-600:])


def cases(world):
    yield "accepted", test_accepted, ()
    yield "check", test_check, ()
    yield "overdue", test_overdue, ()
    yield "rotate", test_rotate, ()
    yield "status", test_runs, ("status",)
    yield "verify", test_runs, ("verify",)
    for run in ("check", "status", "verify", "rotate"):
        for index, rule in enumerate(Place(world, run).rules()):
            for verb in rule["verbs"]:
                yield ("%s without %s of %s" % (run, verb,
                                                rule["resources"][0]),
                       takes_away, (run, index, verb))


def main():
    begun = time.monotonic()
    world = World(sys.argv[1])
    failed, passed = 0, 0

    def attempt(case):
        name, test, words = case
        try:
            test(world, *words)
        except Exception as error:
            return name, "%s: %s" % (type(error).__name__, error)
        return name, None

    try:
        with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
            for name, why in pool.map(attempt, cases(world)):
                print("%s %s%s" % ("FAILED" if why else "ok    ", name,
                                   ": " + why if why else ""), flush=True)
                failed, passed = failed + bool(why), passed + (not why)
    finally:
        world.down()
    print("%.1f s" % (time.monotonic() - begun))
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed or not passed else 0)


main()
