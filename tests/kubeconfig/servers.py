"""API servers and proxies that write down what reaches them."""
import base64
import json
import select
import socket
import ssl
import struct
import threading

EVENTS = []  # of the run that goes on; taken and emptied by the runner
LOCK = threading.Lock()
# What the API server answers to a token: 401 for these, 200 for all others.
REFUSED_TOKENS = {"tok-stale"}

GROUPS = {"kind": "APIGroupList", "apiVersion": "v1", "groups": []}
VERSIONS = {"kind": "APIVersions", "versions": ["v1"]}
LISTS = {"deployments": "Deployment", "statefulsets": "StatefulSet",
         "daemonsets": "DaemonSet", "cronjobs": "CronJob", "pods": "Pod"}
RESOURCES = {
    "kind": "APIResourceList", "groupVersion": "v1", "resources": [
        {"name": "secrets", "singularName": "secret", "namespaced": True,
         "kind": "Secret", "verbs": ["get", "list"]}]}


def note(**event):
    with LOCK:
        EVENTS.append(event)


def take_events():
    with LOCK:
        events = EVENTS[:]
        EVENTS.clear()
    return events


def read_head(sock):
    """Request line and headers, and nothing behind them is expected."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(4096)
        if not piece:
            return None, None
        data += piece
    lines = data.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    headers = []
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers.append((name.strip().lower(), value.strip()))
    return lines[0], headers


def answer_for(path, headers):
    fields = dict(headers)
    token = fields.get("authorization", "").removeprefix("Bearer ")
    if token in REFUSED_TOKENS:
        return 401, {"kind": "Status", "apiVersion": "v1", "status": "Failure",
                     "message": "Unauthorized", "reason": "Unauthorized",
                     "code": 401}
    if path.endswith("/api"):
        return 200, VERSIONS
    if path.endswith("/apis"):
        return 200, GROUPS
    if path.endswith("/api/v1"):
        return 200, RESOURCES
    if path.endswith("/secrets/x"):
        namespace = path.split("/")[-3]
        return 200, {"kind": "Secret", "apiVersion": "v1", "metadata": {
            "name": "x", "namespace": namespace}, "data": {"k": "eA=="}}
    if path.split("/")[-1] in LISTS:
        return 200, {"kind": LISTS[path.split("/")[-1]] + "List",
                     "apiVersion": "/".join(path.split("/")[-5:-3])
                     if "/apis/" in path else "v1",
                     "metadata": {"resourceVersion": "1"}, "items": []}
    return 404, {"kind": "Status", "apiVersion": "v1", "status": "Failure",
                 "message": "not found", "reason": "NotFound", "code": 404}


class Server(threading.Thread):
    """Accepts connections, one thread each."""

    def __init__(self, address, port):
        super().__init__(daemon=True)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket.socket(family)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self.socket.bind((address, port))
        self.socket.listen(64)
        self.start()

    def run(self):
        while True:
            sock, _ = self.socket.accept()
            threading.Thread(target=self.guard, args=(sock,),
                             daemon=True).start()

    def guard(self, sock):
        try:
            self.serve(sock)
        except (OSError, ssl.SSLError, ValueError):
            pass
        finally:
            sock.close()

    def serve(self, sock):
        raise NotImplementedError


class ApiServer(Server):
    """pki None: plain http."""

    def __init__(self, label, address, port, pki=None, certificate=None):
        self.label = label
        self.context = None
        if pki:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(pki.path(certificate + ".crt"),
                                         pki.path(certificate + ".key"))
            self.context.load_verify_locations(pki.path("client-ca.crt"))
            self.context.verify_mode = ssl.CERT_OPTIONAL
            self.context.sni_callback = self.keep_sni
        super().__init__(address, port)

    @staticmethod
    def keep_sni(sock, name, _context):
        sock.sni = name.lower() if name else None

    def serve(self, sock):
        if self.context:
            sock = self.context.wrap_socket(sock, server_side=True)
        peer = None
        if self.context and sock.getpeercert():
            peer = dict(pair[0] for pair in
                        sock.getpeercert()["subject"])["commonName"]
        while True:
            line, headers = read_head(sock)
            if not line:
                return
            path = line.split(" ")[1]
            self.note_request(path.split("?")[0], headers, peer,
                              getattr(sock, "sni", None))
            if path.startswith("/moved/"):
                sock.sendall(b"HTTP/1.1 307 X\r\nLocation: https://localhost:"
                             b"6443/" + path[7:].encode() +
                             b"\r\nContent-Length: 0\r\n\r\n")
                continue
            status, body = answer_for(path.split("?")[0], headers)
            body = json.dumps(body).encode()
            sock.sendall(b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\n"
                         b"Content-Length: %d\r\n\r\n" % (status, len(body)) +
                         body)

    def note_request(self, path, headers, peer, sni):
        fields = {}
        for name, value in headers:
            fields.setdefault(name, []).append(value)
        impersonate = sorted((name, value) for name, value in headers
                             if name.startswith("impersonate-"))
        note(what="request", server=self.label, path=path, sni=sni, peer=peer,
             host=fields.get("host", [None])[0],
             authorization=fields.get("authorization", []),
             impersonate=impersonate,
             gzip="gzip" in fields.get("accept-encoding", [""])[0])


def pipe(one, two):
    """Bytes both ways until one side ends."""
    while True:
        pending = getattr(one, "pending", lambda: 0)()
        ready = [one] if pending else select.select([one, two], [], [])[0]
        for sock in ready:
            data = sock.recv(65536)
            if not data:
                return
            (two if sock is one else one).sendall(data)


def connect_on(port):
    """All names lead to the servers of this machine."""
    return socket.create_connection(("127.0.0.1", int(port)), timeout=10)


class HttpProxy(Server):
    """CONNECT, and absolute-form GET; over TLS where a certificate is given."""

    def __init__(self, label, address, port, pki=None, certificate=None):
        self.label = label
        self.context = None
        if pki:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(pki.path(certificate + ".crt"),
                                         pki.path(certificate + ".key"))
        super().__init__(address, port)

    def serve(self, sock):
        if self.context:
            sock = self.context.wrap_socket(sock, server_side=True)
        line, headers = read_head(sock)
        if not line:
            return
        method, target, _ = line.split(" ")
        secret = dict(headers).get("proxy-authorization", "")
        if secret.startswith("Basic "):
            secret = base64.b64decode(secret[6:]).decode()
        if method != "CONNECT":
            note(what="proxy", proxy=self.label, target=target, secret=secret)
            sock.sendall(b"HTTP/1.1 502 X\r\nContent-Length: 0\r\n\r\n")
            return
        note(what="proxy", proxy=self.label, target=target, secret=secret)
        with connect_on(target.rpartition(":")[2]) as server:
            sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            pipe(sock, server)


class SocksProxy(Server):
    """SOCKS5 (RFC 1928) with or without user name and password (RFC 1929)."""

    def __init__(self, label, address, port):
        self.label = label
        super().__init__(address, port)

    @staticmethod
    def exactly(sock, count):
        data = b""
        while len(data) < count:
            piece = sock.recv(count - len(data))
            if not piece:
                raise OSError("cut")
            data += piece
        return data

    def login(self, sock):
        methods = self.exactly(sock, self.exactly(sock, 2)[1])
        if 2 not in methods:
            sock.sendall(b"\x05\x00")
            return ""
        sock.sendall(b"\x05\x02")
        name = self.exactly(sock, self.exactly(sock, 2)[1])
        password = self.exactly(sock, self.exactly(sock, 1)[0])
        sock.sendall(b"\x01\x00")
        return (name + b":" + password).decode()

    def serve(self, sock):
        secret = self.login(sock)
        kind = self.exactly(sock, 4)[3]
        if kind == 3:
            host = self.exactly(sock, self.exactly(sock, 1)[0]).decode()
        elif kind == 1:
            host = socket.inet_ntop(socket.AF_INET, self.exactly(sock, 4))
        else:
            host = socket.inet_ntop(socket.AF_INET6, self.exactly(sock, 16))
        port = struct.unpack(">H", self.exactly(sock, 2))[0]
        note(what="proxy", proxy=self.label, target=f"{host}:{port}",
             secret=secret, kind={1: "ipv4", 3: "name", 4: "ipv6"}[kind])
        with connect_on(port) as server:
            sock.sendall(b"\x05\x00\x00\x01" + bytes(6))
            pipe(sock, server)
