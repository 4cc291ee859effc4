#!/usr/bin/env python3
"""gitops: what it finds in Git, writes into Git, and does with Argo CD.

usage: run.py [WORD...]   runs the tests whose names hold a word

GITOPS_ARGO=1: those with Argo CD itself.
"""

import importlib
import os
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
PREFIX = "argo_" if os.environ.get("GITOPS_ARGO") else "test_"
sys.path.insert(0, HERE)


def tests():
    for name in sorted(os.listdir(HERE)):
        if not (name.startswith(PREFIX) and name.endswith(".py")):
            continue
        module = importlib.import_module(name[:-3])
        for word, function in list(vars(module).items()):
            if word.startswith("test_") and callable(function):
                yield "%s.%s" % (name[5:-3], word[5:]), function


def main(words):
    passed = failed = 0
    for name, function in tests():
        if words and not any(word in name for word in words):
            continue
        begun = time.monotonic()
        try:
            function()
        except Exception:  # noqa: BLE001
            failed += 1
            print("FAILED %s\n%s" % (name, traceback.format_exc()))
        else:
            passed += 1
            print("ok %-40s %5.1f s" % (name, time.monotonic() - begun))
        sys.stdout.flush()
    for module in list(sys.modules.values()):
        if getattr(module, "__file__", None) and \
                os.path.dirname(os.path.abspath(module.__file__)) == HERE:
            getattr(module, "close", lambda: None)()
    print("%d passed, %d failed" % (passed, failed))
    return failed or not passed


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
