#!/usr/bin/env python3
"""Whole commands with one allocation that fails.

usage: commands.py [--long] [--number N] [--only WORDS] [--jobs N]
                   [--program PATH] [-v]

A clean run of each command is counted: the allocations that the program makes,
or libc, cJSON and libyaml in its name. Each of them (in an ordinary run some, a
stride apart) fails once. The program must end with an exit code of its table
and a word on it, never by a signal; no key is shown. After `rotate` and
`resume` the promises are looked at, and what was printed ends it.

A crash inside a library that asked for no memory of ours (OpenSSL, libcurl) is
counted, named, and taken for a kill: the rotation is resumed all the same.
"""

import argparse
import os
import signal
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "sweep"))

from stand import ROOT, Broken  # noqa: E402
import kill  # noqa: E402
import rotation  # noqa: E402
import sweep  # noqa: E402
from world import PROGRAM  # noqa: E402

NUMBER = 320            # of an ordinary run
LONG = 10000
# Those of libraries that are known to crash: where memory is out for them.
CRASHING = ("libcrypto.so", "libssl.so", "libcurl", "libnghttp2", "libgnutls",
            "libgssapi", "libldap", "libkrb5")
CHANGING = ("rotate", "resume")
LOOKING = {
    "plan": ("plan", "rotate"),
    "status": ("status", "-o", "json"),
    "doctor": ("doctor",),
    "ledger verify": ("ledger", "verify"),
    "ledger show": ("ledger", "show", "-o", "json"),
    "report": ("report",),
}
COMMANDS = CHANGING + tuple(LOOKING)


class Walker(kill.Walker):
    def __init__(self, program):
        super().__init__(program)
        self.plain = self.world.environment
        self.world.environment = self.environment
        self.world.request_timeout = "15s"
        self.ready = None

    def environment(self, fault):
        env = self.plain(None)
        if fault:
            if os.path.exists(self.world.at("allocations")):
                os.unlink(self.world.at("allocations"))
            env.update({
                "LD_PRELOAD": os.path.join(ROOT, "build", "alloc", "fail.so"),
                "KEYROT_ALLOC_AT": str(fault["alloc"]),
                "KEYROT_ALLOC_OWN": "1",
                "KEYROT_ALLOC_LOG": self.world.at("allocations")})
        return env

    def log(self):
        """What the allocator noted: word -> the rest of the line."""
        if not os.path.exists(self.world.at("allocations")):
            return {}
        with open(self.world.at("allocations")) as file:
            return dict(line.rstrip("\n").split(" ", 1) for line in file)

    def type(self, words, path, fault=None):
        if not fault:
            return super().type(words, path)
        run = self.world.run(*words, fault=fault)
        self.judge(run)
        run.ended = run.code == 0
        # Where nothing more could be said, what is there is looked at.
        if not run.out or b'"reason": "OutOfMemory"' in run.out:
            run.code = -signal.SIGKILL
        if run.ended:
            self.oracle.check_end(run)
        else:
            self.oracle.check(run)
        return run

    def judge(self, run):
        """How it ended: by its table, or by a library that is known."""
        if run.code < 0:
            where = self.log().get("crashed", "?")
            if not where.startswith(CRASHING):
                raise Broken("it crashed (signal %d) in %s; failed: %s" % (
                    -run.code, where, self.log().get("failed")))
            run.code = -signal.SIGKILL
        elif run.code not in (0, 1, 2, 3, 4, 5, 6, 7, 8):
            raise Broken("exit %d" % run.code)
        elif run.code and not run.err and not run.out:
            raise Broken("exit %d without a word" % run.code)

    def look(self, name, fault):
        """A command that changes nothing, where a rotation has ended."""
        if self.ready != "done":
            self.begin("rotate")
            super().type(("rotate",), "rotate")
            self.ready = "done"
        words = list(LOOKING[name])
        run = self.world.run_plain(words, self.environment(fault))
        self.judge(run)
        self.oracle.check_secrecy(run)
        return run

    def count(self, name):
        fault = {"alloc": 0}
        if name in CHANGING:
            self.begin(name)
            run = self.world.run(*rotation.PATHS[name][0], fault=fault)
        else:
            run = self.look(name, fault)
        if run.code:
            raise Broken("a clean %s fails: %s" % (name, run.err.decode()))
        return int(self.log()["count"])

    def case(self, row):
        name, fault = row["path"], {"alloc": row["alloc"]}
        if name in LOOKING:
            run = self.look(name, fault)
            return "exit %d" % run.code
        self.ready = None
        self.begin(name)
        words = rotation.PATHS[name][0]
        first = self.type(words, name, fault)
        if not first.ended:
            self.after(name, words, first)
        return "exit %d" % first.code


def name_of(row):
    return "%s, allocation %d" % (row["path"], row["alloc"])


def chosen(total, number):
    if number >= total:
        return range(1, total + 1)
    return [1 + i * total // number for i in range(number)]


def main():
    parser = argparse.ArgumentParser(usage=__doc__[__doc__.index(
        "usage: ") + 7:__doc__.index("A clean")])
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--only")
    parser.add_argument("--number", type=int, default=NUMBER)
    parser.add_argument("--jobs", type=int,
                        default=3 * min(4, os.cpu_count() or 1))
    parser.add_argument("--program", default=PROGRAM)
    parser.add_argument("-v", "--verbose", action="store_true")
    arguments = parser.parse_args()
    walker, rows = Walker(arguments.program), []
    for name in COMMANDS:
        total = walker.count(name)
        calls = chosen(total, total if arguments.long
                       else arguments.number // len(COMMANDS))
        print("%s: %d allocations, %d of them" % (name, total, len(calls)),
              flush=True)
        rows += [{"path": name, "alloc": call} for call in calls]
    walker.close()
    rows = [row for row in rows
            if not arguments.only or arguments.only in name_of(row)]
    broken = sweep.sweep(arguments, rows, sys.modules[__name__])
    floor = LONG if arguments.long else NUMBER
    if not arguments.only and len(rows) < floor:
        sys.exit("commands.py: %d cases; %d is the floor" % (len(rows),
                                                             floor))
    sys.exit(1 if broken or not rows else 0)


if __name__ == "__main__":
    # By the name under which other processes find it.
    import commands
    commands.main()
