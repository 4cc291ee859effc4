"""A real Vault for the cases, started once for all of them."""
import json
import os
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request

from harness import check

POLICY = """
path "secret/data/keyrot/*" { capabilities = ["create", "update", "read"] }
path "secret/metadata/keyrot/*" { capabilities = ["create", "update", "read", "list"] }
path "secret/config" { capabilities = ["read"] }
"""


class Server:
    def __init__(self, program):
        self.folder = tempfile.TemporaryDirectory(prefix="keyrot-vault-")
        self.child = subprocess.Popen([program, self.folder.name],
                                      stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL)
        said = json.loads(self.child.stdout.readline())
        self.plain, self.secure = said["plain"], said["secure"]
        self.ca, self.root = said["ca"], said["token"]
        self.unseal_key = said["unseal"]
        self.ask("POST", "sys/mounts/secret",
                 {"type": "kv", "options": {"version": "2"}})
        # An upgrade of the mount runs for a moment after it was made.
        for _ in range(100):
            if self.ask("GET", "secret/config", ok=False)[0] == 200:
                break
        self.ask("PUT", "sys/policies/acl/keyrot", {"policy": POLICY})
        self.ask("POST", "sys/audit/file",
                 {"type": "file",
                  "options": {"file_path": self.folder.name + "/audit.log"}})

    def ask(self, method, path, body=None, token=None, ok=True):
        """(status, document)"""
        request = urllib.request.Request(
            f"{self.plain}/v1/{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-Vault-Token": token or self.root})
        try:
            with urllib.request.urlopen(request) as reply:
                status, text = reply.status, reply.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        check(not ok or status < 300, method, path, status, text)
        return status, json.loads(text) if text else {}

    def token(self, **more):
        """A new token that may do what docs/stores.md says it has to."""
        body = dict({"policies": ["keyrot"], "ttl": "1h"}, **more)
        return self.ask("POST", "auth/token/create",
                        body)[1]["auth"]["client_token"]

    def close(self):
        self.child.stdin.close()
        self.child.stdout.close()
        self.child.wait()
        self.folder.cleanup()


class Shared:
    """The server of all cases; one of its own for those that break it."""

    server = None
    lock = threading.Lock()

    @classmethod
    def get(cls, folder):
        with cls.lock:
            if not cls.server:
                cls.server = Server(os.path.join(folder, "vaultkit"))
            return cls.server

    @classmethod
    def close(cls):
        if cls.server:
            cls.server.close()
            cls.server = None
