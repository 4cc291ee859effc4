"""`kubectl keyrot soak` against a real Prometheus and practice clusters.

All soaks are short and run side by side; each test looks at one of them.
"""

import concurrent.futures
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.request

import prom
import proxy

KEYROT = os.environ["KEYROT"]
PRACTICE = os.environ["PRACTICE"]
CLUSTERS = ["main", "revert", "again", "restart", "logs", "unready", "stop",
            "late", "renew", "gone", "pausing"]
KEY = "test key that no document may hold, 32+ bytes"
METRIC = "{name: %s, query: '%s', noData: %s%s}"


def metric(query, name="m", no_data="hold", more=", max: 0.01"):
    return METRIC % (name, query, no_data, more)


class World:
    """One practice process, one Prometheus, one proxy for all tests."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="keyrot-soak-")
        self.home = os.path.join(self.dir, "practice")
        self.practice = subprocess.Popen(
            [PRACTICE, "--dir", self.home, "--fast", "--clusters",
             ",".join(CLUSTERS)])
        while not os.path.exists(os.path.join(self.home, "ready")):
            time.sleep(0.02)
        with open(os.path.join(self.home, "control")) as file:
            self.control = file.read()
        with open(os.path.join(self.dir, "pass"), "w") as file:
            file.write("correct horse battery\n")
        key = subprocess.run(["openssl", "rand", "-base64", "32"], check=True,
                             capture_output=True, text=True).stdout.strip()
        self.key = key
        for name in CLUSTERS:
            self.apply(name, key)
        now = time.time()
        self.prometheus = prom.Prometheus({
            "good": lambda t: 0.002,
            "rising": lambda t: 0.002 if t < now else 0.004,
            "nan": lambda t: "NaN",
            "inf": lambda t: "+Inf",
            "minus": lambda t: "-Inf",
            "zero": lambda t: 0,
            "fresh": lambda t: None if t < now else 0.002,
            'two{a="1"}': lambda t: 0.001,
            'two{a="2"}': lambda t: 0.002}, now)
        proxy.make_pki(self.dir)
        self.proxy = proxy.Proxy(self.prometheus.port, self.dir)

    def close(self):
        self.prometheus.close()
        self.practice.kill()
        self.practice.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def environment(self, name):
        return {"PATH": os.environ["PATH"], "HOME": self.dir,
                "LC_ALL": "C.UTF-8", "TERM": "dumb",
                "KUBECONFIG": os.path.join(self.home, "kubeconfig"),
                "XDG_STATE_HOME": os.path.join(self.dir, "state-" + name),
                "XDG_DATA_HOME": os.path.join(self.dir, "data")}

    def apply(self, context, key):
        subprocess.run(
            [KEYROT, "apply", "--context", context, "--passphrase-file",
             os.path.join(self.dir, "pass"), "--operator", "tester"],
            env=dict(self.environment("apply"), SECRET_ENCRYPTION_KEY=key),
            cwd=self.dir, check=True, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    def kubectl(self, method, cluster, path, body=None, content=None):
        with open(os.path.join(self.home, "kubeconfig")) as file:
            text = file.read()
        server = [line.split()[-1] for line in text.splitlines()
                  if "server:" in line][CLUSTERS.index(cluster)].strip('"')
        command = ["curl", "-sS", "--fail-with-body", "--cacert",
                   os.path.join(self.home, "ca.crt"), "--cert",
                   os.path.join(self.home, "client.crt"), "--key",
                   os.path.join(self.home, "client.key"), "-X", method,
                   server + "/" + path]
        if body is not None:
            command += ["-H", "Content-Type: " + content, "-d",
                        json.dumps(body)]
        return subprocess.run(command, check=True, capture_output=True,
                              text=True).stdout

    def tell(self, command, body):
        urllib.request.urlopen(self.control + "/" + command,
                               json.dumps(body).encode()).read()


class Run:
    """One soak: started at once, waited for when its test comes."""

    def __init__(self, world, name, metrics, prometheus=None, context="main",
                 seconds=4, extra="", arguments=(), forbid="", output="json",
                 variables=None, top=""):
        self.world, self.name = world, name
        self.config = os.path.join(world.dir, name + ".yaml")
        prometheus = prometheus or "url: '%s'" % world.prometheus.url
        with open(self.config, "w") as file:
            file.write("""apiVersion: keyrot.dev/v1
kind: Rotation
service: secrets-service
%senvironments:
- name: e
  targets: [{context: %s}]
%s  soak:
    for: %ds
    every: 1s
    settle: 0s
%s    prometheus: {%s}
    metrics:
%s""" % (top, context, forbid, seconds, extra, prometheus,
         "".join("    - %s\n" % m for m in metrics)))
        self.command = [KEYROT, "soak", "--context", context, "--config",
                        self.config, "-o", output, *arguments]
        self.env = dict(world.environment(name), **(variables or {}))
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            self.command, env=self.env, cwd=self.world.dir,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            stdin=subprocess.DEVNULL)

    def run(self):
        self.start()
        self.finish()

    def finish(self):
        if self.process.stdout.closed:
            return
        self.out, self.err = self.process.communicate(timeout=60)
        self.code = self.process.returncode

    def wait(self):
        if self.future:
            self.future.result()
        else:
            self.finish()
        return self

    @property
    def document(self):
        return json.loads(self.out.splitlines()[-1] if "jsonl" in self.command
                          else self.out)


world = None
runs = {}


# So many at the same time that none of them is late for its ticks.
pool = concurrent.futures.ThreadPoolExecutor(8)


def start(name, *metrics, at_once=False, **options):
    run = runs[name] = Run(world, name, metrics, **options)
    if at_once:
        run.future = None
        run.start()
    else:
        run.future = pool.submit(run.run)


def through(how, more=""):
    return "url: '%s/%s', ca: ca.crt%s" % (world.proxy.url, how, more)


def start_verdicts():
    start("pass", metric("good"), metric("good * 2", "double"))
    start("absolute", metric("good", more=", max: 0.001"))
    start("relative", metric("rising", more=", max: 0.1, maxIncrease: 50%"))
    start("relative alone", metric("good", more=", maxIncrease: 50%"))
    start("no baseline", metric("fresh", more=", maxIncrease: 50%"))
    start("no data", metric("absent_series"))
    start("no data breach", metric("absent_series", no_data="breach"))
    start("zero alone", metric("absent_series", no_data="zero"))
    start("zero", metric("absent_series", no_data="zero"),
          metric("good", "witness"))
    start("nan", metric("nan"))
    start("divided", metric("zero / zero"))
    start("minus", metric("minus"))
    start("inf", metric("inf"))
    start("scalar", metric("scalar(good)"))
    start("several", metric("two"))
    start("aggregate", metric("two # both", more=", max: 0.01, "
                              "aggregate: max"))
    start("bad query", metric("sum("))
    start("range", metric("good[5m]"))
    start("long", metric("good # " + "long " * 800))
    start("lenient", metric("good", more=", max: 0.001, allowed: {breach: 4}"),
          extra="    minGood: 90%\n")
    start("no store", metric("good"), seconds=3,
          top="store: {type: vault}\n")
    start("jsonl", metric("good"), seconds=3, output="jsonl")
    start("text", metric("good"), metric("two{a=\"1\"}", "other"), seconds=3,
          output="text")


def start_connections():
    start("bearer", metric("good"), prometheus=through(
        "bearer", ", token: env:PROM_TOKEN"),
        variables={"PROM_TOKEN": proxy.TOKEN})
    start("wrong bearer", metric("good"), prometheus=through(
        "bearer", ", token: env:PROM_TOKEN"),
        variables={"PROM_TOKEN": "wrong-" + proxy.TOKEN})
    start("basic", metric("good"), prometheus=through(
        "basic", ", user: me, password: env:PROM_PASSWORD"),
        variables={"PROM_PASSWORD": proxy.PASSWORD})
    start("in url", metric("good"), prometheus="url: env:PROM_URL, ca: ca.crt",
          variables={"PROM_URL": world.proxy.url.replace(
              "//", "//me:soak%20pass%3Aword@") + "/basic"})
    start("mtls", metric("good"), prometheus=through(
        "mtls", ", cert: client.crt, key: client.key"))
    start("no cert", metric("good"), prometheus=through("mtls"))
    start("prefix", metric("good"), prometheus=through("deep/er/path/"))
    start("tenant", metric("good"), prometheus=through(
        "tenant", ", tenant: %s" % proxy.TENANT))
    start("no tenant", metric("good"), prometheus=through("tenant"))
    start("slow", metric("good"), prometheus=through("slow"))
    start("html", metric("good"), prometheus=through("html"))
    start("redirect", metric("good"), prometheus=through("redirect"))
    start("echo", metric("good"), prometheus=through(
        "echo", ", token: env:PROM_TOKEN"),
        variables={"PROM_TOKEN": proxy.TOKEN})
    start("cache", metric("good"), prometheus=through("cache"))
    start("huge", metric("good"), prometheus=through("huge"))
    start("no ca", metric("good"), prometheus="url: '%s/x'" % world.proxy.url)
    start("dead", metric("good"), prometheus="url: 'http://127.0.0.1:1'")
    start("nowhere", metric("good"), prometheus="url: 'https://127.0.0.1:1', "
          "token: env:NOT_SET")
    start("plain", metric("good"), prometheus="url: 'http://192.0.2.1', "
          "token: env:PROM_TOKEN", variables={"PROM_TOKEN": proxy.TOKEN})
    start("at", metric("good"), arguments=["--prometheus",
                                           "http://a:b@127.0.0.1:1"])
    start("elsewhere", metric("good"), prometheus="url: 'http://127.0.0.1:1'",
          arguments=["--prometheus", world.prometheus.url, "--for", "3s"])


def later(seconds, function):
    timer = threading.Timer(seconds, function)
    timer.start()
    return timer


def secret_path():
    return "api/v1/namespaces/aether-services/secrets/secrets-service-config"


def renew_token():
    with open(os.path.join(world.dir, "token.new"), "w") as file:
        file.write("second-token-9876543210\n")
    os.rename(os.path.join(world.dir, "token.new"),
              os.path.join(world.dir, "token"))
    world.second.token = "second-token-9876543210"


def start_changes():
    forbid = "  verify: {logs: {forbid: ['invalid key']}}\n"
    for name in ("revert", "again", "restart", "unready", "stop", "gone"):
        start(name, metric("good"), context=name, seconds=8, at_once=True)
    start("logs", metric("good"), context="logs", seconds=8, forbid=forbid,
          at_once=True)
    world.second = proxy.Proxy(world.prometheus.port, world.dir)
    with open(os.path.join(world.dir, "token"), "w") as file:
        file.write(proxy.TOKEN + "\n")
    start("renew", metric("good"), seconds=6, at_once=True, prometheus=(
        "url: '%s/bearer', ca: ca.crt, token: 'file:token'"
        % world.second.url))
    start("pausing", metric("good"), seconds=8, at_once=True)
    pausing = runs["pausing"].process.pid
    value = {"data": {"SECRET_ENCRYPTION_KEY": "b2xk"}}
    merge = "application/merge-patch+json"
    return [
        later(3, lambda: world.kubectl("PATCH", "revert", secret_path(), value,
                                       merge)),
        later(3, lambda: world.kubectl("DELETE", "gone", secret_path())),
        later(3, lambda: world.tell("log", {
            "cluster": "logs", "namespace": "aether-services",
            "line": "decrypt: invalid key"})),
        later(3, lambda: spoil_pods("restart", restarted)),
        later(2, lambda: spoil_pods("unready", unready)),
        later(3, lambda: runs["stop"].process.send_signal(signal.SIGINT)),
        later(3, renew_token),
        later(2, lambda: os.kill(pausing, signal.SIGSTOP)),
        later(6, lambda: os.kill(pausing, signal.SIGCONT))]


def pods(cluster):
    return json.loads(world.kubectl(
        "GET", cluster, "api/v1/namespaces/aether-services/pods"))["items"]


def restarted(pod):
    for status in pod["status"]["containerStatuses"]:
        status["restartCount"] = 1


def unready(pod):
    for condition in pod["status"]["conditions"]:
        if condition["type"] == "Ready":
            condition["status"] = "False"


def spoil_pods(cluster, how):
    for pod in pods(cluster)[:1]:
        how(pod)
        pod.update(apiVersion="v1", kind="Pod")
        world.tell("put", {"cluster": cluster, "object": pod})


def setUpModule():
    global world
    world = World()
    for timer in start_changes():
        timer.join()
    start_verdicts()
    start_connections()


def tearDownModule():
    pool.shutdown(cancel_futures=True)
    for proxied in (world.second, world.proxy):
        proxied.shutdown()
        proxied.server_close()
    world.close()


class Case(unittest.TestCase):
    def look(self, name, code, verdict=None, reason=None, says=None):
        run = runs[name].wait()
        shown = "%s\n%s" % (run.out, run.err)
        self.assertEqual(run.code, code, shown)
        document = run.document
        self.assertEqual(document["exitCode"], code)
        self.assertEqual(document.get("verdict"), verdict, shown)
        if reason:
            self.assertEqual(document["reason"], reason, shown)
        if says:
            self.assertIn(says, document["message"], shown)
        for secret in (proxy.TOKEN, proxy.PASSWORD, world.key,
                       "second-token", "soak%20pass"):
            self.assertNotIn(secret, shown)
        return document


class Verdicts(Case):
    def test_pass(self):
        d = self.look("pass", 0, "pass")
        self.assertEqual(d["kind"], "SoakResult")
        self.assertEqual(d["metrics"][0]["outcomes"], "oooo")
        self.assertEqual(d["metrics"][1]["values"], [0.004] * 4)
        self.assertEqual(d["metrics"][0]["baseline"]["mean"], 0.002)
        self.assertEqual(d["samples"]["taken"], 4)
        self.assertTrue(d["complete"])
        self.assertTrue(d["rotation"].startswith("kr-"))
        self.assertEqual(d["cluster"]["outcomes"], "oooo")

    def test_the_store_is_not_needed(self):
        self.look("no store", 0, "pass")

    def test_over_the_absolute_limit(self):
        d = self.look("absolute", 6, "fail", "SoakFailed", "limit of 0.001")
        self.assertEqual(d["metrics"][0]["outcomes"], "b")

    def test_over_the_relative_limit(self):
        d = self.look("relative", 6, "fail", "SoakFailed", "limit of 0.003")
        self.assertEqual(d["metrics"][0]["baseline"]["mean"], 0.002)

    def test_within_the_relative_limit(self):
        self.look("relative alone", 0, "pass")

    def test_no_baseline(self):
        self.look("no baseline", 6, "inconclusive", "SoakInconclusive",
                  "no baseline: 0 of 5 points")

    def test_no_data(self):
        d = self.look("no data", 6, "inconclusive", "SoakInconclusive")
        self.assertEqual(d["metrics"][0]["counts"]["noData"], 4)

    def test_no_data_as_a_breach(self):
        self.look("no data breach", 6, "fail", "SoakFailed")

    def test_silence_is_zero_beside_a_witness(self):
        d = self.look("zero", 0, "pass")
        self.assertEqual(d["metrics"][0]["values"], [0] * 4)

    def test_silence_alone_is_no_zero(self):
        self.look("zero alone", 6, "inconclusive", "SoakInconclusive")

    def test_not_a_number(self):
        for name in ("nan", "divided", "minus"):
            d = self.look(name, 6, "inconclusive", "SoakInconclusive")
            self.assertEqual(d["metrics"][0]["counts"]["nan"], 4)

    def test_infinite(self):
        d = self.look("inf", 6, "fail", "SoakFailed")
        self.assertEqual(d["metrics"][0]["values"], ["+Inf"])

    def test_scalar(self):
        self.look("scalar", 0, "pass")

    def test_several_series(self):
        self.look("several", 2, None, "SeveralSeries", "2 series")

    def test_an_aggregate_of_several(self):
        d = self.look("aggregate", 0, "pass")
        self.assertEqual(d["metrics"][0]["values"][0], 0.002)

    def test_a_query_that_is_none(self):
        self.look("bad query", 2, None, "BadQuery", "parse error")

    def test_a_range(self):
        self.look("range", 2, None, "NotANumber", "a range")

    def test_a_long_query(self):
        self.look("long", 0, "pass")

    def test_allowed_breaches_are_not_good_samples(self):
        self.look("lenient", 6, "inconclusive", "SoakInconclusive",
                  "good in 0 of 4")


class Connections(Case):
    def test_credentials(self):
        for name in ("bearer", "basic", "in url", "mtls", "tenant", "prefix"):
            with self.subTest(name):
                self.look(name, 0, "pass")

    def test_no_credentials(self):
        for name in ("wrong bearer", "no cert", "no tenant"):
            with self.subTest(name):
                self.look(name, 6, None, "SoakError", "401")

    def test_strangers(self):
        for name, says in (("html", "no JSON"), ("redirect", "not followed"),
                           ("slow", "time"), ("dead", "127.0.0.1:1"),
                           ("no ca", "certificate")):
            with self.subTest(name):
                self.look(name, 6, None, "SoakError", says)

    def test_an_answer_from_a_cache(self):
        d = self.look("cache", 6, "error", "SoakError", "the same answer")
        self.assertEqual(d["metrics"][0]["outcomes"], "eeee")

    def test_an_echo_is_not_repeated(self):
        self.look("echo", 2, None, None, "hold the credentials")

    def test_a_huge_answer(self):
        self.look("huge", 2, None, "SeveralSeries")

    def test_a_token_that_is_not_there(self):
        self.look("nowhere", 4, None, None, "NOT_SET is not set")

    def test_plain_http(self):
        self.look("plain", 3, None, "PlainHTTP")

    def test_a_password_in_an_option(self):
        self.look("at", 2, None, None, "without a password")

    def test_another_server(self):
        d = self.look("elsewhere", 0, "pass")
        self.assertEqual(d["samples"]["planned"], 3)

    def test_a_token_that_is_renewed(self):
        self.look("renew", 0, "pass")

    def test_no_client_time_in_queries(self):
        self.look("bearer", 0, "pass")
        asked = [rest for how, _, rest, _ in world.proxy.seen
                 if how == "bearer" and "/api/v1/query?" in rest]
        self.assertGreater(len(asked), 4)
        for rest in asked:
            self.assertNotIn("&time=", rest)


class Changes(Case):
    def test_the_secret_is_put_back(self):
        d = self.look("revert", 6, "fail", "SoakFailed", "was written by")
        # It came by `apply`: there is no rotation to be rolled back.
        self.assertRegex(d["next"][0], r"^kubectl keyrot apply --context \S+ "
                         r"-n \S+ --from-store=kr-\S+-previous-")

    def test_the_secret_is_deleted(self):
        self.look("gone", 6, "fail", "SoakFailed", "secrets-service-config")

    def test_a_forbidden_line(self):
        self.look("logs", 6, "fail", "SoakFailed", "invalid key")

    def test_a_restart(self):
        self.look("restart", 6, "fail", "SoakFailed", "restarted")

    def test_pods_that_are_not_ready(self):
        self.look("unready", 6, "fail", "SoakFailed", "2 of 3 pods ready")

    def test_stopped_and_gone_on_with(self):
        d = self.look("stop", 130, "inconclusive")
        self.assertFalse(d["complete"])
        first = d["metrics"][0]["outcomes"]
        runs["stop"].start()
        d = self.look("stop", 6, "inconclusive", "SoakInconclusive")
        self.assertTrue(d["resumed"])
        self.assertEqual(d["metrics"][0]["outcomes"][:len(first)], first)
        self.assertGreater(d["metrics"][0]["counts"]["missed"], 0)

    def test_a_program_that_slept(self):
        d = self.look("pausing", 6, "inconclusive", "SoakInconclusive")
        self.assertGreater(d["metrics"][0]["counts"]["missed"], 1)
        self.assertEqual(d["samples"]["taken"], 8)

    def test_lines_of_json(self):
        self.look("jsonl", 0, "pass")
        lines = [json.loads(line) for line in runs["jsonl"].out.splitlines()]
        samples = [x for x in lines if x["kind"] == "Sample"]
        self.assertEqual([x["tick"] for x in samples], [0, 1, 2, 3, 3])
        self.assertEqual(samples[-1]["verdict"], "pass")
        self.assertEqual(samples[1]["metrics"][0]["value"], 0.002)

    def test_text(self):
        run = runs["text"].wait()
        self.assertEqual(run.code, 0, run.err)
        self.assertIn("soak: pass after 3s, 3 of 3 samples", run.out)
        self.assertIn("m: limit 0.01", run.err)
        self.assertNotIn("\033", run.out + run.err)


if __name__ == "__main__":
    unittest.main()
