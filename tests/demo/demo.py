#!/usr/bin/env python3
"""One key by hand, step by step; then the whole runbook, twice: a rotation to
its end, and one whose soak fails and is rolled back by itself.

usage: demo.py [practice|real]

Two clusters are started, in a folder of their own; everything ends with the demo.
"""

import base64
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
for folder in ("contract", "resume"):
    sys.path.insert(0, os.path.join(ROOT, "tests", folder))

import clusters  # noqa: E402
import prom  # noqa: E402

STAGING, PRODUCTION = "aether-staging", "aether-production"
NAMESPACE = "aether-services"
DEPLOYMENT = ("/apis/apps/v1/namespaces/%s/deployments/secrets-service"
              % NAMESPACE)
PREFIX = "test.keyrot.dev/"
CONFIG = """apiVersion: keyrot.dev/v1
kind: Rotation
service: secrets-service
environments:
- name: staging
  targets: [{context: aether-staging, namespace: aether-services}]
  verify: {logs: {expect: ['self-test ok'], forbid: ['decrypt.*failed']}, within: 30s}
- name: production
  requires: staging
  within: 24h
  targets: [{context: aether-production, namespace: aether-services}]
  verify: {logs: {expect: ['self-test ok'], forbid: ['decrypt.*failed']}, within: 30s}
  soak:                       # 30m and 30s outside of a demo
    for: 6s
    every: 1s
    settle: 0s
    onFail: rollback
    prometheus: {url: '%s', allowPlainHTTP: true}
    metrics:
    - {name: error rate, query: error_rate, max: 0.01, noData: breach}
    - {name: p99 latency, query: p99, max: 0.5, maxIncrease: 30%%, noData: breach}
validate:
- {name: integration suite, run: ['true'], timeout: 1m}
ledger: {path: ledger/secrets-service.jsonl}
"""


class Metrics(prom.Prom):
    """Production's; errors come up as soon as `failing` is set."""

    failing = False

    def reply(self, path, query):
        bad = self.failing and "query_range" not in path
        self.values = {"error_rate": 0.04 if bad else 0.002, "p99": 0.12}
        return super().reply(path, query)


class Demo:
    def __init__(self, kind):
        self.colour = (sys.stdout.isatty() and "NO_COLOR" not in os.environ
                       and os.environ.get("TERM") != "dumb")
        self.home = tempfile.mkdtemp(prefix="keyrot-demo-")
        self.begin = time.monotonic()
        self.failed = []
        self.say("Two %s clusters are starting ..." % kind)
        self.fleet = (clusters.Real() if kind == "real"
                      else clusters.Practice(options=()))
        if kind == "real":
            for context in (STAGING, PRODUCTION):
                clusters.make_fixture(
                    self.fleet.cluster(context), NAMESPACE, [],
                    base64.b64encode(secrets.token_bytes(32)))
        self.env = dict(
            os.environ, KUBECONFIG=self.fleet.kubeconfig, HOME=self.home,
            KEYROT_PASSPHRASE_FILE=self.private("passphrase",
                                                secrets.token_hex(16)))
        for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME",
                     "KEYROT_CONFIG", "SECRET_ENCRYPTION_KEY"):
            self.env.pop(name, None)

    def private(self, name, text):
        path = os.path.join(self.home, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
            out.write(text + "\n")
        return path

    def close(self):
        self.fleet.down()
        shutil.rmtree(self.home, ignore_errors=True)

    # Telling

    def say(self, text, style="1"):
        if self.colour:
            text = "\033[%sm%s\033[0m" % (style, text)
        print("\n" + text, flush=True)

    def run(self, *words, expect=0):
        """One command, shown as people type it; its output goes its way."""
        self.say("$ kubectl keyrot " + " ".join(
            "'%s'" % word if " " in word else word for word in words), "36")
        code = subprocess.call(
            [os.path.join(ROOT, "kubectl-keyrot"), *words], env=self.env,
            cwd=self.home, stdin=subprocess.DEVNULL)
        if code != expect:
            self.failed.append("%s: exit code %d, not %d" % (
                " ".join(words), code, expect))
        return code

    # Acting

    def new_key(self):
        self.env["SECRET_ENCRYPTION_KEY"] = base64.b64encode(
            secrets.token_bytes(32)).decode()

    def patch(self, body):
        self.fleet.cluster(PRODUCTION).api().call(
            "PATCH", DEPLOYMENT, body, "application/merge-patch+json")

    def next_rollout_fails(self):
        """The application does not take the next key."""
        if not self.fleet.real:
            self.patch({"metadata": {"annotations": {
                PREFIX + "next-pods": "crash"}}})
            return
        # Here it is the template that tells, and changing it makes new pods:
        # the change waits, paused, for the restart.
        self.patch({"spec": {"paused": True, "template": {"metadata": {
            "annotations": {PREFIX + "restarted-pod": "crash"}}}}})
        self.patch({"spec": {"paused": False}})

    def application_is_mended(self):
        if not self.fleet.real:
            self.patch({"metadata": {"annotations": {
                PREFIX + "next-pods": None}}})
            return
        self.patch({"spec": {"template": {"metadata": {"annotations": {
            PREFIX + "restarted-pod": None}}}}})

    def play(self):
        here, there = ("--context", STAGING), ("--context", PRODUCTION)
        self.say("Can it be done? doctor looks and changes nothing.")
        self.run("doctor", *here)
        self.new_key()
        self.say("A new key is in $SECRET_ENCRYPTION_KEY. What would be done "
                 "with it?")
        self.run("plan", *here)
        self.say("Staging: into the store first, then Secret, restart, "
                 "rollout.")
        self.run("apply", *here)
        self.say("Do the pods that run the new key say that it works?")
        self.run("verify", *here, "--expect", "encryption self-test ok")
        self.say("Which key runs where?")
        self.run("status", *here)
        self.env.pop("SECRET_ENCRYPTION_KEY")
        self.say("The same key to production. It comes from the store.")
        self.run("apply", *there, "--from-store")

        self.new_key()
        self.next_rollout_fails()
        self.say("Now a rollout that cannot succeed: pods crash on the next "
                 "key.")
        self.run("apply", *there, "--timeout", "30s", expect=5)
        self.env.pop("SECRET_ENCRYPTION_KEY")
        self.say("The way out. The team mends the application; the key that "
                 "was replaced\ncomes back from the store, by the entry named "
                 "above.")
        self.application_is_mended()
        self.run("apply", *there, "--from-store=" + self.first_entry())
        self.run("status", *there)

    def play_whole(self):
        """The whole runbook: to its end, and back by itself."""
        with Metrics() as metrics:
            with open(os.path.join(self.home, "keyrot.yaml"), "w") as out:
                out.write(CONFIG % metrics.url)
            self.say("And now the whole runbook, as keyrot.yaml orders it: a "
                     "new key, staging,\nlogs, suite, production, soak, "
                     "ledger.")
            self.run("rotate")
            self.say("Once more; but this time production's errors come up "
                     "while it soaks.\nThe proven previous key goes back by "
                     "itself.")
            metrics.failing = True
            self.run("rotate", expect=6)
        self.say("Which key runs where, and who did what?")
        self.run("status")
        self.run("ledger", "verify")

    def first_entry(self):
        """The entry that production ran before: the first key of the demo."""
        folder = os.path.join(self.home, ".local/share/keyrot")
        paths = [os.path.join(place, name)
                 for place, _, names in os.walk(folder) for name in names
                 if name.endswith(".pem") and "-previous" not in name]
        oldest = min(paths, key=os.path.getmtime)
        return os.path.basename(oldest)[:-len(".pem")]

    def end(self):
        self.say("That took %d s. What to type next, with a context of your "
                 "own:" % (time.monotonic() - self.begin))
        print("""
  export PATH="$PWD:$PATH"                  # kubectl finds kubectl-keyrot
  kubectl keyrot doctor --context CONTEXT   # looks, changes nothing
  kubectl keyrot plan --context CONTEXT
  kubectl keyrot plan rotate                # with a keyrot.yaml like the demo's
  kubectl keyrot help
""")
        for line in self.failed:
            print("demo: " + line, file=sys.stderr)
        return 1 if self.failed else 0


def main():
    kind = sys.argv[1] if len(sys.argv) > 1 else "practice"
    if kind not in ("practice", "real"):
        sys.exit(__doc__)
    demo = Demo(kind)
    try:
        demo.play()
        demo.play_whole()
        status = demo.end()
    finally:
        demo.close()
    sys.exit(status)


if __name__ == "__main__":
    main()
