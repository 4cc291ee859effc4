"""docs/reliability.md: its commands exist, and so do the seeded bugs."""

import glob
import os
import re
import subprocess
import unittest

from harness import ROOT


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def targets():
    """What make can be asked for."""
    names = set()
    for path in ["Makefile", *glob.glob("tests/*.mk", root_dir=ROOT),
                 *glob.glob("tests/*/*.mk", root_dir=ROOT)]:
        for line in re.findall(r"(?m)^([\w. -]+):(?!=)", read(path)):
            names.update(line.split())
    return names - {".PHONY"}


def asked(text):
    return re.findall(r"\bmake ([a-z][\w-]*)", text)


class Reliability(unittest.TestCase):
    def test_commands_exist(self):
        tables = [line for line in read("docs/reliability.md").split("\n")
                  if line.startswith("|")]
        commands = asked("\n".join(tables))
        self.assertGreater(len(commands), 30)
        self.assertEqual(set(commands) - targets(), set())

    def test_each_goal_has_its_columns(self):
        text = read("docs/reliability.md").split("## Goals", 1)[1]
        rows = re.findall(r"(?m)^\| (?:\d+|–) \|.*$", text.split("\n## ")[0])
        self.assertGreater(len(rows), 25)
        for row in rows:
            cells = [cell.strip() for cell in row.strip("|").split("|")]
            self.assertEqual(len(cells), 5, row)
            if not re.match("not (built|measured)", cells[2]):
                self.assertTrue(asked(cells[2]), row)
                self.assertTrue(cells[3] and cells[4], row)
        self.assertEqual({int(n) for n in re.findall(
            r"(?m)^\| (\d+) \|", "\n".join(rows))}, set(range(1, 21)))

    def test_seeded_bugs(self):
        """Each has a check that exists; the document knows how many."""
        patches = glob.glob(os.path.join(ROOT, "tests/bugs/*.patch"))
        checks = []
        for path in patches:
            checks += re.findall(r"(?m)^Caught-by: (.+)$", read(path))
        self.assertGreaterEqual(len(checks), len(patches))
        self.assertEqual({check.split()[1] for check in checks} - targets(),
                         set())
        self.assertIn("seeded bugs: %d caught, 0 missed" % len(patches),
                      read("docs/reliability.md"))

    def test_seeded_bugs_apply(self):
        """Who changes the code that a bug is put into mends its patch."""
        for path in sorted(glob.glob(os.path.join(ROOT,
                                                  "tests/bugs/*.patch"))):
            ran = subprocess.run(
                ["patch", "-p1", "-F1", "-s", "--dry-run", "-i", path],
                cwd=ROOT, capture_output=True, text=True, check=False)
            self.assertEqual(ran.returncode, 0, os.path.relpath(path, ROOT)
                             + " no longer applies:\n" + ran.stdout)


if __name__ == "__main__":
    unittest.main()
