"""The ledger's format once more, from docs/ledger.md: a second reader.

    ledger.py check FILE...      says what it thinks of each
    ledger.py vectors FOLDER     every vector against FOLDER/expected.txt

With KEYROT in the environment the program itself is asked, too, and has to
agree. Forms of fields are the program's business: `check` knows the chain, the
roots, the signatures and the rules about the whole.
"""

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

DOMAIN = b"keyrot-ledger-v1\n"
FIELD = b',"hash":"'
NAMESPACE = "keyrot-ledger"


class Broken(Exception):
    def __init__(self, line, why):
        super().__init__(why)
        self.line = line


def leaf(line):
    return hashlib.sha256(b"\0" + line).digest()


def root(leaves):
    """RFC 6962, section 2.1, as it is written there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + root(leaves[:k]) + root(leaves[k:])).digest()


def line_hash(text):
    return hashlib.sha256(DOMAIN + text).hexdigest()


def note(ledger, size, root_bytes):
    return "keyrot.dev/ledger/%s\n%d\n%s\n" % (
        ledger, size, base64.b64encode(root_bytes).decode())


def signature_holds(signers, record, text):
    stamp = re.sub("[^0-9]", "", record["time"])
    with tempfile.TemporaryDirectory() as folder:
        allowed = os.path.join(folder, "allowed")
        signature = os.path.join(folder, "signature")
        with open(allowed, "w") as file:
            file.write("\n".join(signers) + "\n")
        with open(signature, "w") as file:
            file.write(record["signature"])
        return subprocess.run(
            ["ssh-keygen", "-Y", "verify", "-f", allowed, "-I",
             record["signer"], "-n", NAMESPACE, "-s", signature,
             "-Overify-time=" + stamp], input=text.encode(),
            env={"PATH": os.environ["PATH"], "TZ": "UTC0"},
            capture_output=True).returncode == 0


class Reader:
    def __init__(self):
        self.leaves = []
        self.head = "0" * 64
        self.genesis = None
        self.signers = []
        self.next_signers = None
        self.ended = self.signed = 0

    def add(self, line):
        number = len(self.leaves) + 1
        start = b'{"v":1,"seq":%d,"prev":"%s","type":"' % (
            number - 1, self.head.encode())
        if not line.startswith(start):
            raise Broken(number, "version, number or prev")
        if line[-75:-66] != FIELD or line[-2:] != b'"}':
            raise Broken(number, "no hash")
        digest = line_hash(line[:-75])
        if line[-66:-2] != digest.encode():
            raise Broken(number, "hash")
        record = json.loads(line)
        kind = record["type"]
        if (kind == "genesis") != (number == 1):
            raise Broken(number, "genesis")
        getattr(self, "take_" + kind, self.unknown)(number, record)
        self.leaves.append(leaf(line))
        self.head = digest

    def unknown(self, number, record):
        raise Broken(number, "type")

    def take_genesis(self, number, record):
        self.genesis = record
        self.signers = record.get("signers", [])

    def take_record(self, number, record):
        if record["step"] == "end":
            self.ended = number

    def take_signers(self, number, record):
        self.next_signers = record["signers"]

    def take_checkpoint(self, number, record):
        now = root(self.leaves)
        if record["size"] != len(self.leaves):
            raise Broken(number, "size")
        if record["root"] != base64.b64encode(now).decode():
            raise Broken(number, "root")
        if "signature" not in record:
            if self.genesis["sign"] == "ssh":
                raise Broken(number, "not signed")
            return
        text = note(self.genesis["ledger"], len(self.leaves), now)
        if not signature_holds(self.signers, record, text):
            raise Broken(number, "signature")
        self.signed = len(self.leaves)
        if self.next_signers:
            self.signers, self.next_signers = self.next_signers, None


def check(data):
    reader = Reader()
    lines = data.split(b"\n")
    for line in lines[:-1]:
        reader.add(line)
    if lines[-1]:
        raise Broken(len(lines), "no line end")
    if not reader.leaves:
        raise Broken(0, "empty")
    if reader.genesis["sign"] == "ssh" and reader.ended > reader.signed:
        raise Broken(reader.ended, "end without a signed checkpoint")
    return reader


def verdict(data):
    try:
        check(data)
        return "good"
    except Broken as error:
        return "line %d" % error.line


def asked(path):
    run = subprocess.run(
        [os.environ["KEYROT"], "ledger", "verify", "--offline", "--ledger",
         path, "-o", "json"], capture_output=True, text=True)
    result = json.loads(run.stdout)
    if run.returncode == 0:
        return "good"
    if run.returncode != 6 or result["reason"] != "LedgerBroken":
        return "exit %d, %s" % (run.returncode, result["message"])
    return "line %d" % (result["line"] or 0)


def vectors(folder):
    good = bad = 0
    with open(os.path.join(folder, "expected.txt")) as file:
        rows = [row.split(None, 2) for row in file if row[0] not in "#\n"]
    present = {name for name in os.listdir(folder)
               if name.endswith(".jsonl")}
    if present != {row[0] for row in rows}:
        print("expected.txt and the folder differ")
        bad += 1
    for name, who, want in rows:
        want = want.strip()
        path = os.path.join(folder, name)
        found = {}
        # Forms of fields: the program alone.
        if who == "both":
            with open(path, "rb") as file:
                found["the second reader"] = verdict(file.read())
        if "KEYROT" in os.environ:
            found["the program"] = asked(path)
        for reader, said in found.items():
            good += said == want
            bad += said != want
            if said != want:
                print("%s: %s says %s, expected: %s" % (name, reader, said,
                                                        want))
    print("ledger vectors: %d passed, %d failed" % (good, bad))
    return 1 if bad or not good else 0


def main():
    if sys.argv[1] == "vectors":
        sys.exit(vectors(sys.argv[2]))
    for path in sys.argv[2:]:
        with open(path, "rb") as file:
            print("%s: %s" % (path, verdict(file.read())))


if __name__ == "__main__":
    main()
