"""The store types, each ready for use."""
import functools
import hashlib
import json
import os
import subprocess
import sys
import urllib.parse
import uuid
from xml.etree import ElementTree

from harness import HERE, PASSPHRASE, Store, quiet
from vaultserver import Shared


class NoGo(Exception):
    """What a store needs could not be built."""


@functools.lru_cache
def programs():
    """The folder of the programs that Debian does not have."""
    ran = subprocess.run([os.path.join(HERE, "programs.sh")],
                         stdout=subprocess.PIPE, check=False)
    if ran.returncode == 3:
        raise NoGo
    if ran.returncode:
        sys.exit("tests/store/programs.sh failed")
    return ran.stdout.decode().strip()


class FileStore(Store):
    name = "file"

    def prepare(self):
        self.passphrase = self.write("passphrase", PASSPHRASE.encode() + b"\n")
        self.options = ["-p", self.passphrase]
        self.env["XDG_DATA_HOME"] = self.path("data")

    def where(self):
        return self.path("data", "keyrot", "secrets-service")

    def entry(self, entry):
        return os.path.join(self.where(), "entries", entry + ".pem")


class PlainFileStore(FileStore):
    """With a store.key that has no passphrase: scrypt takes its time."""

    def prepare(self):
        super().prepare()
        self.options = []
        os.makedirs(self.where(), 0o700)
        quiet("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
              "ec_paramgen_curve:P-256", "-out",
              os.path.join(self.where(), "store.key"))


class PassStore(Store):
    name = "pass"
    spec = "pass:Team/Secrets Service Encryption Key"
    keeps_all = False  # the name of an entry holds what is looked for
    program, put_verb, show_verb = "pass", "insert", "show"

    def prepare(self):
        self.env["GNUPGHOME"] = self.path("gnupg")
        self.env["PASSWORD_STORE_DIR"] = self.path("store")
        os.mkdir(self.path("gnupg"), 0o700)
        quiet("gpg", "--batch", "--quiet", "--passphrase", "",
              "--quick-gen-key", "keyrot test <test@example.com>",
              "future-default", "default", "never", env=self.env)
        quiet("pass", "init", "test@example.com", env=self.env)

    def where(self):
        return self.path("store")

    def entry(self, entry):
        folder = self.path("store", "Team", "Secrets Service Encryption Key")
        for name in os.listdir(folder):
            if name.startswith(entry + "."):
                return os.path.join(folder, name)
        return None

    def close(self):
        subprocess.run(["gpgconf", "--kill", "all"], env=self.env, check=False)
        super().close()


class GopassStore(PassStore):
    """The gopass of gopass.pw, over GnuPG."""

    name = "gopass"
    spec = "gopass:Team/Secrets Service Encryption Key"
    program = "gopass"

    def prepare(self):
        self.env["GNUPGHOME"] = self.path("gnupg")
        self.env["PATH"] = programs() + ":" + self.env["PATH"]
        os.mkdir(self.path("gnupg"), 0o700)
        quiet("gpg", "--batch", "--quiet", "--passphrase", "",
              "--quick-gen-key", "keyrot test <test@example.com>",
              "future-default", "default", "never", env=self.env)
        quiet("gopass", "--yes", "init", "--storage", "fs",
              "test@example.com", env=self.env, stdin=subprocess.DEVNULL)

    def where(self):
        return self.path(".local", "share", "gopass", "stores", "root")

    def entry(self, entry):
        folder = os.path.join(self.where(), "Team",
                              "Secrets Service Encryption Key")
        for name in os.listdir(folder):
            if name.startswith(entry + "."):
                return os.path.join(folder, name)
        return None


class KeepassStore(Store):
    """keepassxc-cli, and a database whose password is quickly tried."""

    name = "keepassxc"
    keeps_all = False
    slow = True
    program, put_verb, show_verb = "keepassxc-cli", "add", "show"

    def prepare(self):
        self.passphrase = self.write("passphrase", PASSPHRASE.encode() + b"\n")
        self.options = ["-p", self.passphrase]
        self.spec = "keepassxc:" + self.path("team", "keys.kdbx")
        self.config = '{"item": "Team/Secrets Service"}'
        os.mkdir(self.path("team"), 0o700)
        self.cli("db-create", "--set-password", "--decryption-time", "100",
                 self.path("team", "keys.kdbx"), lines=2)

    def cli(self, *args, lines=1):
        return quiet("keepassxc-cli", *args, env=self.env,
                     input=(PASSPHRASE.encode() + b"\n") * lines)

    def snapshot(self):
        """Each entry of the database, and what is in it."""
        text = self.cli("export", self.path("team", "keys.kdbx"))
        found = {}
        for entry in ElementTree.fromstring(text).iter("Entry"):
            fields = [(x.findtext("Key"), x.findtext("Value"))
                      for x in entry.findall("String")]
            found[entry.findtext("UUID")] = hashlib.sha256(
                repr(fields).encode()).hexdigest()
        return found


class VaultStore(Store):
    """Vault over TLS, by a token that may do as little as possible."""

    name = "vault"

    def prepare(self):
        self.server = Shared.get(programs())
        self.item = f"keyrot/{uuid.uuid4()}/Secrets Service"
        self.spec = "vault:" + self.item
        self.env["VAULT_ADDR"] = self.server.secure
        self.env["VAULT_CACERT"] = self.server.ca
        self.env["VAULT_TOKEN"] = self.server.token()

    def paths(self):
        path = urllib.parse.quote(self.item)
        status, listed = self.server.ask(
            "GET", f"secret/metadata/{path}?list=true", ok=False)
        return [f"{path}/{key}" for key in listed["data"]["keys"]
                ] if status == 200 else []

    def snapshot(self):
        """Each entry, all of its versions."""
        found = {}
        for path in self.paths():
            about = self.server.ask("GET", f"secret/metadata/{path}")[1]
            data = self.server.ask("GET", f"secret/data/{path}")[1]
            found[path] = repr((about["data"]["versions"],
                                data["data"]["data"]))
        return found


class ServiceStore(Store):
    """A stand-in for the command line of a service, in standins/."""

    keeps_all = False

    def prepare(self):
        os.makedirs(self.path("standin", "items"))
        self.env["PATH"] = (os.path.join(HERE, "standins") + ":" +
                            self.env["PATH"])
        self.fields = {"item": "Team/Secrets Service"}

    @property
    def config(self):
        return json.dumps(self.fields)

    def mode(self, mode):
        self.write("standin/mode", mode.encode())

    def where(self):
        return self.path("standin", "items")

    def items(self):
        names = os.listdir(self.where())
        return [json.loads(self.slurp(self.where(), name)) for name in names]

    def calls(self):
        text = self.slurp(self.path("standin"), "calls")
        return [json.loads(line) for line in text.splitlines()]

    @staticmethod
    def slurp(folder, name):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            return file.read()


class OpStore(ServiceStore):
    name = spec = "op"
    opens_by = "op signin"
    variable, field = "OP_SERVICE_ACCOUNT_TOKEN", "token"
    allowed = {"item list", "item create", "item get"}

    def prepare(self):
        super().prepare()
        self.env["OP_SERVICE_ACCOUNT_TOKEN"] = "ops_right"
        self.fields["vault"] = "Team"


class BwStore(ServiceStore):
    name = spec = "bw"
    max_key = 2500  # Bitwarden allows 5000 characters, encrypted
    opens_by = "bw unlock"
    variable, field = "BW_SESSION", "session"
    allowed = {"sync", "list items", "create item", "get item"}

    def prepare(self):
        super().prepare()
        self.env["BW_SESSION"] = "right"


class ExecStore(Store):
    name = "exec"

    def prepare(self):
        os.mkdir(self.path("vault"))
        self.mode("")

    def mode(self, mode, timeout="20s"):
        words = [sys.executable, "-SE", os.path.join(HERE, "helper.py"),
                 self.path("vault")] + ([mode] if mode else [])
        self.spec = "exec:" + " ".join(words)
        self.config = '{"timeout": "%s"}' % timeout

    def where(self):
        return self.path("vault")

    def entry(self, entry):
        return self.path("vault", entry)


class NoStore(Store):
    name = "none"
    spec = "none"


PROVING = [PlainFileStore, PassStore, GopassStore, KeepassStore, VaultStore,
           OpStore, BwStore, ExecStore]
