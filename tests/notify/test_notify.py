"""Notifications against a small HTTPS server that records what it gets."""

import http.server
import json
import os
import shutil
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

PLAY = os.environ["NOTIFY_PLAY"]
ROTATION = "kr-20261122-7f3a9c"
HIDDEN = "T0000-very-hidden-path"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.path, dict(self.headers), body))
        script = self.server.script
        status, headers, reply = script.pop(0) if script else (
            200, {}, b'{"ok":true}')
        if status == 0:
            time.sleep(reply)
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *args):
        pass


class Notify(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.cert = os.path.join(cls.folder, "cert.pem")
        key = os.path.join(cls.folder, "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out",
             cls.cert, "-days", "2", "-subj", "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost,IP:127.0.0.1"],
            check=True, capture_output=True)
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cls.cert, key)
        cls.server.socket = context.wrap_socket(cls.server.socket,
                                                server_side=True)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.origin = "https://localhost:%d" % cls.server.server_port

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()
        shutil.rmtree(cls.folder)

    def setUp(self):
        self.server.seen = []
        self.server.script = []

    def play(self, event, kind, url, token="", on="", channels=(), env=None):
        run = subprocess.run(
            [PLAY, event, kind, url, token, on, *channels],
            capture_output=True, text=True, timeout=60,
            env={"PATH": os.environ["PATH"], "SSL_CERT_FILE": self.cert,
                 **(env or {})})
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(run.stderr, "")
        self.assertNotIn(HIDDEN, run.stdout)
        self.assertNotIn("xoxb-token", run.stdout)
        return run.stdout

    def hook(self):
        return "%s/services/%s?x=1" % (self.origin, HIDDEN)

    def test_webhook_gets_the_document(self):
        out = self.play("failed", "webhook", self.hook())
        self.assertEqual(out, "1 delivered\n")
        (path, headers, body), = self.server.seen
        self.assertEqual(path, "/services/%s?x=1" % HIDDEN)
        self.assertTrue(headers["Content-Type"].startswith(
            "application/cloudevents+json"))
        self.assertTrue(headers["User-Agent"].startswith("kubectl-keyrot/"))
        event = json.loads(body)
        document = event.pop("data")
        self.assertEqual(event.pop("time")[-1], "Z")
        self.assertEqual(event, {
            "specversion": "1.0", "id": ROTATION + "/failed",
            "source": "https://keyrot.dev/services/secrets-service",
            "type": "dev.keyrot.rotation.failed", "subject": ROTATION,
            "datacontenttype": "application/json"})
        self.assertEqual(
            set(document),
            {"apiVersion", "kind", "event", "time", "rotation", "service",
             "environment", "context", "operator", "fingerprint",
             "previousFingerprint", "reason", "summary", "next", "ledger",
             "text"})
        self.assertEqual(document["apiVersion"], "keyrot.dev/v1")
        self.assertEqual(document["kind"], "Notification")
        self.assertEqual(document["event"], "failed")
        self.assertEqual(document["rotation"], ROTATION)
        self.assertIsNone(document["ledger"])
        self.assertIn(ROTATION, document["text"])
        self.assertIn("kubectl keyrot rollback", document["text"])

    def test_binary_mode(self):
        self.play("needs-person", "binary", self.hook())
        (_, headers, body), = self.server.seen
        self.assertTrue(headers["Content-Type"].startswith("application/json"))
        self.assertEqual(headers["ce-specversion"], "1.0")
        self.assertEqual(headers["ce-id"], ROTATION + "/needs-person")
        self.assertEqual(headers["ce-type"],
                         "dev.keyrot.rotation.needs-person")
        self.assertEqual(headers["ce-subject"], ROTATION)
        self.assertIn("keyrot.dev", headers["ce-source"])
        self.assertIn("T", headers["ce-time"])
        self.assertEqual(json.loads(body)["kind"], "Notification")

    def test_slack_incoming_webhook(self):
        self.server.script = [(200, {}, b"ok")]
        self.assertEqual(self.play("done", "slack-hook", self.hook()),
                         "1 delivered\n")
        (path, headers, body), = self.server.seen
        self.assertIn(HIDDEN, path)
        self.assertNotIn("Authorization", headers)
        message = json.loads(body)
        self.assertIn(ROTATION, message["text"])
        self.assertNotIn("channel", message)

    def test_command(self):
        into = os.path.join(self.folder, "event")
        self.assertEqual(self.play("done", "command", "", channels=[
            "tee", into]), "1 delivered\n")
        with open(into) as file:
            event = json.load(file)
        self.assertEqual(event["type"], "dev.keyrot.rotation.done")
        self.assertEqual(event["data"]["rotation"], ROTATION)

    def test_command_that_fails_or_hangs(self):
        self.assertIn('false was not told of "done": exit code 1',
                      self.play("done", "command", "", channels=["false"]))
        self.assertIn("0 delivered", self.play(
            "done", "command", "", channels=["no-such-program-here"]))
        begin = time.monotonic()
        self.assertIn("0 delivered", self.play(
            "done", "command", "", channels=["sleep", "60"]))
        self.assertLess(time.monotonic() - begin, 20)

    def test_webhook_address_from_the_environment(self):
        out = self.play("done", "webhook", "env:HOOK",
                        env={"HOOK": self.hook()})
        self.assertEqual(out, "1 delivered\n")
        self.assertIn(HIDDEN, self.server.seen[0][0])

    def test_on_filters(self):
        self.assertEqual(self.play("start", "webhook", self.hook(),
                                   on="failed,rolled-back"), "0 delivered\n")
        self.assertEqual(self.server.seen, [])
        self.assertEqual(self.play("rolled-back", "webhook", self.hook(),
                                   on="failed,rolled-back"), "1 delivered\n")

    def test_slack_posts_to_each_channel(self):
        out = self.play("done", "slack", self.origin + "/api", "env:TOKEN",
                        channels=["#security-ops", "#platform-alerts"],
                        env={"TOKEN": "xoxb-token"})
        self.assertEqual(out, "2 delivered\n")
        self.assertEqual([json.loads(body)["channel"]
                          for _, _, body in self.server.seen],
                         ["#security-ops", "#platform-alerts"])
        for path, headers, body in self.server.seen:
            self.assertEqual(path, "/api/chat.postMessage")
            self.assertEqual(headers["Authorization"], "Bearer xoxb-token")
            text = json.loads(body)["text"]
            self.assertIn(ROTATION, text)
            self.assertIn("&lt;!channel&gt;", text)
            self.assertIn("rose &amp; stayed", text)
            self.assertNotIn("<", text)

    def test_slack_says_no_with_200(self):
        self.server.script = [(200, {}, b'{"ok":false,'
                               b'"error":"channel_not_found"}')]
        out = self.play("done", "slack", self.origin, "env:TOKEN",
                        channels=["#a", "#b"], env={"TOKEN": "xoxb-token"})
        self.assertIn("Slack #a was not told of \"done\": Slack refused it: "
                      "channel_not_found", out)
        self.assertIn("1 delivered", out)
        self.assertEqual(len(self.server.seen), 2)

    def test_tries_again(self):
        self.server.script = [(503, {}, b"")]
        self.assertEqual(self.play("done", "webhook", self.hook()),
                         "1 delivered\n")
        self.assertEqual(len(self.server.seen), 2)
        self.assertEqual(self.server.seen[0][2], self.server.seen[1][2])

    def test_waits_as_told(self):
        self.server.script = [(429, {"Retry-After": "1"}, b"")]
        begun = time.monotonic()
        self.assertEqual(self.play("done", "webhook", self.hook()),
                         "1 delivered\n")
        self.assertGreater(time.monotonic() - begun, 1)

    def test_does_not_repeat_what_is_refused(self):
        self.server.script = [(403, {}, b"secret words of the server")]
        out = self.play("done", "webhook", self.hook())
        self.assertIn("localhost was not told of \"done\": status 403", out)
        self.assertNotIn("secret words", out)
        self.assertEqual(len(self.server.seen), 1)

    def test_redirects_are_not_followed(self):
        self.server.script = [(302, {"Location": self.origin + "/x"}, b"")]
        self.assertIn("status 302", self.play("done", "webhook", self.hook()))
        self.assertEqual(len(self.server.seen), 1)

    def test_a_silent_server_takes_bounded_time(self):
        self.server.script = [(0, {}, 20)] * 3
        begun = time.monotonic()
        out = self.play("done", "webhook", self.hook())
        self.assertIn("no answer in time", out)
        self.assertLess(time.monotonic() - begun, 20)

    def test_nobody_there(self):
        out = self.play("done", "webhook", "https://localhost:1/" + HIDDEN)
        self.assertIn("it cannot be reached", out)

    def test_unknown_authority(self):
        out = self.play("done", "webhook", self.hook(),
                        env={"SSL_CERT_FILE": "/etc/ssl/certs/"
                             "ca-certificates.crt"})
        self.assertIn("0 delivered", out)
        self.assertEqual(self.server.seen, [])

    def test_token_that_is_not_there(self):
        out = self.play("done", "slack", self.origin, "env:NO_SUCH_TOKEN",
                        channels=["#a"])
        self.assertIn("0 delivered", out)
        self.assertEqual(self.server.seen, [])

    def test_addresses_that_are_refused(self):
        for url in ("http://hooks.example/" + HIDDEN,
                    "https://user:%s@hooks.example/" % HIDDEN,
                    "https://" + HIDDEN + "\x01/", "ftp://" + HIDDEN,
                    "https:///" + HIDDEN):
            out = self.play("done", "webhook", "env:HOOK", env={"HOOK": url})
            self.assertIn("0 delivered", out, url)
            self.assertIn("warning: a webhook was not told", out)


if __name__ == "__main__":
    unittest.main()
