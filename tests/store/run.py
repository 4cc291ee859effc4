#!/usr/bin/env python3
"""The contract suite of the stores.

run.py --tool PATH [WORD...]: runs the cases whose name holds every WORD.
"""
import argparse
import os
import sys
import time
import traceback

import cases_common
import cases_exec
import cases_file
import cases_pass
from harness import Failed
from kinds import PROVING, ExecStore, FileStore, NoStore, PassStore


def all_cases():
    for kind in PROVING:
        for case in cases_common.CASES:
            yield kind, case
    for kind, module in ((FileStore, cases_file), (PassStore, cases_pass),
                         (ExecStore, cases_exec),
                         (NoStore, cases_common)):
        for case in (cases_common.NONE_CASES if kind is NoStore
                     else module.CASES):
            yield kind, case


def run_case(kind, case, tool):
    """None, or what went wrong."""
    store = kind(tool)
    try:
        case(store)
    except Failed as failed:
        return str(failed)
    except Exception:  # a case must not end the run
        return traceback.format_exc()
    finally:
        store.close()
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    parser.add_argument("--times", action="store_true")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    options.tool = os.path.abspath(options.tool)
    passed, failed, start = 0, 0, time.time()
    for kind, case in all_cases():
        name = f"{kind.name}: {case.__doc__}"
        if not all(word in name for word in options.words):
            continue
        began = time.time()
        problem = run_case(kind, case, options.tool)
        if options.times:
            print(f"{time.time() - began:6.1f} s  {name}")
        if problem is None:
            passed += 1
            continue
        failed += 1
        print(f"FAILED {name}\n  {problem}")
    print(f"stores: {passed} passed, {failed} failed "
          f"({time.time() - start:.1f} s)")
    # A suite that ran nothing has shown nothing.
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
