#!/usr/bin/env python3
"""Single faults, swept over apply, rotate, rollback and resume.

usage: sweep.py [--long] [--part N] [--path PATH]... [--only WORDS]...
                [--jobs N] [--program PATH] [-v]

Each case is one fault at one place: a request, a call of the store, a write to
disk. Every run keeps the promises, and what is printed to be typed next ends
it. Of the rotations a part is swept, the same one every time; --long sweeps
all of it. --only: cases whose name holds these words.
"""

import argparse
import collections
import concurrent.futures
import multiprocessing.util
import os
import sys
import time
import traceback

import apply
import planted
import rotation
from stand import Broken
from world import PROGRAM

PART = 1500           # of the rotations' cases
FLOOR = 2000          # fewer in all is a failure: something is not swept
FLOOR_LONG = 12000
SLOW_S = 25
worker = {}


def begin(program, module):
    """In each process: its own clusters, made when they are needed."""
    worker["module"] = module
    def of(kind):
        if kind not in worker:
            worker[kind] = kind.Walker(program)
        return worker[kind]

    def close():
        for kind, walker in worker.items():
            if hasattr(kind, "Walker"):
                walker.close()
    worker["of"] = of
    multiprocessing.util.Finalize(None, close, exitpriority=10)


def kind_of(row):
    if worker.get("module"):
        return worker["module"]
    return apply if row["path"] == "apply" else rotation


def case(row):
    since = time.monotonic()
    try:
        outcome, wrong = worker["of"](kind_of(row)).case(row), None
    except Broken as broken:
        outcome, wrong = "broken", str(broken)
    except Exception:
        outcome, wrong = "error", traceback.format_exc()
    return row, outcome, wrong, time.monotonic() - since


def name_of(row):
    name = kind_of(row).name_of(row)
    return name if worker.get("module") else "%s %s" % (row["path"], name)


def all_rows(arguments):
    paths = arguments.path or ["apply", *rotation.PATHS]
    rows, rotated = [], []
    if "apply" in paths:
        walker = apply.Walker(arguments.program)
        rows = walker.rows()
        walker.close()
    walker = rotation.Walker(arguments.program)
    for path in paths:
        if path != "apply":
            found = list(rotation.rows_of(walker, path))
            print("%s: %d cases" % (path, len(found)), flush=True)
            rotated += found
    if rotated:
        print("keys planted and found: %d" % planted.check(walker), flush=True)
    walker.close()
    if not (arguments.long or arguments.only):
        rotated = rotation.part_of(rotated, arguments.part)
        rows = rows[::max(1, PART // arguments.part)]
    return [row for row in rows + rotated
            if not arguments.only
            or any(words in name_of(row) for words in arguments.only)]


def sweep(arguments, rows, module=None):
    """All of them, in processes; how many broke a promise."""
    worker["module"] = module
    outcomes, broken, since = collections.Counter(), 0, time.monotonic()
    with concurrent.futures.ProcessPoolExecutor(
            arguments.jobs, initializer=begin,
            initargs=(arguments.program, module)) as pool:
        for row, outcome, wrong, seconds in pool.map(case, rows, chunksize=4):
            outcomes[outcome] += 1
            if wrong:
                broken += 1
                print("%s: %s" % (name_of(row), wrong), flush=True)
            elif arguments.verbose or seconds > SLOW_S:
                print("%s: %s (%.1f s)" % (name_of(row), outcome, seconds),
                      flush=True)
    print("first runs: %s" % ", ".join(
        "%d %s" % (number, outcome)
        for outcome, number in sorted(outcomes.items())))
    print("%s %d/%d in %d s: %d passed, %d failed" % (
        getattr(module, "DONE", "killed" if module else "swept"),
        len(rows) - outcomes["error"], len(rows), time.monotonic() - since,
        len(rows) - broken, broken))
    return broken


def main():
    parser = argparse.ArgumentParser(usage=__doc__[__doc__.index(
        "usage: ") + 7:__doc__.index("Each case")])
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--part", type=int, default=PART)
    parser.add_argument("--path", action="append",
                        choices=["apply", *rotation.PATHS])
    parser.add_argument("--only", action="append")
    parser.add_argument("--jobs", type=int,
                        default=3 * min(4, os.cpu_count() or 1))
    parser.add_argument("--program", default=PROGRAM)
    parser.add_argument("-v", "--verbose", action="store_true")
    arguments = parser.parse_args()
    try:
        rows = all_rows(arguments)
    except Broken as broken:
        sys.exit("without a fault: %s\n0 passed, 1 failed" % broken)
    broken = sweep(arguments, rows)
    floor = FLOOR_LONG if arguments.long else FLOOR
    part = arguments.path or arguments.only or arguments.part < PART
    if not part and len(rows) < floor:
        sys.exit("sweep.py: %d cases; %d is the floor" % (len(rows), floor))
    sys.exit(1 if broken or not rows else 0)


if __name__ == "__main__":
    main()
