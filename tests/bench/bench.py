#!/usr/bin/env python3
"""What the program costs, beside stock kubectl and curl, on a real cluster.

usage: bench.py [--program PATH] [--static PATH] [--runs N] [--small]

Ratios of medians of interleaved runs: everything that is compared is run in turn.
Where the static executable was built (make dist) it runs beside the dynamic one;
the goals are meant for the better of the two.
It prints a table with the goals and never fails because of a number. --small
leaves out the namespace of 5,000 pods.
"""

import argparse
import base64
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "contract"))

import clusters  # noqa: E402
from link import Link  # noqa: E402

CONTEXT = "aether-staging"
DELAY_S = 0.025
NAME, ENTRY = clusters.SECRET, clusters.ENTRY
MIB = 1024.0


class Cost:
    """Of one command, or of several in turn."""

    def __init__(self, wall=0.0, cpu=0.0, rss=0, end=0.0):
        self.wall, self.cpu, self.rss, self.end = wall, cpu, rss, end

    def __add__(self, other):
        return Cost(self.wall + other.wall, self.cpu + other.cpu,
                    max(self.rss, other.rss), other.end)


def median(costs):
    return Cost(*(statistics.median(getattr(cost, name) for cost in costs)
                  for name in ("wall", "cpu", "rss")))


def ms(seconds):
    return "%.0f ms" % (seconds * 1000)


class Bench:
    def __init__(self, arguments):
        self.runs, self.small = arguments.runs, arguments.small
        self.home = tempfile.mkdtemp(prefix="keyrot-bench-")
        self.keyrot = self.stripped(arguments.program)
        self.static = (arguments.static if os.path.exists(arguments.static)
                       else self.keyrot)
        self.measure_program = os.path.join(self.home, "measure")
        subprocess.run(["cc", "-O2", "-o", self.measure_program,
                        os.path.join(HERE, "measure.c")], check=True)
        self.fleet = clusters.Real((CONTEXT,))
        self.cluster = self.fleet.cluster(CONTEXT)
        self.kubectl = os.path.join(clusters.fixture.cluster.programs(),
                                    "kubectl")
        self.kubeconfig = self.fleet.kubeconfig
        self.rows = []

    def stripped(self, program):
        path = os.path.join(self.home, "kubectl-keyrot")
        subprocess.run(["strip", "-o", path, program], check=True)
        return path

    def close(self):
        self.fleet.down()
        subprocess.run(["rm", "-rf", self.home], check=False)

    def row(self, what, goal, result, met):
        self.rows.append((what, goal, result, met))
        print("  %s: %s" % (what, result), flush=True)

    # Running

    def start(self, words, **more):
        env = {"PATH": os.environ["PATH"], "HOME": self.home,
               "KUBECONFIG": self.kubeconfig}
        file = os.path.join(self.home, "cost-%s" % secrets.token_hex(4))
        return file, subprocess.Popen([self.measure_program, file] + words,
                                      env=env, stderr=subprocess.PIPE, **more)

    def finish(self, words, file, process):
        message = process.communicate()[1]
        if process.returncode:
            raise SystemExit("%s: exit %d: %s" % (
                " ".join(words[:3]), process.returncode, message.decode()))
        with open(file) as text:
            wall, cpu, rss, end = text.read().split()
        os.unlink(file)
        return Cost(float(wall), float(cpu), int(rss), float(end))

    def run(self, *words):
        file, process = self.start(list(words), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL)
        return self.finish(words, file, process)

    def pipe(self, first, second):
        """Two programs at the same time: CPU added, one wall time."""
        begin = time.monotonic()
        at, left = self.start(first, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE)
        to, right = self.start(second, stdin=left.stdout,
                               stdout=subprocess.DEVNULL)
        left.stdout.close()
        left.stdout = None
        end = self.finish(second, to, right)
        start = self.finish(first, at, left)
        return Cost(time.monotonic() - begin, start.cpu + end.cpu,
                    max(start.rss, end.rss), end.end)

    def new_key(self):
        path = os.path.join(self.home, "new.key")
        key = base64.b64encode(secrets.token_bytes(32))
        with open(path, "wb") as file:
            file.write(key)
        return path, key.decode()

    def apply(self, namespace, *more, program=None):
        self.settle()
        path, _ = self.new_key()
        return self.run(program or self.keyrot, "apply", "--context", CONTEXT, "-n",
                        namespace, "--key-file", path, "--store", "none",
                        *more)

    @staticmethod
    def settle():
        """Not measured: the controller is done with the restart before, and
        kubectl refuses two of them within one second."""
        time.sleep(1.05)

    def runbook(self, namespace):
        """The three lines, as people type them."""
        self.settle()
        _, key = self.new_key()
        kubectl = [self.kubectl, "--context", CONTEXT, "-n", namespace]
        write = self.pipe(
            kubectl + ["create", "secret", "generic", NAME, "--from-literal=%s"
                       "=%s" % (ENTRY, key), "--dry-run=client", "-o", "yaml"],
            kubectl + ["apply", "-f", "-"])
        restart = self.run(*kubectl, "rollout", "restart",
                           "deployment/secrets-service")
        return write + restart + self.run(
            *kubectl, "rollout", "status", "deployment/secrets-service")

    def fixture(self, namespace, *words):
        clusters.make_fixture(self.cluster, namespace, list(words),
                              base64.b64encode(secrets.token_bytes(32)))

    def in_turn(self, *commands, runs=None):
        """The medians of each, after one run that warms caches."""
        costs = [[] for _ in commands]
        for turn in range((runs or self.runs) + 1):
            for command, found in zip(commands, costs):
                cost = command()
                if turn:
                    found.append(cost)
        return [median(found) for found in costs]

    # The table

    def bench_kubectl(self):
        for name in ("ours", "theirs"):
            self.fixture(name, "--workload",
                         "deployment/secrets-service,replicas=0")
        ours, static, theirs = self.in_turn(
            lambda: self.apply("ours"),
            lambda: self.apply("ours", program=self.static),
            lambda: self.runbook("theirs"))
        ratio = theirs.wall / min(ours.wall, static.wall)
        self.row("apply, 0 replicas: wall beside kubectl", ">= 12 times",
                 "%.1f times (%s, static %s; %s)" % (ratio, ms(
                     ours.wall), ms(static.wall), ms(theirs.wall)),
                 ratio >= 12)
        ratio = theirs.cpu / min(ours.cpu, static.cpu)
        self.row("... CPU", ">= 18 times", "%.1f times (%s, static %s; %s)" % (
            ratio, ms(ours.cpu), ms(static.cpu), ms(theirs.cpu)), ratio >= 18)
        mine = min(ours.rss, static.rss) / MIB
        ratio = theirs.rss / MIB / mine
        self.row("... peak memory", "<= 13 MiB, >= 5 times",
                 "%.1f MiB, static %.1f MiB; %.1f times" % (
                     ours.rss / MIB, static.rss / MIB, ratio),
                 mine <= 13 and ratio >= 5)

    def at(self, kubeconfig, command):
        """The command, run with that kubeconfig."""
        def run():
            before, self.kubeconfig = self.kubeconfig, kubeconfig
            try:
                return command()
            finally:
                self.kubeconfig = before
        return run

    def bench_link(self):
        """The same over a link of 50 ms."""
        server = clusters.urllib.parse.urlsplit(self.cluster.api_server())
        link = Link(server.hostname, server.port, DELAY_S)
        far = os.path.join(self.home, "far.kubeconfig")
        with open(self.kubeconfig) as file, open(far, "w") as out:
            out.write(file.read().replace(
                ":%d" % server.port, ":%d" % link.port))
        near, ours, theirs = self.in_turn(
            lambda: self.apply("ours", program=self.static),
            self.at(far, lambda: self.apply("ours", program=self.static)),
            self.at(far, lambda: self.runbook("theirs")))
        link.connections = 0
        self.at(far, lambda: self.apply("ours", program=self.static))()
        ratio = theirs.wall / ours.wall
        self.row("... over a link of 50 ms", ">= 4 times",
                 "%.1f times (%s, %s)" % (ratio, ms(ours.wall),
                                          ms(theirs.wall)), ratio >= 4)
        trips = (ours.wall - near.wall) / (2 * DELAY_S)
        self.row("... dependent round trips", "<= 6",
                 "%.1f, over %d connections" % (trips, link.connections),
                 trips < 6.5)

    def requests_of(self, namespace):
        mark = self.cluster.mark()
        self.apply(namespace)
        time.sleep(0.5)
        return self.cluster.requests(namespace, mark)

    def bench_curl(self):
        """The same requests, one after the other, on one connection. Neither
        waits for the controller, which has both commands' restarts to do."""
        server = self.cluster.api_server()
        pki = os.path.join(self.fleet.folder, CONTEXT, "pki")
        words = ["curl", "-sS"]
        for request in self.requests_of("ours"):
            if "watch=true" in request.path:
                continue
            words += ["-o", "/dev/null", "--cacert", pki + "/ca.crt", "--cert",
                      pki + "/operator.crt", "--key", pki + "/operator.key",
                      "-X", request.method, server + request.path]
            if request.method != "GET":
                kind = ("apply-patch+yaml" if "force=" in request.path
                        else "merge-patch+json")
                words += ["-H", "Content-Type: application/" + kind, "-d",
                          request.body]
            words += ["--next"]
        words.pop()
        ours, theirs = self.in_turn(
            lambda: self.apply("ours", "--no-wait", program=self.static),
            lambda: self.run(*words))
        ratio = ours.wall / theirs.wall
        self.row("apply --no-wait beside curl with the same requests: wall",
                 "<= 1.5 times", "%.2f times (%s, %s)" % (
                     ratio, ms(ours.wall), ms(theirs.wall)), ratio <= 1.5)

    def watch_pods(self, namespace, seen):
        """Notes when a pod was last seen to get ready, or to go."""
        api = self.cluster.api()
        path = "/api/v1/namespaces/%s/pods" % namespace
        version = api.get(path)["metadata"]["resourceVersion"]
        seen["watching"].set()
        events = api.watch("%s?watch=true&timeoutSeconds=60&"
                           "resourceVersion=%s" % (path, version))
        try:
            self.note_pods(events, seen)
        except TimeoutError:  # all is quiet, and has been
            pass

    def note_pods(self, events, seen):
        ready = set()
        for event in events:
            pod, now = event["object"], time.monotonic()
            name = pod["metadata"]["name"]
            if event["type"] == "DELETED":
                seen["gone"] = now
            elif name not in ready and any(
                    c["type"] == "Ready" and c["status"] == "True"
                    for c in pod["status"].get("conditions", ())):
                ready.add(name)
                seen["ready"] = now
            if seen.get("stop"):
                return

    def lag(self, command, namespace):
        """From the last pod's readiness to the end; and from the last
        old pod's end."""
        seen = {"watching": threading.Event()}
        watching = threading.Thread(target=self.watch_pods,
                                    args=(namespace, seen), daemon=True)
        watching.start()
        seen["watching"].wait()
        time.sleep(0.3)
        end = command().end
        result = (end - seen["ready"], end - max(seen["ready"], seen["gone"]))
        seen["stop"] = True
        time.sleep(0.3)
        return result

    def bench_lag(self):
        for name in ("lag-ours", "lag-theirs"):
            self.fixture(name, "--workload",
                         "deployment/secrets-service,replicas=3")
        ours, theirs = [], []
        for _ in range(max(3, self.runs // 2)):
            ours.append(self.lag(lambda: self.apply("lag-ours"), "lag-ours"))
            theirs.append(self.lag(lambda: self.runbook("lag-theirs"),
                                   "lag-theirs"))
        after = [statistics.median(lag[1] for lag in ours),
                 statistics.median(lag[0] for lag in ours),
                 statistics.median(lag[0] for lag in theirs)]
        self.row("apply, 3 replicas: after the last pod was ready and no old "
                 "one left", "<= 50 ms", "%s (after the last was ready: %s; "
                 "kubectl: %s, old pods or not)" % tuple(map(ms, after)),
                 after[0] <= 0.050)

    def bench_status(self):
        words = []
        for number in range(500):
            words += ["--workload", "deployment/w%03d,replicas=10,"
                      "ready-after=0s" % number]
        begin = time.monotonic()
        self.fixture("many", "--no-wait", *words)
        self.wait_for_pods("many", 5000)
        print("  5,000 pods after %.0f s" % (time.monotonic() - begin))
        ours, theirs = self.in_turn(
            lambda: self.run(self.keyrot, "status", "--context", CONTEXT,
                             "-n", "many", "-o", "json"),
            lambda: self.run(self.kubectl, "--context", CONTEXT, "-n", "many",
                             "get", "pods,deploy", "-o", "json"), runs=3)
        mine = ours.rss / MIB
        self.row("status, 5,000 pods and 500 workloads: memory", "<= 24 MiB",
                 "%.1f MiB (kubectl %.0f MiB)" % (mine, theirs.rss / MIB),
                 mine <= 24)
        self.row("... wall beside kubectl get", "-", "%s (kubectl %s)" % (
            ms(ours.wall), ms(theirs.wall)), True)

    def wait_for_pods(self, namespace, number):
        api = self.cluster.api()
        path = "/api/v1/namespaces/%s/pods?limit=1" % namespace
        end = time.monotonic() + 600
        while True:
            page = api.get(path)
            count = len(page["items"]) + page["metadata"].get(
                "remainingItemCount", 0)
            if count >= number:
                return
            if time.monotonic() > end:
                raise SystemExit("only %d pods came up" % count)
            time.sleep(0.5)

    def bench_start(self):
        size = os.path.getsize(self.keyrot) / 1024
        self.row("stripped dynamic binary", "<= 400 KiB", "%.0f KiB" % size,
                 size <= 400)
        ours, static = self.in_turn(lambda: self.run(self.keyrot, "version"),
                                    lambda: self.run(self.static, "version"),
                                    runs=21)
        self.row("start to exit of version", "<= 10 ms, static <= 3 ms",
                 "%.1f ms, static %.1f ms" % (ours.wall * 1000,
                                              static.wall * 1000),
                 ours.wall <= 0.010)

    def all(self):
        self.bench_start()
        self.bench_kubectl()
        self.bench_link()
        self.bench_curl()
        self.bench_lag()
        if not self.small:
            self.bench_status()

    def report(self):
        widths = [max(len(row[i]) for row in self.rows) for i in range(3)]
        print()
        for what, goal, result, met in self.rows:
            print("| %-*s | %-*s | %-*s | %s |" % (
                widths[0], what, widths[1], goal, widths[2], result,
                "met" if met else "MISSED"))
        missed = sum(not row[3] for row in self.rows)
        print("\n%d goals, %d missed; kubectl is %s" % (
            len(self.rows), missed, self.kubectl))


def main():
    parser = argparse.ArgumentParser(
        usage=__doc__[__doc__.index("usage: ") + 7:__doc__.index("Ratios")])
    parser.add_argument("--program",
                        default=os.path.join(ROOT, "kubectl-keyrot"))
    parser.add_argument("--static", default=os.path.join(
        ROOT, "build", "static-" + os.uname().machine, "kubectl-keyrot"))
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--small", action="store_true")
    bench = Bench(parser.parse_args())
    try:
        bench.all()
    finally:
        bench.close()
        if bench.rows:
            bench.report()


if __name__ == "__main__":
    main()
