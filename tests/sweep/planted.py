"""Keys that are planted where the program could leave them: each is found.

A search that finds nothing must not be one that looks nowhere.
"""

import os

from stand import Broken
from scan import pieces  # stand says where it is
from world import PLACES, Run

FLOOR = 200


def in_file(world, *names):
    def plant(oracle, piece):
        path = world.at(*names)
        size = os.path.getsize(path) if os.path.exists(path) else -1
        with open(path, "ab") as file:
            file.write(b"word " + piece + b" word\n")
        try:
            look(oracle)
        finally:
            if size < 0:
                os.unlink(path)
            else:
                os.truncate(path, size)
    return plant


def in_name(world, place):
    def plant(oracle, piece):
        path = os.path.join(os.fsencode(world.at(place)), b"a " + piece)
        with open(path, "wb"):
            pass
        try:
            look(oracle)
        finally:
            os.unlink(path)
    return plant


def in_request(world, **more):
    def plant(oracle, piece):
        text = "word " + piece.decode("latin-1") + " word"
        request = {"method": "PATCH", "path": "/api/v1/x/secrets/y?a",
                   "headers": {}, "body": ""}
        request.update({name: {"x": text} if name == "headers"
                        else value + text for name, value in more.items()})
        asked = world.requests()
        world.requests = lambda: [dict(r) for r in asked] + [dict(request)]
        try:
            look(oracle)
        finally:
            del world.requests
    return plant


def look(oracle, out=b"{}", err=b"words"):
    oracle.check_secrecy(Run(["a run"], 0, out, err))


def channels(world):
    yield "output", lambda oracle, piece: look(oracle, out=b"a " + piece)
    yield "error output", lambda oracle, piece: look(oracle, err=piece + b"b")
    for place in PLACES:
        yield "a file below " + place, in_file(world, place, "planted")
        yield "a name below " + place, in_name(world, place)
    yield "the ledger", in_file(world, "state", "ledger.jsonl")
    yield "a store's call", in_file(world, "store", "calls")
    yield "a command's environment", in_file(world, "suite-calls")
    yield "a path", in_request(world, path="/api/v1/")
    yield "a header", in_request(world, headers="")
    yield "a body", in_request(world, body="")
    yield "another write of the Secret", in_request(
        world, body="", path="/api/v1/secrets/y?fieldManager=keyrot&a=")


def check(walker):
    """After a clean run. How many there were."""
    oracle, world, count = walker.oracle, walker.world, 0
    oracle.look()
    look(oracle)
    keys = sorted(set(oracle.known.values()))
    every = [found for key in keys for found in pieces(key)]
    for number, (name, plant) in enumerate(channels(world)):
        # All of them once; then some in each place, others each time.
        for form, piece in every if number == 0 else every[number::19]:
            if "name" in name and (b"/" in piece or b"\0" in piece):
                continue
            try:
                plant(oracle, piece)
            except Broken as broken:
                if not str(broken).startswith("5: "):
                    raise
                count += 1
            else:
                raise Broken("5: planted, and not found: %s, in %s" % (
                    form, name))
    if count < FLOOR:
        raise Broken("5: only %d keys were planted" % count)
    return count
