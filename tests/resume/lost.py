"""The journal is lost, or on another machine."""

import base64
import os
import secrets
import signal

from stand import CONTEXTS, Stand, check, clusters

MOST_REQUESTS = 10


def decided_quickly(stand):
    for context in CONTEXTS:
        n = stand.decided_in(context)
        check(n <= MOST_REQUESTS, context, n, "requests before it is decided:",
              *stand.requests(context)[:n])


def goes_on(fleet, program, name, step, environment=None, state="running",
            lose=None, how=signal.SIGKILL):
    with Stand(fleet, program, name) as stand:
        stand.write_config()
        stand.until(["rotate"], step, environment, state, how)
        stand.new_machine()
        if lose:
            lose(stand)
        stand.mark()
        document = stand.run("resume")
        decided_quickly(stand)
        stand.ended_done()
        check(document["kind"] == "RotateResult")
        check("the journal is not here" in stand.err, stand.err)
        check(stand.run("resume", expect=3)["reason"] == "NothingToResume")


def after_new_key(fleet, program):
    """lost journal: killed with the key in the store alone"""
    goes_on(fleet, program, "key", "new-key", state="done")


def in_staging(fleet, program):
    """lost journal: killed while staging is written"""
    goes_on(fleet, program, "staging", "apply", "staging")


def after_staging(fleet, program):
    """lost journal: killed after staging"""
    goes_on(fleet, program, "between", "mark", "staging", "done")


def in_production(fleet, program):
    """lost journal: killed while production is written"""
    goes_on(fleet, program, "production", "apply", "production")


def interrupted(fleet, program):
    """lost journal: interrupted, the Leases given back"""
    goes_on(fleet, program, "int", "apply", "production", how=signal.SIGINT)


def without_leases(fleet, program):
    """lost journal and Leases: killed in production"""
    goes_on(fleet, program, "nolease", "apply", "production",
            lose=Stand.delete_leases)


def without_leases_early(fleet, program):
    """lost journal and Leases: the key in the store alone"""
    goes_on(fleet, program, "early", "new-key", state="done",
            lose=Stand.delete_leases)


def nothing(fleet, program):
    """lost journal: nothing is in progress"""
    with Stand(fleet, program, "nothing") as stand:
        stand.write_config()
        document = stand.run("resume", expect=3)
        check(document["reason"] == "NothingToResume", document["reason"])
        check(document["rotation"] is None, document["rotation"])
        check(not stand.new_keys(), "a key was made")
        document = stand.run("resume", "kr-20200101-abcdef", expect=3)
        check(document["reason"] == "RotationUnknown", document["reason"])
        check(not stand.new_keys(), "a key was made")
        check(not stand.journals(), "a journal was left", stand.journals())
        stand.run("rotate")
        stand.new_machine()
        # One who died before a key was stored, or at something else.
        stand.patch_lease(CONTEXTS[0], {"spec": {
            "holderIdentity": "kr-20200101-abcdef/jane@nowhere/1"}})
        document = stand.run("resume", expect=3)
        check(document["reason"] == "NothingToResume", document["reason"])
        stand.delete_leases()
        document = stand.run("resume", expect=3)
        check(document["reason"] == "NothingToResume", document["reason"])
        stand.ended_done_keys = stand.new_keys()
        check(len(stand.ended_done_keys) == 1, "a second key was made")


def applied_since(fleet, program):
    """lost journal: what was applied after the end opens nothing"""
    with Stand(fleet, program, "since") as stand:
        stand.write_config()
        stand.run("rotate")
        stand.run("apply", "--context", CONTEXTS[0], env=dict(
            stand.environment(), SECRET_ENCRYPTION_KEY=base64.b64encode(
                os.urandom(32)).decode()))
        stand.new_machine()
        document = stand.run("resume", expect=3)
        check(document["reason"] == "NothingToResume", document["message"])


def roll_back(fleet, program):
    """lost journal: a roll-back that was killed half-way"""
    with Stand(fleet, program, "back") as stand:
        stand.write_config()
        stand.run("rotate")
        stand.until(["rollback"], "apply", "production", "done")
        check(stand.live(CONTEXTS[1]) == stand.old[CONTEXTS[1]])
        stand.new_machine()
        stand.mark()
        stand.run("resume")
        decided_quickly(stand)
        for context in CONTEXTS:
            check(stand.live(context) == stand.old[context], context,
                  "has not the key before")
            check(stand.deployment(context)["metadata"]["generation"] == 3,
                  "restarted more than once")
        check(len(stand.new_keys()) == 1, "a second key was made")
        check(stand.run("resume", expect=3)["reason"] == "NothingToResume")


def overtaken(fleet, program):
    """a rotation that went on elsewhere: its key is not put back"""
    with Stand(fleet, program, "over") as stand:
        stand.write_config()
        first = stand.home
        stand.until(["rotate"], "apply", "production", "done")
        rotation = stand.note(CONTEXTS[1], "rotation")
        stand.new_machine()
        stand.run("resume")
        stand.run("rotate")
        newest = stand.live(CONTEXTS[1])
        second, stand.home = stand.home, first
        document = stand.run("resume", expect=3)
        check(document["reason"] == "RotationOvertaken", document["reason"])
        stand.home = second
        document = stand.run("resume", rotation, expect=3)
        check(document["reason"] == "RotationOvertaken", document["reason"])
        stand.new_machine()
        document = stand.run("resume", rotation, expect=3)
        check(document["reason"] == "RotationOvertaken", document["reason"])
        for context in CONTEXTS:
            check(stand.live(context) == newest, context, "was overwritten")


def undone(fleet, program):
    """a rotation that was undone elsewhere stays undone, on all targets"""
    with Stand(fleet, program, "undone") as stand:
        stand.write_config()
        first = stand.home
        stand.until(["rotate"], "mark", "staging", "done", signal.SIGINT)
        rotation = stand.note(CONTEXTS[0], "rotation")
        stand.new_machine()
        stand.run("rollback", rotation)
        for home in (first, stand.new_machine()):
            stand.home = home
            check(stand.run("resume", expect=3)["reason"] in (
                "RotationOvertaken", "NothingToResume"))
        for context in CONTEXTS:
            check(stand.live(context) == stand.old[context], context,
                  "has not the key before")
            check("annotations" not in stand.lease(context)["metadata"],
                  context, "the Lease has a trace")


def jobs(fleet, program):
    """a Job that did one target's work did not do its neighbour's"""
    with Stand(fleet, program, "job") as stand:
        places = [stand.namespace, stand.namespace + "-b"]
        clusters.make_fixture(fleet.cluster(CONTEXTS[0]), places[1], [
            "--workload", "deployment/secrets-service,replicas=1"],
            base64.b64encode(secrets.token_bytes(32)))
        with open(os.path.join(stand.home, "job.yaml"), "w") as file:
            file.write("apiVersion: batch/v1\nkind: Job\n"
                       "metadata: {name: re, namespace: %s}\n"
                       "spec: {template: {spec: {restartPolicy: Never,\n"
                       "  containers: [{name: c, image: busybox}]}}}\n"
                       % places[0])
        with open(os.path.join(stand.home, "keyrot.yaml"), "w") as file:
            file.write("apiVersion: keyrot.dev/v1\nkind: Rotation\n"
                       "service: %s\nsecret: {mode: keyring}\n"
                       "store: {type: exec, command: [%s, %s]}\n"
                       "reencrypt: {job: job.yaml, timeout: 1m}\n"
                       "environments:\n- name: staging\n  targets:\n"
                       % (places[0], clusters.STORE, stand.store))
            file.writelines("  - {context: %s, namespace: %s}\n"
                            % (CONTEXTS[0], place) for place in places)
        document = stand.run("rotate")
        names = [row["job"] for row in document["checks"]]
        check(len(names) == 2 and len(set(names)) == 2, names)


def other_host(fleet, program):
    """another host takes a dead holder's Lease over, and records it"""
    if not fleet.real:
        return
    with Stand(fleet, program, "host") as stand:
        stand.write_config(more="ledger: {path: %s/ledger.jsonl}\n"
                           % stand.folder)
        stand.until(["rotate"], "apply", "production")
        holder = stand.lease(CONTEXTS[1])["spec"]["holderIdentity"]
        stand.new_machine()
        stand.program, plain = "/usr/bin/unshare", stand.program
        document = stand.run("--uts", "sh", "-c",
                             'hostname elsewhere; exec "$0" "$@"', plain,
                             "resume")
        stand.program = plain
        check(any(holder in text for text in document["warnings"]),
              document["warnings"])
        check(any(line.get("detail", "").startswith("from ")
                  and line["event"] == "takeover"
                  for line in stand.journal()), stand.journal())
        with open(os.path.join(stand.folder, "ledger.jsonl")) as file:
            check('"step":"takeover"' in file.read(), "not in the ledger")
        stand.ended_done()


CASES = [after_new_key, in_staging, after_staging, in_production, interrupted,
         without_leases, without_leases_early, nothing, applied_since, roll_back,
         overtaken, undone, jobs, other_host]
