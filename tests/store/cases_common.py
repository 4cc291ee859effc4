"""What every store has to do, whatever it is."""
import json
import os
import signal
import subprocess
import time

from harness import HERE, check, fingerprint, new_key


def ensures(store):
    """a new key is put there and proved by a new process"""
    key = new_key()
    store.run("probe").ok()
    first, back = store.ensure("kr-1", key).ok().fields()
    check(first == {"was-there": "no", "id": "kr-1"}, first)
    check(back == {"entry": "kr-1", "fingerprint": fingerprint(key),
                   "proved": "yes"}, back)
    check(store.read("kr-1") == key)


def ensures_once(store):
    """a key that is there already is found, not put again"""
    key = new_key()
    store.ensure("kr-1", key).ok()
    store.ensure("kr-2", new_key()).ok()
    before = store.snapshot()
    first = store.ensure("kr-3", key).ok().fields()[0]
    check(first == {"was-there": "yes", "id": "kr-1"}, first)
    check(store.snapshot() == before, "something was written")


def refuses_to_overwrite(store):
    """an id that exists is refused and stays what it was"""
    key = new_key()
    store.put("kr-1", key).ok()
    before = store.snapshot()
    store.put("kr-1", new_key()).fails(8, "EntryExists")
    store.ensure("kr-1", new_key()).fails(8, "EntryExists")
    store.put("kr-1", key).fails(8, "EntryExists")
    check(store.snapshot() == before, "something was written")
    check(store.read("kr-1") == key)


def lists(store):
    """entries are listed with their metadata, oldest first"""
    keys = [new_key() for _ in range(4)]
    check(store.run("list").ok().out == "")
    for i in (2, 0, 3, 1):
        store.put(f"kr-{i}", keys[i], "previous" if i == 0 else "new",
                  env={"STORETOOL_CREATED": f"2026-11-20T10:00:00.00{9 - i}Z"}).ok()
    listed = store.run("list").ok().fields()
    check([x["entry"] for x in listed] == ["kr-3", "kr-2", "kr-1", "kr-0"],
          listed)
    for i, entry in zip((3, 2, 1, 0), listed):
        check(entry["fingerprint"] == fingerprint(keys[i]), entry)
        check(entry["created"] == f"2026-11-20T10:00:00.00{9 - i}Z", entry)
        check(entry["role"] == ("previous" if i == 0 else "new"), entry)
        if store.keeps_all:
            check(entry["operator"] == "ann@example.com" and
                  entry["secret"] == "shop/config/KEY" and
                  entry["service"] == "secrets-service", entry)
    newest = store.run("newest").ok().fields()[0]
    check(newest["entry"] == "kr-1", newest)


def nothing_yet(store):
    """an empty store has no newest key and no entry"""
    store.run("newest").fails(8, "EntryNotFound", "kubectl keyrot generate")
    store.run("prove", "kr-1").fails(8, "EntryNotFound")


def wrong_fingerprint(store):
    """another key than was asked for is refused"""
    key = new_key()
    store.ensure("kr-1", key).ok()
    store.run("prove", "kr-1", fingerprint(key)).ok()
    store.run("prove", "kr-1", fingerprint(b"x")).fails(8, "Mismatch")


def any_bytes(store):
    """keys of any bytes come back as they were"""
    odd = [b"x", b"a\n", b"\n", b"a\r\n", b"\0", b"a\0b" * 9, b" spaces ",
           b"key={REF:P@T}", b"-----BEGIN CMS-----", b"id: x\nrole: new\n",
           "κλειδί".encode(), bytes(range(256)), os.urandom(5000),
           b"hmac-sha256: " + b"0" * 64]
    for i, key in enumerate(odd):
        if len(key) > store.max_key or (store.slow and i % 3 != 1):
            continue
        store.ensure(f"odd-{i}", key).ok()
        check(store.read(f"odd-{i}") == key, repr(key[:20]))


def large_key(store):
    """a large key, up to 700 KB as a Secret can hold, comes back"""
    key = os.urandom(100_000 if store.slow else 700_000)
    path = store.write("large", key)
    store.run("ensure", "kr-large", path).ok()
    check(store.read("kr-large") == key)


def bad_ids(store):
    """ids that could name another file are refused"""
    path = store.key_file(new_key())
    for entry in ("../x", "a/b", "", ".x", "a b", "x\n", "-f", "a" * 101, "é"):
        result = store.run("put", entry, path)
        check(result.code == 2, repr(entry), result.code, result.err)
        result = store.run("prove", entry)
        check(result.code == 2, repr(entry), result.code, result.err)
    check(not store.run("list").ok().out)


def concurrent(store):
    """eight at the same time: all are kept, and one id holds one key"""
    store.ensure("kr-0", new_key()).ok()
    before = store.snapshot()
    same = [store.key_file(new_key()) for _ in range(4)]
    other = [store.key_file(new_key()) for _ in range(4)]
    commands = [store.command("ensure", "kr-same", path) for path in same]
    commands += [store.command("ensure", f"kr-{i}a", path)
                 for i, path in enumerate(other)]
    running = [subprocess.Popen(command, env=store.env, cwd=store.home,
                                stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)
               for command in commands]
    results = [(child.communicate(), child.returncode) for child in running]
    for (_, err), code in results[4:]:
        check(code == 0, err)
    for i in range(4):
        with open(other[i], "rb") as file:
            check(store.read(f"kr-{i}a") == file.read())
    winners = [i for i in range(4) if results[i][1] == 0]
    check(len(winners) <= 1, "two keys under one id:", results)
    for i in winners:
        with open(same[i], "rb") as file:
            check(store.read("kr-same") == file.read())
    after = store.snapshot()
    for path, digest in before.items():
        check(after.get(path) == digest, path, "was changed")


def interrupted(store):
    """a signal ends it with 130, and running it again completes"""
    key = new_key()
    path = store.key_file(key)
    codes = set()
    for delay in (0.0, 0.005, 0.02, 0.05, 0.1, 0.5, 2.0):
        # On a machine that is busy it takes a while until it is in main().
        if delay > 0.1 and codes & {130, 0}:
            break
        child = subprocess.Popen(store.command("ensure", "kr-1", path),
                                 env=store.env, cwd=store.home,
                                 stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE)
        time.sleep(delay)
        child.send_signal(signal.SIGTERM)
        err = child.communicate(timeout=30)[1]
        codes.add(child.returncode)
        # -15: it came before main(). 8: the one before was cut off half-way,
        # and an entry keeps its id.
        check(child.returncode in (0, 130, -15) or
              (child.returncode == 8 and b"EntryExists" in err),
              child.returncode, err)
    check(codes & {130, 0}, codes)
    # An entry that was cut off keeps its id: a new attempt has a new one.
    result = store.run("ensure", "kr-1", path)
    if result.code:
        result.fails(8, "EntryExists")
        store.run("ensure", "kr-1b", path).ok()


def never_deletes(store):
    """whatever is done, no file of the store is removed or changed"""
    store.ensure("kr-1", new_key()).ok()
    seen = store.snapshot()
    for args in (("probe",), ("list",), ("newest",), ("prove", "kr-1"),
                 ("prove", "kr-9"), ("put", "kr-1", store.path("key1")),
                 ("ensure", "kr-2", store.path("key1"))):
        store.run(*args)
        store.ensure(f"kr-{args[0]}-{len(args)}x{args[-1][-1]}", new_key())
        now = store.snapshot()
        for path, digest in seen.items():
            check(now.get(path) == digest, args, path, "was changed")
        seen = now


def completes(store):
    """its entries are offered where an entry is typed, and nobody is asked"""
    store.ensure("kr-20260101-0a1b2c-new", new_key()).ok()
    kind, _, where = (store.spec or "file").partition(":")
    fields = dict(json.loads(store.config or "{}"), type=kind)
    if where:
        fields["where"] = where
    store.write("keyrot.yaml", json.dumps({
        "apiVersion": "keyrot.dev/v1", "kind": "Rotation",
        "service": "secrets-service", "store": fields,
        "environments": [{"name": "staging",
                          "targets": [{"context": "staging"}]}],
    }).encode())
    program = os.path.join(os.path.dirname(os.path.dirname(HERE)),
                           "kubectl-keyrot")
    words = store.options[1:] and ["--passphrase-file", store.options[1]]
    ran = subprocess.run(
        [program, "__complete", "apply", *words, "--from-store=kr-2"],
        env=store.env, cwd=store.home, stdin=subprocess.DEVNULL,
        capture_output=True, check=False, timeout=60)
    store.no_key_in(ran.stdout + ran.stderr)
    check(b"kr-20260101-0a1b2c-new" in ran.stdout, ran)
    check(not ran.stderr, ran.stderr)


def other_services(store):
    """entries of another service are not this one's"""
    store.ensure("kr-1", new_key()).ok()
    if not store.keeps_all:
        return
    check(not store.run("-S", "billing", "list").ok().out)


CASES = [ensures, ensures_once, refuses_to_overwrite, lists, nothing_yet,
         wrong_fingerprint, any_bytes, large_key, bad_ids, concurrent,
         interrupted, never_deletes, other_services, completes]


def none_wraps(store):
    """the key is wrapped, and marked as not proved"""
    key = new_key()
    store.run("probe").ok()
    back = store.ensure("kr-1", key).ok().fields()[1]
    check(back["proved"] == "no" and back["fingerprint"] == fingerprint(key))


def none_keeps_nothing(store):
    """there is nothing to list, to put, or to read back"""
    check(store.run("list").ok().out == "")
    store.run("newest").fails(8, "EntryNotFound")
    store.put("kr-1", new_key()).fails(8, "StoreFailed", "--store=")
    store.run("prove", "kr-1").fails(8, "StoreFailed")


def unknown_types(store):
    """an unknown type is an error of usage, with a suggestion"""
    for spec, meant in (("flie", 'did you mean "file"'),
                        ("psas:x", 'did you mean "pass"'),
                        ("zzzzzz", "file, pass, gopass"),
                        ("", "file, pass, gopass")):
        store.spec = spec
        command = [store.tool, "-s", spec, "list"]
        ran = subprocess.run(command, env=store.env, capture_output=True,
                             check=False)
        check(ran.returncode == 2 and meant in ran.stderr.decode(), ran)


NONE_CASES = [none_wraps, none_keeps_nothing, unknown_types]
