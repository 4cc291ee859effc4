"""Stopped at each step, closed terminals, full disks, two operators."""

import base64
import json
import os
import pty
import signal
import subprocess
import time

from soak import wait_for
from stand import CONTEXTS, Stand, check

# Where a signal comes: the step, its environment, and whether something has
# begun by then.
PHASES = (("preflight", None, False), ("prove-previous", None, True),
          ("new-key", None, True), ("look-again", "staging", True),
          ("apply", "staging", True), ("verify", "staging", True),
          ("validate", "staging", True), ("apply", "production", True),
          ("verify", "production", True), ("mark", "production", True))


def stops(fleet, program, name, how):
    for step, environment, begun in PHASES:
        with Stand(fleet, program, name) as stand:
            stand.write_config()
            seen, code = stand.until(["rotate"], step, environment, how=how)
            what = "%s in %s %s" % (name, step, environment or "")
            check(code == 130, what, "exit", code, "".join(seen)[-1500:])
            document = json.loads([x for x in seen
                                   if '"RotateResult"' in x][-1])
            check(document["outcome"] == "interrupted", what, document)
            if not begun:
                check(not stand.new_keys(), what, "a key was made")
                stand.run("rotate")
            else:
                check(document["next"][0] == "kubectl keyrot resume "
                      + document["rotation"], what, document["next"])
                check(document["rotation"] in
                      stand.run("rotate", expect=3)["message"])
                stand.run("resume")
            stand.ended_done()


def interrupts(fleet, program):
    """^C at each step: exit 130, says how to go on, and goes on"""
    stops(fleet, program, "int", signal.SIGINT)


def between(fleet, program):
    """^C while the Secret is written: nobody is left between it and restart"""
    if fleet.real:
        return  # a slow answer is what practice clusters can be told
    with Stand(fleet, program, "between") as stand:
        stand.write_config()
        stand.mark()
        fleet.control("POST", "/fault", {
            "cluster": CONTEXTS[0], "kind": "delay", "ms": 1500,
            "method": "PATCH", "path": stand.namespace + "/secrets/",
            "times": 1})
        seen, code = stand.until(["rotate"], "write-secret", CONTEXTS[0],
                                 how=signal.SIGINT)
        check(code == 130, "exit", code, "".join(seen)[-1500:])
        check(stand.live(CONTEXTS[0]) != stand.old[CONTEXTS[0]], "no write")
        check(stand.restarts(CONTEXTS[0]) == 1, "it was not restarted")
        stand.run("resume")
        stand.ended_done()


def hangups(fleet, program):
    """SIGHUP at each step: the same"""
    stops(fleet, program, "hup", signal.SIGHUP)


def terminal_closed(fleet, program):
    """the terminal is closed while staging rolls: resumable"""
    with Stand(fleet, program, "tty") as stand:
        stand.write_config()
        pid, master = pty.fork()
        if pid == 0:
            os.chdir(stand.home)
            os.execve(program, [program, "rotate"], dict(
                stand.environment(), TERM="xterm"))
        os.set_blocking(master, False)

        def written():
            try:
                os.read(master, 65536)
            except BlockingIOError:
                pass
            return stand.live(CONTEXTS[0]) != stand.old[CONTEXTS[0]]
        wait_for(written, "the write")
        os.close(master)  # the kernel sends SIGHUP
        wait_for(lambda: os.waitpid(pid, os.WNOHANG)[0], "its end", 60)
        wait_for(lambda: not stand.lease(CONTEXTS[0])["spec"].get(
            "holderIdentity"), "the Lease", 40)
        stand.run("resume")
        stand.ended_done()


def twice(fleet, program):
    """^C twice ends at once, and is gone on with"""
    with Stand(fleet, program, "twice") as stand:
        stand.write_config(more="validate:\n- {name: hold, run: [sleep, '2']}"
                                "\n")
        child = stand.start("rotate", "-o", "json")
        wait_for(lambda: stand.live(CONTEXTS[0]) != stand.old[CONTEXTS[0]],
                 "the write")
        child.send_signal(signal.SIGINT)
        child.send_signal(signal.SIGINT)
        time.sleep(0.02)
        if child.poll() is None:
            child.send_signal(signal.SIGINT)
        child.wait(20)
        check(child.returncode == 130, child.returncode)
        stand.run("resume")
        stand.ended_done()


def two_operators(fleet, program):
    """two operators: the second is told who, where, at which step (exit 7)"""
    with Stand(fleet, program, "two") as stand:
        go_on = os.path.join(stand.folder, "go-on")
        stand.write_config(more="validate:\n- {name: hold, run: [sh, -c, "
                                "'until [ -e %s ]; do sleep 0.1; done']}\n"
                                % go_on)
        child = stand.start("rotate", "-o", "json", "--operator",
                            "jane@example.com")
        wait_for(lambda: stand.lease(CONTEXTS[0])["metadata"].get(
            "annotations", {}).get("step.keyrot.dev/current")
            == "validate staging" if stand.live(CONTEXTS[0])
            != stand.old[CONTEXTS[0]] else False, "the step in the Lease")
        first = stand.home
        stand.new_machine()
        status = stand.run("status")
        lease = status["targets"][0]["lease"]
        check(lease["operator"] == "jane@example.com"
              and lease["host"] == os.uname().nodename
              and lease["step"] == "validate staging", lease)
        others = []
        for words in (["rotate"], ["resume"],
                      ["rollback", lease["rotation"]]):
            others.append((stand.start(*words, "-o", "json"), words))
            stand.new_machine()
        for other, words in others:
            document = stand.ended(other, words, 7)
            check(document["reason"] == "Held", document)
            for word in ("jane@example.com", os.uname().nodename,
                         "at step ", lease["rotation"]):
                check(word in document["message"], document["message"])
            if words[0] == "rotate":
                check(document["next"] == ["kubectl keyrot status"],
                      document["next"])
        document = apply_another(stand, expect=7)
        check(document["reason"] == "Held"
              and lease["rotation"] in document["message"], document)
        check(stand.note(CONTEXTS[0], "rotation") == lease["rotation"],
              "the refused apply wrote")
        apply_another(stand, "--dry-run=server")
        open(go_on, "w", encoding="ascii").close()
        stand.home = first
        out, err = child.communicate(timeout=60)
        check(child.returncode == 0, err.decode())
        stand.ended_done()
        apply_another(stand)


def twice_here(fleet, program):
    """a second rotate on this machine: told at once, or with --wait it waits"""
    with Stand(fleet, program, "here") as stand:
        go_on = os.path.join(stand.folder, "go-on")
        stand.write_config(more="validate:\n- {name: hold, run: [sh, -c, "
                                "'until [ -e %s ]; do sleep 0.1; done']}\n"
                                % go_on)
        child = stand.start("rotate", "-o", "json")
        wait_for(lambda: stand.live(CONTEXTS[0]) != stand.old[CONTEXTS[0]],
                 "the write")
        document = stand.run("rotate", expect=7)
        check(document["reason"] == "Held", document)
        check(stand.run("rotate", "--wait=300ms", expect=7)["reason"]
              == "Held")
        other = stand.start("rotate", "--wait", "-o", "json")
        open(go_on, "w", encoding="ascii").close()
        first = stand.ended(child, ["rotate"], 0)
        second = stand.ended(other, ["rotate", "--wait"], 0)
        check(first["rotation"] != second["rotation"])
        check(stand.note(CONTEXTS[1], "rotation") == second["rotation"])


def apply_another(stand, *words, expect=0):
    """apply, with a key of its own, on the first environment"""
    key = base64.b64encode(os.urandom(32)).decode()
    return stand.run("apply", "--context", CONTEXTS[0], *words,
                     expect=expect, env=dict(
                         stand.environment(), SECRET_ENCRYPTION_KEY=key))


def apply_after_a_death(fleet, program):
    """a holder that died or stopped keeps no apply away, and is overtaken"""
    for how in (signal.SIGKILL, signal.SIGINT):
        with Stand(fleet, program, "ghost") as stand:
            stand.write_config()
            stand.until(["rotate"], "verify", "staging", how=how)
            rotation = stand.note(CONTEXTS[0], "rotation")
            told = [x for x in apply_another(stand)["warnings"]
                    if "rotation %s was interrupted here" % rotation in x]
            check(len(told) == 1, how, "nothing is said of it")
            document = stand.run("resume", expect=3)
            check(document["reason"] == "RotationOvertaken", document)


def status_tells(fleet, program):
    """status and doctor name a rotation that has not ended"""
    with Stand(fleet, program, "status") as stand:
        stand.write_config()
        stand.until(["rotate"], "apply", "staging", how=signal.SIGINT)
        document = stand.run("status")
        lease = document["targets"][1]["lease"]
        check(lease["holder"] is None and lease["open"].startswith("kr-")
              and lease["step"] == "apply staging", lease)
        text = subprocess.run([program, "doctor", "--context", CONTEXTS[0]],
                              cwd=stand.home, env=stand.environment(),
                              capture_output=True, check=False)
        check(("resume " + lease["open"]).encode() in text.stdout,
              text.stdout.decode())
        stand.run("resume")
        check(stand.run("status")["targets"][0]["lease"] is None)


CASES = [interrupts, between, hangups, terminal_closed, twice,
         twice_here, two_operators, apply_after_a_death, status_tells]
