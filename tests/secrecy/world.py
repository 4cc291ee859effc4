"""A practice cluster, a home folder and a store for one run of the program."""
import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "practice"))

from client import Client  # noqa: E402

PRACTICE = os.path.join(ROOT, "build", "practice", "keyrot-practice")
HELPER = os.path.join(ROOT, "tests", "store", "helper.py")
SECRET = "/api/v1/namespaces/aether-services/secrets/secrets-service-config"
ENTRY = "SECRET_ENCRYPTION_KEY"


class Failed(Exception):
    pass


def check(condition, *what):
    if not condition:
        raise Failed(" ".join(str(x) for x in what))


def wait_for(condition, what, seconds=30):
    end = time.time() + seconds
    while not condition():
        check(time.time() < end, what, "did not come")
        time.sleep(0.01)


class World:
    """Use with `with`: everything is gone at its end."""

    def __init__(self, options, pod_ms=10):
        self.options = options
        self.home = tempfile.mkdtemp(prefix="keyrot-secrecy-")
        self.cluster = tempfile.mkdtemp(prefix="keyrot-cluster-")
        self.children = []
        self.env = {"HOME": self.home, "PATH": os.environ["PATH"],
                    "KUBECONFIG": self.cluster + "/kubeconfig",
                    "TMPDIR": self.home}
        self.start(PRACTICE, "--dir", self.cluster, "--pod-ms", str(pod_ms),
                   "--stop-ms", "5", "--clusters", "aether-staging")
        wait_for(lambda: os.path.exists(self.cluster + "/ready"), "cluster")
        self.client = Client(self.env["KUBECONFIG"], "aether-staging")
        self.keys = {}
        self.keep("previous", self.live_key())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.wait()
        if "GNUPGHOME" in self.env:
            subprocess.run(["gpgconf", "--kill", "all"], env=self.env,
                           check=False)
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.rmtree(self.cluster, ignore_errors=True)

    def start(self, *command, **more):
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                 env=more.pop("env", self.env), **more)
        self.children.append(child)
        return child

    def path(self, *names):
        return os.path.join(self.home, *names)

    def live_key(self):
        connection = self.client.connect()
        connection.request("GET", SECRET, headers=self.client.headers)
        reply = json.load(connection.getresponse())
        connection.close()
        return base64.b64decode(reply["data"][ENTRY])

    def keep(self, name, key):
        """Keys to look for lie outside of the home that is searched."""
        path = os.path.join(self.cluster, "looked-for-" + name)
        with open(path, "wb") as file:
            file.write(key)
        self.keys[name] = path

    def new_key(self):
        key = base64.b64encode(os.urandom(32))
        self.keep("new", key)
        return key

    def use_file_store(self):
        with open(self.path("passphrase"), "w", encoding="utf-8") as file:
            file.write("correct horse battery\n")
        return ["--store", "file", "--passphrase-file",
                self.path("passphrase")]

    def use_pass(self):
        self.env["GNUPGHOME"] = self.path("gnupg")
        self.env["PASSWORD_STORE_DIR"] = self.path("store")
        os.mkdir(self.path("gnupg"), 0o700)
        for command in (["gpg", "--batch", "--quiet", "--passphrase", "",
                         "--quick-gen-key", "test <test@example.com>",
                         "future-default", "default", "never"],
                        ["pass", "init", "test@example.com"]):
            subprocess.run(command, env=self.env, check=True,
                           capture_output=True)
        return ["--store", "pass:Encryption Key"]

    def use_exec(self):
        vault = os.path.join(self.cluster, "vault")
        os.mkdir(vault)
        return ["--store", f"exec:{sys.executable} -SE {HELPER} {vault}"]

    def apply(self, *more):
        return [self.options.program, "apply", "--context", "aether-staging",
                "-n", "aether-services", *more]

    def requests(self):
        path = self.cluster + "/aether-staging/requests.jsonl"
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.endswith("\n")]

    def is_restarted(self):
        return any(r["method"] == "PATCH" and "/deployments/" in r["path"]
                   for r in self.requests())

    def scan(self, name, *what):
        """(all finds, those outside of protected memory, report)."""
        ran = subprocess.run([self.options.leakscan, "-k", self.keys[name],
                              *what], capture_output=True, text=True,
                             check=False)
        check(ran.returncode in (0, 1, 2), ran.stdout, ran.stderr)
        lines = ran.stdout.splitlines()
        finds = [x for x in lines if x.startswith("found ")]
        loose = [x for x in finds if not x.endswith(" protected")]
        size = int(lines[-1].split()[1])
        return finds, loose, size

    def scan_memory(self, child_pid):
        """The same over all keys, of a process that is stopped meanwhile."""
        finds, loose, size = [], [], 0
        for name in self.keys:
            a, b, n = self.scan(name, "-p", str(child_pid))
            finds += [f"{name}: {x}" for x in a]
            loose += [f"{name}: {x}" for x in b]
            size += n
        # A scan that saw nothing has shown nothing.
        check(size > 1_000_000, "only", size, "bytes were searched")
        return finds, loose

    def scan_stopped(self, pid):
        os.kill(pid, signal.SIGSTOP)
        try:
            return self.scan_memory(pid)
        finally:
            os.kill(pid, signal.SIGCONT)
