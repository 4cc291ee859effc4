"""Jobs of `gitops hook`, begun by Argo CD itself. Their pods are played: what
they are to run is run here, with the token of their own account."""

import json
import os
import subprocess
import threading

import yaml

import argo_run
from argo_run import MERGE, STAGING, Stand
from stand import check, until

JOBS = "/apis/batch/v1/namespaces/%s/jobs"


class Kubelet(threading.Thread):
    """Runs the container of each pod of a Job, once, and says how it ended."""

    def __init__(self, stand):
        super().__init__(daemon=True)
        self.stand, self.api = stand, stand.fleet.api(STAGING)
        self.ended, self.failure, self.ran = threading.Event(), None, []

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
            while not self.ended.wait(0.2):
                for pod in self.api.get("/api/v1/namespaces/%s/pods"
                                        % self.stand.ns)["items"]:
                    self.look(pod)
        except Exception as failure:  # noqa: BLE001
            self.failure = failure

    def look(self, pod):
        labels, name = pod["metadata"].get("labels", {}), pod["metadata"][
            "name"]
        if "batch.kubernetes.io/job-name" not in labels or \
                pod["status"].get("phase") != "Running":
            return
        code = self.execute(pod["spec"])
        self.ran.append((labels["batch.kubernetes.io/job-name"], code))
        state = {"terminated": {"exitCode": code, "reason": "Completed"}}
        self.api.call(
            "PATCH", "/api/v1/namespaces/%s/pods/%s/status"
            % (self.stand.ns, name),
            {"status": {"phase": "Failed" if code else "Succeeded",
                        "containerStatuses": [
                            dict(status, ready=False, state=state)
                            for status in pod["status"][
                                "containerStatuses"]]}}, MERGE)

    def execute(self, spec):
        token = self.api.call(
            "POST", "/api/v1/namespaces/%s/serviceaccounts/%s/token"
            % (self.stand.ns, spec["serviceAccountName"]),
            {"apiVersion": "authentication.k8s.io/v1",
             "kind": "TokenRequest", "spec": {}})["status"]["token"]
        path = os.path.join(self.stand.home, "account")
        with open(self.stand.env["KUBECONFIG"]) as file:
            clusters = json.load(file)["clusters"]
        with open(path, "w") as out:
            json.dump({
                "apiVersion": "v1", "kind": "Config", "clusters": clusters,
                "users": [{"name": "account", "user": {"token": token}}],
                "contexts": [{"name": "here", "context": {
                    "cluster": STAGING, "user": "account",
                    "namespace": self.stand.ns}}],
                "current-context": "here"}, out)
        container, = spec["containers"]
        words = container.get("command", []) + container.get("args", [])
        done = subprocess.run(
            [self.stand.program, *words[1:]], text=True, capture_output=True,
            env=dict(self.stand.env, KUBECONFIG=path), cwd=self.stand.home,
            stdin=subprocess.DEVNULL, timeout=60)
        self.said = done.stdout + done.stderr
        return done.returncode


def write_hooks(stand, *words):
    """As they are printed, but that their pods wait for the Kubelet above."""
    done = stand.run("gitops", "hook", *words, "--image", "registry.test/k:1")
    check(done.returncode == 0, done.stderr)
    hooks = list(yaml.safe_load_all(done.stdout))
    for item in hooks:
        if item["kind"] == "Job":
            item["spec"]["template"].setdefault("metadata", {}).setdefault(
                "annotations", {})["test.keyrot.dev/complete-after"] = "1h"
    stand.write("deploy/hooks.yaml", yaml.safe_dump_all(hooks))


def test_before_and_after_each_sync():
    with Stand() as stand, Kubelet(stand) as kubelet:
        write_hooks(stand)
        stand.adopt()
        stand.wait("OutOfSync")
        asked, code, document, told = stand.run_request()
        check(code == 0, told, document, kubelet.ran)
        check([(name.rpartition("-")[0].rpartition("-")[2], code)
               for name, code in kubelet.ran]
              == [("before", 0), ("after", 0)], kubelet.ran, kubelet.said)
        results = stand.application()["status"]["operationState"][
            "syncResult"]["resources"]
        hooks = {(r["kind"], r["hookType"], r["hookPhase"]) for r in results
                 if r.get("hookType")}
        check(("Job", "PreSync", "Succeeded") in hooks and
              ("Job", "PostSync", "Succeeded") in hooks, hooks)
        until(lambda: not stand.api.get(JOBS % stand.ns)["items"],
              "what succeeded is taken away")


def test_no_key_no_sync():
    """PreSync fails where the Secret is not there: nothing is synced."""
    with Stand() as stand, Kubelet(stand) as kubelet:
        write_hooks(stand, "PreSync")
        stand.adopt()
        stand.wait("OutOfSync")
        stand.api.text("DELETE", "/api/v1/namespaces/%s/secrets/%s"
                       % (stand.ns, argo_run.SECRET))
        stand.patch_application({"operation": {"sync": {}}})
        until(lambda: stand.status()[::2] == ("OutOfSync", "Failed"), "failed", 60)
        check(kubelet.ran and all(code for _, code in kubelet.ran),
              kubelet.ran)
        left = stand.api.get(JOBS % stand.ns)["items"]
        check(len(left) == 1, "it stays to be looked at")


close = argo_run.close
