"""Databases of KeePassXC."""
import os
import subprocess

from harness import PASSPHRASE, check, new_key, quiet


def readable_without(store):
    """keepassxc-cli itself shows the key as the entry's password"""
    key = new_key()
    store.ensure("kr-1", key).ok()
    group = "Team/Secrets Service"
    database = store.path("team", "keys.kdbx")
    title = store.cli("ls", database, group).decode().strip()
    shown = store.cli("show", "--show-protected", "-a", "Password", "-a",
                      "Notes", database, f"{group}/{title}").splitlines()
    check(shown[0] == key and b"operator: ann@example.com" in shown, shown)


def wrong_password(store):
    """a wrong password is "Locked", and nothing is written"""
    store.ensure("kr-1", new_key()).ok()
    before = store.snapshot()
    store.write("passphrase", b"wrong\n")
    for args in (("probe",), ("list",), ("prove", "kr-1")):
        store.run(*args).fails(8, "Locked", "did not open")
    store.ensure("kr-2", new_key()).fails(8, "Locked")
    store.write("passphrase", PASSPHRASE.encode())
    check(store.snapshot() == before)


def locked(store):
    """without a password and a terminal: "Locked", with the next step"""
    store.options = []
    store.run("probe").fails(8, "Locked")
    store.ensure("kr-1", new_key()).fails(8, "Locked")


def key_file(store):
    """a key file is used beside the password"""
    database = store.path("team", "two.kdbx")
    store.cli("db-create", "--set-password", "--set-key-file",
              store.path("team", "two.key"), "--decryption-time", "100",
              database, lines=2)
    store.spec = "keepassxc:" + database
    store.run("probe").fails(8, "Locked")
    store.config = '{"keyFile": "%s"}' % store.path("team", "two.key")
    key = new_key()
    store.ensure("kr-1", key).ok()
    check(store.read("kr-1") == key)


def no_database(store):
    """a database that is not there is not made; a damaged one is an error"""
    store.spec = "keepassxc:" + store.path("none.kdbx")
    store.run("probe").fails(8, "StoreFailed", "keepassxc-cli db-create")
    store.ensure("kr-1", new_key()).fails(8, "StoreFailed")
    check(not os.path.exists(store.path("none.kdbx")))
    store.write("none.kdbx", b"junk")
    store.run("probe").fails(8, "StoreFailed")
    store.spec = "keepassxc"
    check(store.run("probe").code == 2)


def full_file_system(store):
    """on a disk that is full, the database stays whole (as root)"""
    if os.getuid() != 0:
        return
    folder, database = store.path("team"), store.path("team", "keys.kdbx")
    key = new_key()
    store.ensure("kr-1", key).ok()
    with open(database, "rb") as file:
        good = file.read()
    size = 4096 * -(-len(good) // 4096)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o",
                              f"size={2 * size}", "tmpfs", folder],
                             check=False, capture_output=True)
    if mounted.returncode:
        return
    try:
        store.write("team/keys.kdbx", good)
        store.put("kr-2", new_key()).fails(8, "StoreFailed")
        with open(database, "rb") as file:
            check(file.read() == good, "the database was changed")
        check(os.listdir(folder) == ["keys.kdbx"], os.listdir(folder))
        check(store.read("kr-1") == key)
    finally:
        subprocess.run(["umount", folder], check=True)


def other_things_there(store):
    """what people keep in the database is left alone"""
    database = store.path("team", "keys.kdbx")
    store.cli("mkdir", database, "Team")
    quiet("keepassxc-cli", "add", "--generate", database, "Team/mail",
          env=store.env, input=PASSPHRASE.encode() + b"\n")
    before = store.snapshot()
    store.ensure("kr-1", new_key()).ok()
    now = store.snapshot()
    check(before.items() <= now.items() and len(now) == len(before) + 1)
    check([x["entry"] for x in store.run("list").ok().fields()] == ["kr-1"])


CASES = [readable_without, wrong_password, locked, key_file, no_database,
         full_file_system, other_things_there]
