"""The store types, each ready for use."""
import os
import subprocess
import sys

from harness import HERE, PASSPHRASE, Store, quiet


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


PROVING = [PlainFileStore, PassStore, ExecStore]
