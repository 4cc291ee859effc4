#!/usr/bin/env python3
"""Rotations in a loop on two real clusters, while things go wrong.

usage: soaktest.py [--minutes N | --turns N] [--seed N] [--from N]
                   [--plan N] [--program PATH] [--keep]

Each turn one of two operators types a command, and something goes wrong at a
random moment; then what was printed to be typed next is typed, until it has
ended, and judge.py looks. The seed decides all of it: the same seed, the same
choices. --plan prints the first N of them. --from begins with that turn.
"""

import argparse
import collections
import os
import random
import signal
import sys
import time
import traceback

from paths import ROOT

from choices import choose
from judge import Judge
from operators import Operator
from place import CONTEXTS, Later, Place
from stand import Wrong

# Of each minute: what has done less has shown less.
FLOORS = {"rotations": 0.5, "faults": 0.5, "kills": 0.1}
# The program itself has said that there is nothing left to be done.
OVER = ("NothingToResume", "NothingToRollBack", "RotationEnded",
        "RotationOvertaken", "PreviousUnknown", "NotProven")
MOST = 15               # commands until a turn has ended
HELD_S = 1


class Soak:
    def __init__(self, options):
        self.options = options
        self.place = Place(options.program)
        self.operators = [Operator(1, self.place), Operator(2, self.place)]
        self.judge = Judge(self.place)
        self.counts = collections.Counter()

    def close(self):
        for operator in self.operators:
            operator.kill_all()
        self.place.close()

    # One command, and what follows from it

    def words(self, action):
        if action == "apply":
            return ("apply", "--context", CONTEXTS[0], "-n",
                    self.place.namespace)
        return (action, "--timeout", "60s") if action in (
            "rotate", "promote", "rollback", "resume") else (action,)

    def variables(self, action):
        return ({"SECRET_ENCRYPTION_KEY": self.place.new_key()}
                if action == "apply" else {})

    def count(self, run):
        self.counts["commands"] += 1
        self.counts["kills"] += run.killed
        word, done = run.words[0], run.code == 0
        if run.document.get("kind") == "RollbackResult":
            word = "rollback"
        self.counts["rotations"] += done and word in ("rotate", "resume",
                                                      "promote")
        self.counts["resumes"] += run.words[0] == "resume" and done
        self.counts["roll-backs"] += done and word == "rollback"
        self.counts["applies"] += done and word == "apply"
        self.counts["exit %d" % run.code] += 1

    def next(self, run, turn, words):
        """What a person types then; None: it has ended."""
        if run.code == 0 and run.printed(False) == ["resume"]:
            return ["resume"]  # a Lease that could not be given back
        if run.code == 0 or run.reason in OVER:
            return None
        if run.killed:
            return ["resume"] if words[0] != "apply" else words
        if run.reason == "Held":
            time.sleep(HELD_S)  # and asks again
            return words
        return run.printed(turn.back) or words

    def follow(self, operator, run, turn, words):
        for _ in range(MOST):
            self.count(run)
            self.judge.keys()
            words = self.next(run, turn, list(words))
            self.say("      %s%s" % (
                run, "; then: " + " ".join(words) if words else ""))
            if words is None:
                return
            self.place.mend(turn)
            self.place.calm_api()
            run = operator.run(*words, **self.variables(words[0]))
        raise Wrong("it does not end: %s" % run)

    # A turn

    def type(self, operator, turn):
        """The command, and what goes wrong meanwhile; its end."""
        words = self.words(turn.action)
        if turn.action == "promote":  # what is there is proven, or not
            operator.run("validate", "--env", "staging")
        child = operator.start(words, **self.variables(turn.action))
        later = None
        if turn.fault in ("kill", "lost", "interrupt"):
            how = (signal.SIGINT if turn.fault == "interrupt"
                   else signal.SIGKILL)
            later = Later(turn.after_s, lambda: child.send_signal(how))
        elif turn.fault in ("api", "etcd"):
            later = Later(turn.after_s, lambda: self.place.outage(turn))
        other = None
        if turn.fault == "two":
            other = self.second(operator, turn)
        run = operator.ended(child, words)
        happened = later.end() if later else turn.fault != "none"
        if turn.fault == "lost" and run.killed:
            operator.lose_journal()
            self.counts["journals deleted"] += 1
        self.counts["faults"] += happened
        self.counts["fault " + turn.fault] += happened
        return run, words, other

    def second(self, operator, turn):
        other, = [one for one in self.operators if one is not operator]
        time.sleep(turn.after_s)
        words = self.words(turn.second)
        return other, words, other.start(words,
                                         **self.variables(turn.second))

    def turn(self, turn):
        operator = self.operators[turn.operator - 1]
        if turn.fault != "none":  # or it would be refused before that
            self.place.close_reviews()
        self.place.spoil(turn)
        try:
            run, words, other = self.type(operator, turn)
            done = other and other[0].ended(other[2], other[1])
            self.place.calm_api()
            self.follow(operator, run, turn, words)
            if other:
                self.follow(other[0], done, turn, other[1])
        finally:
            self.place.mend(turn)
        self.judge.ended(self.operators, turn.operator)

    def say(self, text):
        print(text, flush=True)

    def attempt(self, number):
        turn, why = choose(self.options.seed, number), None
        begun = time.monotonic()
        try:
            self.turn(turn)
        except Wrong as wrong:
            why = str(wrong)
        except Exception:
            why = traceback.format_exc()
        self.say("%s: %s (%.1f s)" % (
            turn, "FAILED\n      " + why if why else "ok",
            time.monotonic() - begun))
        return not why


def flat(soak):
    """What processes of one command took, in the beginning and at the end."""
    by_word, wrong = collections.defaultdict(list), []
    for operator in soak.operators:
        for took in operator.took:
            if took.code == 0 and took.rss_kib:
                by_word[took.word].append(took)
    for word in ("rotate", "status", "ledger"):
        rows = by_word[word]
        tenth = max(1, len(rows) // 10)
        first, last = rows[:tenth], rows[-tenth:]
        if len(rows) < 20:
            continue
        most = [[max(getattr(row, name) for row in part)
                 for part in (first, last)]
                for name in ("rss_kib", "files", "seconds")]
        print("%-7s %4d processes, first and last tenth: memory %d and %d KiB,"
              " descriptors %d and %d, longest %.1f and %.1f s" % (
                  word, len(rows), *most[0], *most[1], *most[2]))
        if most[0][1] > most[0][0] * 1.1 + 1024:
            wrong.append("%s: the memory grows" % word)
        if most[1][1] > most[1][0] + 2:
            wrong.append("%s: the descriptors grow" % word)
    return wrong


def sum_up(soak, passed, failed, minutes):
    counts, judge = soak.counts, soak.judge
    wrong = flat(soak)
    print("faults: " + ", ".join(
        "%s %d" % (name[6:], number) for name, number in sorted(
            counts.items()) if name.startswith("fault ")))
    print("exits: " + ", ".join(
        "%s: %d" % (name[5:], number) for name, number in sorted(
            counts.items()) if name.startswith("exit ")))
    print("%.0f minutes, seed %d: %d rotations, %d resumes, %d roll-backs, "
          "%d applies, %d kills, %d journals deleted, %d faults, %d commands; "
          "%d keys stored, %d writes of one, keys lost %d; %d Leases of the dead; "
          "ledger of %d lines"
          % (minutes, soak.options.seed, counts["rotations"],
             counts["resumes"], counts["roll-backs"], counts["applies"],
             counts["kills"], counts["journals deleted"], counts["faults"],
             counts["commands"], len(set(judge.held.values())), judge.writes,
             judge.lost, judge.ghosts, judge.lines()))
    for name, each in FLOORS.items():
        if counts[name] < each * minutes and soak.options.minutes:
            wrong.append("only %d %s" % (counts[name], name))
    for why in wrong:
        print("FAILED: " + why)
    failed += len(wrong)
    print("soak-test: %d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


def main():
    parser = argparse.ArgumentParser(usage=__doc__[__doc__.index(
        "usage: ") + 7:__doc__.index("Each turn")])
    parser.add_argument("--minutes", type=float, default=0)
    parser.add_argument("--turns", type=int, default=0)
    parser.add_argument("--seed", type=int,
                        default=random.SystemRandom().randrange(1, 10 ** 6))
    parser.add_argument("--from", dest="first", type=int, default=1)
    parser.add_argument("--plan", type=int)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--program",
                        default=os.path.join(ROOT, "kubectl-keyrot"))
    options = parser.parse_args()
    if options.plan:
        for number in range(1, options.plan + 1):
            print(choose(options.seed, number))
        return
    print("SEED=%d" % options.seed, flush=True)
    soak, passed, failed = Soak(options), 0, 0
    begun = time.monotonic()
    end = begun + (options.minutes or 600) * 60
    number = 1  # the first one is what all others go on from
    try:
        while time.monotonic() < end and not (
                options.turns and passed + failed >= options.turns):
            good = soak.attempt(number)
            passed, failed = passed + good, failed + (not good)
            if not good:
                break  # what comes of a broken state shows nothing
            number = max(number + 1, options.first)
        status = sum_up(soak, passed, failed,
                        (time.monotonic() - begun) / 60)
    finally:
        if not options.keep:
            soak.close()
    sys.exit(status)


if __name__ == "__main__":
    main()
