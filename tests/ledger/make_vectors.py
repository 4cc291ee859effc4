"""Makes the vectors anew, in an empty folder: make_vectors.py FOLDER.

They are signed by keys that exist while this runs; only what is signed stays.
"""

import base64
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ledger  # noqa: E402

ID = "kl-000102030405060708090a0b0c0d0e0f"
TIME = "2026-11-22T21:50:46Z"
PRINT = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
FOLDER = sys.argv[1]
EXPECTED = []


class Key:
    def __init__(self, folder, name):
        self.path = os.path.join(folder, name)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C",
                        "", "-f", self.path], check=True)
        with open(self.path + ".pub") as file:
            self.public = " ".join(file.read().split()[:2])

    def sign(self, text, namespace="keyrot-ledger"):
        return subprocess.run(
            ["ssh-keygen", "-q", "-Y", "sign", "-f", self.path, "-n",
             namespace], input=text.encode(), check=True,
            capture_output=True).stdout.decode()


class Writer:
    def __init__(self):
        self.lines = []
        self.head = "0" * 64
        self.version = 1

    def raw(self, body, seq=None, prev=None):
        text = ('{"v":%d,"seq":%d,"prev":"%s",%s' % (
            self.version, len(self.lines) if seq is None else seq,
            prev or self.head, body)).encode()
        self.head = ledger.line_hash(text)
        self.lines.append(text + ledger.FIELD + self.head.encode() + b'"}')
        return self

    def genesis(self, sign="none", signers=()):
        listed = ""
        if signers:
            listed = ',"signers":[%s]' % ",".join(
                '"%s"' % line.replace('"', '\\"') for line in signers)
        return self.raw('"type":"genesis","time":"%s","ledger":"%s","secret":'
                        '"secrets-service-config","entry":"SECRET_ENCRYPTION_'
                        'KEY","sign":"%s"%s' % (TIME, ID, sign, listed))

    def record(self, step="start", outcome="started", more="", time=TIME,
               **wrong):
        return self.raw('"type":"record","time":"%s","rotation":"kr-20261122-'
                        '7f3a9c","step":"%s","outcome":"%s"%s' % (
                            time, step, outcome, more), **wrong)

    def signers(self, lines):
        return self.raw('"type":"signers","time":"%s","signers":[%s]' % (
            TIME, ",".join('"%s"' % line for line in lines)))

    def checkpoint(self, key=None, name="alice", size=None, root=None,
                   time=TIME, namespace="keyrot-ledger"):
        size = len(self.lines) if size is None else size
        root = root or ledger.root([ledger.leaf(line) for line in self.lines])
        signed = ""
        if key:
            signature = key.sign(ledger.note(ID, size, root), namespace)
            signed = ',"signer":"%s","signature":"%s"' % (
                name, signature.replace("\n", "\\n"))
        return self.raw('"type":"checkpoint","time":"%s","size":%d,"root":'
                        '"%s"%s' % (time, size,
                                    base64.b64encode(root).decode(), signed))

    def save(self, name, expected, who="both", data=None):
        if data is None:
            data = b"".join(line + b"\n" for line in self.lines)
        with open(os.path.join(FOLDER, name + ".jsonl"), "wb") as file:
            file.write(data)
        EXPECTED.append("%s.jsonl %s %s" % (name, who, expected))

    def bytes(self):
        return b"".join(line + b"\n" for line in self.lines)


def plain():
    usual = ',"context":"aether-staging","operator":"a \\"b\\" \\u00e4"'
    Writer().genesis().save("good-empty", "good")
    Writer().genesis().record().record("end", "done", usual).checkpoint(
        ).save("good-plain", "good")
    Writer().genesis().record(more=',"soak":{"forSeconds":1800,"metrics":[{'
                              '"name":"p99","samples":[0.5,null,1e-07]}]}'
                              ).save("good-soak", "good")
    w = Writer().genesis().record().record("end", "done")
    data = w.bytes()
    w.save("bad-torn", "line 3", data=data[:-20])
    w.save("bad-no-line-end", "line 3", data=data[:-1])
    w.save("bad-empty-line", "line 4", data=data + b"\n")
    w.save("bad-trailing", "line 4", data=data + b"x")
    w.save("bad-crlf", "line 1", data=data.replace(b"\n", b"\r\n"))
    w.save("bad-changed", "line 2", data=data.replace(b"started", b"stopped"))
    # The last line's own hash: no line comes after it that would show it.
    w.save("bad-hash", "line 3", data=data[:-4] + (
        b"0" if data[-4:-3] != b"0" else b"1") + data[-3:])
    lines = w.lines
    for name, order, line in (("swapped", (0, 2, 1), 2),
                              ("doubled", (0, 1, 1, 2), 3),
                              ("lost", (0, 2), 2), ("headless", (1, 2), 1)):
        w.save("bad-" + name, "line %d" % line,
               data=b"".join(lines[i] + b"\n" for i in order))
    w.save("bad-empty", "line 0", data=b"")


def forged():
    """The hashes are right, the contents are not."""
    w = Writer().genesis()
    w.version = 2
    w.record().save("bad-version", "line 2")
    Writer().genesis().record(seq=2).save("bad-gap", "line 2")
    Writer().genesis().record(prev="1" * 64).save("bad-prev", "line 2")
    Writer().genesis().genesis().save("bad-second-genesis", "line 2")
    Writer().record().save("bad-no-genesis", "line 1")
    Writer().genesis().raw('"type":"poem"').save("bad-type", "line 2")
    Writer().genesis().record().checkpoint(size=1).save("bad-size", "line 3")
    Writer().genesis().record().checkpoint(root=b"\0" * 32).save("bad-root",
                                                                 "line 3")
    for name, more in (
            ("field", ',"key":"x"'), ("twice", ',"entry":"A","entry":"B"'),
            ("order", ',"entry":"A","context":"B"'), ("null", ',"entry":null'),
            ("control", ',"operator":"a\\u001b[2J"'),
            ("nul", ',"operator":"a\\u0000b"'),
            ("keylike", ',"operator":"%s="' % ("A" * 43)),
            ("hex", ',"operator":"%s"' % PRINT),
            ("print", ',"fingerprint":"%s"' % PRINT[:-1]),
            ("nested", ',"soak":{"key":"x"}'),
            ("number", ',"soak":{"forSeconds":01}'),
            ("list", ',"overrides":"x"'), ("blank", ' ,"entry":"A"')):
        Writer().genesis().record(more=more).save("bad-form-" + name, "line 2",
                                                  "program")


def signed(alice, bob):
    listed = ['alice namespaces="keyrot-ledger" ' + alice.public]

    def begun(signers=listed):
        return Writer().genesis("ssh", signers).record().record("end", "done")

    begun().checkpoint(alice).save("good-signed", "good")
    begun().checkpoint(alice).record().save("good-under-way", "good")
    begun().save("bad-not-signed", "line 3")
    begun().checkpoint().save("bad-checkpoint-not-signed", "line 4")
    begun().checkpoint(bob).save("bad-signer", "line 4")
    begun().checkpoint(alice, "bob").save("bad-name", "line 4")
    begun().checkpoint(alice, namespace="file").save("bad-namespace", "line 4")
    bobs = ["bob " + bob.public]
    begun().signers(bobs).checkpoint(alice).record("end", "done").checkpoint(
        bob, "bob").save("good-new-signers", "good")
    begun().signers(bobs).checkpoint(bob, "bob").save(
        "bad-signers-by-themselves", "line 5")
    until = ['alice valid-before=\\"20261201Z\\" ' + alice.public]
    late = "2026-12-24T00:00:00Z"
    until = [until[0].replace('\\"', '"').replace("Z\"", '"')]
    begun(until).checkpoint(alice).save("good-in-time", "good")
    begun(until).checkpoint(alice, time=late).save("bad-too-late", "line 4")
    # A signature of another ledger's end.
    w = begun()
    w.checkpoint(alice)
    stolen = w.lines[-1].split(b'"signature":"')[1].split(b'"')[0].decode()
    w = Writer().genesis("ssh", listed).record("start", "failed").record(
        "end", "done")
    root = ledger.root([ledger.leaf(line) for line in w.lines])
    w.raw('"type":"checkpoint","time":"%s","size":3,"root":"%s","signer":'
          '"alice","signature":"%s"' % (
              TIME, base64.b64encode(root).decode(), stolen))
    w.save("bad-stolen-signature", "line 4")


def main():
    plain()
    forged()
    with tempfile.TemporaryDirectory() as folder:
        signed(Key(folder, "alice"), Key(folder, "bob"))
    with open(os.path.join(FOLDER, "expected.txt"), "w") as file:
        file.write("# FILE, who can tell, and what is wrong: \"good\", or "
                   "the line (0: the whole).\n# both: any reader; program: "
                   "one that knows the forms of fields, too.\n")
        file.write("\n".join(EXPECTED) + "\n")


if __name__ == "__main__":
    main()
