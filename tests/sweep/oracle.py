"""The promises, looked at from outside after every run.

What the clusters hold, what each pod has loaded, the store's files, journals
and ledger are read by other means than the program's, and compared.
"""

import base64
import binascii
import hashlib
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "model"))

from model import Order  # noqa: E402
from stand import OTHER, Broken, clusters  # noqa: E402
from scan import Scan  # noqa: E402 (stand says where it is)
from steps import fingerprint  # noqa: E402
from world import (CONTEXTS, FOREIGN, PLACES, PODS, PRODUCTION,  # noqa: E402
                   STAGING, printed)

ENTRY = clusters.ENTRY
CODES = (0, 1, 2, 3, 4, 5, 6, 7, 8, 130)
NAME = "%s/%s" % (clusters.SECRET, ENTRY)
EVENTS = {"begun", "baseline", "intent", "done", "failed", "takeover",
          "override", "approved", "ended"}


def note(secret, word):
    return secret["metadata"].get("annotations", {}).get(
        "%s.keyrot.dev/%s" % (word, ENTRY))


class Cluster:
    """What one cluster runs."""

    def __init__(self, state):
        objects = state["objects"]
        self.secret = [item for item in objects if item["kind"] == "Secret"
                       and item["metadata"]["name"] == clusters.SECRET][0]
        self.live = clusters.key_in(self.secret)
        self.ring = [key for key in (
            clusters.key_in(self.secret, ENTRY + suffix)
            for suffix in ("_NEXT", "_PREVIOUS")) if key is not None]
        self.pods = [pod["fingerprints"].get(NAME) for pod in state["pods"]
                     if pod["running"]]
        self.deployment = [item for item in objects
                           if item["kind"] == "Deployment"][0]
        self.templates = len([item for item in objects
                              if item["kind"] == "ReplicaSet"])

    def runs(self, key):
        return (self.live == key
                and self.pods == [fingerprint(key)] * PODS)


def stored_keys(folder):
    """The whole keys in the store, by entry; what is damaged is not held."""
    found = {}
    folder = os.path.join(folder, "entries")
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        with open(os.path.join(folder, name)) as file:
            lines = dict(line.rstrip("\n").split("=", 1) for line in file
                         if "=" in line)
        try:
            key = base64.b64decode(lines.get("key", ""), validate=True)
        except binascii.Error:
            continue
        if fingerprint(key) == lines.get("fingerprint"):
            found[name] = key
    return found


def tree_root(lines):
    """RFC 6962, section 2.1."""
    if len(lines) == 1:
        return hashlib.sha256(b"\0" + lines[0]).digest()
    k = 1
    while k * 2 < len(lines):
        k *= 2
    return hashlib.sha256(b"\1" + tree_root(lines[:k])
                          + tree_root(lines[k:])).digest()


class Oracle:
    def __init__(self, world):
        self.world = world
        self.scan = None  # keys, and what looks for them
        self.order = Order()

    def look(self):
        state = self.world.control("GET", "/state")
        self.clusters = {name: Cluster(state[name]) for name in CONTEXTS}
        self.held = stored_keys(self.world.at("store"))
        self.known = {fingerprint(key): key
                      for key in [self.world.old, *self.held.values()]}
        suite = self.world.at("suite")
        self.suite = set()
        if os.path.exists(suite):
            with open(suite) as file:
                self.suite = set(file.read().split("\n"))

    def check(self, run):
        """After any run, whatever came of it."""
        self.look()
        self.check_keys()
        self.check_foreign()
        self.check_production()
        self.check_journals()
        self.check_ledger()
        self.check_secrecy(run)
        if not run.killed:
            self.check_told(run)

    # 1, 2, 3

    def check_keys(self):
        held = set(self.held.values())
        for name, cluster in self.clusters.items():
            for key in [cluster.live] + [self.known.get(pod)
                                         for pod in cluster.pods]:
                if key != self.world.old and key not in held:
                    raise Broken("1: %s holds a key that the store does not"
                                 % name)
            for key in cluster.ring:
                if key not in held and key != self.world.old:
                    raise Broken("1: the keyring in %s holds a key that the"
                                 " store does not" % name)
            if cluster.live != self.world.old and self.world.old not in held:
                raise Broken("2: the key replaced in %s is not stored" % name)
            moves = self.world.restarts[name]
            if cluster.templates > 1 + moves:
                raise Broken("6: %s was restarted %d times, not %d" % (
                    name, cluster.templates - 1, moves))

    # 4

    def check_foreign(self):
        for name, cluster in self.clusters.items():
            if cluster.secret["data"].get("OTHER") != OTHER:
                raise Broken("4: the other entry in %s was changed" % name)
            for item in (cluster.secret, cluster.deployment):
                notes = item["metadata"].get("annotations", {})
                if FOREIGN.items() - notes.items():
                    raise Broken("4: somebody's annotation in %s is gone"
                                 % name)

    # 7, 8

    def check_production(self):
        live = self.clusters[PRODUCTION].live
        staging = self.clusters[STAGING]
        if live in (self.world.old, self.world.base):
            return
        print_ = fingerprint(live)
        if self.world.kind == "waves":
            if not staging.runs(live):
                raise Broken("7: the second wave got a key that the first one"
                             " does not run")
            return
        proof = note(staging.secret, "validated") or ""
        if staging.live != live or not proof.startswith(print_ + " "):
            raise Broken("7: production got a key that staging had not proved")
        if "staging " + print_ not in self.suite:
            raise Broken("8: production got a key, and no suite was run")

    # 6

    def check_journals(self):
        self.journals = {}
        for name, data in self.world.journals().items():
            rows = []
            for line in data.split(b"\n")[:-1]:
                try:
                    rows.append(json.loads(line))
                except ValueError:
                    raise Broken("6: a journal's line is damaged: %r" % line)
            for row in rows:
                if row["event"] not in EVENTS or set(row) - {
                        "event", "time", "step", "environment", "context",
                        "detail", *(["number"] if row["event"] == "begun"
                                    else [])}:
                    raise Broken("6: a journal's line is strange: %s" % row)
            wrong = self.order.check(rows)
            if wrong:
                raise Broken("6: the journal has an order that the model does"
                             " not allow: " + wrong)
            self.journals[name] = rows

    def begun(self):
        """Whether any rotation has begun and not ended."""
        for rows in self.journals.values():
            events = [row["event"] for row in rows
                      if row["event"] in ("begun", "ended")]
            if events and events[-1] == "begun":
                return True
        return False

    # 10

    def check_ledger(self):
        path = self.world.at("state", "ledger.jsonl")
        data = b""
        if os.path.exists(path):
            with open(path, "rb") as file:
                data = file.read()
        # A torn last line is what a crash leaves: the next run cuts it.
        lines = data.split(b"\n")[:-1]
        before = "0" * 64
        self.records = []
        for number, line in enumerate(lines):
            row = json.loads(line)
            said = hashlib.sha256(b"keyrot-ledger-v1\n" + line[:line.rindex(
                b',"hash":"')]).hexdigest()
            if (row["seq"], row["prev"], row["hash"]) != (number, before,
                                                          said):
                raise Broken("10: line %d of the ledger does not fit" % number)
            before = said
            self.records.append(row)
        for name, cluster in self.clusters.items():
            anchor = note(cluster.secret, "ledger")
            if anchor:
                size, root = anchor.split(":")[2:]
                if int(size) > len(lines) or tree_root(
                        lines[:int(size)]).hex() != root:
                    raise Broken("10: the anchor in %s is not of the ledger"
                                 % name)

    # 5

    def files(self):
        """Their names, and what stands in them."""
        paths = []
        for place in PLACES:
            for folder, folders, names in os.walk(self.world.at(place)):
                paths += [os.path.join(folder, name) for name in names]
                yield "a folder's name", os.fsencode("\n".join(folders))
        yield "a file's name", os.fsencode("\n".join(paths))
        for path in paths:
            with open(path, "rb") as file:
                yield os.path.basename(path), file.read().rstrip(b"\0")

    def calls(self):
        """Arguments and environments of every child, each line once."""
        for path in (self.world.at("store", "calls"),
                     self.world.at("suite-calls")):
            if os.path.exists(path):
                with open(path, "rb") as file:
                    yield b"\n".join(set(file.read().split(b"\n")))

    def sent(self):
        """All that went to the clusters, but the body of the one write."""
        seen = set()
        for request in self.world.requests():
            body = request.pop("body") or ""
            if not (request["method"] == "PATCH" and "/secrets/" in request[
                    "path"] and "fieldManager=keyrot.%s" % ENTRY
                    in request["path"]):
                seen.add(body)
            seen.add(request["method"] + request["path"])
            seen.update(request["headers"].values())
        return "\n".join(seen).encode("latin-1", "replace")

    def texts(self, run):
        yield "output", run.out
        yield "error output", run.err
        yield from self.files()
        for text in self.calls():
            yield "a child's arguments or environment", text
        yield "a request", self.sent()

    def check_secrecy(self, run):
        keys = frozenset(self.known.values())
        if self.scan is None or self.scan[0] != keys:
            self.scan = keys, Scan(keys)
        for where, text in self.texts(run):
            found = self.scan[1].find(text)
            if found:
                raise Broken("5: a key is in: %s (%s)" % (where, found[0]))

    # 3, 6: what is said

    def check_told(self, run):
        if run.code not in CODES:
            raise Broken("6: exit code %d: %s" % (
                run.code, run.err[-900:].decode("utf-8", "replace")))
        document = run.document()
        if document["exitCode"] != run.code:
            raise Broken("6: exitCode is not the exit code")
        for target in document["targets"]:
            cluster = self.clusters[target["context"].split("@")[1]]
            said = target.get("fingerprint")
            if said and said != fingerprint(cluster.live):
                raise Broken("3: %s, it says, holds %.12s; it holds %.12s" % (
                    target["context"], said, fingerprint(cluster.live)))
        if run.code == 0:
            return
        if not document["message"]:
            raise Broken("6: it failed without a message")
        if self.begun() and run.code != 2 and not printed(document):
            raise Broken("6: it has begun, and no next command is printed: "
                         + document["message"])

    def check_end(self, run, back=False):
        """It says that it is done."""
        self.check(run)
        keys = {cluster.live for cluster in self.clusters.values()}
        if len(keys) != 1:
            raise Broken("3: done, it says; the clusters have two keys")
        key = keys.pop()
        for name, cluster in self.clusters.items():
            if self.world.kind == "keyring" and cluster.ring != [
                    self.world.old]:
                raise Broken("9: done, it says; the keyring in %s is not the"
                             " key and the one before" % name)
            if not cluster.runs(key):
                raise Broken("3: done, it says; %s runs %s" % (
                    name, cluster.pods))
            if cluster.templates != 1 + self.world.restarts[name]:
                raise Broken("6: %s was restarted %d times" % (
                    name, cluster.templates - 1))
        if (key == self.world.old) != back:
            raise Broken("9: done, it says; the key is not the one wanted")
        last = "all " if self.world.kind == "waves" else "production "
        if not back and last + fingerprint(key) not in self.suite:
            raise Broken("8: done, it says, and production's suite never ran")
        self.check_record(fingerprint(key), back, run)

    def check_record(self, print_, back, run):
        last = {}
        for row in self.records:
            if row.get("step") == "write-secret":
                last[row["context"]] = row
        word = "rolled-back" if back else "done"
        for context in CONTEXTS:
            row = last.get("sweeper@" + context, {})
            if (row.get("fingerprint"), row.get("outcome")) != (print_, word):
                raise Broken("10: the ledger's last word on %s is %s of %s" % (
                    context, row.get("outcome"), row.get("fingerprint")))
        ends = [row for row in self.records if row.get("step") == "end"]
        if not ends or ends[-1]["outcome"] != word:
            raise Broken("10: the ledger does not have the end")
        for name, rows in self.journals.items():
            if any(row["event"] == "begun" for row in rows) and rows[-1][
                    "event"] != "ended" and "--new" not in run.words:
                raise Broken("6: the journal of %s has not ended" % name)
