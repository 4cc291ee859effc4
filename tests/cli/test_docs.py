"""Documents that say what the program does, and are held to it."""

import json
import os
import re
import subprocess
import sys
import unittest

from harness import Case, ROOT
from test_help import stages

sys.path.insert(0, os.path.join(ROOT, "tests", "contract"))
import schema  # noqa: E402


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def source_files():
    for folder, _, names in os.walk(os.path.join(ROOT, "src")):
        for name in names:
            if name.endswith((".c", ".h")):
                yield os.path.relpath(os.path.join(folder, name), ROOT)


class Docs(Case):
    def test_reference_is_of_today(self):
        """`make docs` writes it."""
        now = self.run_keyrot("__reference").stdout.decode()
        self.assertEqual(read("docs/reference.md"), now)

    def test_runbook_is_of_today(self):
        """`make docs` writes it; every row of the tables is in it."""
        now = self.run_keyrot("__runbook").stdout.decode()
        self.assertEqual(read("docs/runbook.md"), now)
        tables = read("kubectl-keyrot.c")
        for name in re.findall(r'\.id = "([\w-]+)"', tables):
            self.assertIn("`%s`" % name, now)
        for title in re.findall(r'\.title =\s*"([^"]+)"', tables):
            self.assertIn(title, now)
        for section in ("Preconditions", "Generate a Replacement Key, 1",
                        "Update the Kubernetes Secret, 2",
                        "Update the Kubernetes Secret, 3",
                        "Promote to Production, 2",
                        "Post-Rotation Validation", "Rollback Plan"):
            self.assertIn(section, now)

    def exit_codes(self, text):
        return set(map(int, re.findall(r"(?m)^\| (\d+) \|", text)))

    def test_exit_codes(self):
        in_source = set(map(int, re.findall(
            r'\[KR_E\w+\] = \{ ?"\w+", (\d+) ?\}', read("src/base/err.c"))))
        self.assertGreater(len(in_source), 5)
        self.assertEqual(self.exit_codes(read("README.md")), in_source | {0})
        codes = read("docs/errors.md").split("## Outcomes")[0]
        self.assertEqual(self.exit_codes(codes), in_source | {0})
        frame = json.loads(read("docs/schema/result.schema.json"))
        frame = frame["$defs"]["frame"]["properties"]
        self.assertEqual(set(frame["exitCode"]["enum"]), in_source | {0})

    def test_every_reason_is_documented(self):
        text = read("docs/errors.md")
        found = set(re.findall(r'= \{ ?"(\w+)", \d+ ?\}', read("src/base/err.c")))
        for name in source_files():
            text_of = read(name)
            for call in ("err_set_reason(", "store_error("):
                for part in text_of.split(call)[1:]:
                    words = re.findall(r'"([A-Z][A-Za-z]+)"',
                                       part.split(";")[0])
                    found |= set(words[-1:] if call[0] == "e" else words[:1])
        self.assertGreater(len(found), 25)
        self.assertEqual(
            [r for r in sorted(found) if f"`{r}`" not in text], [])

    def test_examples_of_the_readme(self):
        tried = 0
        for block in re.findall(r"```sh\n(.*?)```", read("README.md"), re.S):
            for line in block.splitlines():
                for words in stages(re.sub(r"\s#.*", "", line)):
                    if words[:2] != ["kubectl", "keyrot"]:
                        continue
                    result = self.run_keyrot(*words[2:], "--help")
                    self.assertEqual(result.returncode, 0, line)
                    tried += 1
        self.assertGreaterEqual(tried, 5)

    def shown(self, name):
        """Command lines: of blocks of shell, and words set as code."""
        text = read(name)
        for block in re.findall(r"```sh\n(.*?)```", text, re.S):
            for line in block.replace("\\\n", " ").splitlines():
                yield re.sub(r"\s#.*", "", line)
        for code in re.findall(r"`(kubectl keyrot [^`]*)`",
                               re.sub(r"```.*?```", "", text, flags=re.S)):
            yield code.replace("\\|", "|")

    def test_command_lines_of_the_documents(self):
        tried = {}
        for name in sorted(os.listdir(os.path.join(ROOT, "docs"))):
            if not name.endswith(".md") or name == "reference.md":
                continue
            for line in self.shown("docs/" + name):
                if "..." in line or "…" in line:
                    continue
                for words in stages(line):
                    if words[:2] != ["kubectl", "keyrot"]:
                        continue
                    with self.subTest(name + ": " + line):
                        result = self.run_keyrot(*words[2:], "--help")
                        self.assertEqual(result.returncode, 0, result.stderr)
                    tried[name] = tried.get(name, 0) + 1
        for name, least in (("tour.md", 15), ("from-the-runbook.md", 15),
                            ("at-3am.md", 20)):
            self.assertGreaterEqual(tried.get(name, 0), least, name)

    def test_at_3am_has_every_code(self):
        text = read("docs/at-3am.md")
        codes = self.exit_codes(read("README.md"))
        self.assertEqual(self.exit_codes(text.split("## 1:")[0]), codes)
        for code in codes - {0}:
            self.assertRegex(text, r"(?m)^## %d: " % code)
        reasons = read("docs/errors.md")
        for word in set(re.findall(r"`([A-Z]\w+[a-z]\w*)`", text)):
            self.assertIn("`%s`" % word, reasons)

    def test_runbook_of_old(self):
        """Each command of the procedure by hand has its line."""
        text = read("docs/from-the-runbook.md")
        for line in ("openssl rand -base64 32", "export SECRET_ENCRYPTION_KEY",
                     "create secret generic secrets-service-config",
                     "rollout restart deployment/secrets-service",
                     "rollout status deployment/secrets-service",
                     "unset SECRET_ENCRYPTION_KEY",
                     "pytest tests/integration/test_audit_chain.py"):
            row = [r for r in text.splitlines() if r.startswith("| ")
                   and line in r.split(" | ")[0]]
            self.assertEqual(len(row), 1, line)

    def test_configuration_of_the_readme(self):
        for text in re.findall(r"```yaml\n(.*?)```", read("README.md"), re.S):
            self.write("keyrot.yaml", text)
            result = self.run_keyrot("generate", "--key-file=new")
            self.assertEqual(result.returncode, 0, result.stderr)

    def test_the_way_back_of_the_readme(self):
        """A key comes back from the store by OpenSSL alone."""
        command = re.search(r"(?m)^openssl cms -decrypt .*$",
                            read("README.md")).group(0)
        made = json.loads(self.run_keyrot("generate", "-o", "json").stdout)
        store = self.path(".local/share/keyrot/secrets-service")
        command = command.replace("kr-20261122-7f3a9c", made["store"]["entry"])
        result = subprocess.run(
            [*command.split(), "-passin", "file:" + self.path("passphrase")],
            cwd=store, check=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        # The key is what the entry's fingerprint says, wherever it stands.
        import hashlib
        words = result.stdout.split()
        self.assertIn(made["fingerprint"],
                      [hashlib.sha256(w).hexdigest() for w in words])

    def test_links(self):
        for name in ["README.md"] + [
                os.path.join("docs", n) for n in os.listdir(
                    os.path.join(ROOT, "docs")) if n.endswith(".md")]:
            for link in re.findall(r"\]\(([^)#:]+)\)", read(name)):
                path = os.path.join(ROOT, os.path.dirname(name), link)
                self.assertTrue(os.path.exists(path), f"{name}: {link}")

    def test_documents_fit_their_schema(self):
        for argv in (["version"], ["generate"], ["version", "--nothing"],
                     ["nothing"], ["generate", "--bytes=1"], ["plan", "x"],
                     ["apply", "--key-file=nowhere"],
                     ["status", "--request-timeout=1s"]):
            with self.subTest(argv):
                result = self.run_keyrot(*argv, "-o", "json")
                document = json.loads(result.stdout)
                self.assertEqual(schema.problems(document), [])

    def test_a_schema_for_every_kind(self):
        kinds = re.findall(r'"(\w+Result)"', read("src/cli/cli.c"))
        self.assertGreaterEqual(len(kinds), 5)
        for kind in kinds:
            self.assertIsNotNone(schema.find(kind), kind)

    def test_schemas_notice(self):
        good = json.loads(self.run_keyrot("version", "-o", "json").stdout)
        for change in ({"exitCode": 9}, {"outcome": "ok"}, {"next": None},
                       {"targets": [{}]}, {"reason": "no words"},
                       {"apiVersion": "v1"}):
            self.assertNotEqual(schema.problems({**good, **change}), [])


class Krew(Case):
    def test_manifest(self):
        """What krew's validation and its reviewers ask of a manifest."""
        text = read("plugin.yaml")
        short = re.search(r"shortDescription: (.*)", text).group(1)
        self.assertLessEqual(len(short), 50)
        self.assertFalse(short.endswith("."))
        self.assertNotRegex(short.lower(), "kubectl|kubernetes")
        for line in text.split("  platforms:")[0].splitlines():
            self.assertLessEqual(len(line), 80)
        fields = set(re.findall(r"(?m)^[ -]*(\w+):", text))
        self.assertEqual(fields, {
            "apiVersion", "kind", "metadata", "name", "spec", "version",
            "homepage", "shortDescription", "description", "caveats",
            "platforms", "selector", "matchLabels", "os", "arch", "uri",
            "sha256", "bin"})
        made_from = read("krew/plugin.yaml.in").split("  platforms:")[0]
        self.assertIn(text.split("  platforms:")[0].replace(
            "0.1.0", "@VERSION@"), made_from)


if __name__ == "__main__":
    unittest.main()
