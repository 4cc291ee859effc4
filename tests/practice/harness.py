"""A practice server for the tests, and what they have in common."""

import atexit
import http.client
import json
import os
import ssl
import subprocess
import tempfile
import time
import unittest
import urllib.request

from client import Client

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PROGRAM = os.environ.get(
    "PRACTICE", os.path.join(ROOT, "build", "practice", "keyrot-practice")
)
CLUSTER = "aether-staging"
SPACE = "/api/v1/namespaces/aether-services"
SECRET = SPACE + "/secrets/secrets-service-config"
DEPLOYMENT = (
    "/apis/apps/v1/namespaces/aether-services/deployments/secrets-service"
)
MERGE = "application/merge-patch+json"
NOTE = "test.keyrot.dev/"
LOST = (
    ConnectionResetError,
    http.client.RemoteDisconnected,
    BrokenPipeError,
    ssl.SSLEOFError,
)


class Server:
    """One process, shared by all tests; reset before each."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="practice-")
        self.dir = self.folder.name
        self.process = subprocess.Popen([PROGRAM, "--dir", self.dir, "--fast"])
        end = time.monotonic() + 20
        while not os.path.exists(os.path.join(self.dir, "ready")):
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("the server did not get ready")
            time.sleep(0.01)
        self.kubeconfig = os.path.join(self.dir, "kubeconfig")
        with open(os.path.join(self.dir, "control")) as text:
            self.url = text.read()

    def control(self, path, body=None, method=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)
        with urllib.request.urlopen(request) as reply:
            return json.load(reply)

    def stop(self):
        self.process.terminate()
        code = self.process.wait(5)
        self.folder.cleanup()
        return code


SERVER = Server()


def stop():
    if SERVER.stop() != -15:
        raise RuntimeError("SIGTERM did not end the server")


atexit.register(stop)


class Case(unittest.TestCase):
    def setUp(self):
        SERVER.control("/reset", {})
        self.client = Client(SERVER.kubeconfig, CLUSTER)
        self.addCleanup(self.client.close)

    def get(self, path, **more):
        status, headers, text = self.client.request("GET", path, **more)
        return (
            status,
            headers,
            json.loads(text) if text.startswith("{") else text,
        )

    def patch(self, path, body, **more):
        status, _, text = self.client.request(
            "PATCH", path, json.dumps(body), MERGE, **more
        )
        return status, json.loads(text)

    def fault(self, **spec):
        SERVER.control("/fault", spec)

    def version(self):
        return self.get(SECRET)[2]["metadata"]["resourceVersion"]

    def wait(self, what, done, seconds=10):
        end = time.monotonic() + seconds
        while not done():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.01)

    def pods(self):
        return self.get(SPACE + "/pods")[2]["items"]
