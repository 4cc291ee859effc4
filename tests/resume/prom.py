"""As much of Prometheus as a soak asks: one number for each query."""

import http.server
import json
import threading
import time
import urllib.parse


class Prom:
    def __init__(self):
        self.values = {}
        self.asked = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                length = int(self.headers.get("content-length", 0))
                self.answer(self.rfile.read(length).decode())

            def do_GET(self):
                self.answer(self.path.partition("?")[2])

            def answer(self, text):
                query = dict(urllib.parse.parse_qsl(text))
                outer.asked.append((self.path.partition("?")[0], query))
                body = json.dumps(outer.reply(self.path, query)).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *unused):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def reply(self, path, query):
        value = self.values.get(query.get("query"), 1.0)
        if "query_range" in path:
            start, end = float(query["start"]), float(query["end"])
            step = float(query["step"].rstrip("s"))
            count = int((end - start) / step) + 1
            return {"status": "success", "data": {
                "resultType": "matrix", "result": [{
                    "metric": {}, "values": [
                        [start + i * step, str(value)]
                        for i in range(count)]}]}}
        return {"status": "success", "data": {
            "resultType": "vector", "result": [{
                "metric": {}, "value": [float(query.get(
                    "time", time.time())), str(value)]}]}}

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def soak(self, seconds=6, on_fail="hold", limit="max: 5"):
        """The lines of an environment in keyrot.yaml."""
        return ("  soak:\n    for: %ds\n    every: 1s\n    settle: 0s\n"
                "    onFail: %s\n    prometheus: {url: '%s', "
                "allowPlainHTTP: true}\n"
                "    metrics: [{name: errors, query: errors, %s, "
                "noData: breach}]\n" % (seconds, on_fail, self.url, limit))
