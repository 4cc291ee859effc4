"""Jobs before and after a sync: what Argo CD reads of them, whether an API
server takes them, and whether what they run is a gate."""

import yaml

import test_argocd
from stand import ENTRY, SECRET, check
from test_argocd import STAGING, Fleet, Stand

HOOK = "argocd.argoproj.io/hook"
PATHS = {"ServiceAccount": "/api/v1/namespaces/%s/serviceaccounts",
         "Role": "/apis/rbac.authorization.k8s.io/v1/namespaces/%s/roles",
         "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/%s/"
                        "rolebindings",
         "Job": "/apis/batch/v1/namespaces/%s/jobs"}


def printed(repo, *words):
    done = repo.run("gitops", "hook", *words, "--image", "registry.test/k:1")
    check(done.returncode == 0, done.stderr)
    return list(yaml.safe_load_all(done.stdout))


def notes(item):
    return item["metadata"].get("annotations", {})


def test_objects():
    with Stand() as repo:
        both = printed(repo)
        check([item["kind"] for item in both]
              == ["ServiceAccount", "Role", "RoleBinding", "Job", "Job"],
              both)
        check(all(item["metadata"]["namespace"] == repo.ns for item in both),
              both)
        for item in both[:3]:
            check(notes(item) == {
                HOOK: "PreSync", HOOK + "-delete-policy":
                "BeforeHookCreation",
                "argocd.argoproj.io/sync-wave": "-1"}, item)
        before, after = both[3:]
        check(notes(before)[HOOK] == "PreSync"
              and notes(after)[HOOK] == "PostSync", both)
        for job in (before, after):
            check(notes(job)[HOOK + "-delete-policy"]
                  == "BeforeHookCreation,HookSucceeded", job)
            pod = job["spec"]["template"]["spec"]
            check(pod["serviceAccountName"] == both[0]["metadata"]["name"],
                  pod)
        check(before["metadata"]["name"] != after["metadata"]["name"], both)
        verbs = {verb for rule in both[1]["rules"] for verb in rule["verbs"]}
        check(verbs <= {"get", "list", "watch"}, "it only looks", verbs)
        alone = printed(repo, "PostSync")
        check([notes(item).get(HOOK) for item in alone]
              == [None, None, None, "PostSync"], alone)
        code, document, told = repo.json("gitops", "hook", "Sync", "--image",
                                         "x")
        check(code == 2, told)
        code, document, told = repo.json("gitops", "hook", "--image", "x")
        check(code == 0 and document["manifests"][3]["kind"] == "Job", told)
        if Fleet.get().real:
            for item in both:
                repo.api.call("POST", PATHS[item["kind"]] % repo.ns
                              + "?dryRun=All&fieldValidation=Strict", item)


def test_gates():
    with Stand() as repo:
        before, after = (
            item["spec"]["template"]["spec"]["containers"][0]
            for item in printed(repo)[3:])

        def run(container):
            words = container.get("command", []) + container.get("args", [])
            check("kubectl-keyrot" in words[0], words)
            return repo.run(*words[1:], "--context", STAGING, "-n", repo.ns)

        done = run(before)
        check(done.returncode == 0, done.stderr)
        check(run(after).returncode == 6, "nobody knows what the pods run")
        repo.asked_and_merged()
        check(repo.json("gitops", "run")[0] == 0, "rotated")
        done = run(after)
        check(done.returncode == 0, done.stderr)
        path = "/api/v1/namespaces/%s/secrets/%s" % (repo.ns, SECRET)
        repo.api.call("PATCH", path, {"data": {ENTRY: None}},
                      "application/merge-patch+json")
        done = run(before)
        check(done.returncode != 0, "no key:", done.stdout)
        repo.api.text("DELETE", path)
        check(run(before).returncode != 0, "no Secret")


close = test_argocd.close
