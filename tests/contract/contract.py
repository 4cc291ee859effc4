#!/usr/bin/env python3
"""Runs the contract cases, tests/contract/cases/*.case, on practice or real
clusters: the same expectations on both.

usage: contract.py practice|real [--program PATH] [--jobs N] [--repeat N]
                   [--keep] [CASE...]

A case is a list of lines; README.md says which. Each case has a namespace, a
home directory and a key store of its own.
"""

import argparse
import base64
import concurrent.futures
import glob
import os
import secrets
import shutil
import sys
import tempfile
import time
import traceback

import clusters
from leak import Leak
from scan import pieces
from steps import Case, Skip

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# Of a whole run; fewer that passed is a failure.
FLOORS = {"practice": 80, "real": 74}


def find_cases(wanted):
    paths = sorted(glob.glob(os.path.join(HERE, "cases", "*.case")))
    if not wanted:
        return paths
    def named(word):
        return [path for path in paths if word in os.path.basename(path)]
    for word in wanted:
        if not named(word):
            raise SystemExit("contract.py: there is no case " + word)
    return sorted({path for word in wanted for path in named(word)})


def run_case(path, fleet, arguments):
    """(name, what went wrong or None, why it was left out, seconds)"""
    name = os.path.basename(path)[:-len(".case")]
    namespace = "c-%s-%s" % (name[:40], secrets.token_hex(3))
    home = tempfile.mkdtemp(prefix="keyrot-case-")
    begin = time.monotonic()
    wrong = left_out = None
    case = Case(path, fleet, namespace, home, arguments.program)
    try:
        case.run()
        wrong = "\n".join(case.wrong) or None
    except Skip as reason:
        left_out = str(reason)
    except Exception:  # a case must not end the others
        wrong = traceback.format_exc()
    finally:
        case.end()
        if arguments.keep and wrong:
            wrong += "\nkept: %s, namespace %s" % (home, namespace)
        else:
            shutil.rmtree(home, ignore_errors=True)
    return name, wrong, left_out, time.monotonic() - begin


def finds_what_is_planted():
    """A search that finds nothing must not be one that cannot."""
    key = base64.b64encode(secrets.token_bytes(32))
    leak = Leak(key)
    planted = list(pieces(key))
    missed = [form for form, piece in planted
              if not leak.find(b"word " + piece + b" word")]
    print("pieces of a key planted and found: %d/%d" % (
        len(planted) - len(missed), len(planted)), flush=True)
    return not missed and len(planted) > 60


def run_all(fleet, arguments):
    paths = find_cases(arguments.case) * arguments.repeat
    passed, failed, skipped = 0, [], 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        running = [pool.submit(run_case, path, fleet, arguments)
                   for path in paths]
        for one in concurrent.futures.as_completed(running):
            name, wrong, left_out, seconds = one.result()
            if left_out:
                skipped += 1
                word = "left out: " + left_out
            elif wrong:
                failed.append(name)
                word = "FAILED\n    " + wrong.replace("\n", "\n    ")
            else:
                passed += 1
                word = "ok"
            print("%5.1f s  %-34s %s" % (seconds, name, word), flush=True)
    print("contract on %s clusters: %d passed, %d failed, %d left out" % (
        fleet.word, passed, len(failed), skipped))
    floor = 1 if arguments.case else FLOORS[fleet.word]
    if passed < floor:
        print("contract.py: %d passed; %d is the floor" % (passed, floor))
    return 1 if failed or passed < floor else 0


def main():
    parser = argparse.ArgumentParser(
        usage=__doc__[__doc__.index("usage: ") + 7:])
    parser.add_argument("clusters", choices=("practice", "real"))
    parser.add_argument("--program",
                        default=os.path.join(ROOT, "kubectl-keyrot"))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("case", nargs="*")
    arguments = parser.parse_intermixed_args()
    arguments.program = os.path.abspath(arguments.program)
    fleet = (clusters.Practice() if arguments.clusters == "practice"
             else clusters.Real())
    try:
        status = run_all(fleet, arguments) if finds_what_is_planted() else 1
    finally:
        fleet.down()
    sys.exit(status)


if __name__ == "__main__":
    main()
