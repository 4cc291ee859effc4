"""op and bw, as their stand-ins have them."""
import json
import time

from harness import check, new_key, windows


def says_yes(store):
    """it says yes and stores nothing: not believed"""
    store.mode("liar")
    store.ensure("kr-1", new_key()).fails(8, "EntryNotFound")


def adds_a_newline(store):
    """a line break more, or a key cut short: noticed when read back"""
    for mode in ("newline", "cut"):
        store.mode(mode)
        store.ensure(f"kr-{mode}", new_key()).fails(8, "Mismatch")


def lost_reply(store):
    """it stored the key and then failed, or hung: what is there counts"""
    key = new_key()
    store.mode("lost")
    store.ensure("kr-1", key).ok()
    store.mode("")
    check(store.read("kr-1") == key)
    store.mode("lost-hang")
    store.fields["timeout"] = "6s"
    store.ensure("kr-2", new_key()).ok()


def junk(store):
    """answers that are no JSON are refused"""
    store.ensure("kr-1", new_key()).ok()
    store.mode("junk")
    for args in (("list",), ("prove", "kr-1"), ("probe",)):
        store.run(*args).fails(8, "StoreFailed")
    store.mode("endless")
    store.run("list").fails(8, "StoreFailed", "printed more")


def hangs(store):
    """a program that hangs is killed at the limit"""
    store.mode("hang")
    store.fields["timeout"] = "1s"
    start = time.time()
    store.run("probe").fails(8, "StoreFailed", "did not end within 1s")
    check(time.time() - start < 8)


def disk_full(store):
    """it cannot write: its own words are shown"""
    store.mode("full")
    store.ensure("kr-1", new_key()).fails(8, "StoreFailed", "ENOSPC")


def quotes_the_key(store):
    """a complaint that holds the key is not shown"""
    store.mode("refuse")
    store.ensure("kr-1", new_key()).fails(8, "StoreFailed",
                                          "message is not shown")


def locked(store):
    """locked, before and half-way: "Locked", and how to open it"""
    store.ensure("kr-1", new_key()).ok()
    store.mode("locked")
    for args in (("probe",), ("list",), ("prove", "kr-1")):
        store.run(*args).fails(8, "Locked", store.opens_by)
    store.ensure("kr-2", new_key()).fails(8, "Locked")


def wrong_password(store):
    """a credential that is wrong, or none: "Locked" """
    store.ensure("kr-1", new_key()).ok()
    variable, right = store.variable, store.env.pop(store.variable)
    store.run("list").fails(8, "Locked", store.opens_by)
    store.run("list", env={variable: "wrong"}).fails(8, "Locked")
    path = store.write("credential", right.encode() + b"\n")
    store.fields[store.field] = "file:" + path
    store.run("list").ok()
    store.fields[store.field] = "env:ELSEWHERE"
    store.run("list").fails(8, "Locked", "ELSEWHERE is not set")
    store.run("list", env={"ELSEWHERE": right}).ok()
    store.fields[store.field] = right
    store.run("list").fails(8, "StoreFailed", "name where it is")


def pipes_alone(store):
    """the key is in no argument and no variable of any run"""
    keys = [new_key() for _ in range(3)]
    for i, key in enumerate(keys):
        store.ensure(f"kr-{i}", key).ok()
        store.read(f"kr-{i}")
    calls = store.calls()
    check(len(calls) > 9, len(calls))
    for key in keys:
        for window in windows(key):
            check(window.decode() not in json.dumps(calls), "in a call")


def environment(store):
    """the environment is an allow-list"""
    store.run("probe", env={"SECRET_ENCRYPTION_KEY": "x", "OTHER": "y"}).ok()
    for call in store.calls():
        check(not {"SECRET_ENCRYPTION_KEY", "OTHER"} & set(call["env"]))


def writes_are_creates(store):
    """nothing but looking and creating is ever asked of it"""
    store.ensure("kr-1", new_key()).ok()
    store.put("kr-1", new_key()).fails(8, "EntryExists")
    store.run("newest").ok()
    words = {" ".join(call["argv"][:2]) for call in store.calls()}
    check(words <= store.allowed, words)


def not_installed(store):
    """a program that is not there is named, with the next step"""
    store.run("probe", env={"PATH": store.path("nowhere")}).fails(
        8, "StoreFailed", "install")


CASES = [says_yes, adds_a_newline, lost_reply, junk, hangs, disk_full,
         quotes_the_key, locked, wrong_password, pipes_alone, environment,
         writes_are_creates, not_installed]


def sees_others(store):
    """what others put on the server is seen: it is synced before each look"""
    store.ensure("kr-1", new_key()).ok()
    item = store.items()[0]
    item["id"] = "of-another-machine"
    item["name"] = item["name"].replace("kr-1.", "kr-2.")
    store.write("standin/items/of-another-machine.json",
                json.dumps(item).encode())
    store.put("kr-2", new_key()).fails(8, "EntryExists")
    store.mode("offline")
    store.run("list").fails(8, "StoreFailed", "api.bitwarden.com")


def logged_out(store):
    """nobody logged in is said, and how to"""
    store.mode("logged-out")
    store.run("probe").fails(8, "Locked", "nobody is logged in", "bw login")


def to_a_collection(store):
    """an organization's collection is named in the item"""
    store.fields.update(organization="org-1", collection="col-1")
    store.ensure("kr-1", new_key()).ok()
    item = store.items()[0]
    check((item["organizationId"], item["collectionIds"]) ==
          ("org-1", ["col-1"]), "not in the collection")


def too_large(store):
    """a key that is larger than the service allows is refused, and said"""
    store.run("ensure", "kr-1", store.write("large", b"x" * 6000)).fails(
        8, "StoreFailed", "5000 characters")


BW_CASES = [sees_others, logged_out, to_a_collection, too_large]


def no_vault(store):
    """a service account without a vault, or a vault that is not there"""
    del store.fields["vault"]
    store.run("probe").fails(8, "StoreFailed", "vault query")
    store.fields["vault"] = "Nowhere"
    store.run("probe").fails(8, "StoreFailed", "isn't a vault")


def session(store):
    """a session of op signin is handed on"""
    del store.env["OP_SERVICE_ACCOUNT_TOKEN"]
    store.run("probe", env={"OP_SESSION_team": "right"}).ok()


OP_CASES = [no_vault, session]
