"""Completion, in real shells where they are, and kubectl's protocol."""

import os
import shutil
import subprocess
import unittest

from harness import Case, KEYROT, ROOT

BASH = r"""
source <("$KEYROT_BIN" completion bash)
kubectl-keyrot() { "$KEYROT_BIN" "$@"; }
try()
{
	# A '=' and its value stand without blanks, as people type them.
	COMP_LINE="$*"
	COMP_LINE=${COMP_LINE// = /=}
	COMP_POINT=${#COMP_LINE}
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMPREPLY=()
	_kubectl_keyrot 2>/dev/null
	printf '%s\n' "${COMPREPLY[@]}"
}
try "$@"
"""


class Completion(Case):
    def protocol(self, *words):
        result = self.run_keyrot("__complete", *words)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        lines = result.stdout.decode().splitlines()
        self.assertRegex(lines[-1], r"^:\d+$")
        return [line.split("\t")[0] for line in lines[:-1]], lines[-1]

    def bash(self, *words):
        result = subprocess.run(
            ["bash", "--norc", "-c", BASH, "bash", *words],
            env=self.environment(KEYROT_BIN=KEYROT), cwd=self.dir,
            stdout=subprocess.PIPE, check=True, timeout=60)
        return result.stdout.decode().split()

    def test_protocol(self):
        self.assertEqual(self.protocol("ver")[0][-1], "version")
        self.assertIn("apply", self.protocol("")[0])
        self.assertNotIn("__complete", self.protocol("")[0])
        self.assertIn("--no-wait", self.protocol("apply", "--no-")[0])
        self.assertNotIn("--no-wait", self.protocol("version", "--no-")[0])
        self.assertEqual(self.protocol("version", "-o", "js"),
                         (["json", "jsonl"], ":4"))
        self.assertEqual(self.protocol("version", "--output=js")[0],
                         ["--output=json", "--output=jsonl"])
        self.assertEqual(self.protocol("apply", "--context", ""),
                         (["aether-staging"], ":4"))
        self.assertEqual(self.protocol("apply", "--context=aeth")[0],
                         ["--context=aether-staging"])
        self.assertEqual(self.protocol("apply", "--cluster", "")[0], ["c"])
        self.assertEqual(self.protocol("apply", "--key-file", ""), ([], ":0"))
        self.assertEqual(self.protocol("completion", "")[0],
                         ["bash", "zsh", "fish"])
        self.assertIn("plan", self.protocol("help", "")[0])
        # What stands before the command, and what nobody knows.
        self.assertIn("apply", self.protocol("-n", "x", "app")[0])
        self.assertEqual(self.protocol("apply", "--nothing="), ([], ":4"))

    def test_without_a_kubeconfig(self):
        os.remove(self.path("kubeconfig"))
        self.assertEqual(self.protocol("apply", "--context", ""), ([], ":4"))
        self.write("kubeconfig", "a: [")
        self.assertEqual(self.protocol("apply", "--context", ""), ([], ":4"))

    def test_bash(self):
        self.write("new.key", "")
        self.assertEqual(self.bash("kubectl-keyrot", "vers"), ["version"])
        self.assertIn("apply", self.bash("kubectl-keyrot", ""))
        self.assertEqual(
            self.bash("kubectl-keyrot", "apply", "--context", "aet"),
            ["aether-staging"])
        # bash hands "--context=aet" over as three words.
        self.assertEqual(
            self.bash("kubectl-keyrot", "apply", "--context", "=", "aet"),
            ["aether-staging"])
        self.assertEqual(
            self.bash("kubectl-keyrot", "version", "--output", "=", ""),
            ["text", "json", "jsonl", "yaml", "name"])
        self.assertEqual(self.bash("kubectl-keyrot", "apply", "--no-w"),
                         ["--no-wait"])
        self.assertEqual(
            self.bash("kubectl-keyrot", "apply", "--key-file", "new"),
            ["new.key"])

    def test_scripts_are_read_by_their_shells(self):
        tried = 0
        for shell in ("bash", "zsh", "fish"):
            script = self.run_keyrot("completion", shell).stdout
            self.assertIn(b"kubectl-keyrot", script)
            if not shutil.which(shell):
                continue
            tried += 1
            result = subprocess.run([shell, "-n"], input=script, check=False,
                                    stderr=subprocess.PIPE)
            self.assertEqual((result.returncode, result.stderr), (0, b""))
        self.assertGreaterEqual(tried, 1)

    def test_kubectls_helper(self):
        """kubectl runs kubectl_complete-keyrot with the words after it."""
        helper = os.path.join(ROOT, "kubectl_complete-keyrot")
        os.symlink(KEYROT, self.path("kubectl-keyrot"))
        result = self.run_keyrot(
            "apply", "--no-w", program=helper,
            env={"PATH": self.dir + ":" + os.environ["PATH"]})
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertTrue(result.stdout.startswith(b"--no-wait\t"))

    def test_with_kubectl_itself(self):
        kubectl = os.environ.get("KUBECTL") or shutil.which("kubectl")
        if not kubectl:
            self.skipTest("no kubectl on this machine")
        os.symlink(KEYROT, self.path("kubectl-keyrot"))
        shutil.copy(os.path.join(ROOT, "kubectl_complete-keyrot"), self.dir)
        result = self.run_keyrot(
            "__complete", "keyrot", "apply", "--no-w", program=kubectl,
            env={"PATH": self.dir + ":" + os.environ["PATH"]})
        self.assertIn(b"--no-wait\t", result.stdout)


if __name__ == "__main__":
    unittest.main()
