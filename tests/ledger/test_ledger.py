"""Signing, Git, and the command line, with real ssh-keygen, ssh-agent, git."""

import csv
import io
import json
import os
import shutil
import subprocess
import tempfile
import unittest

PLAY = os.environ["LEDGER_PLAY"]
KEYROT = os.environ["KEYROT"]
ROTATION = "kr-20261122-7f3a9c"
START = ROTATION + "/start/started"
END = ROTATION + "/end/done"


class Stand(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.env = {"PATH": os.environ["PATH"], "HOME": self.folder,
                    "TMPDIR": self.folder, "LC_ALL": "C.UTF-8",
                    "XDG_CONFIG_HOME": self.folder,
                    "GIT_CONFIG_NOSYSTEM": "1"}
        self.path = os.path.join(self.folder, "repo", "ledger.jsonl")

    def key(self, name):
        path = os.path.join(self.folder, name)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                        path], check=True)
        return path

    def run_in(self, *argv, **options):
        return subprocess.run(argv, cwd=self.folder, env=self.env, text=True,
                              capture_output=True, timeout=60,
                              stdin=subprocess.DEVNULL, **options)

    def play(self, sign, key, *steps, code=0, path=None):
        run = self.run_in(PLAY, path or self.path, sign, key, "alice", *steps)
        self.assertEqual(run.returncode, code, run.stdout + run.stderr)
        return run.stdout

    def keyrot(self, *words, code=0):
        run = self.run_in(KEYROT, "ledger", *words, "--ledger", self.path)
        self.assertEqual(run.returncode, code, run.stdout + run.stderr)
        return run.stdout, run.stderr

    def verify(self, *words, code=0):
        out, _ = self.keyrot("verify", "--offline", "-o", "json", *words,
                             code=code)
        return json.loads(out)

    def nothing_left(self):
        self.assertEqual([name for name in os.listdir(self.folder)
                          if name.startswith("keyrot.")], [])


class Ledger(Stand):
    def test_signs_by_a_key_file(self):
        self.play("ssh", self.key("alice"), START, END, "checkpoint")
        found = self.verify()
        self.assertEqual((found["lines"], found["signatures"]), (4, 1))
        self.assertEqual(found["signedLines"], 3)
        self.nothing_left()

    def test_an_end_wants_a_signature(self):
        self.play("ssh", self.key("alice"), START, END)
        found = self.verify(code=6)
        self.assertEqual((found["reason"], found["line"]),
                         ("LedgerBroken", 3))

    def test_signs_by_the_agent(self):
        key = self.key("alice")
        agent = subprocess.Popen(["ssh-agent", "-D", "-a",
                                  self.folder + "/agent"], env=self.env,
                                 stdout=subprocess.PIPE, text=True)
        self.addCleanup(agent.stdout.close)
        self.addCleanup(agent.wait)
        self.addCleanup(agent.kill)
        agent.stdout.readline()
        self.env["SSH_AUTH_SOCK"] = self.folder + "/agent"
        self.assertEqual(self.run_in("ssh-add", "-q", key).returncode, 0)
        os.remove(key)
        self.play("ssh", "", START, END, "checkpoint")
        self.assertEqual(self.verify()["signatures"], 1)
        self.play("ssh", key + ".pub", ROTATION + "/more/done", "checkpoint")
        self.assertEqual(self.verify()["signatures"], 2)

    def test_signs_as_git_does(self):
        key = self.key("alice")
        for name, value in (("gpg.format", "ssh"), ("user.signingKey", key)):
            self.run_in("git", "config", "--global", name, value, check=True)
        self.play("ssh", "", START, END, "checkpoint")
        self.assertEqual(self.verify()["signatures"], 1)

    def test_no_key_to_sign_with(self):
        out = self.play("ssh", "", START, code=2)
        self.assertIn("NoSigningKey", out)

    def test_signers_beside_the_ledger(self):
        alice, bob = self.key("alice"), self.key("bob")
        os.makedirs(os.path.dirname(self.path))
        with open(os.path.join(os.path.dirname(self.path), "allowed_signers"),
                  "w") as file, open(alice + ".pub") as public:
            file.write("# of the team\n\nalice@example.com "
                       + public.read())
        self.play("ssh", alice, START, END, "checkpoint")
        out = self.play("ssh", bob, ROTATION + "/more/done", "checkpoint",
                        code=3)
        self.assertIn("SignerNotAllowed", out)
        self.assertEqual(self.verify()["lines"], 5)
        self.nothing_left()

    def test_new_signers_are_let_in_by_the_old(self):
        alice, bob = self.key("alice"), self.key("bob")
        new = os.path.join(self.folder, "new")
        with open(bob + ".pub") as public, open(new, "w") as file:
            file.write("bob " + public.read())
        self.play("ssh", alice, START, "signers=" + new)
        self.play("ssh", bob, "checkpoint", code=3)
        self.play("ssh", alice, "checkpoint")
        self.play("ssh", bob, END, "checkpoint")
        self.play("ssh", alice, ROTATION + "/x/done", "checkpoint", code=3)
        self.assertEqual(self.verify()["signatures"], 2)

    def test_signers_from_elsewhere(self):
        alice, bob = self.key("alice"), self.key("bob")
        self.play("ssh", alice, START, END, "checkpoint")
        for name, code in ((alice, 0), (bob, 6)):
            signers = name + ".signers"
            with open(name + ".pub") as public, open(signers, "w") as file:
                file.write("someone " + public.read())
            self.verify("--signers", signers, code=code)
        self.verify("--signers", "/nonexistent", code=2)

    def test_signers_from_elsewhere_ask_for_signatures(self):
        alice = self.key("alice")
        self.play("none", "", START, END, "checkpoint")
        self.verify()
        with open(alice + ".pub") as public, \
                open(alice + ".signers", "w") as file:
            file.write("alice " + public.read())
        self.verify("--signers", alice + ".signers", code=6)

    def test_anchor_from_a_message(self):
        early = self.play("none", "", START, "head").strip()
        late = self.play("none", "", END, "head").strip()
        found = self.verify("--anchor", "Rotated. ledger: %s (see above)"
                            % late, "--anchor", early)
        self.assertEqual([a["state"] for a in found["anchors"]],
                         ["holds", "holds"])
        with open(self.path) as file:
            lines = file.readlines()
        with open(self.path, "w") as file:
            file.writelines(lines[:-1])
        self.verify()
        found = self.verify("--anchor", late, code=6)
        self.assertEqual(found["anchors"][0]["state"], "ahead")
        self.assertIn("its end was cut off", found["message"])
        self.verify("--anchor", late, "--ignore-ledger", late.split(":")[1])
        self.verify("--anchor", "no anchor", code=2)

    def test_commits_this_file_alone(self):
        repo = os.path.dirname(self.path)
        os.makedirs(repo)
        for words in (("init", "-q"), ("config", "user.name", "A"),
                      ("config", "user.email", "a@example.com")):
            self.run_in("git", "-C", repo, *words, check=True)
        for name in ("other", "staged"):
            with open(os.path.join(repo, name), "w") as file:
                file.write("x")
        self.run_in("git", "-C", repo, "add", "staged", check=True)
        self.play("ssh+git", self.key("alice"), START, END, "checkpoint")
        self.play("ssh+git", self.folder + "/alice", "checkpoint")
        log = self.run_in("git", "-C", repo, "log", "--name-only",
                          "--format=%s").stdout.split("\n")
        self.assertEqual(log, ["Rotation ledger: 4 lines", "", "ledger.jsonl",
                               ""])
        status = self.run_in("git", "-C", repo, "status", "--porcelain")
        self.assertEqual(status.stdout, "A  staged\n?? other\n")

    def test_commit_without_a_repository(self):
        out = self.play("ssh+git", self.key("alice"), START, "checkpoint",
                        code=2)
        self.assertIn("no Git repository", out)
        self.assertEqual(self.verify()["lines"], 3)

    def test_two_writers(self):
        self.play("none", "", START)
        writers = [subprocess.Popen(
            [PLAY, self.path, "none", "", "alice"]
            + ["%s/step-%d-%d/done" % (ROTATION, w, i) for i in range(20)],
            env=self.env) for w in range(4)]
        self.assertEqual([writer.wait(60) for writer in writers], [0] * 4)
        self.assertEqual(self.verify()["lines"], 82)

    def test_one_that_is_gone_and_was_anchored(self):
        self.play("none", "", START, END)
        report = self.verify()
        anchor = "keyrot-ledger-v1:%s:%d:%s" % (
            report["ledgerID"], report["lines"], report["root"])
        os.remove(self.path)
        self.assertEqual(self.verify(code=2)["reason"], "LedgerNotFound")
        report = self.verify("--anchor", anchor, code=6)
        self.assertEqual(report["reason"], "LedgerBroken")
        self.assertIn("--anchor holds an anchor", report["message"])

    def test_show(self):
        self.play("none", "", START, END, "kr-20261123-000000/start/started")
        out, _ = self.keyrot("show", ROTATION)
        self.assertEqual(len(out.splitlines()), 3)
        self.assertIn("9f86d081884c", out)
        out, err = self.keyrot("show", "kr-20261124-000000", code=2)
        self.assertIn("no such rotation", err)
        out, _ = self.keyrot("-o", "json")
        result = json.loads(out)
        self.assertEqual(result["kind"], "LedgerResult")
        self.assertEqual(len(result["records"]), 4)

    def test_export(self):
        self.play("none", "", START, END)
        out, _ = self.keyrot("export")
        rows = list(csv.DictReader(io.StringIO(out, newline="")))
        self.assertEqual([row["outcome"] for row in rows],
                         ["started", "done"])
        self.assertEqual(rows[0]["operatorFrom"], "'--operator")
        self.assertEqual(len(rows[0]["hash"]), 64)

    def test_what_cannot_be_asked_is_said(self):
        self.play("none", "", START, END)
        out, _ = self.keyrot("verify", "-o", "json", "--context", "nowhere")
        text = " ".join(json.loads(out)["warnings"])
        self.assertIn("nowhere was not asked for its anchor", text)
        self.assertIn("no anchor was found", text)

    def test_usage(self):
        self.keyrot("verify", ROTATION, code=2)
        self.keyrot("burn", code=2)
        self.keyrot("show", "x", code=2)
        self.assertIn("there is no ledger at", self.keyrot(code=2)[1])


if __name__ == "__main__":
    unittest.main()
