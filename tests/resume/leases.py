"""Leases of the dead and of the living, and who waits for whom."""

import json
import os
import signal
import subprocess
import time

from soak import wait_for
from stand import CONTEXTS, Stand, check

HOLD = "validate:\n- {name: hold, run: [sleep, '%d']}\n"


def dead_on_this_host(fleet, program):
    """a dead process of this host costs the next rotation no wait"""
    with Stand(fleet, program, "ghost") as stand:
        stand.write_config()
        stand.until(["rotate"], "lock", state="done")
        holder = stand.lease(CONTEXTS[0])["spec"]["holderIdentity"]
        check(holder, "nobody holds the Lease")
        begin = time.monotonic()
        document = stand.run("rotate", "--new")
        check(time.monotonic() - begin < 20, "waited")
        check(any(holder in text for text in document["warnings"]),
              document["warnings"])
        path, = [path for path in stand.journals()
                 if document["rotation"] in path]
        with open(path) as file:
            lines = [json.loads(line) for line in file]
        check(any(line["event"] == "takeover"
                  and line["detail"] == "from " + holder
                  for line in lines), lines)
        stand.ended_done()


def other_namespace(fleet, program):
    """a process id of another container says nothing: its Lease is respected"""
    with Stand(fleet, program, "container") as stand:
        stand.write_config()
        stand.until(["rotate"], "lock", state="done")
        holder = stand.lease(CONTEXTS[0])["spec"]["holderIdentity"]
        machine = holder.rsplit(".", 1)[1]
        stand.patch_lease(CONTEXTS[0], {"spec": {
            "holderIdentity": holder.replace(machine, "0000")}})
        child = stand.start("rotate", "--new", "-o", "json",
                            stderr=subprocess.STDOUT)
        seen = b""
        while b"without a sign of life" not in seen:
            more = os.read(child.stdout.fileno(), 4096)
            check(more, "taken at once:", seen.decode())
            seen += more
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=60)


def waits(fleet, program):
    """--wait: the second rotation waits, told for whom, and then runs"""
    with Stand(fleet, program, "wait") as stand:
        stand.write_config(more=HOLD % 3)
        first = stand.start("rotate", "-o", "json", "--operator",
                            "jane@example.com")
        wait_for(lambda: stand.live(CONTEXTS[0]) != stand.old[CONTEXTS[0]],
                 "the write")
        home = stand.home
        stand.new_machine()
        begin = time.monotonic()
        document = stand.run("rotate", "--wait=1s", expect=7)
        check(document["reason"] == "Held"
              and time.monotonic() - begin < 25, document)
        document = stand.run("rotate", "--wait")
        for word in ("waits for jane@example.com on " + os.uname().nodename,
                     ", since 2", ", at step "):
            check(word in stand.err, word, "not in", stand.err)
        stand.home = home
        out, err = first.communicate(timeout=60)
        check(first.returncode == 0, err.decode())
        check(json.loads(out)["rotation"] != document["rotation"])
        check(len(stand.new_keys()) == 2, "new keys")
        for context in CONTEXTS:
            check(stand.note(context, "rotation") == document["rotation"],
                  context, "is not of the second one")


def rolls_back_after(fleet, program):
    """rollback --wait undoes what the other one had written by then"""
    with Stand(fleet, program, "undo") as stand:
        stand.write_config(more=HOLD % 5)
        first = stand.start("rotate", "-o", "json")
        wait_for(lambda: stand.live(CONTEXTS[0]) != stand.old[CONTEXTS[0]],
                 "the write")
        home = stand.home
        rotation = stand.note(CONTEXTS[0], "rotation")
        stand.new_machine()
        stand.run("rollback", rotation, "--wait=1m")
        stand.home = home
        first.communicate(timeout=60)
        for context in CONTEXTS:
            check(stand.live(context) == stand.old[context], context)


def not_given_back(fleet, program):
    """a Lease that cannot be given back at the end: said, and resume does it"""
    if fleet.real:
        return  # a cluster that refuses one kind of request is a practice one
    with Stand(fleet, program, "kept") as stand:
        go_on = os.path.join(stand.folder, "go-on")
        stand.write_config(more="validate:\n- {name: hold, run: [sh, -c, "
                                "'until [ -e %s ]; do sleep 0.1; done']}\n"
                                % go_on)
        child = stand.start("rotate", "-o", "json")
        wait_for(lambda: stand.live(CONTEXTS[0]) != stand.old[CONTEXTS[0]],
                 "the write")
        fleet.control("POST", "/fault", {
            "cluster": CONTEXTS[1], "kind": "503", "times": 1000,
            "path": stand.namespace + "/leases/"})
        try:
            open(go_on, "w", encoding="ascii").close()
            document = stand.ended(child, ["rotate"], 0)
        finally:
            fleet.control("DELETE", "/fault")
        check(document["next"][0] == "kubectl keyrot resume",
              document["next"])
        check("could not be given back" in document["warnings"][-1],
              document["warnings"])
        check(stand.lease(CONTEXTS[1])["spec"]["holderIdentity"],
              "nobody holds the Lease")
        stand.run("resume")
        stand.ended_done()


CASES = [not_given_back, dead_on_this_host, other_namespace, waits, rolls_back_after]
