#!/usr/bin/env python3
"""Power cuts at every point of real rotations.

usage: power.py CHECKER [-v]

A rotation, its roll-back, another rotation that is killed, and its resumption
from a journal and a ledger whose last lines were cut, each on practice
clusters with a file store: what they do to the disk is recorded. After each
operation, every state that the disk may be left in is put into a folder, and
CHECKER (the program's own functions) is asked what it makes of it:

- Journal and ledger hold the lines that were written, up to some point, and
  no other. What was written before a cluster was changed, or before the
  process ended, is there. A line that was cut is told (ledger), removed, and
  what is written next is read.
- Every entry of the store that has a name can be read and is proved; those of
  before a cluster was changed are there, and so is each that the journal names
  as applied. The store takes another one.
- A rotation has ended only where its last line is there.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "sweep"))

import world  # noqa: E402
from disk import Disk, read_log  # noqa: E402
from stand import ROOT, Broken, fingerprint  # noqa: E402

FLOOR = 10000
# Of the bytes at which a write is cut, after the first run: what one run writes
# is much like what another one does.
EVERY = 8
JOURNALS = "state/keyrot/secrets-service/"
LEDGER = "ledger/l.jsonl"
KEPT = "store/"         # never replaced
ENTRIES = KEPT + "entries/"
CONFIG = """\
apiVersion: keyrot.dev/v1
kind: Rotation
service: secrets-service
secret: {name: %(secret)s, key: %(entry)s}
store: {type: file, path: %(home)s/disk/store}
environments:
%(environments)svalidate:
- {name: suite, run: ['true']}
ledger: {path: %(home)s/disk/ledger/l.jsonl}
"""


class Stand(world.World):
    """Where the recorded runs are made."""

    def use(self, kind):
        with open(self.at("passphrase"), "w") as file:
            file.write("a passphrase of the tests\n")
        with open(self.at("keyrot.yaml"), "w") as file:
            file.write(CONFIG % {
                "secret": world.clusters.SECRET, "home": self.home,
                "entry": world.clusters.ENTRY, "environments": (
                    world.FIRST_STAGING + world.THEN_PRODUCTION) % {
                        "namespace": world.NAMESPACE}})

    def environment(self, fault):
        return dict(super().environment(None), **{
            "XDG_STATE_HOME": self.at("disk", "state"),
            "KEYROT_PASSPHRASE_FILE": self.at("passphrase"),
            "LD_PRELOAD": os.path.join(ROOT, "build", "power", "record.so"),
            "KEYROT_POWER": self.at("disk"),
            "KEYROT_POWER_LOG": self.at("log")})

    def record(self, *words):
        """A run: the disk before it, what was done to it, and after it."""
        if os.path.exists(self.at("log")):
            os.unlink(self.at("log"))
        before = Disk(self.at("disk"))
        run = self.run(*words)
        if run.code and not run.killed:
            raise Broken("%s: %s" % (run, run.document()["message"]))
        return Recorded(run, before, list(read_log(self.at("log"))),
                        Disk(self.at("disk")).tree())

    def tear(self):
        """The last line of journal and ledger, as a cut would leave it."""
        folder = self.at("disk", JOURNALS)
        newest = max((os.path.join(folder, name) for name in os.listdir(
            folder)), key=os.path.getmtime)
        for path in (newest, self.at("disk", LEDGER)):
            with open(path, "rb") as file:
                line = file.read().split(b"\n")[-2]
            start = line
            if path.endswith(LEDGER):
                row = json.loads(line)
                start = line.replace(b'"seq":%d,"prev":"%s"' % (
                    row["seq"], row["prev"].encode()), b'"seq":%d,"prev":"%s"'
                    % (row["seq"] + 1, row["hash"].encode()))
            with open(path, "ab") as file:
                file.write(start[:len(start) // 2])


class Recorded:
    def __init__(self, run, before, operations, after):
        self.run, self.before, self.operations = run, before, operations
        self.after = after


class Checker:
    """What the program makes of a part of a disk; each part asked once."""

    def __init__(self, program, passphrase):
        self.top = tempfile.mkdtemp(prefix="keyrot-power-", dir=(
            "/dev/shm" if os.path.isdir("/dev/shm") else None))
        self.process = subprocess.Popen(
            [program, self.top, passphrase], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.known = {}

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        shutil.rmtree(self.top, ignore_errors=True)

    def put(self, part):
        for name in os.listdir(self.top):
            shutil.rmtree(os.path.join(self.top, name))
        for path, data in part:
            path = os.path.join(self.top, path)
            os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)

    def ask(self, question, part):
        key = question, part
        if key not in self.known:
            self.put(part)
            print(question, file=self.process.stdin, flush=True)
            answer = self.process.stdout.readline()
            self.known[key] = answer.rstrip("\n") or "error: it crashed"
        if self.known[key].startswith("error") or "error: " in self.known[key]:
            raise Broken(self.known[key])
        return dict(word.split("=", 1) for word in self.known[key].split())


def whole(data):
    """The lines of a file that have their end."""
    return data.split(b"\n")[:-1]


class Judge:
    def __init__(self, stand, checker):
        self.stand, self.checker = stand, checker
        self.seen, self.states, self.failed = set(), 0, 0
        self.written = {}       # path -> all lines that were ever to be there

    def is_journal(self, path):
        return path.startswith(JOURNALS + "kr-") and path.endswith(".jsonl")

    def part(self, tree, below):
        top = self.stand.at("disk") + "/"
        return tuple(sorted((path[len(top):], data)
                            for path, data in tree.items()
                            if path.startswith(top + below)))

    def relative(self, tree):
        top = len(self.stand.at("disk")) + 1
        return {path[top:]: data for path, data in tree.items()}

    def relied(self, disk):
        """What is there now; of a file of lines, those that have an end."""
        return {path: (data[:data.rfind(b"\n") + 1] if path.endswith(".jsonl")
                       else data,)
                for path, data in self.relative(disk.tree()).items()}

    def walk(self, recorded, every):
        disk = recorded.before
        self.written = {path: whole(data) for path, data in self.relative(
            recorded.after).items() if path.endswith(".jsonl")}
        relied = self.relied(disk)
        for words, data in recorded.operations:
            if words[0] == "mark":
                relied = self.relied(disk)
            else:
                disk.do(words, data)
            # What was replaced since may be the old one or the new one.
            for path, data in self.relative(disk.tree()).items():
                if path in relied and not path.startswith(KEPT) and (
                        data not in relied[path]):
                    relied[path] += (data,)
            for tree in disk.states(every):
                self.state(tree, relied, (recorded.run, words))
        if disk.tree() != recorded.after:
            raise Broken("%s: what was recorded is not what the disk holds"
                         % recorded.run)

    def state(self, tree, relied, where):
        key = hash(tuple(sorted(tree.items()))), hash(tuple(sorted(
            relied.items())))
        if key in self.seen:
            return
        self.seen.add(key)
        self.states += 1
        try:
            self.check(tree, relied)
        except Broken as broken:
            self.failed += 1
            if self.failed <= 20:
                print("after %s of %s: %s" % (" ".join(where[1])[:150],
                                              where[0], broken), flush=True)

    def check(self, tree, relied):
        files = self.relative(tree)
        for path, data in relied.items():
            if path.endswith(".jsonl"):
                if not files.get(path, b"").startswith(data[0]):
                    raise Broken("%s: lines that were relied upon are gone"
                                 % path)
            elif files.get(path) not in data:
                raise Broken("%s, which was relied upon, is gone" % path)
        self.check_journals(tree, files)
        self.check_ledger(tree, files)
        self.check_store(tree, files)

    def lines(self, path, files):
        """Good lines: as written, up to some point; the rest was cut."""
        good = 0
        for line, written in zip(whole(files.get(path, b"")),
                                 self.written[path]):
            if line != written:
                break
            good += 1
        return good

    def check_journals(self, tree, files):
        part = self.part(tree, JOURNALS)
        for path in files:
            if not self.is_journal(path):
                continue
            name = path[len(JOURNALS):-len(".jsonl")]
            good = self.lines(path, files)
            said = self.checker.ask("journal " + name, part)
            if (int(said["lines"]), int(said["again"])) != (good, good + 1):
                raise Broken("%s: %d lines are whole; %s" % (path, good, said))
            rows = [json.loads(line) for line in self.written[path][:good]]
            begun = any(row["event"] == "begun" for row in rows)
            ended = [row["detail"] for row in rows if row["event"] == "ended"]
            if (said["outcome"] != (ended[-1] if ended else "-")
                    or said["known"] != str(int(begun))):
                raise Broken("%s: %s" % (path, said))
            if begun and not ended and said["open"] == "-":
                raise Broken("%s: none is open, it says" % path)

    def check_ledger(self, tree, files):
        if LEDGER not in files:
            return
        good = self.lines(LEDGER, files)
        is_torn = len(b"".join(line + b"\n" for line in self.written[LEDGER][
            :good])) != len(files[LEDGER])
        said = self.checker.ask("ledger", self.part(tree, LEDGER))
        # A line that only lacks its end is kept; the first one of all is the
        # ledger's own.
        kept = files[LEDGER].split(b"\n")[-1] in self.written[LEDGER]
        again = good + kept if good + kept else 1
        if int(said["lines"]) != good or int(said["again"]) != again + 1:
            raise Broken("%s: %d lines are whole; %s" % (LEDGER, good, said))
        if (said["torn"] == "1") != (is_torn or not good):
            raise Broken("%s: it is %storn; %s" % (
                LEDGER, "" if is_torn else "not ", said))

    def check_store(self, tree, files):
        part = self.part(tree, KEPT)
        said = self.checker.ask("store", part)
        for path in files:
            if path.startswith(ENTRIES) and path[len(ENTRIES):-4] not in said:
                raise Broken("%s has a name, and was not proved" % path)
        for path, data in files.items():
            if not self.is_journal(path):
                continue
            for line in self.written[path][:self.lines(path, files)]:
                row = json.loads(line)
                if row["event"] == "intent" and row.get("step") in APPLIED:
                    self.held(path[len(JOURNALS):-6], said)

    def held(self, rotation, said):
        if rotation in self.keys and self.keys[rotation] not in said.values():
            raise Broken("%s: it was to be applied, and is not stored"
                         % rotation)


APPLIED = ("write-secret",)


def runs(stand):
    """Each of them, recorded; the clusters are what the last one left."""
    os.mkdir(stand.at("disk"), 0o700)
    stand.control("POST", "/reset", {"scenario": stand.scenario})
    first = stand.record("rotate")
    yield first
    yield stand.record("rollback")
    stand.spoil({"api": {
        "kind": "reset-applied", "kill": True, "cluster": world.PRODUCTION,
        "method": "PATCH", "path": "/secrets/.*keyrot\\.SECRET"}})
    yield stand.record("rotate", "--review-closed",
                       first.run.document()["rotation"])
    stand.mend()
    stand.tear()
    yield stand.record("resume")


def main():
    parser = argparse.ArgumentParser(usage=__doc__[__doc__.index(
        "usage: ") + 7:__doc__.index("A rotation,")])
    parser.add_argument("checker")
    parser.add_argument("-v", "--verbose", action="store_true")
    arguments = parser.parse_args()
    stand = Stand(world.PROGRAM)
    checker = Checker(arguments.checker, stand.at("passphrase"))
    judge = Judge(stand, checker)
    try:
        for recorded in runs(stand):
            before = judge.states
            judge.walk(recorded, 1 if before == 0 else EVERY)
            print("%s: %d operations, %d states" % (
                recorded.run, len(recorded.operations),
                judge.states - before), flush=True)
            if arguments.verbose:
                for words, _ in recorded.operations:
                    print("  " + " ".join(words))
    finally:
        checker.close()
        stand.close()
    print("power-loss: %d states, %d failed" % (judge.states, judge.failed))
    print("%d passed, %d failed" % (judge.states - judge.failed,
                                    judge.failed))
    if judge.states < FLOOR:
        sys.exit("power.py: %d states; %d is the floor" % (judge.states,
                                                           FLOOR))
    sys.exit(1 if judge.failed else 0)


if __name__ == "__main__":
    main()
