"""A Git repository, a home for the program, and clusters of one's own."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "contract"))

import clusters  # noqa: E402
import schema  # noqa: E402

ENTRY = "SECRET_ENCRYPTION_KEY"
SECRET = "secrets-service-config"
NAMESPACE = "aether-services"


def check(condition, *told):
    if not condition:
        raise AssertionError(" ".join(str(item)[-900:] for item in told))


def new_key(n=32):
    return base64.b64encode(os.urandom(n)).decode()


def fingerprint(text):
    if isinstance(text, str):
        text = text.encode()
    return hashlib.sha256(text).hexdigest()


def until(condition, what, limit_s=20):
    end = time.monotonic() + limit_s
    while not condition():
        check(time.monotonic() < end, "not within", limit_s, "s:", what)
        time.sleep(0.05)


class Repository:
    """A home with a repository in it, and the program run there."""

    def __init__(self, program=os.path.join(ROOT, "kubectl-keyrot")):
        self.program = program
        self.home = tempfile.mkdtemp(prefix="keyrot-gitops-")
        self.root = os.path.join(self.home, "repo")
        self.env = {"PATH": os.environ["PATH"], "HOME": self.home,
                    "LC_ALL": "C.UTF-8", "NO_COLOR": "1",
                    "GIT_CONFIG_NOSYSTEM": "1"}
        self.passphrase = os.path.join(self.home, "passphrase")
        with open(os.open(self.passphrase, os.O_WRONLY | os.O_CREAT, 0o600),
                  "w") as out:
            out.write("practice\n")
        self.env["KEYROT_PASSPHRASE_FILE"] = self.passphrase
        os.mkdir(self.root)
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.email", "operator@example.com")
        self.git("config", "user.name", "Operator")
        self.config()
        self.commit("begin")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.home, ignore_errors=True)

    def git(self, *words, cwd=None):
        done = subprocess.run(["git", *words], cwd=cwd or self.root,
                              env=self.env, text=True, capture_output=True,
                              timeout=60)
        check(done.returncode == 0, "git", words, done.stderr)
        return done.stdout.strip()

    def write(self, name, text):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(text if isinstance(text, bytes) else text.encode())
        return path

    def read(self, name):
        with open(os.path.join(self.root, name)) as file:
            return file.read()

    def config(self, **more):
        """keyrot.yaml; JSON is YAML."""
        whole = {"apiVersion": "keyrot.dev/v1", "kind": "Rotation",
                 "service": "secrets-service",
                 "ledger": {"path": "ledger/ledger.jsonl"}}
        whole.update(more)
        self.write("keyrot.yaml", json.dumps(whole, indent=1))

    def commit(self, message):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def run(self, *words, cwd=None, env=None, timeout=120):
        return subprocess.run(
            [self.program, *words], cwd=cwd or self.root,
            env=dict(self.env, **(env or {})), text=True,
            capture_output=True, timeout=timeout, stdin=subprocess.DEVNULL)

    def json(self, *words, **more):
        done = self.run(*words, "-o", "json", **more)
        try:
            document = json.loads(done.stdout)
        except ValueError:
            raise AssertionError("no document: %s" % done.stderr) from None
        wrong = schema.problems(document)
        check(not wrong, "; ".join(wrong))
        return done.returncode, document, done.stderr

    def keep(self, key, name="old"):
        """A record of the key in the ledger: its fingerprint alone."""
        path = os.path.join(self.home, name + ".csv")
        with open(path, "w") as out:
            out.write("time,fingerprint\n2026-01-01T00:00:00Z,%s\n"
                      % fingerprint(key))
        done = self.run("ledger", "import", path)
        check(done.returncode == 0, done.stderr)
