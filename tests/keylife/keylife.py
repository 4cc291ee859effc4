#!/usr/bin/env python3
"""For how long a key is in memory, in whole runs, on the real clock.

usage: keylife.py [--program PATH] [-v] [WORD...]

Every piece of locked memory is watched from when it is had until it is given
back, by a library that is preloaded; the program has no hook for it. What held
a key, whole or in part and in any form, counts from the beginning: it was not
there sooner. Pods take seconds to start, so that waiting for them shows.
"""

import argparse
import base64
import collections
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
for name in ("resume", "sweep"):  # sweep comes first: both have a stand
    sys.path.insert(0, os.path.join(ROOT, "tests", name))

import world  # noqa: E402
from oracle import stored_keys  # noqa: E402
from prom import Prom  # noqa: E402
from scan import Scan  # noqa: E402
from stand import Broken  # noqa: E402

LIBRARY = os.path.join(ROOT, "build", "keylife", "keylife.so")
POD_MS = 7000
SOAK_S = 12
SOAK_DEFAULT_S = 1800   # of a soak that nobody shortened
A_CLUSTER_S = 5         # at most, a cluster: less than a rollout
OF_A_RUN = 0.01         # at most, of a run with a soak
PIECES = 30             # of memory that held a key: fewer were not looked at
Piece = collections.namedtuple("Piece", "pid began ended how data")


class World(world.World):
    def __init__(self, program, prom):
        soak = prom.soak(SOAK_S)
        world.KINDS["soak"] = ("single", world.FIRST_STAGING
                               + world.THEN_PRODUCTION + soak)
        super().__init__(program)
        self.scenario["settings"]["pod_ms"] = POD_MS
        self.use("soak")

    def environment(self, fault):
        return dict(super().environment(fault), LD_PRELOAD=LIBRARY,
                    KEYLIFE_LOG=self.at("pieces"))

    def type(self, *words):
        """A run, and the pieces of memory that it had."""
        if os.path.exists(self.at("pieces")):
            os.unlink(self.at("pieces"))
        command = [self.program, *words, "--config", self.at("keyrot.yaml"),
                   "-o", "json", "--timeout", "60s"]
        run = self.run_plain(words, self.environment(None), command)
        with open(self.at("pieces"), "rb") as file:
            rows = [line.split(b" ") for line in file.read().split(b"\n")[:-1]]
        return run, [Piece(int(row[0]), int(row[1]) / 1e9, int(row[2]) / 1e9,
                           row[3].decode(), bytes.fromhex(row[4].decode()))
                     for row in rows]


def union(spans):
    """How long any of them was, and the longest time on end."""
    total = longest = 0
    begun = ended = None
    for began, end in sorted(spans):
        if ended is None or began > ended:
            begun, ended = began, end
            total += end - began
        elif end > ended:
            total += end - ended
            ended = end
        longest = max(longest, ended - begun)
    return total, longest


class Measured:
    """What a run came to."""

    def __init__(self, stand, words, clusters_written):
        run, pieces = stand.type(*words)
        if run.code:
            raise Broken("%s: %s" % (run, run.err[-900:].decode()))
        self.run, self.clusters = run, clusters_written
        keys = {stand.old, *stored_keys(stand.at("store")).values()}
        scan = Scan(sorted(keys))
        self.held = [piece for piece in pieces if scan.find(piece.data)]
        self.pieces = len(pieces)
        self.began = min(piece.began for piece in pieces)
        self.lasted = max(piece.ended for piece in pieces) - self.began
        self.total, self.longest = union(
            [(piece.began, piece.ended) for piece in self.held])

    def check(self, name, soaked):
        words = "%s: a key was in memory for %.2f s of %.1f s, %.2f s a" \
            " cluster; %.2f s on end; %d of %d pieces" % (
                name, self.total, self.lasted, self.total / self.clusters,
                self.longest, len(self.held), self.pieces)
        print(words, flush=True)
        if len(self.held) < PIECES:
            raise Broken("only %d pieces held a key" % len(self.held))
        left = [piece.how for piece in self.held if piece.how != "wiped"]
        if left:
            raise Broken("a key was not wiped: " + ", ".join(left))
        if self.total / self.clusters > A_CLUSTER_S:
            raise Broken("%d s a cluster are the most" % A_CLUSTER_S)
        if soaked:
            share = self.total / (self.lasted - SOAK_S + SOAK_DEFAULT_S)
            print("  %.2f %% of it with a soak of %d minutes" % (
                100 * share, SOAK_DEFAULT_S / 60), flush=True)
            if share > OF_A_RUN:
                raise Broken("%d %% are the most" % (100 * OF_A_RUN))


def rotate(stand):
    stand.fresh()
    Measured(stand, ["rotate"], 2).check("rotate", True)


def rollback(stand):
    Measured(stand, ["rollback"], 2).check("rollback", False)


def resume(stand):
    stand.fresh()
    stand.spoil({"api": {
        "kind": "reset-applied", "kill": True, "cluster": world.PRODUCTION,
        "method": "PATCH", "path": "/secrets/.*keyrot\\.SECRET"}})
    run, _ = stand.type("rotate")
    stand.mend()
    if not run.killed:
        raise Broken("it was not killed: %s" % run)
    Measured(stand, ["resume"], 1).check("resume", True)


def apply(stand):
    stand.fresh()
    key = base64.b64encode(os.urandom(32))
    with open(os.open(stand.at("new.key"), os.O_WRONLY | os.O_CREAT, 0o600),
              "wb") as file:
        file.write(key)
    Measured(stand, ["apply", "--context", "sweeper@" + world.STAGING, "-n",
                     world.NAMESPACE, "--key-file", stand.at("new.key")],
             1).check("apply", False)


CASES = [rotate, rollback, resume, apply]


def main():
    parser = argparse.ArgumentParser(usage=__doc__[__doc__.index(
        "usage: ") + 7:__doc__.index("Every piece")])
    parser.add_argument("--program", default=world.PROGRAM)
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("words", nargs="*")
    arguments = parser.parse_args()
    passed = failed = 0
    with Prom() as prom:
        stand = World(arguments.program, prom)
        for case in CASES:
            if arguments.words and case.__name__ not in arguments.words:
                continue
            try:
                case(stand)
                passed += 1
            except Broken as broken:
                failed += 1
                print("%s: %s" % (case.__name__, broken), flush=True)
        stand.close()
    print("key-lifetime: %d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
