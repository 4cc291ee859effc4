#!/usr/bin/env python3
"""The contract suite of the stores.

run.py --tool PATH [WORD...]: runs the cases whose name holds every WORD.
"""
import argparse
import concurrent.futures
import os
import sys
import time
import traceback

import cases_common
import cases_exec
import cases_file
import cases_keepass
import cases_pass
import cases_services
import cases_tools
import cases_vault
import kinds
import matrix
from harness import Failed
from kinds import NoGo
from vaultserver import Shared

OWN = [
    (kinds.FileStore, cases_file.CASES),
    (kinds.PassStore, cases_pass.CASES),
    (kinds.PassStore, cases_tools.CASES),
    (kinds.GopassStore, cases_pass.GOPASS_CASES),
    (kinds.GopassStore, cases_tools.CASES),
    (kinds.KeepassStore, cases_keepass.CASES),
    (kinds.KeepassStore, cases_tools.CASES),
    (kinds.VaultStore, cases_vault.CASES),
    (kinds.OpStore, cases_services.CASES),
    (kinds.OpStore, cases_services.OP_CASES),
    (kinds.BwStore, cases_services.CASES),
    (kinds.BwStore, cases_services.BW_CASES),
    (kinds.ExecStore, cases_exec.CASES),
    (kinds.NoStore, cases_common.NONE_CASES),
]


def all_cases():
    for kind in kinds.PROVING:
        for case in cases_common.CASES:
            if (kind, case) not in matrix.EXEMPT:
                yield kind, case
    for kind, cases in OWN:
        for case in cases:
            yield kind, case


def run_case(kind, case, tool):
    """None, or what went wrong, and how long it took."""
    began = time.time()
    problem, store = None, None
    try:
        store = kind(tool)
        case(store)
    except Failed as failed:
        problem = str(failed)
    except NoGo:
        problem = NoGo
    except Exception:  # a case must not end the run
        problem = traceback.format_exc()
    finally:
        if store:
            store.close()
    return problem, time.time() - began


class Tally:
    def __init__(self, times):
        self.times, self.passed, self.failed = times, 0, 0
        self.skipped = set()

    def add(self, kind, case, problem, seconds):
        name = f"{kind.name}: {case.__doc__}"
        if self.times:
            print(f"{seconds:6.1f} s  {name}")
        if problem is None:
            self.passed += 1
        elif problem is NoGo and not os.environ.get("CI"):
            self.skipped.add(kind.name)
        else:
            self.failed += 1
            print(f"FAILED {name}\n  "
                  f"{'there is no Go' if problem is NoGo else problem}")


def wanted_cases(words):
    for kind, case in all_cases():
        name = f"{kind.name}: {case.__doc__}"
        if all(word in name for word in words):
            yield kind, case


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    parser.add_argument("--times", action="store_true")
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--table", action="store_true",
                        help="print which case shows what, and end")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    if options.table:
        matrix.show()
        return 0
    tool, start = os.path.abspath(options.tool), time.time()
    tally = Tally(options.times)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        running = [(kind, case, pool.submit(run_case, kind, case, tool))
                   for kind, case in wanted_cases(options.words)]
        for kind, case, future in running:
            tally.add(kind, case, *future.result())
    Shared.close()
    for gap in matrix.gaps(all_cases()):
        tally.failed += 1
        print(f"FAILED the table of stores and cases: {gap}")
    for name in sorted(tally.skipped):
        print(f"skipped: {name}, which needs Go 1.26 to be built")
    print(f"stores: {tally.passed} passed, {tally.failed} failed "
          f"({time.time() - start:.1f} s)")
    # A suite that ran nothing has shown nothing.
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())
