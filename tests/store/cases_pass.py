"""The real pass and gpg, and some that are not what they seem."""
import os
import stat
import subprocess

from harness import check, new_key, quiet


def fake(store, name, script):
    """A program of this name before all others."""
    os.makedirs(store.path("bin"), exist_ok=True)
    path = store.write(os.path.join("bin", name), script.encode())
    os.chmod(path, 0o700)
    store.env["PATH"] = store.path("bin") + ":" + os.environ["PATH"]


def first_line(store):
    """pass itself shows the key in the first line, metadata below"""
    key = new_key()
    store.ensure("kr-1", key).ok()
    name = os.path.relpath(store.entry("kr-1"), store.where())[:-4]
    lines = quiet("pass", "show", name, env=store.env).splitlines()
    check(lines[0] == key)
    check(b"operator: ann@example.com" in lines[1:], lines)


def first_line_gopass(store):
    """gopass itself shows the key as the password"""
    key = new_key()
    store.ensure("kr-1", key).ok()
    name = os.path.relpath(store.entry("kr-1"), store.where())[:-4]
    shown = quiet("gopass", "show", "--password", name, env=store.env)
    check(shown.rstrip(b"\n") == key)


def list_decrypts_nothing(store):
    """looking for a key needs no private key"""
    store.ensure("kr-1", new_key()).ok()
    fake(store, "gpg", "#!/bin/sh\nexit 9\n")
    fake(store, "gpg2", "#!/bin/sh\nexit 9\n")
    check(len(store.run("list").ok().fields()) == 1)
    check(store.run("newest").ok().fields()[0]["entry"] == "kr-1")


def other_things_there(store):
    """what people keep beside the entries is left alone"""
    store.ensure("kr-1", new_key()).ok()
    folder = os.path.dirname(store.entry("kr-1"))
    for name in ("notes.gpg", "kr-1.x.new.gpg", "README", ".hidden.gpg",
                 "kr-2.20261122T215046123Z.new." + "g" * 64 + ".gpg",
                 "kr-3.20269922T215046123Z.new." + "a" * 64 + ".gpg",
                 "kr-4.20261122T215046123Z.odd." + "a" * 64 + ".gpg"):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(b"x")
    listed = store.run("list").ok().fields()
    check([x["entry"] for x in listed] == ["kr-1"], listed)


def damaged(store):
    """a damaged entry is not taken for a key, and a fresh one is put"""
    key = new_key()
    store.ensure("kr-1", key).ok()
    path = store.entry("kr-1")
    with open(path, "rb") as file:
        good = file.read()
    for bad in (b"", good[:60], good[:-40], bytes(range(256)),
                good[:-30] + bytes([good[-30] ^ 1]) + good[-29:]):
        with open(path, "wb") as file:
            file.write(bad)
        store.run("prove", "kr-1").fails(8, "Mismatch")
    first = store.ensure("kr-2", key).ok().fields()[0]
    check(first == {"was-there": "no", "id": "kr-2"}, first)


def edited(store):
    """metadata that were edited are noticed; notes below are fine"""
    store.ensure("kr-1", new_key()).ok()
    path = store.entry("kr-1")
    name = os.path.relpath(path, store.where())[:-4]
    text = quiet("pass", "show", name, env=store.env)

    def rewrite(new):
        os.rename(path, path + ".before")
        subprocess.run(["pass", "insert", "-m", name], env=store.env,
                       input=new, check=True, stdout=subprocess.DEVNULL)

    rewrite(text.replace(b"ann@example.com", b"eve@example.com"))
    store.run("prove", "kr-1").fails(8, "Mismatch")
    rewrite(text + b"\nold notes\nhmac-sha256: nothing\n")
    store.run("prove", "kr-1").ok()
    rewrite(text.split(b"\n", 1)[0] + b"\n")
    store.run("prove", "kr-1").fails(8, "Mismatch", "no metadata")


def two_under_one_id(store):
    """two keys under one id are noticed, and neither is lost"""
    store.ensure("kr-1", new_key()).ok()
    path = store.entry("kr-1")
    other = path[:-4 - 64] + "b" * 64 + ".gpg"
    with open(path, "rb") as source, open(other, "wb") as file:
        file.write(source.read())
    store.run("prove", "kr-1").fails(8, "Mismatch", "two keys")
    os.unlink(path)
    store.run("prove", "kr-1").fails(8, "Mismatch")


def locked(store):
    """a private key whose passphrase nobody can type is "Locked" """
    home = store.path("locked")
    os.mkdir(home, 0o700)
    env = dict(store.env, GNUPGHOME=home)
    quiet("gpg", "--batch", "--quiet", "--pinentry-mode", "loopback",
          "--passphrase", "a passphrase", "--quick-gen-key",
          "locked <locked@example.com>", "future-default", "default", "never",
          env=env)
    with open(os.path.join(home, "gpg-agent.conf"), "w",
              encoding="utf-8") as file:
        file.write("pinentry-program /bin/false\n")
    quiet("gpgconf", "--kill", "all", env=env)
    env["PASSWORD_STORE_DIR"] = store.path("store2")
    quiet("pass", "init", "locked@example.com", env=env)
    store.run("probe", env=env).ok()
    store.ensure("kr-1", new_key(), env=env).fails(8, "Locked")
    quiet("gpgconf", "--kill", "all", env=env)


def locked_gopass(store):
    """the same of gopass"""
    env = dict(store.env, HOME=store.path("l"), GNUPGHOME=store.path("l", "g"))
    os.makedirs(store.path("l", "g"), 0o700)
    quiet("gpg", "--batch", "--quiet", "--pinentry-mode", "loopback",
          "--passphrase", "a passphrase", "--quick-gen-key",
          "locked <locked@example.com>", "future-default", "default", "never",
          env=env)
    store.write("l/g/gpg-agent.conf", b"pinentry-program /bin/false\n")
    quiet("gpgconf", "--kill", "all", env=env)
    quiet("gopass", "--yes", "init", "--storage", "fs", "locked@example.com",
          env=env, stdin=subprocess.DEVNULL)
    store.run("probe", env=env).ok()
    store.ensure("kr-1", new_key(), env=env).fails(8, "Locked", "GPG_TTY")
    quiet("gpgconf", "--kill", "all", env=env)


def not_set_up_gopass(store):
    """a gopass without a store: the next step"""
    store.run("probe", env={"HOME": store.path("elsewhere")}).fails(
        8, "StoreFailed", "gopass setup")


def no_private_key(store):
    """probe says so where entries could be written but never read"""
    quiet("gpgconf", "--kill", "all", env=store.env)
    public = quiet("gpg", "--export", env=store.env)
    env = dict(store.env, GNUPGHOME=store.path("public"))
    os.mkdir(store.path("public"), 0o700)
    quiet("gpg", "--batch", "--import", input=public, env=env)
    store.run("probe", env=env).fails(8, "Locked", "no private key")
    quiet("gpgconf", "--kill", "all", env=env)


def not_set_up(store):
    """no store, no pass: each with the next step"""
    env = {"PASSWORD_STORE_DIR": store.path("nothing")}
    store.run("probe", env=env).fails(8, "StoreFailed", "pass init")
    env = {"PATH": store.path("bin")}
    store.run("probe", env=env).fails(8, "StoreFailed", "not installed",
                                      "install it")
    store.ensure("kr-1", new_key(), env=env).fails(8, "StoreFailed",
                                                   "not installed")


def fakes(store):
    """a pass that lies, talks junk, hangs, or loses its reply"""
    fake(store, "pass", "#!/bin/sh\ncat > /dev/null\nexit 0\n")
    store.ensure("kr-1", new_key()).fails(8, "EntryNotFound")
    fake(store, "pass", "#!/bin/sh\ncat > /dev/null; sleep 30\n")
    store.config = '{"timeout": "1s"}'
    store.ensure("kr-2", new_key()).fails(8, "StoreFailed", "did not end")
    store.config = None
    fake(store, "pass", "#!/bin/sh\n"
         'if [ "$1" = insert ]; then /usr/bin/pass "$@"; exit 1; fi\n'
         'exec /usr/bin/pass "$@"\n')
    store.ensure("kr-3", new_key()).ok()
    fake(store, "pass", "#!/bin/sh\n"
         'if [ "$1" = show ]; then yes; fi\nexec /usr/bin/pass "$@"\n')
    store.ensure("kr-4", new_key()).fails(8, "StoreFailed", "printed more")
    fake(store, "pass", "#!/bin/sh\ncat >&2\nexit 1\n")
    store.ensure("kr-5", new_key()).fails(8, "StoreFailed",
                                          "message is not shown")


def read_only(store):
    """a password store that cannot be written is an error of the store"""
    if os.getuid() == 0:
        fake(store, "gpg", "#!/bin/sh\n"
             'case "$*" in *-e*) echo "gpg: No space left" >&2; exit 2;;\n'
             'esac\nexec /usr/bin/gpg "$@"\n')
        fake(store, "gpg2", '#!/bin/sh\nexec gpg "$@"\n')
    else:
        os.chmod(store.path("store"), stat.S_IRUSR | stat.S_IXUSR)
    store.ensure("kr-1", new_key()).fails(8, "StoreFailed", "pass insert")


def bad_items(store):
    """items that would leave the password store are refused"""
    for item in ("../x", "/etc", "a/../b", ".git", "a//b", "a/", "a/.b"):
        store.spec = "pass:" + item
        check(store.run("list").code == 2, item)


CASES = [first_line, list_decrypts_nothing, other_things_there, damaged,
         edited, two_under_one_id, locked, no_private_key, not_set_up, fakes,
         read_only, bad_items]

GOPASS_CASES = [first_line_gopass, damaged, locked_gopass, not_set_up_gopass]
