"""What stands in front of a Prometheus in real life: TLS, credentials, paths.

The first part of the path says how it behaves; the rest goes on to Prometheus.
"""

import base64
import http.client
import http.server
import json
import os
import ssl
import subprocess
import threading
import time

TOKEN = "soak-bearer-token-0123456789"
PASSWORD = "soak pass:word"
TENANT = "team-a"


def make_pki(folder):
    """ca, server (127.0.0.1) and client: NAME.crt, NAME.key."""
    def run(*words):
        subprocess.run(["openssl", *words], check=True, cwd=folder,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    run("req", "-x509", *ec, "-subj", "/CN=test ca", "-days", "2",
        "-keyout", "ca.key", "-out", "ca.crt")
    for name in ("server", "client"):
        run("req", *ec, "-subj", "/CN=" + name, "-keyout", name + ".key",
            "-out", name + ".csr")
        with open(os.path.join(folder, name + ".ext"), "w") as file:
            file.write("subjectAltName=IP:127.0.0.1\n")
        run("x509", "-req", "-in", name + ".csr", "-CA", "ca.crt", "-CAkey",
            "ca.key", "-CAcreateserial", "-days", "2", "-extfile",
            name + ".ext", "-out", name + ".crt")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, code, body, kind="application/json", headers=()):
        body = body.encode() if isinstance(body, str) else body
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def forward(self, rest, body):
        c = http.client.HTTPConnection("127.0.0.1", self.server.to, timeout=9)
        try:
            c.request(self.command, rest, body, {
                "Content-Type": self.headers.get("Content-Type", "")})
            r = c.getresponse()
            data = r.read()
        except OSError as error:
            return self.reply(502, "upstream: %s" % error, "text/plain")
        finally:
            c.close()
        return self.reply(r.status, data, r.headers.get("Content-Type"))

    def allowed(self, how):
        given = self.headers.get("Authorization", "")
        if how == "bearer":
            return given == "Bearer " + self.server.token
        if how == "basic":
            pair = base64.b64encode(("me:" + PASSWORD).encode()).decode()
            return given == "Basic " + pair
        if how == "tenant":
            return self.headers.get("X-Scope-OrgID") == TENANT
        if how == "mtls":
            return bool(self.connection.getpeercert())
        return True

    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        _, how, rest = self.path.split("/", 2)
        rest = "/" + rest
        self.server.seen.append((how, self.command, rest, dict(self.headers)))
        if not self.allowed(how):
            return self.reply(401, "no", "text/plain")
        if how == "deep":  # /deep/er/path is the prefix
            rest = rest.removeprefix("/er/path")
        elif how == "slow":
            time.sleep(3)
        elif how == "html":
            return self.reply(200, "<html>Please log in</html>", "text/html")
        elif how == "redirect":
            return self.reply(302, "", "text/html",
                              [("Location", "https://login.example/")])
        elif how == "echo":  # shows what it was sent, as debug pages do
            return self.reply(400, json.dumps({
                "status": "error", "errorType": "bad_data",
                "error": str(self.headers)}))
        elif how == "cache":  # the same answer for ever
            if rest.split("?")[0] == "/api/v1/query":
                now = time.time() if "time" in rest.split("&")[0] else 1e9
                return self.reply(200, json.dumps({
                    "status": "success", "data": {
                        "resultType": "vector", "result": [
                            {"metric": {}, "value": [now, "0"]}]}}))
        elif how == "huge":
            return self.reply(200, b" " * (2 << 20))
        return self.forward(rest, body)

    do_POST = do_GET


class Proxy(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, to, folder):
        super().__init__(("127.0.0.1", 0), Handler)
        self.to, self.token, self.seen = to, TOKEN, []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(folder, "server.crt"),
                                os.path.join(folder, "server.key"))
        context.load_verify_locations(os.path.join(folder, "ca.crt"))
        context.verify_mode = ssl.CERT_OPTIONAL
        self.socket = context.wrap_socket(self.socket, server_side=True,
                                          do_handshake_on_connect=False)
        self.url = "https://127.0.0.1:%d" % self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass
