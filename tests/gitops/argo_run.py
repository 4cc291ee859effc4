"""Requests in Git carried out where Argo CD itself is at work."""

import base64
import os

import yaml

import realargo
from stand import (ENTRY, SECRET, Repository, check, clusters, fingerprint,
                   new_key, until)

STAGING, PRODUCTION = "aether-staging", "aether-production"
REFUSED, GATE = 3, 6
QUICK = {"verify": {"within": "100ms"}}
APPS = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications"
MERGE = "application/merge-patch+json"


class Fleet:
    """Two clusters, and Argo CD in the first: made once."""

    one = None

    def __init__(self):
        self.number = 0
        self.fleet = clusters.Real()
        try:
            self.argo = realargo.ArgoCD(
                self.api(STAGING),
                os.path.join(self.fleet.folder, "infra.kubeconfig"), STAGING)
        except BaseException:
            self.fleet.down()
            raise

    def api(self, context):
        return self.fleet.cluster(context).api()

    @classmethod
    def get(cls):
        if not cls.one:
            cls.one = cls()
        return cls.one


def close():
    """By run.py, at the end."""
    if Fleet.one:
        Fleet.one.argo.down()
        Fleet.one.fleet.down()
        Fleet.one = None


class Stand(Repository):
    """A namespace in both clusters; its manifests below deploy/ of a repository,
    which an Application of its own follows."""

    def __init__(self, words=(), argocd=None):
        super().__init__()
        self.fleet = Fleet.get()
        self.fleet.number += 1
        self.ns = self.app = "argo-%d" % self.fleet.number
        self.api = self.fleet.api(STAGING)
        self.env["KUBECONFIG"] = self.fleet.fleet.kubeconfig
        self.followed = False
        self.old = new_key()
        for context in (STAGING, PRODUCTION):
            clusters.make_fixture(self.fleet.fleet.cluster(context), self.ns,
                                  list(words), self.old.encode())
        self.bare = os.path.join(self.home, "bare.git")
        self.git("init", "-q", "--bare", "-b", "main", self.bare)
        self.git("remote", "add", "origin", self.bare)
        self.config(
            environments=[
                dict(QUICK, name="staging", targets=[
                    {"context": STAGING, "namespace": self.ns}]),
                dict(QUICK, name="production", requires="staging", targets=[
                    {"context": PRODUCTION, "namespace": self.ns}])],
            argocd=dict({"context": STAGING, "timeout": "180s",
                         "applications": [{"name": self.app}]},
                        **(argocd or {})))
        self.push("configured")

    def __exit__(self, *more):
        if self.followed:
            self.api.text("DELETE", APPS + "/" + self.app)
        super().__exit__(*more)

    def push(self, message):
        self.commit(message)
        self.git("push", "-q", "origin", "main")
        return self.git("rev-parse", "HEAD")

    def follow(self, options=("ServerSideApply=true",), **policy):
        """The Application, from now on."""
        self.followed = True
        self.api.call("POST", APPS, {
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
            "metadata": {"name": self.app, "namespace": "argocd"},
            "spec": {
                "project": "default",
                "source": {"repoURL": "file://" + self.bare,
                           "targetRevision": "main", "path": "deploy"},
                "destination": {"server": realargo.SERVER,
                                "namespace": self.ns},
                "syncPolicy": dict({"syncOptions": list(options)},
                                   **policy)}})

    def application(self):
        return self.api.get(APPS + "/" + self.app)

    def patch_application(self, body):
        self.api.call("PATCH", APPS + "/" + self.app, body, MERGE)

    def status(self):
        status = self.application().get("status", {})
        return (status.get("sync", {}).get("status"),
                status.get("health", {}).get("status"),
                status.get("operationState", {}).get("phase"))

    def wait(self, *want, limit_s=120):
        """For sync, health and the last operation."""
        try:
            until(lambda: self.status()[:len(want)] == want, want, limit_s)
        except AssertionError:
            raise AssertionError("%s, not %s: %s" % (
                self.status(), want,
                self.application().get("status"))) from None

    def refresh(self):
        """Argo CD looks at Git and the cluster now."""
        self.patch_application({"metadata": {"annotations": {
            "argocd.argoproj.io/refresh": "normal"}}})
        until(lambda: "argocd.argoproj.io/refresh" not in
              self.application()["metadata"].get("annotations", {}),
              "refreshed", 60)

    def sync(self):
        """As the Application has it now."""
        options = self.application()["spec"]["syncPolicy"]["syncOptions"]
        mark = [{"name": "test", "value": os.urandom(4).hex()}]
        self.patch_application({"operation": {
            "info": mark, "sync": {"syncOptions": options}}})

        def done():
            state = self.application()["status"].get("operationState", {})
            return (state.get("operation", {}).get("info") == mark
                    and state.get("phase") == "Succeeded")

        until(done, "synced", 60)

    def secret(self, context=STAGING):
        return self.fleet.api(context).get(
            "/api/v1/namespaces/%s/secrets/%s" % (self.ns, SECRET))

    def live(self, context=STAGING):
        data = self.secret(context).get("data", {}).get(ENTRY)
        return data and base64.b64decode(data).decode()

    def owners(self):
        """Who owns the entry, by the API server's record."""
        return sorted(
            "%s %s" % (item["manager"], item["operation"])
            for item in self.secret()["metadata"]["managedFields"]
            if "f:" + ENTRY in item["fieldsV1"].get("f:data", {}))

    def manifest(self, *words):
        done = self.run("gitops", "manifest", *words)
        check(done.returncode == 0, done.stderr)
        return done.stdout

    def ask(self):
        code, document, told = self.json("gitops", "request", "--reason",
                                         "quarterly")
        check(code == 0, told, document)
        self.git("merge", "-q", "--no-ff", "-m", "merge", document["branch"])
        self.git("push", "-q", "origin", "main")
        return document

    def run_request(self, *words):
        """Asked for, merged, carried out."""
        asked = self.ask()
        code, document, told = self.json("gitops", "run", *words)
        check(self.old not in told + str(document), "never shown")
        return asked, code, document, told

    def adopt(self, **policy):
        """As docs/gitops.md says: rotated once, then the manifest without the
        key, and the Application's options as they are printed."""
        done = self.run("rotate", "--yes")
        check(done.returncode == 0, done.stderr)
        self.write("deploy/secret-%s.yaml" % SECRET, self.manifest())
        self.push("manifest")
        code, document, told = self.json("gitops", "check")
        check(code == 0 and not [w for w in document["warnings"]
                                 if "take it away" in w], told, document)
        printed = yaml.safe_load(self.manifest("application"))["spec"]
        self.follow(printed["syncPolicy"]["syncOptions"], **policy)


HEALS = {"automated": {"selfHeal": True}}


def test_self_heal_leaves_the_key():
    """Rotation after rotation, with the other entry of the Secret untouched."""
    with Stand() as stand:
        path = "/api/v1/namespaces/%s/secrets/%s" % (stand.ns, SECRET)
        other = base64.b64encode(b"another entry").decode()
        stand.api.call("PATCH", path
                       + "?fieldManager=kubectl-client-side-apply",
                       {"data": {"OTHER": other}}, MERGE)
        stand.adopt(**HEALS)
        stand.wait("Synced", "Healthy", "Succeeded")
        keys = [stand.live()]
        for _ in range(2):
            asked, code, document, told = stand.run_request()
            check(code == 0, told, document)
            app, = document["applications"]
            check(app["sync"] == "Synced" and app["health"] == "Healthy"
                  and app["selfHeal"], app)
            stand.refresh()
            stand.refresh()
            keys.append(stand.live())
            check(fingerprint(keys[-1])
                  == document["targets"][0]["fingerprint"], document)
            check(stand.status()[:2] == ("Synced", "Healthy"), stand.status())
            check(stand.owners() == ["keyrot.%s Apply" % ENTRY],
                  stand.owners())
        check(len(set(keys)) == 3, "three keys")
        # Self-heal is at work: what stands in Git is put back.
        note = "argocd.argoproj.io/sync-options"
        before = stand.secret()["metadata"]["annotations"][note]
        stand.api.call("PATCH", path, {"metadata": {"annotations": {
            note: "Prune=false"}}}, MERGE)
        until(lambda: stand.secret()["metadata"]["annotations"][note]
              == before, "put back", 60)
        check(stand.live() == keys[-1], "and the key is the same")
        secret = stand.secret()
        check(secret["data"]["OTHER"] == other, "the other entry")
        notes = str(secret["metadata"]["annotations"])
        check(not any(base64.b64encode(key.encode()).decode() in notes
                      for key in keys), "no key in an annotation")


def test_git_has_the_key():
    """Refused before anything is changed, by what this repository has, by whose
    the entry is; and seen where it was taken all the same."""
    with Stand() as stand:
        stand.write("deploy/secret-%s.yaml" % SECRET, (
            "apiVersion: v1\nkind: Secret\nmetadata: {name: %s, namespace: %s}\n"
            "data: {%s: %s}\n") % (SECRET, stand.ns, ENTRY, base64.b64encode(
                stand.old.encode()).decode()))
        stand.push("manifest")
        stand.follow(**HEALS)
        stand.wait("Synced", "Healthy", "Succeeded")
        both = [stand.old, stand.old]
        asked, code, document, told = stand.run_request()
        check(code == REFUSED and document["reason"] == "SelfHealReverts"
              and not document["ran"], told, document)
        check([stand.live(), stand.live(PRODUCTION)] == both, "as it was")
        # Argo CD has it from a branch that is not looked at.
        stand.git("push", "-q", "origin", "main:other")
        stand.patch_application({"spec": {"source": {
            "targetRevision": "other"}}})
        stand.git("rm", "-q", "-r", "deploy")
        stand.push("not here")
        stand.refresh()
        code, document, told = stand.json("gitops", "run")
        check(code == REFUSED and document["reason"] == "FieldOwned"
              and "argocd-controller" in document["message"], told, document)
        check([stand.live(), stand.live(PRODUCTION)] == both, "as it was")
        # Self-heal would be in the midst of the rotation: now it is the sync.
        stand.patch_application({"spec": {"syncPolicy": {"automated": None}}})
        code, document, told = stand.json(
            "gitops", "run", "--take-ownership=argocd-controller")
        check(code == GATE and document["reason"] == "KeyReverted"
              and STAGING in document["message"], told, document)
        check("again" in document["targets"][0]["state"], document)
        check(stand.live() == stand.old, "put back")


def test_first_sync_takes_what_kubectl_apply_wrote():
    """Why docs/gitops.md and the manifest want a rotation before it."""
    with Stand() as stand:
        manifest = stand.manifest()
        check("Rotate once before its first" in manifest, manifest)
        stand.write("deploy/secret-%s.yaml" % SECRET, manifest)
        stand.push("manifest")
        check(stand.owners() == ["kubectl-client-side-apply Update"],
              stand.owners())
        code, document, told = stand.json("gitops", "check")
        check(code == 0 and [w for w in document["warnings"]
                             if "would take it away" in w], told, document)
        stand.follow(**HEALS)
        stand.wait("Synced", "Healthy", "Succeeded")
        check(stand.live() is None, "the key is gone")


def test_from_a_manifest_with_the_key():
    """The way of docs/gitops.md; Argo CD applied it as it does unasked, with
    what it applied in an annotation."""
    with Stand() as stand:
        name = "deploy/secret-%s.yaml" % SECRET
        stand.write(name, (
            "apiVersion: v1\nkind: Secret\nmetadata: {name: %s, namespace: %s}\n"
            "data: {%s: %s}\n") % (SECRET, stand.ns, ENTRY, base64.b64encode(
                stand.old.encode()).decode()))
        stand.push("manifest")
        stand.follow(options=(), **HEALS)
        stand.wait("Synced", "Healthy", "Succeeded")
        stand.patch_application({"spec": {"syncPolicy": {"automated": None}}})
        done = stand.run("rotate", "--yes",
                         "--take-ownership=argocd-controller")
        check(done.returncode == 0, done.stderr)
        key = stand.live()
        check(key != stand.old, "rotated")
        stand.write(name, stand.manifest())
        commit = stand.push("without the key")
        # Argo CD remembers for minutes what a branch pointed to.
        stand.refresh()
        check(stand.application()["status"]["sync"]["revision"] == commit,
              "the newest commit is known")
        spec = yaml.safe_load(stand.manifest("application"))["spec"]
        spec["syncPolicy"].update(HEALS)
        stand.patch_application({"spec": spec})
        stand.refresh()
        stand.wait("Synced", "Healthy", "Succeeded")
        stand.refresh()
        check(stand.live() == key, "the key stays")
        check(stand.owners() == ["keyrot.%s Apply" % ENTRY], stand.owners())
        asked, code, document, told = stand.run_request()
        check(code == 0 and stand.live() not in (key, stand.old), told,
              document)


def test_respected_differences_make_an_owner():
    """Warned of, refused, and mended as docs/gitops.md says."""
    with Stand() as stand:
        stand.adopt(**HEALS)
        stand.wait("Synced", "Healthy", "Succeeded")
        key, options = stand.live(), stand.application()["spec"][
            "syncPolicy"]["syncOptions"]
        stand.patch_application({"spec": {
            "ignoreDifferences": [{"kind": "Secret", "group": "",
                                   "jsonPointers": ["/data/" + ENTRY]}],
            "syncPolicy": {"syncOptions": options + [
                "RespectIgnoreDifferences=true"]}}})
        stand.sync()
        check("argocd-controller Apply" in stand.owners(), stand.owners())
        asked, code, document, told = stand.run_request()
        check(code == REFUSED and document["reason"] == "FieldOwned"
              and "RespectIgnoreDifferences" in str(document["warnings"]),
              told, document)
        stand.patch_application({"spec": {
            "ignoreDifferences": None,
            "syncPolicy": {"syncOptions": options}}})
        stand.sync()
        check(stand.live() == key and stand.owners()
              == ["keyrot.%s Apply" % ENTRY], stand.owners())
        code, document, told = stand.json("gitops", "run", asked["request"])
        check(code == 0 and stand.live() != key, told, document)


def test_manual_sync():
    """Asked for by the resource alone, once, to the newest commit."""
    with Stand() as stand:
        stand.adopt()
        stand.wait("OutOfSync")
        asked, code, document, told = stand.run_request()
        check(code == 0, told, document)
        app, = document["applications"]
        check(app["asked"] and app["sync"] == "Synced" and not app["selfHeal"]
              and app["operation"] == "Succeeded", app)
        status = stand.application()["status"]
        check(status["sync"]["revision"] == stand.git("rev-parse", "HEAD")
              == status["operationState"]["syncResult"]["revision"], status)
        operation = status["operationState"]["operation"]
        check(operation["info"] == [{"name": "keyrot.dev/rotation",
                                     "value": asked["rotation"]}]
              and operation["initiatedBy"] == {"username": "keyrot"}
              and "ServerSideApply=true" in operation["sync"]["syncOptions"],
              operation)
        key = stand.live()
        code, document, told = stand.json("gitops", "run", asked["request"])
        check(code == 0 and not document["ran"]
              and not document["applications"][0]["asked"], told, document)
        check(stand.application()["status"]["operationState"]["startedAt"]
              == status["operationState"]["startedAt"]
              and stand.live() == key, "nothing twice")


def test_sync_that_fails():
    """A manifest that the API server refuses."""
    with Stand() as stand:
        stand.adopt()
        stand.write("deploy/bad.yaml", (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Not_A_Name}\n"))
        stand.push("bad")
        asked, code, document, told = stand.run_request()
        check(code == GATE and document["reason"] == "SyncFailed", told,
              document)
        key = stand.live()
        check(fingerprint(key) == document["targets"][0]["fingerprint"],
              "the key is there")
        stand.git("rm", "-q", "deploy/bad.yaml")
        stand.push("mended")
        stand.patch_application({"operation": {"sync": {}}})
        stand.wait("Synced", "Healthy", "Succeeded")
        code, document, told = stand.json("gitops", "run", asked["request"])
        check(code == 0 and stand.live() == key, told, document)


def test_refresh():
    """With automated sync, looking again is enough."""
    with Stand(argocd={"trigger": "refresh"}) as stand:
        stand.adopt(**HEALS)
        stand.wait("Synced", "Healthy", "Succeeded")
        stand.write("deploy/map.yaml", (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: newer}\n"))
        stand.push("newer")
        asked, code, document, told = stand.run_request()
        check(code == 0, told, document)
        status = stand.application()["status"]
        check(status["sync"]["revision"] == stand.git("rev-parse", "HEAD")
              and status["operationState"]["operation"]["initiatedBy"]
              == {"automated": True}, status)
        stand.api.get("/api/v1/namespaces/%s/configmaps/newer" % stand.ns)
