"""What has to be true whenever a rotation has ended, by other means than the
program's: OpenSSL opens the store, the audit log tells which keys there were.
"""

import base64
import datetime
import json
import os
import subprocess

import paths  # noqa: F401 (it says where the next ones are)

import ledger
from place import CONTEXTS, PODS, check, clusters
from stand import NOTE, POD_NOTE, sha256

# Nothing is left to go on with.
NOTHING = ("NothingToResume",)


def seconds(text):
    """Of a time as Kubernetes writes it; the fraction is cut."""
    return datetime.datetime.fromisoformat(
        text.replace("Z", "+00:00")).replace(microsecond=0)


def is_dead(holder):
    """A process here that was killed before anything had begun: its Lease is
    taken over by whoever comes next."""
    pid = holder.rpartition("/")[2].partition(".")[0]
    try:
        return "keyrot" not in os.readlink("/proc/%s/exe" % pid)
    except OSError:
        return True


class Judge:
    def __init__(self, place):
        self.place = place
        self.marks = dict.fromkeys(CONTEXTS, 0)
        self.had = {context: {self.live(place.secret(context))}
                    for context in CONTEXTS}
        self.written = dict.fromkeys(CONTEXTS)  # when the key last changed
        self.last = {context: max(self.had[context]) for context in CONTEXTS}
        self.held = {}       # entry of the store -> key
        self.lost = 0        # keys that cannot be got back
        self.writes = 0
        self.ghosts = 0      # Leases of those who were killed at the start
        self.plain = os.path.join(place.folder, "plain.key")

    def live(self, secret):
        return clusters.key_in(secret)

    # The store, without the program

    def open_entry(self, path):
        done = subprocess.run(
            ["openssl", "cms", "-decrypt", "-inform", "PEM", "-in", path,
             "-inkey", self.plain], capture_output=True, check=False)
        check(done.returncode == 0, "OpenSSL cannot open", path,
              done.stderr.decode())
        return done.stdout

    def read_store(self):
        store = os.path.join(self.place.folder, "store")
        if not os.path.exists(self.plain):
            subprocess.run(
                ["openssl", "pkey", "-in", os.path.join(store, "store.key"),
                 "-passin", "file:" + self.place.passphrase, "-out",
                 self.plain], check=True)
        for name in os.listdir(os.path.join(store, "entries")):
            if name.endswith(".pem") and name not in self.held:
                key = self.open_entry(os.path.join(store, "entries", name))
                self.held[name] = key
                self.place.keys.add(key)
        return set(self.held.values())

    # What the clusters were given

    def read_audit(self, context):
        cluster = self.place.fleet.cluster(context)
        mark = cluster.mark()
        for entry in clusters.entries_since(cluster.log,
                                            self.marks[context]):
            reference = entry.get("objectRef", {})
            body = entry.get("requestObject") or {}
            if (reference.get("resource") != "secrets"
                    or reference.get("namespace") != self.place.namespace
                    or clusters.ENTRY not in (body.get("data") or {})):
                continue
            key = base64.b64decode(body["data"][clusters.ENTRY])
            self.had[context].add(key)
            self.place.keys.add(key)
            self.writes += 1
            if (entry.get("responseStatus", {}).get("code") == 200
                    and key != self.last[context]):
                self.last[context] = key
                self.written[context] = seconds(
                    entry["requestReceivedTimestamp"])
        # A line that is being written is read the next time.
        self.marks[context] = mark

    def keys(self):
        """After any run: every key that a cluster has or had is stored."""
        for context in CONTEXTS:
            self.had[context].add(self.live(self.place.secret(context)))
            self.read_audit(context)
        held = self.read_store()
        for context in CONTEXTS:
            lost = self.had[context] - held
            self.lost += len(lost)
            check(not lost, "lost:", [sha256(key)[:12] for key in lost],
                  "that", context, "has or had")

    # When it has ended

    def pods(self, context):
        """All were started after the key came, and by the same restart."""
        secret = self.place.secret(context)
        rotation = secret["metadata"].get("annotations", {}).get(
            NOTE % "rotation")
        pods = self.place.pods(context)
        check(len(pods) == PODS, context, "has", len(pods), "pods")
        for pod in pods:
            meta = pod["metadata"]
            has = meta.get("annotations", {}).get(POD_NOTE)
            check(has == rotation, context, "holds", rotation,
                  "and a pod runs", has)
            since = self.written[context]
            check(since is None
                  or seconds(meta["creationTimestamp"]) >= since,
                  context, "was written at", since, "and a pod is from",
                  meta["creationTimestamp"])
        return secret

    def status(self, context, secret, document):
        said, = [target for target in document["targets"]
                 if target["context"] == context]
        live = sha256(self.live(secret))
        check(said["fingerprint"] == live, context, "holds", live[:12],
              "status says", said["fingerprint"])
        check((said["podsOnKey"], said["podsOlder"], said["podsUnknown"])
              == (PODS, 0, 0), context, "runs", PODS, "pods on its key,"
              " status says", said["podsOnKey"], said["podsOlder"],
              said["podsUnknown"])
        lease = said["lease"]
        check(lease is None or (lease["open"] is None
                                and is_dead(lease["holder"])), context,
              "status says", lease)

    def leases(self, context):
        for lease in self.place.leases(context):
            notes = lease["metadata"].get("annotations", {})
            holder = lease["spec"].get("holderIdentity")
            self.ghosts += bool(holder)
            check(not holder or is_dead(holder), context,
                  "the Lease is held by", holder)
            check(NOTE % "open" not in notes, context, "is open:", notes)

    def record(self, operator):
        with open(self.place.ledger, "rb") as file:
            data = file.read()
        try:
            ledger.check(data)
        except ledger.Broken as broken:
            check(False, "the ledger, line %d: %s" % (broken.line, broken))
        done = operator.run("ledger", "verify")
        check(done.code == 0, done)

    def ended(self, operators, first):
        operator = operators[first - 1]
        self.place.calm()
        self.keys()
        document = operator.run("status").document
        for context in CONTEXTS:
            self.status(context, self.pods(context), document)
            self.leases(context)
        self.record(operator)
        for one in operators:
            left = one.open_journals()
            check(not left, "operator", one.number, "has open", left)
            nothing = one.run("resume")
            check(nothing.reason in NOTHING, nothing)
            left = os.listdir(one.tmp)
            check(not left, "left behind:", left)

    def lines(self):
        with open(self.place.ledger, "rb") as file:
            return file.read().count(b"\n")
