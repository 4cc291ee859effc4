"""What the stand-ins for op and bw have in common: items in a folder.

They behave as their documentation says the real ones do, write down how they
were called, and break one thing when told to (~/standin/mode).
"""
import json
import os
import sys
import time

STATE = os.path.join(os.environ["HOME"], "standin")


def mode():
    try:
        with open(os.path.join(STATE, "mode"), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def record():
    call = {"argv": sys.argv[1:], "env": dict(os.environ)}
    with open(os.path.join(STATE, "calls"), "a", encoding="utf-8") as out:
        out.write(json.dumps(call) + "\n")


def fail(text, code=1):
    print(text, file=sys.stderr)
    sys.exit(code)


def path_of(identity):
    return os.path.join(STATE, "items", identity + ".json")


def read_item(identity):
    with open(path_of(identity), encoding="utf-8") as file:
        return json.load(file)


def all_items():
    names = os.listdir(os.path.join(STATE, "items"))
    return [read_item(name[:-5]) for name in sorted(names)
            if name.endswith(".json")]


def store(item, secret):
    """Puts an item there; secret(item, text) sets or gets its password."""
    what = mode()
    if what == "liar":
        return item
    if what == "refuse":
        fail("no, not this one: " + secret(item))
    if what == "full":
        fail("ENOSPC: no space left on device, write")
    if what == "newline":
        secret(item, secret(item) + "\n")
    if what == "cut":
        secret(item, secret(item)[:-4])
    item["id"] = os.urandom(13).hex()
    with open(path_of(item["id"]) + ".new", "w", encoding="utf-8") as out:
        json.dump(item, out)
    os.rename(path_of(item["id"]) + ".new", path_of(item["id"]))
    if what == "lost":
        fail("connection reset by peer")
    if what == "lost-hang":
        time.sleep(30)
    return item


def begin():
    record()
    if mode() == "hang":
        time.sleep(30)


def say(document):
    what = mode()
    if what == "junk":
        sys.stdout.buffer.write(b"\x00\x01 what?\n")
    elif what == "endless":
        while True:
            sys.stdout.write("[" * 100000)
    else:
        print(json.dumps(document))
