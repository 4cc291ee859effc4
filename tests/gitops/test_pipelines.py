"""The pipelines under docs/ci: by the published schemas, and run: what a
runner would do is done, with an archive, a repository and clusters of ours."""

import functools
import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import tarfile
import threading

import yaml

import test_argocd
from stand import HERE, ROOT, check
from test_argocd import Stand

FOLDER = os.path.join(ROOT, "docs", "ci")
VERSION = "0.1.0"
ARCHIVE = "kubectl-keyrot-v%s-linux-amd64.tar.gz" % VERSION
close = test_argocd.close


def text_of(name):
    with open(os.path.join(FOLDER, name)) as file:
        return file.read()


def test_schemas():
    program = subprocess.run([os.path.join(HERE, "tools.sh")],
                             capture_output=True, text=True, check=True
                             ).stdout.strip()
    for name, words in (
            ("github.yml", ("vendor.github-workflows",)),
            ("gitlab.yml", ("vendor.gitlab-ci", "--data-transform",
                            "gitlab-ci"))):
        path = os.path.join(FOLDER, name)
        done = subprocess.run([program, "--builtin-schema", *words, path],
                              capture_output=True, text=True)
        check(done.returncode == 0, name, done.stdout, done.stderr)
        # The schema does say no.
        done = subprocess.run(
            [program, "--builtin-schema", *words, "-"],
            input=text_of(name).replace("jobs:", "job:").replace(
                "stage: check", "stages: check"),
            capture_output=True, text=True)
        check(done.returncode != 0, name, "a mistake is not seen")


class Releases:
    """Where archives come from: one with the program that was built."""

    def __enter__(self):
        self.folder = os.path.join(self.home, "releases")
        where = os.path.join(self.folder, "v" + VERSION)
        os.makedirs(where)
        path = os.path.join(where, ARCHIVE)
        with tarfile.open(path, "w:gz") as out:
            out.add(os.path.join(ROOT, "kubectl-keyrot"), "kubectl-keyrot")
        with open(path, "rb") as file:
            self.sum = hashlib.sha256(file.read()).hexdigest()

        class Quiet(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Quiet, directory=self.folder))
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()
        return self

    def __init__(self, home):
        self.home = home

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Runner:
    """A machine that has a clone, and what the pipeline's owner configured."""

    def __init__(self, repo, releases, origin, real_path):
        self.repo = repo
        self.root = os.path.join(repo.home, "runner")
        self.temp = os.path.join(repo.home, "temp")
        for folder in (self.root, self.temp):
            shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(self.temp)
        repo.git("clone", "-q", "-b", "main", origin, self.root,
                 cwd=repo.home)
        with open(real_path) as file:
            self.kubeconfig = file.read()
        self.env = dict(repo.env, KEYROT_VERSION=VERSION,
                        KEYROT_SHA256=releases.sum, TMPDIR=self.temp,
                        KEYROT_RELEASES=releases.url)
        del self.env["KUBECONFIG"]

    def bash(self, script, env, shell=("bash", "-eo", "pipefail")):
        return subprocess.run([*shell, "-c", script], cwd=self.root, env=env,
                              text=True, capture_output=True, timeout=180,
                              stdin=subprocess.DEVNULL)

    def document(self):
        for folder in (self.temp, self.root):
            path = os.path.join(folder, "keyrot.json")
            if os.path.exists(path):
                with open(path) as file:
                    return json.load(file)
        return None


class GitHub(Runner):
    def value(self, text):
        known = {"runner.temp": self.temp,
                 "secrets.KUBECONFIG_DATA": self.kubeconfig,
                 "secrets.VAULT_TOKEN": ""}
        return re.sub(r"\$\{\{ *(\S+) *\}\}",
                      lambda found: known[found.group(1)], text)

    def job(self, name):
        """As a runner: what comes after a failure runs only by always()."""
        whole = yaml.safe_load(text_of("github.yml"))
        added = os.path.join(self.temp, "path")
        env = dict(self.env, RUNNER_TEMP=self.temp, GITHUB_PATH=added,
                   GITHUB_REF_NAME="main")
        worst, said = 0, ""
        for step in whole["jobs"][name]["steps"]:
            if "run" not in step or (worst and step.get("if") != "always()"):
                continue
            if os.path.exists(added):
                with open(added) as file:
                    env["PATH"] = ":".join(
                        [*file.read().split(), self.repo.env["PATH"]])
            more = {key: self.value(value)
                    for key, value in step.get("env", {}).items()}
            done = self.bash(step["run"], dict(env, **more))
            worst = worst or done.returncode
            said += done.stdout + done.stderr
        return worst, said


class GitLab(Runner):
    def job(self, name):
        whole = yaml.safe_load(text_of("gitlab.yml"))
        job = whole[{"check": "git-holds-no-key"}.get(name, name)]
        lines = whole[job["extends"]]["before_script"] + job["script"]
        path = os.path.join(self.temp, "kubeconfig")
        with open(path, "w") as out:
            out.write(self.kubeconfig)
        done = self.bash("\n".join(lines), dict(
            self.env, KUBECONFIG=path, CI_COMMIT_BRANCH="main",
            **job.get("variables", {})))
        return done.returncode, done.stdout + done.stderr


class Jenkins(Runner):
    def job(self, name):
        text = text_of("Jenkinsfile")
        stages = dict(re.findall(r"stage\('([^']+)'\) \{(.*?)(?=\n\t\tstage|\Z)",
                                 text, re.S))
        path = os.path.join(self.temp, "kubeconfig")
        with open(path, "w") as out:
            out.write(self.kubeconfig)
        env = dict(self.env, WORKSPACE_TMP=self.temp, BRANCH_NAME="main",
                   KUBECONFIG=path,
                   PATH=self.temp + "/keyrot:" + self.env["PATH"],
                   **dict(re.findall(r"(GIT_\w+) = '([^']+)'", text)))
        worst, said = 0, ""
        wanted = {"check": "Git holds no key", "rotate": "Rotate"}[name]
        for stage in ("Install keyrot", wanted):
            steps, _, after = stages[stage].partition("post {")
            for part, always in ((steps, False), (after, True)):
                for long, short in re.findall(
                        r"\bsh (?:'''(.*?)'''|'([^']+)')", part, re.S):
                    if worst and not (always and stage == wanted):
                        continue
                    done = self.bash(long or short, env, ("sh", "-xe"))
                    worst = worst or done.returncode
                    said += done.stdout + done.stderr
        return worst, said


def walk(kind):
    """A request, merged; rotated by the pipeline; run again; then a key in a
    branch, seen by the check."""
    with Stand() as repo, Releases(repo.home) as releases:
        config = json.loads(repo.read("keyrot.yaml"))
        config["ledger"] = {"path": "ledger/l.jsonl", "git": "commit"}
        repo.write("keyrot.yaml", json.dumps(config))
        repo.commit("ledger")
        origin = os.path.join(repo.home, "origin")
        repo.git("init", "-q", "--bare", "-b", "main", origin)
        repo.git("remote", "add", "origin", origin)
        asked = repo.ask("--push")
        repo.merge(asked)
        repo.git("push", "-q", "origin", "main")
        kubeconfig = repo.env["KUBECONFIG"]

        def runner():
            return kind(repo, releases, origin, kubeconfig)

        # Another archive than the one that was agreed to.
        bad = runner()
        bad.env["KEYROT_SHA256"] = "0" * 64
        code, said = bad.job("rotate")
        check(code != 0 and repo.live() == [repo.old] * 2, said)

        one = runner()
        code, said = one.job("rotate")
        check(code == 0, said)
        keys = repo.live()
        check(keys[0] == keys[1] != repo.old, "rotated")
        check(one.document()["ran"]
              and one.document()["rotation"] == asked["rotation"], said)
        for key in (repo.old, keys[0]):
            check(key not in said, "shown")
        # Who comes later knows by the ledger, which was pushed.
        shutil.rmtree(os.path.join(repo.home, ".local", "state"))
        two = runner()
        check(os.path.exists(os.path.join(two.root, "ledger/l.jsonl")),
              "the ledger was pushed")
        code, said = two.job("rotate")
        check(code == 0 and not two.document()["ran"], said,
              two.document())
        check(repo.live() == keys and len(repo.controller.operations) == 1,
              "nothing twice")

        code, said = runner().job("check")
        check(code == 0, said)
        repo.git("checkout", "-q", "-b", "leak")
        repo.write("notes", "it is %s\n" % keys[0])
        repo.commit("notes")
        repo.git("push", "-q", "origin", "leak")
        code, said = runner().job("check")
        check(code == 6 and "notes:1" in said and keys[0] not in said, code,
              said)


def failing(kind):
    """A sync that fails: the pipeline fails, the ledger is kept all the same,
    and the next run goes on from there."""
    with Stand(phase="Failed") as repo, Releases(repo.home) as releases:
        config = json.loads(repo.read("keyrot.yaml"))
        config["ledger"] = {"path": "ledger/l.jsonl", "git": "commit"}
        repo.write("keyrot.yaml", json.dumps(config))
        repo.commit("ledger")
        origin = os.path.join(repo.home, "origin")
        repo.git("init", "-q", "--bare", "-b", "main", origin)
        repo.git("remote", "add", "origin", origin)
        repo.merge(repo.ask())
        repo.git("push", "-q", "origin", "main")
        one = kind(repo, releases, origin, repo.env["KUBECONFIG"])
        code, said = one.job("rotate")
        check(code == 6 and one.document()["reason"] == "SyncFailed", said)
        check("ledger/l.jsonl" in repo.git(
            "--git-dir", origin, "ls-tree", "-r", "--name-only", "main"),
            "the ledger was pushed", said)


def test_github():
    walk(GitHub)


def test_gitlab():
    walk(GitLab)


def test_jenkins():
    walk(Jenkins)


def test_failures():
    for kind in (GitHub, GitLab, Jenkins):
        failing(kind)

