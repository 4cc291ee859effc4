"""What a failed rotation leaves to be understood before the next one."""

import json
import os

from prom import Prom
from soak import asked, soaking
from stand import CONTEXTS, Stand, check


def read(path):
    with open(path) as file:
        return file.read()


def failed_soak(stand, prom, on_fail):
    child = stand.start("rotate", "-o", "json")
    soaking(child)
    asked(prom, 1)
    prom.values["errors"] = 50
    out, err = child.communicate(timeout=60)
    stand.no_leak(out + err)
    check(child.returncode == 6, err.decode())
    prom.values["errors"] = 1
    return json.loads(out)


def by_itself(fleet, program):
    """review: after a roll-back by itself; closed by the file's field"""
    with Stand(fleet, program, "field") as stand, Prom() as prom:
        stand.write_config(production=prom.soak(6, "rollback"))
        document = failed_soak(stand, prom, "rollback")
        text = read(document["review"])
        stand.no_leak(text.encode())
        failed = os.path.basename(document["review"])[:len(
            "kr-20261122-7f3a9c")]
        for word in ("closed: false", "rotation: " + failed, "SoakFailed",
                     "at step soak of production", "- message: ",
                     "| roll-back | apply | production | done |",
                     "| rotation | apply | staging | done |",
                     "put back by roll-back", "## Cause", "aether-staging",
                     "operator: "):
            check(word in text, word, "is not in", text)
        check(document["review"].startswith(stand.home), document["review"])
        refused = stand.run("rotate", expect=3)
        check(refused["reason"] == "ReviewOpen", refused["reason"])
        check(document["review"] in refused["message"], refused["message"])
        check(refused["next"][0] == "kubectl keyrot rotate --review-closed "
              + failed, refused["next"])
        refused = stand.run("promote", expect=3)
        check(refused["next"][0] == "kubectl keyrot promote --review-closed "
              + failed, refused["next"])
        check(len(stand.new_keys()) == 1, "a key was made")
        check(stand.run("rotate", "--new", expect=3)["reason"]
              == "ReviewOpen")
        # Nothing else is held up by it; a key that was rolled back is named.
        check(stand.run("resume", expect=3)["reason"] == "NothingToResume")
        there = ("apply", "--context", CONTEXTS[0], "-n", stand.namespace)
        refused = stand.run(*there, "--from-store", expect=3)
        check(refused["reason"] == "KeyRolledBack", refused["reason"])
        stand.run(*there, "--from-store=" + failed)
        with open(document["review"], "w") as file:
            file.write(text.replace("closed: false", "closed: true"))
        stand.run("rotate")


def by_hand(fleet, program):
    """review: beside the ledger, refreshed by a roll-back, closed by the flag"""
    with Stand(fleet, program, "flag") as stand, Prom() as prom:
        stand.write_config(production=prom.soak(6),
                           more="ledger: {path: records/ledger.jsonl}\n")
        document = failed_soak(stand, prom, "hold")
        path, failed = document["review"], document["rotation"]
        check(path.endswith("records/%s.review.md" % failed), path)
        path = os.path.join(stand.home, path)
        text = read(path)
        check("kubectl keyrot rollback " + failed in text, text)
        with open(path, "w") as file:
            file.write(text.replace("## Cause\n", "## Cause\n\nIt rained.\n"))
        stand.run("rollback", failed)
        text = read(path)
        check("It rained." in text and "put back by roll-back" in text
              and "- message: " in text, text)
        check(text.count("## Timeline") == 1, text)
        check(stand.run("rotate", expect=3)["reason"] == "ReviewOpen")
        check(stand.run("rotate", "--review-closed", "kr-20200101-abcdef",
                        expect=2))
        stand.run("rotate", "--review-closed", failed, "--operator",
                  "jane@example.com")
        text = read(path)
        check("closed: true\nclosedBy: jane@example.com\n" in text, text)
        with open(os.path.join(stand.home, "records/ledger.jsonl")) as file:
            found = [(x.get("outcome"), x.get("operator")) for x in
                     map(json.loads, file) if x.get("step") == "review"]
        check([x[0] for x in found] == ["started", "done"], found)
        check(found[1][1] == "jane@example.com", found)
        stand.run("ledger", "verify", "--offline")


def not_begun(fleet, program):
    """review: none after what was refused, interrupted or done"""
    with Stand(fleet, program, "none") as stand:
        stand.write_config()
        stand.until(["rotate"], "apply", "staging", how=2)
        document = stand.run("resume")
        check(document.get("review") is None, document.get("review"))
        stand.run("rotate")


CASES = [by_itself, by_hand, not_begun]
