"""Exec credential plugins."""
import json
import sys

from case import Case

REFUSED = {"ours": "refused"}
GROUP = "client.authentication.k8s.io/"
V1, BETA = GROUP + "v1", GROUP + "v1beta1"

# Writes down how it was run, and prints the file reply-N of its Nth run.
PLUGIN = f"#!{sys.executable} -S\n" + """\
import json, os, stat, sys
mode = os.fstat(0).st_mode
log = open(os.environ["PLUGIN_LOG"], "a+")
log.seek(0)
run = len(log.readlines()) + 1
log.write(json.dumps({
    "info": json.loads(os.environ["KUBERNETES_EXEC_INFO"]),
    "raw": os.environ["KUBERNETES_EXEC_INFO"][-1],
    "args": sys.argv[1:], "folder": os.getcwd(),
    "env": {k: v for k, v in os.environ.items() if k.startswith("X_")},
    "stdin": "terminal" if os.isatty(0) else
             "null" if os.path.samefile("/dev/fd/0", "/dev/null") else "other",
}) + "\\n")
log.close()
if os.environ.get("X_ERR"):
    sys.stderr.write(os.environ["X_ERR"])
for number in (run, 1):
    if os.path.exists("reply-%d" % number):
        sys.stdout.write(open("reply-%d" % number).read())
        break
if os.environ.get("X_SIGNAL"):
    os.kill(os.getpid(), int(os.environ["X_SIGNAL"]))
sys.exit(int(os.environ.get("X_EXIT", "0")))
"""


def reply(version=V1, **status):
    return json.dumps({"apiVersion": version, "kind": "ExecCredential",
                       "status": status})


class Maker:
    """Cases around one plugin."""

    def __init__(self, writer):
        self.w = writer

    def config(self, entry, cluster=None, **user):
        whole = {"apiVersion": V1, "command": "plugin",
                 "interactiveMode": "Never"}
        whole.update(entry or {})
        whole = {k: v for k, v in whole.items() if v is not None}
        return self.w.config(cluster, dict(user, exec=whole))

    def __call__(self, name, entry=None, *args, says_back=None, cluster=None,
                 user=None, files=None, **more):
        answers = says_back if says_back is not None else [
            reply(token="tok-exec")]
        whole = {"config": self.config(entry, cluster, **(user or {})),
                 "bin/plugin": PLUGIN}
        for number, text in enumerate(answers, 1):
            whole[f"reply-{number}"] = text
        whole.update(files or {})
        return Case("exec: " + name, whole, list(args), **more)


def how_it_is_run(case):
    far = "https://api.test.example:6443"
    w = case.w
    yield case("a token")
    yield case("v1beta1", {"apiVersion": BETA},
               says_back=[reply(BETA, token="tok-exec")])
    yield case("arguments", {"args": ["a", "b c", "", "$HOME", "'"]})
    yield case("environment", {"env": [
        {"name": "X_ONE", "value": "1"}, {"name": "X_TWO", "value": ""}]})
    yield case("environment of the parent, and over it", {"env": [
        {"name": "X_TWO", "value": "new"}]},
        env={"X_ONE": "old", "X_TWO": "old"})
    yield case("one variable twice", {"env": [
        {"name": "X_ONE", "value": "1"}, {"name": "X_ONE", "value": "2"}]})
    yield case("EXEC_INFO cannot be overridden", {"env": [
        {"name": "KUBERNETES_EXEC_INFO", "value": "x"}]})
    yield case("a variable without a name", {"env": [
        {"name": "", "value": "1"}]}, **REFUSED, says=["exec.env"])
    yield case("beside the kubeconfig", {"command": "./tools/plugin"},
               files={"tools/plugin": PLUGIN})
    yield case("beside the kubeconfig, which is elsewhere",
               env={"KUBECONFIG": "sub/config"}, files={
                   "sub/config": case.config({"command": "tools/plugin"}),
                   "sub/tools/plugin": PLUGIN, "tools/plugin": "#!/bin/false"})
    yield case("absolute", files={"config": json.dumps(case.config(
        {"command": "/PLACE/tools/plugin"})), "tools/plugin": PLUGIN})
    yield case("PATH of exec.env is not searched", {
        "command": "other", "env": [{"name": "PATH", "value": "tools"}]},
        files={"tools/other": PLUGIN}, **REFUSED)
    yield case("a relative folder on PATH is not searched",
               {"command": "other"}, env={"PATH": "tools:/usr/bin:/bin"},
               files={"tools/other": PLUGIN}, **REFUSED)
    yield case("not installed", {"command": "other",
                                 "installHint": "brew install other"},
               **REFUSED, says=["other is not installed", "brew install other"])
    yield case("not installed, the hint drives the terminal", {
        "command": "other", "installHint": "a\x1b[2Jb\u202ec\nd\u00e9"},
        **REFUSED, says=["aU+001B[2JbU+202Ec\nd\u00e9"])
    yield case("missing file", {"command": "./other"}, **REFUSED,
               says=["./other"])
    yield case("not executable", {"command": "./other"},
               files={"other": "x"}, **REFUSED, says=["other"])
    yield case("fails", {"env": [{"name": "X_EXIT", "value": "3"}]},
               **REFUSED, says=["exit code 3"])
    yield case("is killed", {"env": [{"name": "X_SIGNAL", "value": "9"}]},
               **REFUSED, says=["signal 9"])
    yield case("its own words are shown", {"env": [
        {"name": "X_ERR", "value": "open https://login.example\n"}]},
        noisy=True, says=["open https://login.example"])
    yield case("cluster info", {"provideClusterInfo": True})
    yield case("cluster info: authority by file",
               {"provideClusterInfo": True}, cluster=w.cluster(
                   drop=["certificate-authority-data"],
                   certificate_authority="ca.crt"),
               files={"ca.crt": "words before\n" + w.pki.text("ca.crt")})
    yield case("cluster info: everything", {"provideClusterInfo": True},
               cluster=w.cluster(
                   server="https://api.test.example:7443/p?q",
                   proxy_url="http://me:pw-x@203.0.113.5:3128",
                   tls_server_name="front.test.example",
                   disable_compression=True, extensions=[
                       {"name": "other", "extension": {"x": 1}},
                       {"name": GROUP + "exec", "extension": {
                           "n": 12, "f": 1.5, "t": True, "z": None,
                           "s": "x\u00e9<&>", "l": [1, {"a": []}]}}]))
    yield case("cluster info: insecure", {"provideClusterInfo": True},
               cluster={"server": "https://127.0.0.1:7444",
                        "insecure-skip-tls-verify": True})
    yield case("cluster info: flags", {"provideClusterInfo": True},
               "--server=https://localhost:7443",
               "--tls-server-name=front.test.example")
    yield case("cluster info: config is a text",
               {"provideClusterInfo": True}, cluster=w.cluster(extensions=[
                   {"name": GROUP + "exec", "extension": "words"}]))
    yield case("cluster info: proxies of the environment are not in it",
               {"provideClusterInfo": True}, cluster=w.cluster(server=far),
               env={"HTTPS_PROXY": "http://203.0.113.5:3128"})


def terminals(case):
    for mode in ("Never", "IfAvailable", "Always"):
        yield case(f"{mode}, on a terminal", {"interactiveMode": mode},
                   terminal=True)
    yield case("IfAvailable, no terminal", {"interactiveMode": "IfAvailable"})
    yield case("Always, no terminal", {"interactiveMode": "Always"},
               **REFUSED, says=["not a terminal"])
    yield case("mode missing", {"interactiveMode": None}, **REFUSED,
               says=["interactiveMode is missing"])
    yield case("mode missing, v1beta1", {"interactiveMode": None,
                                         "apiVersion": BETA},
               says_back=[reply(BETA, token="tok-exec")], terminal=True)
    yield case("mode unknown", {"interactiveMode": "Sometimes"}, **REFUSED,
               says=["Never, IfAvailable or Always"])
    yield case("IfAvailable, but standard input holds the key",
               {"interactiveMode": "IfAvailable"}, terminal=True,
               our_args=["--stdin-is-taken=true"], ours="accepted",
               differs="kubectl get reads nothing from standard input")
    yield case("Always, but standard input holds the key",
               {"interactiveMode": "Always"}, terminal=True,
               our_args=["--stdin-is-taken=true"], **REFUSED,
               says=["the key is read from standard input"],
               differs="kubectl get reads nothing from standard input")


def what_it_says(case):
    w = case.w
    alice, key = w.pki.text("alice.crt"), w.pki.text("alice.key")

    def back(name, text, **more):
        return case("reply: " + name, says_back=[text], **more)

    yield back("certificate", reply(clientCertificateData=alice,
                                    clientKeyData=key))
    yield back("certificate and token", reply(
        clientCertificateData=alice, clientKeyData=key, token="tok-exec"))
    yield back("YAML", f"apiVersion: {V1}\nkind: ExecCredential\n"
                       "status:\n  token: tok-exec\n")
    yield back("unknown fields", json.dumps({
        "apiVersion": V1, "kind": "ExecCredential", "more": 1,
        "spec": {"interactive": False},
        "status": {"token": "tok-exec", "other": {}}}))
    yield back("empty", "", **REFUSED, says=["ExecCredential"])
    yield back("empty mapping", "{}", **REFUSED)
    yield back("no YAML", "tok-raw: [", **REFUSED, says=["its output:2"])
    yield back("bare token", "tok-raw", **REFUSED)
    yield back("list", "[]", **REFUSED)
    yield back("another version", reply(BETA, token="tok-exec"), **REFUSED,
               says=["another API version"])
    yield back("another kind", reply(token="tok-exec").replace(
        "ExecCredential", "Pod"), **REFUSED)
    yield back("no status", json.dumps({
        "apiVersion": V1, "kind": "ExecCredential"}), **REFUSED,
        says=["no status"])
    yield back("empty status", reply(), **REFUSED, says=["neither a token"])
    yield back("null token", reply(token=None), **REFUSED)
    yield back("number for a token", reply(token=1), **REFUSED)
    yield back("certificate alone", reply(clientCertificateData=alice),
               **REFUSED, says=["not both"])
    yield back("key alone", reply(clientKeyData=key, token="tok-x"),
               **REFUSED)
    yield back("pair that does not fit", reply(
        clientCertificateData=w.pki.text("bob.crt"), clientKeyData=key),
        **REFUSED, says=["do not belong together"])
    yield back("base64 where PEM is wanted", reply(
        clientCertificateData=w.data("alice.crt"),
        clientKeyData=w.data("alice.key")), **REFUSED, says=["PEM"])
    yield back("token with a line end", reply(token="tok-exec\n"), **REFUSED,
               says=["line break"])
    yield back("expires in the future", reply(
        token="tok-exec", expirationTimestamp="2100-01-01T00:00:00Z"))
    yield back("no time stamp", reply(token="tok-exec",
                                      expirationTimestamp="tomorrow"),
               **REFUSED, says=["expirationTimestamp"])
    yield back("null time stamp", reply(token="tok-exec",
                                        expirationTimestamp=None))
    yield back("expired already", reply(
        token="tok-exec", expirationTimestamp="2020-01-01T00:00:00Z"),
        ours="accepted",
        differs="one request is made instead of several: fewer runs")
    yield case("401: new credentials, and once more",
               says_back=[reply(token="tok-stale"), reply(token="tok-fresh")],
               checks=[lambda ours: [] if len(ours["plugin"]) == 2 else
                       ["must be run twice"]])
    yield case("401 again", says_back=[reply(token="tok-stale")], **REFUSED,
               checks=[lambda ours: [] if len(ours["plugin"]) == 2 else
                       ["must be run twice"]])
    yield case("401 of a certificate and its renewal", says_back=[
        reply(token="tok-stale", clientCertificateData=alice,
              clientKeyData=key),
        reply(clientCertificateData=w.pki.text("bob.crt"),
              clientKeyData=w.pki.text("bob.key"))],
        checks=[lambda ours: [] if ours["request"] and
                ours["request"]["peer"] == "bob" else ["must come as bob"]])


def beside_others(case):
    w = case.w
    never = [lambda ours: ["the plugin was run"] if ours["plugin"] else []]
    yield case("token in the kubeconfig", user={"token": "tok-a"},
               checks=never)
    yield case("token by flag", None, "--token=tok-flag", checks=never)
    yield case("token file", user={"tokenFile": "t"}, files={"t": "tok-t"},
               checks=never)
    yield case("password", user={"username": "n", "password": "pw-x"},
               checks=never)
    yield case("certificate", user={"client-certificate": "pki/alice.crt",
                                    "client-key": "pki/alice.key"},
               checks=never)
    yield case("impersonation", user={"as": "jane", "as-groups": ["devs"]})
    yield case("auth-provider", user={"auth-provider": {"name": "oidc"}},
               **REFUSED)
    yield case("http server", cluster={"server": "http://127.0.0.1:8080"},
               our_args=["--allow-plain-http=true"], checks=never)
    for field in ("command", "apiVersion"):
        yield case(f"no {field}", {field: None}, **REFUSED,
                   says=[f"exec.{field} is missing"])
        yield case(f"no {field}, beside a token", {field: None},
                   user={"token": "tok-a"}, **REFUSED)
    yield case("v1alpha1", {"apiVersion": GROUP + "v1alpha1"}, **REFUSED,
               says=["v1beta1", "update the plugin"])
    yield case("unknown version", {"apiVersion": "v1"}, **REFUSED)
    yield case("null", user={"token": "tok-a"}, files={
        "config": w.config(user={"exec": None, "token": "tok-a"})})


def table(w):
    case = Maker(w)
    for part in (how_it_is_run, terminals, what_it_says, beside_others):
        yield from part(case)
