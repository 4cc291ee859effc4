"""Bad input of every kind: each has its exit code and its sentence, changes
nothing, and never comes back in a message where it may be a key."""

import base64
import json
import os
import signal
import subprocess
import unittest

from harness import Case, GOOD_KEY, KEYROT, KUBECONFIG

HEAD = "apiVersion: keyrot.dev/v1\nkind: Rotation\nservice: s\n"
USAGE, REFUSED, CLUSTER, STORE = 2, 3, 4, 8

# name, arguments, exit code, what the sentence holds
COMMAND_LINE = [
    ("unknown command", ["aplly"], USAGE, "Did you mean kubectl keyrot apply?"),
    ("command of another tool", ["frobnicate"], USAGE,
     'unknown command "frobnicate"'),
    ("command in capitals", ["APPLY"], USAGE, "Did you mean kubectl keyrot apply"),
    ("empty command", [""], USAGE, "unknown command"),
    ("unknown flag", ["apply", "--contxt=a"], USAGE, "Did you mean --context?"),
    ("unknown letter", ["apply", "-q"], USAGE, "unknown flag: -q"),
    ("flag of another command", ["version", "--no-wait"], USAGE,
     "unknown flag: --no-wait"),
    ("abbreviated flag", ["apply", "--names=x"], USAGE,
     "Did you mean --namespace?"),
    ("flag without its value", ["apply", "--context"], USAGE,
     "flag needs an argument: --context"),
    ("letter without its value", ["apply", "-n"], USAGE,
     "flag needs an argument: --namespace"),
    ("boolean with nonsense", ["apply", "--no-wait=maybe"], USAGE,
     "--no-wait is true or false"),
    ("bad choice", ["version", "-o", "xml"], USAGE, '--output cannot be "xml"'),
    ("near choice", ["version", "-o", "jsno"], USAGE,
     "Did you mean --output=json?"),
    ("bad dry run", ["apply", "--dry-run=both"], USAGE, "none|client|server"),
    ("bad duration", ["apply", "--timeout=soon"], USAGE, "--timeout"),
    ("negative duration", ["apply", "--timeout=-1s"], USAGE, "--timeout"),
    ("bad level", ["version", "-v=x"], USAGE, "--v wants a number"),
    ("bad request timeout", ["plan", "--request-timeout=abc"], USAGE,
     "timeout"),
    ("too many arguments", ["apply", "x"], USAGE, "takes no arguments"),
    ("two topics", ["help", "apply", "plan"], USAGE, "one too many"),
    ("help of nothing", ["help", "aply"], USAGE,
     "Did you mean kubectl keyrot apply?"),
    ("completion of nothing", ["completion"], USAGE, "bash, zsh or fish"),
    ("completion of another shell", ["completion", "tcsh"], USAGE,
     "bash, zsh or fish"),
    ("bad Secret name", ["plan", "--secret=Bad_Name"], USAGE, "--secret"),
    ("bad entry", ["plan", "--entry=a b"], USAGE, "--entry"),
    ("bad consumer", ["plan", "--consumer=secrets-service"], USAGE,
     "KIND/NAME"),
    ("consumer of a kind that cannot", ["plan", "--consumer=service/x"], USAGE,
     "deployment"),
    ("bad namespace", ["plan", "-n", "Bad_Name"], USAGE, "namespace"),
    ("dry run of what", ["rotate", "--dry-run=maybe"], USAGE, "client"),
    ("key file that is not there", ["plan", "--key-file=nowhere"], USAGE,
     "nowhere"),
    ("key file that is a folder", ["plan", "--key-file=."], USAGE, "--key-file"),
    ("unknown store", ["generate", "--store=fiel"], USAGE, "file"),
    ("unknown store for init", ["init", "--store=bogus"], USAGE,
     'unknown type of store "bogus"'),
    ("unknown context for init", ["init", "--staging=nope"], USAGE,
     '--staging: there is no context "nope"'),
    ("no bytes", ["generate", "--bytes=0"], USAGE, "from 16 to 1024"),
    ("more bytes than any key", ["generate", "--bytes=99999999999"], USAGE,
     "from 16 to 1024"),
    ("store that keeps nothing", ["generate", "--store=none"], REFUSED,
     "keeps no keys"),
    ("too few bytes", ["generate", "--bytes=8"], USAGE, "16 to 1024"),
    ("bad encoding", ["generate", "--encoding=b64"], USAGE,
     "base64|base64url|hex|raw"),
    ("key and document on one stream", ["generate", "--stdout", "-o", "json"],
     USAGE, "leave out --output"),
    ("new key over an old file", ["generate", "--key-file=passphrase"],
     REFUSED, "exists already"),
    ("no key anywhere", ["render"], USAGE, "no key was given: --key-file"),
    ("render as lines", ["render", "-o", "jsonl"], USAGE, "yaml or json"),
    ("configuration that is not there", ["plan", "--config=nowhere.yaml"],
     USAGE, "nowhere.yaml"),
    ("configuration named by nothing", ["plan", "--config=/nope.yaml"],
     USAGE, "configuration: open /nope.yaml"),
    ("configuration that is a folder", ["plan", "--config=."], USAGE, "."),
]

# name, keyrot.yaml, what the sentence holds
CONFIGURATION = [
    ("not YAML", "a: [", "keyrot.yaml:"),
    ("empty", "", "mapping"),
    ("a list", "- a\n", "mapping"),
    ("NUL byte", HEAD.encode() + b"\0", "keyrot.yaml"),
    ("name of the Secret", HEAD + "secret: {name: X_Y}\n",
     "name is not a name that Kubernetes accepts"),
    ("not UTF-8", HEAD.encode() + b"manifest: \xff\xfe\n", "keyrot.yaml"),
    ("another version", "apiVersion: keyrot.dev/v2\nkind: Rotation\n",
     "keyrot.yaml:1:1: apiVersion is one of: keyrot.dev/v1"),
    ("no service", "apiVersion: keyrot.dev/v1\nkind: Rotation\n",
     'field "service" is missing'),
    ("unknown field", HEAD + "enviroments: []\n",
     'keyrot.yaml:4:1: unknown field "enviroments"'),
    ("field twice", HEAD + "service: t\n", "keyrot.yaml:4"),
    ("number for a name", HEAD + "operator: 12\n", "put it in quotes"),
    ("boolean for a name", HEAD + "manifest: yes\n", "put it in quotes"),
    ("bad Secret name", HEAD + "secret: {name: A}\n", "lower case"),
    ("bad format", HEAD + "secret: {format: {bytes: 1}}\n", "16 to 1024"),
    ("bad consumers", HEAD + "consumers: [x]\n", "KIND/NAME"),
    ("bad store", HEAD + "store: {type: lastpass}\n", "a store is one of"),
    ("token in the file", HEAD + "notify: [{type: slack, channels: [a], "
     "token: xoxb-1234567890}]\n", "env:NAME"),
    ("order of environments", HEAD + "environments: [{name: a, requires: b, "
     "targets: [{context: c}]}]\n", "stands before"),
    ("target twice", HEAD + "environments: [{name: a, targets: "
     "[{context: c}, {context: c}]}]\n", "named twice"),
    ("bad pattern", HEAD + "environments: [{name: a, targets: [{context: c}],"
     " verify: {logs: {expect: ['[']}}}]\n", "regular expression"),
    ("metric without a limit", HEAD + "environments: [{name: a, targets: "
     "[{context: c}], soak: {for: 30m, prometheus: {url: 'https://p'}, "
     "metrics: [{name: m, query: q, noData: hold}]}}]\n", "max"),
    ("metric without noData", HEAD + "environments: [{name: a, targets: "
     "[{context: c}], soak: {for: 30m, prometheus: {url: 'https://p'}, "
     "metrics: [{name: m, query: q, max: 1}]}}]\n", '"noData" is missing'),
    ("a soak of no time", HEAD + "environments: [{name: a, targets: "
     "[{context: c}],\n  soak: {for: 0s, prometheus: {url: 'https://p'}, "
     "metrics: [{name: m, query: q, max: 1, noData: hold}]}}]\n",
     "keyrot.yaml:5:10: for must be longer"),
    ("bad namespace", HEAD + "environments: [{name: a, targets: "
     "[{context: c, namespace: R_1}]}]\n", "is not a namespace"),
    ("another document", HEAD + "---\nservice: t\n",
     "keyrot.yaml:4:1: a second YAML document"),
    ("nonsense behind the end", HEAD + "...\nb: [\n", "keyrot.yaml:"),
    ("too big", HEAD + "#" * (2 << 20), "keyrot.yaml"),
]

# name, bytes of the key, what the sentence holds
KEYS = [
    ("empty", b"", "empty"),
    ("a newline only", b"\n", "empty"),
    ("too short", base64.b64encode(b"x1" * 8), "bytes"),
    ("too long", base64.b64encode(bytes(range(33))), "bytes"),
    ("not base64", b"*" * 44, "base64"),
    ("base64 without its padding", GOOD_KEY[:-1].encode(), "base64"),
    ("two newlines", GOOD_KEY.encode() + b"\n\n", "line"),
    ("two CRLF", GOOD_KEY.encode() + b"\r\n\r\n", "line"),
    ("NUL byte inside", GOOD_KEY[:20].encode() + b"\0" + GOOD_KEY[21:].encode(),
     "NUL"),
    ("NUL byte at the end", GOOD_KEY.encode() + b"\0", "NUL"),
    ("leading space", b" " + GOOD_KEY.encode(), "space"),
    ("byte order mark", b"\xef\xbb\xbf" + GOOD_KEY.encode(), "byte order mark"),
    ("hex", b"ab" * 32, "bytes"),
    ("all bytes the same", base64.b64encode(b"\0" * 32), "one byte repeated"),
    ("1 MiB", b"A" * (1 << 20), "longer than any key"),
    ("a PEM file", b"-----BEGIN PRIVATE KEY-----\nAAAA\n", "white space"),
]

# name, kubeconfig, arguments, exit code, what the sentence holds
KUBECONFIGS = [
    ("not YAML", "a: [", [], USAGE, "kubeconfig"),
    ("another version", "apiVersion: v2\nkind: Config\n", [], USAGE, "apiVersion must be v1"),
    ("no such context", KUBECONFIG, ["--context=aether-stagin"], USAGE,
     "aether-stagin"),
    ("no such user", KUBECONFIG, ["--user=nobody"], USAGE, "nobody"),
    ("no such cluster", KUBECONFIG, ["--cluster=nowhere"], USAGE, "nowhere"),
    ("nothing in it", "apiVersion: v1\nkind: Config\n", [], USAGE, "context"),
    ("plain http", KUBECONFIG.replace("https", "http"), [], REFUSED, "http"),
    ("number for a token", KUBECONFIG.replace("token: x", "token: 123"), [],
     USAGE, "token"),
    ("CA that is not base64", KUBECONFIG.replace(
        "server:", "certificate-authority-data: '*', server:"), [], USAGE,
     "certificate-authority-data"),
    ("CA that is not there", KUBECONFIG.replace(
        "server:", "certificate-authority: /nowhere, server:"), [], USAGE,
     "certificate-authority"),
    ("certificate without a key", KUBECONFIG.replace(
        "token: x", "client-certificate: /nowhere"), [], USAGE, "client-"),
    ("token and password", KUBECONFIG.replace(
        "token: x", "token: x, username: a, password: b"), [], USAGE,
     "token"),
    ("bad proxy", KUBECONFIG.replace(
        "server:", "proxy-url: 'ftp://x', server:"), [], USAGE, "proxy-url"),
    ("plugin without a version", KUBECONFIG.replace(
        "token: x", "exec: {command: a}"), [], USAGE, "apiVersion"),
    ("removed plugin", KUBECONFIG.replace(
        "token: x", "auth-provider: {name: gcp}"), [], USAGE, "auth-provider"),
    ("nothing listens", KUBECONFIG, [], CLUSTER, "127.0.0.1"),
]


class BadInput(Case):
    def check(self, result, code, sentence):
        text = result.stderr.decode()
        self.assertEqual(result.returncode, code, text)
        self.assertIn(sentence, text)
        self.assertIn("error: ", text)
        if b"apiVersion" not in result.stdout:
            self.assertEqual(result.stdout, b"")

    def test_command_line(self):
        for name, argv, code, sentence in COMMAND_LINE:
            with self.subTest(name):
                self.check(self.run_keyrot(*argv), code, sentence)

    def test_configuration(self):
        for name, text, sentence in CONFIGURATION:
            with self.subTest(name):
                self.write("keyrot.yaml", text)
                result = self.run_keyrot("plan")
                self.check(result, USAGE, sentence)
                self.assertNotIn(b"xoxb", result.stderr)

    def test_key_from_a_file(self):
        for name, key, sentence in KEYS:
            with self.subTest(name):
                self.write("key", key)
                result = self.run_keyrot("render", "--key-file", "key")
                self.check(result, USAGE, sentence)
                self.assert_not_quoted(result, key)

    def test_key_from_a_pipe(self):
        for name, key, sentence in KEYS:
            with self.subTest(name):
                result = self.run_keyrot("render", "--key-file=-", stdin=key)
                self.check(result, USAGE, sentence)
                self.assert_not_quoted(result, key)

    def test_key_from_the_environment(self):
        for name, key, sentence in KEYS:
            if b"\0" in key or len(key) > 100000 or b"\xef" in key:
                continue
            with self.subTest(name):
                result = self.run_keyrot(
                    "render", env={"SECRET_ENCRYPTION_KEY": key.decode()})
                self.check(result, USAGE, sentence)
                self.assert_not_quoted(result, key)

    def assert_not_quoted(self, result, key):
        for at in range(0, min(len(key), 200) - 8, 4):
            piece = key[at:at + 8]
            self.assertNotIn(piece, result.stderr)

    def test_kubeconfig(self):
        for name, text, argv, code, sentence in KUBECONFIGS:
            with self.subTest(name):
                self.write("kubeconfig", text)
                self.write("key", GOOD_KEY)
                result = self.run_keyrot("plan", "--key-file=key", *argv)
                self.check(result, code, sentence)

    def test_a_key_in_place_of_a_word_is_not_repeated(self):
        for argv in ([GOOD_KEY], ["apply", GOOD_KEY], ["apply", "--" + GOOD_KEY],
                     ["apply", "-o", GOOD_KEY], ["apply", "--timeout", GOOD_KEY],
                     ["apply", "--no-wait=" + GOOD_KEY], ["help", GOOD_KEY],
                     ["apply", "--secret", GOOD_KEY], ["-" + GOOD_KEY],
                     ["apply", "--consumer", GOOD_KEY],
                     ["apply", "--dry-run", GOOD_KEY]):
            with self.subTest(argv[0]):
                result = self.run_keyrot(*argv)
                self.assertEqual(result.returncode, USAGE)
                self.assertNotIn(GOOD_KEY[4:20].encode(), result.stderr)

    def test_a_link_that_leads_nowhere_is_no_missing_configuration(self):
        for target in ("nowhere", "keyrot.yaml"):
            with self.subTest(target):
                os.symlink(target, self.path("keyrot.yaml"))
                result = self.run_keyrot("plan", "--from-store")
                self.check(result, USAGE, "keyrot.yaml")
                os.unlink(self.path("keyrot.yaml"))

    def test_stopped_while_the_configuration_is_read(self):
        os.mkfifo(self.path("fifo"))
        child = subprocess.Popen(
            [KEYROT, "apply", "--config", "fifo", "-o", "json"], cwd=self.dir,
            env=self.environment(), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        # It is at reading when the other end can be opened.
        with open(self.path("fifo"), "wb"):
            child.send_signal(signal.SIGTERM)
            out, _ = child.communicate(timeout=20)
        self.assertEqual(child.returncode, 130)
        self.assertEqual(json.loads(out)["outcome"], "interrupted")

    def test_how_many(self):
        total = (len(COMMAND_LINE) + len(CONFIGURATION) + len(KEYS)
                 + len(KUBECONFIGS))
        self.assertGreaterEqual(total, 60)


if __name__ == "__main__":
    unittest.main()
