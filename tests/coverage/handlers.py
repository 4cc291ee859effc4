#!/usr/bin/env python3
"""Every handler of a fault was reached by a fault that was injected.

usage: handlers.py BUILD

BUILD is the folder of a build with COVERAGE=1 whose program has been through a
part of the sweep, and through nothing else. tests/coverage/handlers.txt names
the functions that decide what is done about a fault. Their lines that no fault
got to are listed; fewer that one got to than the floor are a failure, and so is
a handler that does nothing, anywhere in the program.
"""

import glob
import os
import re
import sys

from coverage import ROOT, gcov_rows

TABLE = os.path.join(ROOT, "tests", "coverage", "handlers.txt")
FUNCTIONS, LINES = 49, 550      # looked at, and reached, at least
CONDITION = re.compile(r"\bif \(|\belse\b(?! if\b)")
# Comments and literals.
WORDS = re.compile(r"/\*.*?\*/|'(?:[^'\\]|\\.)+'|\"(?:[^\"\\]|\\.)*\"",
                   re.S)
EMPTY = re.compile(r"\s*(?:;|\{\s*\})")


def read_table():
    """The functions, as path and name."""
    functions = set()
    with open(TABLE) as file:
        for line in file:
            words = line.split()
            if words and not line.startswith("#"):
                functions.update((words[0], name) for name in words[1:])
    return functions


def lines_of(build, functions):
    """(path, function, line) -> how often it was run."""
    found = {}
    for source in gcov_rows(build):
        spans = [row for row in source["functions"]
                 if (source["file"], row["name"]) in functions]
        for row in spans:
            for line in source["lines"]:
                if row["start_line"] <= line["line_number"] <= row[
                        "end_line"]:
                    key = source["file"], row["name"], line["line_number"]
                    found[key] = found.get(key, 0) + line["count"]
    return found


def closing(text, at):
    """Behind the parenthesis that ends what was opened before `at`."""
    depth = 1
    while depth:
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    return at


def empty_in(text):
    """Where a condition about an error, or an else, has nothing to do."""
    for match in CONDITION.finditer(text):
        end = match.end()
        if match.group().startswith("if"):
            end = closing(text, end)
            if not re.search(r"\berr\w*\b", text[match.start():end]):
                continue
        if EMPTY.match(text, end):
            yield text.count("\n", 0, match.start()) + 1


def empty_handlers():
    found = []
    for path in sorted(glob.glob("src/*/*.c", root_dir=ROOT)):
        with open(os.path.join(ROOT, path)) as file:
            text = WORDS.sub(lambda part: "\n" * part.group().count("\n"),
                             file.read())
        found += ["%s:%d" % (path, line) for line in empty_in(text)]
    return found


def check_control():
    """The search finds what it is for, and nothing else."""
    for text in ("if (err)\n\t\t;", "if (!done && err) {\n}", "else {\n\t}",
                 "if (f(a, err))\n;", "else if (err_is(err, KR_EAUTH)) { }"):
        if not list(empty_in(text)):
            sys.exit("handlers.py: an empty handler is not found: " + text)
    for text in ("if (err)\n\t\treturn err;", "for (; err;)\n\t;",
                 "if (err) {\n\tf();\n}", "else\n\t\tf();"):
        if list(empty_in(text)):
            sys.exit("handlers.py: this is no empty handler: " + text)


def main():
    check_control()
    functions = read_table()
    lines = lines_of(os.path.abspath(sys.argv[1]), functions)
    seen = {(path, name) for path, name, _ in lines}
    texts = {}
    for (path, name, number), count in sorted(lines.items()):
        if path not in texts:
            with open(os.path.join(ROOT, path)) as file:
                texts[path] = file.read().split("\n")
        if not count:
            print("  %s:%d: %s(): no fault got to: %s" % (
                path, number, name, texts[path][number - 1].strip()))
    wrong = ["%s: there is no %s()" % pair for pair in functions - seen]
    wrong += [place + ": a handler that does nothing"
              for place in empty_handlers()]
    for text in wrong:
        print(text)
    reached = sum(count > 0 for count in lines.values())
    print("handlers: %d of %d lines of %d functions reached; %d passed,"
          " %d failed" % (reached, len(lines), len(seen), reached,
                          len(wrong)))
    if len(seen) < FUNCTIONS or reached < LINES:
        sys.exit("handlers.py: %d functions and %d lines are the floor" % (
            FUNCTIONS, LINES))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
