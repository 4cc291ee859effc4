"""Between keyrot and Vault: passes everything on, and breaks one thing."""
import http.client
import http.server
import json
import threading
import time
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def pass_on(self, body):
        upstream = http.client.HTTPConnection(self.server.upstream)
        headers = {name: value for name, value in self.headers.items()
                   if name.lower() not in ("host", "connection",
                                         "content-length")}
        upstream.request(self.command, self.path, body, headers)
        reply = upstream.getresponse()
        return reply.status, reply.read()

    def serve(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        self.server.seen.append((self.command, self.path,
                                 dict(self.headers.items()), body))
        mode = self.server.mode
        is_data = "/data/" in self.path
        if mode and is_data and mode(self, body):
            return
        self.answer(*self.pass_on(body))

    do_GET = do_POST = do_PUT = do_DELETE = serve


class Proxy:
    """`mode` is called with each request for /data/; true: it answered."""

    def __init__(self, upstream):
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.upstream = urllib.parse.urlsplit(upstream).netloc
        self.http.mode = None
        self.http.seen = []
        self.url = "http://127.0.0.1:%d" % self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, args=(0.05,),
                         daemon=True).start()

    @property
    def seen(self):
        return self.http.seen

    def breaks(self, mode):
        self.http.mode = mode

    def close(self):
        self.http.shutdown()
        self.http.server_close()


def cut(handler):
    handler.close_connection = True
    handler.connection.shutdown(2)
    return True


def lost_reply(handler, body):
    """The write is done, its answer never comes."""
    if handler.command != "POST":
        return False
    handler.pass_on(body)
    return cut(handler)


def lost_request(handler, _):
    return handler.command == "POST" and cut(handler)


def liar(handler, _):
    """It says yes and stores nothing."""
    if handler.command != "POST":
        return False
    handler.answer(200, b'{"data":{"version":1,"deletion_time":""}}')
    return True


def hangs(handler, _):
    time.sleep(8)
    return cut(handler)


def status(code, **headers):
    """Refuses, and quotes what it was sent."""
    def mode(handler, body):
        said = json.dumps({"errors": ["no: " + body.decode()]})
        handler.answer(code, said.encode(), **headers)
        return True
    return mode


def replies(text):
    """Reads are answered by this."""
    def mode(handler, _):
        if handler.command != "GET":
            return False
        handler.answer(200, text)
        return True
    return mode


def edits(change):
    """Writes are passed on changed."""
    def mode(handler, body):
        if handler.command != "POST":
            return False
        document = json.loads(body)
        change(document["data"])
        handler.answer(*handler.pass_on(json.dumps(document).encode()))
        return True
    return mode


def now_and_then(handler, _):
    """Every other answer is that it is too busy."""
    handler.server.count = getattr(handler.server, "count", 0) + 1
    if handler.command == "POST" or handler.server.count % 2 == 0:
        return False
    handler.answer(502, b"busy")
    return True
