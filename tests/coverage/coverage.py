#!/usr/bin/env python3
"""Which lines and branches were taken, by folder; against floors.

usage: coverage.py BUILD [--record]

BUILD is the folder of a build with COVERAGE=1 whose programs have run. Each
row of tests/coverage/floors.txt is a file, a group of files (src/runbook/*), a
folder or "all", and the percentages of its branches and lines that must be
taken at least; --record raises them to just below what was found. The branches
of the files named there that were not taken are listed in
BUILD/not-taken.txt, each with what else reaches it, where that is known.
"""

import collections
import fnmatch
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
FLOORS = os.path.join(HERE, "floors.txt")
# Why a branch may not be taken by these tests; what reaches it instead.
REASONS = (
    (r"err_no_memory|!journal|!log\b|!text|asprintf|calloc|malloc|strdup"
     r"|!folder|!path|!detail|!b->|grown|!part|!at\b|!made|!list|!wide|!copy"
     r"|dup\(|_new\(|!object|!item|!keeper|!rows|!name\b|str_keep|!ok\b"
     r"|n < 0|rows\.labels|!dir\b|kr_cleanup",
     "memory runs out: make alloc-fail, make alloc-commands"),
    (r"pread|fsync|ftruncate|fstat|fallocate|write\(|broken|flock|sync"
     r"|lseek|open\(|close\(|pthread_",
     "the disk or the system fails: make sweep, make power-loss"),
    (r"if \(!?err\b|!err &&|\? err :|: err|err \|\||while \(!err",
     "a call below failed: make alloc-fail, make sweep-long"),
)
OTHER = "not reached"


class Sums:
    """Of branches and lines: taken, of so many."""

    def __init__(self):
        self.branches, self.lines = [0, 0], [0, 0]

    def add(self, count, branches):
        self.lines[0] += count > 0
        self.lines[1] += 1
        self.branches[0] += sum(taken > 0 for taken in branches)
        self.branches[1] += len(branches)

    def percents(self):
        """Nothing of nothing is no success."""
        return [100 * taken / of if of else 0.0
                for taken, of in (self.branches, self.lines)]


def gcov_rows(build):
    """What gcov says of each source of the program."""
    objects = [os.path.join(folder, name)
               for folder, _, names in os.walk(os.path.join(build, "src"))
               for name in names if name.endswith(".gcno")]
    # To standard output: files of one name in two folders are two files.
    out = subprocess.run(["gcov", "-b", "-j", "-m", "-t", *objects],
                         check=True, capture_output=True).stdout
    for row in out.splitlines():
        for source in json.loads(row)["files"]:
            if source["file"].startswith("src/") and source["file"].endswith(
                    ".c"):
                yield source


def gcov(build):
    """File -> line -> (count, each branch's count)."""
    found = collections.defaultdict(dict)
    for source in gcov_rows(build):
        lines = found[source["file"]]
        for line in source["lines"]:
            count, branches = lines.get(line["line_number"], (0, []))
            lines[line["line_number"]] = (
                count + line["count"], branches + [
                    branch["count"] for branch in line["branches"]])
    return found


def add_up(found, groups=()):
    """Path, folder, group or "all" -> Sums."""
    sums = collections.defaultdict(Sums)
    for path, lines in found.items():
        names = [path, os.path.dirname(path), "all"] + [
            group for group in groups if fnmatch.fnmatch(path, group)]
        for count, branches in lines.values():
            for name in names:
                sums[name].add(count, branches)
    return sums


def read_floors(path=FLOORS):
    """Name -> floors of branches and lines."""
    with open(path) as file:
        rows = [line.split() for line in file if line.strip()
                and not line.startswith("#")]
    return {name: [float(floor) for floor in floors]
            for name, *floors in rows}


def gate(sums, floors):
    """The rows that are below their floors, as sentences; none may be."""
    wrong = []
    for name, least in floors.items():
        for now, floor, what in zip(sums[name].percents(), least,
                                    ("branches", "lines")):
            if now < floor:
                wrong.append("%s: %.1f %% of the %s, the floor is %.1f %%" % (
                    name, now, what, floor))
    return wrong


def reason(text):
    for pattern, words in REASONS:
        if re.search(pattern, text):
            return words
    return OTHER


def missing(path, lines):
    """The branches of a file that were not taken: (line, n, text, why)."""
    with open(os.path.join(ROOT, path)) as file:
        text = file.read().split("\n")
    for number in sorted(lines):
        missed = sum(count == 0 for count in lines[number][1])
        if missed:
            line = text[number - 1].strip()
            yield number, missed, line, reason(line)


def list_missing(build, found, floors):
    """Writes the list; how many branches there are of each reason."""
    reasons = collections.Counter()
    with open(os.path.join(build, "not-taken.txt"), "w") as file:
        for name in floors:
            if not name.endswith(".c"):
                continue
            for number, missed, line, why in missing(name, found[name]):
                reasons[why] += missed
                file.write("%s:%d: %d: %s  [%s]\n" % (
                    name, number, missed, line[:60], why))
    return reasons


def record(sums, path=FLOORS):
    """Each floor goes to just below what was found, and never down."""
    with open(path) as file:
        lines = file.readlines()
    with open(path, "w") as file:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                name, *floors = line.split()
                # Which thread comes first is not the same each time.
                now = [max(float(floor), int(found) - 1.0)
                       for found, floor in zip(sums[name].percents(), floors)]
                line = "%-30s %5.1f %5.1f\n" % (name, *now)
            file.write(line)


def main():
    build = os.path.abspath(sys.argv[1])
    floors, found = read_floors(), gcov(build)
    sums = add_up(found, [name for name in floors if "*" in name])
    for name in sorted(sums):
        if "." not in name and "*" not in name:
            print("%-14s %5.1f %% of %5d branches, %5.1f %% of %5d lines" % (
                name, sums[name].percents()[0], sums[name].branches[1],
                sums[name].percents()[1], sums[name].lines[1]))
    for name, least in floors.items():
        print("%-30s %5.1f %% and %5.1f %%, floors %5.1f and %5.1f" % (
            name, *sums[name].percents(), *least))
    reasons = list_missing(build, found, floors)
    print("not taken in the files named: " + "; ".join(
        "%d %s" % (number, why) for why, number in reasons.most_common()))
    wrong = gate(sums, floors)
    for why in wrong:
        print("FAILED: " + why)
    if "--record" in sys.argv:
        record(sums)
    print("coverage: %d passed, %d failed" % (2 * len(floors) - len(wrong),
                                              len(wrong)))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
