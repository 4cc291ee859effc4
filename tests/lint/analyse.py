#!/usr/bin/env python3
"""clang's analyser over C files, once for each state of them.

usage: analyse.py FLAG... FILE.c...

What it finds depends on the text that the compiler sees, comments included, on
the flags, the checks and the tool. Where nothing was found in all of these
before, nothing is looked for again: ~/.cache/keyrot-tests/analysed says so.
"""

import concurrent.futures
import hashlib
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TIDY = os.path.join(HERE, "tidy.sh")
CACHE = os.path.join(
    os.environ.get("KEYROT_TEST_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
        "keyrot-tests"), "analysed")


def output(*words):
    return subprocess.run(words, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


def rules():
    """What all files have in common."""
    found = hashlib.sha256(output("clang-tidy-14", "--version"))
    for path in (TIDY, os.path.join(ROOT, ".clang-tidy")):
        with open(path, "rb") as file:
            found.update(file.read() + b"\0")
    return found


def state_of(path, flags, common):
    state = common.copy()
    state.update("\0".join([path, *flags]).encode())
    state.update(output("clang-14", "-E", "-C", *flags, path))
    return os.path.join(CACHE, state.hexdigest())


def analyse(path, flags, common):
    """(whether it was looked at now, what was found or None)"""
    state = state_of(path, flags, common)
    if os.path.exists(state):
        return False, None
    ran = subprocess.run([TIDY, "", *flags, path], stdout=subprocess.PIPE,
                         text=True, check=False)
    if ran.returncode:
        return True, ran.stdout or "%s: clang-tidy failed" % path
    with open(state, "w"):
        pass
    return True, None


def main():
    flags = [word for word in sys.argv[1:] if not word.endswith(".c")]
    paths = [word for word in sys.argv[1:] if word.endswith(".c")]
    if not paths:
        sys.exit(__doc__)
    os.makedirs(CACHE, exist_ok=True)
    common, anew, wrong = rules(), 0, 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for now, found in pool.map(
                lambda path: analyse(path, flags, common), paths):
            anew += now
            if found:
                wrong += 1
                print(found, flush=True)
    print("analysed: %d files, %d of them anew, findings in %d" % (
        len(paths), anew, wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
