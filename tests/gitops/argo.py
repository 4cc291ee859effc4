"""The part of Argo CD that the program talks to: a controller of Applications,
and its API; on any cluster that serves the kind."""

import datetime
import http.server
import json
import threading
import time

from stand import ENTRY, NAMESPACE, SECRET, until

GROUP = "argoproj.io"
KIND = {"apiVersion": GROUP + "/v1alpha1", "resource": "applications",
        "kind": "Application"}
BASE = "/apis/argoproj.io/v1alpha1/namespaces/%s/applications"
REFRESH = "argocd.argoproj.io/refresh"
MERGE = "application/merge-patch+json"


def now():
    """As Argo CD writes it: to the second."""
    return datetime.datetime.now(datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%SZ")


def crd():
    """As much of the definition as a real API server wants."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "applications.argoproj.io"},
        "spec": {"group": GROUP, "scope": "Namespaced",
                 "names": {"kind": "Application", "plural": "applications",
                           "singular": "application",
                           "listKind": "ApplicationList"},
                 "versions": [{
                     "name": "v1alpha1", "served": True, "storage": True,
                     "schema": {"openAPIV3Schema": {
                         "type": "object",
                         "x-kubernetes-preserve-unknown-fields": True}}}]}}


def application(name="aether", **policy):
    return {"apiVersion": KIND["apiVersion"], "kind": "Application",
            "metadata": {"name": name, "namespace": "argocd"},
            "spec": {"project": "default", "syncPolicy": dict(
                {"syncOptions": ["ServerSideApply=true"]}, **policy)},
            "status": {"sync": {"status": "Synced"},
                       "health": {"status": "Healthy"},
                       "reconciledAt": now()}}


class Controller(threading.Thread):
    """Reacts to `operation` and to a refresh. `behave`: phase, sync, health
    that it ends with; `git`: data of the Secret in Git, which a sync applies
    and self-heal puts back. As Argo CD does, it takes `operation` away when the
    operation has ended, and says what came of it (`lag` seconds) later."""

    def __init__(self, api, name="aether", namespace="argocd", git=None,
                 secret_ns=NAMESPACE, subresource=False, **behave):
        super().__init__(daemon=True)
        self.api, self.git, self.secret_ns = api, git, secret_ns
        self.path = BASE % namespace + "/" + name
        self.subresource = subresource
        self.behave = dict({"phase": "Succeeded", "sync": "Synced",
                            "health": "Healthy", "takes": 0.1,
                            "lag": 0.5}, **behave)
        self.operations, self.refreshes = [], 0
        self.compare_at = None
        self.ended = threading.Event()
        self.failure = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()
        if self.failure:
            raise self.failure

    def run(self):
        try:
            while not self.ended.wait(0.03):
                self.turn()
        except Exception as failure:  # noqa: BLE001
            self.failure = failure

    def patch(self, body):
        """Argo CD's own definition has no subresource; the practice clusters
        have one for every kind."""
        body = dict(body)
        status = body.pop("status") if self.subresource else None
        if status:
            self.api.call("PATCH", self.path + "/status", {"status": status},
                          MERGE)
        if body:
            self.api.call("PATCH", self.path, body, MERGE)

    def apply_git(self):
        if not self.git:
            return
        self.api.call(
            "PATCH", "/api/v1/namespaces/%s/secrets/%s"
            % (self.secret_ns, SECRET), {"data": self.git}, MERGE)

    def status(self, **more):
        return {"status": dict({
            "sync": {"status": self.behave["sync"]},
            "health": {"status": self.behave["health"]},
            "reconciledAt": now()}, **more)}

    def turn(self):
        seen = self.api.get(self.path)
        operation = seen.get("operation")
        if REFRESH in seen["metadata"].get("annotations", {}):
            self.refreshes += 1
            self.ended.wait(self.behave["takes"])
            self.patch(dict(self.status(), metadata={
                "annotations": {REFRESH: None}}))
            self.compare_at = None
        elif operation:
            self.operations.append(operation)
            self.patch({"status": {"operationState": {
                "operation": operation, "phase": "Running",
                "finishedAt": None, "startedAt": now()}}})
            self.ended.wait(self.behave["takes"])
            self.apply_git()
            self.patch({"operation": None, "status": {"operationState": {
                "operation": operation, "phase": self.behave["phase"],
                "message": "never to be quoted: " + ENTRY,
                "finishedAt": now()}}})
            self.compare_at = time.monotonic() + self.behave["lag"]
        elif self.compare_at and time.monotonic() > self.compare_at:
            self.patch(self.status())
            self.compare_at = None


class Api(threading.Thread):
    """Argo CD's API over the same resource."""

    def __init__(self, api, token):
        super().__init__(daemon=True)
        outer = self
        self.seen, self.token, self.api = [], token, api

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, code, body):
                data = json.dumps(body).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def handle_all(self, body=None):
                outer.seen.append((self.command, self.path, body))
                if self.headers.get("Authorization") != "Bearer " + token:
                    return self.answer(401, {"error": "no session"})
                name = self.path.split("?")[0].split("/")[4]
                path = BASE % "argocd" + "/" + name
                if self.command == "POST":
                    outer.api.call("PATCH", path, {"operation": {
                        "info": body["infos"], "sync": {}}}, MERGE)
                elif self.path.endswith("&refresh=normal"):
                    outer.refresh(path)
                return self.answer(200, outer.api.get(path))

            def do_GET(self):
                self.handle_all()

            def do_POST(self):
                length = int(self.headers["Content-Length"])
                self.handle_all(json.loads(self.rfile.read(length)))

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_port

    def refresh(self, path):
        self.api.call("PATCH", path, {"metadata": {"annotations": {
            REFRESH: "normal"}}}, MERGE)
        until(lambda: REFRESH not in self.api.get(path)["metadata"].get(
            "annotations", {}), "refreshed")

    def run(self):
        self.server.serve_forever()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
