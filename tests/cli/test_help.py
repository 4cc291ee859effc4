"""Help: every command's page fits a screen, its examples work, and it is
made from the same tables as the parser."""

import os
import re
import shlex
import subprocess
import unittest

from harness import Case, ROOT

KUBECTL_FLAGS = """--kubeconfig --context --cluster --user --namespace --server
--tls-server-name --certificate-authority --insecure-skip-tls-verify
--client-certificate --client-key --token --username --password --as --as-group
--as-uid --as-user-extra --request-timeout --disable-compression --cache-dir
--match-server-version --warnings-as-errors -v --vmodule --kuberc
--profile --profile-output --log-flush-frequency""".split()


def stages(line):
    """The commands of a shell line."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|<>()")
    lexer.whitespace_split = True
    found = [[]]
    for word in lexer:
        if set(word) <= set("|<>()"):
            found.append([])
        else:
            found[-1].append(word)
    return found


class Help(Case):
    def commands(self):
        text = self.run_keyrot("help").stdout.decode()
        found = re.findall(r"^  ([a-z]+) +\S", text, re.M)
        self.assertGreaterEqual(len(found), 8)
        return [c for c in found if c != "kubectl"]

    def test_three_ways_to_ask(self):
        for command in self.commands():
            with self.subTest(command):
                page = self.run_keyrot("help", command)
                for other in (self.run_keyrot(command, "--help"),
                              self.run_keyrot(command, "-h"),
                              self.run_keyrot("--help", command)):
                    self.assertEqual(other.stdout, page.stdout)
                    self.assertEqual((other.returncode, other.stderr),
                                     (0, b""))

    def test_overview(self):
        for argv in ([], ["help"], ["--help"], ["-h"]):
            result = self.run_keyrot(*argv)
            self.assertEqual((result.returncode, result.stderr), (0, b""))
            self.assertIn(b"kubectl keyrot COMMAND", result.stdout)

    def test_fits_a_screen(self):
        for argv in [["help"], ["options"]] + [
                ["help", c] for c in self.commands()]:
            with self.subTest(argv):
                lines = self.run_keyrot(*argv).stdout.decode().split("\n")
                self.assertLessEqual(max(map(len, lines)), 80)
                self.assertLessEqual(len(lines), 50)

    def test_examples_work(self):
        """As far as their options go: a cluster is not there."""
        tried = 0
        for command in self.commands():
            page = self.run_keyrot("help", command).stdout.decode()
            part = re.search(r"^Examples:\n(.*?)\n\n", page, re.M | re.S)
            self.assertIsNotNone(part, command)
            text = part.group(1).replace("\\\n", " ")
            text = text.replace("|\n", "| ")
            for line in text.splitlines():
                if line.strip().startswith("#"):
                    continue
                for words in stages(line):
                    if words[:2] == ["kubectl", "keyrot"]:
                        words = words[2:]
                    elif words[:1] == ["kubectl-keyrot"]:
                        words = words[1:]
                    else:
                        continue
                    with self.subTest(words):
                        result = self.run_keyrot(*words, "--help")
                        self.assertEqual(result.returncode, 0, result.stderr)
                        tried += 1
        self.assertGreaterEqual(tried, 12)

    def test_options_name_all_of_kubectls(self):
        page = self.run_keyrot("options").stdout.decode()
        for flag in KUBECTL_FLAGS:
            self.assertRegex(page, r"(?m)^ +(-., )?" + flag + r"[ =\n]")

    def test_every_flag_of_kubectl_is_taken_by_every_command(self):
        values = {"--insecure-skip-tls-verify": "true", "-v": "2",
                  "--disable-compression": "true", "--request-timeout": "5s",
                  "--match-server-version": "false",
                  "--warnings-as-errors": "true",
                  "--as-user-extra": "a=b"}
        for flag in KUBECTL_FLAGS:
            for command in ("version", "apply", "completion"):
                argv = [command, flag + "=" + values.get(flag, "x"), "--help"]
                result = self.run_keyrot(*argv)
                self.assertEqual(result.returncode, 0, result.stderr)

    def test_a_token_is_blanked_in_the_arguments(self):
        read, write = os.pipe()
        child = subprocess.Popen(
            [os.environ["KEYROT"], "--token=tok-1234", "--password", "pw-1234",
             "render", "--key-file=-"], stdin=read, stderr=subprocess.DEVNULL,
            env=self.environment(), cwd=self.dir)
        try:
            seen = ""
            for _ in range(200):
                with open(f"/proc/{child.pid}/cmdline", encoding="utf-8") as f:
                    seen = f.read()
                if "***" in seen:
                    break
                subprocess.run(["sleep", "0.02"], check=True)
            self.assertIn("--token=********", seen)
            self.assertNotIn("1234", seen)
        finally:
            os.close(write)
            os.close(read)
            child.wait()

    def test_the_variable_is_gone_from_the_environment(self):
        read, write = os.pipe()
        child = subprocess.Popen(
            [os.environ["KEYROT"], "render", "--key-file=-"], stdin=read,
            stderr=subprocess.DEVNULL, cwd=self.dir,
            env=self.environment(SECRET_ENCRYPTION_KEY="top-secret-value"))
        try:
            seen = b"top-secret"
            for _ in range(200):
                with open(f"/proc/{child.pid}/environ", "rb") as f:
                    seen = f.read()
                if b"KUBECONFIG=" in seen and b"top-secret" not in seen:
                    break
                subprocess.run(["sleep", "0.02"], check=True)
            self.assertNotIn(b"top-secret", seen)
            self.assertIn(b"KUBECONFIG=", seen)
        finally:
            os.close(write)
            os.close(read)
            child.wait()


if __name__ == "__main__":
    unittest.main()
