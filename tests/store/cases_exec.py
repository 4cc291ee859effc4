"""Programs that answer anything: the promises hold all the same."""
import os
import time

from harness import check, fingerprint, new_key


def lies(store):
    """it says yes and stores nothing: not believed"""
    store.mode("liar")
    store.ensure("kr-1", new_key()).fails(8, "EntryNotFound")


def changes_the_key(store):
    """a newline added, or a key cut short: noticed when read back"""
    for mode in ("newline", "cut"):
        store.mode(mode)
        store.ensure(f"kr-{mode}", new_key()).fails(8, "Mismatch")


def junk(store):
    """answers that are no answers are refused"""
    key = new_key()
    store.ensure("kr-1", key).ok()
    for mode in ("junk", "two", "none", "spaced"):
        store.mode(mode)
        store.run("prove", "kr-1").fails(8, "Mismatch")
    store.mode("junk-list")
    store.run("list").fails(8, "StoreFailed")
    store.mode("endless")
    store.run("prove", "kr-1").fails(8, "StoreFailed", "printed more than")


def bare_answer(store):
    """a key without metadata is enough where its fingerprint is known"""
    key = new_key()
    store.ensure("kr-1", key).ok()
    store.mode("bare")
    store.run("prove", "kr-1", fingerprint(key)).ok()
    store.run("prove", "kr-1").fails(8, "Mismatch")


def lost_reply(store):
    """it stored the key and then failed: what is there counts"""
    key = new_key()
    store.mode("lost")
    store.ensure("kr-1", key).ok()
    store.mode("")
    check(store.read("kr-1") == key)


def lost_reply_and_hangs(store):
    """it stored the key and then hung: killed, and then read back"""
    store.mode("lost-hang", "2s")
    store.ensure("kr-1", new_key()).ok()


def fails_before(store):
    """it failed and stored nothing: its own words are shown"""
    store.mode("before")
    store.ensure("kr-1", new_key()).fails(8, "StoreFailed", "put failed",
                                          "nothing was done")


def hangs(store):
    """a program that hangs is killed at the limit, with all it started"""
    store.mode("hang", "1s")
    start = time.time()
    store.run("probe").fails(8, "StoreFailed", "did not end within 1s")
    store.ensure("kr-1", new_key()).fails(8, "StoreFailed", "did not end")
    check(time.time() - start < 10)


def quotes_the_key(store):
    """a complaint that holds the key is not shown"""
    store.mode("refuse")
    store.ensure("kr-1", new_key()).fails(8, "StoreFailed",
                                          "message is not shown")
    store.mode("")
    store.ensure("kr-2", new_key()).ok()
    store.mode("shout")
    store.run("prove", "kr-2").fails(8, "StoreFailed", "get failed")


def drives_the_terminal(store):
    """escape sequences in a complaint do not reach the terminal"""
    store.mode("escape")
    result = store.ensure("kr-1", new_key()).fails(8, "StoreFailed", "red: ")
    check("\x1b" not in result.err and "\x07" not in result.err)


def locked(store):
    """a locked manager is said to be locked"""
    store.ensure("kr-1", new_key()).ok()
    store.mode("locked")
    store.run("prove", "kr-1").fails(8, "Locked")
    store.mode("fail-probe")
    store.run("probe").fails(8, "StoreFailed", "log in first")


def not_there(store):
    """a command that is missing or cannot run is named"""
    store.spec = "exec:keyrot-no-such-helper x"
    store.run("probe").fails(8, "StoreFailed", "not installed")
    store.spec = "exec:" + store.write("plain", b"no program")
    store.run("probe").fails(8, "StoreFailed", "Permission denied")
    store.spec = "exec:"
    check(store.run("probe").code == 2)
    store.config = '{"command": []}'
    check(store.run("probe").code == 2)


def no_shell(store):
    """words are words: nothing is expanded by a shell"""
    script = store.write("args", b'#!/bin/sh\nprintf "[%s]" "$@" > "$0.out"\n')
    os.chmod(script, 0o700)
    store.spec = f"exec:{script} $(id)  ;ls * '"
    store.run("probe").ok()
    with open(script + ".out", encoding="utf-8") as file:
        check(file.read() == "[$(id)][;ls][*]['][probe]")
    store.spec = "exec"
    store.config = '{"command": ["%s", "two words", ""]}' % script
    store.run("probe").ok()
    with open(script + ".out", encoding="utf-8") as file:
        check(file.read() == "[two words][][probe]")


def environment(store):
    """the environment is an allow-list, and what is configured"""
    script = store.write("env", b'#!/bin/sh\nenv > "$0.out"\n')
    os.chmod(script, 0o700)
    store.spec = "exec"
    store.config = '{"command": ["%s"], "env": ["MY_TOKEN"]}' % script
    secret = {"SECRET_ENCRYPTION_KEY": "x", "MY_TOKEN": "t", "OTHER": "o"}
    store.run("probe", env=secret).ok()
    with open(script + ".out", encoding="utf-8") as file:
        names = {line.split("=")[0] for line in file}
    check("MY_TOKEN" in names and "HOME" in names, names)
    check(not names & {"SECRET_ENCRYPTION_KEY", "OTHER"}, names)


CASES = [lies, changes_the_key, junk, bare_answer, lost_reply,
         lost_reply_and_hangs, fails_before, hangs, quotes_the_key,
         drives_the_terminal, locked, not_there, no_shell, environment]
