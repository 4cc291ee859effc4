"""The same requests to a practice cluster and to a real one.

Each case is a function that sends requests through a Talk. What comes back is
written down without what differs from run to run (uids, versions, times, made
names) and without the wording of messages, so that two servers can be compared.
"""

import base64
import json
import re
import time

CASES = []

HEX_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSONPATCH = "application/json-patch+json"
META = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
META_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


def case(function):
    CASES.append(function)
    return function


def b64(text):
    return base64.b64encode(text.encode()).decode()


def secret(name="s", data=None, **more):
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}}
    if data is not None:
        body["data"] = {k: b64(v) for k, v in data.items()}
    for key, value in more.items():
        if key in ("uid", "resourceVersion", "annotations", "labels",
                   "namespace", "managedFields"):
            body["metadata"][key] = value
        else:
            body[key] = value
    return body


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

    def __call__(self, label, method, path, body=None, kind=None, accept=None,
                 quiet=False, raw=None, **headers):
        if raw is None and body is not None:
            raw = json.dumps(body)
        if kind is None and raw is not None:
            kind = "application/json"
        status, reply_headers, text = self.client.request(
            method, path, raw, kind, accept, headers)
        self.status = status
        self.text = text
        try:
            self.body = json.loads(text)
        except ValueError:
            self.body = text
        if not quiet:
            self.note(label, {"status": status, "body": self.plain(self.body),
                              "retry": reply_headers.get("Retry-After")})
        return self.body

    def note(self, label, value):
        self.lines.append([label, value])

    def rv(self):
        return self.body["metadata"]["resourceVersion"]

    def uid(self):
        return self.body["metadata"]["uid"]

    def apply(self, label, body, manager="keyrot.K", name="s", query="", **more):
        return self(label, "PATCH",
                    f"{self.base}/secrets/{name}?fieldManager={manager}{query}",
                    body, APPLY, **more)

    def plain(self, value, key=""):
        if isinstance(value, dict):
            if value.get("kind") == "Status":
                value = self.plain_status(value)
            return {k: self.plain(v, k) for k, v in sorted(value.items())}
        if isinstance(value, list):
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
        out = {k: v for k, v in status.items() if k not in ("message", "metadata")}
        message = status.get("message", "")
        if "Apply failed" in message:
            out["message"] = sorted(message.split("\n"))
        out["quotes"] = [w for w in ("c2VjcmV0", "bW9yZQ==", "!!!") if w in message]
        details = dict(out.get("details", {}))
        causes = details.get("causes")
        if causes:
            # Several conflicts come in any order.
            details["causes"] = sorted(
                ({k: v for k, v in cause.items()
                  if k != "message" or "conflict with" in v} for cause in causes),
                key=json.dumps)
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


@case
def secrets_plain(t):
    """POST, GET, the errors of creation."""
    s = t.base + "/secrets"
    t("missing", "GET", s + "/s")
    t("create", "POST", s + "?fieldManager=kubectl-create",
      secret(data={"K": "secret", "L": "more"}))
    t("again", "POST", s, secret(data={"K": "x"}))
    t("get", "GET", s + "/s")
    t("metadata only", "GET", s + "/s", accept=META)
    t("metadata with a second choice", "GET", s + "/s",
      accept="application/json;as=Table;g=meta.k8s.io;v=v9," + META)
    t("unacceptable", "GET", s + "/s", accept="text/html")
    t("string data", "POST", s, secret("t", stringData={"P": "plain"}))
    t("empty", "POST", s, secret("empty"))
    t("bad name", "POST", s, secret("Bad_Name", data={}))
    t("no name", "POST", s, {"apiVersion": "v1", "kind": "Secret", "metadata": {}})
    t("bad key", "POST", s, secret("u", {"a b": "x"}))
    t("bad base64", "POST", s, secret("u", data=None) | {"data": {"K": "c2VjcmV0!!!"}})
    t("unknown field, strict", "POST", s + "?fieldValidation=Strict",
      secret("u", {"K": "x"}, bogus=1))
    t("unknown field, ignored", "POST", s + "?fieldValidation=Ignore",
      secret("u2", {"K": "x"}, bogus=1))
    t("twice the same field, strict", "POST", s + "?fieldValidation=Strict",
      raw='{"apiVersion":"v1","kind":"Secret","metadata":{"name":"u3"},'
          '"data":{"K":"eA==","K":"eQ=="}}')
    t("other namespace", "POST", s, secret("u", {"K": "x"}, namespace="default"))
    t("no such namespace", "POST", "/api/v1/namespaces/absent/secrets",
      secret("u", {"K": "x"}))
    t("no such namespace, get", "GET", "/api/v1/namespaces/absent/secrets/u")
    t("wrong kind", "POST", s, secret("u") | {"kind": "ConfigMap"})
    t("wrong version", "POST", s, secret("u") | {"apiVersion": "v2"})
    t("not JSON", "POST", s, raw="{nonsense")
    t("unknown media type", "POST", s, secret("u"), kind="text/html")
    t("a version in it", "POST", s, secret("u", {"K": "x"}, resourceVersion="1"))
    t("dry run", "POST", s + "?dryRun=All&fieldManager=m", secret("dry", {"K": "x"}))
    t("dry run left nothing", "GET", s + "/dry")
    t("bad dry run", "POST", s + "?dryRun=Some", secret("dry", {"K": "x"}))
    t("tls without keys", "POST", s, secret("tls", {"K": "x"}, type="kubernetes.io/tls"))


@case
def apply_basics(t):
    """Server-side apply: creating, changing, refusing."""
    s = t.base + "/secrets"
    t.apply("creates", secret(data={"K": "secret"}))
    t.apply("same again", secret(data={"K": "secret"}))
    t.apply("changes", secret(data={"K": "more"}))
    t.apply("other manager, other key", secret(data={"L": "x"}), "keyrot.L")
    t.apply("conflict", secret(data={"K": "z"}), "other")
    t.apply("two conflicts", secret(data={"K": "z", "L": "z"}), "other")
    t.apply("same value: co-owned", secret(data={"K": "more"}), "other")
    t.apply("then changing it conflicts", secret(data={"K": "secret"}))
    t.apply("force", secret(data={"K": "secret"}), query="&force=true")
    t.apply("force=false is no force", secret(data={"K": "z"}), "other", query="&force=false")
    t.apply("omitted key of the same manager goes",
            secret(data={"M": "x"}))
    t.apply("metadata only", secret(data={"M": "y"}), accept=META)
    t.apply("labels and annotations",
            secret(data={"M": "y"}, labels={"a": "b"}, annotations={"keyrot.dev/x": "1"}))
    t.apply("annotation dropped again", secret(data={"M": "y"}, labels={"a": "b"}))
    t("final", "GET", s + "/s")


@case
def apply_errors(t):
    s = t.base + "/secrets/s?"
    body = secret(data={"K": "secret"})
    t.apply("creates", body)
    t("no manager", "PATCH", s + "force=false", body, APPLY)
    t("empty manager", "PATCH", s + "fieldManager=", body, APPLY)
    t("long manager", "PATCH", s + "fieldManager=" + "m" * 129, body, APPLY)
    t("longest manager", "PATCH", s + "fieldManager=" + "m" * 128, body, APPLY)
    t("force with a merge patch", "PATCH", s + "force=true", {"data": {}}, MERGE)
    t("bad force", "PATCH", s + "fieldManager=m&force=maybe", body, APPLY)
    t("json suffix", "PATCH", s + "fieldManager=m", body, "application/apply-patch+json")
    t("charset", "PATCH", s + "fieldManager=keyrot.K", body, APPLY + "; charset=utf-8")
    t("no media type", "PATCH", s + "fieldManager=m", body, "")
    t("no kind", "PATCH", s + "fieldManager=m", {"metadata": {"name": "s"}}, APPLY)
    t.apply("other name", secret("x", {"K": "v"}))
    t.apply("other namespace", secret(data={"K": "v"}, namespace="default"))
    t.apply("managedFields", secret(data={"K": "v"}, managedFields=[{"manager": "x"}]))
    t.apply("unknown field", secret(data={"K": "secret"}, bogus=1), query="&fieldValidation=Ignore")
    t.apply("bad base64", secret() | {"data": {"K": "c2VjcmV0!!!"}})
    t.apply("null value", secret() | {"data": {"K": None}})
    t.apply("string data over another's key", secret(stringData={"K": "plain"}), "other")
    t.apply("and dropped", secret(), "other")
    t("after it", "GET", t.base + "/secrets/s")
    t.apply("bad field validation", body, query="&fieldValidation=Maybe")
    t.apply("bad dry run", body, query="&dryRun=None")
    t("no such namespace", "PATCH",
      "/api/v1/namespaces/absent/secrets/s?fieldManager=m", body, APPLY)
    t("yaml", "PATCH", s + "fieldManager=keyrot.K", kind=APPLY,
      raw="apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\ndata:\n  K: c2VjcmV0\n")
    t.apply("dry run changes", secret(data={"K": "dry"}), query="&dryRun=All")
    t.apply("dry run creates", secret("n", {"K": "dry"}), name="n", query="&dryRun=All")
    t("neither is there", "GET", t.base + "/secrets/n")
    t("unchanged", "GET", t.base + "/secrets/s")
    t.apply("immutable by apply", secret(data={"K": "secret"}, immutable=True),
            query="&force=true")
    t.apply("then it cannot change", secret(data={"K": "other"}, immutable=True))
    t.apply("labels still can", secret(data={"K": "secret"}, immutable=True, labels={"l": "1"}))
    t.apply("nor be made mutable", secret(data={"K": "secret"}))


@case
def apply_preconditions(t):
    s = t.base + "/secrets/s"
    t.apply("creates", secret(data={"K": "secret"}))
    old, uid = t.rv(), t.uid()
    t.apply("right version and uid", secret(data={"K": "a"}, resourceVersion=old, uid=uid))
    now = t.rv()
    t.note("version moved", now != old)
    t.apply("stale version", secret(data={"K": "b"}, resourceVersion=old))
    t.apply("stale version, nothing to change", secret(data={"K": "a"}, resourceVersion=old))
    t.apply("wrong uid", secret(data={"K": "b"}, uid="00000000-0000-4000-8000-000000000000"))
    t.apply("stale version and conflict", secret(data={"K": "z"}, resourceVersion=old), "other")
    t.apply("same version again", secret(data={"K": "a"}, resourceVersion=now))
    t.note("version kept", t.rv() == now)
    t("merge, stale", "PATCH", s, {"metadata": {"resourceVersion": old}, "data": {"K": b64("c")}}, MERGE)
    t("merge, stale, nothing to change", "PATCH", s,
      {"metadata": {"resourceVersion": old}}, MERGE)
    t("merge, wrong uid", "PATCH", s, {"metadata": {"uid": "00000000-0000-4000-8000-000000000000"}}, MERGE)
    t("delete", "DELETE", s)
    t.apply("gone, uid", secret(data={"K": "a"}, uid=uid))
    t.apply("gone, version: created", secret(data={"K": "a"}, resourceVersion=now))
    t.note("another object", t.uid() != uid)


@case
def apply_owners(t):
    """Who owned it before: kubectl's ways, nobody, others."""
    s = t.base + "/secrets"
    annotation = "kubectl.kubernetes.io/last-applied-configuration"
    last = json.dumps(secret(data={"K": "secret"}), separators=(",", ":")) + "\n"
    t("client-side apply", "POST", s + "?fieldManager=kubectl-client-side-apply",
      secret(data={"K": "secret"}, annotations={annotation: last}))
    t.apply("conflict with it", secret(data={"K": "more"}))
    t.apply("same value", secret(data={"K": "secret"}))
    t.apply("kubectl may", secret(data={"K": "more"}), "kubectl")
    t("the annotation followed", "GET", s + "/s")
    t.apply("force takes it", secret(data={"K": "zzz"}), query="&force=true")
    t("annotation removed", "PATCH", s + "/s?fieldManager=keyrot",
      {"metadata": {"annotations": {annotation: None}}}, MERGE)
    t("written by nobody", "POST", s + "?fieldManager=x", secret("n", {"K": "secret"}))
    t("managedFields taken off", "PATCH", s + "/n", {"metadata": {"managedFields": [{}]}}, MERGE)
    t.apply("before first apply", secret("n", {"K": "more"}), name="n")
    t.apply("a new key is free", secret("n", {"L": "more"}), name="n")
    t("merge patch owns", "PATCH", s + "/n?fieldManager=patcher", {"data": {"K": b64("m")}}, MERGE)
    t("same value does not", "PATCH", s + "/n?fieldManager=third", {"data": {"K": b64("m")}}, MERGE)
    t.apply("so it conflicts", secret("n", {"K": "z"}), name="n")
    t("no manager: from the agent", "PATCH", s + "/n", {"data": {"A": b64("m")}}, MERGE,
      **{"User-Agent": "some-tool/1.0 (linux)"})


@case
def patches(t):
    s = t.base + "/secrets/s"
    t("merge on nothing", "PATCH", s, {"data": {"K": "eA=="}}, MERGE)
    t("strategic on nothing", "PATCH", s, {"data": {"K": "eA=="}}, STRATEGIC)
    t("create", "POST", t.base + "/secrets?fieldManager=c", secret(data={"K": "secret", "L": "more"}))
    v = t.rv()
    t("merge", "PATCH", s + "?fieldManager=m", {"data": {"K": b64("x")}}, MERGE)
    t("no change", "PATCH", s + "?fieldManager=m", {"data": {"K": b64("x")}}, MERGE)
    t("delete a key", "PATCH", s + "?fieldManager=m", {"data": {"L": None}}, MERGE)
    t("strategic", "PATCH", s + "?fieldManager=m", {"data": {"S": b64("s")}}, STRATEGIC)
    t("json patch", "PATCH", s + "?fieldManager=j", [{"op": "replace", "path": "/data/K", "value": b64("j")}], JSONPATCH)
    t("json patch, missing key", "PATCH", s + "?fieldManager=j", [{"op": "replace", "path": "/data/Q", "value": b64("j")}], JSONPATCH)
    t("json patch, test fails", "PATCH", s, [{"op": "test", "path": "/data/K", "value": "no"}], JSONPATCH)
    t("json patch, remove", "PATCH", s, [{"op": "remove", "path": "/data/Q"}], JSONPATCH)
    t("json patch, no parent", "PATCH", s, [{"op": "add", "path": "/nowhere/x", "value": 1}], JSONPATCH)
    t("type", "PATCH", s, {"type": "other"}, MERGE)
    t("other name", "PATCH", s, {"metadata": {"name": "other"}}, MERGE)
    t("merge, bad base64", "PATCH", s, {"data": {"Z": "c2VjcmV0!!!"}}, MERGE)
    t("strategic, bad base64", "PATCH", s, {"data": {"Z": "c2VjcmV0!!!"}}, STRATEGIC)
    t("merge, unknown field, strict", "PATCH", s + "?fieldValidation=Strict", {"bogus": 1}, MERGE)
    t("merge, not JSON", "PATCH", s, kind=MERGE, raw="{nonsense")
    t("immutable", "PATCH", s, {"immutable": True}, MERGE)
    t("immutable: data", "PATCH", s, {"data": {"K": b64("y")}}, MERGE)
    t("immutable: label", "PATCH", s, {"metadata": {"labels": {"a": "b"}}}, MERGE)
    t("immutable: back", "PATCH", s, {"immutable": False}, MERGE)
    t("put, stale", "PUT", s, secret(data={"K": "y"}, resourceVersion=v))
    t("put, other name", "PUT", s, secret("other", {"K": "y"}))
    t("put, wrong uid", "PUT", s, secret(data={"K": "y"}, uid="00000000-0000-4000-8000-000000000000"))
    t("put, nothing there", "PUT", t.base + "/secrets/absent", secret("absent", {"K": "y"}))
    t("mutable one", "POST", t.base + "/secrets", secret("p", {"K": "y"}))
    t("put, unconditional", "PUT", t.base + "/secrets/p?fieldManager=p", secret("p", {"M": "y"}))
    t("delete, wrong uid", "DELETE", t.base + "/secrets/p", {"preconditions": {"uid": "x"}})
    t("delete", "DELETE", t.base + "/secrets/p")
    t("delete again", "DELETE", t.base + "/secrets/p")
    t("post to a name", "POST", s, secret())
    t("put to the collection", "PUT", t.base + "/secrets", secret())


@case
def sizes(t):
    s = t.base + "/secrets"
    whole = "x" * 1048576
    t("1 MiB", "POST", s, secret("big", {"K": whole}), accept=META)
    t("1 MiB and a byte", "POST", s, secret("bigger", {"K": whole + "y"}))
    t("3 MiB and more", "POST", s, secret("huge", {"K": "x" * 2400000}))


@case
def lists(t):
    s = t.base + "/secrets"
    for i in range(5):
        t("", "POST", s, secret(f"s{i}", {"K": "v"}, labels={"n": str(i), "odd": str(i % 2)}),
          quiet=True)
    t("all, metadata", "GET", s + "?labelSelector=odd", accept=META_LIST)
    t("page 1", "GET", s + "?limit=2&labelSelector=odd", accept=META_LIST)
    token = t.body["metadata"].get("continue", "")
    t("page 2", "GET", s + "?limit=2&labelSelector=odd&continue=" + token, accept=META_LIST)
    t("without selector", "GET", s + "?limit=1", accept=META_LIST)
    t("bad token", "GET", s + "?limit=2&continue=garbage")
    t("in", "GET", s + "?labelSelector=n+in+(1,3)", accept=META_LIST)
    t("notin", "GET", s + "?labelSelector=odd,n+notin+(1,3)", accept=META_LIST)
    t("not", "GET", s + "?labelSelector=n!%3D2,odd%3D%3D0", accept=META_LIST)
    t("absent", "GET", s + "?labelSelector=!n,odd", accept=META_LIST)
    t("bad selector", "GET", s + "?labelSelector=a+b+c")
    t("by name", "GET", s + "?fieldSelector=metadata.name%3Ds3", accept=META_LIST)
    t("by type", "GET", s + "?fieldSelector=type%3DOpaque,metadata.name%3Ds1", accept=META_LIST)
    t("bad field", "GET", s + "?fieldSelector=data.K%3Dv")
    t("full item", "GET", s + "?fieldSelector=metadata.name%3Ds3")
    t("metadata of one for a list", "GET", s, accept=META)
    t("far version", "GET", s + "?resourceVersion=999999999999")
    t("bad version", "GET", s + "?resourceVersion=abc")
    t("delete some", "DELETE", s + "?labelSelector=odd%3D1", quiet=True)
    t.note("delete some", t.status)
    t("left", "GET", s + "?labelSelector=odd", accept=META_LIST)
    t("none", "GET", t.base + "/secrets?labelSelector=nothing")


@case
def watches(t):
    s = t.base + "/secrets"
    t("create", "POST", s, secret("a", {"K": "v"}), quiet=True)
    first = t.rv()
    t("create", "POST", s, secret("b", {"K": "v"}, labels={"x": "y"}), quiet=True)
    t("change", "PATCH", s + "/a", {"metadata": {"labels": {"x": "y"}}}, MERGE, quiet=True)
    t("change back", "PATCH", s + "/a", {"metadata": {"labels": {"x": None}}}, MERGE, quiet=True)
    t("delete", "DELETE", s + "/b", quiet=True)
    def events(label, query, count, accept=None):
        rows = t.client.watch(f"{s}?watch=true&{query}", count, accept)
        t.note(label, [[r["type"], t.plain(r["object"])] for r in rows])
    events("from a version", f"resourceVersion={first}&timeoutSeconds=3", 4)
    events("by label", f"resourceVersion={first}&labelSelector=x%3Dy&timeoutSeconds=3", 4)
    events("by name", f"resourceVersion={first}&fieldSelector=metadata.name%3Da&timeoutSeconds=3", 2)
    events("metadata", f"resourceVersion={first}&fieldSelector=metadata.name%3Da&timeoutSeconds=3", 1, META)
    events("from nothing", "fieldSelector=metadata.name%3Da&timeoutSeconds=3", 1)
    events("from 0", "resourceVersion=0&fieldSelector=metadata.name%3Da&timeoutSeconds=3", 1)
    events("initial events", "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&"
           "allowWatchBookmarks=true&fieldSelector=metadata.name%3Da&timeoutSeconds=3", 2)
    t("initial events without match", "GET", s + "?watch=true&sendInitialEvents=true")
    t("bad version", "GET", s + "?watch=true&resourceVersion=abc")


@case
def leases(t):
    base = f"/apis/coordination.k8s.io/v1/namespaces/{t.ns}/leases"
    def lease(holder="me", **more):
        meta = {"name": "l"}
        if "rv" in more:
            meta["resourceVersion"] = more.pop("rv")
        return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta,
                "spec": {"holderIdentity": holder, "leaseDurationSeconds": 15,
                         "acquireTime": "2026-11-22T22:10:02.000000Z",
                         "renewTime": "2026-11-22T22:10:02.000000Z", "leaseTransitions": 0} | more}
    t("missing", "GET", base + "/l")
    t("create", "POST", base + "?fieldManager=keyrot", lease())
    v = t.rv()
    t("again", "POST", base, lease())
    t("renew", "PUT", base + "/l?fieldManager=keyrot", lease(rv=v, renewTime="2026-11-22T22:10:12.000000Z"))
    t("stale", "PUT", base + "/l", lease("other", rv=v))
    t("no version", "PUT", base + "/l", lease("other"))
    t("short time", "PUT", base + "/l", lease(rv=v, renewTime="2026-11-22T22:10:12Z"))
    t("short time, create", "POST", base, lease(renewTime="2026-11-22T22:10:12.123Z"))
    t("no duration", "POST", base, {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
      "metadata": {"name": "n"}, "spec": {"leaseDurationSeconds": 0}})
    t("put where nothing is", "PUT", base + "/p", {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
      "metadata": {"name": "p"}, "spec": {"holderIdentity": "x"}})
    t("apply holder", "PATCH", base + "/a?fieldManager=one", {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
      "metadata": {"name": "a"}, "spec": {"holderIdentity": "one"}}, APPLY)
    t("apply by another", "PATCH", base + "/a?fieldManager=two", {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
      "metadata": {"name": "a"}, "spec": {"holderIdentity": "two"}}, APPLY)


@case
def events(t):
    base = f"/apis/events.k8s.io/v1/namespaces/{t.ns}/events"
    def event(name, **more):
        return {"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": name},
                "eventTime": "2026-11-22T22:10:02.000000Z", "type": "Normal", "reason": "KeyRotated",
                "action": "Rotate", "reportingController": "keyrot.dev/kubectl-keyrot",
                "reportingInstance": "host", "note": "done",
                "regarding": {"apiVersion": "v1", "kind": "Secret", "namespace": t.ns, "name": "s"}} | more
    t("create", "POST", base + "?fieldManager=keyrot", event("e.1"))
    t("read by the other group", "GET", t.base + "/events/e.1")
    for label, more in (("no reason", {"reason": ""}), ("no action", {"action": ""}),
                        ("no controller", {"reportingController": ""}),
                        ("odd controller", {"reportingController": "a b"}),
                        ("no instance", {"reportingInstance": ""}), ("bad type", {"type": "Odd"}),
                        ("long note", {"note": "x" * 1025}), ("short time", {"eventTime": "2026-11-22T22:10:02Z"}),
                        ("old count", {"deprecatedCount": 1})):
        t(label, "POST", base, event("e.2", **more))
    t("about nothing", "POST", base, {k: v for k, v in event("e.3").items() if k != "regarding"})
    t("core", "POST", t.base + "/events", {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "c.1"},
      "involvedObject": {"kind": "Secret", "namespace": t.ns, "name": "s"}, "reason": "R", "message": "m", "type": "Normal"})
    t("by object", "GET", t.base + "/events?fieldSelector=involvedObject.name%3Ds,involvedObject.kind%3DSecret", accept=META_LIST)


@case
def reviews(t):
    def access(**attributes):
        return {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
                "spec": {"resourceAttributes": {"namespace": t.ns} | attributes}}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    t("allowed", "POST", path, access(verb="patch", resource="secrets", name="s"), quiet=True)
    t.note("allowed", [t.status, t.body["status"]["allowed"], t.body["kind"]])
    t("", "POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
      {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": t.ns}}, quiet=True)
    t.note("rules", [t.status, sorted(t.body["status"])])
    t("who", "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}, quiet=True)
    t.note("who", [t.status, t.body["status"]["userInfo"]["username"], sorted(t.body["status"]["userInfo"]["groups"])])
    t("get", "GET", path)


@case
def paths(t):
    t("no group", "GET", "/apis/nothing.example/v1/things")
    t("no resource", "GET", "/api/v1/things")
    t("no resource in a namespace", "GET", t.base + "/things/x")
    t("root", "GET", "/nothing")
    t("no version", "GET", "/apis/apps/v9/deployments")
    t("subresource", "GET", t.base + "/secrets/s/nothing")
    t("ready", "GET", "/readyz")
    t("namespace", "GET", "/api/v1/namespaces/" + t.ns)
    t("kube-system", "GET", "/api/v1/namespaces/kube-system", accept=META, quiet=True)
    t.note("kube-system has a uid", bool(HEX_UID.search(t.text)))
    t("no namespace", "GET", "/api/v1/namespaces/absent")


def template(**annotations):
    return {"metadata": {"labels": {"app": "d"}} | ({"annotations": annotations} if annotations else {}),
            "spec": {"containers": [{"name": "app", "image": "registry.example/app:1",
                                     "ports": [{"containerPort": 8080}],
                                     "env": [{"name": "K", "valueFrom": {"secretKeyRef": {"name": "s", "key": "K"}}}]}],
                     "terminationGracePeriodSeconds": 1}}


def workload(kind, name="d", **spec):
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name},
            "spec": {"selector": {"matchLabels": {"app": "d"}}, "template": template()} | spec}


def restart(stamp, kind="deployments", name="d"):
    return {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": stamp}}}}}


def rolled_out(body):
    status, spec = body.get("status", {}), body["spec"]
    want = spec.get("replicas", 1)
    return (status.get("observedGeneration") == body["metadata"]["generation"] and
            status.get("updatedReplicas", 0) == want and status.get("replicas", 0) == want and
            status.get("availableReplicas", 0) == want and not status.get("terminatingReplicas"))


def shape(body):
    """An object without what depends on timing and machine."""
    body = json.loads(json.dumps(body))
    meta = body["metadata"]
    for key in ("managedFields", "selfLink", "generateName"):
        meta.pop(key, None)
    for condition in body.get("status", {}).get("conditions", []):
        condition.pop("message", None)
    body.get("status", {}).get("conditions", []).sort(key=lambda c: c["type"])
    return body


@case
def deployments(t):
    d = t.apps + "/deployments"
    t("", "POST", t.base + "/secrets", secret(data={"K": "v"}), quiet=True)
    t("create", "POST", d + "?fieldManager=kubectl-create", workload("Deployment", replicas=2))
    t("no selector", "POST", d, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": {"template": template()}})
    t("other labels", "POST", d, workload("Deployment", "x", selector={"matchLabels": {"app": "y"}}))
    done = t.wait(d + "/d", rolled_out)
    t.note("rolled out", t.plain(shape(done)))
    generation = done["metadata"]["generation"]
    t("restart", "PATCH", d + "/d?fieldManager=kubectl-rollout", restart("2026-11-22T10:00:00Z"), STRATEGIC, quiet=True)
    t.note("restart: generation grows by", t.body["metadata"]["generation"] - generation)
    owners = {m["manager"]: m["fieldsV1"] for m in t.body["metadata"]["managedFields"]}
    t.note("restart: owns", owners.get("kubectl-rollout"))
    version = t.rv()
    t("restart again", "PATCH", d + "/d?fieldManager=kubectl-rollout", restart("2026-11-22T10:00:00Z"), STRATEGIC, quiet=True)
    t.note("same again: generation grows by", t.body["metadata"]["generation"] - generation)
    done = t.wait(d + "/d", rolled_out)
    t.note("restarted", t.plain(shape(done)))
    generation = done["metadata"]["generation"]
    t("annotate", "PATCH", d + "/d", {"metadata": {"annotations": {"a": "b"}}}, MERGE, quiet=True)
    t.note("annotation: generation grows by", t.body["metadata"]["generation"] - generation)
    generation = t.body["metadata"]["generation"]
    t("label", "PATCH", d + "/d", {"metadata": {"labels": {"a": "b"}}}, MERGE, quiet=True)
    t.note("label: generation grows by", t.body["metadata"]["generation"] - generation)
    sets = t("", "GET", t.apps + "/replicasets?labelSelector=app%3Dd", quiet=True)["items"]
    sets.sort(key=lambda s: s["metadata"]["annotations"]["deployment.kubernetes.io/revision"])
    t.note("sets", len(sets))
    newest = sets[-1]
    t.names[newest["metadata"]["labels"]["pod-template-hash"]] = "<hash>"
    t.note("newest set", t.plain(shape(newest)))
    t.note("old set", [sets[0]["spec"]["replicas"], sets[0]["status"].get("replicas", 0)])
    pods = t("", "GET", t.base + "/pods?labelSelector=app%3Dd", quiet=True)["items"]
    t.note("pods", len(pods))
    pod = pods[0]
    t.names = {pod["metadata"]["name"]: "<pod>"} | t.names
    t.note("pod metadata", t.plain({k: v for k, v in pod["metadata"].items()
                                    if k not in ("managedFields", "generateName", "generation")}))
    status = pod["status"]
    t.note("pod status", [status["phase"],
                          sorted([c["type"], c["status"]] for c in status["conditions"]
                                 if c["type"] in ("Ready", "ContainersReady", "Initialized", "PodScheduled")),
                          [[c["name"], c["ready"], c["restartCount"], sorted(c["state"])] for c in status["containerStatuses"]]])
    t("selector is fixed", "PATCH", d + "/d", {"spec": {"selector": {"matchLabels": {"app": "z"}}}}, MERGE)
    t("scale", "GET", d + "/d/scale")
    t("scale to 0", "PATCH", d + "/d/scale", {"spec": {"replicas": 0}}, MERGE)
    done = t.wait(d + "/d", rolled_out)
    t.note("at 0", t.plain(shape(done)))
    t("status cannot be set here", "PATCH", d + "/d", {"status": {"replicas": 9}}, MERGE, quiet=True)
    t.note("status kept", t.body["status"].get("replicas", 0))
    t("delete", "DELETE", d + "/d")
    t("gone", "GET", d + "/d")


@case
def deployments_stuck(t):
    """A pod that never gets ready; paused; Recreate."""
    d = t.apps + "/deployments"
    t("", "POST", t.base + "/secrets", secret(data={"K": "v"}), quiet=True)
    stuck = workload("Deployment", "stuck", replicas=1, progressDeadlineSeconds=2)
    stuck["spec"]["template"] = template(**{"test.keyrot.dev/pod": "never-ready"})
    t("", "POST", d, stuck, quiet=True)
    body = t.wait(d + "/stuck", lambda b: any(
        c.get("reason") == "ProgressDeadlineExceeded" for c in b.get("status", {}).get("conditions", []))
                  and b["status"].get("updatedReplicas") == 1)
    t.note("deadline", t.plain(shape(body)))
    paused = workload("Deployment", "paused", replicas=1, paused=True, selector={"matchLabels": {"app": "d"}})
    t("", "POST", d, paused, quiet=True)
    body = t.wait(d + "/paused", lambda b: b.get("status", {}).get("observedGeneration") == 1)
    t.note("paused has", [body["status"].get("replicas", 0), body["status"].get("updatedReplicas", 0)])


@case
def statefulsets(t):
    s = t.apps + "/statefulsets"
    t("", "POST", t.base + "/secrets", secret(data={"K": "v"}), quiet=True)
    t("create", "POST", s + "?fieldManager=m", workload("StatefulSet", replicas=2, serviceName="d"))
    def done(body):
        st = body.get("status", {})
        return (st.get("observedGeneration") == body["metadata"]["generation"] and
                st.get("readyReplicas") == 2 and st.get("updateRevision") == st.get("currentRevision"))
    body = t.wait(s + "/d", done)
    def hashes(b):
        for key in ("currentRevision", "updateRevision"):
            t.names[b["status"][key]] = "<" + key + ">"
    hashes(body)
    t.note("ready", t.plain(shape(body)))
    t("partition", "PATCH", s + "/d", {"spec": {"updateStrategy": {"rollingUpdate": {"partition": 1}}}}, MERGE, quiet=True)
    t("restart", "PATCH", s + "/d", restart("2026-11-22T10:00:00Z"), STRATEGIC, quiet=True)
    body = t.wait(s + "/d", lambda b: b["status"].get("updatedReplicas") == 1 and
                  b["status"].get("readyReplicas") == 2 and b["status"]["observedGeneration"] == b["metadata"]["generation"]
                  and b["status"].get("currentReplicas") == 1)
    t.names.clear()
    t.names[t.ns] = "<ns>"
    hashes(body)
    t.note("partition", t.plain(shape(body)))
    pods = t("", "GET", t.base + "/pods?labelSelector=app%3Dd", quiet=True)["items"]
    t.note("pods", [t.plain([p["metadata"]["name"], p["metadata"]["labels"]]) for p in pods])
    t("on delete", "PATCH", s + "/d", {"spec": {"updateStrategy": {"type": "OnDelete", "rollingUpdate": None}}}, MERGE, quiet=True)
    t("restart", "PATCH", s + "/d", restart("2026-11-22T10:00:01Z"), STRATEGIC, quiet=True)
    body = t.wait(s + "/d", lambda b: b["status"]["observedGeneration"] == b["metadata"]["generation"])
    t.note("on delete", [body["status"].get(k, 0) for k in ("replicas", "readyReplicas", "updatedReplicas", "currentReplicas")])


@case
def daemonsets(t):
    s = t.apps + "/daemonsets"
    t("", "POST", t.base + "/secrets", secret(data={"K": "v"}), quiet=True)
    t("create", "POST", s + "?fieldManager=m", workload("DaemonSet"))
    def done(b):
        st = b.get("status", {})
        return (st.get("observedGeneration") == b["metadata"]["generation"] and st["desiredNumberScheduled"] > 0 and
                st["desiredNumberScheduled"] == st.get("updatedNumberScheduled") == st.get("numberAvailable"))
    t.wait(s + "/d", done)
    t("restart", "PATCH", s + "/d", restart("2026-11-22T10:00:00Z"), STRATEGIC, quiet=True)
    body = t.wait(s + "/d", done)
    count = body["status"]["desiredNumberScheduled"]
    t.note("restarted", [{k: v == count for k, v in sorted(body["status"].items()) if k != "observedGeneration"},
                         body["status"]["observedGeneration"], body["metadata"]["generation"]])
    pods = t("", "GET", t.base + "/pods?labelSelector=app%3Dd", quiet=True)["items"]
    t.note("pod labels", sorted(pods[0]["metadata"]["labels"]))
    t.note("owner", [pods[0]["metadata"]["ownerReferences"][0][k] for k in ("kind", "name", "controller")])


@case
def batch(t):
    t("", "POST", t.base + "/secrets", secret(data={"K": "v"}), quiet=True)
    pod = template()
    pod["metadata"].pop("labels")
    pod["spec"]["restartPolicy"] = "Never"
    jobs = f"/apis/batch/v1/namespaces/{t.ns}/jobs"
    t("", "POST", jobs, {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": {"template": pod}}, quiet=True)
    body = t.wait(jobs + "/j", lambda b: b.get("status", {}).get("succeeded") == 1 and b["status"].get("completionTime"))
    t.note("job", t.plain({k: v for k, v in shape(body)["status"].items() if k in ("succeeded", "failed")}))
    t.note("complete", any(c["type"] == "Complete" and c["status"] == "True" for c in body["status"]["conditions"]))
    crons = f"/apis/batch/v1/namespaces/{t.ns}/cronjobs"
    t("cron job", "POST", crons + "?fieldManager=m", {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c"},
      "spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": pod}}}})


@case
def pod_logs(t):
    p = t.base + "/pods"
    t("no secret yet", "POST", t.apps + "/deployments", workload("Deployment", replicas=1), quiet=True)
    t.wait(t.apps + "/deployments/d", lambda b: b.get("status", {}).get("replicas") == 1)
    t("", "POST", t.base + "/secrets", secret(data={"K": "v"}), quiet=True)
    t.wait(t.apps + "/deployments/d", rolled_out)
    pods = t("", "GET", p + "?labelSelector=app%3Dd", quiet=True)["items"]
    name = pods[0]["metadata"]["name"]
    t.names[name] = "<pod>"
    t("log", "GET", f"{p}/{name}/log", quiet=True)
    t.note("log", [t.status, "encryption self-test ok" in t.text])
    t("tail", "GET", f"{p}/{name}/log?tailLines=1", quiet=True)
    t.note("one line", t.text.count("\n"))
    t("stamps", "GET", f"{p}/{name}/log?tailLines=1&timestamps=true", quiet=True)
    t.note("stamped", bool(STAMP.match(t.text.split(" ")[0])))
    t("container", "GET", f"{p}/{name}/log?container=app&tailLines=0", quiet=True)
    t.note("container", [t.status, t.text])
    t("wrong container", "GET", f"{p}/{name}/log?container=x")
    t("both since", "GET", f"{p}/{name}/log?sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z")
    t("bad since", "GET", f"{p}/{name}/log?sinceSeconds=0")
    t("bad tail", "GET", f"{p}/{name}/log?tailLines=-1")
    t("no pod", "GET", f"{p}/absent/log")
