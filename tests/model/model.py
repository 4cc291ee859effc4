#!/usr/bin/env python3
"""The model of a rotation, checked by Spin, and its mutants, which must fail.

usage: model.py [--long|--steps]
       model.py --journals FILE...

Three things have to agree: the tables of kubectl-keyrot.c, tests/model/steps,
and the model's inlines; --steps looks at no more. --journals: whether these
records of real runs have an order that the steps allow.
"""

import concurrent.futures
import json
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, "build", "model")
MODEL = os.path.join(HERE, "rotation.pml")

# What is looked at: name, -D of Spin, bound of the search's depth.
WORLDS = [
    ("one operator", {"CRASHES": 2, "LOST": 2}),
    ("one, and somebody else writes", {"CRASHES": 1, "LOST": 1,
                                       "INTRUDER": 1}),
    ("two operators", {"OPERATORS": 2, "CRASHES": 0, "LOST": 0}),
]
LONG = [
    ("one operator, often interrupted", {"CRASHES": 4, "LOST": 4}),
    ("one, interrupted, and somebody else", {"CRASHES": 3, "LOST": 3,
                                             "INTRUDER": 1}),
    ("one, often interrupted, and somebody else", {"CRASHES": 4, "LOST": 4,
                                                   "INTRUDER": 1}),
]
SMALL = {"CRASHES": 1, "LOST": 1}
# A rule that is left out, and the smallest world that catches it.
MUTANTS = [
    ("APPLY_BEFORE_STORE", SMALL), ("NO_READ_BACK", SMALL),
    ("PREVIOUS_NOT_PROVEN", SMALL), ("NO_GATE", dict(SMALL, INTRUDER=1)),
    ("RESTART_AGAIN", SMALL), ("UNKNOWN_IS_DONE", SMALL),
    ("BLIND_GATE", SMALL), ("DELETE_PREVIOUS", SMALL),
    ("NO_RESOURCE_VERSION", dict(SMALL, INTRUDER=1)),
    ("FORCE", dict(SMALL, INTRUDER=1)),
    ("TWO_SLOTS", {"OPERATORS": 2, "CRASHES": 1, "LOST": 0}),
]
MIN_STATES = 5000000
MIN_STATES_LONG = 30000000
# What a row's flags mean for the order: in tests/model/steps by these words.
FLAGS = [("EACH_ENVIRONMENT", "environment"), ("EACH_WAVE", "wave"),
         ("KEYRING", "keyring"), ("PROMOTION", "promotion"),
         ("FRESH_KEY", "fresh"), ("LOOKS", "looks"),
         ("REMEMBERED", "remembered"), ("ALWAYS", "always")]
OTHER_MODES = {"keyring", "promotion"}


def tables():
    """The rows of kubectl-keyrot.c: (table, id, words...)."""
    with open(os.path.join(ROOT, "kubectl-keyrot.c")) as file:
        text = file.read()
    rows = []
    for name, body in re.findall(
            r"static const struct rotate_step (\w+)\[\] = \{(.*?)\n\};", text,
            re.S):
        for row in re.findall(r"\n\t\{\n(.*?)\n\t\},", body, re.S):
            ident = re.search(r'\.id = "([\w-]+)"', row).group(1)
            rows.append((name, ident, *(word for flag, word in FLAGS
                                        if "ROTATE_" + flag in row)))
    return rows


def steps():
    with open(os.path.join(HERE, "steps")) as file:
        return [tuple(line.split()) for line in file
                if line.strip() and not line.startswith("#")]


def agree():
    """What is not the same in source, steps and model."""
    wrong = []
    source, known = tables(), steps()
    for row in source:
        if row not in known:
            wrong.append("tests/model/steps does not have: "
                         + " ".join(row))
    for row in known:
        if row not in source:
            wrong.append("kubectl-keyrot.c does not have: " + " ".join(row))
    if not wrong and source != known:
        wrong.append("tests/model/steps has another order than "
                     "kubectl-keyrot.c")
    with open(MODEL) as file:
        inlines = set(re.findall(r"^inline (\w+)\(", file.read(), re.M))
    for row in known:
        if inline_of(*row[:2]) not in inlines:
            wrong.append("rotation.pml does not say what %s is" % row[1])
    return wrong


def inline_of(table, ident):
    name = "step_" + ident.replace("-", "_")
    return name + "_back" if (table, ident) == ("rollback", "apply") else name


def generated():
    """The tables as the bodies of the two ways."""
    text = "/* Made from tests/model/steps. */\n"
    for table, word in (("rotate", "ROTATE"), ("rollback", "ROLLBACK")):
        parts, block = [], []
        for row in [row for row in steps() if row[0] == table] + [None]:
            if row and "environment" in row[2:]:
                block.append(inline_of(*row[:2]) + "();\\\n\t\tMAY_DIE")
                continue
            if block:
                turn = ("at = 0;\\\n\tdo\\\n\t:: at < 2 ->\\\n\t\t%s;\\\n"
                        "\t\tat++\\\n\t:: else -> break\\\n\tod"
                        if table == "rotate" else
                        "at = 2;\\\n\tdo\\\n\t:: at > 0 ->\\\n\t\tat--;\\\n"
                        "\t\t%s\\\n\t:: else -> break\\\n\tod")
                parts.append(turn % ";\\\n\t\t".join(block))
                block = []
            if row:
                parts.append(inline_of(*row[:2]) + "();\\\n\tMAY_DIE")
        text += "#define %s \\\n\t%s\n" % (word, ";\\\n\t".join(parts))
    return text


class Search:
    """One search of all states."""

    def __init__(self, name, defines, mutant=None):
        folder = os.path.join(BUILD, re.sub(r"\W+", "-", mutant or name))
        os.makedirs(folder, exist_ok=True)
        words = ["-D%s=%s" % item for item in sorted(defines.items())]
        if mutant:
            words.append("-D" + mutant)
        since = time.monotonic()
        self.call(folder, "spin", "-a", *words,
                  os.path.join(BUILD, "rotation.pml"))
        self.call(folder, "gcc", "-O0" if mutant else "-O1", "-w", "-DSAFETY", "-DCOLLAPSE",
                  "-DVECTORSZ=2048", "-DMEMLIM=8000", "-o", "pan", "pan.c")
        text = self.call(folder, "./pan", "-m200000", "-w24", "-n")
        self.seconds = time.monotonic() - since
        found = re.search(r"([\d.e+]+) states, stored", text)
        errors = re.search(r"errors: (\d+)", text)
        if not found or not errors or "too small" in text or (
                "reached -DMEMLIM" in text or "out of memory" in text):
            raise SystemExit("%s: the search was not whole:\n%s" % (
                name, text[-2000:]))
        self.states = int(float(found.group(1)))
        self.errors = int(errors.group(1))
        said = re.search(r"pan:\d+: (.*)", text)
        self.said = said.group(1) if said else ""
        print("%s: %d states, %s (%.1f s)" % (
            "without " + mutant if mutant else name, self.states, self.said
            or ("NOT CAUGHT" if mutant else "every promise holds"),
            self.seconds), flush=True)

    @staticmethod
    def call(folder, *words):
        done = subprocess.run(words, cwd=folder, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        text = done.stdout.decode("utf-8", "replace")
        if words[0] != "./pan" and done.returncode:
            raise SystemExit("%s: %s" % (" ".join(words[:2]), text[-2000:]))
        return text


def search(long):
    """All of it; true where something is wrong."""
    os.makedirs(BUILD, exist_ok=True)
    with open(os.path.join(BUILD, "steps.pml"), "w") as file:
        file.write(generated())
    with open(MODEL) as model, open(os.path.join(BUILD, "rotation.pml"),
                                    "w") as file:
        file.write(model.read().replace(
            '"steps.pml"', '"%s"' % os.path.join(BUILD, "steps.pml")))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        worlds = WORLDS + (LONG if long else [])
        whole = list(pool.map(lambda world: Search(*world), worlds))
        caught = list(pool.map(lambda world: Search(*world, world[0]),
                               MUTANTS))
    states = sum(found.states for found in whole)
    failed = sum(found.errors > 0 for found in whole)
    killed = sum(found.errors > 0 for found in caught)
    print("%d states explored" % states)
    total, missed = map(sum, zip(refused(False), refused(True)))
    print("wrong orders refused %d/%d" % (total - missed, total))
    print("mutants killed %d/%d" % (killed, len(MUTANTS)))
    killed -= missed
    if states < (MIN_STATES_LONG if long else MIN_STATES):
        raise SystemExit("model.py: too few states: the model is cut off")
    print("%d passed, %d failed" % (
        len(whole) - failed + killed, failed + len(MUTANTS) - killed))
    return failed or killed < len(MUTANTS)


class Order:
    """Which row may come after which, in the journal of one rotation."""

    def __init__(self):
        self.tables = {}
        for table, ident, *words in steps():
            self.tables.setdefault(table, []).append((ident, words))

    def steps_of_rollback_alone(self):
        names = {table: {ident for ident, _ in rows}
                 for table, rows in self.tables.items()}
        return names["rollback"] - names["rotate"]

    def check(self, lines):
        """What is wrong, or None."""
        begun = [line for line in lines if line["event"] == "begun"]
        names = {line.get("step") for line in lines}
        # What has not begun tells by its steps which of the two it is.
        back = (begun[0].get("detail", "to ")[:3] != "to " if begun
                else names & self.steps_of_rollback_alone())
        table = "rollback" if back else "rotate"
        promotes = any(ident in names and "promotion" in words
                       for ident, words in self.tables[table])
        walk = Walk(self.tables[table], table == "rollback", promotes)
        for number, line in enumerate(lines, 1):
            wrong = walk.take(line)
            if wrong:
                return "line %d, %s %s: %s" % (
                    number, line["event"], line.get("step", ""), wrong)
        return None


class Walk:
    """One journal, line by line."""

    def __init__(self, rows, back, promotes):
        # Of the other modes: there, or not.
        self.optional = {"keyring", "fresh" if promotes else "promotion"}
        self.rows, self.names = rows, [row[0] for row in rows]
        self.back = back    # the other environments are put back all the same
        self.done, self.begun = set(), False
        self.anew()

    def anew(self):
        self.at, self.envs, self.open, self.failed = -1, [], None, False
        self.label, self.wave = None, 1     # of the last environment

    def words(self, index):
        return self.rows[index][1]

    def is_optional(self, index):
        return bool(self.optional & set(self.words(index)))

    def take(self, line):
        event, step = line["event"], line.get("step")
        if event in ("baseline", "takeover", "override", "approved"):
            return None
        if event in ("begun", "ended"):
            self.begun = True
            if event == "begun" and any(
                    "looks" in words and not self.optional & set(words)
                    for _, words in self.rows[self.at + 1:]):
                return "before it had looked"
            if self.open:
                return "inside of " + self.open[0]
            return None
        if step not in self.names:
            return "the model has no such step"
        env, now = line.get("environment"), self.names.index(step)
        if ("environment" in self.words(now)) != bool(env):
            return "once, or of which environment?"
        if event == "intent":
            return self.intent(now, (step, env))
        if self.open != (step, env):
            return "its intent is not there"
        self.open, self.failed = None, self.failed or event == "failed"
        if event == "done":
            self.done.add((step, env))
        return None

    def intent(self, now, place):
        if now == 0:    # another process
            self.anew()
        elif self.open:
            return "%s is not over" % self.open[0]
        if not self.begun and "looks" not in self.words(now) and not (
                self.failed and "always" in self.words(now)):
            return "it has not begun"
        wrong = self.follows(now, place[1])
        self.at, self.open = now, place
        return wrong

    def owner(self, index, env, label):
        """As what the journal has a row: wave by wave, or once."""
        words = self.words(index)
        return (label if "wave" in words else env) if "environment" in words \
            else None

    def passed(self, now, env, label):
        """The rows between, each with the environment or wave it is of."""
        inside = [i for i, row in enumerate(self.rows)
                  if "environment" in row[1]]
        waves = [i for i in inside if "wave" in self.words(i)]
        last = self.envs[-1] if self.envs else None
        if env and env not in self.envs:
            rest = range(self.at + 1, inside[-1] + 1) if self.envs else ()
            before = range(inside[0] if self.envs else self.at + 1, now)
            found = [(i, self.owner(i, last, self.label)) for i in rest
                     if self.wave == 1 or i in waves or i > waves[-1]]
            self.envs.append(env)
            self.wave = 1
            return found + [(i, self.owner(i, env, label)) for i in before]
        if now <= self.at:
            first = [i for i in waves if not self.is_optional(i)][0]
            if now != first or env != last or label == self.label:
                return None
            self.wave += 1
            return [(i, self.owner(i, last, self.label)) for i in waves
                    if i > self.at]
        return [(i, self.owner(i, last, self.label))
                for i in range(self.at + 1, now)
                if self.wave == 1 or i in waves or i > waves[-1]]

    def follows(self, now, label):
        """Nothing is done twice, and nothing that has to be is passed over."""
        env = label and re.sub(r" \d+(-\d+)? of \d+$", "", label)
        if self.failed and "always" not in self.words(now) and not (
                self.back and env and env not in self.envs):
            return "after a failure"
        passed = self.passed(now, env, label)
        if passed is None:
            return "after " + self.names[self.at]
        if label and "wave" in self.words(now):
            self.label = label
        for i, of in passed:
            if not (self.failed or self.is_optional(i)
                    or ("remembered" in self.words(i)
                        and (self.names[i], of) in self.done)):
                return "without " + self.names[i]
        return None


def pair(ident, env):
    line = {"step": ident, "environment": env} if env else {"step": ident}
    return [dict(line, event=event) for event in ("intent", "done")]


def in_waves(inside):
    """Of one environment in two waves; the rows that are not a wave's, once."""
    inside = [row for row in inside if not OTHER_MODES & set(row[1])]
    last = max(i for i, row in enumerate(inside) if "wave" in row[1])
    return [pair(ident, "all %d of 2" % wave if "wave" in words else "all")
            for wave in (1, 2) for ident, words in inside[:last + 1]
            if wave == 1 or "wave" in words] + [
        pair(ident, "all") for ident, _ in inside[last + 1:]]


def whole(rows, waves):
    """The lines of a journal of which nothing is missing."""
    inside = [row for row in rows if "environment" in row[1]]
    lines, begun = [], False
    for row in rows:
        if OTHER_MODES & set(row[1]) or row in inside[1:]:
            continue
        if not begun and "looks" not in row[1]:
            lines.append([{"event": "begun"}])
            begun = True
        if row in inside and waves:
            lines += in_waves(inside)
        elif row in inside:
            lines += [pair(ident, env) for env in ("staging", "production")
                      for ident, words in inside
                      if not OTHER_MODES & set(words)]
        else:
            lines.append(pair(row[0], None))
    return lines


def refused(waves):
    """Journals that are spoiled: how many, and how many are not refused."""
    order, total, missed = Order(), 0, 0
    parts = whole(order.tables["rotate"], waves)
    if order.check(sum(parts, [])):
        raise SystemExit("the whole order is refused: %s" % order.check(
            sum(parts, [])))
    for at in range(1, len(parts) - 1):
        spoiled = [parts[:at] + parts[at + 1:],
                   parts[:at] + [parts[at + 1], parts[at]] + parts[at + 2:],
                   parts[:at] + [parts[at][:1]] + parts[at + 1:],
                   parts[:at] + [parts[at][1:]] + parts[at + 1:],
                   parts[:at + 1] + [parts[at]] + parts[at + 1:]]
        for one in spoiled[:2 if len(parts[at]) == 1 else 5]:
            total += 1
            if not order.check(sum(one, [])):
                missed += 1
                print("not refused: around %s" % parts[at][0])
    return total, missed


def journals(paths):
    order, failed = Order(), 0
    for path in paths:
        with open(path) as file:
            lines = [json.loads(line) for line in file if line.endswith("\n")]
        wrong = order.check(lines)
        if wrong:
            failed += 1
            print("%s: %s" % (path, wrong))
    print("%d passed, %d failed" % (len(paths) - failed, failed))
    return failed


def main():
    words = sys.argv[1:]
    if words[:1] == ["--journals"]:
        sys.exit(1 if journals(words[1:]) else 0)
    if words not in ([], ["--long"], ["--steps"]):
        sys.exit(__doc__)
    wrong = agree()
    for line in wrong:
        print(line)
    if wrong:
        print("0 passed, %d failed" % len(wrong))
        sys.exit(1)
    if words == ["--steps"]:
        print("1 passed, 0 failed")
        sys.exit(0)
    sys.exit(1 if search(bool(words)) else 0)


if __name__ == "__main__":
    main()
