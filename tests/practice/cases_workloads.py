"""Workloads, pods and logs."""

import json
import time

from talk import MERGE, STAMP, STRATEGIC, secret


def template(**annotations):
    return {
        "metadata": {"labels": {"app": "d"}}
        | ({"annotations": annotations} if annotations else {}),
        "spec": {
            "containers": [
                {
                    "name": "app",
                    "image": "registry.example/app:1",
                    "ports": [{"containerPort": 8080}],
                    "env": [
                        {
                            "name": "K",
                            "valueFrom": {
                                "secretKeyRef": {"name": "s", "key": "K"}
                            },
                        }
                    ],
                }
            ],
            "terminationGracePeriodSeconds": 1,
        },
    }


def workload(kind, name="d", **spec):
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": {"app": "d"}},
            "template": template(),
        }
        | spec,
    }


def restart(stamp, kind="deployments", name="d"):
    return {
        "spec": {
            "template": {
                "metadata": {
                    "annotations": {"kubectl.kubernetes.io/restartedAt": stamp}
                }
            }
        }
    }


def rolled_out(body):
    status, spec = body.get("status", {}), body["spec"]
    want = spec.get("replicas", 1)
    return (
        status.get("observedGeneration") == body["metadata"]["generation"]
        and status.get("updatedReplicas", 0) == want
        and status.get("replicas", 0) == want
        and status.get("availableReplicas", 0) == want
        and not status.get("terminatingReplicas")
    )


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


def deployments(t):
    d = t.apps + "/deployments"
    t("", "POST", t.base + "/secrets", secret(data={"K": "v"}), quiet=True)
    t(
        "create",
        "POST",
        d + "?fieldManager=kubectl-create",
        workload("Deployment", replicas=2),
    )
    t(
        "no selector",
        "POST",
        d,
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "x"},
            "spec": {"template": template()},
        },
    )
    t(
        "other labels",
        "POST",
        d,
        workload("Deployment", "x", selector={"matchLabels": {"app": "y"}}),
    )
    done = t.wait(d + "/d", rolled_out)
    t.note("rolled out", t.plain(shape(done)))
    generation = done["metadata"]["generation"]
    t(
        "restart",
        "PATCH",
        d + "/d?fieldManager=kubectl-rollout",
        restart("2026-11-22T10:00:00Z"),
        STRATEGIC,
        quiet=True,
    )
    t.note(
        "restart: generation grows by",
        t.body["metadata"]["generation"] - generation,
    )
    owners = {
        m["manager"]: m["fieldsV1"]
        for m in t.body["metadata"]["managedFields"]
    }
    t.note("restart: owns", owners.get("kubectl-rollout"))
    version = t.rv()
    t(
        "restart again",
        "PATCH",
        d + "/d?fieldManager=kubectl-rollout",
        restart("2026-11-22T10:00:00Z"),
        STRATEGIC,
        quiet=True,
    )
    t.note(
        "same again: generation grows by",
        t.body["metadata"]["generation"] - generation,
    )
    done = t.wait(d + "/d", rolled_out)
    t.note("restarted", t.plain(shape(done)))
    generation = done["metadata"]["generation"]
    t(
        "annotate",
        "PATCH",
        d + "/d",
        {"metadata": {"annotations": {"a": "b"}}},
        MERGE,
        quiet=True,
    )
    t.note(
        "annotation: generation grows by",
        t.body["metadata"]["generation"] - generation,
    )
    generation = t.body["metadata"]["generation"]
    t(
        "label",
        "PATCH",
        d + "/d",
        {"metadata": {"labels": {"a": "b"}}},
        MERGE,
        quiet=True,
    )
    t.note(
        "label: generation grows by",
        t.body["metadata"]["generation"] - generation,
    )
    sets = t(
        "", "GET", t.apps + "/replicasets?labelSelector=app%3Dd", quiet=True
    )["items"]
    sets.sort(
        key=lambda s: s["metadata"]["annotations"][
            "deployment.kubernetes.io/revision"
        ]
    )
    t.note("sets", len(sets))
    newest = sets[-1]
    t.names[newest["metadata"]["labels"]["pod-template-hash"]] = "<hash>"
    t.note("newest set", t.plain(shape(newest)))
    t.note(
        "old set",
        [sets[0]["spec"]["replicas"], sets[0]["status"].get("replicas", 0)],
    )
    pods = t("", "GET", t.base + "/pods?labelSelector=app%3Dd", quiet=True)[
        "items"
    ]
    t.note("pods", len(pods))
    pod = pods[0]
    t.names = {pod["metadata"]["name"]: "<pod>"} | t.names
    t.note(
        "pod metadata",
        t.plain(
            {
                k: v
                for k, v in pod["metadata"].items()
                if k not in ("managedFields", "generateName", "generation")
            }
        ),
    )
    status = pod["status"]
    t.note(
        "pod status",
        [
            status["phase"],
            sorted(
                [c["type"], c["status"]]
                for c in status["conditions"]
                if c["type"]
                in ("Ready", "ContainersReady", "Initialized", "PodScheduled")
            ),
            [
                [c["name"], c["ready"], c["restartCount"], sorted(c["state"])]
                for c in status["containerStatuses"]
            ],
        ],
    )
    t(
        "selector is fixed",
        "PATCH",
        d + "/d",
        {"spec": {"selector": {"matchLabels": {"app": "z"}}}},
        MERGE,
    )
    t("scale", "GET", d + "/d/scale")
    t("scale to 0", "PATCH", d + "/d/scale", {"spec": {"replicas": 0}}, MERGE)
    done = t.wait(d + "/d", rolled_out)
    t.note("at 0", t.plain(shape(done)))
    t(
        "status cannot be set here",
        "PATCH",
        d + "/d",
        {"status": {"replicas": 9}},
        MERGE,
        quiet=True,
    )
    t.note("status kept", t.body["status"].get("replicas", 0))
    t("delete", "DELETE", d + "/d")
    t("gone", "GET", d + "/d")


def deployments_stuck(t):
    """A pod that never gets ready; paused; Recreate."""
    d = t.apps + "/deployments"
    t("", "POST", t.base + "/secrets", secret(data={"K": "v"}), quiet=True)
    stuck = workload(
        "Deployment", "stuck", replicas=1, progressDeadlineSeconds=2
    )
    stuck["spec"]["template"] = template(
        **{"test.keyrot.dev/pod": "never-ready"}
    )
    t("", "POST", d, stuck, quiet=True)
    body = t.wait(
        d + "/stuck",
        lambda b: any(
            c.get("reason") == "ProgressDeadlineExceeded"
            for c in b.get("status", {}).get("conditions", [])
        )
        and b["status"].get("updatedReplicas") == 1,
    )
    t.note("deadline", t.plain(shape(body)))
    paused = workload(
        "Deployment",
        "paused",
        replicas=1,
        paused=True,
        selector={"matchLabels": {"app": "d"}},
    )
    t("", "POST", d, paused, quiet=True)
    body = t.wait(
        d + "/paused",
        lambda b: b.get("status", {}).get("observedGeneration") == 1,
    )
    t.note(
        "paused has",
        [
            body["status"].get("replicas", 0),
            body["status"].get("updatedReplicas", 0),
        ],
    )


def statefulsets(t):
    s = t.apps + "/statefulsets"
    t("", "POST", t.base + "/secrets", secret(data={"K": "v"}), quiet=True)
    t(
        "create",
        "POST",
        s + "?fieldManager=m",
        workload("StatefulSet", replicas=2, serviceName="d"),
    )

    def done(body):
        st = body.get("status", {})
        return (
            st.get("observedGeneration") == body["metadata"]["generation"]
            and st.get("readyReplicas") == 2
            and st.get("updateRevision") == st.get("currentRevision")
        )

    body = t.wait(s + "/d", done)

    def hashes(b):
        for key in ("currentRevision", "updateRevision"):
            t.names[b["status"][key]] = "<" + key + ">"

    hashes(body)
    t.note("ready", t.plain(shape(body)))
    t(
        "partition",
        "PATCH",
        s + "/d",
        {"spec": {"updateStrategy": {"rollingUpdate": {"partition": 1}}}},
        MERGE,
        quiet=True,
    )
    t(
        "restart",
        "PATCH",
        s + "/d",
        restart("2026-11-22T10:00:00Z"),
        STRATEGIC,
        quiet=True,
    )
    body = t.wait(
        s + "/d",
        lambda b: b["status"].get("updatedReplicas") == 1
        and b["status"].get("readyReplicas") == 2
        and b["status"]["observedGeneration"] == b["metadata"]["generation"]
        and b["status"].get("currentReplicas") == 1,
    )
    t.names.clear()
    t.names[t.ns] = "<ns>"
    hashes(body)
    t.note("partition", t.plain(shape(body)))
    pods = t("", "GET", t.base + "/pods?labelSelector=app%3Dd", quiet=True)[
        "items"
    ]
    t.note(
        "pods",
        [
            t.plain([p["metadata"]["name"], p["metadata"]["labels"]])
            for p in pods
        ],
    )
    t(
        "on delete",
        "PATCH",
        s + "/d",
        {
            "spec": {
                "updateStrategy": {"type": "OnDelete", "rollingUpdate": None}
            }
        },
        MERGE,
        quiet=True,
    )
    t(
        "restart",
        "PATCH",
        s + "/d",
        restart("2026-11-22T10:00:01Z"),
        STRATEGIC,
        quiet=True,
    )
    body = t.wait(
        s + "/d",
        lambda b: b["status"]["observedGeneration"]
        == b["metadata"]["generation"],
    )
    t.note(
        "on delete",
        [
            body["status"].get(k, 0)
            for k in (
                "replicas",
                "readyReplicas",
                "updatedReplicas",
                "currentReplicas",
            )
        ],
    )


def daemonsets(t):
    s = t.apps + "/daemonsets"
    t("", "POST", t.base + "/secrets", secret(data={"K": "v"}), quiet=True)
    t("create", "POST", s + "?fieldManager=m", workload("DaemonSet"))

    def done(b):
        st = b.get("status", {})
        return (
            st.get("observedGeneration") == b["metadata"]["generation"]
            and st["desiredNumberScheduled"] > 0
            and st["desiredNumberScheduled"]
            == st.get("updatedNumberScheduled")
            == st.get("numberAvailable")
        )

    t.wait(s + "/d", done)
    t(
        "restart",
        "PATCH",
        s + "/d",
        restart("2026-11-22T10:00:00Z"),
        STRATEGIC,
        quiet=True,
    )
    body = t.wait(s + "/d", done)
    count = body["status"]["desiredNumberScheduled"]
    t.note(
        "restarted",
        [
            {
                k: v == count
                for k, v in sorted(body["status"].items())
                if k != "observedGeneration"
            },
            body["status"]["observedGeneration"],
            body["metadata"]["generation"],
        ],
    )
    pods = t("", "GET", t.base + "/pods?labelSelector=app%3Dd", quiet=True)[
        "items"
    ]
    t.note("pod labels", sorted(pods[0]["metadata"]["labels"]))
    t.note(
        "owner",
        [
            pods[0]["metadata"]["ownerReferences"][0][k]
            for k in ("kind", "name", "controller")
        ],
    )


def batch(t):
    t("", "POST", t.base + "/secrets", secret(data={"K": "v"}), quiet=True)
    pod = template()
    pod["metadata"].pop("labels")
    pod["spec"]["restartPolicy"] = "Never"
    jobs = f"/apis/batch/v1/namespaces/{t.ns}/jobs"
    t(
        "",
        "POST",
        jobs,
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "j"},
            "spec": {"template": pod},
        },
        quiet=True,
    )
    body = t.wait(
        jobs + "/j",
        lambda b: b.get("status", {}).get("succeeded") == 1
        and b["status"].get("completionTime"),
    )
    t.note(
        "job",
        t.plain(
            {
                k: v
                for k, v in shape(body)["status"].items()
                if k in ("succeeded", "failed")
            }
        ),
    )
    t.note(
        "complete",
        any(
            c["type"] == "Complete" and c["status"] == "True"
            for c in body["status"]["conditions"]
        ),
    )
    crons = f"/apis/batch/v1/namespaces/{t.ns}/cronjobs"
    t(
        "cron job",
        "POST",
        crons + "?fieldManager=m",
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {"name": "c"},
            "spec": {
                "schedule": "0 0 1 1 *",
                "jobTemplate": {"spec": {"template": pod}},
            },
        },
    )


def pod_logs(t):
    p = t.base + "/pods"
    t(
        "no secret yet",
        "POST",
        t.apps + "/deployments",
        workload("Deployment", replicas=1),
        quiet=True,
    )
    t.wait(
        t.apps + "/deployments/d",
        lambda b: b.get("status", {}).get("replicas") == 1,
    )
    t("", "POST", t.base + "/secrets", secret(data={"K": "v"}), quiet=True)
    t.wait(t.apps + "/deployments/d", rolled_out)
    pods = t("", "GET", p + "?labelSelector=app%3Dd", quiet=True)["items"]
    name = pods[0]["metadata"]["name"]
    t.names[name] = "<pod>"
    t("log", "GET", f"{p}/{name}/log", quiet=True)
    t.note("log", [t.status, "encryption self-test ok" in t.text])
    t("tail", "GET", f"{p}/{name}/log?tailLines=1", quiet=True)
    t.note("one line", t.text.count("\n"))
    t(
        "stamps",
        "GET",
        f"{p}/{name}/log?tailLines=1&timestamps=true",
        quiet=True,
    )
    t.note("stamped", bool(STAMP.match(t.text.split(" ")[0])))
    t(
        "container",
        "GET",
        f"{p}/{name}/log?container=app&tailLines=0",
        quiet=True,
    )
    t.note("container", [t.status, t.text])
    t("wrong container", "GET", f"{p}/{name}/log?container=x")
    t(
        "both since",
        "GET",
        f"{p}/{name}/log?sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z",
    )
    t("bad since", "GET", f"{p}/{name}/log?sinceSeconds=0")
    t("bad tail", "GET", f"{p}/{name}/log?tailLines=-1")
    t("no pod", "GET", f"{p}/absent/log")


def quotas(t):
    """An object too many; a ReplicaSet that may not make its pods."""
    q = t.base + "/resourcequotas"
    hard = {"secrets": "1", "pods": "1"}
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "few"},
        "spec": {"hard": hard},
    }
    t("", "POST", q, quota, quiet=True)
    status = {"status": {"hard": hard, "used": {"secrets": "0", "pods": "0"}}}
    t("status", "PATCH", q + "/few/status", status, MERGE, quiet=True)
    t.note("status", [t.status, t.body["status"]["hard"]])
    time.sleep(1)
    t(
        "first",
        "POST",
        t.base + "/secrets",
        secret(data={"K": "v"}),
        quiet=True,
    )
    t.note("first", t.status)
    t("second", "POST", t.base + "/secrets", secret("s2", {"K": "v"}))
    t.apply("second, applied", secret("s2", {"K": "v"}), name="s2")
    t.apply(
        "second, dry run",
        secret("s2", {"K": "v"}),
        name="s2",
        query="&dryRun=All",
    )
    t.apply("the first may change", secret(data={"L": "v"}), quiet=True)
    t.note("the first may change", t.status)
    d = t.apps + "/deployments"
    t("", "POST", d, workload("Deployment", replicas=2), quiet=True)
    body = t.wait(
        d + "/d",
        lambda b: failing(b) and b["status"].get("availableReplicas") == 1,
    )
    t.note("deployment", t.plain(shape(body)))
    sets = t("", "GET", t.apps + "/replicasets", quiet=True)["items"]
    t.note("replica set", t.plain(shape(sets[0])["status"]))


def failing(body):
    return any(
        c["type"] == "ReplicaFailure"
        for c in body.get("status", {}).get("conditions", [])
    )


CASES = [
    deployments,
    deployments_stuck,
    statefulsets,
    daemonsets,
    batch,
    pod_logs,
    quotas,
]
