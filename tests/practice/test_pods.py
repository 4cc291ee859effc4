"""What pods do, told by annotations."""

import base64
import hashlib
import time

from harness import CLUSTER, Case, DEPLOYMENT, NOTE, SECRET, SERVER, SPACE


class Pods(Case):
    def restart(self, stamp="2026-11-22T10:00:00Z", **notes):
        if notes:
            self.patch(
                DEPLOYMENT,
                {
                    "metadata": {
                        "annotations": {
                            NOTE + k.replace("_", "-"): v
                            for k, v in notes.items()
                        }
                    }
                },
            )
        self.patch(
            DEPLOYMENT,
            {
                "spec": {
                    "template": {
                        "metadata": {
                            "annotations": {
                                "kubectl.kubernetes.io/restartedAt": stamp
                            }
                        }
                    }
                }
            },
        )

    def waiting(self):
        return [
            c["state"]["waiting"]["reason"]
            for p in self.pods()
            for c in p["status"].get("containerStatuses", [])
            if "waiting" in c["state"]
        ]

    def test_pace(self):
        self.restart()
        start = time.monotonic()
        self.wait("rolled out", self.rolled_out)
        self.assertLess(time.monotonic() - start, 3)

    def rolled_out(self):
        body = self.get(DEPLOYMENT)[2]
        status = body["status"]
        return (
            status["observedGeneration"] == body["metadata"]["generation"]
            and status.get("updatedReplicas")
            == status.get("replicas")
            == status.get("availableReplicas")
            == 3
        )

    def test_availability_never_drops(self):
        """maxSurge and maxUnavailable of 25 % of 3 are one pod and none."""
        body = self.get(SPACE + "/pods")[2]
        version = body["metadata"]["resourceVersion"]
        live = {pod["metadata"]["name"] for pod in body["items"]}
        self.assertEqual(3, len(live))
        self.restart()
        self.wait("rolled out", self.rolled_out)
        counts = []
        for row in self.client.watch(
            f"{SPACE}/pods?watch=true&resourceVersion={version}"
            "&timeoutSeconds=1",
            10000,
        ):
            live.discard(row["object"]["metadata"]["name"])
            if row["type"] != "DELETED" and serving(row["object"]):
                live.add(row["object"]["metadata"]["name"])
            counts.append(len(live))
        self.assertEqual((3, 4), (min(counts), max(counts)))
        self.assertEqual(3, counts[-1])

    def test_crash(self):
        self.restart(next_pods="crash")
        self.wait("crashed", lambda: "CrashLoopBackOff" in self.waiting())
        pod = [
            p
            for p in self.pods()
            if p["status"]["containerStatuses"][0]["restartCount"]
        ][0]
        last = pod["status"]["containerStatuses"][0]["lastState"]["terminated"]
        self.assertEqual((1, "Error"), (last["exitCode"], last["reason"]))
        text = self.client.request(
            "GET", f"{SPACE}/pods/{pod['metadata']['name']}/log?previous=true"
        )[2]
        self.assertIn("invalid key", text)
        self.assertEqual(4, len(self.pods()))

    def test_other_failures(self):
        for word, reason in (
            ("image-pull", "ImagePullBackOff"),
            ("config-error", "CreateContainerConfigError"),
        ):
            SERVER.control("/reset", {})
            self.restart(next_pods=word)
            self.wait(word, lambda: reason in self.waiting())

    def test_unschedulable(self):
        self.restart(next_pods="unschedulable")
        self.wait(
            "condition",
            lambda: any(
                c.get("reason") == "Unschedulable"
                for p in self.pods()
                for c in p["status"].get("conditions", [])
            ),
        )
        name = [p for p in self.pods() if "nodeName" not in p["spec"]][0][
            "metadata"
        ]["name"]
        self.assertEqual(
            204, self.client.request("GET", f"{SPACE}/pods/{name}/log")[0]
        )

    def test_a_bad_key_crashes(self):
        self.restart(bad_fingerprint=hashlib.sha256(b"x").hexdigest()[:8])
        self.wait("rolled out", self.rolled_out)
        self.patch(SECRET, {"data": {"SECRET_ENCRYPTION_KEY": "eA=="}})
        self.restart("2026-11-22T10:00:01Z")
        self.wait("crashed", lambda: "CrashLoopBackOff" in self.waiting())

    def test_a_missing_key_waits_and_recovers(self):
        self.patch(
            SECRET, {"data": {"SECRET_ENCRYPTION_KEY": None, "OTHER": "eA=="}}
        )
        self.restart()
        self.wait(
            "config error",
            lambda: "CreateContainerConfigError" in self.waiting(),
        )
        self.patch(SECRET, {"data": {"SECRET_ENCRYPTION_KEY": "eA=="}})
        self.wait("recovered", self.rolled_out)

    def test_follow_ends_with_the_pod(self):
        name = self.pods()[0]["metadata"]["name"]
        connection = self.client.connect()
        connection.request(
            "GET",
            f"{SPACE}/pods/{name}/log?follow=true&tailLines=1",
            headers=self.client.headers,
        )
        reply = connection.getresponse()
        self.assertIn(b"listening", reply.readline())
        SERVER.control(
            "/log", {"cluster": CLUSTER, "pod": name, "line": "one more line"}
        )
        self.assertEqual(b"one more line\n", reply.readline())
        self.client.request("DELETE", f"{SPACE}/pods/{name}")
        self.assertEqual(b"", reply.read())
        connection.close()

    def test_keyed_log(self):
        body = self.get(DEPLOYMENT)[2]
        self.patch(
            DEPLOYMENT,
            {
                "spec": {
                    "template": {
                        "metadata": {"annotations": {NOTE + "log-key": "true"}}
                    }
                }
            },
        )
        self.wait("rolled out", self.rolled_out)
        key = base64.b64decode(
            self.get(SECRET)[2]["data"]["SECRET_ENCRYPTION_KEY"]
        ).decode()
        name = [
            p
            for p in self.pods()
            if "deletionTimestamp" not in p["metadata"]
            and p["metadata"]["annotations"]
        ][0]["metadata"]["name"]
        self.assertIn(
            key, self.client.request("GET", f"{SPACE}/pods/{name}/log")[2]
        )
        self.assertGreater(
            self.get(DEPLOYMENT)[2]["metadata"]["generation"],
            body["metadata"]["generation"],
        )


def serving(pod):
    ready = [
        condition["status"]
        for condition in pod["status"].get("conditions", [])
        if condition["type"] == "Ready"
    ]
    return "deletionTimestamp" not in pod["metadata"] and ready == ["True"]
