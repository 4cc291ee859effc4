"""The journal: torn, full, unwritable; and what stands in it."""

import json
import shutil

from stand import Stand, check

# The n-th time that something is to be on disk: journal, soak, ledger alike.
SYNCS = (1, 2, 4, 7, 11, 16, 22, 29, 37)
EVENTS = {"begun", "intent", "done", "failed", "ended", "takeover",
          "baseline", "override", "approved"}
FIELDS = {"number", "event", "time", "step", "environment", "context", "detail"}


def traced(stand, inject, *words):
    """The document of a run in which system calls fail, and its exit code."""
    child = stand.start("-f", "-qq", "-o", "/dev/null", "-e",
                        "trace=" + inject.split(":")[0], "-e",
                        "inject=" + inject, stand.program, *words, "-o",
                        "json", executable=shutil.which("strace"))
    out, err = child.communicate(timeout=90)
    stand.no_leak(out + err)
    try:
        return json.loads(out), err.decode()
    except ValueError:
        check(False, "no document:", out[-500:], err[-1500:])


def torn(fleet, program):
    """journal: a torn last line, and lines that are none"""
    with Stand(fleet, program, "torn") as stand:
        stand.write_config()
        stand.until(["rotate"], "apply", "production")
        path = stand.journals()[-1]
        with open(path) as file:
            lines = file.read().splitlines(True)
        lines.insert(3, "this is no line\n")
        lines.insert(5, "[1, 2]\n")
        with open(path, "w") as file:
            file.write("".join(lines) + '{"event":"done","step":"app')
        stand.run("resume")
        stand.ended_done()
        with open(path) as file:
            check('"app{' not in file.read(), "the torn line was kept")


def full(fleet, program):
    """journal: a full disk refuses a rotation before anything changes"""
    with Stand(fleet, program, "full") as stand:
        stand.write_config()
        stand.mark()
        document, err = traced(stand, "fallocate:error=ENOSPC", "rotate")
        check(document["exitCode"] == 1, document)
        check("No space left" in document["message"], document["message"])
        check(not stand.new_keys(), "a key was made")
        for context in stand.api:
            check(not [r for r in stand.requests(context) if r.writes],
                  "something was written")
        stand.run("rotate")
        stand.ended_done()


def unwritable(fleet, program):
    """journal: after a failed sync nothing more is done, and it is resumable"""
    for nth in SYNCS:
        with Stand(fleet, program, "sync") as stand:
            stand.write_config()
            document, err = traced(
                stand, "fdatasync:error=EIO:when=%d" % nth, "rotate")
            what = "sync %d:" % nth
            check(document["exitCode"] == 1, what, document["exitCode"],
                  document["message"])
            if any("resume" in text for text in document["next"]):
                stand.run("resume")
            else:
                check(not stand.new_keys(), what, "a key was made")
                stand.run("rotate")
            stand.ended_done()


def words(fleet, program):
    """journal: the fields that are documented, and no key"""
    with Stand(fleet, program, "words") as stand:
        stand.write_config()
        document = stand.run("rotate")
        with open(document["journal"], "rb") as file:
            text = file.read()
        stand.no_leak(text)
        lines = [json.loads(line) for line in text.splitlines()]
        for line in lines:
            check(line["event"] in EVENTS and set(line) <= FIELDS, line)
        effects = [(x["step"], x.get("environment")) for x in lines
                   if x["event"] == "done"]
        for step in effects:
            events = [x["event"] for x in lines
                      if (x.get("step"), x.get("environment")) == step]
            check(events == ["intent", "done"], step, events)
        check(lines[-1]["event"] == "ended"
              and lines[-1]["detail"] == "done", lines[-1])


CASES = [torn, full, unwritable, words]
