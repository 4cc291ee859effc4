"""A single fault in a whole rotation, its roll-back, or its being resumed.

A clean run, recorded, tells which requests, store calls and writes to disk
there are. Each of them times each kind of fault is a case: everything anew,
one fault, the command; then the command that it printed, without faults, until
it is done. tests/sweep/oracle.py looks at the promises after every run.
"""

import hashlib
import re

from oracle import Oracle
from stand import Broken
from world import PRODUCTION, STAGING, World, printed

AGAIN = 3
STATUSES = ("401", "403", "404", "410", "422", "429", "500", "502", "503",
            "504")
ANSWERS = [{"kind": status} for status in STATUSES] + [
    {"kind": "429", "retryAfter": 0}, {"kind": "503", "retryAfter": 0}] + [
    {"kind": kind} for kind in (
        "echo", "gateway", "html", "expired-token", "reset-first",
        "reset-read", "eof", "cut", "truncated", "wrong-kind", "wrong-uid",
        "wrong-name", "endless")] + [
    {"kind": "delay", "ms": 100}, {"kind": "hang", "ms": 2000},
    {"kind": "slow", "ms": 20}]
OF_WRITES = [{"kind": "409a"}, {"kind": "409b"}, {"kind": "reset-applied"},
             {"kind": "500", "applied": True},
             {"kind": "504", "applied": True},
             {"kind": "gateway", "applied": True}]
OF_WATCHES = [{"kind": kind} for kind in (
    "watch-cut", "watch-end", "watch-410", "watch-500", "watch-split")]
OF_CONNECTIONS = [{"kind": "bad-tls"}, {"kind": "refuse", "ms": 300}]
OF_STORES = ("fail", "fail-after", "locked", "missing", "silent", "junk",
             "half", "die", "die-after", "hang")
OF_DISKS = {"write": ("enospc", "eio", "short")}
OTHER_DISKS = ("enospc", "eio")

# What is typed, and how many restarts its end has seen in each cluster.
PATHS = {
    "rotate": (("rotate",), {STAGING: 1, PRODUCTION: 1}),
    "rollback": (("rollback",), {STAGING: 1, PRODUCTION: 1}),
    "resume": (("resume",), {STAGING: 0, PRODUCTION: 1}),
    "promote": (("promote",), {STAGING: 0, PRODUCTION: 1}),
    "keyring": (("rotate",), {STAGING: 2, PRODUCTION: 2}),
    "waves": (("rotate",), {STAGING: 1, PRODUCTION: 1}),
}
# Those that begin with the fixture; the others, where another one ended.
ANEW = {"rotate": "plain", "keyring": "keyring", "waves": "waves"}


def name_of(fault):
    if "api" in fault:
        api = fault["api"]
        extra = "".join(",%s=%s" % item for item in sorted(api.items())
                        if item[0] in ("retryAfter", "applied"))
        where = "%s:%s" % (api["cluster"], fault["name"])
        return "%s %s%s" % (where, api["kind"], extra)
    kind = "store" if "store" in fault else "seam"
    return "%s:%s %s" % (kind, fault["name"], fault[kind])


def file_of(path):
    return "ledger" if path.startswith("ledger") else "journal"


def is_write(method):
    return method in ("PATCH", "PUT", "DELETE", "POST")


def request_spec(request, seen):
    """How a request is known again: cluster, method, path, how often before."""
    path = request["path"].split("?")[0]
    path = re.sub(r"/pods/[^/]+", "/pods/[^/]+", path)
    watch = "watch=true" in request["path"]
    if watch:
        path += r"\?watch=true"
    elif request["method"] == "PATCH" and "/secrets/" in path:
        manager = re.search(r"fieldManager=([\w.]+)", request["path"])
        path += r"\?.*fieldManager=%s(&|$)" % manager.group(1).replace(
            ".", r"\.")
    else:
        path += r"($|\?([^w]|w[^a]))"
    key = (request["cluster"], request["method"], path)
    seen[key] = seen.get(key, -1) + 1
    name = "%s#%d" % (" ".join((request["method"], path.split("/")[-1].split(
        "\\?")[0].split("($")[0])), seen[key])
    return name, watch, {"cluster": key[0], "method": key[1], "path": path,
                         "skip": seen[key]}


def answers_of(request, watch):
    """The kinds that make sense for a request."""
    kinds = list(ANSWERS)
    if is_write(request["method"]) and "reviews" not in request["path"]:
        kinds += OF_WRITES
    if watch:
        kinds = [kind for kind in kinds if kind["kind"] not in (
            "endless", "truncated", "slow")] + OF_WATCHES
    return kinds


class Walker:
    """One world, and cases in it."""

    def __init__(self, program):
        self.world = World(program)
        self.oracle = Oracle(self.world)

    def close(self):
        self.world.close()

    def begin(self, path):
        world = self.world
        if path in ANEW:
            world.fresh()
            world.base = world.old
            world.use(ANEW[path])
        else:
            if path not in world.saved:
                self.make(path)
            world.restore(path)
            world.use("plain")
        world.restarts = PATHS[path][1]

    def make(self, path):
        """Runs up to where a path begins, once."""
        world = self.world
        self.begin("rotate")
        if path == "resume":
            world.spoil({"api": {
                "kind": "reset-applied", "kill": True, "cluster": PRODUCTION,
                "method": "PATCH", "path": "/secrets/.*keyrot\\.SECRET"}})
        elif path == "promote":
            world.use("staging")
        run = world.run("rotate")
        world.mend()
        self.oracle.check(run)
        if path != "resume" and run.code:
            raise Broken("a clean run fails: " + run.err.decode())
        if path != "promote":
            world.base = self.oracle.clusters[STAGING].live
        world.save(path)

    def type(self, words, path, fault=None, stays=False):
        run = self.world.run(*words, fault=fault)
        if fault and not stays:
            self.world.mend()
        run.ended = run.code == 0 or (not run.killed and run.document()[
            "reason"] == "RotationEnded")
        if run.ended:
            self.oracle.check_end(run, path == "rollback")
        else:
            self.oracle.check(run)
        return run

    def next_of(self, run, words, path):
        """What is typed after a run: what it printed."""
        if run.killed and self.oracle.begun():
            return ["rollback"] if path == "rollback" else ["resume"]
        return (None if run.killed else printed(run.document())) or words

    def go_on(self, run, words, path):
        """What was printed, until it is done."""
        for _ in range(AGAIN):
            if run.ended:
                return
            run = self.type(self.next_of(run, words, path), path)
        if not run.ended:
            raise Broken("run again, it still fails: %s: %s" % (
                run, run.err[-900:].decode("utf-8", "replace")))

    def case(self, fault):
        """How the first run ended; every run keeps the promises."""
        path = fault["path"]
        words = PATHS[path][0]
        self.begin(path)
        self.world.spoil(fault)
        first = self.type(words, path, fault)
        self.go_on(first, words, path)
        return "exit %d" % first.code

    def record(self, path):
        """All points of a clean run at which something can go wrong."""
        self.begin(path)
        run = self.type(PATHS[path][0], path, {"record": True})
        if run.code:
            raise Broken("a clean %s fails: %s" % (path, run.err.decode()))
        with open(self.world.at("seam")) as file:
            disk = [line.split() for line in file]
        return self.world.requests(), self.world.actions(), disk


def rows_of(walker, path):
    """Every fault of a path."""
    requests, actions, disk = walker.record(path)
    seen = {}
    for request in requests:
        name, watch, spec = request_spec(request, seen)
        for kind in answers_of(request, watch):
            yield {"path": path, "name": name, "api": dict(spec, **kind)}
        for kind in OF_CONNECTIONS:
            yield {"path": path, "name": "before %d" % request["index"],
                   "api": dict(kind, cluster=request["cluster"],
                               at=request["index"])}
    for at, action in enumerate(actions, 1):
        for kind in OF_STORES:
            if kind != "half" or action in ("get", "list", "put"):
                yield {"path": path, "name": "%s#%d" % (action, at),
                       "at": at, "store": kind}
    for at, call, file in disk:
        for kind in OF_DISKS.get(call, OTHER_DISKS):
            yield {"path": path, "at": int(at), "seam": kind,
                   "name": "%s#%s %s" % (call, at, file_of(file))}


def weight(row):
    """What is always swept: writes, the store's and the disk's effects."""
    if "api" in row:
        return 2 if is_write(row["api"].get("method", "GET")) else 1
    return 2


def part_of(rows, number, seed="keyrot"):
    """So many of the rows, the same ones every time: writes first, then every
    place and every kind in turn."""
    def order(row):
        text = "%s %s %s" % (seed, row["path"], name_of(row))
        return hashlib.sha256(text.encode()).digest()
    places, chosen = {}, []
    for row in sorted(rows, key=order):
        place = (row["path"], row["name"], row.get("api", {}).get("cluster"))
        places.setdefault(place, []).append(row)
    # From each place one more in every round, two where it writes.
    while len(chosen) < number and any(places.values()):
        for left in places.values():
            for _ in range(weight(left[0]) if left else 0):
                if left:
                    chosen.append(left.pop())
    return sorted(chosen[:number], key=order)
