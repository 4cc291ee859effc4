"""What stands on standard output, for programs that read it."""

import json
import os
import subprocess
import unittest

from harness import Case, GOOD_KEY, KEYROT, UIPLAY

FRAME = ["apiVersion", "kind", "outcome", "exitCode", "reason", "message",
         "rotation", "store", "targets", "warnings", "next"]


class Output(Case):
    def document(self, *argv, **kwargs):
        result = self.run_keyrot(*argv, **kwargs)
        document = json.loads(result.stdout)
        self.assertEqual(list(document)[:len(FRAME)], FRAME)
        self.assertEqual(document["exitCode"], result.returncode)
        return document

    def test_frame(self):
        document = self.document("version", "-o", "json")
        self.assertEqual(document["outcome"], "done")
        self.assertEqual(document["kind"], "VersionResult")
        self.assertIsNone(document["reason"])

    def test_every_spelling_of_output(self):
        for argv in (["-o", "json"], ["-ojson"], ["-o=json"],
                     ["--output", "json"], ["--output=json"]):
            self.document("version", *argv)
            # The last error of a script is a document, too.
            document = self.document("version", *argv, "--no-such-flag")
            self.assertEqual(document["outcome"], "refused")
            self.assertEqual(document["reason"], "Usage")
            self.assertIn("unknown flag", document["message"])

    def test_jsonl_ends_with_the_document(self):
        result = self.run_keyrot("version", "-o", "jsonl")
        lines = result.stdout.decode().splitlines()
        self.assertEqual(json.loads(lines[-1])["kind"], "VersionResult")

    def test_yaml_says_the_same_as_json(self):
        as_yaml = self.run_keyrot("version", "-o", "yaml").stdout.decode()
        document = self.document("version", "-o", "json")
        for name, value in document.items():
            if isinstance(value, str):
                self.assertRegex(as_yaml, f'(?m)^{name}: "?{value}"?$')

    def test_generate_keeps_the_key_to_itself(self):
        document = self.document("generate", "-o", "json")
        self.assertEqual(document["store"]["type"], "file")
        self.assertRegex(document["fingerprint"], "^[0-9a-f]{64}$")
        self.assertNotIn("key", document)

    def test_generate_into_a_file(self):
        import hashlib
        document = self.document("generate", "-o", "json", "--key-file=new",
                                 "--bytes=24", "--encoding=hex")
        with open(self.path("new"), "rb") as file:
            key = file.read()
        self.assertEqual(len(key), 48)
        self.assertEqual(os.stat(self.path("new")).st_mode & 0o777, 0o600)
        self.assertEqual(hashlib.sha256(key).hexdigest(),
                         document["fingerprint"])

    def test_generate_into_a_pipe(self):
        result = self.run_keyrot("generate", "--stdout")
        self.assertEqual(len(result.stdout), 44)
        self.assertIn(b"fingerprint", result.stderr)
        self.assertNotIn(result.stdout[:12], result.stderr)

    def test_render(self):
        import base64
        self.write("key", GOOD_KEY + "\n")
        result = self.run_keyrot("render", "--key-file=key", "-n", "services")
        self.assertEqual(result.returncode, 0, result.stderr)
        value = base64.b64encode(GOOD_KEY.encode()).decode()
        self.assertIn(f'"SECRET_ENCRYPTION_KEY": {value}\n',
                      result.stdout.decode())
        self.assertIn('namespace: "services"', result.stdout.decode())
        self.assertIn(b"--server-side", result.stderr)
        self.assertNotIn(value[:12].encode(), result.stderr)
        again = self.run_keyrot("render", "--from-store", "-o", "json")
        manifest = json.loads(again.stdout)
        self.assertEqual(manifest["data"], {"SECRET_ENCRYPTION_KEY": value})
        self.assertEqual(manifest["type"], "Opaque")

    def test_render_takes_the_variable(self):
        result = self.run_keyrot("render",
                                 env={"SECRET_ENCRYPTION_KEY": GOOD_KEY})
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_a_terminal_is_not_shown_the_key(self):
        for argv in (["generate", "--stdout"], ["render"]):
            master, slave = os.openpty()
            try:
                result = self.run_keyrot(
                    *argv, env={"SECRET_ENCRYPTION_KEY": GOOD_KEY},
                    stdout=slave)
            finally:
                os.close(slave)
                os.close(master)
            self.assertEqual(result.returncode, 3)
            self.assertIn(b"terminal", result.stderr)

    def test_full_disk_is_noticed(self):
        for argv in (["version"], ["help"], ["options"], ["version", "-ojson"],
                     ["completion", "bash"], ["generate", "--stdout"]):
            with open("/dev/full", "wb") as full:
                result = self.run_keyrot(*argv, stdout=full)
            self.assertEqual(result.returncode, 1, argv)
            self.assertIn(b"No space left on device", result.stderr)

    def test_closed_output(self):
        """What was asked for is lost, and that is told."""
        for argv in (["version"], ["version", "-ojson"],
                     ["generate", "--stdout"]):
            with self.subTest(argv=argv):
                done = subprocess.run(
                    ["sh", "-c", 'exec "$@" >&-', "sh", KEYROT, *argv],
                    env=self.environment(), cwd=self.dir,
                    capture_output=True)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(b"standard output", done.stderr)

    def test_closed_pipe_is_noticed(self):
        read, write = os.pipe()
        os.close(read)
        try:
            result = self.run_keyrot("version", stdout=write)
        finally:
            os.close(write)
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"Broken pipe", result.stderr)

    def test_plain_progress_has_no_escape(self):
        for words in (["fast", "text"], ["fast", "text", "many", "fail"]):
            result = self.run_keyrot(*words, program=UIPLAY,
                                     env={"TERM": "xterm"})
            self.assertNotIn(b"\x1b", result.stderr)
            self.assertEqual(result.stdout, b"")

    def test_jsonl_stream(self):
        result = self.run_keyrot("fast", "jsonl", "many", program=UIPLAY)
        events = [json.loads(line) for line in result.stdout.splitlines()]
        self.assertEqual(events[0]["kind"], "Plan")
        self.assertEqual({e["apiVersion"] for e in events}, {"keyrot.dev/v1"})
        begun = [(e["target"], e["id"]) for e in events
                 if e["kind"] == "Step" and e["state"] == "running"]
        over = [(e["target"], e["id"]) for e in events
                if e["kind"] == "Step" and e["state"] in ("done", "skipped")]
        self.assertEqual(begun, over)
        self.assertEqual(len(begun), 14)
        rolled = [e for e in events if e["kind"] == "Workload"]
        self.assertEqual(rolled[-1]["ready"], 12)
        # Nothing is said twice.
        texts = [json.dumps({k: v for k, v in e.items() if k != "time"},
                            sort_keys=True) for e in rolled]
        self.assertEqual(len(set(texts)), len(texts))

    def test_version_needs_no_library(self):
        """It answers without a kubeconfig, a home or an environment."""
        result = subprocess.run([os.environ["KEYROT"], "version"], env={},
                                stdout=subprocess.PIPE, check=True)
        self.assertRegex(result.stdout.decode(), r"^kubectl keyrot \d")


if __name__ == "__main__":
    unittest.main()
