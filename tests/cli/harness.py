"""Runs the program in an empty home, and says what came out."""

import os
import shutil
import subprocess
import tempfile
import unittest

KEYROT = os.environ.get("KEYROT", os.path.abspath("kubectl-keyrot"))
UIPLAY = os.environ.get("UIPLAY", "")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))

# A good key of 32 bytes, and where nothing listens.
GOOD_KEY = "q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq80="
KUBECONFIG = """apiVersion: v1
kind: Config
current-context: aether-staging
clusters:
- {name: c, cluster: {server: 'https://127.0.0.1:1'}}
users:
- {name: u, user: {token: x}}
contexts:
- {name: aether-staging, context: {cluster: c, user: u, namespace: ns}}
"""


class Case(unittest.TestCase):
    """A test with a folder and an environment of its own."""

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="keyrot-cli-")
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.write("passphrase", "correct horse battery staple\n", 0o600)
        self.write("kubeconfig", KUBECONFIG)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, content, mode=0o600):
        data = content.encode() if isinstance(content, str) else content
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        os.chmod(path, mode)
        return path

    def environment(self, **more):
        env = {
            "HOME": self.dir,
            "PATH": os.path.dirname(KEYROT) + ":" + os.environ["PATH"],
            "KUBECONFIG": self.path("kubeconfig"),
            "KEYROT_PASSPHRASE_FILE": self.path("passphrase"),
            "LANG": "C.UTF-8",
        }
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        env.update(more)
        return {k: v for k, v in env.items() if v is not None}

    def run_keyrot(self, *argv, env=None, stdin=b"", program=None, **kwargs):
        kwargs.setdefault("stdout", subprocess.PIPE)
        if isinstance(stdin, bytes):
            kwargs["input"] = stdin
        else:
            kwargs["stdin"] = stdin
        return subprocess.run(
            [program or KEYROT, *argv], env=self.environment(**(env or {})),
            cwd=self.dir, stderr=subprocess.PIPE, timeout=60, check=False,
            **kwargs)
