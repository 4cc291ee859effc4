"""A small HTTPS client for the tests: one user of one context of a kubeconfig."""

import base64
import http.client
import json
import os
import re
import ssl
import tempfile
import urllib.parse


def load_kubeconfig(path):
    """Reads clusters, users and contexts: JSON, or the two YAML shapes at hand."""
    with open(path) as file:
        text = file.read()
    try:
        return json.loads(text)
    except ValueError:
        return parse_yaml(text)


def parse_yaml(text):
    """Enough YAML for a kubeconfig that a program wrote."""

    def scalar(word):
        word = word.strip()
        if word.startswith("{"):
            pairs = [
                p.split(":", 1) for p in word[1:-1].split(",") if p.strip()
            ]
            return {k.strip(): scalar(v) for k, v in pairs}
        return word.strip("\"'")

    lines = [
        l
        for l in text.split("\n")
        if l.strip() and not l.lstrip().startswith("#")
    ]

    def block(at, indent):
        first = lines[at]
        if first.lstrip().startswith("- "):
            out = []
            while at < len(lines):
                line = lines[at]
                depth = len(line) - len(line.lstrip())
                if depth != indent or not line.lstrip().startswith("- "):
                    break
                lines[at] = " " * (indent + 2) + line.lstrip()[2:]
                item, at = block(at, indent + 2)
                out.append(item)
            return out, at
        out = {}
        while at < len(lines):
            line = lines[at]
            depth = len(line) - len(line.lstrip())
            if depth != indent or line.lstrip().startswith("- "):
                break
            key, _, rest = line.strip().partition(":")
            at += 1
            if rest.strip():
                out[key] = scalar(rest)
            elif at < len(lines):
                inner = len(lines[at]) - len(lines[at].lstrip())
                if inner > indent or (
                    inner == indent and lines[at].lstrip().startswith("- ")
                ):
                    out[key], at = block(at, inner)
                else:
                    out[key] = None
        return out, at

    return block(0, 0)[0]


class Client:
    def __init__(self, kubeconfig, context):
        config = load_kubeconfig(kubeconfig)
        named = {row["name"]: row["context"] for row in config["contexts"]}[
            context
        ]
        cluster = {r["name"]: r["cluster"] for r in config["clusters"]}[
            named["cluster"]
        ]
        user = {r["name"]: r["user"] for r in config["users"]}[named["user"]]
        url = urllib.parse.urlparse(cluster["server"])
        self.host, self.port = url.hostname, url.port
        self.tls = ssl.create_default_context(
            cadata=self.material(kubeconfig, cluster, "certificate-authority")
        )
        self.headers = {}
        if "token" in user:
            self.headers["Authorization"] = "Bearer " + user["token"]
        certificate = self.material(kubeconfig, user, "client-certificate")
        if certificate:
            key = self.material(kubeconfig, user, "client-key")
            with tempfile.NamedTemporaryFile("w") as pair:
                pair.write(certificate + key)
                pair.flush()
                self.tls.load_cert_chain(pair.name)
        self.connection = None

    @staticmethod
    def material(kubeconfig, entry, name):
        if name + "-data" in entry:
            return base64.b64decode(entry[name + "-data"]).decode()
        if name in entry:
            with open(
                os.path.join(os.path.dirname(kubeconfig), entry[name])
            ) as file:
                return file.read()
        return None

    def connect(self):
        return http.client.HTTPSConnection(
            self.host, self.port, context=self.tls, timeout=30
        )

    def all_headers(self, kind, accept, more):
        headers = {
            "Accept": accept or "application/json",
            "User-Agent": "trace/1",
        }
        headers.update(self.headers)
        if kind:
            headers["Content-Type"] = kind
        headers.update(more or {})
        return headers

    def request(
        self, method, path, body=None, kind=None, accept=None, more=None
    ):
        """(status, headers, text); errors of the connection are raised."""
        if not self.connection:
            self.connection = self.connect()
        try:
            self.connection.request(
                method, path, body, self.all_headers(kind, accept, more)
            )
            reply = self.connection.getresponse()
            text = reply.read().decode()
        except BaseException:
            self.close()
            raise
        return reply.status, reply.headers, text

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def watch(self, path, count, accept=None):
        """The first events of a watch (fewer if it ends before)."""
        connection = self.connect()
        connection.request(
            "GET", path, None, self.all_headers(None, accept, None)
        )
        reply = connection.getresponse()
        rows = []
        while len(rows) < count:
            line = reply.readline()
            if not line:
                break
            rows.append(json.loads(line))
        connection.close()
        return rows
