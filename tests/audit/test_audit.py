#!/usr/bin/env python3
"""Whole rotations on real clusters, and what the API server saw of them.

usage: test_audit.py [WORD...]

The user who rotates has exactly the Role that `doctor` printed. Then the audit
log, bodies included, is gone through: nothing was denied, nothing is outside of
that Role, each of its permissions was needed, and no request carries a key but
the one write in each cluster.
"""

import concurrent.futures
import subprocess
import sys
import threading
import time
import traceback

import planted
import proxy
from oracle import Judge, Rules, clusters
from play import CONTEXTS, Play, Wrong, check

LOCK = threading.Lock()
# Permissions that no play uses, and why they are in the Role all the same.
UNUSED = {}
# A run that saw less has shown less.
FLOORS = {"requests": 800, "runs": 50, "writes": 110, "with a key": 17}


def wrote(play, judge, wanted, what):
    """So many writes that carry a key, in each cluster, since the last time."""
    play.new_keys()
    with LOCK:
        judge.rules = judge.rules or Rules(play.rules)
    fresh = Judge(judge.rules, list(Play.keys))
    for context in CONTEXTS:
        for entry in play.collect(context):
            fresh.judge(context, entry)
            if entry.namespace not in (None, play.ns):
                fresh.say(entry, "is outside of the namespace")
    for context, number in zip(CONTEXTS, wanted):
        check(fresh.key_writes[context] == number, what, "wrote a key",
              fresh.key_writes[context], "times in", context, "not", number)
    check(not fresh.wrong, what + ":", "\n    ".join(fresh.wrong[:20]))
    with LOCK:
        judge.used += fresh.used
        judge.counts += fresh.counts
    return fresh.counts


def only_looks(play, judge):
    at = ["--context", "rotator@aether-staging"]
    play.run("doctor", *at)
    play.run("plan", *at)
    play.plain("plan", "rotate")
    play.run("status")
    play.run("schedule", "check", expect=0)
    subprocess.run(["git", "init", "-q", play.home], check=True)
    play.run("gitops", "check")
    play.plain("__complete", "apply", *at, "--consumer", "")
    play.plain("__complete", "apply", *at, "--take-ownership", "")
    play.plain("completion", "bash")
    check(not wrote(play, judge, (0, 0), "looking")["writes"],
          "looking wrote something")


def rotation(fleet, judge):
    """rotate to its end; what only looks; killed and resumed; rolled back"""
    with Play(fleet, "rotate") as play:
        play.configure(more="dependents: [deployment/billing]\n")
        only_looks(play, judge)
        play.run("rotate")
        wrote(play, judge, (1, 1), "rotate")
        check(play.live(CONTEXTS[0]) == play.live(CONTEXTS[1]))
        only_looks(play, judge)
        # Dependents are watched for 5 s each time: once is enough.
        play.configure()
        play.run("validate", "--env", "staging")
        play.run("verify", "--context", "rotator@aether-staging", "--expect",
                 "self-test ok", "--within", "20s")
        play.run("soak", "--context", "rotator@aether-production")
        play.run("promote")
        for words in (("verify",), ("show",), ("export",)):
            play.run("ledger", *words)
        play.plain("report")
        play.plain("render", "--from-store", "--context",
                   "rotator@aether-staging", "-n", play.ns)
        play.run("apply", "--from-store", "--context",
                 "rotator@aether-production")
        wrote(play, judge, (0, 0), "a look after it")

        play.killed(["rotate"], "write-secret", "rotator@aether-production")
        play.run("resume")
        wrote(play, judge, (1, 1), "rotate, killed, and resume")
        play.run("rollback")
        wrote(play, judge, (1, 1), "rollback")


def keyring(fleet, judge):
    """keyring mode: added, promoted, encrypted anew, retired"""
    with Play(fleet, "ring") as play:
        play.configure(mode="keyring", soak=False,
                       more="reencrypt: {run: ['true'], timeout: 1m}\n")
        play.run("rotate")
        wrote(play, judge, (2, 2), "rotate in keyring mode")
        play.run("status")
        play.run("retire")
        wrote(play, judge, (1, 1), "retire")


def by_hand(fleet, judge):
    """generate, apply, promote; a rollout that fails, and the way back"""
    at = ["--context", "rotator@aether-staging"]
    with Play(fleet, "hand", (
            "deployment/secrets-service,replicas=2",)) as play:
        play.configure(soak=False)
        play.bare_replicaset()
        play.plain("generate")
        play.run("apply", "--from-store", *at)
        play.run("apply", "--from-store", *at)
        play.run("validate", "--env", "staging")
        play.run("promote")
        wrote(play, judge, (1, 1), "apply and promote")
        play.plain("generate")
        play.next_pods("crash")
        play.run("apply", "--from-store", *at, expect=5)
        wrote(play, judge, (1, 0), "apply whose pods crash")
        play.next_pods("never-ready")
        play.plain("generate")
        play.run("apply", "--from-store", *at, "--timeout", "3s", expect=5)
        wrote(play, judge, (1, 0), "apply whose pods are never ready")


def lost_reply(fleet, judge):
    """the answers to a write and to a restart are lost: settled by reading"""
    with Play(fleet, "lost", (
            "deployment/secrets-service,replicas=1",
            "statefulset/store,replicas=1", "daemonset/agent")) as play:
        play.configure(soak=False)
        with proxy.Proxy(play, CONTEXTS[0]) as between:
            play.kubeconfig = between.kubeconfig
            play.run("apply", "--context", "rotator@aether-staging",
                     "--key-file", play.key_file())
            check(len(between.lost) == 4, "lost were", between.lost)
        wrote(play, judge, (1, 0), "apply with lost answers")


CASES = [rotation, keyring, by_hand, lost_reply]


def whole_role(judge):
    """every permission of the Role was used, or is known not to be"""
    allowed = set(judge.rules.allowed)
    unused = allowed - set(judge.used)
    check(unused == set(UNUSED), "never used:", sorted(unused - set(UNUSED)),
          "used, and listed as unused:", sorted(set(UNUSED) - unused))


def floors(judge):
    """as much was looked at as ever"""
    found = dict(judge.counts, runs=Play.runs)
    for word, least in FLOORS.items():
        check(found[word] >= least, "only", found[word], word)


def main():
    words = sys.argv[1:]
    chosen = [case for case in CASES
              if not words or any(word in case.__doc__ for word in words)]
    judge = Judge(None, [])
    fleet = clusters.Real()
    later = [] if words else [whole_role, floors]
    passed = failed = 0

    def attempt(case, *arguments):
        nonlocal passed, failed
        begun, why = time.monotonic(), None
        try:
            case(*arguments)
        except Wrong as wrong:
            why = str(wrong)
        except Exception:  # a case must not end the others
            why = traceback.format_exc()
        with LOCK:
            passed, failed = passed + (not why), failed + bool(why)
            print("%5.1f s  %-68s %s" % (
                time.monotonic() - begun, case.__doc__,
                "FAILED\n    " + why if why else "ok"), flush=True)

    try:
        for case in planted.CASES:
            attempt(case)
        with concurrent.futures.ThreadPoolExecutor(len(CASES)) as pool:
            list(pool.map(lambda case: attempt(case, fleet, judge), chosen))
    finally:
        fleet.down()
    for case in later:
        attempt(case, judge)
    for verb, resource in sorted(judge.used, key=lambda x: x[::-1]):
        print("  %5d  %s %s" % (judge.used[verb, resource], verb, resource))
    print("audit: %d runs; %s" % (Play.runs, ", ".join(
        "%d %s" % (n, word) for word, n in sorted(judge.counts.items()))))
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
