#!/usr/bin/env python3
"""Which branches were taken, by folder; against the floors that are kept.

usage: coverage.py BUILD [--record]

BUILD is the folder of a build with COVERAGE=1 whose programs have run. Each
line of tests/coverage/floors.txt is a file, a folder or "all", and the percentage
of its branches that must be taken at least; --record writes it anew, where that
is more. Of the files named there, the branches that were not taken are listed.
"""

import collections
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
     r"|!folder|!path|!detail|!b->|grown|!part|!at\b|!made|!list|!wide|!copy",
     "memory runs out: make alloc-fail"),
    (r"pread|fsync|ftruncate|fstat|fallocate|write\(|broken|flock|sync",
     "the disk fails: make sweep, make power-loss"),
    (r"if \(!?err\b|!err &&|\? err :|: err|err \|\|",
     "a call below failed: make alloc-fail, make sweep"),
)


def gcov(build):
    """File -> line -> branches, each taken so many times."""
    found = collections.defaultdict(lambda: collections.defaultdict(list))
    objects = [os.path.join(folder, name)
               for folder, _, names in os.walk(os.path.join(build, "src"))
               for name in names if name.endswith(".gcno")]
    # To standard output: files of one name in two folders are two files.
    out = subprocess.run(["gcov", "-b", "-j", "-m", "-t", *objects],
                         check=True, capture_output=True).stdout
    for row in out.splitlines():
        for source in json.loads(row)["files"]:
            if not (source["file"].startswith("src/")
                    and source["file"].endswith(".c")):
                continue
            for line in source["lines"]:
                found[source["file"]][line["line_number"]] += [
                    branch["count"] for branch in line["branches"]]
    return found


def add_up(found):
    """Path, folder or "all" -> (taken, of so many)."""
    sums = collections.defaultdict(lambda: [0, 0])
    for path, lines in found.items():
        for counts in lines.values():
            for name in (path, os.path.dirname(path), "all"):
                sums[name][0] += sum(count > 0 for count in counts)
                sums[name][1] += len(counts)
    return sums


def percent(pair):
    return 100 * pair[0] / pair[1] if pair[1] else 100.0


def read_floors():
    with open(FLOORS) as file:
        rows = [line.split() for line in file if line.strip()
                and not line.startswith("#")]
    return {name: float(floor) for name, floor in rows}


def reason(text):
    for pattern, words in REASONS:
        if re.search(pattern, text):
            return words
    return "not reached"


def list_missing(path, lines):
    """The branches of a file that were not taken, and why not."""
    with open(os.path.join(ROOT, path)) as file:
        text = file.read().split("\n")
    for number in sorted(lines):
        missed = sum(count == 0 for count in lines[number])
        if missed:
            line = text[number - 1].strip()
            print("  %s:%d: %d of %d: %s  [%s]" % (
                path, number, missed, len(lines[number]), line[:60],
                reason(line)))


def main():
    found = gcov(os.path.abspath(sys.argv[1]))
    sums = add_up(found)
    floors, failed = read_floors(), 0
    for name in sorted(sums):
        if "." not in name:
            print("%-14s %5.1f %% of %d branches" % (
                name, percent(sums[name]), sums[name][1]))
    for name in floors:
        if name.endswith(".c"):
            list_missing(name, found[name])
    for name, floor in floors.items():
        now = percent(sums[name])
        if now < floor:
            failed += 1
        print("%-28s %5.1f %%, floor %5.1f %%%s" % (
            name, now, floor, "" if now >= floor else ": less"))
    if "--record" in sys.argv:
        record(sums, floors)
    print("coverage: %d passed, %d failed" % (len(floors) - failed, failed))
    sys.exit(1 if failed else 0)


def record(sums, floors):
    with open(FLOORS) as file:
        head = [line for line in file if line.startswith("#")]
    with open(FLOORS, "w") as file:
        file.writelines(head)
        for name, floor in floors.items():
            # Which thread comes first is not the same each time.
            now = max(floor, int(percent(sums[name])) - 1.0)
            file.write("%-30s %5.1f\n" % (name, now))


if __name__ == "__main__":
    main()
