"""Credentials and impersonation."""
from case import Case

REFUSED = {"ours": "refused"}


def tokens(w):
    def user(name, entry, *args, files=None, **more):
        return Case("token: " + name, {"config": w.config(user=entry),
                                       **(files or {})}, list(args), **more)

    yield user("by flag over the kubeconfig's", {"token": "tok-a"},
               "--token=tok-flag")
    yield user("flag empty", {"token": "tok-a"}, "--token=")
    yield user("with spaces inside", {"token": "tok-a b"})
    yield user("with a tab inside", {"token": "tok-a\tb"})
    yield user("with a line break", {"token": "tok-a\nX-Evil: 1"}, **REFUSED,
               says=["line break"])
    yield user("with a carriage return", {"token": "tok-a\r"}, **REFUSED)
    yield user("not ASCII", {"token": "tok-\u00e4"})
    yield user("file", {"tokenFile": "t"}, files={"t": "tok-t"})
    yield user("file is trimmed", {"tokenFile": "t"},
               files={"t": " \n tok-t \r\n\n"})
    yield user("file over token", {"tokenFile": "t", "token": "tok-a"},
               files={"t": "tok-t"})
    yield user("missing file, but a token", {"tokenFile": "no",
                                             "token": "tok-a"})
    yield user("missing file", {"tokenFile": "no"}, **REFUSED,
               says=["tokenFile", "No such file"])
    yield user("empty file, but a token", {"tokenFile": "t",
                                           "token": "tok-a"}, files={"t": ""})
    yield user("empty file", {"tokenFile": "t"}, files={"t": "\n"}, **REFUSED,
               says=["is empty"], compare_refused=False)
    yield user("flag and file", {"tokenFile": "t"}, "--token=tok-flag",
               files={"t": "tok-t"}, ours="accepted",
               differs="what is typed wins over what a file says")
    yield user("refused by the server", {"token": "tok-stale"}, **REFUSED)
    yield user("of another user by flag", {"token": "tok-a"}, "--user=v",
               **REFUSED)


def basic(w):
    def user(name, entry, *args, **more):
        return Case("basic: " + name, {"config": w.config(user=entry)},
                    list(args), **more)

    both = {"username": "jane", "password": "pw-x:y"}
    yield user("name and password", both)
    yield user("name alone", {"username": "jane"})
    yield user("password alone", {"password": "pw-x"},
               differs="kubectl asks for a user name",
               ours="accepted")
    yield user("with a token", {"token": "tok-a", **both}, **REFUSED,
               says=["both a token and a user name"])
    yield user("with a token by flag", both, "--token=tok-flag", **REFUSED)
    yield Case("basic: with a token file", {"config": w.config(
        user={"tokenFile": "t", **both}), "t": "tok-t"}, **REFUSED)
    yield user("by flags", {}, "--username=jane", "--password=pw-flag")
    yield user("by flags over a token", {"token": "tok-a"},
               "--username=jane", "--password=pw-flag", **REFUSED)
    yield user("one flag over the kubeconfig's", both, "--password=pw-flag")
    yield user("not ASCII", {"username": "j\u00e4ne", "password": "pw-\u20ac"})


def certificates(w):
    def user(name, entry, *args, **more):
        return Case("certificate: " + name, {"config": w.config(user=entry)},
                    list(args), **more)

    alice = {"client-certificate-data": w.data("alice.crt"),
             "client-key-data": w.data("alice.key")}
    bob = {"client-certificate": "pki/bob.crt", "client-key": "pki/bob.key"}
    yield user("data", alice)
    yield user("files", bob)
    yield user("file and data", {"client-certificate": "pki/alice.crt",
                                 "client-key-data": w.data("alice.key")})
    yield user("key of PKCS#1", dict(bob, **{
        "client-key": "pki/bob-pkcs1.key"}))
    yield user("key of SEC1", {"client-certificate": "pki/alice.crt",
                               "client-key": "pki/alice-sec1.key"})
    yield user("encrypted key", dict(bob, **{
        "client-key": "pki/bob-encrypted.key"}), **REFUSED,
        says=["encrypted"])
    yield user("of another key", dict(bob, **{
        "client-key": "pki/alice.key"}), **REFUSED,
        says=["do not belong together"])
    yield user("no key", {"client-certificate": "pki/bob.crt"}, **REFUSED,
               says=["without its key"])
    yield user("key without certificate", {"client-key": "pki/bob.key",
                                           "token": "tok-a"})
    yield user("nothing but a key", {"client-key": "pki/bob.key"}, **REFUSED)
    yield user("missing file", dict(bob, **{"client-certificate": "no.crt"}),
               **REFUSED, says=["config:", "client-certificate", "no.crt"])
    yield user("missing key file", dict(bob, **{"client-key": "no.key"}),
               **REFUSED, says=["client-key", "no.key"])
    yield user("both forms", dict(alice, **bob), **REFUSED,
               says=["client-certificate-data are both given"])
    yield user("both forms of the key", dict(alice, **{
        "client-key": "pki/alice.key"}), **REFUSED)
    yield user("no PEM", dict(bob, **{"client-certificate": "config"}),
               **REFUSED, says=["no PEM certificate"])
    yield user("no PEM key", dict(bob, **{"client-key": "config"}),
               **REFUSED, says=["no PEM private key"])
    yield user("with a token", dict(alice, token="tok-a"))
    yield user("with a password", dict(alice, username="jane",
                                       password="pw-x"))
    yield user("by flags", {"token": "tok-a"},
               "--client-certificate=pki/bob.crt",
               "--client-key=pki/bob.key")
    yield user("by flags over files", bob,
               "--client-certificate=pki/alice.crt",
               "--client-key=pki/alice.key")
    yield user("by flags over data", alice,
               "--client-certificate=pki/bob.crt",
               "--client-key=pki/bob.key")
    yield user("one flag", bob, "--client-certificate=pki/alice.crt",
               **REFUSED, says=["do not belong together"])
    yield user("one flag without a key", {}, "--client-key=pki/alice.key",
               **REFUSED)
    yield user("missing file by flag", {"token": "tok-a"},
               "--client-certificate=no.crt", "--client-key=pki/bob.key",
               **REFUSED, says=["--client-certificate", "no.crt"])
    yield Case("certificate: text before the PEM, Windows line ends", {
        "config": w.config(user={"client-certificate": "a.crt",
                                 "client-key": "a.key"}),
        "a.crt": "Subject: alice\r\n" +
                 w.pki.text("alice.crt").replace("\n", "\r\n"),
        "a.key": w.pki.text("alice.key").replace("\n", "\r\n")})
    yield Case("certificate: one file for both", {
        "config": w.config(user={"client-certificate": "a.pem",
                                 "client-key": "a.pem"}),
        "a.pem": w.pki.text("alice.key") + w.pki.text("alice.crt")})


def nobody(w):
    yield Case("no credentials", {"config": w.config(user={})}, **REFUSED,
               says=["config:", "no credentials"])
    yield Case("no credentials, but someone to act as", {
        "config": w.config(user={"as": "jane"})}, **REFUSED)
    for provider in ("gcp", "azure", "foo"):
        yield Case("auth-provider " + provider, {"config": w.config(
            user={"auth-provider": {"name": provider}})}, **REFUSED,
            says=["auth-provider is not supported"])
    yield Case("auth-provider oidc", {"config": w.config(user={
        "auth-provider": {"name": "oidc", "config": {
            "idp-issuer-url": "https://127.0.0.1:1", "client-id": "x",
            "id-token": "tok-id"}}})}, **REFUSED,
        says=["auth-provider is not supported"])
    yield Case("auth-provider of another user", {"config": w.config(
        users=[{"name": "u", "user": {"token": "tok-a"}},
               {"name": "v", "user": {"auth-provider": {"name": "gcp"}}}])})


def impersonation(w):
    def user(name, entry, *args, **more):
        return Case("as: " + name, {"config": w.config(
            user=dict({"token": "tok-a"}, **entry))}, list(args), **more)

    full = {"as": "jane", "as-uid": "42", "as-groups": ["devs", "ops"],
            "as-user-extra": {"scopes": ["view", "edit"],
                              "example.com/a b": ["x"]}}
    yield user("kubeconfig", full)
    yield user("user alone", {"as": "jane"})
    yield user("user by flag keeps the rest", full, "--as=joe")
    yield user("uid by flag", full, "--as-uid=7")
    yield user("groups by flag replace", full, "--as-group=a", "--as-group=b")
    yield user("all by flag", {}, "--as=joe", "--as-uid=7", "--as-group=a",
               "--as-user-extra=k=v", "--as-user-extra=k=w=x")
    yield user("extra by flag, beside and instead", full,
               "--as-user-extra=scopes=all", "--as-user-extra=new=y")
    yield user("extra without =", full, "--as-user-extra=scopes")
    yield user("extra with an empty key", {}, "--as=joe",
               "--as-user-extra=KEY=v")
    yield user("service account", {}, "--as=system:serviceaccount:ns:sa")
    yield user("groups without user", {"as-groups": ["devs"]}, **REFUSED,
               says=["no user to act as"])
    yield user("uid without user", {}, "--as-uid=7", **REFUSED)
    yield user("groups by flag without user", {}, "--as-group=a", **REFUSED)
    yield user("extra without user", {}, "--as-user-extra=k=v", **REFUSED)
    yield user("strange key", {"as": "jane", "as-user-extra": {
        "a/b:c%d\u00e9": ["x"], "MiXed": ["y"]}})
    yield user("not ASCII", {"as": "j\u00e4ne"})
    yield user("line break", {"as": "jane\nX-Evil: 1"}, **REFUSED)
    yield user("empty", {"as": ""})
    yield user("spaces around", {"as": " jane "})


def table(w):
    for part in (tokens, basic, certificates, nobody, impersonation):
        yield from part(w)
