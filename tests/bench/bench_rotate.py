#!/usr/bin/env python3
"""What a whole rotation costs: beside the runbook typed by hand, and for many
targets.

usage: bench_rotate.py [--program PATH] [--runs N] [--targets N]

Practice clusters on this machine; kubectl is the stock one. Everything that is
compared is run in turn, and medians are what counts. It prints a table with the
goals and never fails because of a number.
"""

import argparse
import base64
import os
import re
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests", "fleet"), HERE]

from link import Link  # noqa: E402
from stand import DEPLOYMENT, NAMESPACE, Stand, clusters  # noqa: E402

SECRET, ENTRY = clusters.SECRET, clusters.ENTRY
MIB = 1024.0
# No log is waited for: what is compared does not look at one.
PLAIN = {"verify": {"within": "1ms"}}

# The runbook for one target: a new key by openssl, the Secret, the restart,
# its end. $1 is the context.
RUNBOOK = r"""
k="kubectl --context $1 -n %s"
$k create secret generic %s --from-literal=%s="$KEY" --dry-run=client -o yaml |
	$k apply -f - &&
$k rollout restart deployment/secrets-service &&
$k rollout status deployment/secrets-service
""" % (NAMESPACE, SECRET, ENTRY)


def of(costs):
    return [statistics.median(column) for column in zip(*costs)]


class Bench:
    def __init__(self, arguments):
        self.runs, self.n = arguments.runs, arguments.targets
        self.home = tempfile.mkdtemp(prefix="keyrot-bench-")
        program = os.path.join(self.home, "kubectl-keyrot")
        subprocess.run(["strip", "-o", program, arguments.program], check=True)
        self.measure = os.path.join(self.home, "measure")
        subprocess.run(["cc", "-O2", "-o", self.measure,
                        os.path.join(HERE, "measure.c")], check=True)
        self.stand = Stand(self.n, program)
        self.program = program
        self.kubectl = clusters.fixture.cluster.programs()
        self.rows = []

    def close(self):
        self.stand.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def row(self, what, goal, result, met):
        self.rows.append((what, goal, result, met))
        print("  %s: %s" % (what, result), flush=True)

    def run(self, *words, env=None):
        """Wall and CPU seconds, peak KiB; of all its processes."""
        file = os.path.join(self.home, "cost")
        done = subprocess.run(
            [self.measure, file, *words], cwd=self.stand.home,
            env=dict(self.stand.env, **(env or {})), capture_output=True,
            text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise SystemExit("%s: exit %d: %s" % (
                words[0], done.returncode, done.stderr[-2000:]))
        with open(file) as text:
            return [float(word) for word in text.read().split()[:3]]

    def fresh(self, n, replicas=None):
        self.stand.fresh()
        self.stand.config([("production", 1, n, PLAIN)])
        # The operator's store is there already, as his password manager is.
        done = self.stand.run("generate")
        if done.returncode:
            raise SystemExit(done.stderr)
        for name in self.stand.names[:n]:
            if replicas is not None:
                self.stand.fleet.cluster(name).api().text(
                    "PATCH", DEPLOYMENT, {"spec": {"replicas": replicas}},
                    "application/merge-patch+json")

    def rotate(self, n, replicas=None):
        self.fresh(n, replicas)
        return self.run(self.program, "rotate", "-o", "json")

    def by_hand(self, n, replicas=None):
        """openssl, the same store's command line, kubectl, 8 side by side."""
        self.fresh(n, replicas)
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        env = {"KEY": key, "PATH": self.kubectl + ":" + os.environ["PATH"],
               "RUNBOOK": RUNBOOK, "NAMES": "\n".join(self.stand.names[:n])}
        return self.run("sh", "-c", 'openssl rand -base64 32 >/dev/null && '
                        '%s generate >/dev/null && printf "%%s\\n" "$NAMES" | '
                        'xargs -P 8 -n 1 sh -c "$RUNBOOK" runbook >/dev/null'
                        % self.program, env=env)

    def in_turn(self, *commands, runs=None):
        costs = [[] for _ in commands]
        for _ in range(runs or self.runs):
            for command, found in zip(commands, costs):
                found.append(command())
        return [of(found) for found in costs]

    def bench_one(self):
        ours, theirs = self.in_turn(lambda: self.rotate(1, 0),
                                    lambda: self.by_hand(1, 0))
        ratio = theirs[0] / ours[0]
        self.row("rotate, one environment, 0 replicas, beside the runbook",
                 ">= 5 times", "%.1f times (%.2f s, %.2f s)" % (
                     ratio, ours[0], theirs[0]), ratio >= 5)

    def bench_many(self):
        one, many, theirs = self.in_turn(
            lambda: self.rotate(1), lambda: self.rotate(self.n),
            lambda: self.by_hand(self.n), runs=max(1, self.runs // 2))
        ratio, mib = many[0] / one[0], many[2] / MIB
        self.row("%d targets in one wave beside one" % self.n,
                 "<= 4 times", "%.1f times (%.2f s, %.2f s)" % (
                     ratio, many[0], one[0]), ratio <= 4)
        self.row("... memory", "<= 64 MiB", "%.1f MiB" % mib, mib <= 64)
        ratio = theirs[0] / many[0]
        self.row("... beside kubectl under xargs -P 8", ">= 10 times",
                 "%.1f times (%.2f s, %.2f s)" % (ratio, many[0], theirs[0]),
                 ratio >= 10)
        ratio = theirs[1] / many[1]
        self.row("... CPU", ">= 15 times", "%.1f times (%.2f s, %.2f s)" % (
            ratio, many[1], theirs[1]), ratio >= 15)

    def bench_resume(self):
        """How long until it knows that nothing is left, at 50 ms."""
        self.fresh(1, 1)
        code, document, told = self.stand.json("rotate")
        if code:
            raise SystemExit(told)
        server = self.stand.fleet.servers[self.stand.names[0]]
        host, port = re.match(r"https://([^:]+):(\d+)", server).groups()
        link = Link(host, int(port), 0.025)
        far = os.path.join(self.home, "far.kubeconfig")
        with open(self.stand.fleet.kubeconfig) as file, open(far, "w") as out:
            out.write(file.read().replace(":%s\n" % port,
                                          ":%d\n" % link.port))
        count = lambda: len(self.stand.requests(self.stand.names[0]))
        before = count()
        wall = self.run(self.program, "resume", document["rotation"],
                        env={"KUBECONFIG": far})[0]
        self.row("resume that finds all done, at 50 ms", "<= 5 s",
                 "%.2f s" % wall, wall <= 5)
        asked = [r for r in self.stand.requests(
            self.stand.names[0])[before:] if "lease" not in r["path"]]
        first = next((i for i, r in enumerate(asked)
                      if r["method"] == "PATCH"), len(asked))
        looks = [r["path"].split("?")[0] for r in asked[:first]]
        decided = looks.index(looks[0], 1) if looks[0] in looks[1:] else first
        self.row("... requests until it has looked", "<= 10", "%d" % decided,
                 decided <= 10)

    def report(self):
        widths = [max(len(row[i]) for row in self.rows) for i in range(3)]
        print()
        for what, goal, result, met in self.rows:
            print("| %-*s | %-*s | %-*s | %s |" % (
                widths[0], what, widths[1], goal, widths[2], result,
                "met" if met else "MISSED"))
        print("\n%d goals, %d missed; load %.1f on %d cores" % (
            len(self.rows), sum(not row[3] for row in self.rows),
            os.getloadavg()[0], os.cpu_count()))


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n")[4])
    parser.add_argument("--program",
                        default=os.path.join(ROOT, "kubectl-keyrot"))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--targets", type=int, default=50)
    bench = Bench(parser.parse_args())
    begin = time.monotonic()
    try:
        bench.bench_one()
        bench.bench_resume()
        bench.bench_many()
    finally:
        bench.close()
        if bench.rows:
            bench.report()
            print("%.0f s" % (time.monotonic() - begin))


if __name__ == "__main__":
    main()
