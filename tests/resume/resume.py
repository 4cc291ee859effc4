#!/usr/bin/env python3
"""Rotations that are interrupted, and gone on with: on practice or real clusters.

usage: resume.py [practice|real] [--program PATH] [--jobs N] [WORD...]

Cases mostly wait, each in a namespace of its own: several run at a time.
"""

import argparse
import concurrent.futures
import os
import sys
import time
import traceback

import journal
import keyring
import leases
import lost
import review
import soak
import stops
from stand import ROOT, Wrong, clusters

FLOOR = 42    # of a whole run; fewer that passed is a failure
CASES = (lost.CASES + soak.CASES + stops.CASES + journal.CASES
         + review.CASES + keyring.CASES + leases.CASES)

def run_case(case, fleet, options):
    begin = time.monotonic()
    wrong = None
    try:
        case(fleet, options.program)
    except Wrong as problem:
        wrong = str(problem)
    except Exception:  # a case must not end the others
        wrong = traceback.format_exc()
    print("%5.1f s  %-52s %s" % (
        time.monotonic() - begin, case.__doc__,
        "FAILED\n    " + wrong.replace("\n", "\n    ") if wrong else "ok"),
        flush=True)
    return not wrong

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", nargs="?", choices=("practice", "real"),
                        default="practice")
    parser.add_argument("--program",
                        default=os.path.join(ROOT, "kubectl-keyrot"))
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("words", nargs="*")
    options = parser.parse_intermixed_args()
    chosen = [case for case in CASES
              if not options.words
              or any(word in case.__doc__ for word in options.words)]
    fleet = (clusters.Real() if options.kind == "real"
             else clusters.Practice())
    try:
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            results = list(pool.map(
                lambda case: run_case(case, fleet, options), chosen))
    finally:
        fleet.down()
    print("resume on %s clusters: %d passed, %d failed" % (
        fleet.word, sum(results), len(results) - sum(results)))
    floor = 1 if options.words else FLOOR
    if sum(results) < floor:
        print("resume.py: %d passed; %d is the floor" % (sum(results), floor))
    sys.exit(0 if len(results) >= floor and all(results) else 1)

if __name__ == "__main__":
    main()
