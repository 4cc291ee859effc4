"""Runs one test cluster and lives as long as it does.

usage: supervisor.py FOLDER CONTEXT PROGRAMS OWNER

Starts the cluster, prints "ready" (or what went wrong), then does what it is
told through the socket FOLDER/control, one word a connection. Its children die
with it, whatever kills it; it ends by itself when process OWNER (0: nobody) is
gone or when FOLDER is removed.
"""

import http.client
import json
import os
import secrets
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import traceback

from api import Api, ApiError, base64_of
from pki import Pki
from podlogs import PREFIX, PodLogs

HERE = os.path.dirname(os.path.abspath(__file__))
PATIENCE = 60  # seconds, for a machine that has much else to do

# What the other programs can be started on: everything but two lists of
# default objects that are still being written then.
EARLY = ("/readyz?exclude=poststarthook/rbac/bootstrap-roles"
         "&exclude=poststarthook/scheduling/bootstrap-system-priority-classes")

CONTROLLERS = ("deployment", "replicaset", "statefulset", "daemonset", "job",
               "cronjob", "garbage-collector", "serviceaccount", "namespace",
               "endpointslice", "clusterrole-aggregation")

POD_WISH = ('(.metadata.annotations // {}) | '
            '(if (keys | any(test("(/restartedAt$)|(^rotation[.])"))) '
            'then .["%srestarted-pod"] else null end) '
            '// .["%spod"] // "ready"' % (PREFIX, PREFIX))

TOKEN_USERS = ("viewer", "rotator", "nobody")


class Failure(Exception):
    pass


def held_port():
    """A port that stays ours, and is handed on to a program that shares it."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    holder.bind(("127.0.0.1", 0))
    return holder, holder.getsockname()[1]


def free_port():
    """A port that nobody has now; somebody may be quicker to take it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cluster:
    def __init__(self, folder, context, programs):
        self.folder = folder
        self.context = context
        self.programs = programs
        self.children = {}
        self.etcd_holder, self.etcd_port = held_port()
        self.api_holder, self.api_port = held_port()
        self.server = "https://127.0.0.1:%d" % self.api_port
        self.logs = self.path("logs")
        os.mkdir(self.logs)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    # -- files ---------------------------------------------------------------

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def write_files(self):
        self.pki = pki = Pki(self.path("pki"))
        pki.server("server", ["localhost", "kubernetes", "kubernetes.default",
                              "kubernetes.default.svc",
                              self.context + ".test"])
        pki.client("infra", "infra", "system:masters")
        pki.client("operator", "operator@example.com", "system:masters")
        pki.client("front-proxy", "front-proxy")
        pki.key_pair("service-account")

        self.tokens = {user: secrets.token_hex(16) for user in TOKEN_USERS}
        self.write("tokens.csv", "".join(
            "%s,%s,%s\n" % (token, user, user)
            for user, token in self.tokens.items()))
        self.write("infra.kubeconfig", json.dumps(self.kubeconfig(["infra"])))
        self.write("kubeconfig", json.dumps(self.kubeconfig(
            ["operator"] + list(TOKEN_USERS)), indent=1))
        with open(os.path.join(HERE, "config", "kwok.yaml")) as file:
            stages = file.read()
        self.write("kwok.yaml", stages.replace("@LOGS@", self.logs)
                   .replace("@POD@", POD_WISH))

    def user(self, name):
        if name in self.tokens:
            return {"token": self.tokens[name]}
        return {"client-certificate-data": base64_of(self.pki.crt(name)),
                "client-key-data": base64_of(self.pki.key(name))}

    def kubeconfig(self, users):
        """The first user gets the context's plain name."""
        names = {user: self.context if user == users[0]
                 else user + "@" + self.context for user in users}
        return {
            "apiVersion": "v1", "kind": "Config",
            "current-context": self.context,
            "clusters": [{"name": self.context, "cluster": {
                "server": self.server,
                "certificate-authority-data": base64_of(self.pki.crt("ca"))}}],
            "users": [{"name": user + "@" + self.context,
                       "user": self.user(user)} for user in users],
            "contexts": [{"name": name, "context": {
                "cluster": self.context, "user": user + "@" + self.context,
                "namespace": "aether-services"}}
                for user, name in names.items()]}

    # -- programs ------------------------------------------------------------

    def start(self, name, *options):
        log = open(self.path(name + ".log"), "ab")
        child = subprocess.Popen(
            ("setpriv", "--pdeathsig", "KILL",
             os.path.join(self.programs, name)) + options,
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"),
                 "HOME": self.folder})
        log.close()
        self.children[name] = child
        self.write(name + ".pid", "%d\n" % child.pid)

    def start_etcd(self):
        url = "http://127.0.0.1:%d" % self.etcd_port
        self.start("etcd", "--data-dir", "etcd", "--unsafe-no-fsync",
                   "--log-level", "error", "--socket-reuse-port",
                   "--quota-backend-bytes", "268435456",
                   "--listen-client-urls", url, "--advertise-client-urls", url,
                   "--listen-peer-urls", "http://127.0.0.1:0")

    def start_apiserver(self):
        pki = self.pki
        self.start(
            "kube-apiserver",
            "--etcd-servers", "http://127.0.0.1:%d" % self.etcd_port,
            "--bind-address", "127.0.0.1", "--advertise-address", "127.0.0.1",
            "--secure-port", str(self.api_port), "--permit-port-sharing",
            "--endpoint-reconciler-type", "none",
            "--authorization-mode", "RBAC",
            "--disable-admission-plugins", "TaintNodesByCondition",
            "--tls-cert-file", pki.crt("server"),
            "--tls-private-key-file", pki.key("server"),
            "--client-ca-file", pki.crt("ca"),
            "--requestheader-client-ca-file", pki.crt("ca"),
            "--requestheader-allowed-names", "front-proxy",
            "--requestheader-username-headers", "X-Remote-User",
            "--requestheader-group-headers", "X-Remote-Group",
            "--requestheader-extra-headers-prefix", "X-Remote-Extra-",
            "--token-auth-file", self.path("tokens.csv"),
            "--service-account-issuer", "https://kubernetes.default.svc",
            "--service-account-key-file", self.path("pki",
                                                    "service-account.pub"),
            "--service-account-signing-key-file", pki.key("service-account"),
            "--service-cluster-ip-range", "10.96.0.0/16",
            "--kubelet-preferred-address-types", "InternalIP",
            "--kubelet-client-certificate", pki.crt("infra"),
            "--kubelet-client-key", pki.key("infra"),
            "--audit-policy-file", os.path.join(HERE, "config", "audit.yaml"),
            "--audit-log-path", self.path("audit.log"),
            "--profiling=false")

    def start_manager(self):
        self.start(
            "kube-controller-manager", "--kubeconfig", "infra.kubeconfig",
            "--secure-port", "0", "--leader-elect=false",
            "--kube-api-qps", "500", "--kube-api-burst", "1000",
            "--service-account-private-key-file",
            self.pki.key("service-account"),
            "--controllers",
            ",".join(name + "-controller" for name in CONTROLLERS))

    def start_scheduler(self):
        self.start("kube-scheduler", "--kubeconfig", "infra.kubeconfig",
                   "--secure-port", "0", "--leader-elect=false")

    def start_kwok(self):
        port = str(free_port())
        self.start(
            "kwok", "--kubeconfig", "infra.kubeconfig", "--manage-all-nodes",
            "--node-name", "node-0", "--node-ip", "127.0.0.1",
            "--node-port", port, "--server-address", "127.0.0.1:" + port,
            "--tls-cert-file", self.pki.crt("server"),
            "--tls-private-key-file", self.pki.key("server"),
            "--cidr", "10.0.0.1/16", "--node-lease-duration-seconds=0",
            "--enable-crds", "Logs", "--config", "kwok.yaml")

    def kill(self, name):
        child = self.children.pop(name, None)
        if child is not None:
            child.kill()
            child.wait()

    def last_words(self, name):
        with open(self.path(name + ".log"), errors="replace") as file:
            lines = file.read().splitlines()
        return " | ".join(lines[-3:])

    # -- readiness -----------------------------------------------------------

    def new_api(self, timeout=10):
        return Api(self.server, self.pki.crt("ca"), self.pki.crt("infra"),
                   self.pki.key("infra"), timeout)

    def wait(self, what, done):
        """Waits until done() is true; a dead child ends the wait."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                if done():
                    return
            except (OSError, ApiError, ssl.SSLError,
                    http.client.HTTPException) as error:
                if isinstance(error, ApiError) and error.code in (400, 422):
                    raise
            for name, child in self.children.items():
                if child.poll() is not None:
                    raise Failure("%s ended with %d: %s" % (
                        name, child.returncode, self.last_words(name)))
            if time.monotonic() > end:
                raise Failure("waited %d s for %s" % (PATIENCE, what))
            time.sleep(0.02)

    def wait_ready(self, path="/readyz"):
        self.wait("the API server", lambda: self.api.text("GET", path))

    def holds(self, path, condition):
        """The list is null as long as no condition was ever written."""
        conditions = self.api.get(path).get("status", {}).get("conditions")
        return any(one["type"] == condition and one["status"] == "True"
                   for one in conditions or ())

    def node_ready(self):
        return self.holds("/api/v1/nodes/node-0", "Ready")

    def established(self):
        return self.holds("/apis/apiextensions.k8s.io/v1/"
                          "customresourcedefinitions/logs.kwok.x-k8s.io",
                          "Established")

    def controllers_run(self):
        """The service account of a new namespace is the sign of it."""
        return self.api.get("/api/v1/namespaces/aether-services/"
                            "serviceaccounts")["items"]

    def create(self, path, item):
        try:
            self.api.call("POST", path, item)
        except ApiError as error:
            if error.code != 409:
                raise

    def create_base(self):
        with open(os.path.join(self.programs, "logs-crd.yaml")) as file:
            self.api.apply("/apis/apiextensions.k8s.io/v1/"
                           "customresourcedefinitions/logs.kwok.x-k8s.io",
                           file.read(), "infra")
        with open(os.path.join(HERE, "config", "base.json")) as file:
            for entry in json.load(file):
                self.create(entry["path"], entry["object"])
        self.create("/api/v1/namespaces", {
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": "aether-services"}})

    def start_kubelet(self):
        """kwok cannot share a port, so its port may be lost to another."""
        for attempt in (1, 2, 3):
            self.start_kwok()
            try:
                self.wait("node-0", self.node_ready)
                return
            except Failure:
                if attempt == 3 or self.children["kwok"].poll() is None:
                    raise

    def up(self):
        self.write_files()
        self.start_etcd()
        self.start_apiserver()
        self.api = self.new_api()
        self.wait_ready(EARLY)
        self.start_manager()
        self.start_scheduler()
        self.create_base()
        self.wait("the Logs resource", self.established)
        PodLogs(self.new_api(3600), self.logs).start()
        self.start_kubelet()
        self.wait("the controllers", self.controllers_run)
        self.wait_ready()

    def down(self):
        for child in self.children.values():
            child.kill()
        for child in self.children.values():
            child.wait()

    # -- orders --------------------------------------------------------------

    def kill_apiserver(self):
        self.kill("kube-apiserver")

    def bring_apiserver(self):
        if "kube-apiserver" not in self.children:
            self.start_apiserver()
        self.wait_ready()

    def restart_apiserver(self):
        self.kill_apiserver()
        self.bring_apiserver()

    def stop_etcd(self):
        self.children["etcd"].send_signal(signal.SIGSTOP)

    def cont_etcd(self):
        self.children["etcd"].send_signal(signal.SIGCONT)

    ORDERS = {
        "kill-apiserver": kill_apiserver,
        "start-apiserver": bring_apiserver,
        "restart-apiserver": restart_apiserver,
        "stop-etcd": stop_etcd,
        "cont-etcd": cont_etcd,
    }

    def obey(self, connection):
        """Carries out one order; True if it was the last."""
        word = connection.recv(64).decode().strip()
        if word == "down":
            self.down()
            connection.sendall(b"done\n")
            return True
        try:
            self.ORDERS[word](self)
            connection.sendall(b"done\n")
        except KeyError:
            connection.sendall(b"there is no order %s\n" % word.encode())
        except Failure as failure:
            connection.sendall(("%s\n" % failure).encode())
        return False


def supervise(cluster, control, owner):
    """Until told to stop, or nobody is left who could."""
    waiting = [control] if owner is None else [control, owner]
    while os.path.exists(cluster.path("control")):
        ready, _, _ = select.select(waiting, [], [], 1)
        if owner in ready:
            return
        if control in ready:
            connection, _ = control.accept()
            with connection:
                try:
                    if cluster.obey(connection):
                        return
                except OSError:
                    traceback.print_exc()  # who asked has gone


def listen(folder):
    # By way of the descriptor, because a socket's path may be 107 bytes long.
    handle = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    control = socket.socket(socket.AF_UNIX)
    control.bind("/proc/self/fd/%d/control" % handle)
    control.listen()
    os.close(handle)
    return control


def main():
    folder, context, programs, owner = sys.argv[1:]
    if not shutil.which("setpriv"):
        raise Failure("the setpriv command (util-linux) is missing")
    cluster = Cluster(folder, context, programs)
    control = listen(folder)
    handle = os.pidfd_open(int(owner)) if int(owner) else None
    try:
        cluster.up()
        print("ready", flush=True)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        supervise(cluster, control, handle)
    finally:
        cluster.down()


if __name__ == "__main__":
    try:
        main()
    except Exception as problem:  # the caller reads it from the pipe
        traceback.print_exc()
        print("%s: %s" % (type(problem).__name__, problem), flush=True)
        sys.exit(1)
