#!/usr/bin/env python3
"""Compares a practice cluster with a real one, answer by answer.

replay.py record KUBECONFIG CONTEXT FILE    write a server's answers down
replay.py check KUBECONFIG CONTEXT FILE     compare a server with them
… [--case NAME]                             one case alone
"""

import argparse
import json
import os
import sys

import cases_other
import cases_secrets
import cases_workloads
from client import Client
from talk import Talk

CASES = cases_secrets.CASES + cases_other.CASES + cases_workloads.CASES


def run(client, only):
    out = {}
    for function in CASES:
        name = function.__name__
        if only and name != only:
            continue
        space = f"trace-{name.replace('_', '-')}-{os.urandom(3).hex()}"
        talk = Talk(client, space)
        talk(
            "",
            "POST",
            "/api/v1/namespaces",
            {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": space},
            },
            quiet=True,
        )
        try:
            function(talk)
        except (
            TimeoutError,
            KeyError,
            IndexError,
            OSError,
            TypeError,
            AttributeError,
        ) as error:
            talk.note("stopped", f"{type(error).__name__}: {error}"[:3000])
        out[name] = talk.lines
    return out


def differences(want, have, path=""):
    if isinstance(want, dict) and isinstance(have, dict):
        for key in sorted(set(want) | set(have)):
            if key not in have:
                yield f"{path}.{key}: missing, want {json.dumps(want[key])[:300]}"
            elif key not in want:
                yield f"{path}.{key}: too much, {json.dumps(have[key])[:300]}"
            else:
                yield from differences(want[key], have[key], f"{path}.{key}")
    elif (
        isinstance(want, list)
        and isinstance(have, list)
        and len(want) == len(have)
    ):
        for i, (a, b) in enumerate(zip(want, have)):
            yield from differences(a, b, f"{path}[{i}]")
    elif want != have:
        yield f"{path}: want {json.dumps(want)[:400]}, have {json.dumps(have)[:400]}"


def compare(want, have):
    """All differences, as 'case / label: …'."""
    for name in have:
        old, new = want.get(name, []), have[name]
        labels = [line[0] for line in old]
        if labels != [line[0] for line in new]:
            yield f"{name}: steps differ: {[l[0] for l in new][-2:]} {new[-1][1] if new else ''}"
        for (label, a), (_, b) in zip(old, new):
            for line in differences(a, b):
                yield f"{name} / {label}: {line}"


def write_answers(path, answers):
    """One line an answer: [case, label, value]."""
    with open(path, "w") as out:
        for name, lines in answers.items():
            for label, value in lines:
                out.write(
                    json.dumps(
                        [name, label, value],
                        sort_keys=True,
                        separators=(",", ":"),
                    )
                    + "\n"
                )


def read_answers(path):
    answers = {}
    with open(path) as text:
        for line in text:
            name, label, value = json.loads(line)
            answers.setdefault(name, []).append([label, value])
    return answers


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["record", "check"])
    parser.add_argument("kubeconfig")
    parser.add_argument("context")
    parser.add_argument("file")
    parser.add_argument("--case")
    options = parser.parse_args()
    have = run(Client(options.kubeconfig, options.context), options.case)
    if options.what == "record":
        write_answers(options.file, have)
        return 0
    want = read_answers(options.file)
    found = list(compare(want, have))
    for line in found:
        print(line)
    steps = sum(len(lines) for lines in have.values())
    print(
        f"compared {steps} answers in {len(have)} cases: {len(found)} differences"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
