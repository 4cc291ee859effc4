#!/usr/bin/env python3
"""A password manager for tests: the protocol of docs/stores.md over a folder.

helper.py FOLDER [MODE] ACTION. A mode breaks one thing.
"""
import base64
import os
import sys
import time

folder, *rest = sys.argv[1:]
mode, action = (rest + [rest[0]])[:2] if len(rest) > 1 else ("", rest[0])
request = {}
for line in sys.stdin.read().splitlines():
    name, _, value = line.partition("=")
    request[name] = value
assert request["protocol"] == "1", request


def path_of(entry):
    return os.path.join(folder, entry)


def put():
    path = path_of(request["id"])
    if os.path.exists(path):
        sys.exit(4)
    if mode == "liar":
        return
    if mode == "refuse":
        sys.exit("no, not this key: " + request["key"])
    if mode == "escape":
        sys.exit("red: \x1b[31m, bell: \x07, done")
    if mode == "before":
        sys.exit("nothing was done")
    key = request["key"]
    if mode == "newline":
        key = base64.b64encode(base64.b64decode(key) + b"\n").decode()
    if mode == "cut":
        key = key[: len(key) // 8 * 4]
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w") as out:
        for name, value in request.items():
            if name not in ("protocol", "item"):
                print(f"{name}={key if name == 'key' else value}", file=out)
    if mode == "lost":
        sys.exit("the reply was lost")
    if mode == "lost-hang":
        time.sleep(30)


def get():
    path = path_of(request["id"])
    if not os.path.exists(path):
        sys.exit(3)
    text = open(path).read()
    if mode == "junk":
        text = "\x00\x01\x02 junk"
    if mode == "endless":
        while True:
            sys.stdout.write("key=AAAA\n" * 1000)
    if mode == "two":
        text += "key=AAAA\n"
    if mode == "none":
        text = "".join(x for x in text.splitlines(True)
                       if not x.startswith("key="))
    if mode == "spaced":
        text = text.replace("key=", "key= ")
    if mode == "bare":
        text = [x for x in text.splitlines(True) if x.startswith("key=")][0]
    if mode == "shout":
        sys.exit(text)
    if mode == "locked":
        sys.exit(5)
    sys.stdout.write(text)


def list_():
    if mode == "junk-list":
        sys.stdout.write("what do you mean?\n")
    for name in sorted(os.listdir(folder)):
        for line in open(path_of(name)):
            if not line.startswith("key="):
                sys.stdout.write(line)
        sys.stdout.write("\n")


if mode == "hang":
    time.sleep(30)
if mode == "fail-probe" and action == "probe":
    sys.exit("log in first")
{"put": put, "get": get, "list": list_, "probe": lambda: None}[action]()
