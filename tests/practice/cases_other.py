"""Leases, Events, access reviews, paths."""

from talk import APPLY, HEX_UID, META, META_LIST


def leases(t):
    base = f"/apis/coordination.k8s.io/v1/namespaces/{t.ns}/leases"

    def lease(holder="me", **more):
        meta = {"name": "l"}
        if "rv" in more:
            meta["resourceVersion"] = more.pop("rv")
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": meta,
            "spec": {
                "holderIdentity": holder,
                "leaseDurationSeconds": 15,
                "acquireTime": "2026-11-22T22:10:02.000000Z",
                "renewTime": "2026-11-22T22:10:02.000000Z",
                "leaseTransitions": 0,
            }
            | more,
        }

    t("missing", "GET", base + "/l")
    t("create", "POST", base + "?fieldManager=keyrot", lease())
    v = t.rv()
    t("again", "POST", base, lease())
    t(
        "renew",
        "PUT",
        base + "/l?fieldManager=keyrot",
        lease(rv=v, renewTime="2026-11-22T22:10:12.000000Z"),
    )
    t("stale", "PUT", base + "/l", lease("other", rv=v))
    t("no version", "PUT", base + "/l", lease("other"))
    t(
        "short time",
        "PUT",
        base + "/l",
        lease(rv=v, renewTime="2026-11-22T22:10:12Z"),
    )
    t(
        "short time, create",
        "POST",
        base,
        lease(renewTime="2026-11-22T22:10:12.123Z"),
    )
    t(
        "no duration",
        "POST",
        base,
        {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": "n"},
            "spec": {"leaseDurationSeconds": 0},
        },
    )
    t(
        "put where nothing is",
        "PUT",
        base + "/p",
        {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": "p"},
            "spec": {"holderIdentity": "x"},
        },
    )
    t(
        "apply holder",
        "PATCH",
        base + "/a?fieldManager=one",
        {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": "a"},
            "spec": {"holderIdentity": "one"},
        },
        APPLY,
    )
    t(
        "apply by another",
        "PATCH",
        base + "/a?fieldManager=two",
        {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": "a"},
            "spec": {"holderIdentity": "two"},
        },
        APPLY,
    )


def events(t):
    base = f"/apis/events.k8s.io/v1/namespaces/{t.ns}/events"

    def event(name, **more):
        return {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"name": name},
            "eventTime": "2026-11-22T22:10:02.000000Z",
            "type": "Normal",
            "reason": "KeyRotated",
            "action": "Rotate",
            "reportingController": "keyrot.dev/kubectl-keyrot",
            "reportingInstance": "host",
            "note": "done",
            "regarding": {
                "apiVersion": "v1",
                "kind": "Secret",
                "namespace": t.ns,
                "name": "s",
            },
        } | more

    t("create", "POST", base + "?fieldManager=keyrot", event("e.1"))
    t("read by the other group", "GET", t.base + "/events/e.1")
    for label, more in (
        ("no reason", {"reason": ""}),
        ("no action", {"action": ""}),
        ("no controller", {"reportingController": ""}),
        ("odd controller", {"reportingController": "a b"}),
        ("no instance", {"reportingInstance": ""}),
        ("bad type", {"type": "Odd"}),
        ("long note", {"note": "x" * 1025}),
        ("short time", {"eventTime": "2026-11-22T22:10:02Z"}),
        ("old count", {"deprecatedCount": 1}),
    ):
        t(label, "POST", base, event("e.2", **more))
    t(
        "about nothing",
        "POST",
        base,
        {k: v for k, v in event("e.3").items() if k != "regarding"},
    )
    t(
        "core",
        "POST",
        t.base + "/events",
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": "c.1"},
            "involvedObject": {
                "kind": "Secret",
                "namespace": t.ns,
                "name": "s",
            },
            "reason": "R",
            "message": "m",
            "type": "Normal",
        },
    )
    t(
        "by object",
        "GET",
        t.base
        + "/events?fieldSelector=involvedObject.name%3Ds,involvedObject.kind%3DSecret",
        accept=META_LIST,
    )


def reviews(t):
    def access(**attributes):
        return {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {"namespace": t.ns} | attributes},
        }

    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    t(
        "allowed",
        "POST",
        path,
        access(verb="patch", resource="secrets", name="s"),
        quiet=True,
    )
    t.note("allowed", [t.status, t.body["status"]["allowed"], t.body["kind"]])
    t(
        "",
        "POST",
        "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": t.ns},
        },
        quiet=True,
    )
    t.note("rules", [t.status, sorted(t.body["status"])])
    t(
        "who",
        "POST",
        "/apis/authentication.k8s.io/v1/selfsubjectreviews",
        {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "SelfSubjectReview",
        },
        quiet=True,
    )
    t.note(
        "who",
        [
            t.status,
            t.body["status"]["userInfo"]["username"],
            sorted(t.body["status"]["userInfo"]["groups"]),
        ],
    )
    t("get", "GET", path)


def paths(t):
    t("no group", "GET", "/apis/nothing.example/v1/things")
    t("no resource", "GET", "/api/v1/things")
    t("no resource in a namespace", "GET", t.base + "/things/x")
    t("root", "GET", "/nothing")
    t("no version", "GET", "/apis/apps/v9/deployments")
    t("subresource", "GET", t.base + "/secrets/s/nothing")
    t("ready", "GET", "/readyz")
    t("namespace", "GET", "/api/v1/namespaces/" + t.ns)
    t(
        "kube-system",
        "GET",
        "/api/v1/namespaces/kube-system",
        accept=META,
        quiet=True,
    )
    t.note("kube-system has a uid", bool(HEX_UID.search(t.text)))
    t("no namespace", "GET", "/api/v1/namespaces/absent")


CASES = [leases, events, reviews, paths]
