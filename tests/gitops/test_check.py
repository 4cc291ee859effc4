"""gitops check: is a key found, in every form, wherever it hides; and is
what could not be looked at never a pass?"""

import base64
import json
import os
import stat
import subprocess
import time

from stand import (ENTRY, SECRET, Repository, check, fingerprint, new_key)

FAILED = 6


def found(document):
    return [(f["rule"], f["path"], f["line"], f["fingerprint"])
            for f in document["findings"]]


def silent(text, *secrets):
    """Not a character of the key in what is said: no run of 10."""
    for secret in secrets:
        for at in range(len(secret) - 9):
            check(secret[at:at + 10] not in text, "shown:", text)


def look(repo, *words):
    code, document, told = repo.json("gitops", "check", "--offline", *words)
    return code, document, json.dumps(document) + told


def manifest(**data):
    lines = "".join("  %s: %s\n" % item for item in data.items())
    return ("apiVersion: v1\nkind: Secret\nmetadata:\n  name: %s\n" % SECRET
            + ("data:\n" + lines if data else ""))


def b64(text):
    if isinstance(text, str):
        text = text.encode()
    return base64.b64encode(text).decode()


def test_clean():
    with Repository() as repo:
        repo.keep(new_key())
        repo.write("deploy/secret-%s.yaml" % SECRET, manifest())
        repo.write("README", "sha256sum: %s\n" % fingerprint("x"))
        repo.commit("manifest")
        code, document, told = look(repo)
        check(code == 0 and not document["findings"], told)
        check(document["manifest"] == "deploy/secret-%s.yaml" % SECRET, told)
        check(document["knownKeys"] == 1 and document["objects"] > 5, told)


def forms(key):
    raw = base64.b64decode(key)
    safe = key.replace("+", "-").replace("/", "_")
    return {
        "text": key,
        "no padding": key.rstrip("="),
        "after a name": "export KEY=%s;" % key,
        "in a path": "https://example.org/%s" % key,
        "glued": "x-%s" % key,
        "in quotes": 'run("%s")' % key,
        "in the middle of a line": "the key is %s, do not tell" % key,
        "escaped newline": '{"a": "x\\n%s"}' % key.rstrip("="),
        "url-safe": safe,
        "url-safe, no padding": "a/%s" % safe.rstrip("="),
        "base64 of the text": "x: %s" % b64(key),
        "base64, no padding": "x: %s" % b64(key).rstrip("="),
        "base64 of the text and a newline": "x: %s" % b64(key + "\n"),
        "... in a sentence": "see %s there" % b64(key + "\n"),
        "base64 in JSON": '{"data":{"K":"%s"},"type":"Opaque"}' % b64(key),
        "hex of the bytes": "x %s y" % raw.hex(),
        "hex in upper case": "x %s y" % raw.hex().upper(),
        "hex of the text": "x %s y" % key.encode().hex(),
        "in a long line": "z" * 20000 + " " + key + " " + "z" * 20000,
        "over a cut": "z" * 8170 + " " + key + " " + "z" * 9000,
        "among bytes": b"\0\1\xff" + key.encode() + b"\0\xfe",
        "with CRLF": "a\r\nkey: %s\r\n" % key,
    }


def test_known_forms():
    """Where nothing but the fingerprint is known."""
    for _ in range(2):
        key = new_key()
        for name, text in forms(key).items():
            with Repository() as repo:
                repo.keep(key)
                repo.write("notes/a.bin", text)
                put = repo.commit("a note")
                repo.write("notes/a.bin", "nothing")
                repo.commit("away with it")
                code, document, told = look(repo)
                check(code == FAILED, name, key, told)
                check(document["reason"] == "KeyInGit", told)
                check(document["next"][0].startswith("kubectl keyrot rotate"),
                      told)
                check(len(document["findings"]) == 1, name, told)
                finding = document["findings"][0]
                check(finding["rule"] == "known-key"
                      and finding["commit"] == put
                      and finding["path"] == "notes/a.bin"
                      and finding["fingerprint"] == fingerprint(key)[:12]
                      and finding["line"] == (2 if "CRLF" in name else 1),
                      name, finding)
                silent(told, key, b64(key), base64.b64decode(key).hex())


def test_other_formats():
    for form, key in (
            ({"bytes": 32, "encoding": "hex"}, os.urandom(32).hex()),
            ({"bytes": 16, "encoding": "hex"}, os.urandom(16).hex()),
            ({"bytes": 32, "encoding": "base64url"},
             base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")),
            ({"bytes": 64, "encoding": "base64"}, new_key(64))):
        for text in ("K=%s" % key, "x: %s" % b64(key), "t: %s." % key):
            with Repository() as repo:
                repo.config(secret={"name": SECRET, "key": ENTRY,
                                    "format": form})
                repo.keep(key)
                repo.write("a", text + "\n")
                repo.commit("a")
                code, document, told = look(repo)
                check(code == FAILED and len(document["findings"]) == 1
                      and document["findings"][0]["rule"] == "known-key",
                      form, text, told)
                silent(told, key)


def test_foreign_keys():
    """A key from before the program came, of no format at all."""
    key = "correct horse#battery&staple!"
    for text in ("K: '%s'\n" % key.replace(" ", "_"),
                 "x: %s\n" % b64(key.replace(" ", "_"))):
        with Repository() as repo:
            repo.keep(key.replace(" ", "_"))
            repo.write("a.yaml", text)
            repo.commit("a")
            code, _, told = look(repo)
            check(code == FAILED, text, told)


def test_wherever_it_hides():
    key = new_key()

    def branch(repo):
        repo.git("checkout", "-q", "-b", "side")
        repo.write("a", key)
        repo.commit("side")
        repo.git("checkout", "-q", "main")

    def message(repo):
        repo.commit("the key is\n\n%s" % key)

    def tag(repo):
        repo.git("tag", "-a", "v1", "-m", "key %s" % key)

    def stash(repo):
        repo.write("keyrot.yaml", repo.read("keyrot.yaml") + "\n# %s\n" % key)
        repo.git("stash", "-q")

    def staged(repo):
        repo.write("a", key)
        repo.git("add", "a")
        repo.write("a", "away")

    def tree(repo):
        repo.write("keyrot.yaml", repo.read("keyrot.yaml") + "\n# %s\n" % key)

    def new_file(repo):
        repo.write("some where/new", key)

    def merge(repo):
        repo.git("checkout", "-q", "-b", "side")
        repo.write("b", "b")
        repo.commit("b")
        repo.git("checkout", "-q", "main")
        repo.git("merge", "-q", "--no-ff", "--no-commit", "side")
        repo.write("evil", key)
        repo.commit("merge")
        repo.git("rm", "-q", "evil")
        repo.commit("away")

    def replaced(repo):
        repo.write("a", key)
        repo.commit("a")
        oid = repo.git("rev-parse", "HEAD:a")
        repo.write("a", "innocent")
        repo.commit("b")
        repo.git("replace", oid, repo.git("rev-parse", "HEAD:a"))

    def packed(repo):
        for n in range(20):
            repo.write("a", key[:-n or None] + "x" * n)
            repo.commit("a%d" % n)
        repo.git("gc", "-q", "--aggressive", "--prune=now")

    def dangling(repo):
        repo.write("a", key)
        repo.commit("a")
        repo.git("reset", "-q", "--hard", "HEAD~1")

    for hide in (branch, message, tag, stash, staged, tree, new_file, merge,
                 replaced, packed, dangling):
        with Repository() as repo:
            repo.keep(key)
            repo.commit("ledger")
            hide(repo)
            code, document, told = look(repo)
            check(code == FAILED and document["findings"],
                  hide.__name__, told)
            check(all(f["reachable"] == (hide is not dangling)
                      for f in document["findings"]), hide.__name__, told)
            if hide in (merge, branch, packed):
                check(document["findings"][0]["commit"]
                      and document["findings"][0]["path"],
                      hide.__name__, told)
            silent(told, key)


def test_ignored_is_not_git():
    key = new_key()
    with Repository() as repo:
        repo.keep(key)
        repo.write(".gitignore", "/secret.txt\n")
        repo.commit("ledger")
        repo.write("secret.txt", key)
        code, _, told = look(repo)
        check(code == 0, told)


def test_shape():
    """Nothing is known of the key: it is found by where it stands."""
    key = new_key()
    hidden = {
        "data": manifest(**{ENTRY: b64(key)}),
        "another name": manifest(other=b64(key)),
        "stringData": "kind: Secret\nstringData:\n  K: %s\n" % key,
        "quoted": 'kind: Secret\nstringData:\n  "K": "%s"\n' % key,
        "JSON": json.dumps({"data": {"K": b64(key)}, "kind": "Secret"}),
        "pretty JSON": json.dumps({"data": {"K": b64(key)},
                                   "kind": "Secret"}, indent=2),
        "hex": "kind: Secret\nstringData:\n  K: %s\n"
               % base64.b64decode(key).hex(),
        "second document": "kind: ConfigMap\n---\n" + manifest(a=b64(key)),
        "dotenv": "A=1\n%s=%s\n" % (ENTRY, key),
        "shell": "export %s='%s'\n" % (ENTRY, key),
        "literal": "kubectl create secret generic x "
                   "--from-literal=%s=%s\n" % (ENTRY, key),
        "kustomize": "secretGenerator:\n- name: x\n  literals:\n"
                     "  - %s=%s\n" % (ENTRY, key),
        "env": "env:\n- name: %s\n  value: %s\n" % (ENTRY, key),
        "previous": "%s_PREVIOUS: %s\n" % (ENTRY, key),
    }
    for name, text in hidden.items():
        with Repository() as repo:
            repo.write("deploy/x.txt", text)
            repo.commit("x")
            repo.git("rm", "-q", "deploy/x.txt")
            repo.commit("away")
            code, document, told = look(repo)
            check(code == FAILED and len(document["findings"]) == 1
                  and document["findings"][0]["rule"] == "key-shaped"
                  and document["findings"][0]["fingerprint"]
                  == fingerprint(key)[:12], name, told)
            silent(told, key, b64(key))
            repo.config(gitops={"harmless": [fingerprint(key)]})
            code, _, told = look(repo)
            check(code == 0, name, "is said to be harmless", told)


def test_no_false_alarm():
    harmless = {
        "a digest": "kind: Secret\nmetadata:\n  annotations:\n"
                    "    checksum/config: %s\n" % fingerprint("x"),
        "an image": "kind: Deployment\n---\nkind: Secret\n---\n"
                    "image: a@sha256:%s\n" % fingerprint("x"),
        "a config map": "kind: ConfigMap\ndata:\n  K: %s\n" % new_key(),
        "32 times the same byte": "%s=%s\n" % (ENTRY, b64(b"\0" * 32)),
        "a sealed one": "kind: SealedSecret\nspec:\n  data:\n    K: %s\n"
                        % new_key(),
        "the name alone": "env:\n- name: %s\n  valueFrom:\n" % ENTRY,
        "a certificate": "kind: Secret\ndata:\n  tls.crt: %s\n"
                         % b64(os.urandom(900)),
    }
    for name, text in harmless.items():
        with Repository() as repo:
            repo.keep(new_key())
            repo.write("x.yaml", text)
            repo.commit("x")
            code, _, told = look(repo)
            check(code == 0, name, told)


def test_harmless_never_hides_a_known_key():
    key = new_key()
    with Repository() as repo:
        repo.config(gitops={"harmless": [fingerprint(key)]})
        repo.keep(key)
        repo.write("x", "%s=%s\n" % (ENTRY, key))
        repo.commit("x")
        code, document, told = look(repo)
        check(code == FAILED
              and document["findings"][0]["rule"] == "known-key", told)


def test_manifest():
    with Repository() as repo:
        repo.config(manifest="deploy/s.yaml")
        repo.write("deploy/s.yaml",
                   "# two\nkind: ConfigMap\n---\n" + manifest(
                       **{ENTRY: b64("replace me"), "OTHER": "YQ=="}))
        repo.commit("x")
        code, document, told = look(repo)
        check(code == FAILED
              and found(document) == [("manifest", "deploy/s.yaml", 9, None)],
              told)
        repo.write("deploy/s.yaml", manifest(OTHER="YQ=="))
        code, _, told = look(repo)
        check(code == 0, told)
        repo.write("deploy/s.yaml", "a: [\n")
        code, document, told = look(repo)
        check(code == FAILED and document["reason"] == "ManifestUnreadable",
              told)
        os.remove(os.path.join(repo.root, "deploy/s.yaml"))
        code, document, told = look(repo)
        check(code == FAILED and document["reason"] == "ManifestUnreadable",
              told)


def test_not_all_of_it():
    """Shallow, partial, damaged: never a pass."""
    with Repository() as repo:
        repo.keep(new_key())
        for n in range(3):
            repo.write("big", os.urandom(2000).hex())
            repo.commit("c%d" % n)
        code, _, told = look(repo)
        check(code == 0, told)
        origin = "file://" + repo.root
        repo.git("config", "uploadpack.allowFilter", "true")
        for words in (("--depth", "1"), ("--filter=blob:none",)):
            copy = os.path.join(repo.home, "copy-" + words[0].strip("-")[:5])
            repo.git("clone", "-q", *words, origin, copy, cwd=repo.home)
            done = repo.run("gitops", "check", "--offline", "-o", "json",
                            cwd=copy)
            document = json.loads(done.stdout)
            check(done.returncode == FAILED
                  and document["reason"] == "HistoryIncomplete",
                  words, done.stdout, done.stderr)
        # An object that is gone, and one with other bytes in it.
        oid = repo.git("rev-parse", "HEAD~1:big")
        path = os.path.join(repo.root, ".git", "objects", oid[:2], oid[2:])
        with open(path, "rb") as file:
            whole = file.read()
        os.remove(path)
        code, document, told = look(repo)
        check(code == FAILED and document["reason"] == "HistoryIncomplete"
              and document["missing"] == 1, told)
        with open(path, "wb") as file:
            file.write(whole[:len(whole) // 2])
        code, document, told = look(repo)
        check(code == FAILED and document["reason"] == "HistoryIncomplete",
              told)


def test_unreadable_file():
    if os.geteuid() == 0:
        return
    with Repository() as repo:
        path = repo.write("x", "x")
        os.chmod(path, 0)
        code, document, told = look(repo)
        check(code == FAILED and document["reason"] == "HistoryIncomplete",
              told)
        os.chmod(path, stat.S_IRUSR)


def test_no_repository():
    with Repository() as repo:
        done = repo.run("gitops", "check", "--offline", "-o", "json",
                        cwd="/", env={"HOME": repo.home})
        check(done.returncode == 2
              and json.loads(done.stdout)["reason"] == "NoRepository",
              done.stdout, done.stderr)


def test_git_hook():
    """As pre-push: Git's variables name its own folder; and a pass through
    -C, from a folder below."""
    key = new_key()
    with Repository() as repo:
        repo.keep(key)
        repo.write("a/b", key)
        repo.commit("x")
        code, _, told = look(repo, "--repository", os.path.join(repo.root,
                                                                "a"))
        check(code == FAILED, told)
        hook = os.path.join(repo.root, ".git/hooks/pre-push")
        with open(hook, "w") as out:
            out.write("#!/bin/sh\nexec %s gitops check --offline\n"
                      % repo.program)
        os.chmod(hook, 0o755)
        bare = os.path.join(repo.home, "bare")
        repo.git("init", "-q", "--bare", bare)
        done = subprocess.run(["git", "push", "-q", bare, "main"],
                              cwd=repo.root, env=repo.env,
                              capture_output=True, text=True)
        check(done.returncode != 0 and "a/b:1" in done.stdout + done.stderr,
              done)
        silent(done.stdout + done.stderr, key)


def test_bounded_memory():
    """A file of 20 MB in one line, and many small ones."""
    key = new_key()
    with Repository() as repo:
        repo.keep(key)
        repo.write("big", b64(os.urandom(15_000_000)) + " " + key)
        for n in range(500):
            repo.write("many/%d" % n, "line %d\n" % n * 20)
        repo.commit("big")
        program = subprocess.Popen(
            [repo.program, "gitops", "check", "--offline"], cwd=repo.root,
            env=repo.env, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        most = 0
        while program.poll() is None:
            with open("/proc/%d/status" % program.pid) as file:
                rows = dict(row.split(":", 1) for row in file)
            most = max(most, int(rows.get("VmHWM", "0 kB").split()[0]))
            time.sleep(0.005)
        check(program.returncode == FAILED, program.returncode)
        check(0 < most < 16 * 1024, "memory in KiB:", most)
