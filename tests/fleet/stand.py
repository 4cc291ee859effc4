"""A fleet of practice clusters, and the program run against it."""

import fcntl
import http.server
import json
import os
import pty
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests", name)
                for name in ("contract", "cli")]

import clusters  # noqa: E402
import schema  # noqa: E402
import vt  # noqa: E402

PREFIX = "test.keyrot.dev/"
NAMESPACE = "aether-services"
DEPLOYMENT = ("/apis/apps/v1/namespaces/%s/deployments/secrets-service"
              % NAMESPACE)


class Recorder:
    """Slack and a webhook on this machine: keeps what it is told."""

    def __enter__(self):
        self.seen, recorder = [], self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers["Content-Length"])
                recorder.seen.append((self.path,
                                      json.loads(self.rfile.read(length))))
                recorder.count += "chat" in self.path
                reply = json.dumps({"ok": True, "ts": "1700000000.%06d"
                                    % recorder.count}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *_):
                pass

        self.count = 0
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Stand:
    """n clusters, called c01 to cNN, and a home for the program."""

    def __init__(self, n, program=os.path.join(ROOT, "kubectl-keyrot"),
                 options=("--fast",)):
        self.program = program
        self.names = ["c%02d" % i for i in range(1, n + 1)]
        self.fleet = clusters.Practice(
            (*options, "--clusters", ",".join(self.names)))
        self.home = None
        self.fresh()

    def fresh(self):
        """A new home, and the clusters as they were."""
        if self.home:
            shutil.rmtree(self.home, ignore_errors=True)
        self.home = tempfile.mkdtemp(prefix="keyrot-fleet-")
        self.fleet.control("POST", "/reset", {})
        self.env = {
            "PATH": os.environ["PATH"], "HOME": self.home,
            "KUBECONFIG": self.fleet.kubeconfig, "NO_COLOR": "1",
            "LC_ALL": "C.UTF-8",
            "KEYROT_PASSPHRASE_FILE": self.write("passphrase", "practice\n")}

    def write(self, name, text):
        path = os.path.join(self.home, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
                          0o600), "w") as out:
            out.write(text)
        return path

    def config(self, environments, **more):
        """keyrot.yaml; an environment is (name, first, last, fields)."""
        whole = dict({"apiVersion": "keyrot.dev/v1", "kind": "Rotation",
                      "service": "secrets-service"}, **more)
        whole["environments"] = [
            dict({"name": name, "targets": [
                {"context": context, "namespace": NAMESPACE}
                for context in self.names[first - 1:last]]}, **fields)
            for name, first, last, fields in environments]
        self.write("keyrot.yaml", json.dumps(whole, indent=1))

    def run(self, *words, **more):
        return subprocess.run(
            [self.program, *words], cwd=more.get("cwd", self.home),
            env=self.env, text=True, capture_output=True, timeout=120,
            stdin=subprocess.DEVNULL)

    def json(self, *words):
        done = self.run(*words, "-o", "json")
        try:
            document = json.loads(done.stdout)
        except ValueError:
            raise AssertionError("no document: %s" % done.stderr) from None
        wrong = schema.problems(document)
        if wrong:
            raise AssertionError("; ".join(wrong))
        return done.returncode, document, done.stderr

    def on_terminal(self, rows, columns, *words):
        """What a terminal of that size shows, scrollback included."""
        terminal, rest = vt.Terminal(columns, rows), b""
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.home)
            fcntl.ioctl(0, termios.TIOCSWINSZ,
                        struct.pack("HHHH", rows, columns, 0, 0))
            os.execve(self.program, [self.program, *words],
                      dict(self.env, TERM="xterm"))
        while True:
            try:
                data = os.read(fd, 65536)
            except OSError:
                data = b""
            if not data:
                break
            # A character, or an escape, may come in two pieces.
            rest += data
            whole = rest[:rest.rfind(b"\n") + 1]
            rest = rest[len(whole):]
            terminal.feed(whole)
        terminal.feed(rest)
        os.waitpid(pid, 0)
        os.close(fd)
        return terminal

    def annotate(self, name, annotations):
        self.fleet.cluster(name).api().text(
            "PATCH", DEPLOYMENT, {"metadata": {"annotations": {
                PREFIX + word: value for word, value in annotations.items()}}},
            "application/merge-patch+json")

    def next_rollout_fails(self, *names, only=None):
        """The new pods crash; only="new": not those with the key of now."""
        for name in names:
            if only:
                old, = self.live()[name]
                self.annotate(name, {"bad-fingerprint": "!" + old[:12]})
            else:
                self.annotate(name, {"next-pods": "crash"})

    def mend(self, name):
        """The application is mended; its pods begin anew."""
        self.annotate(name, {"next-pods": "ready"})
        api = self.fleet.cluster(name).api()
        pods = "/api/v1/namespaces/%s/pods" % NAMESPACE
        bad = [pod["metadata"]["name"] for pod in api.get(pods)["items"]
               if not all(c["ready"] for c in
                          pod["status"].get("containerStatuses", ()))]
        for pod in bad:
            api.text("DELETE", pods + "/" + pod)
        self.until(lambda: not any(
            pod["metadata"]["name"] in bad for pod in api.get(pods)["items"]),
            "the bad pods are gone")

    def until(self, condition, what, limit_s=10):
        end = time.monotonic() + limit_s
        while not condition():
            if time.monotonic() > end:
                raise AssertionError("not within %d s: %s" % (limit_s, what))
            time.sleep(0.05)

    def live(self):
        """The key that each cluster holds, as a fingerprint."""
        found = {}
        for name, state in self.fleet.control("GET", "/state").items():
            pods = [pod["fingerprints"] for pod in state["pods"]
                    if pod["running"]]
            found[name] = {key for pod in pods for key in pod.values()}
        return found

    def requests(self, name):
        with open(os.path.join(self.fleet.folder, name,
                               "requests.jsonl")) as file:
            return [json.loads(line) for line in file]

    def close(self):
        self.fleet.down()
        shutil.rmtree(self.home, ignore_errors=True)
