#!/usr/bin/env python3
"""Many targets: side by side, in waves, and what one that fails does to others.

usage: test_fleet.py [WORD...]   runs the tests whose names hold a word
"""

import os
import sys
import time
import traceback

from stand import Recorder, Stand

QUICK = {"verify": {"within": "100ms"}}
FAILED = 5


def progress(document):
    return {target["context"]: target["progress"]
            for target in document["targets"]}


def check(condition, *told):
    if not condition:
        raise AssertionError(" ".join(str(item) for item in told))


def key_of(document):
    return document["targets"][0]["fingerprint"]


def writes(stand, name):
    return [request for request in stand.requests(name)
            if request["method"] == "PATCH" and "/secrets/" in request["path"]
            and "force=" in request["path"]]


def test_all_get_the_key(stand):
    stand.config([("staging", 1, 2, QUICK),
                  ("production", 3, 9, dict(QUICK, requires="staging"))])
    code, document, told = stand.json("rotate")
    check(code == 0, told)
    check(set(progress(document).values()) == {"done"}, progress(document))
    live = stand.live()
    for name in stand.names[:9]:
        check(live[name] == {key_of(document)}, name, live[name])
        check(len(writes(stand, name)) == 1, name, "written once")
    check(live["c10"] != {key_of(document)}, "c10 is nobody's target")


def test_ledger(stand):
    """Who, how that is known, and which rules were set aside, and not merely
    by a flag; by keyrot.yaml's folder, wherever the command is typed."""
    day = time.strftime("%a", time.gmtime(time.time() + 3 * 86400))
    stand.config([("staging", 1, 1, QUICK),
                  ("production", 2, 3, dict(
                      QUICK, requires="staging",
                      window=day + " 09:00-10:00 UTC"))],
                 ledger={"path": "record/ledger.jsonl"})
    done = stand.run("rotate", "--config", stand.home + "/keyrot.yaml",
                     "--allow-outside-window", "--allow-unvalidated",
                     "--take-ownership", "argocd-controller", cwd="/")
    check(done.returncode == 0, done.stderr)
    code, document, told = stand.json("ledger", "show")
    check(code == 0, told)
    records = [line for line in document["records"]
               if line["type"] == "record"]
    written = [line for line in records if line["step"] == "write-secret"]
    check([line["context"] for line in written] == stand.names[:3], written)
    for line in written:
        check(line["operator"] == "operator@example.com"
              and line["operatorFrom"] == "cluster"
              and line.get("overrides", []) == (
                  [] if line["context"] == "c01"
                  else ["--allow-outside-window"]), line)
    check(records[-1]["step"] == "end"
          and records[-1]["overrides"] == ["--allow-outside-window"],
          records[-1])
    code, document, told = stand.json("ledger", "verify")
    held = [a["source"] for a in document["anchors"] if a["state"] == "holds"]
    check(code == 0 and len(held) >= 3, document["anchors"], told)
    # The end is cut off: the clusters remember.
    path = stand.home + "/record/ledger.jsonl"
    with open(path) as file:
        lines = file.readlines()
    with open(path, "w") as file:
        file.writelines(lines[:-2])
    code, document, told = stand.json("ledger", "verify")
    check(code == 6 and document["reason"] == "LedgerBroken", code, told)


def test_stops_and_names(stand):
    """parallel 2: c03 fails, what it ran beside ends, the rest waits."""
    stand.config([("production", 1, 10, dict(QUICK, parallel=2))])
    stand.next_rollout_fails("c03")
    code, document, told = stand.json("rotate")
    found = progress(document)
    check(code == FAILED and document["reason"], code, told)
    check(found["c01"] == found["c02"] == "done", found)
    check(found["c03"] == "failed", found)
    check(all(found["c%02d" % i] == "not-begun" for i in range(6, 11)), found)
    bad = document["targets"][2]
    check("CrashLoopBackOff" in bad["error"], bad["error"])
    named = [text for text in document["warnings"] if "not begun" in text]
    check(len(named) == 1 and "c10" in named[0], document["warnings"])
    for name in stand.names[5:]:
        check(not writes(stand, name), name, "was written")


def test_resume_after_a_failure(stand):
    stand.config([("production", 1, 4, dict(QUICK, parallel=1))])
    stand.next_rollout_fails("c02")
    code, document, told = stand.json("rotate")
    check(code == FAILED, told)
    stand.mend("c02")
    code, again, told = stand.json("resume")
    check(code == 0, told)
    check(again["rotation"] == document["rotation"], "the same rotation")
    check(set(progress(again).values()) == {"done"}, progress(again))
    live = stand.live()
    for name in stand.names[:4]:
        check(live[name] == {key_of(again)}, name, live[name])
    check(len(writes(stand, "c01")) == 1, "c01 was written twice")


def test_waves(stand):
    """1, then 30 % in all, then the rest: a wave ends before the next begins."""
    stand.config([("production", 1, 10, dict(
        QUICK, waves=[1, "30%", "100%"]))])
    code, document, told = stand.json("rotate")
    check(code == 0, told)
    waves = [target["wave"] for target in document["targets"]]
    check(waves == [1, 2, 2, 3, 3, 3, 3, 3, 3, 3], waves)
    at = {name: writes(stand, name)[0]["time"] for name in stand.names}
    check(at["c01"] < min(at["c02"], at["c03"]), at)
    check(max(at["c02"], at["c03"]) < min(
        at["c%02d" % i] for i in range(4, 11)), at)


def test_failed_wave_goes_back(stand):
    """c03 of wave 2 fails: waves 1 and 2 get their previous key back."""
    stand.config([("production", 1, 10, dict(
        QUICK, waves=[1, "30%", "100%"], onFail="rollback"))])
    before = stand.live()
    stand.next_rollout_fails("c03", only="new")
    code, document, told = stand.json("rotate")
    check(code == FAILED and document["rolledBack"], code, told)
    found = progress(document)
    check(found["c01"] == found["c02"] == "done", found)
    check(found["c04"] == found["c10"] == "left-out", found)
    stand.until(lambda: stand.live() == before, "every pod has its old key")
    for name in stand.names[3:]:
        check(not writes(stand, name), name, "was written")


def test_max_unavailable(stand):
    """At most 20 % of ten restart at a time."""
    stand.config([("production", 1, 10, dict(
        QUICK, maxUnavailable="20%"))])
    code, document, told = stand.json("rotate")
    check(code == 0, told)
    spans = []
    for name in stand.names:
        patches = [request for request in stand.requests(name)
                   if request["method"] == "PATCH"
                   and "leases" not in request["path"]]
        watches = [request for request in stand.requests(name)
                   if "watch=true" in request["path"]]
        spans.append((writes(stand, name)[0]["time"],
                      max(r["time"] for r in patches[:2] + watches[:1])))
    for begin, _ in spans:
        busy = sum(a <= begin < b for a, b in spans)
        check(busy <= 2, "%d at a time" % busy, spans)


def test_way_back_takes_all_it_can(stand):
    """One that cannot be put back does not keep the others from it."""
    stand.config([("production", 1, 4, QUICK)])
    before = stand.live()
    code, document, told = stand.json("rotate")
    check(code == 0, told)
    stand.next_rollout_fails("c02")
    code, back, told = stand.json("rollback")
    found = progress(back)
    check(code == FAILED and found["c02"] == "failed", code, found, told)
    check(all(found[name] == "done" for name in ("c01", "c03", "c04")), found)
    live = stand.live()
    for name in ("c01", "c03", "c04"):
        check(live[name] == before[name], name, live[name])


def test_status_side_by_side(stand):
    """In the file's order, whoever answers first; one that is dead is said."""
    stand.config([("staging", 1, 2, {}), ("production", 3, 10, {})])
    stand.fleet.control("POST", "/fault", {
        "kind": "delay", "ms": 700, "times": -1, "cluster": "c01"})
    stand.fleet.control("POST", "/fault", {
        "kind": "403", "path": "/secrets/", "times": -1, "cluster": "c05"})
    begin = time.monotonic()
    code, document, told = stand.json("status")
    check(code == 4 and "c05" in document["message"], code, told)
    found = [target["context"] for target in document["targets"]]
    check(found == stand.names, found)
    read = [target["context"] for target in document["targets"]
            if target["fingerprint"]]
    check(len(read) == 9 and "c05" not in read, read)
    stand.fleet.control("POST", "/fault", {
        "kind": "delay", "ms": 700, "times": -1})
    begin = time.monotonic()
    stand.json("status")
    took = time.monotonic() - begin
    check(took < 6, "%.1f s: one after the other" % took)


def test_terminal(stand):
    """Twelve rows are enough for ten targets: nothing is drawn above them."""
    stand.config([("production", 1, 10, QUICK)])
    stand.next_rollout_fails("c03")
    terminal = stand.on_terminal(12, 90, "rotate")
    text = "\n".join(terminal.lines)
    check(terminal.top_touched == 0, "drew above the screen")
    check("9 of 10, 1 failed" in text, text)
    check(any("c03" in line and "Follow the rollout" in line
              for line in terminal.lines), text)


def heard(recorder, what):
    return [message for path, message in recorder.seen if what in path]


def test_notifications(stand):
    """One thread a channel, nobody told twice, and the ledger's head in it."""
    with Recorder() as recorder:
        events = stand.write("events", "")
        stand.config(
            [("production", 1, 2, dict(QUICK, onFail="rollback"))],
            ledger={"path": "ledger.jsonl"},
            notify=[
                {"type": "slack", "url": recorder.url + "/api",
                 "token": "file:token"},
                {"type": "slack", "url": recorder.url + "/hook",
                 "on": ["failed", "rolled-back"]},
                {"type": "webhook", "url": recorder.url + "/events"},
                {"type": "command", "run": ["tee", "-a", events],
                 "timeout": "5s"}])
        stand.write("token", "xoxb-practice")
        code, document, told = stand.json("rotate")
        check(code == 0, told)
        posts = heard(recorder, "chat.postMessage")
        check([post["channel"] for post in posts] == [
            "#security-ops", "#platform-alerts"] * 2, posts)
        check("thread_ts" not in posts[0], posts[0])
        check([post.get("thread_ts") for post in posts[2:]] == [
            "1700000000.000001", "1700000000.000002"], posts)
        check(posts[2]["reply_broadcast"], posts[2])
        check("keyrot-ledger-v1:" in posts[2]["text"], posts[2]["text"])
        check(not heard(recorder, "/hook"), "done is not what it wants")
        ids = [event["id"] for event in heard(recorder, "/events")]
        check(ids == [document["rotation"] + word
                      for word in ("/start", "/done")], ids)
        with open(events) as file:
            check(file.read().count('"specversion":"1.0"') == 2, "command")
        # Again: nothing is new, and nobody hears of it.
        recorder.seen.clear()
        code, _, told = stand.json("resume", document["rotation"])
        check(code == 0 and not recorder.seen, told, recorder.seen)
        # The next one goes back, in its own thread.
        stand.next_rollout_fails("c02", only="new")
        code, back, told = stand.json("rotate")
        check(code == FAILED and back["rolledBack"], told)
        types = [event["type"].rpartition(".")[2]
                 for event in heard(recorder, "/events")]
        check(types == ["start", "failed", "start", "rolled-back"], types)
        check(len(heard(recorder, "/hook")) == 2, recorder.seen)
        threads = [post.get("thread_ts")
                   for post in heard(recorder, "chat.postMessage")]
        check(threads[2:] == ["1700000000.000005", "1700000000.000006"] * 3,
              threads)
        for _, message in recorder.seen:
            check("xoxb" not in str(message), message)


def test_nobody_to_tell(stand):
    """Who cannot be told is a warning, and holds nothing up."""
    stand.config([("production", 1, 1, QUICK)], notify=[
        {"type": "webhook", "url": "http://127.0.0.1:9/x"}])
    code, document, told = stand.json("rotate")
    check(code == 0, told)
    check(any("was not told" in text for text in document["warnings"]),
          document["warnings"])


def test_bad_configuration(stand):
    for fields, word in (({"parallel": 0.5}, "1 to 64"),
                         ({"parallel": 65}, "1 to 64"),
                         ({"maxUnavailable": "0%"}, "share"),
                         ({"waves": []}, "list"),
                         ({"waves": [0]}, "number of targets"),
                         ({"onFail": "retry"}, "hold")):
        stand.config([("production", 1, 2, fields)])
        code, document, _ = stand.json("rotate")
        check(code == 2 and word in document["message"], fields,
              document["message"])


def test_overrides_of_a_process_before(stand):
    """The one that goes on has nothing against it, and records all the same
    what the one before set aside."""
    stand.config([("staging", 1, 1, QUICK),
                  ("production", 2, 2, dict(QUICK, requires="staging",
                                            within="1ns"))],
                 ledger={"path": "ledger.jsonl"})
    stand.next_rollout_fails("c02")
    code, _, told = stand.json("rotate", "--allow-unvalidated")
    check(code == FAILED, told)
    os.unlink(stand.home + "/ledger.jsonl")
    stand.mend("c02")
    code, _, told = stand.json("resume")
    check(code == 0, told)
    records = stand.json("ledger", "show")[1]["records"]
    line, = [line for line in records if line.get("step") == "write-secret"
             and line["context"] == "c02"]
    check(line["overrides"] == ["--allow-unvalidated"], line)


def test_rollback_without_one(stand):
    """A cluster that cannot be reached keeps no other from its previous key;
    when it is back, the roll-back is gone on with to its end."""
    stand.config([("staging", 1, 1, QUICK),
                  ("production", 2, 4, dict(QUICK, requires="staging"))])
    before = stand.live()
    code, rotated, told = stand.json("rotate")
    check(code == 0, told)
    stand.fleet.control("POST", "/fault", {"cluster": "c03", "kind": "refuse",
                                           "ms": 0, "times": -1})
    code, document, told = stand.json("rollback")
    check(code == 4 and document["reason"] == "NotReached", code, told)
    check(progress(document) == {"c01": "done", "c02": "done",
                                 "c03": "unknown", "c04": "done"},
          progress(document))
    check(document["targets"][2]["error"], document["targets"][2])
    check(any("c03" in text and "not known" in text
              for text in document["warnings"]), document["warnings"])
    live = stand.live()
    for name in ("c01", "c02", "c04"):
        check(live[name] == before[name], name, "has not its previous key")
    check(live["c03"] == {key_of(rotated)}, "c03 was reached")
    check(document["next"][0] == "kubectl keyrot resume "
          + document["rotation"], document["next"])
    code, again, told = stand.json("rollback", document["rotation"])
    check(code == 3 and again["next"] == document["next"][:1], again)
    code, again, told = stand.json("resume")
    check(code == 4 and again["rotation"] == document["rotation"], told)
    stand.fleet.control("DELETE", "/fault")
    code, again, told = stand.json("resume", document["rotation"])
    check(code == 0 and again["rotation"] == document["rotation"], told)
    check(stand.live() == before, "all have their previous key")
    check(all(len(writes(stand, name)) == 2 for name in stand.names[:4]),
          "written once there and once back")
    code, document, _ = stand.json("resume", rotated["rotation"])
    check(code == 3 and document["reason"] == "RotationEnded", document)


def test_hanging_cluster_costs_no_lease(stand):
    """Three clusters whose Leases hang: the fourth is renewed all the same,
    and they are let go of together."""
    stand.config([("production", 1, 4, QUICK)],
                 validate=[{"name": "wait", "run": ["sleep", "6"]}])
    for name in stand.names[:3]:
        stand.fleet.control("POST", "/fault", {
            "cluster": name, "kind": "hang", "method": "PUT",
            "path": "/leases/", "times": -1})
    begin = time.monotonic()
    code, _, told = stand.json("rotate")
    took_s = time.monotonic() - begin
    check(code == 0, told)
    puts = [request for request in stand.requests("c04")
            if request["method"] == "PUT" and "/leases/" in request["path"]]
    # The step that it is at, and the end of it.
    check(len(puts) >= 2, len(puts), "renewals of c04")
    # One after the other they would hang for 10 s each, twice.
    check(took_s < 45, took_s, "s")


def main():
    words = sys.argv[1:]
    tests = [(name[5:], test) for name, test in sorted(globals().items())
             if name.startswith("test_")
             and (not words or any(word in name for word in words))]
    failed = 0
    stand = Stand(10)
    try:
        for name, test in tests:
            stand.fresh()
            begin = time.monotonic()
            try:
                test(stand)
                word = "ok"
            except Exception:  # noqa: BLE001
                failed += 1
                word = "FAILED\n" + traceback.format_exc()
            print("%6.1f s  %-32s %s" % (time.monotonic() - begin, name, word),
                  flush=True)
    finally:
        stand.close()
    print("%d passed, %d failed" % (len(tests) - failed, failed))
    return failed != 0


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    sys.exit(main())
