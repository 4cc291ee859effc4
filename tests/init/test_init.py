#!/usr/bin/env python3
"""init: what is written, what is asked, and what is left alone.

usage: test_init.py practice|real [WORD...]   tests whose names hold a word
"""

import json
import os
import re
import stat
import sys
import time
import traceback

import yaml

from stand import CRD, PRODUCTION, STAGING, Stand, schema, text_key


def check(condition, *told):
    if not condition:
        raise AssertionError(" ".join(str(item) for item in told))


def accepted(stand, *words):
    """It fits the schema for editors, the program's own reader takes it, and a
    rotation is planned by it."""
    root = schema.load("keyrot.schema.json")
    wrong = list(schema.errors(yaml.safe_load(stand.read()), root, root, "$"))
    check(not wrong, wrong)
    done = stand.run("plan", "rotate", *words)
    check(done.returncode == 0, done.stderr)
    return done.stdout


def has(text, *lines):
    for line in lines:
        check(line in text, repr(line), "is not in:\n" + text)


def test_writes_what_it_sees(stand):
    stand.fixture("--workload", "deployment/secrets-service,replicas=1",
                  "--workload", "statefulset/store,replicas=1,uses=volume")
    code, document, told = stand.json("init", "-n", stand.ns)
    check(code == 0, told)
    check(document["file"]["state"] == "created", document["file"])
    text = stand.read()
    check(text == document["file"]["text"], "the document has the text")
    stand.no_key_in(text)
    has(text, "service: secrets-service\n", "name: secrets-service-config",
        "key: SECRET_ENCRYPTION_KEY",
        "format: {bytes: 32, encoding: base64}",
        "#   aether-staging: deployment/secrets-service, statefulset/store\n",
        "{context: aether-staging, namespace: %s}" % stand.ns,
        "{context: aether-production, namespace: %s}" % stand.ns,
        "requires: staging", "confirm: true")
    check(text.count("\n  clusterID: ") == 2, text)
    check([(t["environment"], t["context"], len(t["consumers"]))
           for t in document["targets"]] ==
          [("staging", STAGING, 2), ("production", PRODUCTION, 2)],
          document["targets"])
    mode = stat.S_IMODE(os.stat(stand.home + "/keyrot.yaml").st_mode)
    check(mode & 0o077 == 0, oct(mode))
    has(accepted(stand), STAGING, PRODUCTION)
    for context in (STAGING, PRODUCTION):
        wrote = [r for r in stand.requests(context)
                 if r[0] not in ("GET", "get", "list")]
        check(not wrote, "init changes nothing:", wrote)


def test_twice_changes_nothing(stand):
    stand.fixture("--workload", "deployment/secrets-service,replicas=1")
    first = stand.run("init", "-n", stand.ns)
    check(first.returncode == 0, first.stderr)
    has(first.stdout, "keyrot.yaml: created")
    before = os.stat(stand.home + "/keyrot.yaml")
    again = stand.run("init", "-n", stand.ns)
    check(again.returncode == 0, again.stderr)
    has(again.stdout, "keyrot.yaml: unchanged")
    after = os.stat(stand.home + "/keyrot.yaml")
    check((before.st_ino, before.st_mtime_ns) ==
          (after.st_ino, after.st_mtime_ns), "it was not written again")
    mine = stand.read() + "operator: someone\n"
    stand.write("keyrot.yaml", mine)
    code, document, told = stand.json("init", "-n", stand.ns)
    check((code, document["reason"]) == (3, "FileExists"), document)
    has(told, "--allow-overwrite")
    check(stand.read() == mine, "a person's file is left alone")
    code, document, told = stand.json("init", "-n", stand.ns,
                                      "--allow-overwrite")
    check((code, document["file"]["state"]) == (0, "replaced"), told)
    check("operator: someone" not in stand.read(), stand.read())


def test_dry_run_only_prints(stand):
    stand.fixture("--workload", "deployment/secrets-service,replicas=1")
    printed = stand.run("init", "-n", stand.ns, "--dry-run")
    check(printed.returncode == 0, printed.stderr)
    check(not stand.there(), "nothing is written")
    for words in (["--dry-run=client"], ["-f", "-"]):
        done = stand.run("init", "-n", stand.ns, *words)
        check(done.stdout == printed.stdout, words, done.stdout, done.stderr)
        check(not stand.there(), "nothing is written")
    done = stand.run("init", "-n", stand.ns, "--file=conf/keyrot.yaml")
    check(done.returncode == 2, "no folder is made", done.stderr)
    os.mkdir(stand.home + "/conf")
    done = stand.run("init", "-n", stand.ns, "--file=conf/keyrot.yaml")
    check(done.returncode == 0, done.stderr)
    check(stand.read("conf/keyrot.yaml") == printed.stdout, "the same text")
    check(stand.run("init", "--dry-run=maybe").returncode == 2, "--dry-run")


def test_the_key_among_others(stand):
    """By form and name: tokens, passwords and certificates are none."""
    stand.namespace()
    stand.secret("gateway", {"API_KEY": text_key(), "TOKEN": text_key(),
                             "PASSWORD": "hunter2 is no key at all",
                             "DB_PASSWORD": text_key()})
    stand.secret("vault", {"data-encryption-key": text_key("hex"),
                           "note": "x" * 9000})
    stand.secret("odd", {"ENCRYPTION_KEY": "not base64, and not hex"})
    stand.secret("typed", {"ENCRYPTION_KEY": text_key()},
                 type_="example.com/other")
    code, document, told = stand.json("init", "-n", stand.ns)
    check(code == 0, told)
    seen = {(key["secret"], key["entry"], key["encoding"], key["bytes"])
            for cluster in document["clusters"] for key in cluster["keys"]}
    check(seen == {("vault", "data-encryption-key", "hex", 32)}, seen)
    has(stand.read(), "service: vault\n", "name: vault\n",
        "key: data-encryption-key\n", "format: {bytes: 32, encoding: hex}",
        "#   aether-staging: none\n")
    accepted(stand)


def test_two_that_could_be_it(stand):
    stand.namespace()
    stand.secret("one", {"ENCRYPTION_KEY": text_key()})
    stand.secret("two", {"ENCRYPTION_KEY": text_key()})
    code, document, told = stand.json("init", "-n", stand.ns)
    check((code, document["reason"]) == (2, "AnswerNeeded"), document)
    has(told, "one ENCRYPTION_KEY", "two ENCRYPTION_KEY",
        "--secret NAME --entry NAME", "--yes")
    check(not stand.there(), "nothing is written")
    code, document, told = stand.json("init", "-n", stand.ns, "--yes")
    check((code, document["targets"][0]["secret"]) == (0, "one"), told)
    has(stand.read(), "# Others that look like keys:\n#   two ENCRYPTION_KEY")
    os.remove(stand.home + "/keyrot.yaml")
    code, document, told = stand.json("init", "-n", stand.ns, "--secret=two")
    check((code, document["targets"][0]["secret"]) == (0, "two"), told)
    os.remove(stand.home + "/keyrot.yaml")
    code, seen = stand.on_terminal([("is written): ", "7"), ("is written): ", "two")],
                                   "init", "-n", stand.ns)
    check(code == 0, seen)
    has(seen, "Which entry holds the key", "That is none of them.",
        "keyrot.yaml: created")
    has(stand.read(), "name: two\n")
    os.remove(stand.home + "/keyrot.yaml")
    code, seen = stand.on_terminal([("is written): ", "\x04")],
                                   "init", "-n", stand.ns)
    check(code == 2 and not stand.there(), code, seen)
    code, seen = stand.on_terminal([("is written): ", "\x03")],
                                   "init", "-n", stand.ns)
    check(code == 130 and not stand.there(), code, seen)


def renamed(stand, staging, production):
    """The same clusters, called something else."""
    with open(stand.fleet.kubeconfig) as file:
        text = file.read()
    for old, new in ((STAGING, staging), (PRODUCTION, production)):
        text = re.sub(r'(: )"?([a-z]+@)?%s"?(?=[\s,}])' % old,
                      lambda found: found[1] + json.dumps(
                          (found[2] or "") + new), text)
    return {"KUBECONFIG": stand.write("kubeconfig", text)}


def test_contexts_that_say_nothing(stand):
    stand.fixture("--workload", "deployment/none")
    stand.env.update(renamed(stand, "blue", "green"))
    code, document, told = stand.json("init", "-n", stand.ns)
    check((code, document["reason"]) == (2, "AnswerNeeded"), document)
    has(told, "Which context is staging", "blue, green", "--staging CONTEXT")
    code, document, told = stand.json("init", "-n", stand.ns, "--staging",
                                      "green", "--production", "blue")
    check(code == 0, told)
    check([(t["environment"], t["context"]) for t in document["targets"]] ==
          [("staging", "green"), ("production", "blue")], document["targets"])
    os.remove(stand.home + "/keyrot.yaml")
    code, seen = stand.on_terminal(
        [("is written): ", "green"), ("is written): ", "")], "init", "-n", stand.ns)
    check(code == 0, seen)
    has(stand.read(), "{context: green,", "{context: blue,")
    text = stand.read()
    check(text.index("green,") < text.index("blue,"), "green is staging")
    # One alone is asked for nothing.
    os.remove(stand.home + "/keyrot.yaml")
    code, document, told = stand.json("init", "-n", stand.ns, "--context",
                                      "blue")
    check((code, [t["environment"] for t in document["targets"]]) ==
          (0, ["production"]), told)
    accepted(stand)
    code, document, told = stand.json("init", "--staging", "blu")
    check(code == 2, document)
    has(told, 'did you mean "blue"?')


def test_names_of_contexts(stand):
    stand.fixture("--workload", "deployment/none")
    for staging, production in (
            ("stg-eu1", "arn:aws:eks:eu-west-1:42:cluster/prod1"),
            ("team_pre-prod", "team_PROD"), ("k8s.qa", "k8s.live"),
            ("x: {staging}", "- 'prod' #")):
        stand.env.update(renamed(stand, staging, production))
        code, document, told = stand.json("init", "-n", stand.ns,
                                          "--allow-overwrite")
        check(code == 0, told)
        check([(t["environment"], t["context"])
               for t in document["targets"]] ==
              [("staging", staging), ("production", production)],
              document["targets"])
        has(accepted(stand), staging, production)


def test_may_not_look(stand):
    stand.fixture("--workload", "deployment/secrets-service,replicas=1")
    nobody = ["-n", stand.ns, "--staging=nobody@" + STAGING,
              "--production=nobody@" + PRODUCTION]
    code, document, told = stand.json("init", *nobody)
    check((code, document["reason"]) == (2, "NoKeySeen"), document)
    has(told, "--secret NAME --entry NAME")
    code, document, told = stand.json("init", *nobody, "--secret=mine",
                                      "--entry=K")
    check(code == 0, told)
    check(any("Secrets of namespace" in w and "403" in w
              for w in document["warnings"]), document["warnings"])
    has(stand.read(), "  # not all Secrets of namespace", "name: mine\n",
        "key: K\n", "# format:", "not seen")
    accepted(stand)
    # Who may read the one Secret alone has its form read.
    os.remove(stand.home + "/keyrot.yaml")
    for context in (STAGING, PRODUCTION):
        stand.fleet.cluster(context).grant(stand.ns, "rotator", [{
            "verbs": ["get"], "apiGroups": [""], "resources": ["secrets"],
            "resourceNames": ["secrets-service-config"]}])
    code, document, told = stand.json(
        "init", "-n", stand.ns, "--staging=rotator@" + STAGING,
        "--production=rotator@" + PRODUCTION)
    check(code == 0, told)
    check(document["clusters"][0]["keys"][0]["consumers"] is None,
          document["clusters"])
    has(stand.read(), "format: {bytes: 32, encoding: base64}",
        "workloads were not looked at")
    accepted(stand)


def test_one_that_does_not_answer(stand):
    stand.fixture("--workload", "deployment/secrets-service,replicas=1")
    with open(stand.fleet.kubeconfig) as file:
        text = file.read()
    server = stand.server(PRODUCTION)
    env = {"KUBECONFIG": stand.write(
        "kubeconfig", text.replace(server, "https://127.0.0.1:1"))}
    begin = time.monotonic()
    code, document, told = stand.json("init", "-n", stand.ns, env=env)
    check(code == 0, told)
    check(time.monotonic() - begin < 20, "it is not waited for")
    check(document["clusters"][1]["error"] and
          not document["clusters"][0]["error"], document["clusters"])
    has(told, "aether-production was not looked at")
    has(stand.read(), "# This one did not answer when the file was written:\n"
        "  - {context: aether-production, namespace: %s}" % stand.ns)
    accepted(stand)
    os.remove(stand.home + "/keyrot.yaml")
    code, document, told = stand.json("init", "-n", stand.ns,
                                      "--production=" + PRODUCTION, env=env)
    check(code == 4 and not stand.there(), document)


def test_what_stands_beside_it(stand):
    stand.fixture("--workload", "deployment/secrets-service,replicas=1")
    services = "/api/v1/namespaces/%s/services" % stand.ns
    for context in (STAGING, PRODUCTION):
        if stand.real:
            stand.crd(context, CRD)
        for name, port in (("prometheus-node-exporter", 9100),
                           ("my-prometheus", 9090)):
            stand.post(context, services, {
                "apiVersion": "v1", "kind": "Service",
                "metadata": {"name": name}, "spec": {
                    "selector": {"app": "x"},
                    "ports": [{"name": "web", "port": port,
                               "protocol": "TCP"}]}})
        stand.post(context, "/apis/argoproj.io/v1alpha1/namespaces/%s/"
                   "applications" % stand.ns, {
                       "apiVersion": "argoproj.io/v1alpha1",
                       "kind": "Application",
                       "metadata": {"name": "secrets"},
                       "spec": {"destination": {"namespace": stand.ns},
                                "syncPolicy": {"automated": {
                                    "selfHeal": True}}}})
    stand.write(".git/HEAD", "x\n")
    stand.write("deploy/k8s/base/secret-other.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: other}\n")
    stand.write("deploy/k8s/base/secret-broken.yaml", "a: [\n")
    manifest = ("apiVersion: v1\nkind: Secret\nmetadata:\n"
                "  name: secrets-service-config\n")
    path = "deploy/k8s/base/aether/secret-secrets-service-config.yaml"
    stand.write(path, manifest)
    code, document, told = stand.json("init", "-n", stand.ns)
    check(code == 0, told)
    found = document["clusters"][1]["prometheus"]
    check({"namespace": stand.ns, "service": "my-prometheus", "port": 9090}
          in found, found)
    check(not any("exporter" in one["service"] for one in found), found)
    check(document["manifest"] == path, document["manifest"])
    check(not any("holds data" in w for w in document["warnings"]),
          document["warnings"])
    has(stand.read(), "manifest: %s\n" % path, "/my-prometheus, port 9090",
        "# Argo CD, in aether-staging: Application %s/secrets syncs this "
        "namespace, and heals" % stand.ns)
    accepted(stand)
    # From a folder below; and a manifest with a value in it.
    value = text_key()
    stand.keys.append(value)
    stand.write(path, manifest + "stringData:\n  K: %s\n" % value)
    os.mkdir(stand.home + "/conf")
    code, document, told = stand.json("init", "-n", stand.ns,
                                      "-f", "conf/keyrot.yaml")
    check((code, document["manifest"]) == (0, "../" + path), document)
    has(told, "holds data")
    stand.no_key_in(stand.read("conf/keyrot.yaml"))


def test_keyring(stand):
    stand.namespace()
    stand.secret("ring", {"ENCRYPTION_KEY": text_key(),
                          "ENCRYPTION_KEY_PREVIOUS": text_key()})
    code, document, told = stand.json("init", "-n", stand.ns)
    check(code == 0, told)
    has(stand.read(), "mode: keyring\n", "key: ENCRYPTION_KEY\n")
    accepted(stand)


def test_flags(stand):
    stand.fixture("--workload", "deployment/none")
    code, _, told = stand.json(
        "init", "-n", stand.ns, "--store", "pass:Team/Key",
        "--prometheus=https://prometheus.example/team")
    check(code == 0, told)
    has(stand.read(), 'store: "pass:Team/Key"\n',
        'url: "https://prometheus.example/team"')
    accepted(stand)
    for words in (["--store=shelf"], ["--secret=No!"], ["--entry=../x"],
                  ["--prometheus=https://u:p@host"],
                  ["--staging", STAGING, "--production", STAGING]):
        code, document, _ = stand.json("init", "-n", stand.ns, "--yes",
                                       "--allow-overwrite", *words)
        check(code == 2, words, document)


def test_all_namespaces(stand):
    """A context that names no namespace: the whole cluster is looked at."""
    stand.fixture("--workload", "deployment/secrets-service,replicas=1",
                  "--secret", "only-" + stand.ns, "--entry", "FIELD_KEY")
    text = stand.without_namespaces()
    env = {"KUBECONFIG": stand.write("kubeconfig", text)}
    code, document, told = stand.json("init", "--entry=FIELD_KEY", env=env)
    check(code == 0, told)
    check([(t["namespace"], t["secret"]) for t in document["targets"]] ==
          [(stand.ns, "only-" + stand.ns)] * 2, document["targets"])
    check(all(cluster["namespace"] == "default"
              for cluster in document["clusters"]), document["clusters"])


def test_many_secrets_practice(stand):
    """Read in pages; no more of them than are looked at."""
    stand.many(stand.ns, 1200)
    stand.secret("zz-last", {"ENCRYPTION_KEY": text_key()},
                 contexts=[STAGING])
    code, document, told = stand.json("init", "-n", stand.ns, "--context",
                                      STAGING)
    check(code == 0, told)
    check(document["targets"][0]["secret"] == "zz-last", document["targets"])
    pages = [path for verb, path in stand.requests(STAGING)
             if "/secrets?" in path]
    check(len(pages) == 3 and all("limit=500" in path for path in pages),
          pages)


def main():
    kind, words = sys.argv[1], sys.argv[2:]
    tests = [(name[5:], test) for name, test in sorted(globals().items())
             if name.startswith("test_")
             and (not words or any(word in name for word in words))
             and (kind == "practice" or not name.endswith("_practice"))]
    failed = 0
    stand = Stand(kind)
    try:
        for name, test in tests:
            stand.fresh()
            begin = time.monotonic()
            try:
                test(stand)
                word = "ok"
            except Exception:  # noqa: BLE001
                failed += 1
                word = "FAILED\n" + traceback.format_exc()
            print("%6.1f s  %-32s %s" % (time.monotonic() - begin, name, word),
                  flush=True)
    finally:
        stand.close()
    print("%d passed, %d failed" % (len(tests) - failed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
