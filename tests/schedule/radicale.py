"""A real CalDAV server: Debian's Radicale, on a port of its own."""

import base64
import http.client
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time

CALENDAR = b"""<?xml version="1.0"?>
<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
<D:set><D:prop><D:displayname>ops</D:displayname></D:prop></D:set>
</C:mkcalendar>"""
CONFIG = """[server]
hosts = 127.0.0.1:%(port)d
ssl = %(tls)s
certificate = %(folder)s/server.crt
key = %(folder)s/server.key
[auth]
type = htpasswd
htpasswd_filename = %(folder)s/users
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = %(folder)s/storage
[logging]
level = warning
"""
USER, PASSWORD = "ops", "correct horse; b\u00e4ttery"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Radicale:
    def __init__(self, tls=False):
        self.folder = tempfile.mkdtemp(prefix="keyrot-radicale-")
        self.tls = tls
        self.ca = os.path.join(self.folder, "server.crt")
        if tls:
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                 "/CN=calendar", "-addext", "subjectAltName=IP:127.0.0.1",
                 "-keyout", self.folder + "/server.key", "-out", self.ca],
                check=True, capture_output=True)
        with open(self.folder + "/users", "w") as out:
            out.write("%s:%s\n" % (USER, PASSWORD))
        self.start()
        self.call("MKCALENDAR", "", CALENDAR)

    def start(self):
        """A port that was free a moment ago may be taken by then."""
        for _ in range(5):
            self.port = free_port()
            with open(self.folder + "/config", "w") as out:
                out.write(CONFIG % {"port": self.port, "folder": self.folder,
                                    "tls": self.tls})
            self.process = subprocess.Popen(
                ["/usr/bin/radicale", "--config", self.folder + "/config"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
            end = time.monotonic() + 20
            while self.process.poll() is None and time.monotonic() < end:
                try:
                    socket.create_connection(("127.0.0.1", self.port)).close()
                    return
                except OSError:
                    time.sleep(0.05)
            self.process.kill()
        raise SystemExit("Radicale does not start")

    @property
    def url(self):
        return "%s://127.0.0.1:%d/%s/ops" % (
            "https" if self.tls else "http", self.port, USER)

    def call(self, method, name, body=None):
        if self.tls:
            import ssl
            connection = http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=20,
                context=ssl.create_default_context(cafile=self.ca))
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                    timeout=20)
        login = base64.b64encode(("%s:%s" % (USER, PASSWORD)).encode())
        connection.request(method, "/%s/ops/%s" % (USER, name), body,
                           {"Authorization": "Basic " + login.decode(),
                            "Content-Type": "text/calendar",
                            "Depth": "1"})
        reply = connection.getresponse()
        text = reply.read().decode()
        connection.close()
        if reply.status >= 300:
            raise RuntimeError("%s %s: %d %s" % (method, name, reply.status,
                                                 text))
        return text

    def objects(self):
        """Names in the calendar."""
        listing = self.call("PROPFIND", "")
        return re.findall(r"<(?:\w+:)?href>[^<]*/([^/<]+\.ics)</", listing)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
