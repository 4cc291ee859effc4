#!/usr/bin/env python3
"""Reports of real rotations: what they say, what they do not know, and how they
look in a browser.

usage: test_report.py [WORD...]   runs the tests whose names hold a word
"""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
import traceback

from play import ENVIRONMENT, HERE, METRIC, TICKS, Play
import browser

TOOLS = subprocess.run([os.path.join(HERE, "tools.sh")], check=True,
                       stdout=subprocess.PIPE, text=True).stdout.strip()
sys.path.insert(0, TOOLS)
import html5lib  # noqa: E402

AXE = os.path.join(TOOLS, "axe_playwright_python", "axe.min.js")
PARTS = ("facts", "next", "where", "soaks", "timeline", "ledger", "unknown")


def check(condition, *told):
    if not condition:
        raise AssertionError(" ".join(str(item) for item in told))


def test_done(play):
    """A rotation to its end: every fact is that of the run itself."""
    done = play.done
    found = play.report(done["rotation"])
    report = found["report"]
    check(found["rotation"] == done["rotation"], found["rotation"])
    check(report["outcome"] == "done", report["outcome"])
    check(report["operator"] == "operator@example.com"
          and report["operatorFrom"] == "cluster", report["operator"])
    key = done["targets"][0]["fingerprint"]
    check(report["fingerprint"] == key, report["fingerprint"])
    check(report["previousFingerprint"]
          == done["targets"][0]["previousFingerprint"], "the key before")
    check(found["store"]["entry"] == done["store"]["entry"]
          and found["store"]["previousEntry"]
          not in (None, found["store"]["entry"]), found["store"])
    check([t["environment"] for t in found["targets"]]
          == ["staging", ENVIRONMENT], "the environments, in their order")
    for mine, was in zip(found["targets"], done["targets"]):
        check(mine["consumers"] == was["consumers"], "the pods")
        pods = [p for c in mine["consumers"] for p in c["pods"]]
        check(len(pods) == 3 and {p["fingerprint"] for p in pods} == {key},
              pods)
    check(report["overrides"] == ["--allow-outside-window"],
          report["overrides"])
    aside = [r for r in report["timeline"] if r["step"] == "override"]
    check([(r["detail"], r["environment"], r["title"]) for r in aside]
          == [("--allow-outside-window", ENVIRONMENT,
               "A safety rule was set aside")], aside)
    check([c["outcome"] for c in report["checks"]] == ["passed"] * 2,
          report["checks"])
    check(not report["review"], report["review"])


def test_timeline(play):
    rows = play.report(play.done["rotation"])["report"]["timeline"]
    steps = [(r["step"], r["environment"]) for r in rows
             if r["outcome"] != "same"]
    check(steps.index(("apply", "staging"))
          < steps.index(("apply", ENVIRONMENT))
          < steps.index(("soak", ENVIRONMENT))
          < steps.index(("ended", None)), steps)
    check(rows == sorted(rows, key=lambda r: r["began"]), "by time")
    check(all(r["title"] != r["step"] for r in rows), "every step has a title")
    by = {(r["step"], r["environment"]): r for r in rows}
    check(by["soak", ENVIRONMENT]["seconds"] >= TICKS - 1
          and by["soak", ENVIRONMENT]["outcome"] == "done",
          by["soak", ENVIRONMENT])
    # Nothing was watched in staging: that is no gate that was passed.
    check(by["soak", "staging"]["outcome"] == "nothing-to-do",
          by["soak", "staging"])
    check(by["validate", "staging"]["outcome"] == "done", "the suite")


def test_soak(play):
    soaks = play.report(play.done["rotation"])["report"]["soaks"]
    check(len(soaks) == 1, soaks)
    soak, = soaks
    check(soak["from"] == "ledger" and soak["verdict"] == "pass"
          and soak["environment"] == ENVIRONMENT
          and soak["forSeconds"] == TICKS, soak)
    errors, latency = soak["metrics"]
    check(errors["samples"] == [0.002] * TICKS
          and errors["outcomes"] == "o" * TICKS, errors)
    check(errors["limit"] == 0.01 and errors["baseline"] == 0.002, errors)
    # The lower one of 0.5 and 30 % above 0.12.
    check(latency["name"] == METRIC
          and abs(latency["limit"] - 0.156) < 1e-9, latency)
    check(latency["counts"]["ok"] == TICKS, latency["counts"])


def test_rolled_back(play):
    """The newest one; the roll-back stands in it, and its id leads to it."""
    found = play.report()
    report = found["report"]
    check(found["rotation"] == play.failed["rotation"]
          or report["runs"][1]["rotation"] == play.failed["rotation"],
          found["rotation"])
    check(report["outcome"] == "rolled-back", report["outcome"])
    check(report["reason"] == "SoakFailed" and "error rate"
          in report["message"], report["reason"], report["message"])
    first, back = report["runs"]
    check(back["undoes"] == first["rotation"], back)
    check({t["fingerprint"] for t in found["targets"]}
          == {report["previousFingerprint"]}, "the key before is back")
    live = play.live()
    for target in found["targets"]:
        check(live[target["context"]] == {target["fingerprint"]},
              "what runs", live)
    again = play.report(back["rotation"])
    check(again["report"]["runs"] == report["runs"], again["report"]["runs"])
    titles = [r["title"] for r in report["timeline"]]
    check(titles.index("The rotation begins")
          < titles.index("The roll-back begins"), titles)
    check(report["timeline"][-1]["step"] == "ended", report["timeline"][-1])
    failed = [r for r in report["timeline"] if r["outcome"] == "failed"]
    check([(r["step"], r["detail"]) for r in failed]
          == [("soak", "SoakFailed")], failed)
    check(report["review"] == {"closed": False, "path": os.path.join(
        play.home, "ledger", first["rotation"] + ".review.md")},
        report["review"])
    check("kubectl keyrot rotate --review-closed " + first["rotation"]
          in found["next"], found["next"])


def test_ledger(play):
    ledger = play.report(play.done["rotation"])["report"]["ledger"]
    check(ledger["state"] == "unchanged" and ledger["coveredBy"], ledger)
    held = [a["source"] for a in ledger["anchors"] if a["state"] == "holds"]
    check(len(held) >= 2 and any("c02" in source for source in held), held)
    check([r["step"] for r in ledger["records"]]
          == ["start", "write-secret", "write-secret", "soak", "end"],
          ledger["records"])


def test_ledger_broken(play):
    other = play.copy()
    path = os.path.join(other.home, "ledger/l.jsonl")
    with open(path) as file:
        lines = file.readlines()
    lines[3] = lines[3].replace("operator@", "somebody@")
    with open(path, "w") as file:
        file.writelines(lines)
    found = other.report("--offline", other.done["rotation"], code=6)
    page = other.run("report", "--offline", other.done["rotation"])
    other.forget()
    check(page.returncode == 6 and "| Chain of hashes | broken |"
          in page.stdout, "the page is there all the same", page.stderr)
    check(found["reason"] == "LedgerBroken", found["reason"])
    ledger = found["report"]["ledger"]
    check(ledger["state"] == "broken" and ledger["badLine"] == 4, ledger)
    check(found["next"][0] == "kubectl keyrot ledger verify", found["next"])


def test_elsewhere(play):
    """Where nothing but the ledger is: what is missing is said."""
    other = play.copy()
    subprocess.run(["rm", "-rf", other.state()], check=True)
    found = other.report("--offline", other.done["rotation"])
    back = other.report("--offline")
    page = other.page("markdown", other.done["rotation"])
    other.forget()
    report = found["report"]
    check(report["timelineFrom"] == "ledger" and report["timeline"],
          report["timelineFrom"])
    check(report["soaks"][0]["metrics"][0]["samples"] == [0.002] * TICKS,
          "the samples")
    check(all(t["consumers"] == [] for t in found["targets"])
          and len(found["targets"]) == 2, found["targets"])
    told = " ".join(report["unknown"])
    for words in ("journal of " + other.done["rotation"],
                  "which key each pod ran is not known", "No anchor"):
        check(words in told, words, told)
    check("*not known*" in page, "the number of pods")
    # By the key that it replaced.
    check(back["report"]["outcome"] == "rolled-back"
          and len(back["report"]["runs"]) == 2, back["report"]["runs"])


def test_no_ledger(play):
    other = play.copy()
    other.whole(ledger=None)
    path = os.path.join(other.state(), "secrets-service",
                        other.done["rotation"] + ".jsonl")
    with open(path, "a") as file:
        file.write(json.dumps({"event": "approved", "environment": ENVIRONMENT,
                               "time": "2026-11-23T03:00:00Z",
                               "detail": "second@example.com"}) + "\n")
    found = other.report("--offline", other.done["rotation"])
    page = other.page("markdown", other.done["rotation"])
    other.forget()
    report = found["report"]
    check(report["approvedBy"] == ["second@example.com"]
          and "| Approved by | second\\@example.com |" in page,
          report["approvedBy"])
    check(report["ledger"] is None, report["ledger"])
    check(report["overrides"] == ["--allow-outside-window"],
          report["overrides"])
    check(any("no ledger" in text for text in report["unknown"]),
          report["unknown"])
    soak, = report["soaks"]
    check(soak["from"] == "result"
          and soak["metrics"][0]["samples"] == [0.002] * TICKS, soak)
    check(report["fingerprint"] == play.done["targets"][0]["fingerprint"],
          report["fingerprint"])


def test_under_way(play):
    """Killed half-way: it has not ended, and that is no outcome of its own."""
    other = play.copy()
    other.whole(ledger=None)
    rotation = other.done["rotation"]
    path = os.path.join(other.state(), "secrets-service", rotation)
    os.unlink(path + ".result.json")
    with open(path + ".jsonl") as file:
        lines = file.readlines()
    cut = [i for i, line in enumerate(lines) if '"apply"' in line][0]
    with open(path + ".jsonl", "w") as file:
        file.writelines(lines[:cut + 1])
    found = other.report("--offline", rotation)
    other.forget()
    report = found["report"]
    check(report["outcome"] == "open" and report["ended"] is None, report)
    row = report["timeline"][-1]
    check(row["step"] == "apply" and row["outcome"] == "not-finished"
          and row["environment"] == "staging", row)
    check(found["next"][:2] == ["kubectl keyrot resume " + rotation,
                                "kubectl keyrot rollback " + rotation],
          found["next"])
    check(found["targets"] == [] and "not known" in " ".join(
        report["unknown"]), report["unknown"])


def test_gone_on_with(play):
    """It began when it first did; what stopped it before that is over."""
    other = play.copy()
    rotation = other.report("--offline")["rotation"]
    path = os.path.join(other.state(), "secrets-service", rotation)
    os.unlink(path + ".result.json")
    with open(path + ".jsonl") as file:
        lines = file.readlines()
    began = [json.loads(line) for line in lines if '"begun"' in line][0]
    at = [i for i, line in enumerate(lines) if '"failed"' in line][-1]
    check(other.report("--offline", rotation)["report"]["reason"]
          == "SoakFailed")
    lines.insert(at + 1, json.dumps(dict(json.loads(lines[at]),
                                         event="begun", step=None,
                                         detail=None)) + "\n")
    with open(path + ".jsonl", "w") as file:
        file.writelines(lines)
    report = other.report("--offline", rotation)["report"]
    other.forget()
    check(report["outcome"] == "rolled-back", report["outcome"])
    check(report["began"] == began["time"], report["began"], began)
    check(report["reason"] is None, report["reason"])


def test_nothing_known(play):
    found = play.report("--offline", "kr-20200101-000000", code=2)
    check(found["reason"] == "RotationNotFound", found)
    done = play.run("report", "yesterday")
    check(done.returncode == 2 and "kr-" in done.stderr, done.stderr)
    done = play.run("report", "--open")
    check(done.returncode == 2 and "terminal" in done.stderr, done.stderr)
    done = play.run("report", "-o", "json", "--open")
    check(done.returncode == 2, done.stderr)


def test_files(play):
    """The file's ending says what it holds."""
    for ending, begins in ((".html", "<!DOCTYPE html>"), (".md", "# Rotation"),
                           (".json", "{\n")):
        path = os.path.join(play.home, "page" + ending)
        done = play.run("report", "--offline", "--file", path)
        check(done.returncode == 0, done.stderr)
        with open(path) as file:
            text = file.read()
        check(text.startswith(begins), path, text[:40])
    check(json.loads(text)["outcome"] == "done", "the document is whole")


def test_open(play):
    """On a terminal: xdg-open gets the page, as one word."""
    folder = os.path.join(play.home, "bin")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "xdg-open")
    with open(path, "w") as file:
        file.write("#!/bin/sh\necho \"$#:$1\" >\"%s/opened\"\n" % play.home)
    os.chmod(path, 0o755)
    before = play.env["PATH"]
    play.env["PATH"] = folder + ":" + before
    play.on_terminal(24, 80, "report", "--open", "--offline")
    play.env["PATH"] = before
    with open(os.path.join(play.home, "opened")) as file:
        number, _, page = file.read().strip().partition(":")
    check(number == "1" and page.endswith(".report.html"), number, page)
    check(os.stat(page).st_mode & 0o077 == 0, "for its owner alone")


def test_markdown(play):
    """Every row of a table has the cells of its head; no tag is left."""
    for rotation in (play.done["rotation"], play.failed["rotation"]):
        text = play.page("markdown", rotation)
        check(not re.search(r"(?<!\\)<(?!/?$)", text.replace("\\<", "")),
              "a tag", re.findall(r".*<.*", text)[:3])
        check("](javascript" not in text, "a link")
        columns, tables = None, 0
        for line in text.splitlines():
            if not line.startswith("|"):
                columns = None
                continue
            cells = len(re.findall(r"(?<!\\)\|", line))
            tables += columns is None
            check(columns in (None, cells), line)
            columns = cells
        check(tables >= 6, tables, "tables")
        for title in ("In short", "Which key is where", "Soak", "Timeline",
                      "Ledger", "What is not known"):
            check("\n## %s\n" % title in text, title)


def parsed(text):
    return html5lib.HTMLParser(
        strict=True, tree=html5lib.getTreeBuilder("etree"),
        namespaceHTMLElements=False).parse(text)


def test_html(play):
    """It is well formed; nothing foreign is a tag or an attribute; nothing is
    fetched; landmarks, headings, captions and labels are there."""
    for rotation in (play.done["rotation"], play.failed["rotation"]):
        text = play.page("html", rotation)
        tree = parsed(text)
        names = {e.tag for e in tree.iter() if isinstance(e.tag, str)}
        plain = {name.split("}")[-1] for name in names}
        check(not plain & {"script", "img", "iframe", "link", "object",
                           "form", "base"}, plain)
        for e in tree.iter():
            for name, value in e.attrib.items():
                check(not name.startswith("on"), name, value)
                check(name not in ("src", "action", "style"), name, value)
                check(name != "href" or value.startswith("#"), value)
        check("url(" not in text and "@import" not in text, "fetched")
        check({"header", "main", "footer", "nav", "h1"} <= plain, plain)
        ids = {e.get("id") for e in tree.iter() if e.get("id")}
        for part in PARTS:
            check(part in ids, part)
        for link in tree.iter("a"):
            check(link.get("href")[1:] in ids, link.get("href"))
        for table in tree.iter("table"):
            check(table[0].tag == "caption" and table[0].text, "a caption")
        check("default-src 'none'" in text, "the policy")
    check(METRIC in "".join(tree.itertext()), "the name, as it is")


def test_svg(play):
    text = play.page("html", play.failed["rotation"])
    charts = re.findall(r"<svg.*?</svg>", text, re.S)
    check(len(charts) == 2, len(charts))
    for chart in charts:
        for word in ('role="img"', "<title", "<desc", 'class="limit"',
                     'class="base"', 'class="data"'):
            check(word in chart, word)
    check('class="over"' in charts[0] and 'class="over"' not in charts[1],
          "what is over the limit is marked, and nothing else")
    check("limit 0.01" in charts[0] and "before 0.002" in charts[0],
          charts[0])
    # Drawn upright and within the picture.
    for number in re.findall(r'c?[xy][12]?="(-?[\d.]+)"', "".join(charts)):
        check(0 <= float(number) <= 720, number)
    check("nan" not in "".join(charts).lower().replace(
        "not a number", ""), "a coordinate that is none")


def page_of(play, which="failed"):
    path = os.path.join(play.home, which + ".html")
    with open(path, "w") as file:
        file.write(play.page("html", getattr(play, which)["rotation"]))
    return path


def test_browser_pictures(play):
    path = page_of(play)
    for scheme, least, most in ((browser.LIGHT, 245, 255),
                                (browser.DARK, 0, 40)):
        wide, high, corner, colours = browser.picture(path, scheme)
        check((wide, high) == (1100, 1400), wide, high)
        check(all(least <= c <= most for c in corner), scheme, corner)
        check(colours > 100, colours, "values: it is not empty")


def test_browser_paper(play):
    pages, size = browser.paper(page_of(play))
    check(size in ((595, 842), (596, 842)), size)
    check(2 <= pages <= 12, pages)


def test_browser_accessible(play):
    """axe-core, in both schemes: no finding of any kind, and none that it
    could not decide."""
    for scheme in (browser.LIGHT, browser.DARK):
        found = browser.judged(page_of(play), scheme, AXE)
        check(found["wrong"] == [], json.dumps(found["wrong"], indent=1))
        # Whether a lone sign is text, and what is behind a picture's: below.
        check([name for name, _ in found["unsure"]] in ([], ["color-contrast"])
              and all(re.match(r'<span aria-hidden|<text ', node)
                      for _, nodes in found["unsure"] for node in nodes),
              json.dumps(found["unsure"], indent=1))
        check(found["passes"] > 20, found["passes"], "rules")


def luminance(colour):
    """WCAG 2.2, relative luminance."""
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(c * 2 for c in digits)
    parts = [int(digits[i:i + 2], 16) / 255 for i in (0, 2, 4)]
    parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4
             for p in parts]
    return sum(p * w for p, w in zip(parts, (0.2126, 0.7152, 0.0722)))


def test_colours(play):
    """Every colour of text on every ground, on screen and paper: 4.5 to 1."""
    text = play.page("html")
    schemes = re.findall(r":root\{([^}]*)\}", text)
    check(len(schemes) == 3, len(schemes))
    for scheme in schemes:
        colours = dict(re.findall(r"--(\w+):(#\w+)", scheme))
        check(len(colours) == 10, colours)
        for ground in ("bg", "card"):
            for name in ("fg", "soft", "good", "bad", "care", "data", "link"):
                a, b = (luminance(colours[n]) + 0.05 for n in (name, ground))
                check(max(a, b) / min(a, b) >= 4.5, name, "on", ground,
                      max(a, b) / min(a, b))


def test_no_key(play):
    check(len(play.keys) >= 1, "a key is known")
    texts = [play.page(form, which["rotation"])
             for form in ("html", "markdown", "json", "yaml")
             for which in (play.done, play.failed)]
    for name in os.listdir(os.path.join(play.state(), "secrets-service")):
        with open(os.path.join(play.state(), "secrets-service", name),
                  errors="replace") as file:
            texts.append(file.read())
    check(any(".result.json" in name for name in os.listdir(
        os.path.join(play.state(), "secrets-service"))), "it was kept")
    for key in play.keys:
        check(len(key) == 44, len(key))
        for text in texts:
            check(key not in text and key[5:30] not in text, "a key")


def test_watch_piped(play):
    """Plain blocks, one whenever something differs; ^C ends it with 130."""
    running = subprocess.Popen(
        [play.program, "status", "--watch=1s"], cwd=play.home, env=play.env,
        text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL)
    seen = []

    def until(word):
        while not seen or word not in seen[-1]:
            line = running.stdout.readline()
            check(line, "it ended", seen, running.stderr.read)
            seen.append(line)
    try:
        until("c02")
        # A round in which nothing is new adds nothing.
        time.sleep(2.2)
        play.fleet.control("POST", "/fault", {
            "kind": "403", "path": "/secrets/", "times": -1,
            "cluster": "c02"})
        until("error: c02")
        play.fleet.control("DELETE", "/fault")
        until("staging")
    finally:
        running.send_signal(signal.SIGINT)
        out, told = running.communicate(timeout=20)
    text = "".join(seen) + out
    check(running.returncode == 130, running.returncode, told)
    check("watched until it was stopped" in told and "yet" not in told, told)
    check("next: kubectl keyrot status" in told, told)
    check("\x1b" not in text, "escapes in a pipe")
    times = re.findall(r"(?m)^20\d\d-\d\d-\d\dT[\d:]+Z$", text)
    check(len(times) == 3, times, text)


def test_watch_terminal(play):
    """Drawn in place on a screen of its own; the last state stays."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(play.home)
        os.execve(play.program, [play.program, "status", "-w"],
                  dict(play.env, TERM="xterm"))
    seen, stopped = b"", False
    while True:
        try:
            data = os.read(fd, 65536)
        except OSError:
            data = b""
        if not data:
            break
        seen += data
        if b"until ^C" in seen and not stopped:
            stopped = True
            time.sleep(0.3)
            os.write(fd, b"\x03")
    _, status = os.waitpid(pid, 0)
    os.close(fd)
    check(os.waitstatus_to_exitcode(status) == 130, status, seen)
    drawn, _, after = seen.partition(b"\x1b[?1049l")
    check(drawn.count(b"\x1b[?1049h") == 1, drawn[:80])
    check(b"every 5s" in drawn and b"staging" in drawn, drawn)
    check(b"staging" in after and b"\x1b[H" not in after, after)


def test_watch_refused(play):
    for words in (["--watch=0s"], ["--watch=soon"], ["--watch", "-o", "json"]):
        done = play.run("status", *words)
        check(done.returncode == 2, words, done.returncode, done.stderr)


def main():
    words = sys.argv[1:]
    tests = [(name[5:], test) for name, test in globals().items()
             if name.startswith("test_")
             and (not words or any(word in name for word in words))]
    failed = 0
    # Begun in the background, ^C would be nothing to what is started here.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    play = Play()
    try:
        for name, test in tests:
            begin = time.monotonic()
            try:
                test(play)
                word = "ok"
            except Exception:  # noqa: BLE001
                failed += 1
                word = "FAILED\n" + traceback.format_exc()
            print("%6.1f s  %-24s %s" % (time.monotonic() - begin, name,
                                         word), flush=True)
    finally:
        play.close()
    print("%d passed, %d failed" % (len(tests) - failed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
