"""The same requests to a practice cluster and to a real one.

Each case is a function that sends requests through a Talk. What comes back is
written down without what differs from run to run (uids, versions, times, made
names) and without the wording of messages, so that two servers can be compared.
"""

import base64
import json
import re
import time

HEX_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
STAMP = re.compile(
    r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"
)

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSONPATCH = "application/json-patch+json"
META = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
META_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


def b64(text):
    return base64.b64encode(text.encode()).decode()


def secret(name="s", data=None, **more):
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}}
    if data is not None:
        body["data"] = {k: b64(v) for k, v in data.items()}
    for key, value in more.items():
        if key in (
            "uid",
            "resourceVersion",
            "annotations",
            "labels",
            "namespace",
            "managedFields",
        ):
            body["metadata"][key] = value
        else:
            body[key] = value
    return body


def by_owner(entry):
    return [entry[k] for k in ("operation", "manager", "apiVersion")]


class Talk:
    """Sends requests in a namespace of its own and writes the answers down."""

    def __init__(self, client, namespace):
        self.client = client
        self.ns = namespace
        self.lines = []
        self.names = {namespace: "<ns>"}
        self.base = f"/api/v1/namespaces/{namespace}"
        self.apps = f"/apis/apps/v1/namespaces/{namespace}"
        self.status = None
        self.body = None
        self.text = ""

    def __call__(
        self,
        label,
        method,
        path,
        body=None,
        kind=None,
        accept=None,
        quiet=False,
        raw=None,
        **headers,
    ):
        if raw is None and body is not None:
            raw = json.dumps(body)
        if kind is None and raw is not None:
            kind = "application/json"
        status, reply_headers, text = self.client.request(
            method, path, raw, kind, accept, headers
        )
        self.status = status
        self.text = text
        try:
            self.body = json.loads(text)
        except ValueError:
            self.body = text
        if not quiet:
            self.note(
                label,
                {
                    "status": status,
                    "body": self.plain(self.body),
                    "retry": reply_headers.get("Retry-After"),
                },
            )
        return self.body

    def note(self, label, value):
        self.lines.append([label, value])

    def rv(self):
        return self.body["metadata"]["resourceVersion"]

    def uid(self):
        return self.body["metadata"]["uid"]

    def apply(
        self, label, body, manager="keyrot.K", name="s", query="", **more
    ):
        return self(
            label,
            "PATCH",
            f"{self.base}/secrets/{name}?fieldManager={manager}{query}",
            body,
            APPLY,
            **more,
        )

    def plain(self, value, key=""):
        if isinstance(value, dict):
            if value.get("kind") == "Status":
                value = self.plain_status(value)
            return {k: self.plain(v, k) for k, v in sorted(value.items())}
        if isinstance(value, list):
            if key == "managedFields":
                # Sorted by time, in whole seconds: chance decides.
                value = sorted(value, key=by_owner)
            return [self.plain(v, key) for v in value]
        if not isinstance(value, str):
            return value
        if key in ("resourceVersion", "continue"):
            return f"<{key}>"
        if STAMP.match(value):
            return "<time>"
        value = HEX_UID.sub("<uid>", value)
        for name, shown in self.names.items():
            value = value.replace(name, shown)
        return value

    def plain_status(self, status):
        """Without wording; but says what it quotes, and how a conflict reads."""
        out = {
            k: v for k, v in status.items() if k not in ("message", "metadata")
        }
        message = status.get("message", "")
        if "Apply failed" in message:
            out["message"] = sorted(message.split("\n"))
        out["quotes"] = [
            w for w in ("c2VjcmV0", "bW9yZQ==", "!!!") if w in message
        ]
        details = dict(out.get("details", {}))
        causes = details.get("causes")
        if causes:
            # Several conflicts come in any order.
            details["causes"] = sorted(
                (
                    {
                        k: v
                        for k, v in cause.items()
                        if k != "message" or "conflict with" in v
                    }
                    for cause in causes
                ),
                key=json.dumps,
            )
        if details:
            out["details"] = details
        return out

    def wait(self, path, done, seconds=20):
        """Polls until done(object); returns it."""
        end = time.monotonic() + seconds
        while True:
            body = self("", "GET", path, quiet=True)
            if self.status == 200 and done(body):
                return body
            if time.monotonic() > end:
                raise TimeoutError(f"{path}: {self.text[:2000]}")
            time.sleep(0.02)
