#!/usr/bin/env python3
"""A single fault at every request of `apply`, of every kind, on practice clusters.

usage: sweep.py [--program PATH] [--jobs N] [--index N]... [--kind KIND]... [-v]

A clean run tells how many requests there are. Then, for each of them and each
kind of fault: everything anew, one fault, apply; then apply again until it is
done. After each run the promises are looked at:

 1  no cluster holds a key that the store does not hold
 2  the key that was replaced is in the store
 3  "done" is said only when every pod runs the new key; else what is the case
    is said
 4  what others wrote is still there
 5  the keys are in no output, argument, environment and request, but for the new
    one in the write of the Secret
"""

import argparse
import concurrent.futures
import sys
import threading
import time
import traceback

from stand import CONTEXT, PROGRAM, Broken, Stand

FLOOR = 450           # fewer is a failure: something is no longer swept
AGAIN = 2             # runs after the first, at most
STATUSES = ("401", "403", "404", "410", "422", "429", "500", "502", "503",
            "504")
KINDS = [{"kind": status} for status in STATUSES] + [
    {"kind": "429", "retryAfter": 0}, {"kind": "503", "retryAfter": 0},
    {"kind": "500", "applied": True, "method": "PATCH"}] + [{"kind": kind} for kind in (
        "409a", "409b", "echo", "gateway", "html", "expired-token",
        "reset-first", "reset-read", "reset-applied", "eof", "cut",
        "truncated", "wrong-kind", "wrong-uid", "wrong-name", "endless",
        "bad-tls", "watch-cut", "watch-end", "watch-410", "watch-500",
        "watch-split")] + [
    {"kind": "delay", "ms": 100}, {"kind": "hang", "ms": 2000},
    {"kind": "slow", "ms": 20}, {"kind": "refuse", "ms": 300}]


def name_of(fault):
    extra = "".join(",%s=%s" % item for item in sorted(fault.items())
                    if item[0] in ("retryAfter", "applied"))
    return "%3d %s%s" % (fault["at"], fault["kind"], extra)


def one_fault(stand, fault):
    """How the first run ended; every run keeps the promises."""
    stand.reset(fault)
    first = done = stand.apply()
    stand.check(done)
    stand.practice.control("DELETE", "/fault")
    for _ in range(AGAIN):
        if done.returncode == 0:
            break
        time.sleep(0.3 if fault["kind"] == "refuse" else 0)
        done = stand.apply()
        stand.check(done)
    if done.returncode:
        raise Broken("run again, it still fails: exit %d: %s" % (
            done.returncode, done.stderr[-900:].decode()))
    return "exit %d" % first.returncode


class Sweep:
    def __init__(self, arguments):
        self.arguments = arguments
        self.local = threading.local()
        self.stands = []
        self.lock = threading.Lock()
        self.outcomes = {}

    def stand(self):
        if not hasattr(self.local, "stand"):
            self.local.stand = Stand(self.arguments.program)
            with self.lock:
                self.stands.append(self.local.stand)
        return self.local.stand

    def row(self, fault):
        begin = time.monotonic()
        try:
            outcome, wrong = one_fault(self.stand(), fault), None
        except Broken as broken:
            outcome, wrong = "broken", str(broken)
        except Exception:
            outcome, wrong = "error", traceback.format_exc()
        return fault, outcome, wrong, time.monotonic() - begin

    def rows(self):
        stand = Stand(self.arguments.program)
        try:
            count = stand.clean()
        finally:
            stand.close()
        print("a clean apply makes %d requests" % count, flush=True)
        indexes = self.arguments.index or range(1, count + 1)
        return [dict(kind, at=index, cluster=CONTEXT) for index in indexes
                for kind in KINDS if not self.arguments.kind
                or kind["kind"] in self.arguments.kind]

    def run(self):
        rows, broken, begin = self.rows(), 0, time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(
                self.arguments.jobs) as pool:
            for fault, outcome, wrong, seconds in pool.map(self.row, rows):
                self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
                if wrong:
                    broken += 1
                    print("%s: %s" % (name_of(fault), wrong), flush=True)
                elif self.arguments.verbose:
                    print("%s: %s (%.1f s)" % (name_of(fault), outcome,
                                               seconds), flush=True)
        for stand in self.stands:
            stand.close()
        self.report(len(rows), broken, time.monotonic() - begin)
        return broken

    def report(self, rows, broken, seconds):
        print("first runs: %s" % ", ".join(
            "%d %s" % (number, outcome)
            for outcome, number in sorted(self.outcomes.items())))
        print("swept %d/%d in %d s: %d passed, %d failed" % (
            rows - self.outcomes.get("error", 0), rows, seconds,
            rows - broken, broken))
        whole = not (self.arguments.index or self.arguments.kind)
        if whole and rows < FLOOR:
            sys.exit("sweep.py: %d rows; %d is the floor" % (rows, FLOOR))


def main():
    parser = argparse.ArgumentParser(
        usage=__doc__[__doc__.index("usage: ") + 7:__doc__.index("A clean")])
    parser.add_argument("--program", default=PROGRAM)
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--index", type=int, action="append")
    parser.add_argument("--kind", action="append")
    parser.add_argument("-v", "--verbose", action="store_true")
    sys.exit(1 if Sweep(parser.parse_args()).run() else 0)


if __name__ == "__main__":
    main()
