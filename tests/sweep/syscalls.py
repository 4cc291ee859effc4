#!/usr/bin/env python3
"""SIGKILL at every system call of a rotation, and of its being resumed.

usage: syscalls.py [--long] [--path rotate|resume]... [--number N] [--seed N]
                   [--jobs N] [--program PATH] [-v]

A clean run is counted; before each of its system calls, by any of its threads,
the process is killed, and `resume` goes on, every other time without the
journal, as on another machine. The promises are looked at in between. An
ordinary run takes some of them, a stride apart; --seed: which. --long: all.
"""

import argparse
import os
import sys

import kill
import rotation
import sweep
from stand import Broken
from world import PROGRAM

PATHS = ("rotate", "resume")
NUMBER = 300            # of an ordinary run
LONG = 3500             # what all of them are at least


class Walker(kill.Walker):
    def calls(self, path):
        """How many system calls a clean run makes."""
        self.begin(path)
        run = self.type(rotation.PATHS[path][0], path, {"syscall": 0})
        if run.code:
            raise Broken("a clean %s fails: %s" % (path, run.err.decode()))
        with open(self.world.at("calls")) as file:
            return int(file.read())

    def case(self, row):
        path = row["path"]
        words = rotation.PATHS[path][0]
        self.begin(path)
        first = self.type(words, path, row)
        # How often it polls is not the same each time.
        if not first.killed:
            if first.code:
                raise Broken("%s: not killed: %s" % (first, first.err[
                    -900:].decode("utf-8", "replace")))
            return "ended before"
        if row["without"]:
            self.lose_journal()
        self.after(path, words, first)
        return "killed"


def name_of(row):
    return "%s at call %d, %s the journal" % (
        row["path"], row["syscall"], "without" if row["without"] else "with")


def chosen(total, number, seed):
    """So many of the calls, the same way apart."""
    if number >= total:
        return list(range(1, total + 1))
    return [1 + (i * total + seed % total) // number % total
            for i in range(number)]


def main():
    parser = argparse.ArgumentParser(usage=__doc__[__doc__.index(
        "usage: ") + 7:__doc__.index("A clean")])
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--path", action="append", choices=PATHS)
    parser.add_argument("--number", type=int, default=NUMBER)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int,
                        default=3 * min(4, os.cpu_count() or 1))
    parser.add_argument("--program", default=PROGRAM)
    parser.add_argument("-v", "--verbose", action="store_true")
    arguments = parser.parse_args()
    paths = arguments.path or PATHS
    walker, rows = Walker(arguments.program), []
    for path in paths:
        total = walker.calls(path)
        # Two thirds are for the rotation itself.
        share = arguments.number * (2 if path == "rotate" else 1) // 3
        calls = chosen(total, total if arguments.long else share,
                       arguments.seed)
        print("%s: %d system calls, %d of them" % (path, total, len(calls)),
              flush=True)
        rows += [{"path": path, "syscall": call, "without": bool(i % 2)}
                 for i, call in enumerate(calls)]
    walker.close()
    broken = sweep.sweep(arguments, rows, sys.modules[__name__])
    floor = LONG if arguments.long else NUMBER
    if not arguments.path and len(rows) < floor:
        sys.exit("syscalls.py: %d cases; %d is the floor" % (len(rows),
                                                             floor))
    sys.exit(1 if broken or not rows else 0)


if __name__ == "__main__":
    # By the name under which other processes find it.
    import syscalls
    syscalls.main()
