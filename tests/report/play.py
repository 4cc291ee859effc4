"""Two rotations on practice clusters, for all of the tests: one to its end, and
one whose soak fails, which is rolled back by itself."""

import base64
import json
import os
import shutil
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
for folder in ("contract", "resume", "fleet"):
    sys.path.insert(0, os.path.join(ROOT, "tests", folder))

from prom import Prom  # noqa: E402
import schema  # noqa: E402
from stand import NAMESPACE, Stand  # noqa: E402

# What a page must not take for a mark of its own.
ENVIRONMENT = "prod <script>alert(1)</script> | `x`"
METRIC = "p99 \"><img src=x onerror=alert(2)> | **b** [l](javascript:alert(3))"
TICKS = 6


class Play(Stand):
    def __init__(self):
        super().__init__(2)
        self.metrics = Prom()
        self.metrics.values = {"errors": 0.002, "p99": 0.12}
        self.whole()
        self.done = self.rotate(0)
        self.metrics.reply = self.failing
        self.failed = self.rotate(6)
        self.keys = {base64.b64decode(self.secret(name)["data"][
            "SECRET_ENCRYPTION_KEY"]).decode() for name in self.names}

    def failing(self, path, query):
        bad = "query_range" not in path
        self.metrics.values = {"errors": 0.04 if bad else 0.002, "p99": 0.12}
        return Prom.reply(self.metrics, path, query)

    def secret(self, name):
        return self.fleet.cluster(name).api().get(
            "/api/v1/namespaces/%s/secrets/secrets-service-config"
            % NAMESPACE)

    def whole(self, ledger="ledger/l.jsonl"):
        soak = {"for": "%ds" % TICKS, "every": "1s", "settle": "0s",
                "onFail": "rollback",
                "prometheus": {"url": self.metrics.url,
                               "allowPlainHTTP": True},
                "metrics": [
                    {"name": "error rate", "query": "errors", "max": 0.01,
                     "noData": "breach"},
                    {"name": METRIC, "query": "p99", "max": 0.5,
                     "maxIncrease": "30%", "noData": "breach"}]}
        more = {"ledger": {"path": ledger}} if ledger else {}
        quick = {"verify": {"within": "100ms"}}
        # Of the day after tomorrow: a rule that has to be set aside.
        day = time.strftime("%a", time.gmtime(time.time() + 2 * 86400))
        self.config([("staging", 1, 1, quick), (ENVIRONMENT, 2, 2, dict(
            quick, requires="staging", soak=soak,
            window="%s 03:00-03:01 UTC" % day))],
            validate=[{"name": "suite", "run": ["true"]}], **more)

    def rotate(self, code):
        """From elsewhere: paths in keyrot.yaml are of its own folder."""
        done = self.run("rotate", "--allow-outside-window", "--config",
                        self.home + "/keyrot.yaml", "-o", "json", cwd="/")
        document = json.loads(done.stdout)
        wrong = schema.problems(document)
        if done.returncode != code or wrong:
            raise AssertionError("%s %s" % (wrong, done.stderr))
        return document

    def copy(self):
        """The same home, to be spoilt."""
        other = object.__new__(Play)
        other.__dict__.update(self.__dict__)
        other.home = os.path.join(tempfile.mkdtemp(prefix="keyrot-report-"),
                                  "home")
        shutil.copytree(self.home, other.home)
        other.env = dict(self.env, HOME=other.home, KEYROT_PASSPHRASE_FILE=
                         os.path.join(other.home, "passphrase"))
        return other

    def forget(self):
        shutil.rmtree(os.path.dirname(self.home), ignore_errors=True)

    def state(self):
        return os.path.join(self.home, ".local/state/keyrot")

    def report(self, *words, code=0):
        was, document, told = self.json("report", *words)
        if was != code:
            raise AssertionError("exit code %d: %s" % (was, told))
        return document

    def page(self, form, *words):
        done = self.run("report", "-o", form, "--offline", *words)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return done.stdout

    def close(self):
        self.metrics.close()
        super().close()
