"""Every kind of fault, as a client sees it."""

import http.client
import json
import socket
import ssl
import time

from client import Client
from harness import CLUSTER, Case, LOST, SECRET, SERVER, SPACE


class Faults(Case):
    def test_every_status_and_what_it_left(self):
        for code, reason in (
            (401, "Unauthorized"),
            (403, "Forbidden"),
            (404, "NotFound"),
            (409, "Conflict"),
            (410, "Expired"),
            (422, "Invalid"),
            (429, "TooManyRequests"),
            (500, "InternalError"),
            (502, None),
            (503, "ServiceUnavailable"),
            (504, "Timeout"),
        ):
            for applied in (False, True):
                with self.subTest(code=code, applied=applied):
                    before = self.version()
                    self.fault(kind=str(code), method="PATCH", applied=applied)
                    status, body = self.patch(
                        SECRET,
                        {
                            "data": {
                                "N": (
                                    f"{code:04d}"[:4]
                                    if not applied
                                    else "b" + f"{code}"
                                )
                            }
                        },
                    )
                    self.assertEqual(code, status)
                    self.assertEqual("Status", body["kind"])
                    self.assertEqual(reason, body.get("reason"))
                    self.assertEqual(applied, self.version() != before)

    def test_two_kinds_of_conflict(self):
        self.fault(kind="409a")
        body = self.get(SECRET)[2]
        self.assertEqual(
            "FieldManagerConflict", body["details"]["causes"][0]["reason"]
        )
        self.fault(kind="409b")
        body = self.get(SECRET)[2]
        self.assertNotIn("causes", body["details"])
        self.assertEqual("secrets-service-config", body["details"]["name"])

    def test_retry_after(self):
        self.fault(kind="429", retryAfter=3)
        self.assertEqual("3", self.get(SECRET)[1]["Retry-After"])
        self.fault(kind="429", retryAfter="date")
        self.assertIn("GMT", self.get(SECRET)[1]["Retry-After"])
        self.fault(kind="503")
        self.assertIsNone(self.get(SECRET)[1]["Retry-After"])

    def test_index_times_skip_and_path(self):
        self.fault(kind="500", at=2)
        self.assertEqual(
            [200, 500, 200], [self.get(SECRET)[0] for _ in range(3)]
        )
        self.fault(kind="503", path="/secrets/", times=2, skip=1)
        self.assertEqual(
            [200, 503, 503, 200], [self.get(SECRET)[0] for _ in range(4)]
        )
        self.fault(kind="503", path="/pods", cluster="aether-production")
        self.assertEqual(200, self.get(SPACE + "/pods")[0])
        self.assertEqual(
            1, [f["hits"] for f in SERVER.control("/fault")["faults"]][0]
        )
        self.assertEqual(8, SERVER.control("/count")["clusters"][CLUSTER])

    def lost(self, kind, method="PATCH"):
        self.fault(kind=kind, method=method)
        with self.assertRaises(LOST):
            self.patch(SECRET, {"data": {"N": "eA=="}})

    def test_lost_connections(self):
        for kind, applied in (
            ("reset-first", False),
            ("reset-read", False),
            ("eof", False),
            ("reset-applied", True),
        ):
            with self.subTest(kind):
                SERVER.control("/reset", {})
                before = self.version()
                self.lost(kind)
                self.assertEqual(applied, self.version() != before)

    def test_a_reset_is_a_reset(self):
        self.fault(kind="reset-read")
        with self.assertRaises(ConnectionResetError):
            self.get(SECRET)

    def test_cut_and_truncated(self):
        self.fault(kind="cut")
        with self.assertRaises((http.client.IncompleteRead,) + LOST):
            self.get(SECRET)
        self.fault(kind="truncated")
        status, _, text = self.client.request("GET", SECRET)
        self.assertEqual(200, status)
        with self.assertRaises(ValueError):
            json.loads(text)

    def test_wrong_objects(self):
        right = self.get(SECRET)[2]
        for kind, path in (
            ("wrong-kind", ["kind"]),
            ("wrong-uid", ["metadata", "uid"]),
            ("wrong-name", ["metadata", "name"]),
        ):
            self.fault(kind=kind)
            have, want = self.get(SECRET)[2], right
            for name in path:
                have, want = have[name], want[name]
            self.assertNotEqual(want, have, kind)

    def test_html(self):
        self.fault(kind="html")
        status, headers, text = self.get(SECRET)
        self.assertEqual(
            (200, True), (status, "html" in headers["Content-Type"])
        )
        self.fault(kind="gateway")
        self.assertEqual(502, self.get(SECRET)[0])

    def test_echo_quotes_the_value(self):
        self.fault(kind="echo")
        body = self.patch(SECRET, {"data": {"N": "dGhlLXZhbHVl"}})[1]
        self.assertIn("the-value", body["message"])
        self.assertIn("dGhlLXZhbHVl", body["message"])
        key = self.get(SECRET)[2]["data"]["SECRET_ENCRYPTION_KEY"]
        self.fault(kind="echo")
        self.assertIn(key, self.get(SECRET)[2]["message"])

    def test_slow_and_delay(self):
        self.fault(kind="slow", ms=2)
        start = time.monotonic()
        self.assertEqual(200, self.get("/version")[0])
        self.assertGreater(time.monotonic() - start, 0.2)
        self.fault(kind="delay", ms=200)
        start = time.monotonic()
        self.assertEqual(200, self.get(SECRET)[0])
        self.assertGreater(time.monotonic() - start, 0.19)

    def test_hang_and_endless(self):
        self.fault(kind="hang", ms=300)
        with self.assertRaises(LOST):
            self.get(SECRET)
        self.fault(kind="endless")
        connection = self.client.connect()
        connection.request("GET", SECRET, headers=self.client.headers)
        reply = connection.getresponse()
        self.assertEqual(20 << 20, len(reply.read(20 << 20)))
        connection.close()

    def test_bad_certificate(self):
        self.get(SECRET)
        self.fault(kind="bad-tls", at=2)
        with self.assertRaises(LOST):
            self.get(SECRET)
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.get(SECRET)
        self.assertEqual(200, self.get(SECRET)[0])

    def test_bad_certificate_at_the_first_request(self):
        self.fault(kind="bad-tls", at=1)
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.get(SECRET)
        self.assertEqual(200, self.get(SECRET)[0])

    def test_refused(self):
        self.fault(kind="refuse", at=1, ms=300)
        with self.assertRaises(ConnectionRefusedError):
            self.get(SECRET)
        time.sleep(0.4)
        self.assertEqual(200, self.get(SECRET)[0])
        self.fault(kind="refuse", at=2, ms=0)
        with self.assertRaises(LOST):
            self.get(SECRET)
        self.wait("refused", lambda: self.refused())
        SERVER.control("/fault", method="DELETE")
        self.assertEqual(200, self.get(SECRET)[0])

    def refused(self):
        try:
            socket.create_connection(
                (self.client.host, self.client.port)
            ).close()
        except ConnectionRefusedError:
            return True
        return False

    def test_expired_token(self):
        client = Client(SERVER.kubeconfig, "viewer@" + CLUSTER)
        self.assertEqual(200, client.request("GET", SECRET)[0])
        self.fault(kind="expired-token")
        self.assertEqual(401, client.request("GET", SECRET)[0])
        self.assertEqual(401, client.request("GET", SECRET)[0])
        self.assertEqual(200, self.get(SECRET)[0])
        SERVER.control("/fault", method="DELETE")
        self.assertEqual(200, client.request("GET", SECRET)[0])
        client.close()

    def events(self, count):
        path = f"{SPACE}/secrets?watch=true&timeoutSeconds=2"
        connection = self.client.connect()
        self.addCleanup(connection.close)
        connection.request("GET", path, headers=self.client.headers)
        reply = connection.getresponse()
        lines = []
        while len(lines) < count:
            line = reply.readline()
            if not line:
                break
            lines.append(line)
        return lines

    def test_watch_faults(self):
        for kind, code, reason in (
            ("watch-410", 410, "Expired"),
            ("watch-500", 500, "InternalError"),
        ):
            self.fault(kind=kind)
            event = json.loads(self.events(5)[0])
            self.assertEqual(
                ("ERROR", code, reason),
                (
                    event["type"],
                    event["object"]["code"],
                    event["object"]["reason"],
                ),
            )
        self.fault(kind="watch-end")
        lines = self.events(5)
        self.assertEqual("ADDED", json.loads(lines[0])["type"])
        self.assertEqual(1, len(lines))
        self.fault(kind="watch-split")
        self.assertEqual("ADDED", json.loads(self.events(1)[0])["type"])
        self.fault(kind="watch-cut")
        with self.assertRaises(
            (http.client.IncompleteRead, ValueError) + LOST
        ):
            json.loads(self.events(1)[0])
        self.fault(kind="watch-stall", ms=200)
        with self.assertRaises(
            (http.client.IncompleteRead, IndexError) + LOST
        ):
            self.assertTrue(self.events(1)[0])

    def test_a_watch_fault_waits_for_a_watch(self):
        self.fault(kind="watch-410", at=1)
        self.assertEqual(200, self.get(SECRET)[0])
        self.assertEqual("ERROR", json.loads(self.events(1)[0])["type"])
