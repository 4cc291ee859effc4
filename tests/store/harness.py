"""What the cases of the store suite share."""
import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PASSPHRASE = "correct horse battery"


class Failed(Exception):
    pass


def check(condition, *what):
    if not condition:
        raise Failed(" ".join(str(x) for x in what))


def new_key():
    return base64.b64encode(os.urandom(32))


def fingerprint(key):
    return hashlib.sha256(key).hexdigest()


def windows(key):
    """What must not be seen of a key: 8 bytes of it, 12 of its base64."""
    found = {key[i:i + 8] for i in range(max(1, len(key) - 7))}
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + key)[4 if shift else 0:-4]
        found |= {text[i:i + 12] for i in range(max(0, len(text) - 11))}
    return found


class Result:
    def __init__(self, ran):
        self.code = ran.returncode
        self.out = ran.stdout.decode(errors="replace")
        self.err = ran.stderr.decode(errors="replace")
        self.reason = ""
        for line in self.err.splitlines():
            if line.startswith("reason: "):
                self.reason = line[8:]

    def fields(self):
        """The "name=value" words of each line."""
        return [dict(word.split("=", 1) for word in line.split(" "))
                for line in self.out.splitlines()]

    def ok(self):
        check(self.code == 0, "exit code", self.code, self.err)
        return self

    def fails(self, code, reason, *parts):
        check((self.code, self.reason) == (code, reason), "expected", code,
              reason, "got", self.code, self.err or self.out)
        for part in parts:
            check(part in self.err, repr(part), "is not in", self.err)
        return self


class Store:
    """One store in a folder of its own, used by new processes."""

    spec = None
    config = None
    keeps_all = True  # metadata in a list: all of them
    max_key = 1_000_000
    slow = False  # each look takes a quarter of a second

    def __init__(self, tool):
        self.tool = tool
        self.home = tempfile.mkdtemp(prefix="keyrot-store-")
        self.options = []
        self.env = {"HOME": self.home, "PATH": os.environ["PATH"],
                    "LANG": "C.UTF-8"}
        self.keys = []
        self.count = 0
        self.prepare()

    def prepare(self):
        pass

    def close(self):
        shutil.rmtree(self.home, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.home, *names)

    def write(self, name, data):
        path = self.path(name)
        with open(path, "wb") as out:
            out.write(data)
        return path

    def key_file(self, key):
        self.count += 1
        self.keys.append(key)
        return self.write(f"key{self.count}", key)

    def command(self, *args):
        command = [self.tool]
        if self.spec:
            command += ["-s", self.spec]
        if self.config:
            command += ["-c", self.config]
        return command + self.options + list(args)

    def run(self, *args, **more):
        env = dict(self.env, **more.pop("env", {}))
        ran = subprocess.run(self.command(*args), env=env,
                             stdin=subprocess.DEVNULL, capture_output=True,
                             timeout=120, cwd=self.home, check=False, **more)
        self.no_key_in(ran.stdout + ran.stderr)
        return Result(ran)

    def no_key_in(self, text):
        for key in self.keys:
            if len(key) < 8:
                continue
            for window in windows(key):
                check(window not in text, "a piece of a key was printed")

    def ensure(self, entry, key, role="new", **more):
        return self.run("ensure", entry, self.key_file(key), role, **more)

    def put(self, entry, key, role="new", **more):
        return self.run("put", entry, self.key_file(key), role, **more)

    def read(self, entry):
        """The bytes of an entry, by a new process."""
        self.count += 1
        path = self.path(f"back{self.count}")
        self.run("prove", entry, "", path).ok()
        with open(path, "rb") as file:
            return file.read()

    def snapshot(self):
        """Name and hash of every file of the store."""
        found = {}
        for folder, _, names in os.walk(self.where()):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    found[path] = hashlib.sha256(file.read()).hexdigest()
        return found

    def where(self):
        return self.home


def quiet(*command, **more):
    ran = subprocess.run(command, capture_output=True, check=False, **more)
    if ran.returncode:
        sys.exit(f"{command}: {ran.stderr.decode()}")
    return ran.stdout
