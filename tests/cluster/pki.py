"""Throw-away certificates of one test cluster, made by the openssl command."""

import os
import subprocess

DAYS = "30"


def openssl(*arguments):
    subprocess.run(("openssl",) + arguments, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


class Pki:
    """A folder with an authority (ca) and the certificates it signed."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, mode=0o700)
        openssl("req", "-x509", *self._new_key("ca"), "-out", self.crt("ca"),
                "-days", DAYS, "-subj", "/CN=test-cluster-ca",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def crt(self, name):
        return os.path.join(self.folder, name + ".crt")

    def key(self, name):
        return os.path.join(self.folder, name + ".key")

    def _new_key(self, name):
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-noenc", "-keyout", self.key(name))

    def _sign(self, name, subject, usage, *extensions):
        added = ("basicConstraints=critical,CA:FALSE",
                 "keyUsage=critical,digitalSignature",
                 "extendedKeyUsage=" + usage) + extensions
        openssl("req", "-x509", *self._new_key(name), "-out", self.crt(name),
                "-days", DAYS, "-subj", subject,
                "-CA", self.crt("ca"), "-CAkey", self.key("ca"),
                *(word for text in added for word in ("-addext", text)))

    def server(self, name, hosts):
        names = ",".join("DNS:" + host for host in hosts)
        self._sign(name, "/CN=" + name, "serverAuth",
                   "subjectAltName=IP:127.0.0.1," + names)

    def client(self, name, user, group=None):
        subject = ("/O=" + group if group else "") + "/CN=" + user
        self._sign(name, subject, "clientAuth")

    def key_pair(self, name):
        """A bare key and its public half, for service account tokens."""
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout",
                "-out", self.key(name))
        openssl("ec", "-in", self.key(name), "-pubout",
                "-out", os.path.join(self.folder, name + ".pub"))
