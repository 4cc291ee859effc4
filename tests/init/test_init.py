#!/usr/bin/env python3
"""init: what is written, what is asked, and what is left alone.

usage: test_init.py practice|real [WORD...]   tests whose names hold a word
"""

import os
import stat
import sys
import time
import traceback

from stand import CRD, ENTRY, PRODUCTION, STAGING, Stand, text_key

QUERY = "?fieldManager=test"


def check(condition, *told):
    if not condition:
        raise AssertionError(" ".join(str(item) for item in told))


def accepted(stand, *words):
    """The program's own reader takes the file, and plans a rotation by it."""
    done = stand.run("plan", "rotate", *words)
    check(done.returncode == 0, done.stderr)
    return done.stdout


def has(text, *lines):
    for line in lines:
        check(line in text, repr(line), "is not in:\n" + text)


def test_writes_what_it_sees(stand):
    stand.fixture("--workload", "deployment/secrets-service,replicas=1",
                  "--workload", "statefulset/store,replicas=1,uses=volume")
    code, document, told = stand.json("init", "-n", stand.ns)
    check(code == 0, told)
    check(document["file"]["state"] == "created", document["file"])
    text = stand.read()
    check(text == document["file"]["text"], "the document has the text")
    stand.no_key_in(text)
    has(text, "service: secrets-service\n", "name: secrets-service-config",
        "key: SECRET_ENCRYPTION_KEY",
        "format: {bytes: 32, encoding: base64}",
        "#   aether-staging: deployment/secrets-service, statefulset/store\n",
        "{context: aether-staging, namespace: %s}" % stand.ns,
        "{context: aether-production, namespace: %s}" % stand.ns,
        "requires: staging", "confirm: true")
    check(text.count("\n  clusterID: ") == 2, text)
    check([(t["environment"], t["context"], len(t["consumers"]))
           for t in document["targets"]] ==
          [("staging", STAGING, 2), ("production", PRODUCTION, 2)],
          document["targets"])
    mode = stat.S_IMODE(os.stat(stand.home + "/keyrot.yaml").st_mode)
    check(mode & 0o077 == 0, oct(mode))
    has(accepted(stand), STAGING, PRODUCTION)
    for context in (STAGING, PRODUCTION):
        wrote = [r for r in stand.requests(context)
                 if r[0] not in ("GET", "get", "list")]
        check(not wrote, "init changes nothing:", wrote)


def test_twice_changes_nothing(stand):
    stand.fixture("--workload", "deployment/secrets-service,replicas=1")
    first = stand.run("init", "-n", stand.ns)
    check(first.returncode == 0, first.stderr)
    has(first.stdout, "keyrot.yaml: created")
    before = os.stat(stand.home + "/keyrot.yaml")
    again = stand.run("init", "-n", stand.ns)
    check(again.returncode == 0, again.stderr)
    has(again.stdout, "keyrot.yaml: unchanged")
    after = os.stat(stand.home + "/keyrot.yaml")
    check((before.st_ino, before.st_mtime_ns) ==
          (after.st_ino, after.st_mtime_ns), "it was not written again")
    mine = stand.read() + "operator: someone\n"
    stand.write("keyrot.yaml", mine)
    code, document, told = stand.json("init", "-n", stand.ns)
    check((code, document["reason"]) == (3, "FileExists"), document)
    has(told, "--allow-overwrite")
    check(stand.read() == mine, "a person's file is left alone")
    code, document, told = stand.json("init", "-n", stand.ns,
                                      "--allow-overwrite")
    check((code, document["file"]["state"]) == (0, "replaced"), told)
    check("operator: someone" not in stand.read(), stand.read())


def test_dry_run_only_prints(stand):
    stand.fixture("--workload", "deployment/secrets-service,replicas=1")
    printed = stand.run("init", "-n", stand.ns, "--dry-run")
    check(printed.returncode == 0, printed.stderr)
    check(not stand.there(), "nothing is written")
    for words in (["--dry-run=client"], ["-f", "-"]):
        done = stand.run("init", "-n", stand.ns, *words)
        check(done.stdout == printed.stdout, words, done.stdout, done.stderr)
        check(not stand.there(), "nothing is written")
    done = stand.run("init", "-n", stand.ns, "--file=conf/keyrot.yaml")
    check(done.returncode == 2, "no folder is made", done.stderr)
    os.mkdir(stand.home + "/conf")
    done = stand.run("init", "-n", stand.ns, "--file=conf/keyrot.yaml")
    check(done.returncode == 0, done.stderr)
    check(stand.read("conf/keyrot.yaml") == printed.stdout, "the same text")
    check(stand.run("init", "--dry-run=maybe").returncode == 2, "--dry-run")


def main():
    kind, words = sys.argv[1], sys.argv[2:]
    tests = [(name[5:], test) for name, test in sorted(globals().items())
             if name.startswith("test_")
             and (not words or any(word in name for word in words))
             and (kind == "practice" or not name.endswith("_practice"))]
    failed = 0
    stand = Stand(kind)
    try:
        for name, test in tests:
            stand.fresh()
            begin = time.monotonic()
            try:
                test(stand)
                word = "ok"
            except Exception:  # noqa: BLE001
                failed += 1
                word = "FAILED\n" + traceback.format_exc()
            print("%6.1f s  %-32s %s" % (time.monotonic() - begin, name, word),
                  flush=True)
    finally:
        stand.close()
    print("%d passed, %d failed" % (len(tests) - failed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
