#!/usr/bin/env python3
"""SIGKILL at every point of a whole rotation and of its roll-back.

usage: kill.py [--path rotate|rollback|resume]... [--only WORDS] [--jobs N]
               [--program PATH] [-v]

The points are those of a clean run, recorded: before and after each write to
journal and ledger (and in the middle of it), before each request is carried
out and before its answer comes, before and after each call of the store. After
it `resume` goes on, once with the journal and once with the journal deleted,
as on another machine. The promises are looked at in between.
"""

import argparse
import os
import shutil
import sys

import rotation
import sweep
from stand import Broken
from world import PROGRAM

FLOOR = 900
PATHS = ("rotate", "rollback")
ANSWERED = {"kind": "reset-applied", "kill": True}
UNANSWERED = {"kind": "reset-read", "kill": True}


def points_of(walker, path):
    """Every kill of a path."""
    requests, actions, disk = walker.record(path)
    seen = {}
    for request in requests:
        name, _, spec = rotation.request_spec(request, seen)
        for kind in (UNANSWERED, ANSWERED) if rotation.is_write(
                request["method"]) else (UNANSWERED,):
            yield {"path": path, "name": name, "api": dict(spec, **kind)}
    for at, action in enumerate(actions, 1):
        for kind in ("kill", "kill-after"):
            yield {"path": path, "at": at, "store": kind,
                   "name": "%s#%d" % (action, at)}
    for at, call, file in disk:
        for kind in ("kill", "kill-after", "torn") if call == "write" else (
                "kill", "kill-after"):
            yield {"path": path, "at": int(at), "seam": kind,
                   "name": "%s#%s %s" % (call, at, rotation.file_of(file))}


class Walker(rotation.Walker):
    def __init__(self, program):
        super().__init__(program)
        # Nothing hangs here, and a slow machine is no fault.
        self.world.request_timeout = "15s"

    def case(self, fault):
        path = fault["path"]
        words = rotation.PATHS[path][0]
        self.begin(path)
        self.world.spoil(fault)
        first = self.type(words, path, fault)
        if not first.killed:
            raise Broken("it was not killed: " + str(first))
        if fault["without"]:
            self.lose_journal()
        self.after(path, words, first)
        return "killed"

    def lose_journal(self):
        shutil.rmtree(self.world.at("state", "keyrot"), ignore_errors=True)

    def is_over(self, path):
        keys = {cluster.live for cluster in self.oracle.clusters.values()}
        return len(keys) == 1 and (
            (keys.pop() == self.world.old) == (path == "rollback"))

    def after(self, path, words, run):
        """A person types resume; what it says is done next."""
        told = ["resume"]
        for _ in range(rotation.AGAIN):
            run = self.type(told, path)
            if run.ended:
                return
            document = run.document()
            # It had not begun, or had ended: there is nothing to go on with.
            if document["reason"] in ("NothingToResume", "RotationUnknown"):
                if self.is_over(path):
                    self.oracle.check_end(run, path == "rollback")
                    return
                told = list(words)
                self.world.expire_leases()
            else:
                told = rotation.printed(document) or ["resume"]
        raise Broken("%s: %s" % (run, run.err[-900:].decode(
            "utf-8", "replace")))


def name_of(row):
    return "%s %s, %s the journal" % (
        row["path"], rotation.name_of(row),
        "without" if row["without"] else "with")


def main():
    parser = argparse.ArgumentParser(usage=__doc__[__doc__.index(
        "usage: ") + 7:__doc__.index("The points")])
    parser.add_argument("--path", action="append",
                        choices=sorted(rotation.PATHS))
    parser.add_argument("--only")
    parser.add_argument("--jobs", type=int,
                        default=3 * min(4, os.cpu_count() or 1))
    parser.add_argument("--program", default=PROGRAM)
    parser.add_argument("-v", "--verbose", action="store_true")
    arguments = parser.parse_args()
    walker, points = Walker(arguments.program), []
    for path in arguments.path or PATHS:
        found = list(points_of(walker, path))
        print("%s: %d points" % (path, len(found)), flush=True)
        points += found
    walker.close()
    rows = [dict(point, without=without) for point in points
            for without in (False, True)]
    rows = [row for row in rows
            if not arguments.only or arguments.only in name_of(row)]
    broken = sweep.sweep(arguments, rows, sys.modules[__name__])
    if not (arguments.path or arguments.only) and len(rows) < FLOOR:
        sys.exit("kill.py: %d cases; %d is the floor" % (len(rows), FLOOR))
    sys.exit(1 if broken or not rows else 0)


if __name__ == "__main__":
    # By the name under which other processes find it.
    import kill
    kill.main()
