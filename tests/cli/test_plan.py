"""The plan of a whole runbook: from the tables, and no cluster is asked."""

import json
import os
import re
import unittest

from harness import ROOT, Case

CONFIG = """apiVersion: keyrot.dev/v1
kind: Rotation
service: svc
secret: {name: s1, key: KEY%s}
environments:
- name: staging
  targets: [{context: stage, namespace: a}]
- name: production
  targets: [{context: west, namespace: b}, {context: east}]
"""


class Plan(Case):
    def plan(self, name, more="", *words):
        self.write("keyrot.yaml", (CONFIG % more).encode())
        return self.run_keyrot("plan", name, *words)

    def steps(self, name, more=""):
        result = self.plan(name, more, "-o", "json")
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)["steps"]

    def test_rows_are_the_table(self):
        """Every row of docs/runbook.md, which is the tables', in its order."""
        with open(os.path.join(ROOT, "docs", "runbook.md"),
                  encoding="utf-8") as file:
            section = re.search(r"(?s)\n## rollback\n(.*?)\n## ",
                                file.read()).group(1)
        rows = re.findall(r"(?m)^\| `([a-z-]+)`", section)
        found = [step["id"] for step in self.steps("rollback")
                 if step["environment"] != "staging"]
        self.assertEqual(found, rows)

    def test_environments_in_order_and_backwards(self):
        def order(name):
            return list(dict.fromkeys(step["environment"] for step in
                                      self.steps(name) if step["environment"]))
        self.assertEqual(order("rotate"), ["staging", "production"])
        self.assertEqual(order("rollback"), ["production", "staging"])
        self.assertEqual(order("promote"), ["production"])

    def test_commands(self):
        apply = [step for step in self.steps("rotate")
                 if step["id"] == "apply"]
        self.assertEqual([step["writes"] for step in apply], [True, True])
        lines = "\n".join(apply[1]["kubectl"])
        self.assertIn("kubectl --context west -n b create secret generic s1 "
                      "--from-literal=KEY=...", lines)
        self.assertIn("kubectl --context east create secret", lines)
        self.assertNotIn("%", lines)

    def test_modes(self):
        def ids(more):
            return {step["id"] for step in self.steps("rotate", more)}
        self.assertNotIn("add-key", ids(""))
        self.assertIn("add-key", ids(", mode: keyring"))
        mixed = b"pods on the old key cannot read"
        self.assertIn(mixed, self.plan("rotate").stdout)
        self.assertNotIn(mixed, self.plan("rotate",
                                          ", mode: keyring").stdout)

    def test_refused(self):
        # Without keyrot.yaml there are no environments.
        self.assertEqual(self.run_keyrot("plan", "rotate").returncode, 2)
        self.assertEqual(self.plan("rollbak").returncode, 2)


if __name__ == "__main__":
    unittest.main()
