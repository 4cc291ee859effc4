"""One expectation about a place in a JSON document.

    PATH VALUE         equals (JSON, or else a string)
    PATH ~ REGEX       a string that the expression finds
    PATH exists        PATH absent       (null counts as absent for neither)
    PATH # N           so many members
    PATH has VALUE     a list with it; `has ~ REGEX` with a string like that

A path is of member names and numbers with dots; names that hold dots stand in
brackets: targets.0.consumers, metadata.annotations[a.example/b].
"""

import json
import re

ABSENT = object()


class Mismatch(Exception):
    """It is not as expected."""


def split_path(path):
    return [bare or bracket for bracket, bare in
            re.findall(r"\[([^\]]*)\]|([^.\[\]]+)", path)]


def look_up(document, path):
    for name in split_path(path):
        if isinstance(document, list) and name.lstrip("-").isdigit():
            index = int(name)
            if not -len(document) <= index < len(document):
                return ABSENT
            document = document[index]
        elif isinstance(document, dict) and name in document:
            document = document[name]
        else:
            return ABSENT
    return document


def parse(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def finds(pattern, value):
    return isinstance(value, str) and re.search(pattern, value) is not None


def has(value, wanted):
    if not isinstance(value, list):
        return False
    if wanted.startswith("~ "):
        return any(finds(wanted[2:], item) for item in value)
    return parse(wanted) in value


def fits(value, wanted):
    word, _, rest = wanted.partition(" ")
    if wanted == "absent":
        return value is ABSENT
    if value is ABSENT:
        return False
    if wanted == "exists":
        return True
    if word == "~":
        return finds(rest, value)
    if word == "#":
        return isinstance(value, (list, dict)) and len(value) == int(rest)
    if word == "has":
        return has(value, rest)
    return value == parse(wanted)


def check(document, rest):
    path, _, wanted = rest.partition(" ")
    value = look_up(document, path)
    if not fits(value, wanted.strip()):
        shown = "absent" if value is ABSENT else json.dumps(value)
        raise Mismatch("%s is %s, wanted %s" % (path, shown[:600], wanted))
