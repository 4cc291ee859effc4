"""As much of a Kubernetes client as starting a cluster and filling it needs."""

import base64
import http.client
import json
import ssl
import urllib.parse


class ApiError(Exception):
    def __init__(self, method, path, code, body):
        super().__init__("%s %s: %s: %s" % (method, path, code, body[:300]))
        self.code = code


class Api:
    """One kept-alive connection to an API server."""

    def __init__(self, server, ca, cert, key, timeout=10):
        self.address = urllib.parse.urlsplit(server).netloc
        self.tls = ssl.create_default_context(cafile=ca)
        self.tls.load_cert_chain(cert, key)
        self.timeout = timeout
        self.connection = None

    def _send(self, method, path, body, content_type):
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(
                self.address, context=self.tls, timeout=self.timeout)
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = content_type
        try:
            self.connection.request(method, path, body, headers)
            return self.connection.getresponse()
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def text(self, method, path, body=None, content_type="application/json"):
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        reply = self._send(method, path, body, content_type)
        text = reply.read().decode()
        if reply.status >= 300:
            raise ApiError(method, path, reply.status, text)
        return text

    def call(self, method, path, body=None, content_type="application/json"):
        return json.loads(self.text(method, path, body, content_type))

    def get(self, path):
        return self.call("GET", path)

    def apply(self, path, text, manager):
        """Server-side apply of YAML or JSON text."""
        query = urllib.parse.urlencode({"fieldManager": manager,
                                        "force": "true"})
        return self.call("PATCH", path + "?" + query, text,
                         "application/apply-patch+yaml")

    def watch(self, path):
        """Yields the events of a watch until the server ends it."""
        reply = self._send("GET", path, None, None)
        if reply.status != 200:
            raise ApiError("GET", path, reply.status, reply.read().decode())
        for line in reply:
            yield json.loads(line)


def base64_of(path):
    with open(path, "rb") as file:
        return base64.b64encode(file.read()).decode()
