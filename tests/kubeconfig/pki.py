"""Certificates for the servers and users of the differential (openssl)."""
import os
import subprocess


def openssl(*args):
    subprocess.run(["openssl", *args], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Pki:
    """Makes keys and certificates in a folder; names are file names."""

    def __init__(self, folder):
        self.folder = folder
        self.serial = 1

    def path(self, name):
        return os.path.join(self.folder, name)

    def text(self, name):
        with open(self.path(name), encoding="ascii") as file:
            return file.read()

    def authority(self, name):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", f"/CN={name}", "-keyout", self.path(name + ".key"),
                "-out", self.path(name + ".crt"))

    def leaf(self, name, authority, sans=(), common_name=None, client=False,
             rsa=False, days=2):
        key, request = self.path(name + ".key"), self.path(name + ".csr")
        kind = (["rsa:2048"] if rsa else
                ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
        openssl("req", "-newkey", *kind, "-nodes", "-subj",
                f"/CN={common_name or name}", "-keyout", key, "-out", request)
        extensions = self.path(name + ".ext")
        with open(extensions, "w", encoding="ascii") as file:
            if sans:
                file.write("subjectAltName=" + ",".join(sans) + "\n")
            file.write("extendedKeyUsage=%sAuth\n" %
                       ("client" if client else "server"))
        self.serial += 1
        openssl("x509", "-req", "-in", request, "-days", str(days),
                "-CA", self.path(authority + ".crt"),
                "-CAkey", self.path(authority + ".key"),
                "-set_serial", str(self.serial), "-extfile", extensions,
                "-out", self.path(name + ".crt"))

    def all(self):
        everywhere = ["IP:127.0.0.1", "IP:::1", "IP:10.1.2.3",
                      "IP:203.0.113.5", "IP:fd00::5", "DNS:localhost",
                      "DNS:api.test.example", "DNS:kubernetes.default.svc"]
        self.authority("ca")
        self.authority("other-ca")
        self.authority("client-ca")
        self.leaf("main", "ca", everywhere)
        self.leaf("front", "ca", ["DNS:front.test.example"])
        self.leaf("no-san", "ca", common_name="127.0.0.1")
        self.leaf("stranger", "other-ca", everywhere)
        self.leaf("alice", "client-ca", client=True)
        self.leaf("bob", "client-ca", client=True, rsa=True)
        openssl("pkcs8", "-topk8", "-in", self.path("bob.key"), "-out",
                self.path("bob-encrypted.key"), "-passout", "pass:x")
        openssl("rsa", "-traditional", "-in", self.path("bob.key"),
                "-out", self.path("bob-pkcs1.key"))
        openssl("ec", "-in", self.path("alice.key"), "-out",
                self.path("alice-sec1.key"))
        # Self-signed: its own certificate is its authority.
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=alone", "-addext", "subjectAltName=IP:127.0.0.1",
                "-keyout", self.path("alone.key"), "-out",
                self.path("alone.crt"))
        with open(self.path("both-cas.crt"), "w", encoding="ascii") as file:
            file.write(self.text("other-ca.crt") + self.text("ca.crt"))
