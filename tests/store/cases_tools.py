"""Real password managers whose program misbehaves: pass, gopass, KeePassXC."""
import os
import shutil
import time

from harness import check, new_key


def wrap(store, script):
    """A program before the real one ($REAL), told the verbs of both."""
    store.unwrapped = getattr(store, "unwrapped", store.env["PATH"])
    real = shutil.which(store.program, path=store.unwrapped)
    os.makedirs(store.path("bin"), exist_ok=True)
    text = ("#!/bin/bash\nREAL=%s\ncase $1 in %s) is=put;; %s) is=show;; *) "
            "is=other;; esac\n%s\nexec \"$REAL\" \"$@\"\n" %
            (real, store.put_verb, store.show_verb, script))
    path = store.write(os.path.join("bin", store.program), text.encode())
    os.chmod(path, 0o700)
    store.env["PATH"] = store.path("bin") + ":" + store.unwrapped


def says_yes(store):
    """it says yes and stores nothing: not believed"""
    wrap(store, "if [ $is = put ]; then cat >/dev/null; exit 0; fi")
    store.ensure("kr-1", new_key()).fails(8, "EntryNotFound")


def lost_reply(store):
    """it stored the key and then failed: what is there counts"""
    key = new_key()
    wrap(store, 'if [ $is = put ]; then "$REAL" "$@"; exit 1; fi')
    store.ensure("kr-1", key).ok()
    check(store.read("kr-1") == key)


def adds_a_newline(store):
    """a line break more, or a key cut short: noticed when read back"""
    wrap(store, 'if [ $is = show ]; then "$REAL" "$@" | sed 1G; exit 0; fi')
    store.ensure("kr-1", new_key()).fails(8, "Mismatch")
    wrap(store, "if [ $is = show ]; then "
         "\"$REAL\" \"$@\" | sed '1s/....$//'; exit 0; fi")
    store.run("prove", "kr-1").fails(8, "Mismatch")


def junk(store):
    """an entry that is junk is refused, one without an end given up"""
    store.ensure("kr-1", new_key()).ok()
    wrap(store, "if [ $is = show ]; then printf 'a\\0\\001b\\n'; exit 0; fi")
    store.run("prove", "kr-1").fails(8, "Mismatch")
    wrap(store, "if [ $is = show ]; then exec yes; fi")
    store.run("prove", "kr-1").fails(8, "StoreFailed", "printed more")


def hangs(store):
    """a program that hangs is killed at the limit"""
    wrap(store, "if [ $is = put ]; then cat >/dev/null; sleep 30; fi")
    config, store.config = store.config, '{"timeout": "2s"}'
    if config:
        store.config = config[:-1] + ', "timeout": "2s"}'
    start = time.time()
    store.put("kr-1", new_key()).fails(8, "StoreFailed", "did not end")
    check(time.time() - start < 15)


def disk_full(store):
    """a file that cannot be written is an error, and nothing is there"""
    wrap(store, "if [ $is = put ]; then trap '' XFSZ; ulimit -f 0; fi")
    result = store.ensure("kr-1", new_key())
    check(result.code == 8 and result.reason in ("StoreFailed", "Mismatch"),
          result.code, result.err)
    store.env["PATH"] = store.unwrapped
    key = new_key()
    store.ensure("kr-2", key).ok()
    check(store.read("kr-2") == key)


def quotes_the_key(store):
    """a complaint that holds the key is not shown"""
    wrap(store, "if [ $is = put ]; then cat >&2; exit 1; fi")
    store.ensure("kr-1", new_key()).fails(8, "StoreFailed",
                                          "message is not shown")


def not_installed(store):
    """a program that is not there is named, with the next step"""
    env = {"PATH": store.path("nowhere")}
    store.run("probe", env=env).fails(8, "StoreFailed", "install")
    store.ensure("kr-1", new_key(), env=env).fails(8, "StoreFailed")


CASES = [says_yes, lost_reply, adds_a_newline, junk, hangs, disk_full,
         quotes_the_key, not_installed]
