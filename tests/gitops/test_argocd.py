"""Requests in Git, carried out once, with Argo CD in agreement; on practice
clusters, and (GITOPS_REAL=1) on real ones."""

import base64
import json
import os
import shutil
import tempfile

import argo
from stand import (ENTRY, NAMESPACE, SECRET, Repository, check, clusters,
                   fingerprint, new_key, until)

STAGING, PRODUCTION = "aether-staging", "aether-production"
REFUSED, GATE = 3, 6
QUICK = {"verify": {"within": "100ms"}}
SPARED = {"ignoreDifferences": [{
    "kind": "Secret", "name": SECRET,
    "jsonPointers": ["/data/" + ENTRY]}]}


class Fleet:
    """Clusters that serve Applications: made once, gone with the process."""

    one = None

    def __init__(self):
        self.real = bool(os.environ.get("GITOPS_REAL"))
        if self.real:
            self.fleet = clusters.Real()
        else:
            with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                json.dump({"kinds": [argo.KIND]}, file)
                file.flush()
                self.fleet = clusters.Practice(
                    ("--fast", "--scenario", file.name))
        self.number = 0
        api = self.api(STAGING)
        if self.real:
            api.call("POST", "/apis/apiextensions.k8s.io/v1/"
                     "customresourcedefinitions", argo.crd())
            until(self.served, "Applications are served")
        api.call("POST", "/api/v1/namespaces", {
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": "argocd"}})

    def served(self):
        try:
            return self.api(STAGING).get(argo.BASE % "default") is not None
        except Exception:  # noqa: BLE001
            return False

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
        Fleet.one.fleet.down()
        Fleet.one = None


class Stand(Repository):
    """A repository whose keyrot.yaml names a fresh namespace in both clusters,
    and an Application in the first."""

    def __init__(self, git=None, application=None, argocd=None, **behave):
        super().__init__()
        self.fleet = Fleet.get()
        self.fleet.number += 1
        self.ns = "gitops-%d" % self.fleet.number
        self.app = "app-%d" % self.fleet.number
        self.env["KUBECONFIG"] = self.fleet.fleet.kubeconfig
        self.old = new_key()
        for context in (STAGING, PRODUCTION):
            clusters.make_fixture(self.fleet.fleet.cluster(context), self.ns,
                                  [], self.old.encode())
        made = argo.application(self.app)
        made["spec"].update(application or {})
        self.api = self.fleet.api(STAGING)
        self.api.call("POST", argo.BASE % "argocd", made)
        self.config(
            environments=[
                dict(QUICK, name="staging", targets=[
                    {"context": STAGING, "namespace": self.ns}]),
                dict(QUICK, name="production", requires="staging", targets=[
                    {"context": PRODUCTION, "namespace": self.ns}])],
            argocd=dict({"context": STAGING, "timeout": "15s",
                         "applications": [{"name": self.app}]},
                        **(argocd or {})))
        self.commit("configured")
        self.controller = argo.Controller(
            self.fleet.api(STAGING), self.app, git=git, secret_ns=self.ns,
            subresource=not self.fleet.real, **behave)

    def __enter__(self):
        self.controller.__enter__()
        return self

    def __exit__(self, *more):
        self.controller.__exit__()
        super().__exit__(*more)

    def ask(self, *words):
        code, document, told = self.json("gitops", "request", "--reason",
                                         "quarterly", *words)
        check(code == 0, told, document)
        return document

    def merge(self, document):
        self.git("merge", "-q", "--no-ff", "-m", "merge",
                 document["branch"])

    def asked_and_merged(self):
        document = self.ask()
        self.merge(document)
        return document

    def live(self):
        found = []
        for context in (STAGING, PRODUCTION):
            secret = self.fleet.api(context).get(
                "/api/v1/namespaces/%s/secrets/%s" % (self.ns, SECRET))
            found.append(base64.b64decode(secret["data"][ENTRY]).decode())
        return found

    def records(self, id):
        with open(os.path.join(self.root, "ledger/ledger.jsonl")) as file:
            return [r for r in map(json.loads, file)
                    if r.get("rotation") == id]


def fresh_runner(repo):
    """A pipeline has no journal of the run before."""
    import shutil
    shutil.rmtree(os.path.join(repo.home, ".local", "state"),
                  ignore_errors=True)


def test_request():
    """A file on a branch of its own; the working tree stays as it is."""
    with Stand() as repo:
        repo.write("unfinished", "work")
        repo.git("add", "unfinished")
        before = repo.git("status", "--porcelain"), repo.git("rev-parse",
                                                             "HEAD")
        document = repo.ask("--operator", "alice@example.com")
        check((repo.git("status", "--porcelain"),
               repo.git("rev-parse", "HEAD")) == before, "as it was")
        check(document["branch"] == "keyrot/" + document["rotation"]
              and document["request"] == "rotations/%s.yaml"
              % document["rotation"], document)
        check(repo.git("rev-parse", document["branch"])
              == document["commit"], "the commit")
        check(repo.git("diff", "--name-only", "main", document["branch"])
              == document["request"], "and nothing else")
        text = repo.git("show", "%s:%s" % (document["branch"],
                                           document["request"]))
        for line in ("rotation: %s" % document["rotation"],
                     "service: secrets-service", "reason: quarterly",
                     '"alice@example.com"', "- staging\n- production"):
            check(line in text, line, text)
        check(document["next"][0].startswith("git push origin keyrot/"),
              document["next"])


def test_request_pushes():
    with Stand() as repo:
        bare = os.path.join(repo.home, "bare")
        repo.git("init", "-q", "--bare", bare)
        repo.git("remote", "add", "origin", bare)
        document = repo.ask("--push", "--base", "main")
        check(repo.git("--git-dir", bare, "rev-parse", document["branch"])
              == document["commit"], "pushed")


def test_request_wants_a_reason():
    with Stand() as repo:
        for words in ((), ("--reason", ""), ("--reason", "a\nb"),
                      ("--reason", "x" * 300)):
            code, _, told = repo.json("gitops", "request", *words)
            check(code == 2, words, told)
        code, _, told = repo.json("gitops", "request", "--reason", "x",
                                  "--base", "--upload-pack=x")
        check(code == 2, told)
        check(repo.git("branch") == "* main", "nothing was made")


def test_run_once():
    """Rotated, synced, seen to be good; and a second time nothing is done,
    also on a runner that remembers nothing."""
    with Stand() as repo:
        check("open" in repo.run("gitops", "run").stdout, "none is open")
        elsewhere = os.path.join(repo.home, "elsewhere")
        os.mkdir(elsewhere)
        shutil.copy(os.path.join(repo.root, "keyrot.yaml"), elsewhere)
        code, document, told = repo.json(
            "gitops", "run", "--config", elsewhere + "/keyrot.yaml")
        check(code == 2 and document["reason"] == "NoRepository", told)
        asked = repo.asked_and_merged()
        code, document, told = repo.json("gitops", "run")
        check(code == 0, told, document)
        check(document["ran"] and document["rotation"] == asked["rotation"],
              document)
        keys = repo.live()
        check(keys[0] == keys[1] != repo.old, "one new key")
        check(document["targets"][0]["fingerprint"] == fingerprint(keys[0]),
              document["targets"])
        app, = document["applications"]
        check(app["sync"] == "Synced" and app["health"] == "Healthy"
              and app["asked"] and app["operation"] == "Succeeded", app)
        check(len(repo.controller.operations) == 1, "one sync")
        operation = repo.controller.operations[0]
        check(operation["info"] == [{"name": "keyrot.dev/rotation",
                                     "value": asked["rotation"]}]
              and operation["sync"] == {"syncOptions":
                                        ["ServerSideApply=true"]}
              and operation["initiatedBy"] == {"username": "keyrot"},
              operation)
        ends = [r for r in repo.records(asked["rotation"])
                if r["step"] == "end"]
        check(len(ends) == 1, ends)
        for words in ((), (asked["request"],)):
            fresh_runner(repo)
            code, document, told = repo.json("gitops", "run", *words)
            check(code == 0 and not document["ran"], told, document)
            check(repo.live() == keys, "the key stays")
            check(len(repo.controller.operations) == 1, "no second sync")
        code, document, told = repo.json("gitops", "check")
        check(code == 0 and document["knownKeys"] >= 2, told, document)


def test_run_once_without_a_ledger_and_a_journal():
    """Store and clusters know what was done."""
    with Stand() as repo:
        asked = repo.asked_and_merged()
        config = json.loads(repo.read("keyrot.yaml"))
        del config["ledger"]
        repo.write("keyrot.yaml", json.dumps(config))
        code, _, told = repo.json("gitops", "run", asked["request"])
        check(code == 0, told)
        keys = repo.live()
        fresh_runner(repo)
        code, document, told = repo.json("gitops", "run", asked["request"])
        check(code == 0 and repo.live() == keys, told, document)
        check(len(repo.controller.operations) == 1, "no second sync")
        code, _, told = repo.json("gitops", "run")
        check(code == 2, "which one is open is not known", told)


def test_run_goes_on():
    """Where the first run failed in the middle, the second one ends it."""
    with Stand() as repo:
        asked = repo.asked_and_merged()
        path = ("/apis/apps/v1/namespaces/%s/deployments/secrets-service"
                % repo.ns)
        api = repo.fleet.api(PRODUCTION)
        if repo.fleet.real:
            return
        api.call("PATCH", path, {"metadata": {"annotations": {
            "test.keyrot.dev/next-pods": "crash"}}}, argo.MERGE)
        code, document, told = repo.json("gitops", "run", "--timeout", "3s")
        check(code == 5, told, document)
        check(not repo.controller.operations, "no sync after a failure")
        staging = repo.live()[0]
        api.call("PATCH", path, {"metadata": {"annotations": {
            "test.keyrot.dev/next-pods": "ready"}}}, argo.MERGE)
        for pod in api.get("/api/v1/namespaces/%s/pods" % repo.ns)["items"]:
            api.text("DELETE", "/api/v1/namespaces/%s/pods/%s"
                     % (repo.ns, pod["metadata"]["name"]))
        fresh_runner(repo)
        code, document, told = repo.json("gitops", "run")
        check(code == 0, told, document)
        check(repo.live() == [staging, staging], "the same key")
        check(document["rotation"] == asked["rotation"], document)


def test_self_heal_would_revert():
    """Git has the entry: refused before anything is changed."""
    old = base64.b64encode(b"whatever").decode()
    with Stand(application={"syncPolicy": {"automated": {
            "selfHeal": True}}}) as repo:
        repo.write("deploy/secret-%s.yaml" % SECRET,
                   "kind: Secret\nmetadata:\n  name: %s\ndata:\n  %s: %s\n"
                   % (SECRET, ENTRY, old))
        repo.commit("manifest")
        repo.asked_and_merged()
        code, document, told = repo.json("gitops", "run")
        check(code == REFUSED and document["reason"] == "SelfHealReverts"
              and not document["ran"], told, document)
        check(repo.live() == [repo.old, repo.old], "nothing was changed")
        check(not repo.controller.operations, "nothing was asked for")
        # Spared by the Application, but shown only: a sync would write it.
        repo.api.call("PATCH", argo.BASE % "argocd" + "/" + repo.app,
                      {"spec": SPARED}, argo.MERGE)
        code, document, told = repo.json("gitops", "run")
        check(code == REFUSED, told, document)
        repo.api.call("PATCH", argo.BASE % "argocd" + "/" + repo.app,
                      {"spec": {"syncPolicy": {"syncOptions": [
                          "RespectIgnoreDifferences=true"]}}}, argo.MERGE)
        code, document, told = repo.json("gitops", "run")
        check(code == 0, told, document)


def test_key_put_back_by_the_sync():
    """Another repository has the key: seen after the sync."""
    with Stand(git={}) as repo:
        repo.controller.git = {ENTRY: base64.b64encode(
            repo.old.encode()).decode()}
        repo.asked_and_merged()
        code, document, told = repo.json("gitops", "run")
        check(code == GATE and document["reason"] == "KeyReverted", told,
              document)
        check(STAGING in document["message"]
              and fingerprint(repo.old)[:12] in document["message"], document)
        check(repo.old not in told + json.dumps(document), "never shown")


def test_key_put_back_by_self_heal():
    """A moment after the sync."""
    with Stand(application={"syncPolicy": {"automated": {
            "selfHeal": True}}}) as repo:
        repo.asked_and_merged()
        data = {ENTRY: base64.b64encode(repo.old.encode()).decode()}

        def heal():
            until(lambda: len(repo.controller.operations) == 1, "sync", 60)
            import time
            time.sleep(3)
            repo.fleet.api(STAGING).call(
                "PATCH", "/api/v1/namespaces/%s/secrets/%s"
                % (repo.ns, SECRET), {"data": data}, argo.MERGE)

        import threading
        thread = threading.Thread(target=heal, daemon=True)
        thread.start()
        code, document, told = repo.json("gitops", "run")
        thread.join()
        check(code == GATE and document["reason"] == "KeyReverted", told,
              document)


def test_sync_that_fails():
    with Stand(phase="Failed") as repo:
        repo.asked_and_merged()
        code, document, told = repo.json("gitops", "run")
        check(code == GATE and document["reason"] == "SyncFailed", told,
              document)
        check("never to be quoted" not in told + json.dumps(document), told)
        # Mended in Git, and synced by somebody: the run goes on from there.
        repo.controller.behave["phase"] = "Succeeded"
        repo.api.call("PATCH", argo.BASE % "argocd" + "/" + repo.app,
                      {"operation": {"sync": {}}}, argo.MERGE)
        until(lambda: len(repo.controller.operations) == 2, "synced")
        code, document, told = repo.json("gitops", "run",
                                         document["request"])
        check(code == 0, told, document)


def test_never_healthy():
    """What was good before the sync says nothing of it."""
    for behave in ({"health": "Degraded"}, {"sync": "OutOfSync"},
                   {"health": "Progressing"}):
        with Stand(argocd={"timeout": "2s"}, lag=30, **behave) as repo:
            repo.asked_and_merged()
            code, document, told = repo.json("gitops", "run")
            check(code == GATE and document["reason"] == "SyncTimeout",
                  behave, told, document)
            check(list(behave.values())[0] in document["message"], document)


def test_no_controller():
    with Stand(argocd={"timeout": "2s"}) as repo:
        repo.controller.ended.set()
        repo.asked_and_merged()
        code, document, told = repo.json("gitops", "run")
        check(code == GATE and document["reason"] == "SyncTimeout", told)
        check("not begun" in document["message"], document)


def test_waits_for_another_operation():
    with Stand(takes=1.5) as repo:
        repo.asked_and_merged()
        repo.api.call("PATCH", argo.BASE % "argocd" + "/" + repo.app,
                      {"operation": {"sync": {}}}, argo.MERGE)
        code, document, told = repo.json("gitops", "run")
        check(code == 0, told, document)
        check([bool(o.get("info")) for o in repo.controller.operations]
              == [False, True], repo.controller.operations)


def test_no_application():
    """Looked at before anything is changed."""
    with Stand(argocd={"applications": [{"name": "another"}]}) as repo:
        repo.asked_and_merged()
        code, document, told = repo.json("gitops", "run")
        check(code == 4, told, document)
        check(repo.live() == [repo.old, repo.old], "nothing was changed")


def test_refresh():
    with Stand(argocd={"trigger": "refresh"}) as repo:
        repo.asked_and_merged()
        code, document, told = repo.json("gitops", "run")
        check(code == 0, told, document)
        check(repo.controller.refreshes == 1
              and not repo.controller.operations, "a refresh alone")


def test_api():
    """By Argo CD's API and a token, which is never shown."""
    token = "argo-token-" + os.urandom(8).hex()
    with argo.Api(Fleet.get().api(STAGING), token) as api:
        with Stand(argocd={"server": api.url, "token": "env:ARGOCD_TOKEN"}
                   ) as repo:
            repo.asked_and_merged()
            code, document, told = repo.json(
                "gitops", "run", env={"ARGOCD_TOKEN": "wrong"})
            check(code == 4 and repo.live()[0] == repo.old, told, document)
            code, document, told = repo.json(
                "gitops", "run", env={"ARGOCD_TOKEN": token})
            check(code == 0, told, document)
            check(token not in told + json.dumps(document), "shown")
            posts = [p for m, p, _ in api.seen if m == "POST"]
            check(posts == ["/api/v1/applications/%s/sync?appNamespace=argocd"
                            % repo.app], posts)


def test_requests_are_held_against_the_configuration():
    with Stand() as repo:
        asked = repo.asked_and_merged()
        path = asked["request"]
        text = repo.read(path)
        for old, new, reason, code in (
                ("service: secrets-service", "service: other",
                 "RequestOfAnother", REFUSED),
                ("- production\n", "", "RequestOfAnother", REFUSED),
                (asked["rotation"], "kr-20260101-abcdef",
                 "RequestOfAnother", REFUSED),
                ("RotationRequest", "Else", "Configuration", 2),
                ("rotation: kr-", "rotation: ../kr-", "Configuration", 2)):
            repo.write(path, text.replace(old, new))
            got, document, told = repo.json("gitops", "run", path)
            check(got == code and document["reason"] == reason, old, told,
                  document)
        check(repo.live() == [repo.old, repo.old], "nothing was changed")
        repo.write(path, text)
        other = repo.asked_and_merged()
        code, document, told = repo.json("gitops", "run")
        check(code == REFUSED and document["reason"] == "SeveralRequests",
              told, document)
        check(len(document["next"]) >= 2 and other["rotation"]
              in "".join(document["next"]), document["next"])


def test_manifest():
    """What is printed has no key's entry, and nothing by which Argo CD would
    come to own it."""
    import yaml
    with Stand() as repo:
        done = repo.run("gitops", "manifest")
        check(done.returncode == 0, done.stderr)
        secret, = yaml.safe_load_all(done.stdout)
        check(secret["kind"] == "Secret" and "data" not in secret
              and "stringData" not in secret, secret)
        check(secret["metadata"]["namespace"] == repo.ns, secret)
        repo.write("deploy/secret-%s.yaml" % SECRET, done.stdout)
        repo.commit("manifest")
        done = repo.run("gitops", "manifest", "application")
        spec = yaml.safe_load(done.stdout)["spec"]
        check(spec == {"syncPolicy": {"syncOptions": [
            "ServerSideApply=true", "ClientSideApplyMigration=false"]}}, spec)
        repo.api.call("PATCH", argo.BASE % "argocd" + "/" + repo.app,
                      {"spec": spec}, argo.MERGE)
        repo.asked_and_merged()
        code, document, told = repo.json("gitops", "run")
        check(code == 0, told, document)
        check(repo.controller.operations[0]["sync"]["syncOptions"]
              == spec["syncPolicy"]["syncOptions"], "its own options")


def test_configuration():
    """What cannot be meant is said where it stands."""
    with Stand() as repo:
        good = json.loads(repo.read("keyrot.yaml"))
        for field, value, part in (
                ("gitops", {"harmless": ["abc"]}, "64"),
                ("gitops", {"folder": "x"}, "folder"),
                ("argocd", {"context": "x"}, "applications"),
                ("argocd", dict(good["argocd"], server="https://a.test"),
                 "token"),
                ("argocd", dict(good["argocd"], applications=[
                    {"name": "a", "environment": "moon"}]), "environment"),
                ("argocd", dict(good["argocd"], trigger="push"), "trigger")):
            repo.write("keyrot.yaml", json.dumps(dict(good, **{field: value}),
                                                 indent=1))
            done = repo.run("gitops", "check", "--offline")
            check(done.returncode == 2 and part in done.stderr
                  and "keyrot.yaml:" in done.stderr, field, value,
                  done.stderr)
