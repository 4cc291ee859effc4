"""Secrets: every kind of write, its errors, lists and watches."""

import json

from talk import (
    APPLY,
    JSONPATCH,
    MERGE,
    META,
    META_LIST,
    STRATEGIC,
    b64,
    secret,
)


def secrets_plain(t):
    """POST, GET, the errors of creation."""
    s = t.base + "/secrets"
    t("missing", "GET", s + "/s")
    t(
        "create",
        "POST",
        s + "?fieldManager=kubectl-create",
        secret(data={"K": "secret", "L": "more"}),
    )
    t("again", "POST", s, secret(data={"K": "x"}))
    t("get", "GET", s + "/s")
    t("metadata only", "GET", s + "/s", accept=META)
    t(
        "metadata with a second choice",
        "GET",
        s + "/s",
        accept="application/json;as=Table;g=meta.k8s.io;v=v9," + META,
    )
    t("unacceptable", "GET", s + "/s", accept="text/html")
    t("string data", "POST", s, secret("t", stringData={"P": "plain"}))
    t("empty", "POST", s, secret("empty"))
    t("bad name", "POST", s, secret("Bad_Name", data={}))
    t(
        "no name",
        "POST",
        s,
        {"apiVersion": "v1", "kind": "Secret", "metadata": {}},
    )
    t("bad key", "POST", s, secret("u", {"a b": "x"}))
    t(
        "bad base64",
        "POST",
        s,
        secret("u", data=None) | {"data": {"K": "c2VjcmV0!!!"}},
    )
    t(
        "unknown field, strict",
        "POST",
        s + "?fieldValidation=Strict",
        secret("u", {"K": "x"}, bogus=1),
    )
    t(
        "unknown field, ignored",
        "POST",
        s + "?fieldValidation=Ignore",
        secret("u2", {"K": "x"}, bogus=1),
    )
    t(
        "twice the same field, strict",
        "POST",
        s + "?fieldValidation=Strict",
        raw='{"apiVersion":"v1","kind":"Secret","metadata":{"name":"u3"},'
        '"data":{"K":"eA==","K":"eQ=="}}',
    )
    t(
        "other namespace",
        "POST",
        s,
        secret("u", {"K": "x"}, namespace="default"),
    )
    t(
        "no such namespace",
        "POST",
        "/api/v1/namespaces/absent/secrets",
        secret("u", {"K": "x"}),
    )
    t("no such namespace, get", "GET", "/api/v1/namespaces/absent/secrets/u")
    t("wrong kind", "POST", s, secret("u") | {"kind": "ConfigMap"})
    t("wrong version", "POST", s, secret("u") | {"apiVersion": "v2"})
    t("not JSON", "POST", s, raw="{nonsense")
    t("unknown media type", "POST", s, secret("u"), kind="text/html")
    t(
        "a version in it",
        "POST",
        s,
        secret("u", {"K": "x"}, resourceVersion="1"),
    )
    t(
        "dry run",
        "POST",
        s + "?dryRun=All&fieldManager=m",
        secret("dry", {"K": "x"}),
    )
    t("dry run left nothing", "GET", s + "/dry")
    t("bad dry run", "POST", s + "?dryRun=Some", secret("dry", {"K": "x"}))
    t(
        "tls without keys",
        "POST",
        s,
        secret("tls", {"K": "x"}, type="kubernetes.io/tls"),
    )


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
    t.apply(
        "force=false is no force",
        secret(data={"K": "z"}),
        "other",
        query="&force=false",
    )
    t.apply("omitted key of the same manager goes", secret(data={"M": "x"}))
    t.apply("metadata only", secret(data={"M": "y"}), accept=META)
    t.apply(
        "labels and annotations",
        secret(
            data={"M": "y"},
            labels={"a": "b"},
            annotations={"keyrot.dev/x": "1"},
        ),
    )
    t.apply(
        "annotation dropped again", secret(data={"M": "y"}, labels={"a": "b"})
    )
    t("final", "GET", s + "/s")


def apply_errors(t):
    s = t.base + "/secrets/s?"
    body = secret(data={"K": "secret"})
    t.apply("creates", body)
    t("no manager", "PATCH", s + "force=false", body, APPLY)
    t("empty manager", "PATCH", s + "fieldManager=", body, APPLY)
    t("long manager", "PATCH", s + "fieldManager=" + "m" * 129, body, APPLY)
    t("longest manager", "PATCH", s + "fieldManager=" + "m" * 128, body, APPLY)
    t(
        "force with a merge patch",
        "PATCH",
        s + "force=true",
        {"data": {}},
        MERGE,
    )
    t("bad force", "PATCH", s + "fieldManager=m&force=maybe", body, APPLY)
    t(
        "json suffix",
        "PATCH",
        s + "fieldManager=m",
        body,
        "application/apply-patch+json",
    )
    t(
        "charset",
        "PATCH",
        s + "fieldManager=keyrot.K",
        body,
        APPLY + "; charset=utf-8",
    )
    t("no media type", "PATCH", s + "fieldManager=m", body, "")
    t(
        "no kind",
        "PATCH",
        s + "fieldManager=m",
        {"metadata": {"name": "s"}},
        APPLY,
    )
    t.apply("other name", secret("x", {"K": "v"}))
    t.apply("other namespace", secret(data={"K": "v"}, namespace="default"))
    t.apply(
        "managedFields",
        secret(data={"K": "v"}, managedFields=[{"manager": "x"}]),
    )
    t.apply(
        "unknown field",
        secret(data={"K": "secret"}, bogus=1),
        query="&fieldValidation=Ignore",
    )
    t.apply("bad base64", secret() | {"data": {"K": "c2VjcmV0!!!"}})
    t.apply("null value", secret() | {"data": {"K": None}})
    t.apply(
        "string data over another's key",
        secret(stringData={"K": "plain"}),
        "other",
    )
    t.apply("and dropped", secret(), "other")
    t("after it", "GET", t.base + "/secrets/s")
    t.apply("bad field validation", body, query="&fieldValidation=Maybe")
    t.apply("bad dry run", body, query="&dryRun=None")
    t(
        "no such namespace",
        "PATCH",
        "/api/v1/namespaces/absent/secrets/s?fieldManager=m",
        body,
        APPLY,
    )
    t(
        "yaml",
        "PATCH",
        s + "fieldManager=keyrot.K",
        kind=APPLY,
        raw="apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\ndata:\n  K: c2VjcmV0\n",
    )
    t.apply("dry run changes", secret(data={"K": "dry"}), query="&dryRun=All")
    t.apply(
        "dry run creates",
        secret("n", {"K": "dry"}),
        name="n",
        query="&dryRun=All",
    )
    t("neither is there", "GET", t.base + "/secrets/n")
    t("unchanged", "GET", t.base + "/secrets/s")
    t.apply(
        "immutable by apply",
        secret(data={"K": "secret"}, immutable=True),
        query="&force=true",
    )
    t.apply(
        "then it cannot change", secret(data={"K": "other"}, immutable=True)
    )
    t.apply(
        "labels still can",
        secret(data={"K": "secret"}, immutable=True, labels={"l": "1"}),
    )
    t.apply("nor be made mutable", secret(data={"K": "secret"}))


def apply_preconditions(t):
    s = t.base + "/secrets/s"
    t.apply("creates", secret(data={"K": "secret"}))
    old, uid = t.rv(), t.uid()
    t.apply(
        "right version and uid",
        secret(data={"K": "a"}, resourceVersion=old, uid=uid),
    )
    now = t.rv()
    t.note("version moved", now != old)
    t.apply("stale version", secret(data={"K": "b"}, resourceVersion=old))
    t.apply(
        "stale version, nothing to change",
        secret(data={"K": "a"}, resourceVersion=old),
    )
    t.apply(
        "wrong uid",
        secret(data={"K": "b"}, uid="00000000-0000-4000-8000-000000000000"),
    )
    t.apply(
        "stale version and conflict",
        secret(data={"K": "z"}, resourceVersion=old),
        "other",
    )
    t.apply("same version again", secret(data={"K": "a"}, resourceVersion=now))
    t.note("version kept", t.rv() == now)
    t(
        "merge, stale",
        "PATCH",
        s,
        {"metadata": {"resourceVersion": old}, "data": {"K": b64("c")}},
        MERGE,
    )
    t(
        "merge, stale, nothing to change",
        "PATCH",
        s,
        {"metadata": {"resourceVersion": old}},
        MERGE,
    )
    t(
        "merge, wrong uid",
        "PATCH",
        s,
        {"metadata": {"uid": "00000000-0000-4000-8000-000000000000"}},
        MERGE,
    )
    t("delete", "DELETE", s)
    t.apply("gone, uid", secret(data={"K": "a"}, uid=uid))
    t.apply(
        "gone, version: created", secret(data={"K": "a"}, resourceVersion=now)
    )
    t.note("another object", t.uid() != uid)


def apply_owners(t):
    """Who owned it before: kubectl's ways, nobody, others."""
    s = t.base + "/secrets"
    annotation = "kubectl.kubernetes.io/last-applied-configuration"
    last = (
        json.dumps(secret(data={"K": "secret"}), separators=(",", ":")) + "\n"
    )
    t(
        "client-side apply",
        "POST",
        s + "?fieldManager=kubectl-client-side-apply",
        secret(data={"K": "secret"}, annotations={annotation: last}),
    )
    t.apply("conflict with it", secret(data={"K": "more"}))
    t.apply("same value", secret(data={"K": "secret"}))
    t.apply("kubectl may", secret(data={"K": "more"}), "kubectl")
    t("the annotation followed", "GET", s + "/s")
    t.apply("force takes it", secret(data={"K": "zzz"}), query="&force=true")
    t(
        "annotation removed",
        "PATCH",
        s + "/s?fieldManager=keyrot",
        {"metadata": {"annotations": {annotation: None}}},
        MERGE,
    )
    t(
        "written by nobody",
        "POST",
        s + "?fieldManager=x",
        secret("n", {"K": "secret"}),
    )
    t(
        "managedFields taken off",
        "PATCH",
        s + "/n",
        {"metadata": {"managedFields": [{}]}},
        MERGE,
    )
    t.apply("before first apply", secret("n", {"K": "more"}), name="n")
    t.apply("a new key is free", secret("n", {"L": "more"}), name="n")
    t(
        "merge patch owns",
        "PATCH",
        s + "/n?fieldManager=patcher",
        {"data": {"K": b64("m")}},
        MERGE,
    )
    t(
        "same value does not",
        "PATCH",
        s + "/n?fieldManager=third",
        {"data": {"K": b64("m")}},
        MERGE,
    )
    t.apply("so it conflicts", secret("n", {"K": "z"}), name="n")
    t(
        "no manager: from the agent",
        "PATCH",
        s + "/n",
        {"data": {"A": b64("m")}},
        MERGE,
        **{"User-Agent": "some-tool/1.0 (linux)"},
    )


def migration(t):
    """From client-side apply to server-side apply, as kubectl does it."""
    s = t.base + "/secrets"
    note = "kubectl.kubernetes.io/last-applied-configuration"
    body = secret(data={"K": "secret", "L": "more"}, annotations={note: "{}"})
    t("by client", "POST", s + "?fieldManager=kubectl-client-side-apply", body)
    t.apply("by server", secret(data={"K": "secret"}), "kubectl")
    entries = json.loads(json.dumps(t.body["metadata"]["managedFields"]))
    old = next(e for e in entries if e["operation"] == "Update")
    moved = old | {"manager": "kubectl", "operation": "Apply"}
    moved.pop("time", None)
    patch = [
        {"op": "replace", "path": "/metadata/managedFields", "value": [moved]},
        {
            "op": "replace",
            "path": "/metadata/resourceVersion",
            "value": t.rv(),
        },
    ]
    t(
        "ownership moved",
        "PATCH",
        s + "/s?fieldManager=kubectl",
        patch,
        JSONPATCH,
    )
    t.apply(
        "again: only what it names stays",
        secret(data={"K": "secret"}),
        "kubectl",
    )
    t.apply(
        "by another",
        secret(data={"K": "secret", "M": "m"}, labels={"a": "b"}),
        "o",
    )
    t.apply("label and key go", secret(data={"K": "secret"}), "o")


def patches(t):
    s = t.base + "/secrets/s"
    t("merge on nothing", "PATCH", s, {"data": {"K": "eA=="}}, MERGE)
    t("strategic on nothing", "PATCH", s, {"data": {"K": "eA=="}}, STRATEGIC)
    t(
        "create",
        "POST",
        t.base + "/secrets?fieldManager=c",
        secret(data={"K": "secret", "L": "more"}),
    )
    v = t.rv()
    t(
        "merge",
        "PATCH",
        s + "?fieldManager=m",
        {"data": {"K": b64("x")}},
        MERGE,
    )
    t(
        "no change",
        "PATCH",
        s + "?fieldManager=m",
        {"data": {"K": b64("x")}},
        MERGE,
    )
    t(
        "delete a key",
        "PATCH",
        s + "?fieldManager=m",
        {"data": {"L": None}},
        MERGE,
    )
    t(
        "strategic",
        "PATCH",
        s + "?fieldManager=m",
        {"data": {"S": b64("s")}},
        STRATEGIC,
    )
    t(
        "json patch",
        "PATCH",
        s + "?fieldManager=j",
        [{"op": "replace", "path": "/data/K", "value": b64("j")}],
        JSONPATCH,
    )
    t(
        "json patch, missing key",
        "PATCH",
        s + "?fieldManager=j",
        [{"op": "replace", "path": "/data/Q", "value": b64("j")}],
        JSONPATCH,
    )
    t(
        "json patch, test fails",
        "PATCH",
        s,
        [{"op": "test", "path": "/data/K", "value": "no"}],
        JSONPATCH,
    )
    t(
        "json patch, remove",
        "PATCH",
        s,
        [{"op": "remove", "path": "/data/Q"}],
        JSONPATCH,
    )
    t(
        "json patch, no parent",
        "PATCH",
        s,
        [{"op": "add", "path": "/nowhere/x", "value": 1}],
        JSONPATCH,
    )
    t("type", "PATCH", s, {"type": "other"}, MERGE)
    t("other name", "PATCH", s, {"metadata": {"name": "other"}}, MERGE)
    t("merge, bad base64", "PATCH", s, {"data": {"Z": "c2VjcmV0!!!"}}, MERGE)
    t(
        "strategic, bad base64",
        "PATCH",
        s,
        {"data": {"Z": "c2VjcmV0!!!"}},
        STRATEGIC,
    )
    t(
        "merge, unknown field, strict",
        "PATCH",
        s + "?fieldValidation=Strict",
        {"bogus": 1},
        MERGE,
    )
    t("merge, not JSON", "PATCH", s, kind=MERGE, raw="{nonsense")
    t("immutable", "PATCH", s, {"immutable": True}, MERGE)
    t("immutable: data", "PATCH", s, {"data": {"K": b64("y")}}, MERGE)
    t(
        "immutable: label",
        "PATCH",
        s,
        {"metadata": {"labels": {"a": "b"}}},
        MERGE,
    )
    t("immutable: back", "PATCH", s, {"immutable": False}, MERGE)
    t("put, stale", "PUT", s, secret(data={"K": "y"}, resourceVersion=v))
    t("put, other name", "PUT", s, secret("other", {"K": "y"}))
    t(
        "put, wrong uid",
        "PUT",
        s,
        secret(data={"K": "y"}, uid="00000000-0000-4000-8000-000000000000"),
    )
    t(
        "put, nothing there",
        "PUT",
        t.base + "/secrets/absent",
        secret("absent", {"K": "y"}),
    )
    t("mutable one", "POST", t.base + "/secrets", secret("p", {"K": "y"}))
    t(
        "put, unconditional",
        "PUT",
        t.base + "/secrets/p?fieldManager=p",
        secret("p", {"M": "y"}),
    )
    t(
        "delete, wrong uid",
        "DELETE",
        t.base + "/secrets/p",
        {"preconditions": {"uid": "x"}},
    )
    t("delete", "DELETE", t.base + "/secrets/p")
    t("delete again", "DELETE", t.base + "/secrets/p")
    t("post to a name", "POST", s, secret())
    t("put to the collection", "PUT", t.base + "/secrets", secret())


def sizes(t):
    s = t.base + "/secrets"
    whole = "x" * 1048576
    t("1 MiB", "POST", s, secret("big", {"K": whole}), accept=META)
    t("1 MiB and a byte", "POST", s, secret("bigger", {"K": whole + "y"}))
    t("3 MiB and more", "POST", s, secret("huge", {"K": "x" * 2400000}))


def lists(t):
    s = t.base + "/secrets"
    for i in range(5):
        t(
            "",
            "POST",
            s,
            secret(
                f"s{i}", {"K": "v"}, labels={"n": str(i), "odd": str(i % 2)}
            ),
            quiet=True,
        )
    t("all, metadata", "GET", s + "?labelSelector=odd", accept=META_LIST)
    t("page 1", "GET", s + "?limit=2&labelSelector=odd", accept=META_LIST)
    token = t.body["metadata"].get("continue", "")
    t(
        "page 2",
        "GET",
        s + "?limit=2&labelSelector=odd&continue=" + token,
        accept=META_LIST,
    )
    t("without selector", "GET", s + "?limit=1", accept=META_LIST)
    t("bad token", "GET", s + "?limit=2&continue=garbage")
    t("in", "GET", s + "?labelSelector=n+in+(1,3)", accept=META_LIST)
    t("notin", "GET", s + "?labelSelector=odd,n+notin+(1,3)", accept=META_LIST)
    t("not", "GET", s + "?labelSelector=n!%3D2,odd%3D%3D0", accept=META_LIST)
    t("absent", "GET", s + "?labelSelector=!n,odd", accept=META_LIST)
    t("bad selector", "GET", s + "?labelSelector=a+b+c")
    t(
        "by name",
        "GET",
        s + "?fieldSelector=metadata.name%3Ds3",
        accept=META_LIST,
    )
    t(
        "by type",
        "GET",
        s + "?fieldSelector=type%3DOpaque,metadata.name%3Ds1",
        accept=META_LIST,
    )
    t("bad field", "GET", s + "?fieldSelector=data.K%3Dv")
    t("full item", "GET", s + "?fieldSelector=metadata.name%3Ds3")
    t("metadata of one for a list", "GET", s, accept=META)
    t("far version", "GET", s + "?resourceVersion=999999999999")
    t("bad version", "GET", s + "?resourceVersion=abc")
    t("delete some", "DELETE", s + "?labelSelector=odd%3D1", quiet=True)
    t.note("delete some", t.status)
    t("left", "GET", s + "?labelSelector=odd", accept=META_LIST)
    t("none", "GET", t.base + "/secrets?labelSelector=nothing")


def watches(t):
    s = t.base + "/secrets"
    t("create", "POST", s, secret("a", {"K": "v"}), quiet=True)
    first = t.rv()
    t(
        "create",
        "POST",
        s,
        secret("b", {"K": "v"}, labels={"x": "y"}),
        quiet=True,
    )
    t(
        "change",
        "PATCH",
        s + "/a",
        {"metadata": {"labels": {"x": "y"}}},
        MERGE,
        quiet=True,
    )
    t(
        "change back",
        "PATCH",
        s + "/a",
        {"metadata": {"labels": {"x": None}}},
        MERGE,
        quiet=True,
    )
    t("delete", "DELETE", s + "/b", quiet=True)

    def events(label, query, count, accept=None):
        rows = t.client.watch(f"{s}?watch=true&{query}", count, accept)
        t.note(label, [[r["type"], t.plain(r["object"])] for r in rows])

    events("from a version", f"resourceVersion={first}&timeoutSeconds=3", 4)
    events(
        "by label",
        f"resourceVersion={first}&labelSelector=x%3Dy&timeoutSeconds=3",
        4,
    )
    events(
        "by name",
        f"resourceVersion={first}&fieldSelector=metadata.name%3Da&timeoutSeconds=3",
        2,
    )
    events(
        "metadata",
        f"resourceVersion={first}&fieldSelector=metadata.name%3Da&timeoutSeconds=3",
        1,
        META,
    )
    events(
        "from nothing", "fieldSelector=metadata.name%3Da&timeoutSeconds=3", 1
    )
    events(
        "from 0",
        "resourceVersion=0&fieldSelector=metadata.name%3Da&timeoutSeconds=3",
        1,
    )
    events(
        "initial events",
        "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&"
        "allowWatchBookmarks=true&fieldSelector=metadata.name%3Da&timeoutSeconds=3",
        2,
    )
    t(
        "initial events without match",
        "GET",
        s + "?watch=true&sendInitialEvents=true",
    )
    t("bad version", "GET", s + "?watch=true&resourceVersion=abc")


CASES = [
    secrets_plain,
    apply_basics,
    apply_errors,
    apply_preconditions,
    apply_owners,
    migration,
    patches,
    sizes,
    lists,
    watches,
]
