"""Manual pages and the schema of keyrot.yaml: made from the tables, and held to
the program."""

import json
import os
import re
import subprocess
import sys
import unittest

import yaml

from harness import Case, ROOT

sys.path.insert(0, os.path.join(ROOT, "tests", "contract"))
import schema  # noqa: E402


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def words(text):
    return " ".join(text.split())


class Loader(yaml.SafeLoader):
    """YAML 1.2's: `on` is a word."""


Loader.yaml_implicit_resolvers = {
    first: [r for r in found if r[0] != "tag:yaml.org,2002:bool"
            or first in "tTfF"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()}


class Man(Case):
    def pages(self):
        return self.run_keyrot("__man").stdout.decode().split()

    def source(self, page):
        result = self.run_keyrot("__man", page,
                                 env={"SOURCE_DATE_EPOCH": "86400"})
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def shown(self, page):
        """The page as it is read, on a line that is never full."""
        made = subprocess.run(
            ["mandoc", "-T", "utf8", "-O", "width=1000"],
            input=self.source(page), stdout=subprocess.PIPE, check=True)
        return re.sub(r".\x08", "", made.stdout.decode())

    def commands(self):
        text = self.run_keyrot("help").stdout.decode()
        return [c for c in re.findall(r"^  ([a-z]+) +\S", text, re.M)
                if c != "kubectl"]

    def test_one_for_each_command(self):
        self.assertEqual(set(self.pages()), {
            "kubectl-keyrot.1", "keyrot.yaml.5"} | {
                "kubectl-keyrot-%s.1" % c for c in self.commands()})
        for name in ("nothing", "kubectl-keyrot-.1", "kubectl-keyrot-__man.1",
                     "kubectl-keyrot-nothing.1"):
            self.assertEqual(self.run_keyrot("__man", name).returncode, 2)

    def test_lint(self):
        for page in self.pages():
            path = self.write(page, self.source(page))
            result = subprocess.run(["mandoc", "-T", "lint", "-W", "warning",
                                     path], stdout=subprocess.PIPE)
            self.assertEqual((result.stdout, result.returncode), (b"", 0))

    def test_lint_notices(self):
        path = self.write("bad.1", self.source("kubectl-keyrot.1")
                          + b".PP\n.SH NOTHING\n")
        result = subprocess.run(["mandoc", "-T", "lint", "-W", "warning",
                                 path], stdout=subprocess.PIPE)
        self.assertNotEqual(result.returncode, 0)

    def test_says_what_help_says(self):
        for command in self.commands():
            with self.subTest(command):
                page = words(self.shown("kubectl-keyrot-%s.1" % command))
                text = self.run_keyrot("help", command).stdout.decode()
                flags, examples = text.split("\nExamples:\n"), ""
                about = text.split("\n\nUsage:")[0]
                # But for the lines that stay as they are.
                for paragraph in about.split("\n\n"):
                    if not paragraph.startswith(" "):
                        self.assertIn(words(paragraph.split("\n  ")[0]), page)
                if len(flags) > 1:
                    examples = flags[1].split("\nFlags:")[0]
                for line in examples.splitlines():
                    if line.startswith("  kubectl"):
                        self.assertIn(words(line), page)
                for flag in re.findall(r"^  +(?:-\w, )?(--[\w-]+)",
                                       text.split("\nFlags:")[-1], re.M):
                    self.assertIn(flag, page)

    def test_overview(self):
        page = self.shown("kubectl-keyrot.1")
        for flag in re.findall(r"--[\w-]+", self.run_keyrot(
                "options").stdout.decode()):
            self.assertIn(flag, page)
        exits = page.split("EXIT STATUS")[1].split("ENVIRONMENT")[0]
        in_source = set(map(int, re.findall(
            r'\[KR_E\w+\] = \{ ?"\w+", (\d+) ?\}', read("src/base/err.c"))))
        self.assertEqual(set(map(int, re.findall(r"(?m)^ +(\d+) ", exits))),
                         in_source | {0})

    def test_day(self):
        """The same day, the same page."""
        source = self.source("kubectl-keyrot.1")
        self.assertIn(b"1970-01-02", source)
        self.assertEqual(source, self.source("kubectl-keyrot.1"))

    def test_installed(self):
        if not os.path.exists(os.path.join(ROOT, "kubectl-keyrot")):
            self.skipTest("the program was not built under its name")
        to = self.path("root")
        subprocess.run(["make", "-s", "install", "DESTDIR=" + to,
                        "PREFIX=/usr"], cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL,
                       env={"PATH": os.environ["PATH"], "HOME": self.dir})
        there = os.listdir(to + "/usr/share/man/man1") + os.listdir(
            to + "/usr/share/man/man5")
        self.assertEqual(set(there), set(self.pages()))
        subprocess.run(["make", "-s", "uninstall", "DESTDIR=" + to,
                        "PREFIX=/usr"], cwd=ROOT, check=True,
                       env={"PATH": os.environ["PATH"], "HOME": self.dir})
        left = [name for _, _, names in os.walk(to) for name in names]
        self.assertEqual(left, [])


class Schema(Case):
    def setUp(self):
        super().setUp()
        self.schema = json.loads(self.run_keyrot("__schema").stdout)

    def problems(self, text):
        return list(schema.errors(yaml.load(text, Loader), self.schema,
                                  self.schema, "$"))

    def accepted(self, text):
        self.write("keyrot.yaml", text)
        result = self.run_keyrot("plan", "rotate")
        return result.returncode != 2, result.stderr.decode()

    def test_is_of_today(self):
        """`make docs` writes it."""
        self.assertEqual(json.loads(read("docs/schema/keyrot.schema.json")),
                         self.schema)

    def fields(self, rule, at=""):
        for name, member in rule.get("properties", {}).items():
            yield at + name, member
            yield from self.fields(member, at + name + ".")
        if "items" in rule:
            yield from self.fields(rule["items"], at[:-1] + "[].")
        for way in rule.get("anyOf", ()):
            yield from self.fields(way, at)

    def test_every_field_is_explained(self):
        found = dict(self.fields(self.schema))
        self.assertGreater(len(found), 120)
        self.assertEqual([name for name, rule in found.items()
                          if not rule.get("description")], [])
        page = Man.shown(self, "keyrot.yaml.5")
        for name, rule in found.items():
            self.assertIn(name + ": ", page)
            self.assertIn(words(rule["description"]), words(page))

    source = Man.source

    def examples(self):
        names = ["README.md"] + ["docs/" + n for n in os.listdir(
            os.path.join(ROOT, "docs")) if n.endswith(".md")]
        for name in names:
            for text in re.findall(r"```yaml\n(.*?)```", read(name), re.S):
                if text.startswith("apiVersion: keyrot.dev"):
                    yield name, text
        for name in ("readme", "whole"):
            yield name, read("tests/fuzz/corpus/config/" + name)

    def test_examples(self):
        """What the documents show is taken by both."""
        tried = 0
        for name, text in self.examples():
            with self.subTest(name):
                self.assertEqual(self.problems(text), [])
                tried += 1
        self.assertGreaterEqual(tried, 3)

    def test_takes_what_the_program_takes(self):
        good = dict(self.examples())["README.md"]
        store = "store: {type: pass, item: Secrets Service Encryption Key}"
        for old, new in (
                (store, "store: pass"), (store, "store: vault:secret/keys"),
                (store, "store: {type: exec, command: [./store]}"),
                ("environments:", "consumers: auto\nenvironments:"),
                ("environments:",
                 "consumers: [deployment/billing]\nenvironments:"),
                ("environments:", "operator: auto\nenvironments:"),
                ("- name: production",
                 "- waves: [1, 30%, 100%]\n  maxUnavailable: 20%\n"
                 "  parallel: 2\n  window: Mon-Thu 09:00-16:00 UTC\n"
                 "  name: production"),
                ("environments:", "ledger: {path: l.jsonl, git: commit}\n"
                 "environments:"),
                ("within: 2m", "within: 1h30m")):
            with self.subTest(new):
                text = good.replace(old, new)
                self.assertNotEqual(text, good)
                self.assertEqual(self.problems(text), [])
                self.assertTrue(*self.accepted(text))

    def test_refuses_what_the_program_refuses(self):
        good = dict(self.examples())["README.md"]
        self.assertTrue(self.accepted(good)[0])
        for old, new in (
                ("kind: Rotation", "kind: Rotations"),
                ("service: secrets-service", "service: Secrets_Service"),
                ("service: secrets-service\n", ""),
                ("within: 2m", "within: 2"),
                ("within: 2m", "within: soon"),
                ("targets:", "target:"),
                ("- name: production", "- parallel: many\n  name: production"),
                ("requires: staging", "requires: [staging]"),
                ("forbid: ['decrypt.*failed']", "forbid: decrypt"),
                ("store: {type: pass", "store: {typ: pass"),
                ("store: {type: pass, item: Secrets Service Encryption Key}",
                 "store: 1password"),
                ("environments:", "consumers: everything\nenvironments:"),
                ("environments:", "dependents: [billing]\nenvironments:"),
                ("environments:", "ledger: {sign: ssh}\nenvironments:"),
                ("environments:", "notify: [{type: slack, token: xoxb-1}]\n"
                 "environments:")):
            with self.subTest(new):
                bad = good.replace(old, new)
                self.assertNotEqual(bad, good)
                self.assertFalse(self.accepted(bad)[0], new)
                self.assertNotEqual(self.problems(bad), [])


if __name__ == "__main__":
    unittest.main()
