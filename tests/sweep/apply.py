"""A single fault at every request of `apply`, of every kind, on practice clusters.

A clean run tells how many requests there are. Then, for each of them and each
kind of fault: everything anew, one fault, apply; then apply again until it is
done. After each run the promises are looked at:

 1  no cluster holds a key that the store does not hold
 2  the key that was replaced is in the store
 3  "done" is said only when every pod runs the new key; else what is the case
    is said
 4  what others wrote is still there
 5  the keys are in no output, argument, environment and request, but for the new
    one in the write of the Secret
"""

import time

from stand import CONTEXT, Broken, Stand

AGAIN = 2             # runs after the first, at most
STATUSES = ("401", "403", "404", "410", "422", "429", "500", "502", "503",
            "504")
KINDS = [{"kind": status} for status in STATUSES] + [
    {"kind": "429", "retryAfter": 0}, {"kind": "503", "retryAfter": 0},
    {"kind": "500", "applied": True, "method": "PATCH"}] + [{"kind": kind} for kind in (
        "409a", "409b", "echo", "gateway", "html", "expired-token",
        "reset-first", "reset-read", "reset-applied", "eof", "cut",
        "truncated", "wrong-kind", "wrong-uid", "wrong-name", "endless",
        "bad-tls", "watch-cut", "watch-end", "watch-410", "watch-500",
        "watch-split")] + [
    {"kind": "delay", "ms": 100}, {"kind": "hang", "ms": 2000},
    {"kind": "slow", "ms": 20}, {"kind": "refuse", "ms": 300}]


def name_of(fault):
    fault = fault["api"]
    extra = "".join(",%s=%s" % item for item in sorted(fault.items())
                    if item[0] in ("retryAfter", "applied"))
    return "%3d %s%s" % (fault["at"], fault["kind"], extra)


def one_fault(stand, fault):
    """How the first run ended; every run keeps the promises."""
    fault = fault["api"]
    stand.reset(fault)
    first = done = stand.apply()
    stand.check(done)
    stand.practice.control("DELETE", "/fault")
    for _ in range(AGAIN):
        if done.returncode == 0:
            break
        time.sleep(0.3 if fault["kind"] == "refuse" else 0)
        done = stand.apply()
        stand.check(done)
    if done.returncode:
        raise Broken("run again, it still fails: exit %d: %s" % (
            done.returncode, done.stderr[-900:].decode()))
    return "exit %d" % first.returncode


class Walker:
    """One stand, and cases on it."""

    def __init__(self, program):
        self.stand = Stand(program)

    def close(self):
        self.stand.close()

    def rows(self):
        return [{"path": "apply", "api": dict(kind, at=index, cluster=CONTEXT)}
                for index in range(1, self.stand.clean() + 1)
                for kind in KINDS]

    def case(self, row):
        return one_fault(self.stand, row)
