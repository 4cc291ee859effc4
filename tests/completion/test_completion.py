#!/usr/bin/env python3
"""Completion in real shells, as installed, and through the real kubectl.

usage: test_completion.py [WORD...]   runs the tests whose names hold a word
"""

import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

from shells import Shell, STAND_IN

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "contract"))

import clusters  # noqa: E402

PROGRAM = os.environ.get("KEYROT", os.path.join(ROOT, "kubectl-keyrot"))
SHELLS = ("bash", "zsh", "fish")
LOCAL_MS = 20
NAMESPACE = "aether-services"
ARN = "arn:aws:eks:eu-west-1:42:cluster/odd one"
ROTATION = "kr-20260101-0a1b2c"


def check(condition, *told):
    if not condition:
        raise AssertionError(" ".join(str(item) for item in told))


class World:
    """Practice clusters, a folder with the program installed, a store."""

    def __init__(self):
        self.fleet = clusters.Practice()
        self.folder = tempfile.mkdtemp(prefix="keyrot-completion-")
        data = os.path.join(self.folder, "data")
        with open(self.fleet.kubeconfig) as file:
            text = file.read()
        context = "contexts:\n- name: %s\n  context: {cluster: " \
            "aether-staging, user: viewer}\n" % repr(ARN)
        self.env = {
            "PATH": os.path.join(self.folder, "bin") + ":" + os.environ["PATH"],
            "HOME": self.folder, "LC_ALL": "C.UTF-8", "XDG_DATA_HOME": data,
            "XDG_STATE_HOME": os.path.join(self.folder, "state"),
            "XDG_DATA_DIRS": os.path.join(self.folder, "usr", "share")
            + ":/usr/local/share:/usr/share",
            "KUBECONFIG": self.write("kubeconfig",
                                     text.replace("contexts:\n", context, 1)),
            "KEYROT_PASSPHRASE_FILE": self.write("passphrase", "practice\n"),
        }
        subprocess.run(["make", "-s", "-C", ROOT, "install",
                        "DESTDIR=" + self.folder, "PREFIX=/usr"], check=True)
        self.write("bin/kubectl-keyrot", STAND_IN % {
            "program": PROGRAM}, 0o755)
        shutil.copy(os.path.join(self.folder, "usr/bin/kubectl_complete-keyrot"),
                    os.path.join(self.folder, "bin"))
        self.write("state/keyrot/secrets-service/%s.jsonl" % ROTATION,
                   '{"number":1,"event":"begun","time":"2026-01-01T00:00:00Z"}\n')
        self.write("some key.txt", "")
        done = self.keyrot("generate")
        check(done.returncode == 0, done.stderr)
        self.entries = os.listdir(os.path.join(
            data, "keyrot", "secrets-service", "entries"))
        self.rotation = self.entries[0][:len(ROTATION)]

    def write(self, name, text, mode=0o600):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode),
                  "w") as out:
            out.write(text)
        return path

    def keyrot(self, *words, env=None):
        return subprocess.run([PROGRAM, *words], cwd=self.folder, text=True,
                              env=dict(self.env, **(env or {})), timeout=60,
                              capture_output=True, stdin=subprocess.DEVNULL)

    def offered(self, *words, env=None):
        done = self.keyrot("__complete", *words, env=env)
        check((done.returncode, done.stderr) == (0, ""), done.stderr)
        return [line.split("\t")[0] for line in done.stdout.splitlines()[:-1]]

    def close(self):
        self.fleet.down()
        shutil.rmtree(self.folder, ignore_errors=True)


def test_what_is_offered(world):
    """The protocol itself: every kind of name there is."""
    place = ("--context", "aether-staging", "-n", NAMESPACE)
    for words, expected in (
            (("apply", "--context", "aether-s"), ["aether-staging"]),
            (("apply", "--context=arn"), ["--context=" + ARN]),
            (("apply", *place[:2], "-n", "aether-"), [NAMESPACE]),
            (("apply", *place[:2], "--namespace=kube"),
             ["--namespace=kube-system"]),
            (("apply", *place, "--secret", "sec"),
             ["secrets-service-config"]),
            (("apply", *place, "--entry", ""), ["SECRET_ENCRYPTION_KEY"]),
            (("apply", *place, "--consumer", ""),
             ["deployment/secrets-service"]),
            (("apply", *place, "--consumer=deployment/sec"),
             ["--consumer=deployment/secrets-service"]),
            (("apply", *place, "--consumer", "statefulset/"), []),
            (("apply", *place, "--take-ownership", ""),
             ["kubectl-client-side-apply"]),
            (("resume", "kr-2026"), [ROTATION, world.rotation]),
            (("rollback", "kr-2026010"), [ROTATION]),
            (("ledger", "sh"), ["show"]),
            (("ledger", "show", "kr-20260101"), [ROTATION]),
            (("rotate", "--review-closed", "kr-20260101"), [ROTATION]),
            (("plan", "ro"), ["rotate", "rollback"]),
            (("completion", ""), ["bash", "zsh", "fish"]),
            (("init", "--staging", "aether-"),
             ["aether-staging", "aether-production"]),
            (("apply", "--store", "go"), ["gopass"])):
        found = world.offered(*words)
        check([f for f in found if f != ""] == expected, words, found)
    ids = [name.rpartition(".")[0] for name in world.entries]
    found = world.offered("apply", "--from-store=")
    check(found == ["--from-store=" + one for one in ids], found, ids)


def test_by_keyrot_yaml(world):
    path = world.write("keyrot.yaml", """apiVersion: keyrot.dev/v1
kind: Rotation
service: secrets-service
secret: {name: mine, key: K}
environments:
- name: blue
  targets: [{context: aether-staging, namespace: aether-services}]
- name: green
  targets: [{context: aether-production, namespace: green-ns}]
""")
    try:
        check(world.offered("promote", "--to", "") == ["blue", "green"], "--to")
        check(world.offered("validate", "--env=g") == ["--env=green"], "--env")
        check("green-ns" in world.offered("apply", "-n", ""), "-n")
        # The first environment is asked, where no context was typed.
        found = world.offered("apply", "--secret", "")
        check(found == ["mine", "secrets-service-config"], found)
    finally:
        os.remove(path)


def test_what_cannot_be_read_is_silent(world):
    gone = {"KUBECONFIG": world.write("gone", "apiVersion: v1\nclusters:\n"
            "- {name: c, cluster: {server: 'https://127.0.0.1:1'}}\n"
            "users: [{name: u, user: {token: x}}]\n"
            "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
            "current-context: x\n")}
    begin = time.monotonic()
    check(world.offered("apply", "--secret", "", env=gone) == [], "gone")
    check(time.monotonic() - begin < 2.6, time.monotonic() - begin)
    broken = {"KUBECONFIG": world.write("broken", "a: [")}
    check(world.offered("apply", "--context", "", env=broken) == [], "broken")
    check(world.offered("apply", "--secret", "", env=broken) == [], "broken")
    nobody = ("apply", "--context", "nobody@aether-staging")
    check(world.offered(*nobody, "--secret", "") == [], "forbidden")
    # A plugin that hangs is given up; one that asks gets no terminal.
    plugin = world.write("plugin", "#!/bin/sh\nsleep 30\n", 0o700)
    hangs = {"KUBECONFIG": world.write("hangs", "apiVersion: v1\nclusters:\n"
             "- {name: c, cluster: {server: 'https://127.0.0.1:1'}}\n"
             "users: [{name: u, user: {exec: {command: %s, apiVersion: "
             "client.authentication.k8s.io/v1, interactiveMode: Never}}}]\n"
             "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
             "current-context: x\n" % plugin)}
    begin = time.monotonic()
    check(world.offered("apply", "--secret", "", env=hangs) == [], "hangs")
    took = time.monotonic() - begin
    check(1.5 < took < 3, took)


def test_no_value_is_read(world):
    """Names come from metadata: no request that could bring a key."""
    log = world.fleet.cluster("aether-staging").log
    mark = os.path.getsize(log)
    for flag in ("--secret", "--entry", "--consumer", "-n"):
        world.offered("apply", "--context", "aether-staging", "-n", NAMESPACE,
                      flag, "")
    seen = clusters.entries_since(log, mark)
    asked = [entry for entry in seen if "/secrets" in entry["path"]]
    check(len(asked) == 2, asked)
    for entry in asked:
        check("PartialObjectMetadata" in entry["headers"]["accept"], entry)


def test_fast(world):
    for words in (("app",), ("apply", "--no-"), ("apply", "--context", ""),
                  ("resume", ""), ("apply", "--from-store=")):
        took = []
        for _ in range(15):
            begin = time.monotonic()
            world.offered(*words)
            took.append((time.monotonic() - begin) * 1000)
        best = min(took)
        print("%8.1f ms  %s" % (best, " ".join(words)))
        check(best <= LOCAL_MS, words, "%.1f ms" % best)


def in_shell(world, name):
    shell = Shell(name, world.folder, world.env)
    try:
        for line, more, expected in (
                ("kubectl-keyrot vers", "", ["version"]),
                ("kubectl-keyrot apply --no-w", "", ["apply", "--no-wait"]),
                ("kubectl-keyrot apply --context aether-s", "",
                 ["apply", "--context", "aether-staging"]),
                ("kubectl-keyrot apply --context=aether-s", "",
                 ["apply", "--context=aether-staging"]),
                ("kubectl-keyrot apply --oper", "me",
                 ["apply", "--operator=me"]),
                ("kubectl-keyrot apply --context arn:aws:e", "",
                 ["apply", "--context", ARN]),
                ("kubectl-keyrot apply --key-file some", "",
                 ["apply", "--key-file", "some key.txt"]),
                ("kubectl-keyrot --context aether-staging -n %s apply "
                 "--secret secr" % NAMESPACE, "",
                 ["--context", "aether-staging", "-n", NAMESPACE, "apply",
                  "--secret", "secrets-service-config"]),
                ("kubectl-keyrot apply --context aether-staging -n %s "
                 "--consumer depl" % NAMESPACE, "",
                 ["apply", "--context", "aether-staging", "-n", NAMESPACE,
                  "--consumer", "deployment/secrets-service"]),
                ("kubectl-keyrot resume kr-2026010", "", ["resume", ROTATION]),
        ):
            ran = shell.run(line, more)
            check(ran == expected, name, repr(line), ran)
        shown = shell.offers("kubectl-keyrot ro")
        check("rotate" in shown and "rollback" in shown, name, shown)
    finally:
        shell.close()


def test_bash(world):
    in_shell(world, "bash")


def test_zsh(world):
    in_shell(world, "zsh")


def test_fish(world):
    in_shell(world, "fish")


def programs():
    """The real kubectl, where it can be had."""
    done = subprocess.run(
        [os.path.join(ROOT, "tests", "cluster", "cluster.py"), "programs"],
        text=True, capture_output=True)
    return done.stdout.strip() if done.returncode == 0 else None


def with_kubectl(world):
    folder = programs()
    check(folder, "there is no kubectl")
    return dict(world.env, PATH=world.env["PATH"] + ":" + folder)


def test_kubectl(world):
    """What kubectl itself says."""
    env = with_kubectl(world)
    for words, expected in (
            (["vers"], ["version"]),
            (["apply", "--context", "aether-s"], ["aether-staging"]),
            (["apply", "--context=aether-s"], ["--context=aether-staging"]),
            (["--context", "aether-staging", "apply", "-n", NAMESPACE,
              "--secret", ""], ["secrets-service-config"])):
        done = subprocess.run(["kubectl", "__complete", "keyrot", *words],
                              env=env, cwd=world.folder, text=True,
                              capture_output=True, timeout=60)
        found = [line.split("\t")[0] for line in done.stdout.splitlines()
                 if not line.startswith(":")]
        check(found == expected, words, found, done.stderr)
        check(":4" in done.stdout.splitlines(), done.stdout)


def kubectl_in(world, name):
    shell = Shell(name, world.folder, with_kubectl(world), kubectl=True)
    try:
        for line, expected in (
                ("kubectl keyrot appl", ["apply"]),
                ("kubectl keyrot apply --context aether-s",
                 ["apply", "--context", "aether-staging"]),
                ("kubectl keyrot apply --context aether-staging -n %s "
                 "--secret sec" % NAMESPACE,
                 ["apply", "--context", "aether-staging", "-n", NAMESPACE,
                  "--secret", "secrets-service-config"])):
            ran = shell.run(line, least_s=1.0)
            check(ran == expected, name, repr(line), ran)
    finally:
        shell.close()


def test_kubectl_in_bash(world):
    kubectl_in(world, "bash")


def test_kubectl_in_zsh(world):
    kubectl_in(world, "zsh")


def test_kubectl_in_fish(world):
    kubectl_in(world, "fish")


def run(name, test, world):
    begin = time.monotonic()
    try:
        test(world)
        word = "ok"
    except Exception:  # noqa: BLE001
        word = "FAILED\n" + traceback.format_exc()
    print("%6.1f s  %-32s %s" % (time.monotonic() - begin, name, word),
          flush=True)
    return word == "ok"


def main():
    words = sys.argv[1:]
    tests = [(name[5:], test) for name, test in sorted(globals().items())
             if name.startswith("test_")
             and (not words or any(word in name for word in words))]
    world = World()
    try:
        # Time is measured alone. Shells are waited for, side by side.
        alone = [one for one in tests if not one[0].endswith(SHELLS)]
        passed = sum(run(*one, world) for one in alone)
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            passed += sum(pool.map(lambda one: run(*one, world),
                                   [one for one in tests if one not in alone]))
    finally:
        world.close()
    failed = len(tests) - passed
    print("%d passed, %d failed" % (passed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
