#!/usr/bin/env python3
"""Puts known bugs into the program, one at a time: does a test notice?

usage: run.py [--ordinary] [--jobs N] [--list] [WORD...]

Each tests/bugs/*.patch is a bug. Its first lines say what it is and which
checks have to catch it:

    Bug: what is wrong then
    Caught-by: make unit UNIT=journal
    Ordinary: yes               (it is part of the ordinary run)

The checks are run on an untouched copy of the tree first, where they have to
pass. Then each patch is applied to a copy of its own, which is built; the bug
is caught where the check ran and a test of it failed. WORD: bugs whose names
hold one.
"""

import argparse
import concurrent.futures
import glob
import os
import queue
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
FLOOR = 25
CHECK_S = 240
BUILT = "build/" + os.path.basename(os.environ.get("CC", "cc").split()[0])
# What a check needs: a build that breaks is no bug that was caught.
BUILDS = {
    "unit": ["unit-binary"],
    "sweep": ["sweep-tools"],
    "kill-sweep": ["sweep-tools"],
    "cli-tests": ["program"],
    "ledger-cli": ["program", BUILT + "/ledger-play"],
    "ledger-mutate": [BUILT + "/ledger-mutate"],
    "ledger-vectors": ["program"],
    "notify-tests": [BUILT + "/notify-play"],
    "store-test": [BUILT + "/tests/store/storetool"],
}
BUILDS_ELSE = ["kubectl-keyrot", "practice"]
RAN = re.compile(r"\b[1-9]\d* passed, 0 failed|^OK\b"
                 r"|mutated ([1-9]\d*)/\1 found", re.M)
FAILED = re.compile(r"\b\d+ passed, [1-9]\d* failed|^FAILED \("
                    r"|mutated (\d+)/(?!\1 )\d+ found", re.M)


class Bug:
    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path)[:-len(".patch")]
        with open(path, encoding="utf-8") as file:
            head = file.read().split("\n--- ", 1)[0]
        fields = re.findall(r"^([A-Z][a-z-]+): (.+)$", head, re.M)
        self.what = " ".join(text for key, text in fields if key == "Bug")
        self.checks = [text for key, text in fields if key == "Caught-by"]
        self.ordinary = ("Ordinary", "yes") in fields
        if not self.what or not self.checks:
            raise SystemExit("run.py: %s: no Bug: or no Caught-by:" % path)
        for check in self.checks:
            if shlex.split(check)[0] != "make":
                raise SystemExit("run.py: %s: not a make target: %s" % (
                    path, check))


def environment():
    env = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
    for name in ("MAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "MFLAGS",
                 "STRICT"):
        env.pop(name, None)
    return env


def run(folder, words, limit_s=CHECK_S):
    """(status or None where it did not end, what it printed)"""
    child = subprocess.Popen(
        words, cwd=folder, env=environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", start_new_session=True)
    try:
        out, _ = child.communicate(timeout=limit_s)
        return child.returncode, out
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, 9)
        return None, child.communicate()[0]


def make(folder, words, limit_s=CHECK_S):
    return run(folder, ["make", "--no-print-directory", "-s", *words], limit_s)


def build(folder, checks):
    """What went wrong, or None."""
    goals = []
    for check in checks:
        target = shlex.split(check)[1]
        goals += [goal for goal in BUILDS.get(target, BUILDS_ELSE)
                  if goal not in goals]
    status, out = make(folder, goals, 900)
    return None if status == 0 else "the build broke:\n" + out[-2000:]


def copy_tree(to):
    """The files under version control, as they are now, and what was built of
    them: nothing is built twice."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT,
        stdout=subprocess.PIPE, check=True).stdout.decode().split("\0")
    for name in filter(None, listed):
        source, target = os.path.join(ROOT, name), os.path.join(to, name)
        if os.path.exists(source):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy2(source, target)
    for name in (BUILT, "build/practice", "build/sweep"):
        source = os.path.join(ROOT, name)
        if os.path.isdir(source):
            shutil.copytree(source, os.path.join(to, name))


def fresh(base, to):
    shutil.rmtree(to, ignore_errors=True)
    subprocess.run(["cp", "-a", base, to], check=True)


def clean_check(check, slots):
    """What went wrong on an untouched copy, or None. Each has its own: two
    makes in one folder write the same files."""
    folder = slots.get()
    try:
        status, out = make(folder, shlex.split(check)[1:])
    finally:
        slots.put(folder)
    if status == 0 and RAN.search(out):
        return None
    return "%s: it has to pass without a bug:\n%s" % (check, out[-3000:])


def try_check(folder, check):
    """(caught, words about it)"""
    begun = time.monotonic()
    status, out = make(folder, shlex.split(check)[1:])
    seconds = time.monotonic() - begun
    if status is None:
        return False, "%s did not end within %d s" % (check, CHECK_S)
    if status != 0 and FAILED.search(out):
        return True, "%s, %.1f s" % (check, seconds)
    if status == 0:
        return False, "%s passed all the same" % check
    return False, "%s broke without a test that failed:\n%s" % (
        check, out[-2000:])


def try_bug(bug, base, slots):
    """(bug, what went wrong or None, words)"""
    folder = slots.get()
    try:
        fresh(base, folder)
        status, out = run(folder, ["patch", "-p1", "-F1", "-s", "-i",
                                   bug.path], 30)
        if status != 0:
            return bug, "%s no longer applies:\n%s" % (
                os.path.relpath(bug.path, ROOT), out), []
        begun = time.monotonic()
        wrong = build(folder, bug.checks)
        if wrong:
            return bug, wrong, []
        built = "built in %.1f s" % (time.monotonic() - begun)
        tried = [try_check(folder, check) for check in bug.checks]
        missed = [words for caught, words in tried if not caught]
        return (bug, "\n".join(missed) or None,
                [built] + [words for caught, words in tried if caught])
    finally:
        slots.put(folder)


def chosen_bugs(arguments):
    bugs = [Bug(path) for path in sorted(
        glob.glob(os.path.join(HERE, "*.patch")))]
    wanted = [bug for bug in bugs
              if (bug.ordinary or not arguments.ordinary)
              and (not arguments.word
                   or any(word in bug.name for word in arguments.word))]
    if not wanted:
        raise SystemExit("run.py: there is no such bug")
    if len(bugs) < FLOOR:
        raise SystemExit("run.py: %d bugs; %d is the floor" % (
            len(bugs), FLOOR))
    return wanted, len(bugs)


def try_all(bugs, scratch, jobs):
    base = os.path.join(scratch, "clean")
    copy_tree(base)
    checks = sorted({check for bug in bugs for check in bug.checks})
    wrong = build(base, checks)
    if wrong:
        raise SystemExit("run.py: without a bug " + wrong)
    slots = queue.Queue()
    for i in range(jobs):
        slots.put(os.path.join(scratch, str(i)))
        fresh(base, os.path.join(scratch, str(i)))
    caught = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        spoiled = [wrong for wrong in pool.map(
            lambda check: clean_check(check, slots), checks) if wrong]
        if spoiled:
            raise SystemExit("\n".join(spoiled))
        print("%d checks pass without a bug" % len(checks), flush=True)
        for bug, wrong, words in pool.map(
                lambda bug: try_bug(bug, base, slots), bugs):
            caught += not wrong
            print("%s %s: %s" % ("MISSED" if wrong else "caught", bug.name,
                                 bug.what))
            print("    " + (wrong.replace("\n", "\n    ") if wrong
                            else "; ".join(words[1:] + words[:1])),
                  flush=True)
    return caught


def main():
    parser = argparse.ArgumentParser(usage=__doc__[__doc__.index(
        "usage: ") + 7:__doc__.index("Each tests")])
    parser.add_argument("--ordinary", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("word", nargs="*")
    arguments = parser.parse_args()
    bugs, total = chosen_bugs(arguments)
    if arguments.list:
        for bug in bugs:
            print("%s: %s\n    %s" % (bug.name, bug.what,
                                      "\n    ".join(bug.checks)))
        return 0
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="keyrot-bugs-") as scratch:
        os.chmod(scratch, 0o711)  # some tests run the program as nobody
        caught = try_all(bugs, scratch, arguments.jobs)
    missed = len(bugs) - caught
    if len(bugs) < total:
        print("%d of %d bugs; all of them: make seeded-bugs" % (
            len(bugs), total))
    print("%d s: %d passed, %d failed" % (
        time.monotonic() - begun, caught, missed))
    print("seeded bugs: %d caught, %d missed" % (caught, missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
