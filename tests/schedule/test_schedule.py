#!/usr/bin/env python3
"""Reminders: calendars, monitoring, and what a CronJob is made of.

usage: test_schedule.py [WORD...]   runs the tests whose names hold a word
"""

import datetime
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests", name)
                for name in ("fleet", "contract")]

import clusters  # noqa: E402
from radicale import PASSWORD, Radicale, USER  # noqa: E402
from stand import NAMESPACE, Recorder, Stand  # noqa: E402

DAY = 24 * 60 * 60
TWO = [("staging", 1, 1, {}), ("production", 2, 2, {})]
SECRET = clusters.secret_path(NAMESPACE)


def check(condition, *told):
    if not condition:
        raise AssertionError(" ".join(str(item) for item in told))


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def written(stand, name, seconds):
    """As if the key had been written at that time."""
    secret = stand.fleet.cluster(name).api().get(SECRET)
    for entry in secret["metadata"]["managedFields"]:
        entry["time"] = stamp(seconds)
    stand.fleet.control("POST", "/put?cluster=" + name, {"object": secret})


def read(text, days=4):
    """What another program makes of a calendar."""
    done = subprocess.run([HERE + "/occurrences.py", str(days)],
                          input=text.encode(), capture_output=True)
    check(done.returncode == 0, done.stderr.decode()[-400:])
    return json.loads(done.stdout)


def samples(path):
    """A metrics file: {name: {context: value}}."""
    found = {}
    with open(path) as file:
        text = file.read()
    for name, labels, value in re.findall(r"(?m)^(\w+)\{(.*)\} (\S+)$", text):
        context = re.search(r'context="([^"]*)"', labels)
        found.setdefault(name, {})[context and context.group(1)] = float(value)
    return found


def looks_at_metadata_alone(stand, name):
    for request in stand.requests(name):
        if request["headers"].get("user-agent", "").startswith(
                clusters.AGENT) and "/secrets/" in request["path"]:
            check("PartialObjectMetadata" in request["headers"]["accept"],
                  request)


# ---- check

def test_not_due(stand):
    stand.config(TWO)
    now = time.time()
    written(stand, "c01", now - 10 * DAY)
    written(stand, "c02", now - 20 * DAY)
    code, document, told = stand.json("schedule", "check", "--max-age", "90d")
    check(code == 0 and document["overdue"] is False, code, told)
    check([round(t["ageSeconds"] / DAY) for t in document["targets"]]
          == [10, 20], document["targets"])
    check([t["source"] for t in document["targets"]] == ["cluster"] * 2)
    check(document["dueAt"] == stamp(int(now - 20 * DAY) + 90 * DAY),
          document["dueAt"], "the first of them")
    for name in ("c01", "c02"):
        looks_at_metadata_alone(stand, name)
    text = stand.run("schedule", "check", "--max-age", "90d").stdout
    check(re.search(r"(?m)^production  c02  aether-services/"
                    r"secrets-service-config: 20d old, due .*in (69|70)d", text),
          text)


def test_overdue(stand):
    stand.config(TWO)
    written(stand, "c01", time.time() - 10 * DAY)
    written(stand, "c02", time.time() - 100 * DAY)
    metrics = stand.home + "/keyrot.prom"
    code, document, told = stand.json("schedule", "check", "--max-age", "90d",
                                      "--metrics", metrics)
    check((code, document["reason"]) == (6, "KeyOverdue"), code, told)
    check([t["overdue"] for t in document["targets"]] == [False, True])
    check("kubectl keyrot rotate" in document["next"], document["next"])
    seen = samples(metrics)
    check(seen["keyrot_key_overdue"] == {"c01": 0, "c02": 1}, seen)
    check(abs(seen["keyrot_key_age_seconds"]["c02"] - 100 * DAY) < 60, seen)
    check(seen["keyrot_key_due_timestamp_seconds"]["c02"] -
          seen["keyrot_key_rotated_timestamp_seconds"]["c02"] == 90 * DAY)
    # A quarter is up to 92 days, and more than a month.
    check(stand.run("schedule", "check").returncode == 6, "quarter")
    check(stand.run("schedule", "check", "--every",
                    "half-year").returncode == 0, "half a year")
    check(stand.run("schedule", "check", "--max-age", "101d",
                    "--context", "c02").returncode == 0, "101d")


def test_metrics_file(stand):
    """Prometheus accepts it; others may read it; it is never half there."""
    stand.config(TWO)
    metrics = stand.home + "/m/keyrot.prom"
    os.mkdir(stand.home + "/m")
    for _ in range(2):
        check(stand.run("schedule", "check", "--metrics",
                        metrics).returncode == 0, "written")
    check(os.listdir(stand.home + "/m") == ["keyrot.prom"], "nothing beside")
    check(os.stat(metrics).st_mode & 0o777 == 0o644, "can be read")
    with open(metrics, "rb") as file:
        tool = subprocess.run(["promtool", "check", "metrics"], stdin=file,
                              capture_output=True)
    check(tool.returncode == 0 and not tool.stderr, tool.stderr)
    os.mkdir(stand.home + "/d")
    done = stand.run("schedule", "check", "--metrics", stand.home + "/d/x/y")
    check(done.returncode == 2 and "--metrics" in done.stderr, done.stderr)
    os.chmod(metrics, 0o640)
    stand.run("schedule", "check", "--metrics", metrics)
    check(os.stat(metrics).st_mode & 0o777 == 0o640, "as it was made")


def test_a_look_that_failed_is_no_pass(stand):
    stand.config(TWO)
    stand.fleet.control("POST", "/fault", {
        "cluster": "c01", "kind": "503", "times": -1, "path": "/secrets/"})
    metrics = stand.home + "/keyrot.prom"
    code, document, told = stand.json("schedule", "check", "--metrics",
                                      metrics)
    check(code == 4, code, told)
    check([t["overdue"] for t in document["targets"]] == [None, False])
    check(samples(metrics)["keyrot_key_age_known"] == {"c01": 0, "c02": 1})
    check("c01" not in samples(metrics)["keyrot_key_age_seconds"])


def test_secret_that_is_not_there(stand):
    stand.config(TWO)
    code, document, told = stand.json("schedule", "check", "--secret", "other")
    check((code, document["reason"]) == (4, "NotFound"), code, told)


def test_entry_that_nobody_wrote(stand):
    stand.config(TWO)
    code, document, told = stand.json("schedule", "check", "--entry", "OTHER")
    check((code, document["reason"]) == (6, "KeyAgeUnknown"), code, told)


def test_notify(stand):
    """A person is needed; nobody is told of what is in order."""
    with Recorder() as told:
        stand.config(TWO, notify=[{"type": "webhook", "url": told.url + "/h",
                                   "on": ["needs-person"]}])
        check(stand.run("schedule", "check", "--notify").returncode == 0)
        check(told.seen == [], told.seen)
        written(stand, "c01", time.time() - 100 * DAY)
        for _ in range(2):
            check(stand.run("schedule", "check", "--notify").returncode == 6)
        check(stand.run("schedule", "check").returncode == 6)
        check(len(told.seen) == 2, told.seen)
        one, two = [event for _, event in told.seen]
        check(one["id"] == two["id"], "the same event", one, two)
        check(one["type"].endswith("needs-person"), one)
        check(one["data"]["reason"] == "KeyOverdue", one)
        check(one["data"]["next"] == "kubectl keyrot rotate", one)
    # That nobody can be told changes nothing.
    code, document, _ = stand.json("schedule", "check", "--notify")
    check(code == 6 and document["warnings"], document)


def test_ledger(stand):
    """What the ledger recorded counts where no cluster is asked."""
    quick = {"verify": {"within": "100ms"}}
    stand.config([(n, a, b, quick) for n, a, b, _ in TWO],
                 ledger={"path": "ledger.jsonl"})
    done = stand.run("rotate")
    check(done.returncode == 0, done.stderr)
    before = [len(stand.requests(n)) for n in ("c01", "c02")]
    code, document, told = stand.json("schedule", "check", "--offline")
    check(code == 0, told)
    check([t["source"] for t in document["targets"]] == ["ledger"] * 2)
    check(len({t["rotation"] for t in document["targets"]}) == 1)
    code, document, told = stand.json("schedule", "check", "--offline",
                                      "--max-age", "1ms")
    check((code, document["reason"]) == (6, "KeyOverdue"), code, told)
    check(before == [len(stand.requests(n)) for n in ("c01", "c02")],
          "no cluster was asked")
    # A cluster that does not answer: known, and no pass all the same.
    stand.fleet.control("POST", "/fault", {
        "cluster": "c02", "kind": "503", "times": -1, "path": "/secrets/"})
    code, document, told = stand.json("schedule", "check")
    check(code == 4, code, told)
    check([t["source"] for t in document["targets"]]
          == ["cluster", "ledger"], document["targets"])


def test_no_ledger(stand):
    stand.config(TWO)
    code, document, told = stand.json("schedule", "check", "--offline")
    check((code, document["reason"]) == (2, "LedgerNotFound"), code, told)


def test_bad_durations(stand):
    stand.config(TWO)
    for text in ("0d", "0", "x", "90", "-1d", "9999999d", "1e9d", ""):
        done = stand.run("schedule", "check", "--max-age", text)
        check(done.returncode == 2, text, done.stderr)


# ---- ics

def ics(stand, *words):
    """The bytes of it, as a text."""
    done = subprocess.run([stand.program, "schedule", "ics", *words],
                          cwd=stand.home, env=stand.env, capture_output=True)
    check(done.returncode == 0, done.stderr)
    return done.stdout.decode()


def test_ics_form(stand):
    """RFC 5545: line ends and folds; the unit tests have the hard ones."""
    stand.config(TWO, service="a" * 60)
    text = ics(stand, "--start", "2027-01-31")
    lines = text.split("\r\n")
    check(lines.pop() == "" and not any("\n" in x for x in lines), "CRLF")
    check(max(map(len, lines)) <= 75, "75 octets")
    check(any(line.startswith(" ") for line in lines), "folded")
    event = read(text)
    check(event["summary"].endswith("a" * 60), event["summary"])
    check("\n\nkubectl keyrot doctor\n" in event["description"])
    check(event["method"] == "PUBLISH")
    check(event["alarms"] == [-7 * DAY, 9 * 60 * 60], event["alarms"])


def test_ics_days(stand):
    stand.config(TWO)
    for words, days in (
            (["--start", "2027-01-31"],
             ["2027-01-31", "2027-04-30", "2027-07-31", "2027-10-31"]),
            (["--start", "2026-11-30"],
             ["2026-11-30", "2027-02-28", "2027-05-30", "2027-08-30"]),
            (["--start", "2027-01-30", "--every", "month"],
             ["2027-01-30", "2027-02-28", "2027-03-30", "2027-04-30"]),
            (["--start", "2028-02-29", "--every", "year"],
             ["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28"]),
            (["--start", "2027-03-15", "--every", "half-year"],
             ["2027-03-15", "2027-09-15", "2028-03-15", "2028-09-15"])):
        done = stand.run("schedule", "ics", *words)
        check(done.returncode == 0, done.stderr)
        check(read(done.stdout)["days"] == days, words, read(done.stdout))
    for text in ("2027-02-30", "2027-13-01", "27-01-01", "tomorrow",
                 "2027-1-1", "2027-01-01x", "1969-12-31"):
        done = stand.run("schedule", "ics", "--start", text)
        check(done.returncode == 2, text, done.stderr)


def test_ics_follows_the_rotation(stand):
    """The same input gives the same bytes; the next rotation moves it."""
    stand.config(TWO)
    written(stand, "c01", datetime.datetime(
        2026, 9, 30, 12, tzinfo=datetime.timezone.utc).timestamp())
    written(stand, "c02", datetime.datetime(
        2026, 8, 31, 12, 30, tzinfo=datetime.timezone.utc).timestamp())
    first = stand.run("schedule", "ics").stdout
    time.sleep(1.1)
    check(stand.run("schedule", "ics").stdout == first, "the same bytes")
    event = read(first)
    check(event["days"][:2] == ["2026-11-30", "2027-02-28"], event)
    check(event["stamp"] == "2026-08-31T12:30:00+00:00", event)
    for name in ("c01", "c02"):
        written(stand, name, datetime.datetime(
            2026, 12, 1, tzinfo=datetime.timezone.utc).timestamp())
    later = read(stand.run("schedule", "ics").stdout)
    check(later["uid"] == event["uid"], "the same event")
    check(later["sequence"] > event["sequence"], "newer")
    check(later["days"][0] == "2027-03-01", later)
    path = stand.home + "/keyrot.ics"
    code, document, told = stand.json("schedule", "ics", "--file", path)
    check(code == 0 and document["firstDay"] == "2027-03-01", told)
    with open(path, newline="") as file:
        check(file.read() == ics(stand), "the file")
    looks_at_metadata_alone(stand, "c01")


def test_ics_of_nothing(stand):
    stand.config(TWO)
    code, document, told = stand.json("schedule", "ics", "--entry", "OTHER")
    check((code, document["reason"]) == (4, "KeyAgeUnknown"), code, told)
    check("--start" in document["hint"], document)


# ---- caldav

def caldav(stand, server, *words, password=PASSWORD, url=None):
    stand.write("password", password + "\n")
    return stand.json("schedule", "caldav", "--url", url or server.url,
                      "--login", USER, "--password-from", "file:password",
                      *words)


def test_caldav(stand):
    """Create, nothing to do, update; one event, whatever comes."""
    stand.config(TWO)
    server = Radicale()
    try:
        code, document, told = caldav(stand, server, "--start", "2027-01-31")
        check((code, document["change"]) == (0, "created"), code, told)
        names = server.objects()
        check(len(names) == 1, names)
        event = read(server.call("GET", names[0]))
        check(event["days"][1] == "2027-04-30" and not event["method"], event)
        code, document, told = caldav(stand, server, "--start", "2027-01-31",
                                      url=server.url + "/")
        check((code, document["change"]) == (0, "unchanged"), code, told)
        code, document, told = caldav(stand, server, "--start", "2027-02-15")
        check((code, document["change"]) == (0, "updated"), code, told)
        check(server.objects() == names, "no second one")
        again = read(server.call("GET", names[0]))
        check(again["uid"] == event["uid"] and
              again["days"][0] == "2027-02-15", again)
    finally:
        server.stop()


def test_caldav_refusals(stand):
    stand.config(TWO)
    server = Radicale()
    start = ("--start", "2027-01-31")
    try:
        code, document, told = caldav(stand, server, *start, password="wrong")
        check((code, document["reason"]) == (4, "Unauthorized"), code, told)
        check("wrong" not in told, told)
        code, document, told = stand.json("schedule", "caldav", "--url",
                                          server.url, *start)
        check((code, document["reason"]) == (4, "Unauthorized"), code, told)
        check(server.objects() == [], "nothing was written")
        code, document, told = caldav(stand, server, *start,
                                      url=server.url + "-none")
        check((code, document["reason"]) == (4, "NotFound"), code, told)
        # Imported by hand before, under the name that the other one chose.
        text = stand.run("schedule", "ics", *start).stdout
        server.call("PUT", "imported.ics", text.replace("METHOD:PUBLISH\r\n",
                                                        "").encode())
        code, document, told = caldav(stand, server, *start)
        check((code, document["reason"]) == (7, "Conflict"), code, told)
        check(server.objects() == ["imported.ics"], "no duplicate")
    finally:
        server.stop()
    code, document, told = caldav(stand, server, *start)
    check((code, document["reason"]) == (4, "Cluster"), code, told)


class Busy:
    """A calendar in which somebody else changes the event all the time."""

    def __init__(self, changes):
        self.changes, self.seen, self.version = changes, [], 0
        busy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                busy.seen.append("GET")
                self.answer(200 if busy.version else 404,
                            b"BEGIN:VCALENDAR\r\nX:%d\r\n" % busy.version)

            def do_PUT(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                said = [self.headers[name] for name in ("If-None-Match",
                                                        "If-Match")]
                busy.seen.append(said)
                now = '"v%d"' % busy.version if busy.version else None
                if busy.changes:
                    busy.changes -= 1
                    busy.version += 1
                    self.answer(412)
                else:
                    check(said == ([None, now] if now else ["*", None]), said)
                    self.answer(204)

            def answer(self, code, body=b""):
                self.send_response(code)
                self.send_header("ETag", '"v%d"' % busy.version)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.url = "http://127.0.0.1:%d/x" % self.server.server_port
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def test_caldav_race(stand):
    """What somebody wrote meanwhile is looked at, not written over."""
    stand.config(TWO)
    for changes, code, told in ((0, 0, "created"), (1, 0, "updated"),
                                (2, 0, "updated"), (99, 7, None)):
        server = Busy(changes)
        try:
            got, document, err = caldav(stand, server, "--start", "2027-01-31")
        finally:
            server.stop()
        check((got, document.get("change")) == (code, told), changes, err)
        check(server.seen[1] == ["*", None], server.seen)
        if changes:
            check(server.seen[2:4] == ["GET", [None, '"v1"']], server.seen)
        check(len(server.seen) == 2 * min(changes + 1, 3), server.seen)


def test_caldav_tls(stand):
    stand.config(TWO)
    server = Radicale(tls=True)
    start = ("--start", "2027-01-31")
    try:
        code, document, told = caldav(stand, server, *start)
        check((code, document["reason"]) == (4, "Unauthorized"), code, told)
        code, document, told = caldav(stand, server, *start, "--url-ca",
                                      server.ca)
        check((code, document["change"]) == (0, "created"), code, told)
    finally:
        server.stop()


def test_caldav_options(stand):
    """A password that was written out is not taken, and not repeated."""
    stand.config(TWO)
    start = ("--start", "2027-01-31")
    url = "https://127.0.0.1:9/x"
    for words, code in (
            (["--url", url, "--login", "a", "--password-from", "hunter2"], 2),
            (["--url", url, "--token-from", "hunter2"], 2),
            (["--url", url, "--login", "a"], 2),
            (["--url", url, "--password-from", "env:X"], 2),
            (["--url", url, "--login", "a", "--password-from", "env:X",
              "--token-from", "env:Y"], 2),
            (["--login", "a", "--password-from", "env:X"], 2),
            (["--url", "https://a:hunter2@127.0.0.1:9/x"], 2),
            (["--url", "hunter2"], 2),
            (["--url", "http://dav.example/x", "--login", "a",
              "--password-from", "file:keyrot.yaml"], 3),
            (["--url", url, "--login", "a", "--password-from", "env:NONE"],
             2),
            (["--url", url, "--login", "a", "--password-from", "file:none"],
             2)):
        done = stand.run("schedule", "caldav", *start, *words)
        check(done.returncode == code, words, done.returncode, done.stderr)
        check("hunter2" not in done.stderr + done.stdout, done.stderr)


# ---- cronjob

def cronjob(stand, *words):
    return stand.json("schedule", "cronjob", "--image", "x.example/k:1",
                      *words)


def test_cronjob_manifests(stand):
    stand.config(TWO)
    code, document, told = cronjob(stand, "-n", "a", "--max-age", "30d")
    check(code == 0, told)
    kinds = [item["kind"] for item in document["manifests"]]
    check(kinds == ["ServiceAccount", "Role", "RoleBinding", "CronJob"], kinds)
    text = stand.run("schedule", "cronjob", "-n", "a", "--image",
                     "x.example/k:1", "--max-age", "30d").stdout
    done = subprocess.run(
        ["/usr/bin/python3", "-c", "import json, sys, yaml; "
         "print(json.dumps(list(yaml.safe_load_all(sys.stdin))))"],
        input=text, text=True, capture_output=True)
    check(done.returncode == 0, done.stderr)
    check(json.loads(done.stdout) == document["manifests"], text)
    for item in document["manifests"]:
        check(item["metadata"]["namespace"] == "a", item)


def test_cronjob_schedules(stand):
    vault = {"type": "vault", "address": "https://vault.example", "auth": "kubernetes",
             "role": "keyrot"}
    stand.config(TWO, store=vault)

    def cron(*words):
        code, document, told = cronjob(stand, "-n", "a", *words)
        check(code == 0, words, told)
        return document["manifests"][-1]["spec"]["schedule"]
    check(cron() == "17 6 * * *")
    check(cron("--cron", "*/5 8-16 * * MON-FRI") == "*/5 8-16 * * MON-FRI")
    for text in ("0,30 0-23/2 1,15 JAN-MAR,jun sun", "@daily"):
        check(cron("--cron", text) == text)
    check(cron("--run", "rotate") == "17 9 2 */3 *")
    check(cron("--run", "rotate", "--every", "year") == "17 9 2 1 *")


def test_cronjob_refusals(stand):
    stand.config(TWO)
    vault = {"type": "vault", "address": "https://vault.example", "auth": "kubernetes",
             "role": "keyrot"}
    ns = ("-n", "a")
    for words, reason in ((["--cron", "every day"], "Usage"),
                          (["--cron", "1 2 3 4"], "Usage"),
                          (["--cron", "61 25 * * *"], "Usage"),
                          (["--cron", "0 0 * * 7"], "Usage"),
                          (["--cron", "0 0 30-2 * *"], "Usage"),
                          (["--cron", "*/0 * * * *"], "Usage"),
                          (["--cron", "0 0 * FOO *"], "Usage"),
                          (["--cron", "@sometimes"], "Usage"),
                          (["--name", "Not A Name"], "Usage"),
                          (["--name", "x" * 53], "Usage"),
                          (["--image", "a b"], "Usage"),
                          (["--image", ""], "Usage"),
                          (["--run", "rotate"], "StoreNotReachable")):
        code, document, told = cronjob(stand, *ns, *words)
        check(document["reason"] == reason, words, code, told)
    code, document, told = stand.json("schedule", "cronjob", *ns)
    check(code == 2 and "--image" in document["message"], told)
    stand.config(TWO, store=vault, ledger={"path": "ledger.jsonl"})
    code, document, told = cronjob(stand, *ns, "--run", "rotate")
    check(code == 2 and "--state-claim" in document["message"], told)


def main():
    words = sys.argv[1:]
    tests = [(name, test) for name, test in globals().items()
             if name.startswith("test_") and
             (not words or any(word in name for word in words))]
    failed = 0
    stand = Stand(2)
    begun = time.monotonic()
    try:
        for name, test in tests:
            stand.fresh()
            try:
                test(stand)
            except Exception:
                failed += 1
                print("FAILED %s" % name)
                traceback.print_exc(file=sys.stdout)
            else:
                print("ok     %s" % name)
    finally:
        stand.fleet.down()
        shutil.rmtree(stand.home, ignore_errors=True)
    print("%.1f s" % (time.monotonic() - begun))
    print("%d passed, %d failed" % (len(tests) - failed, failed))
    sys.exit(1 if failed or not tests else 0)


main()
