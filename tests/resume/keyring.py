"""Keyring mode, killed at every step: rotate, rollback and retire go on."""

import os
import subprocess

from stand import CONTEXTS, Stand, check, clusters

KEYRING = ("secret: {name: %s, key: %s, mode: keyring}\n"
           % (clusters.SECRET, clusters.ENTRY))
RETIRE = KEYRING + "retire: {probe: ['true']}\n"
# A target's steps, in the state in which kill -9 comes.
STEPS = (("add-next", "running"), ("add-next", "done"),
         ("restart-next", "done"), ("rollout-next", "done"),
         ("promote-key", "running"), ("promote-key", "done"),
         ("restart", "done"), ("rollout", "done"))


def ring(stand, context):
    """current, next, previous"""
    secret = stand.secret(context)
    return tuple(clusters.key_in(secret, clusters.ENTRY + suffix)
                 for suffix in ("", "_NEXT", "_PREVIOUS"))


def proved(stand):
    """Whatever a Secret holds, the store holds; but the key from before."""
    for context in CONTEXTS:
        for key in ring(stand, context):
            check(key is None or key in stand.keys(), context,
                  "holds a key that is nowhere else")


def is_at(stand, context, keys, restarts):
    names = {None: "none", stand.old[context]: "old"}
    found = ring(stand, context)
    check(found == keys, context, "holds",
          [names.get(key, "new") for key in found], "and not",
          [names.get(key, "new") for key in keys])
    generation = stand.deployment(context)["metadata"]["generation"]
    check(generation == 1 + restarts, context, "was restarted",
          generation - 1, "times")


def killed(stand, words, step, state, context, elsewhere):
    stand.until(words, step, context, state)
    proved(stand)
    stand.delete_leases()  # as they are once they have run out
    if elsewhere:
        stand.new_machine()


def rotations(fleet, program):
    """keyring: rotate killed at each step goes on, here and elsewhere"""
    for i, (step, state) in enumerate(STEPS):
        context = CONTEXTS[i % 2]
        with Stand(fleet, program, "ring") as stand:
            stand.write_config(more=KEYRING)
            killed(stand, ["rotate"], step, state, context, i // 2 % 2)
            stand.run("resume")
            check(len(stand.new_keys()) == 1, step, "made another key")
            new = stand.new_keys().pop()
            for each in CONTEXTS:
                is_at(stand, each, (new, None, stand.old[each]), 2)


def way_back(fleet, program):
    """keyring: rotate killed at each step is rolled back, that killed, too"""
    for step, state in STEPS[1::2]:
        with Stand(fleet, program, "back") as stand:
            stand.write_config(more=KEYRING)
            killed(stand, ["rotate"], step, state, CONTEXTS[0], False)
            added = step.endswith("-next")
            name = stand.note(CONTEXTS[0], "rotation").partition("+")[0]
            new = stand.new_keys().pop()
            killed(stand, ["rollback", name], "promote-key", "done",
                   CONTEXTS[0], False)
            stand.run("resume")
            # Restarted only where pods had been started for what was undone;
            # on a busy machine a step more is begun before it is killed.
            least = {"add-next": 1, "promote-key": 2}.get(step, 0)
            generation = stand.deployment(CONTEXTS[0])["metadata"][
                "generation"]
            old = stand.old[CONTEXTS[0]]
            is_at(stand, CONTEXTS[0], (old, None, None if added else new),
                  generation - 1)
            check(least <= generation - 1 <= (least + 1 if least else 3),
                  step, "restarted", generation - 1)
            is_at(stand, CONTEXTS[1], (stand.old[CONTEXTS[1]], None, None), 0)


def retires(fleet, program):
    """keyring: retire killed at each step is done by retiring again"""
    for i, (step, state) in enumerate((
            ("drop-previous", "running"), ("drop-previous", "done"),
            ("restart", "done"), ("rollout", "done"))):
        with Stand(fleet, program, "retire") as stand:
            stand.write_config(more=RETIRE)
            stand.run("rotate")
            new = stand.new_keys().pop()
            killed(stand, ["retire"], step, state, CONTEXTS[i % 2], False)
            document = stand.run("retire")
            check(document["kind"] == "RetireResult", document["kind"])
            for each in CONTEXTS:
                is_at(stand, each, (new, None, None), 3)


def reencrypts(fleet, program):
    """keyring: what re-encrypts is shown while it runs; a key in it is not"""
    for leaks in (False, True):
        with Stand(fleet, program, "live") as stand:
            stand.write_config(more=KEYRING + (
                "reencrypt: {run: [sh, '%s/reencrypt'], timeout: 30s}\n"
                % stand.folder))
            go = os.path.join(stand.folder, "go")
            with open(os.path.join(stand.folder, "reencrypt"), "w") as file:
                file.write("echo 12 of 40 rows; echo to itself >&2\n"
                           "until [ -e %s ]; do sleep 0.1; done\n"
                           "cat %s; echo the last row\n" % (go, go))
            child = stand.start("rotate", stderr=subprocess.STDOUT)
            seen = b""
            while b"12 of 40 rows" not in seen or b"to itself" not in seen:
                more = os.read(child.stdout.fileno(), 4096)
                check(more, "not shown while it ran:", seen.decode())
                seen += more
            with open(go + ".new", "wb") as file:
                file.write(b"row " + (stand.new_keys().pop() if leaks
                                      else b"by row") + b"\n")
            os.rename(go + ".new", go)
            seen += child.communicate(timeout=60)[0]
            stand.no_leak(seen)
            check(seen.count(b"12 of 40 rows") == 2 - leaks, seen.decode())
            if leaks:
                check(child.returncode == 6 and b"key material" in seen
                      and b"last row" not in seen, seen.decode())
            else:
                check(child.returncode == 0 and b"row by row" in seen
                      and b"last row" in seen, seen.decode())


CASES = [rotations, way_back, retires, reencrypts]
