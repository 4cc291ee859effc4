#!/usr/bin/env python3
"""Two faults in one run, in the window where most can go wrong.

usage: pairs.py [--long] [--number N] [--random N] [--seed N] [--only WORDS]
                [--jobs N] [--program PATH] [-v]

The window: a new key goes into the store and comes out again, the Secret is
read, written and read, pods are restarted, the rollout is looked at. Each pair
of its places times each pair of their kinds is a case. What has not hit yet is
still there when the command that was printed is typed; after that there are no
faults. An ordinary run takes some of them, as many of each pair of places, the
same ones every time. --long: all, and --random so many pairs and triples out
of everything that can go wrong on any path, by --seed.
"""

import argparse
import hashlib
import itertools
import os
import random
import sys
import tempfile

import rotation
import sweep
from stand import Broken, clusters
from world import PROGRAM, STAGING

PATH = "rotate"
PLACES = 9              # of the window
NUMBER = 300            # of an ordinary run
LONG = 20000            # what all pairs of the window are at least
RANDOM = 5000
DONE = "paired"         # what is said of a case


class Walker(rotation.Walker):
    def case(self, row):
        path = row["path"]
        words = rotation.PATHS[path][0]
        self.begin(path)
        for fault in row["faults"]:
            self.world.spoil(fault)
        disk = [fault for fault in row["faults"] if "seam" in fault]
        first = run = self.type(words, path, disk[0] if disk else None,
                                stays=True)
        if not run.ended:
            run = self.type(self.next_of(run, words, path), path)
        self.world.mend()
        self.go_on(run, words, path)
        return "exit %d" % first.code


def name_of(row):
    return "%s %s" % (row["path"], " & ".join(
        rotation.name_of(fault) for fault in row["faults"]))


def window(walker):
    """Names of places, as rows have them: of the store, of the cluster."""
    requests, actions, _ = walker.record(PATH)
    put = max(at for at, action in enumerate(actions, 1) if action == "put")
    gets = [at for at, action in enumerate(actions, 1)
            if action == "get" and at > put]
    stored = {"put#%d" % put, "get#%d" % gets[0], "get#%d" % gets[1]}
    seen, named = {}, []
    for request in requests:
        name, watch, _ = rotation.request_spec(request, seen)
        if request["cluster"] == STAGING:
            named.append((request, name, watch))
    write = [at for at, (request, _, _) in enumerate(named)
             if request["method"] == "PATCH" and "fieldManager=keyrot.%s"
             % clusters.ENTRY in request["path"]][0]

    def first(rows, test):
        return [(name, watch) for request, name, watch in rows
                if test(request, watch)][0]
    after = named[write + 1:]
    sent = {
        first(named[write:], lambda *_: True),
        first(named[write::-1], lambda r, _: r["method"] == "GET"
              and "/secrets/" in r["path"]),
        # Where the answer of the write is lost, it is the one that settles it.
        first(after, lambda r, _: r["method"] == "GET"
              and "/secrets/" in r["path"]),
        first(after, lambda r, _: r["method"] == "PATCH"
              and "/deployments/" in r["path"]),
        first(after, lambda r, _: r["method"] == "PATCH"
              and "/secrets/" in r["path"]),
        first(after, lambda r, watch: watch and "/deployments" in r["path"]),
    }
    return stored, sent


def is_watch(row):
    return "watch=true" in row["api"].get("path", "")


def places_of(walker):
    """Place -> the faults that can be there."""
    stored, sent = window(walker)
    places = {}
    for row in rotation.rows_of(walker, PATH):
        if "store" in row and row["name"] in stored or (
                "api" in row and "at" not in row["api"]
                and row["api"]["cluster"] == STAGING
                and (row["name"], is_watch(row)) in sent):
            # The write of the key and of a note are two places.
            place = (row["name"], row.get("api", {}).get("path"))
            places.setdefault(place, []).append(row)
    return places


def pairs_of(places):
    """Two places -> all pairs of faults there."""
    return {(one, other): [
        {"path": PATH, "faults": [a, b]}
        for a in places[one] for b in places[other]]
        for one, other in itertools.combinations(places, 2)}


def part_of(pairs, number):
    """As many of each two places, the same ones every time."""
    def order(row):
        return hashlib.sha256(name_of(row).encode()).digest()
    left = [sorted(rows, key=order) for rows in pairs.values()]
    turns = itertools.zip_longest(*left)
    rows = [row for turn in turns for row in turn if row is not None]
    return rows[:number]


def random_rows(walker, number, seed):
    """Pairs, and a triple for every two of them, on any path."""
    source = random.Random(seed)
    every = {path: list(rotation.rows_of(walker, path))
             for path in rotation.PATHS}
    rows = []
    while len(rows) < number:
        path = source.choice(sorted(every))
        faults = source.sample(every[path], 3 if len(rows) % 3 == 2 else 2)
        if sum("seam" in fault for fault in faults) < 2:
            rows.append({"path": path, "faults": faults})
    return rows


def main():
    parser = argparse.ArgumentParser(usage=__doc__[__doc__.index(
        "usage: ") + 7:__doc__.index("The window")])
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--number", type=int, default=NUMBER)
    parser.add_argument("--random", type=int, default=None)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only")
    parser.add_argument("--jobs", type=int,
                        default=3 * min(4, os.cpu_count() or 1))
    parser.add_argument("--program", default=PROGRAM)
    parser.add_argument("-v", "--verbose", action="store_true")
    arguments = parser.parse_args()
    # Not a disk is what is tried here: what waits for one is left out.
    if os.access("/dev/shm", os.W_OK):
        tempfile.tempdir = "/dev/shm"
    walker = Walker(arguments.program)
    try:
        places = places_of(walker)
        pairs = pairs_of(places)
        chance = arguments.random if arguments.random is not None else (
            RANDOM if arguments.long else 0)
        drawn = random_rows(walker, chance, arguments.seed) if chance else []
    except Broken as broken:
        sys.exit("without a fault: %s\n0 passed, 1 failed" % broken)
    finally:
        walker.close()
    known = sum(map(len, pairs.values()))
    print("%d places, %d pairs of faults" % (len(places), known), flush=True)
    rows = part_of(pairs, known if arguments.long or arguments.only
                   else arguments.number)
    rows = [row for row in rows + drawn
            if not arguments.only or arguments.only in name_of(row)]
    broken = sweep.sweep(arguments, rows, sys.modules[__name__])
    least = LONG + chance if arguments.long else arguments.number
    if len(places) != PLACES or known < LONG or (
            len(rows) < least and not arguments.only):
        sys.exit("pairs.py: %d places, %d cases; %d and %d are the floor" % (
            len(places), len(rows), PLACES, least))
    sys.exit(1 if broken or not rows else 0)


if __name__ == "__main__":
    # By the name under which other processes find it.
    import pairs
    pairs.main()
