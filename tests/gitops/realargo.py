"""Argo CD itself, against a test cluster: its application controller, repo
server and a Redis, as processes of this machine on ports that the
kernel gives."""

import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile

import yaml

from stand import HERE, check, until

SERVER = "https://kubernetes.default.svc"
PART = {"app.kubernetes.io/part-of": "argocd"}


def build():
    done = subprocess.run([os.path.join(HERE, "argocd", "build.sh")],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True)
    if done.returncode:
        raise SystemExit(done.returncode)
    return done.stdout.strip()


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class ArgoCD:
    """`kubeconfig` and `context`: where it runs; `api`: of the same cluster,
    which its Applications know as SERVER."""

    def __init__(self, api, kubeconfig, context):
        self.api, self.running = api, []
        self.programs = build()
        self.folder = tempfile.mkdtemp(prefix="keyrot-argocd-")
        self.kubeconfig = os.path.join(self.folder, "kubeconfig")
        with open(kubeconfig) as file:
            config = yaml.safe_load(file)
        config["current-context"] = context
        for item in config["contexts"]:
            item["context"]["namespace"] = "argocd"
        with open(os.open(self.kubeconfig, os.O_WRONLY | os.O_CREAT, 0o600),
                  "w") as out:
            json.dump(config, out)
        try:
            self.install()
            self.start()
        except BaseException:
            self.down()
            raise

    def make(self, path, item):
        self.api.call("POST", path, item)

    def install(self):
        """The objects of its installation that these programs read."""
        for name in ("application", "appproject"):
            with open(os.path.join(self.programs, name + "-crd.yaml")) as file:
                self.make("/apis/apiextensions.k8s.io/v1/"
                          "customresourcedefinitions",
                          yaml.load(file, yaml.CSafeLoader))
        self.make("/api/v1/namespaces", {
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": "argocd"}})
        core = "/api/v1/namespaces/argocd/"
        for name in ("cm", "rbac-cm", "cmd-params-cm", "gpg-keys-cm",
                     "ssh-known-hosts-cm", "tls-certs-cm"):
            self.make(core + "configmaps", {
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "argocd-" + name, "labels": PART}})
        self.make(core + "secrets", {
            "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
            "stringData": {"server.secretkey": os.urandom(16).hex()},
            "metadata": {"name": "argocd-secret", "labels": PART}})
        until(lambda: self.serves("applications") and
              self.serves("appprojects"), "Argo CD's kinds are served")
        self.make("/apis/argoproj.io/v1alpha1/namespaces/argocd/appprojects", {
            "apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject",
            "metadata": {"name": "default"},
            "spec": {"sourceRepos": ["*"],
                     "destinations": [{"server": "*", "namespace": "*"}],
                     "clusterResourceWhitelist": [
                         {"group": "*", "kind": "*"}]}})

    def serves(self, resource):
        try:
            self.api.get("/apis/argoproj.io/v1alpha1/namespaces/argocd/"
                         + resource)
        except Exception:  # noqa: BLE001
            return False
        return True

    def program(self, name, *words):
        folder = os.path.join(self.folder, name)
        os.makedirs(folder)
        env = {"PATH": os.environ["PATH"], "HOME": folder, "TMPDIR": folder,
               "LC_ALL": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1",
               "KUBECONFIG": self.kubeconfig,
               "ARGOCD_FAKE_IN_CLUSTER": "true",
               "ARGOCD_GPG_ENABLED": "false",
               "ARGOCD_ASK_PASS_SOCK": os.path.join(folder, "ask"),
               "ARGOCD_TLS_DATA_PATH": os.path.join(folder, "tls"),
               "ARGOCD_SSH_DATA_PATH": os.path.join(folder, "ssh"),
               "ARGOCD_PLUGINSOCKFILEPATH": os.path.join(folder, "plugins"),
               "ARGOCD_SYNC_WAVE_DELAY": "0"}
        for word in ("tls", "ssh", "plugins"):
            os.mkdir(os.path.join(folder, word))
        log = os.path.join(self.folder, name + ".log")
        with open(log, "w") as out:
            process = subprocess.Popen(
                [os.path.join(self.programs, name), *words], cwd=folder,
                env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                preexec_fn=die_with_parent)
        self.running.append((name, process))
        return log

    def says(self, log, pattern):
        """What stands in a log, once it does."""
        found = []

        def look():
            for name, process in self.running:
                check(process.poll() is None, name, "ended:",
                      self.log(name))
            with open(log) as file:
                found[:] = re.findall(pattern, file.read())
            return found

        until(look, "%s in %s" % (pattern, log), 60)
        return found[-1]

    def log(self, name):
        with open(os.path.join(self.folder, name + ".log")) as file:
            return file.read()

    def start(self):
        redis = self.says(self.program("redis"), r"127\.0\.0\.1:\d+")
        repo = self.says(self.program(
            "argocd-repo-server", "--redis", redis, "--address", "127.0.0.1",
            "--port", "0", "--metrics-address", "127.0.0.1",
            "--metrics-port", "0", "--disable-tls"),
            r"listening on (127\.0\.0\.1:\d+)")
        common = ("--redis", redis, "--repo-server", repo,
                  "--repo-server-plaintext", "--namespace", "argocd")
        self.program("argocd-application-controller", *common,
                     "--metrics-port", "0", "--app-resync", "0")

    def down(self):
        for _, process in self.running:
            process.kill()
        for _, process in self.running:
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
