"""Between the program and the API server: answers get lost on the way."""

import http.client
import http.server
import json
import os
import socket
import ssl
import threading
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle_one(self):
        server = self.server
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        up = http.client.HTTPSConnection(server.to, context=server.tls,
                                         timeout=60)
        headers = {name: value for name, value in self.headers.items()
                   if name.lower() not in ("host", "connection",
                                           "content-length")}
        try:
            up.request(self.command, self.path, body, headers)
            reply = up.getresponse()
            self.close_connection = True
            if self.command == "PATCH" and server.loses(self.path):
                reply.read()
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(reply.status)
            for name in ("Content-Type", "Retry-After"):
                if reply.headers.get(name):
                    self.send_header(name, reply.headers[name])
            self.send_header("Connection", "close")
            self.end_headers()
            # A watch is passed on as it comes.
            while data := reply.read1(65536):
                self.wfile.write(data)
                self.wfile.flush()
        # The program ends a watch when it knows enough; so does the server.
        except (OSError, http.client.HTTPException):
            self.close_connection = True
        finally:
            up.close()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_one


class Proxy(http.server.ThreadingHTTPServer):
    """Loses the first answer to each PATCH that is no dry run."""

    daemon_threads = True

    def __init__(self, play, context):
        super().__init__(("127.0.0.1", 0), Handler)
        self.lost = []
        self.lock = threading.Lock()
        with open(play.fleet.kubeconfig) as file:
            config = json.load(file)
        cluster, = [c["cluster"] for c in config["clusters"]
                    if c["name"] == context]
        self.to = urllib.parse.urlsplit(cluster["server"]).netloc
        cluster["server"] = "https://127.0.0.1:%d" % self.server_port
        pki = os.path.join(play.fleet.folder, context, "pki")
        self.tls = ssl.create_default_context(
            cafile=os.path.join(pki, "ca.crt"))
        front = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        front.load_cert_chain(os.path.join(pki, "server.crt"),
                              os.path.join(pki, "server.key"))
        self.socket = front.wrap_socket(self.socket, server_side=True)
        self.kubeconfig = os.path.join(play.home, "kubeconfig")
        play.write("kubeconfig", json.dumps(config))

    def loses(self, path):
        where = urllib.parse.urlsplit(path)
        query = urllib.parse.parse_qs(where.query)
        # Taking kubectl's copy away is a write of its own.
        with self.lock:
            if "dryRun" in query or where.path in self.lost:
                return False
            self.lost.append(where.path)
            return True

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *unused):
        self.shutdown()
        self.server_close()
