"""Finding, reading and merging files; choosing context, cluster and user."""
from case import Case

YAML = """\
apiVersion: v1
kind: Config
current-context: here
clusters:
- name: c
  cluster: {server: 'https://127.0.0.1:6443', certificate-authority: pki/ca.crt}
contexts:
- name: here
  context: {cluster: c, user: u, namespace: team}
users:
- name: u
  user: %s
"""


def reading(w):
    """Formats, and what a field may hold."""
    ca = w.data("ca.crt")

    def user(name, text, **kind):
        return Case(f"yaml: {name}", {"config": YAML % text}, **kind)

    refused = {"ours": "refused"}
    yield Case("json", {"config": w.config()})
    yield user("plain", "{token: tok-file}")
    yield user("anchor and merge key",
               "{<<: {token: tok-merged}}")
    yield Case("yaml: anchors", {"config": YAML.replace(
        "users:", "x: &creds {token: tok-a}\nusers:") %
        "\n    <<: *creds\n    as: jane"})
    yield Case("yaml: a merge key after a field overrides it", {
        "config": YAML.replace("users:", "x: &creds {token: tok-a}\nusers:") %
        "\n    token: tok-b\n    <<: *creds"})
    yield Case("yaml: a list of merges: the first wins", {
        "config": YAML.replace("users:", "x: [&a {token: tok-a}, &b {token: "
                               "tok-b, as: j}]\nusers:") %
        "\n    <<: [*a, *b]"})
    yield user("folded text", "\n    token: >-\n      tok-file\n")
    yield user("literal text with its line end: no header can hold it",
               "\n    token: |\n      tok-file\n", **refused,
               says=["line break"])
    yield user("quoted number", "{token: '123'}")
    yield user("number", "{token: 123}", **refused,
               says=["config:12:10", "token", "quotes"])
    yield user("boolean", "{token: yes}", **refused, says=["quotes"])
    yield user("hexadecimal", "{token: 0x10}", **refused)
    yield user("exponent", "{token: 1e3}", **refused)
    yield user("octal", "{token: 012}", **refused)
    yield user("fraction", "{token: .5}", **refused)
    yield user("underscored number", "{token: 1_0}", **refused)
    yield user("infinity", "{token: .inf}", **refused)
    yield user("date", "{token: 2026-11-22}")
    yield user("sexagesimal", "{token: '1:30'}")
    yield user("sexagesimal, plain", "\n    token: 1:30")
    yield user("capital letters in the wrong places", "{token: yEs}")
    yield user("string tag", "{token: !!str 123}")
    yield user("null field beside another", "{token: ~, username: n, "
               "password: pw-x}")
    yield user("wrong case of a field", "{Token: tok-x}", **refused,
               says=["no credentials"])
    yield user("unknown field", "{token: tok-x, colour: red}")
    yield user("field twice: the last", "{token: tok-a, token: tok-b}")
    yield user("list for a text", "{token: [tok-a]}", **refused)
    yield user("text for a mapping", "tok-a", **refused)
    yield user("text for a list", "{token: tok-a, as: j, as-groups: devs}",
               **refused, says=["as-groups"])
    yield user("number in a list", "{token: tok-a, as: j, as-groups: [1]}",
               **refused)
    yield user("null in a list", "{token: tok-a, as: j, as-groups: [devs, ~]}",
               differs="an empty group is not sent", ours="accepted")
    yield user("bad indentation", "\n   token: x\n  as: y: z", **refused,
               says=["config:1"])
    yield user("tab", "\n\ttoken: x", **refused)
    yield user("NUL in a text", '{token: "tok-a\\0b"}', **refused)
    yield user("alias without anchor", "*nothing", **refused,
               says=["no such anchor"])
    yield Case("yaml: windows line ends and byte order mark", {
        "config": "\ufeff" + (YAML % "{token: tok-a}").replace("\n", "\r\n")})
    yield Case("yaml: second document is not read", {
        "config": YAML % "{token: tok-a}" + "---\n: : [\n"})
    yield Case("yaml: document marker and comment", {
        "config": "# comment\n---\n" + YAML % "{token: tok-a}"})
    yield Case("yaml: invalid UTF-8", {
        "config": (YAML % "{token: tok-a}").encode() + b"# \xff\n"}, **refused)
    yield Case("another apiVersion", {"config": w.config(apiVersion="v2")},
               **refused, says=["apiVersion must be v1"])
    yield Case("another kind", {"config": w.config(kind="Pod")}, **refused)
    yield Case("no apiVersion, no kind", {
        "config": w.config(apiVersion=None, kind=None)})
    yield Case("a list at the top", {"config": "[]"}, **refused)
    yield Case("a text at the top", {"config": "hello"}, **refused)
    yield Case("not base64", {"config": w.config(w.cluster(
        certificate_authority_data="!!"))}, **refused, says=["not base64"])
    yield Case("base64 in lines", {"config": w.config(w.cluster(
        certificate_authority_data="\n".join(
            ca[i:i + 64] for i in range(0, len(ca), 64))))})
    yield Case("base64 cut", {"config": w.config(w.cluster(
        certificate_authority_data=ca.rstrip("=")[:-1]))}, **refused)
    yield Case("text for a boolean", {"config": w.config(w.cluster(
        disable_compression="true"))}, **refused,
        says=["must be true or false"])
    yield Case("an error in an entry that is not used", {"config": w.config(
        users=[{"name": "u", "user": {"token": "tok-a"}},
               {"name": "v", "user": {"token": 1}}])}, **refused,
        says=['user "v"'])
    for kind, body in (("users", {"user": {"token": "tok-a"}}),
                       ("clusters", {"cluster": w.cluster()}),
                       ("contexts", {"context": {"cluster": "c"}})):
        name = {"users": "u", "clusters": "c", "contexts": "here"}[kind]
        yield Case(f"one name twice in {kind}", {"config": w.config(**{
            kind: [{"name": name, **body}, {"name": name, **body}]})},
            **refused, says=["twice"])
    yield Case("an extension twice", {"config": w.config(w.cluster(
        extensions=[{"name": "e", "extension": 1},
                    {"name": "e", "extension": 2}]))}, **refused)
    yield Case("preferences", {"config": w.config(
        preferences={"colors": True})})


def finding(w):
    """--kubeconfig, $KUBECONFIG, the home folder."""
    one = w.config()
    refused = {"ours": "refused"}
    nothing = {"differs": "kubectl would ask http://localhost:8080",
               "ours": "refused", "says": ["no cluster is chosen"]}
    yield Case("flag over environment", {
        "a": one, "b": w.config(user={"token": "tok-b"})},
        ["--kubeconfig=b"], {"KUBECONFIG": "a"})
    yield Case("flag: missing file", {"a": one}, ["--kubeconfig=b"],
               {"KUBECONFIG": "a"}, **refused, says=["b: No such file"])
    yield Case("flag is no list", {"a": one, "b": one},
               ["--kubeconfig=a:b"], **refused)
    yield Case("flag empty", {"a": one}, ["--kubeconfig="],
               {"KUBECONFIG": "a"})
    yield Case("home", {"home/.kube/config": one}, env={"KUBECONFIG": None})
    yield Case("home where KUBECONFIG is empty", {"home/.kube/config": one},
               env={"KUBECONFIG": ""})
    yield Case("home is not added to KUBECONFIG", {
        "home/.kube/config": one, "a": {}}, env={"KUBECONFIG": "a"}, **nothing)
    yield Case("the name of long ago", {"home/.kube/.kubeconfig": one},
               env={"KUBECONFIG": None})
    yield Case("no file at all", env={"KUBECONFIG": None}, **nothing)
    yield Case("empty file", {"config": ""}, **nothing)
    yield Case("only a comment", {"config": "# nothing\n"}, **nothing)
    yield Case("missing files of the list are skipped", {"a": one},
               env={"KUBECONFIG": "nowhere:a:other"})
    yield Case("empty items of the list", {"a": one},
               env={"KUBECONFIG": ":a::"})
    yield Case("no tilde", {"home/.kube/config": one},
               env={"KUBECONFIG": "~/.kube/config"}, **nothing)
    yield Case("a folder in the list", {"a": one, "d/x": ""},
               env={"KUBECONFIG": "a:d"}, **refused, says=["d"])
    yield Case("one bad file spoils the list", {"a": one, "b": "a: ["},
               env={"KUBECONFIG": "a:b"}, **refused, says=["b:"])
    yield Case("absolute name", {"x/config": one},
               env={"KUBECONFIG": "{dir}/x/config"})


def merging(w):
    """Several files."""
    def pair(name, first, second, **more):
        return Case("merge: " + name, {"a/k": first, "b/k": second},
                    env={"KUBECONFIG": "a/k:b/k"}, **more)

    users = [{"name": "u", "user": {"token": "tok-second", "as": "jane"}}]
    yield pair("split over two", {"clusters": w.config()["clusters"]},
               w.config(clusters=None))
    yield pair("first entry of a name is taken whole",
               {"users": [{"name": "u", "user": {"token": "tok-first"}}]},
               w.config(users=users))
    yield pair("an empty first entry counts, too",
               {"users": [{"name": "u"}]}, w.config(users=users),
               ours="refused")
    yield pair("current-context: first that is not empty",
               {"current-context": "", "users": users}, w.config())
    yield pair("current-context of the first",
               {"current-context": "there"}, w.config(contexts=[
                   {"name": "here", "context": {"cluster": "c", "user": "x"}},
                   {"name": "there", "context": {
                       "cluster": "c", "user": "u", "namespace": "n2"}}]))
    yield pair("a file is read once", w.config(),
               w.config(user={"token": "tok-b"}))
    yield Case("merge: one file twice", {"a": w.config()},
               env={"KUBECONFIG": "a:a"})
    ca = w.cluster(drop=["certificate-authority-data"],
                   certificate_authority="ca.crt")
    yield Case("relative to its own file, not to the first", {
        "a/k": {}, "b/k": w.config(ca), "b/ca.crt": w.pki.text("ca.crt"),
        "ca.crt": "", "a/ca.crt": ""}, env={"KUBECONFIG": "a/k:b/k"})
    yield Case("relative with dots", {
        "a/b/k": w.config(dict(ca, **{"certificate-authority":
                                      "../x/./ca.crt"})),
        "a/x/ca.crt": w.pki.text("ca.crt")}, env={"KUBECONFIG": "a/b/k"})
    yield Case("flags are relative to the folder one stands in", {
        "a/k": w.config(w.cluster(drop=["certificate-authority-data"])),
        "ca.crt": w.pki.text("ca.crt"), "a/ca.crt": ""},
        ["--certificate-authority=ca.crt"], {"KUBECONFIG": "a/k"})
    yield Case("files of a user are relative, too", {
        "a/k": w.config(user={"client-certificate": "me.crt",
                              "client-key": "me.key"}),
        "a/me.crt": w.pki.text("alice.crt"),
        "a/me.key": w.pki.text("alice.key")}, env={"KUBECONFIG": "a/k"})
    yield Case("token file is relative, too", {
        "a/k": w.config(user={"tokenFile": "t"}), "a/t": "tok-t",
        "t": "tok-wrong"}, env={"KUBECONFIG": "a/k"})


def choosing(w):
    """Context, cluster, user, namespace."""
    many = w.config(
        clusters=[{"name": "c", "cluster": w.cluster()},
                  {"name": "c2", "cluster": w.cluster(
                      server="https://localhost:6443")}],
        users=[{"name": "u", "user": {"token": "tok-u"}},
               {"name": "u2", "user": {"token": "tok-u2"}}],
        contexts=[{"name": "here", "context": {
            "cluster": "c", "user": "u", "namespace": "team"}},
            {"name": "there", "context": {"cluster": "c2", "user": "u2"}},
            {"name": "no-user", "context": {"cluster": "c"}},
            {"name": "no-cluster", "context": {"user": "u"}},
            {"name": "lost-user", "context": {"cluster": "c", "user": "x"}},
            {"name": "lost-cluster", "context": {"cluster": "x",
                                                 "user": "u"}}])

    def flags(name, *args, **more):
        return Case("choose: " + name, {"config": many}, list(args), **more)

    refused = {"ours": "refused"}
    yield flags("context", "--context=there")
    yield flags("context and namespace", "--context=there", "--namespace=n")
    yield flags("namespace over the context's", "--namespace=n")
    yield flags("namespace empty", "--namespace=")
    yield flags("context empty", "--context=")
    yield flags("cluster", "--cluster=c2")
    yield flags("user", "--user=u2")
    yield flags("cluster and user", "--cluster=c2", "--user=u2")
    yield flags("unknown context", "--context=their", **refused,
                says=['did you mean "there"?', "here, there, no-user"])
    yield flags("unknown cluster", "--cluster=c3", **refused,
                says=["--cluster", "c, c2"])
    yield flags("unknown user", "--user=nobody", **refused,
                says=["--user", "u, u2"])
    yield flags("context without user", "--context=no-user", **refused,
                says=["no credentials"])
    yield flags("context without user, token by flag", "--context=no-user",
                "--token=tok-flag")
    yield flags("context without cluster", "--context=no-cluster",
                differs="kubectl would ask http://localhost:8080", **refused,
                says=["names no cluster"])
    yield flags("context without cluster, server by flag",
                "--context=no-cluster", "--server=https://127.0.0.1:6443",
                "--certificate-authority=pki/ca.crt")
    yield flags("context of a lost user", "--context=lost-user", **refused,
                says=['no user "x"'])
    yield flags("context of a lost user, token by flag",
                "--context=lost-user", "--token=tok-flag")
    yield flags("context of a lost cluster", "--context=lost-cluster",
                differs="kubectl would ask http://localhost:8080", **refused,
                says=['no cluster "x"'])
    yield Case("no current-context", {"config": w.config(current_context="")},
               differs="kubectl would ask http://localhost:8080", **refused,
               says=["--context NAME", "here"])
    yield Case("unknown current-context", {"config": w.config(
        current_context="gone")}, **refused,
        says=["current-context in config", '"gone"'])
    yield Case("no current-context, cluster and user by flag", {
        "config": w.config(current_context="")},
        ["--cluster=c", "--user=u"])
    yield Case("flags alone", {}, ["--server=https://127.0.0.1:6443",
                                   "--certificate-authority=pki/ca.crt",
                                   "--token=tok-flag"],
               {"KUBECONFIG": None})
    yield Case("KUBERNETES_MASTER", {}, env={
        "KUBECONFIG": None,
        "KUBERNETES_MASTER": "http://127.0.0.1:8080"},
        differs="a server that no flag and no file names is not asked",
        **refused, says=["no cluster is chosen"])
    yield Case("namespace that cannot be, by flag", {"config": w.config()},
               ["--namespace=a/b"], **refused, says=["--namespace"],
               differs="no request is made for a name that cannot exist")
    yield Case("namespace that cannot be, in the file", {
        "config": w.config(context={"cluster": "c", "user": "u",
                                    "namespace": "A_b"})},
        differs="no request is made for a name that cannot exist",
        **refused, says=["namespace"])


def table(w):
    for part in (reading, finding, merging, choosing):
        yield from part(w)
