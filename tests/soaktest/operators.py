"""Those who type: a home each, and what their processes took."""

import collections
import json
import os
import shlex
import shutil
import signal
import subprocess
import threading
import time

import paths  # noqa: F401 (it says where the next ones are)

from stand import Wrong, check

LIMIT_S = 240
# Commands that bring something nearer to its end.
GOING_ON = ("resume", "rollback", "rotate", "promote", "apply", "validate")
Took = collections.namedtuple("Took", "word code seconds rss_kib files")


class Run:
    """One process, and what it says."""

    def __init__(self, words, code, out, err):
        self.words, self.code = words, code
        self.out, self.err = out, err.decode("utf-8", "replace")
        self.killed = code == -signal.SIGKILL
        self.document = {}
        if self.killed:
            return
        try:
            self.document = json.loads(out)
        except ValueError:
            raise Wrong("no document: %s: %s" % (self, self.err[-1500:]))
        check(self.document["exitCode"] == code, self, "says exit",
              self.document["exitCode"])

    @property
    def reason(self):
        return self.document.get("reason")

    def printed(self, back):
        """What it tells to type next, as words; None: nothing that helps."""
        found = []
        for line in self.document.get("next") or ():
            words = shlex.split(line)
            if words[:2] == ["kubectl", "keyrot"] and words[2] in GOING_ON:
                found.append(words[2:])
        for words in found:
            if back and words[0] == "rollback":
                return words
        return found[0] if found else None

    def __str__(self):
        text = "%s: exit %d" % (" ".join(self.words), self.code)
        if self.code:
            text += ", %s: %s" % (self.reason, self.document.get("message"))
        return text


class Operator:
    def __init__(self, number, world):
        self.number, self.world = number, world
        self.home = os.path.join(world.folder, "home-%d" % number)
        os.mkdir(self.home, 0o700)
        self.tmp = os.path.join(self.home, "tmp")
        os.mkdir(self.tmp)
        with open(os.path.join(self.home, "keyrot.yaml"), "w") as file:
            file.write(world.config)
        self.children, self.took = [], []

    def environment(self, more):
        return dict({"PATH": os.environ["PATH"], "HOME": self.home,
                     "TMPDIR": self.tmp, "LC_ALL": "C.UTF-8",
                     "KUBECONFIG": self.world.fleet.kubeconfig,
                     "GIT_CONFIG_GLOBAL": "/dev/null",
                     "KEYROT_PASSPHRASE_FILE": self.world.passphrase}, **more)

    def start(self, words, **more):
        child = subprocess.Popen(
            [self.world.program, *words, "-o", "json"], cwd=self.home,
            env=self.environment(more), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        child.begun = time.monotonic()
        child.most = [0, 0]
        child.watcher = threading.Thread(target=watch, args=(child,))
        child.watcher.start()
        self.children.append(child)
        return child

    def ended(self, child, words):
        try:
            out, err = child.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            out, err = child.communicate()
            raise Wrong("%s did not end within %d s: %s" % (
                " ".join(words), LIMIT_S, err[-1500:]))
        finally:
            self.children.remove(child)
        child.watcher.join()
        self.took.append(Took(words[0], child.returncode,
                              time.monotonic() - child.begun, *child.most))
        for key in self.world.keys:
            check(key not in out + err, "a key is in the output of", words)
        return Run(words, child.returncode, out, err)

    def run(self, *words, **more):
        return self.ended(self.start(words, **more), words)

    def lose_journal(self):
        shutil.rmtree(os.path.join(self.home, ".local/state"),
                      ignore_errors=True)

    def open_journals(self):
        """Rotations that have begun, by a journal here, and not ended."""
        folder = os.path.join(self.home, ".local/state/keyrot",
                              self.world.namespace)
        found = []
        for name in os.listdir(folder) if os.path.isdir(folder) else ():
            if not name.startswith("kr-") or not name.endswith(
                    ".jsonl"):
                continue
            with open(os.path.join(folder, name)) as file:
                events = [json.loads(line)["event"] for line in file]
            if "begun" in events and events[-1] != "ended":
                found.append(name[:-6])
        return found

    def kill_all(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
                child.wait()


def watch(child):
    """The most memory and descriptors that it had at a time."""
    place = "/proc/%d/" % child.pid
    while child.returncode is None:
        try:
            with open(place + "status") as file:
                for line in file:
                    if line.startswith("VmHWM:"):
                        child.most[0] = max(child.most[0],
                                            int(line.split()[1]))
            child.most[1] = max(child.most[1], len(os.listdir(place + "fd")))
        except OSError:
            return
        time.sleep(0.02)
