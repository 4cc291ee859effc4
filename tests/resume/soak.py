"""Through a soak: the key is not held, and nothing of the rest is lost."""

import hashlib
import json
import os
import pty
import signal
import time

from leak import Leak
from prom import Prom
from stand import CONTEXTS, Stand, check


def wait_for(look, what, limit_s=30):
    end = time.monotonic() + limit_s
    while not look():
        check(time.monotonic() < end, "waited in vain for", what)
        time.sleep(0.02)


def words_of(pid):
    try:
        with open("/proc/%d/cmdline" % pid) as file:
            return file.read().split("\0")[:-1]
    except OSError:
        return []


def children_of(pid):
    found = []
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/children" % (pid, task)) as file:
            found += file.read().split()
    return found


def memory_of(pid):
    """All that the process can read of itself."""
    found = []
    with open("/proc/%d/maps" % pid) as maps, \
            open("/proc/%d/mem" % pid, "rb", 0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            if "r" not in rights or "[v" in line:
                continue
            start, end = (int(x, 16) for x in span.split("-"))
            try:
                memory.seek(start)
                found.append(memory.read(end - start))
            except OSError:
                pass
    return b"\0".join(found)


def finds(memory, keys):
    """Parts of the keys, in all forms, that stand in it."""
    check(len(memory) > 1000000, "only", len(memory), "bytes were read")
    found = []
    for key in keys:
        for size, windows in Leak(key).sets.items():
            found += [w for w in sorted(windows)[::5] if w in memory]
    return found


def soaking(child, more=None):
    """Waits until it is soaking as a new program."""
    wait_for(lambda: words_of(child.pid)[1:2] == ["resume"]
             or child.poll() is not None, "the soak")
    check(child.poll() is None, "it ended:", child.poll() is not None
          and child.communicate())


def asked(prom, n):
    wait_for(lambda: len([q for path, q in prom.asked
                          if "range" not in path]) >= n, "samples")


def handed_over(fleet, program):
    """soak: handed over, one document, one stream, no key in memory"""
    with Stand(fleet, program, "soak") as stand, Prom() as prom:
        stand.write_config(production=prom.soak(8))
        child = stand.start("rotate", "-o", "jsonl", "--timeout=10m",
                            "--operator", "jane@example.com")
        before = 0
        wait_for(lambda: words_of(child.pid)[1:2] == ["rotate"]
                 or child.poll() is not None, "the program")
        while words_of(child.pid)[1:2] == ["rotate"]:
            before = max(before, len(os.listdir("/proc/%d/fd" % child.pid)))
            time.sleep(0.02)
        soaking(child)
        asked(prom, 2)
        files = len(os.listdir("/proc/%d/fd" % child.pid))
        check(files < before + 8, files, "descriptors, and before it", before)
        words = words_of(child.pid)
        check("--timeout=600000ms" in words, words)
        check("--operator=jane@example.com" in words, words)
        holder = stand.lease(CONTEXTS[1])["spec"]["holderIdentity"]
        check("/%d." % child.pid in holder, holder, child.pid)
        memory = memory_of(child.pid)
        check(child.poll() is None, "it ended before it was searched")
        out, err = child.communicate(timeout=60)
        stand.no_leak(out + err)
        check(not finds(memory, stand.keys()), "a key is in its memory")
        lines = [json.loads(line) for line in out.splitlines()]
        check(child.returncode == 0, err.decode())
        check([x["kind"] for x in lines].count("RotateResult") == 1)
        check([x["kind"] for x in lines].count("Plan") == 1)
        steps = [(x["id"], x["target"], x["state"]) for x in lines
                 if x["kind"] == "Step"]
        check(len(steps) == len(set(steps)) or
              max(steps.count(x) for x in steps if x[0] == "apply") == 1,
              "a step was shown twice", steps)
        document = lines[-1]
        check(document["store"]["proved"] is True, document["store"])
        for target in document["targets"]:
            check(target["changed"] is True, "changed is lost")
            check(target["consumers"][0]["restarted"] is True,
                  "restarted is lost", target["consumers"])
        check(document["targets"][1]["verdict"] == "pass",
              document["targets"][1].get("verdict"))
        transitions = stand.lease(CONTEXTS[1])["spec"]["leaseTransitions"]
        check(transitions <= 2, "the Lease changed hands", transitions)
        stand.ended_done()


def control(fleet, program):
    """soak: a key is found where it is written, and gone during a suite"""
    with Stand(fleet, program, "ctl") as stand:
        stand.write_config(more="validate:\n- {name: hold, run: [sleep, '4']}"
                                "\n")
        # The positive control; a slow answer is what practice clusters can
        # be told.
        if not fleet.real:
            fleet.control("POST", "/fault", {
                "cluster": CONTEXTS[0], "kind": "delay", "ms": 4000,
                "method": "PATCH", "path": stand.namespace + "/secrets/",
                "times": 1})
        child = stand.start("rotate", "-o", "jsonl")
        wait_for(stand.new_keys, "a key in the store")
        if not fleet.real:
            wait_for(lambda: finds(memory_of(child.pid), stand.new_keys()),
                     "the key, which is being written", 3)
        wait_for(lambda: children_of(child.pid), "the suite")
        memory = memory_of(child.pid)
        check(children_of(child.pid), "the suite ended before it was searched")
        check(stand.live(CONTEXTS[0]) in stand.new_keys(), "no write")
        check(not finds(memory, stand.keys()), "a key is in its memory")
        child.kill()


def fails_back(fleet, program):
    """soak: a failure rolls back by itself after the handover"""
    with Stand(fleet, program, "fail") as stand, Prom() as prom:
        stand.write_config(production=prom.soak(6, "rollback"))
        child = stand.start("rotate", "-o", "json")
        soaking(child)
        asked(prom, 1)
        prom.values["errors"] = 50
        out, err = child.communicate(timeout=60)
        document = json.loads(out)
        check(child.returncode == 6, err.decode())
        check(document["rolledBack"] is True, document)
        check(document["reason"] == "SoakFailed", document["reason"])
        for context in CONTEXTS:
            check(stand.live(context) == stand.old[context], context)
        # It speaks of the roll-back, not of the rotation before the soak.
        check(not any("resume" in line for line in document["next"]),
              document["next"])
        for target in document["targets"]:
            key = stand.old[target["context"]]
            check(target["fingerprint"] == hashlib.sha256(key).hexdigest()
                  and "verdict" not in target, target)
        check(stand.run("resume", expect=3))


def interrupted(fleet, program):
    """soak: interrupted after the handover, and gone on with"""
    for how in (signal.SIGINT, signal.SIGHUP, signal.SIGKILL):
        with Stand(fleet, program, "stop") as stand, Prom() as prom:
            stand.write_config(production=prom.soak(4))
            child = stand.start("rotate", "-o", "jsonl")
            soaking(child)
            asked(prom, 1)
            child.send_signal(how)
            out, err = child.communicate(timeout=60)
            if how == signal.SIGKILL:
                check(child.returncode == -9)
            else:
                check(child.returncode == 130, child.returncode, err.decode())
                check(out, how, err.decode())
                lines = [json.loads(line) for line in out.splitlines()]
                soaks = [line["state"] for line in lines
                         if line["kind"] == "Step" and line["id"] == "soak"
                         and line["target"] == "production"]
                check(soaks[-1:] == ["failed"], how, soaks)
                document = lines[-1]
                check(document["next"][0].startswith("kubectl keyrot resume"),
                      document["next"])
                check(document["targets"][1]["changed"] is True,
                      "what was done is not in the document")
            document = stand.run("resume")
            check(document["targets"][1]["verdict"] == "pass",
                  document["targets"][1].get("verdict"))
            stand.ended_done()


def two_soaks(fleet, program):
    """soak: in both environments"""
    with Stand(fleet, program, "two") as stand, Prom() as prom:
        stand.write_config(production=prom.soak(3), staging=prom.soak(3))
        document = stand.run("rotate")
        for target in document["targets"]:
            check(target["verdict"] == "pass", target.get("verdict"))
            check(target["changed"] is True, "changed is lost")
        stand.ended_done()


def token(fleet, program):
    """soak: a token of the command line goes along, unseen"""
    if fleet.real:
        return
    with Stand(fleet, program, "token") as stand, Prom() as prom:
        stand.write_config(production=prom.soak(3))
        for context in CONTEXTS:
            fleet.cluster(context).grant(stand.namespace, "rotator", [
                {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}])
        kubeconfig = os.path.join(stand.home, "plain")
        with open(fleet.kubeconfig) as file:
            text = file.read()
        with open(kubeconfig, "w") as file:
            file.write(text)
        child = stand.start("rotate", "-o", "json", "--kubeconfig",
                            kubeconfig, "--token", "rotator-token",
                            "--operator", "x")
        soaking(child)
        check("rotator-token" not in " ".join(words_of(child.pid)))
        with open("/proc/%d/environ" % child.pid) as file:
            check("rotator-token" not in file.read())
        out, err = child.communicate(timeout=60)
        check(child.returncode == 0, err.decode())


def typed(fleet, program):
    """soak: a typed passphrase is not asked for again after it"""
    if fleet.real:
        return
    with Stand(fleet, program, "typed") as stand, Prom() as prom:
        stand.write_config(production=prom.soak(3), more="dependents: "
                           "[deployment/secrets-service]\n")
        pid, master = pty.fork()
        if pid == 0:
            os.chdir(stand.home)
            os.execve(program, [program, "rotate", "--store=file:"
                                + stand.folder + "/typed"],
                      dict(stand.environment(), TERM="dumb"))
        said, asked = b"", []
        while True:
            try:
                more = os.read(master, 65536)
            except OSError:  # the other end is closed
                break
            said += more
            if said.endswith(b"store.key: "):
                asked.append(words_of(pid)[1])
                os.write(master, b"correct horse battery\n")
        os.close(master)
        check(os.waitpid(pid, 0)[1] == 0, said[-2000:])
        check(asked == ["rotate", "rotate"], asked, said[-2000:])


def baseline(fleet, program):
    """soak: compared with what was measured before the rotation"""
    with Stand(fleet, program, "base") as stand, Prom() as prom:
        stand.write_config(production=prom.soak(
            3, limit="max: 100, maxIncrease: 50%"))
        prom.values["errors"] = 4
        at = {}
        child = stand.start("rotate", "-o", "jsonl")
        for line in child.stdout:
            event = json.loads(line)
            if event.get("kind") == "Step" and event["state"] == "running":
                at.setdefault((event["id"], event["target"]),
                              len(prom.asked))
            if event.get("id") == "apply":
                # The time before, as it would look from then on.
                prom.values["errors"] = 5
        child.wait(60)
        check(child.returncode == 0, child.stderr.read().decode())
        ranges = [i for i, (path, _) in enumerate(prom.asked)
                  if "range" in path]
        check(ranges and max(ranges) < at[("lock", None)], ranges, at)
        metric = event["targets"][1]["metrics"][0]
        check(metric["baseline"]["mean"] == 4, metric)
        check(metric["limit"] == 6, metric)
        lines = [x for x in stand.journal() if x["event"] == "baseline"]
        check(len(lines) == 1 and lines[0]["step"] == "errors"
              and lines[0]["detail"].startswith("4 "), lines)


def blind(fleet, program):
    """soak: a Prometheus that is not there stops it before it begins"""
    with Stand(fleet, program, "blind") as stand:
        prom = Prom()
        stand.write_config(production=prom.soak(3))
        prom.close()
        document = stand.run("rotate", expect=6)
        check(document["reason"] == "SoakError", document["reason"])
        check(not stand.new_keys(), "a key was made")
        check(not document["next"] or "resume" not in document["next"][0],
              document["next"])
        check(stand.run("resume", expect=3))


def on_record(fleet, program):
    """ledger: a checkpoint before production; a broken one stops what is new"""
    with Stand(fleet, program, "ledger") as stand:
        stand.write_config(more="ledger: {path: ledger.jsonl}\n")
        path = os.path.join(stand.home, "ledger.jsonl")
        stand.until(["rotate"], "apply", "production")

        def records():
            with open(path) as file:
                return [json.loads(line) for line in file]
        kinds = [(x.get("step"), x.get("outcome")) for x in records()]
        check(("start", "started") in kinds, records())
        check("root" in json.dumps(records()[-1]), records()[-1])
        with open(path, "r+") as file:
            text = file.read()
            file.seek(0)
            file.write(text.replace("aether-production", "aether-productiom"))
        document = stand.run("rotate", "--new", expect=6)
        check(document["reason"] == "LedgerBroken", document["reason"])
        check(len(stand.new_keys()) == 1, "a key was made")


def promoted(fleet, program):
    """soak: a promotion, and one again of the same key, to the ledger's end"""
    with Stand(fleet, program, "promote") as stand, Prom() as prom:
        stand.write_config(production=prom.soak(2), more=(
            "validate: [{name: suite, run: ['true'], timeout: 1m}]\n"
            "ledger: {path: ledger.jsonl}\n"))
        stand.run("generate")
        stand.run("apply", "--from-store", "--context", CONTEXTS[0])
        stand.run("validate", "--env", "staging")
        for _ in range(2):
            document = stand.run("promote")
            check(not [x for x in document["warnings"] if "ledger" in x],
                  document["warnings"])
            with open(os.path.join(stand.home, "ledger.jsonl")) as file:
                records = [line for line in map(json.loads, file)
                           if line["type"] == "record"]
            check((records[-1]["step"], records[-1]["outcome"],
                   records[-1]["rotation"])
                  == ("end", "done", document["rotation"]), records[-1])
            # The process that soaks is not the one that asked the cluster.
            soak = [r for r in records if r["step"] == "soak"][-1]
            check((soak["operator"], soak["operatorFrom"])
                  == (records[-1]["operator"], "cluster"), soak)
        check(stand.live(CONTEXTS[0]) == stand.live(CONTEXTS[1]))


def promoted_in_vain(fleet, program):
    """soak: fails after a promotion of what was there: nothing to put back"""
    with Stand(fleet, program, "vain") as stand, Prom() as prom:
        stand.write_config(production=prom.soak(2, "rollback"))
        first = stand.run("rotate")
        prom.values["errors"] = 50
        document = stand.run("promote", expect=6)
        check(document["reason"] == "SoakFailed", document["message"])
        check(document["next"] == [
            "kubectl keyrot resume " + document["rotation"],
            "kubectl keyrot rollback " + first["rotation"]],
            document["next"])
        prom.values["errors"] = 1
        stand.run("resume")
        stand.ended_done()
        stand.run("promote", "--review-closed", document["rotation"])
        stand.run("rollback", first["rotation"])
        for context in CONTEXTS:
            check(stand.live(context) == stand.old[context], context)


CASES = [promoted, promoted_in_vain, handed_over, control, fails_back, interrupted,
         two_soaks, token, typed, baseline, blind, on_record]
