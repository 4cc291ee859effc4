"""The control port, scenarios, the record of requests."""

import base64
import hashlib
import json
import os
import ssl
import subprocess
import tempfile
import time
import urllib.error

from client import Client
from harness import CLUSTER, Case, MERGE, PROGRAM, SECRET, SERVER, SPACE


class Control(Case):
    def test_bad_commands(self):
        for path, body in (
            ("/fault", {"kind": "nonsense"}),
            ("/fault", {"kind": "500", "path": "("}),
            ("/put", {"object": {}}),
            ("/nowhere", {}),
        ):
            with self.assertRaises(urllib.error.HTTPError):
                SERVER.control(path, body)

    def test_state_tells_what_pods_loaded(self):
        key = json.loads(json.dumps(self.get(SECRET)[2]))["data"][
            "SECRET_ENCRYPTION_KEY"
        ]
        want = hashlib.sha256(base64.b64decode(key)).hexdigest()
        state = SERVER.control("/state?cluster=" + CLUSTER)[CLUSTER]
        have = [
            p["fingerprints"]["secrets-service-config/SECRET_ENCRYPTION_KEY"]
            for p in state["pods"]
        ]
        self.assertEqual([want] * 3, have)

    def test_reset(self):
        before = self.get(SECRET)[2]["metadata"]["uid"]
        self.patch(SECRET, {"data": {"N": "eA=="}})
        SERVER.control("/reset", {})
        self.assertEqual(0, SERVER.control("/count")["total"])
        after = self.get(SECRET)[2]
        self.assertNotEqual(before, after["metadata"]["uid"])
        self.assertNotIn("N", after["data"])
        start = time.monotonic()
        for _ in range(20):
            SERVER.control("/reset", {})
        self.assertLess((time.monotonic() - start) / 20, 1)

    def test_scenario(self):
        SERVER.control(
            "/reset",
            {
                "scenario": {
                    "kinds": [
                        {
                            "apiVersion": "external-secrets.io/v1",
                            "resource": "externalsecrets",
                            "kind": "ExternalSecret",
                        }
                    ],
                    "users": [
                        {
                            "name": "limited",
                            "token": "t",
                            "deny": [
                                {"verbs": ["patch"], "resources": ["secrets"]}
                            ],
                        }
                    ],
                    "objects": [
                        {
                            "apiVersion": "v1",
                            "kind": "Secret",
                            "metadata": {"name": "s", "namespace": "x"},
                            "data": {"K": "dg=="},
                            "$manager": "argocd-controller",
                            "$operation": "Apply",
                        },
                        {
                            "apiVersion": "external-secrets.io/v1",
                            "kind": "ExternalSecret",
                            "metadata": {"name": "e", "namespace": "x"},
                            "spec": {},
                        },
                    ],
                }
            },
        )
        owner = self.get("/api/v1/namespaces/x/secrets/s")[2]["metadata"][
            "managedFields"
        ][0]
        self.assertEqual(
            ("argocd-controller", "Apply", {"f:data": {"f:K": {}}}),
            (owner["manager"], owner["operation"], owner["fieldsV1"]),
        )
        self.assertEqual(
            1,
            len(
                self.get(
                    "/apis/external-secrets.io/v1/namespaces/x/externalsecrets"
                )[2]["items"]
            ),
        )
        path = "/api/v1/namespaces/x/secrets/s"
        self.client.headers = {"Authorization": "Bearer t"}
        limited = Client.__new__(Client)
        limited.__dict__.update(self.client.__dict__, connection=None)
        limited.tls = ssl.create_default_context(
            cafile=os.path.join(SERVER.dir, "ca.crt")
        )
        self.assertEqual(200, limited.request("GET", path)[0])
        status, _, text = limited.request("PATCH", path, "{}", MERGE)
        self.assertEqual(
            (403, "Forbidden"), (status, json.loads(text)["reason"])
        )
        self.assertEqual(
            401,
            limited.request("GET", path, more={"Authorization": "Bearer no"})[
                0
            ],
        )
        limited.close()

    def test_too_old(self):
        version = self.version()
        SERVER.control("/compact", {})
        event = self.client.watch(
            f"{SPACE}/secrets?watch=true&resourceVersion={version}&timeoutSeconds=2",
            1,
        )[0]
        self.assertEqual(
            ("ERROR", 410), (event["type"], event["object"]["code"])
        )

    def test_bookmarks(self):
        SERVER.control("/settings", {"bookmark_ms": 30})
        rows = self.client.watch(
            f"{SPACE}/secrets?watch=true&allowWatchBookmarks=true&timeoutSeconds=2",
            3,
        )
        SERVER.control("/settings", {"bookmark_ms": 60000})
        self.assertEqual(
            ["ADDED", "BOOKMARK", "BOOKMARK"], [r["type"] for r in rows]
        )

    def test_record_holds_no_token(self):
        client = Client(SERVER.kubeconfig, "viewer@" + CLUSTER)
        client.request("GET", SECRET)
        client.close()
        with open(os.path.join(SERVER.dir, CLUSTER, "requests.jsonl")) as text:
            rows = [json.loads(line) for line in text]
        self.assertEqual(
            [("GET", SECRET, "viewer", 200, "bearer")],
            [
                (r["method"], r["path"], r["user"], r["status"], r["auth"])
                for r in rows
            ],
        )
        self.assertNotIn("viewer-token", json.dumps(rows))

    def test_it_dies_with_its_parent(self):
        with tempfile.TemporaryDirectory() as folder:
            script = (
                f"{PROGRAM} --dir {folder} --fast & echo $!; "
                f"while [ ! -e {folder}/ready ]; do sleep 0.01; done"
            )
            out = subprocess.run(
                ["sh", "-c", script], stdout=subprocess.PIPE, check=True
            )
            pid = out.stdout.split()[0].decode()
            self.wait("gone", lambda: gone(pid))


def gone(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().split()[2] == "Z"
    except FileNotFoundError:
        return True
