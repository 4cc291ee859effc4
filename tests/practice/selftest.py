#!/usr/bin/env python3
"""Do the practice clusters do what PRACTICE.md says?

The API's answers are compared with those that a real API server gave
(answers.jsonl, written by replay.py); the faults, the control port and the
pods' behaviour are tried here. Words select tests: selftest.py test_faults
"""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
os.chdir(HERE)

if __name__ == "__main__":
    names = sys.argv[1:] or [
        "test_answers",
        "test_faults",
        "test_control",
        "test_pods",
    ]
    tests = unittest.defaultTestLoader.loadTestsFromNames(names)
    done = unittest.TextTestRunner().run(tests)
    sys.exit(not done.wasSuccessful())
