"""The file store: OpenSSL's own formats, and everything that can be wrong."""
import os
import pty
import re
import resource
import select
import shutil
import signal
import subprocess
import termios
import time

from harness import PASSPHRASE, check, fingerprint, new_key, quiet


def without_passphrase(store):
    """Takes the passphrase off store.key: scrypt takes its time."""
    path = os.path.join(store.where(), "store.key")
    plain = quiet("openssl", "pkey", "-in", path, "-passin",
                  "file:" + store.passphrase)
    with open(path, "wb") as file:
        file.write(plain)
    store.options = []
    return plain


def openssl_opens(store):
    """the openssl command line gives the key from an entry and store.key"""
    key = new_key()
    store.ensure("kr-1", key).ok()
    out = quiet("openssl", "cms", "-decrypt", "-inform", "PEM", "-in",
                store.entry("kr-1"), "-inkey",
                os.path.join(store.where(), "store.key"), "-passin",
                "file:" + store.passphrase)
    check(out == key, "not exactly the key")
    shown = quiet("openssl", "cms", "-cmsout", "-print", "-noout", "-inform",
                  "PEM", "-in", store.entry("kr-1")).decode()
    check("authEnvelopedData" in shown and "aes-256-gcm" in shown, shown)


def key_is_scrypt(store):
    """store.key is P-256 in PKCS#8 under scrypt and AES-256-CBC, 0600"""
    store.ensure("kr-1", new_key()).ok()
    path = os.path.join(store.where(), "store.key")
    shown = quiet("openssl", "asn1parse", "-in", path).decode()
    check("PBES2" in shown and ":scrypt" in shown and
          ":aes-256-cbc" in shown and "INTEGER           :4000" in shown,
          shown)
    for folder, names, files in os.walk(store.path("data")):
        for name in names:
            check(os.stat(os.path.join(folder, name)).st_mode & 0o77 == 0)
        for name in files:
            check(os.stat(os.path.join(folder, name)).st_mode & 0o77 == 0)
    cert = quiet("openssl", "x509", "-noout", "-text", "-in",
                 os.path.join(store.where(), "recipients", "store.crt"))
    check(b"Key Agreement" in cert and b"P-256" not in cert.split(b"X509v3")[1]
          and b"prime256v1" in cert, cert.decode())


def more_recipients(store):
    """entries open for every certificate in recipients/, EC and RSA"""
    store.ensure("kr-1", new_key()).ok()
    for name, kind in (("bob", ["-newkey", "rsa:2048"]),
                       ("eve", ["-newkey", "ec", "-pkeyopt",
                                "ec_paramgen_curve:P-384"])):
        quiet("openssl", "req", "-x509", "-nodes", "-subj", "/CN=" + name,
              "-keyout", store.path(name), "-out",
              os.path.join(store.where(), "recipients", name + ".crt"), *kind)
    key = new_key()
    store.ensure("kr-2", key).ok()
    for name in ("bob", "eve"):
        out = quiet("openssl", "cms", "-decrypt", "-inform", "PEM", "-in",
                    store.entry("kr-2"), "-inkey", store.path(name), "-recip",
                    os.path.join(store.where(), "recipients", name + ".crt"))
        check(out == key, name)
    check(store.read("kr-2") == key)


def bad_recipients(store):
    """a certificate that is none, or cannot be encrypted to, is named"""
    store.ensure("kr-1", new_key()).ok()
    path = os.path.join(store.where(), "recipients", "bob.crt")
    with open(path, "w", encoding="utf-8") as file:
        file.write("no certificate")
    store.ensure("kr-2", new_key()).fails(8, "StoreFailed", path)
    quiet("openssl", "req", "-x509", "-nodes", "-subj", "/CN=bob", "-newkey",
          "ed25519", "-keyout", store.path("bob"), "-out", path)
    store.ensure("kr-2", new_key()).fails(8, "StoreFailed", path, "EC and RSA")
    os.unlink(path)
    store.ensure("kr-2", new_key()).ok()


def storing_needs_no_passphrase(store):
    """once set up, putting needs no passphrase; reading back does"""
    store.ensure("kr-1", new_key()).ok()
    store.options = []
    store.put("kr-2", new_key()).ok()
    store.run("list").ok()
    store.run("newest").ok()
    for args in (("prove", "kr-2"), ("probe",)):
        store.run(*args).fails(8, "Locked", "no terminal",
                               "--passphrase-file")
    store.ensure("kr-3", new_key()).fails(8, "Locked", "no terminal")
    check(len(store.run("list").ok().fields()) == 2, "it was put unproved")


def no_way_to_ask(store):
    """no store yet and no way to a passphrase: nothing is made"""
    store.options = []
    store.ensure("kr-1", new_key()).fails(8, "Locked", "no terminal",
                                          "--passphrase-file")
    store.run("probe").fails(8, "Locked", "--passphrase-file")
    check(not os.path.exists(store.path("data")), "something was made")


def passphrase_sources(store):
    """--passphrase-file, then the variable, then the systemd credential"""
    key = new_key()
    store.ensure("kr-1", key).ok()
    wrong = store.write("wrong", b"some other words\n")
    credentials = store.path("credentials")
    os.mkdir(credentials)
    shutil.copy(store.passphrase, credentials + "/keyrot-passphrase")
    store.run("prove", "kr-1", env={"KEYROT_PASSPHRASE_FILE": wrong}).ok()
    store.options = []
    store.run("prove", "kr-1",
              env={"KEYROT_PASSPHRASE_FILE": store.passphrase}).ok()
    env = {"CREDENTIALS_DIRECTORY": credentials}
    store.run("prove", "kr-1", env=env).ok()
    env["KEYROT_PASSPHRASE_FILE"] = wrong
    for args in (("prove", "kr-1"), ("probe",)):
        store.run(*args, env=env).fails(8, "Locked", "does not open")


def passphrase_files(store):
    """a passphrase file that is missing, empty, wrong or short is said"""
    for text, part in ((b"", "empty"), (b"\nsecond line\n", "empty"),
                       (b"short\n", "8 characters")):
        store.options = ["-p", store.write("pp", text)]
        store.ensure("kr-1", new_key()).fails(8, "Locked", part)
    store.options = ["-p", store.path("missing")]
    store.ensure("kr-1", new_key()).fails(8, "Locked", "missing")
    store.run("probe").fails(8, "Locked", "missing")
    # CRLF and what follows the first line do not count.
    store.options = ["-p", store.write("pp", PASSPHRASE.encode() + b"\r\nx")]
    store.ensure("kr-1", new_key()).ok()
    store.options = ["-p", store.passphrase]
    store.run("prove", "kr-1").ok()
    store.options = ["-p", store.write("pp", b"wrong horse")]
    store.ensure("kr-2", new_key()).fails(8, "Locked", "does not open")
    check(len(store.run("list").ok().fields()) == 1, "it was put unproved")


def tampered(store):
    """any change to an entry's text is noticed when it is read back"""
    store.ensure("kr-1", new_key()).ok()
    without_passphrase(store)
    path = store.entry("kr-1")
    with open(path, "rb") as file:
        good = file.read()
    pem = good.index(b"-----BEGIN")
    body = good.index(b"\n", pem) + 1
    end = good.index(b"\n-----END")
    places = list(range(0, pem, 7)) + list(range(body, end, 29))
    for at in places:
        changed = bytearray(good)
        changed[at] = ord("B") if changed[at] != ord("B") else ord("C")
        with open(path, "wb") as file:
            file.write(changed)
        result = store.run("prove", "kr-1", fingerprint(b"?"))
        check(result.code == 8 and result.reason in ("Mismatch",
                                                     "StoreFailed"),
              at, result.code, result.err)
    for line in (b"role: previous\n", b"operator: eve\n", b"extra: x\n"):
        with open(path, "wb") as file:
            file.write(good.replace(b"keyrot-entry: 1\n",
                                    b"keyrot-entry: 1\n" + line))
        store.run("prove", "kr-1").fails(8, "Mismatch", "were changed")
    with open(path, "wb") as file:
        file.write(good)
    store.run("prove", "kr-1").ok()


def torn(store):
    """an entry cut off anywhere is damaged; a fresh one is put beside it"""
    key = new_key()
    store.ensure("kr-1", key).ok()
    without_passphrase(store)
    with open(store.entry("kr-1"), "rb") as file:
        good = file.read()
    for length in list(range(0, len(good) - 1, 61)) + [len(good) - 6]:
        with open(store.entry("kr-1"), "wb") as file:
            file.write(good[:length])
        store.run("prove", "kr-1").fails(8, "Mismatch", "damaged")
    store.run("newest")
    first = store.ensure("kr-2", key).ok().fields()[0]
    check(first == {"was-there": "no", "id": "kr-2"}, first)


def newest_is_damaged(store):
    """an older key is not taken silently where the newest is unreadable"""
    store.ensure("kr-1", new_key()).ok()
    with open(store.entry("kr-2"), "wb") as file:
        file.write(b"keyrot-entry: 1\nid: kr-2\n")
    listed = store.run("list").ok().fields()
    check([x["entry"] for x in listed] == ["kr-1", "kr-2"], listed)
    store.run("newest").fails(8, "Mismatch", "kr-2", "--from-store=ENTRY")


def swapped(store):
    """an entry under another's name is noticed"""
    store.ensure("kr-1", new_key()).ok()
    store.ensure("kr-2", new_key()).ok()
    os.replace(store.entry("kr-2"), store.entry("kr-1"))
    store.run("prove", "kr-1").fails(8, "Mismatch", "kr-2")


def later_version(store):
    """an entry of a later version is not guessed at"""
    store.ensure("kr-1", new_key()).ok()
    with open(store.entry("kr-1"), "r+b") as file:
        file.write(b"keyrot-entry: 2")
    store.run("prove", "kr-1").fails(8, "StoreFailed", "later version")


def not_authenticated(store):
    """an entry without authentication (EnvelopedData) is refused"""
    key = new_key()
    store.ensure("kr-1", key).ok()
    with open(store.entry("kr-1"), "rb") as file:
        head = file.read().split(b"-----BEGIN")[0]
    weak = quiet("openssl", "cms", "-encrypt", "-binary", "-outform", "PEM",
                 "-aes-256-cbc", os.path.join(store.where(), "recipients",
                                              "store.crt"), input=key)
    with open(store.entry("kr-1"), "wb") as file:
        file.write(head + weak)
    store.run("prove", "kr-1").fails(8, "Mismatch", "damaged")


def lost_key(store):
    """without store.key: nothing is put that could not be read back"""
    store.ensure("kr-1", new_key()).ok()
    os.rename(os.path.join(store.where(), "store.key"), store.path("kept"))
    store.ensure("kr-2", new_key()).fails(8, "Locked", "store.key",
                                          "backup")
    store.run("prove", "kr-1").fails(8, "Locked", "store.key")
    check(len(store.run("list").ok().fields()) == 1)
    os.rename(store.path("kept"), os.path.join(store.where(), "store.key"))
    store.run("prove", "kr-1").ok()


def strange_keys(store):
    """a store.key that is junk is said; one without a passphrase works"""
    store.ensure("kr-1", new_key()).ok()
    path = os.path.join(store.where(), "store.key")
    plain = without_passphrase(store)
    for text in (b"", b"junk", plain.replace(b"PRIVATE", b"PUBLIC")):
        with open(path, "wb") as file:
            file.write(text)
        store.run("prove", "kr-1").fails(8, "StoreFailed", "store.key")
    with open(path, "wb") as file:
        file.write(plain)
    store.run("prove", "kr-1").ok()


def half_set_up(store):
    """a set-up that was cut off after store.key is completed"""
    store.ensure("kr-1", new_key()).ok()
    shutil.rmtree(os.path.join(store.where(), "recipients"))
    key = new_key()
    store.ensure("kr-2", key).ok()
    check(store.read("kr-2") == key)
    store.run("prove", "kr-1").ok()


def full_disk(store):
    """a full disk leaves no piece of an entry, and is said"""
    store.ensure("kr-1", new_key()).ok()
    before = store.snapshot()

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))

    path = store.key_file(new_key())
    store.run("ensure", "kr-2", path, preexec_fn=limit).fails(
        8, "StoreFailed", "File too large")
    check(store.snapshot() == before, "a piece was left")
    store.run("ensure", "kr-2", path).ok()


def full_file_system(store):
    """the same on a real file system that is full (as root)"""
    mount = store.path("small")
    os.mkdir(mount)
    if os.getuid() != 0 or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs",
             mount], capture_output=True, check=False).returncode:
        return
    try:
        store.spec = "file:" + mount
        store.ensure("kr-1", new_key()).ok()
        with open(os.path.join(mount, "filler"), "wb", 0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass
        path = store.key_file(new_key())
        store.run("ensure", "kr-2", path).fails(8, "StoreFailed",
                                                "No space left")
        names = os.listdir(os.path.join(mount, "entries"))
        check(names == ["kr-1.pem"], names)
        os.unlink(os.path.join(mount, "filler"))
        store.run("ensure", "kr-2", path).ok()
    finally:
        quiet("umount", mount)


def not_allowed(store):
    """folders and keys that may not be read or written, as nobody"""
    if os.getuid() != 0:
        return
    store.ensure("kr-1", new_key()).ok()
    os.chmod(store.home, 0o755)
    drop = {"preexec_fn": lambda: (os.setgid(65534), os.setuid(65534))}
    store.run("list", **drop).fails(8, "StoreFailed", "Permission denied")
    store.run("prove", "kr-1", **drop).fails(8, "StoreFailed",
                                             "Permission denied")
    store.run("probe", **drop).fails(8, "StoreFailed", "Permission denied")


def where_it_is(store):
    """file:FOLDER, file:~/FOLDER, HOME without XDG_DATA_HOME"""
    for spec, folder in (("file:" + store.path("a", "b"), ("a", "b")),
                         ("file:~/c", ("c",)),
                         (None, (".local/share/keyrot/secrets-service",))):
        store.spec = spec
        store.ensure("kr-1", new_key(), env={"XDG_DATA_HOME": ""}).ok()
        check(os.path.exists(store.path(*folder, "entries", "kr-1.pem")))
    env = {"XDG_DATA_HOME": "relative", "HOME": ""}
    store.run("list", env=env).fails(8, "Store", "HOME is not set")
    result = store.run("-S", "../x", "list")
    check(result.code == 2, result.err)


class Terminal:
    """The program on a terminal of its own."""

    def __init__(self, store, *args):
        pid, self.fd = pty.fork()
        if pid == 0:
            os.chdir(store.home)
            os.execve(store.tool, store.command(*args), store.env)
        self.pid = pid
        self.seen = b""

    def expect(self, pattern):
        deadline = time.time() + 20
        while not re.search(pattern, self.seen):
            ready = select.select([self.fd], [], [], deadline - time.time())
            check(ready[0], pattern, "did not come; seen:", self.seen)
            try:
                data = os.read(self.fd, 4096)
            except OSError:
                data = b""
            check(data, pattern, "did not come; seen:", self.seen)
            self.seen += data
        self.seen = self.seen[re.search(pattern, self.seen).end():]

    def type(self, text):
        os.write(self.fd, text)

    def end(self):
        rest = b""
        while True:
            try:
                data = os.read(self.fd, 4096)
            except OSError:
                break
            if not data:
                break
            rest += data
        self.seen += rest
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        return code


def asks_twice(store):
    """a terminal is asked twice for a new passphrase, without echo"""
    store.options = ["-a"]
    key = store.key_file(new_key())
    terminal = Terminal(store, "ensure", "kr-1", key)
    for first, second, said in ((b"short", None, b"8 characters"),
                                (b"one horse or two", b"two horses", b"differ")
                                ):
        terminal.expect(rb"New passphrase for .*store\.key: ")
        terminal.type(first + b"\n")
        if second:
            terminal.expect(rb"same again for .*store\.key: ")
            terminal.type(second + b"\n")
        terminal.expect(said)
    for prompt in (rb"New passphrase for .*: ", rb"same again for .*: "):
        terminal.expect(prompt)
        terminal.type(PASSPHRASE.encode() + b"\n")
    terminal.expect(rb"proved=yes")
    check(terminal.end() == 0)
    check(b"horse" not in terminal.seen, "the passphrase was echoed")
    store.options = ["-p", store.passphrase]
    store.run("prove", "kr-1").ok()


def asks_three_times(store):
    """a wrong passphrase may be typed again, three times in all"""
    store.ensure("kr-1", new_key()).ok()
    store.options = ["-a"]
    terminal = Terminal(store, "prove", "kr-1")
    for text in (b"wrong\n", b"\n", PASSPHRASE.encode() + b"\n"):
        terminal.expect(rb"Passphrase for .*: ")
        terminal.type(text)
    terminal.expect(rb"proved=yes")
    check(terminal.end() == 0)
    terminal = Terminal(store, "prove", "kr-1")
    for _ in range(3):
        terminal.expect(rb"Passphrase for .*: ")
        terminal.type(b"wrong\n")
    terminal.expect(rb"does not open")
    check(terminal.end() == 8)


def asking_is_interrupted(store):
    """Ctrl-C at the prompt ends with 130, and the terminal echoes again"""
    store.ensure("kr-1", new_key()).ok()
    store.options = ["-a"]
    terminal = Terminal(store, "prove", "kr-1")
    terminal.expect(rb"Passphrase for .*: ")
    check(not termios.tcgetattr(terminal.fd)[3] & termios.ECHO, "it echoes")
    terminal.type(b"\x03")
    terminal.expect(rb"interrupted")
    check(termios.tcgetattr(terminal.fd)[3] & termios.ECHO, "still quiet")
    check(terminal.end() == 130)
    terminal = Terminal(store, "prove", "kr-1")
    terminal.expect(rb"Passphrase for .*: ")
    os.kill(terminal.pid, signal.SIGHUP)
    check(terminal.end() == 130)


CASES = [openssl_opens, key_is_scrypt, more_recipients, bad_recipients,
         storing_needs_no_passphrase, no_way_to_ask, passphrase_sources,
         passphrase_files, tampered, torn, newest_is_damaged, swapped,
         later_version, not_authenticated, lost_key, strange_keys,
         half_set_up, full_disk, full_file_system, not_allowed, where_it_is,
         asks_twice, asks_three_times, asking_is_interrupted]
