"""A real Prometheus whose history was written before it started."""

import http.client
import os
import shutil
import socket
import subprocess
import tempfile
import time

STEP_S = 5


def installed():
    return shutil.which("prometheus") and shutil.which("promtool")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def openmetrics(series, start, end):
    """series: {name or name{label="x"}: function of time -> value or None}."""
    families = {}
    for name, value in series.items():
        families.setdefault(name.split("{")[0], []).append((name, value))
    lines = []
    for family, members in families.items():
        lines.append("# TYPE %s gauge" % family)
        for name, value in members:
            at = start
            while at <= end:
                v = value(at)
                if v is not None:
                    lines.append("%s %s %.3f" % (name, v, at))
                at += STEP_S
    return "\n".join(lines) + "\n# EOF\n"


class Prometheus:
    """Serves `series` from `minutes` ago to some minutes from now."""

    def __init__(self, series, now, minutes=40, ahead=15):
        self.dir = tempfile.mkdtemp(prefix="keyrot-prom-")
        self.log = os.path.join(self.dir, "log")
        text = os.path.join(self.dir, "series.txt")
        with open(text, "w") as file:
            file.write(openmetrics(series, now - minutes * 60,
                                   now + ahead * 60))
        subprocess.run(["promtool", "tsdb", "create-blocks-from",
                        "openmetrics", text, os.path.join(self.dir, "data")],
                       check=True, stdout=subprocess.DEVNULL)
        with open(os.path.join(self.dir, "prometheus.yml"), "w") as file:
            file.write("global: {scrape_interval: 15s}\n")
        self.port = free_port()
        self.process = None
        self.start()

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port

    def start(self, *flags):
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(
                ["prometheus", "--config.file=prometheus.yml",
                 "--storage.tsdb.path=data",
                 "--storage.tsdb.retention.time=10y",
                 "--web.listen-address=127.0.0.1:%d" % self.port,
                 *flags], cwd=self.dir, stdout=log, stderr=log)
        for _ in range(200):
            try:
                c = http.client.HTTPConnection("127.0.0.1", self.port,
                                               timeout=5)
                c.request("GET", "/-/ready")
                if c.getresponse().status == 200:
                    return
            except OSError:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        with open(self.log) as log:
            raise RuntimeError("Prometheus did not start:\n" + log.read())

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def close(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)
