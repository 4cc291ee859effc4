"""A real Vault: who may, what is locked, what others do to entries."""
import json
import os
import re
import threading
import time
import http.server

import vaultproxy
from harness import check, new_key
from kinds import programs
from vaultserver import Server


def config(store, **fields):
    store.config = json.dumps(fields)


def readable_without(store):
    """the key comes back by Vault's own means"""
    key = new_key()
    store.ensure("kr-1", key).ok()
    path = store.paths()[0]
    data = store.server.ask("GET", f"secret/data/{path}")[1]["data"]
    check(data["data"]["key"] == key.decode() and
          data["metadata"]["version"] == 1, data)
    custom = store.server.ask(
        "GET", f"secret/metadata/{path}")[1]["data"]["custom_metadata"]
    check(custom["operator"] == "ann@example.com" and custom["id"] == "kr-1" and
          custom["rotation"] == "kr-1" and custom["created-at"], custom)


def key_stays_out(store):
    """the key is in one request body, and in no other and no header"""
    proxy = vaultproxy.Proxy(store.server.plain)
    try:
        key = new_key()
        store.ensure("kr-1", key, env={"VAULT_ADDR": proxy.url}).ok()
        holding = [(method, path) for method, path, headers, body in proxy.seen
                   if key in body or key.decode() in repr((path, headers))]
        check(holding == [("POST", holding[0][1])] and
              "/data/" in holding[0][1], holding)
    finally:
        proxy.close()


def tokens(store):
    """no token, a wrong one, an expired one: "Locked", and what to do"""
    store.ensure("kr-1", new_key()).ok()
    for args in (("probe",), ("list",), ("prove", "kr-1")):
        store.run(*args, env={"VAULT_TOKEN": "hvs.wrong"}).fails(
            8, "Locked", "wrong, expired or revoked", "vault login")
    short = store.server.token(ttl="1s", explicit_max_ttl="1s")
    time.sleep(1.5)
    result = store.ensure("kr-2", new_key(), env={"VAULT_TOKEN": short})
    result.fails(8, "Locked", "expired")
    token = store.env.pop("VAULT_TOKEN")
    store.run("probe").fails(8, "Locked", "no token for Vault", "vault login")
    store.write(".vault-token", token.encode() + b"\n")
    store.run("probe").ok()
    os.unlink(store.path(".vault-token"))
    path = store.write("token", token.encode())
    config(store, token="file:" + path)
    store.run("prove", "kr-1").ok()
    config(store, token="env:MY_TOKEN")
    store.run("probe", env={"MY_TOKEN": token}).ok()
    store.run("probe").fails(8, "Locked", "MY_TOKEN is not set")
    config(store, token=token)
    result = store.run("probe")
    check(result.code == 2 and token not in result.err, result.err)


def policies(store):
    """a token that may not is told apart from one that is not known"""
    token = store.server.token(policies=["default"])
    env = {"VAULT_TOKEN": token}
    store.run("list", env=env).fails(8, "StoreFailed",
                                     "does not allow this token",
                                     "docs/stores.md")
    store.ensure("kr-1", new_key(), env=env).fails(8, "StoreFailed")


def no_metadata_policy(store):
    """without the right to custom metadata, lists read the entries"""
    store.server.ask("PUT", "sys/policies/acl/data-only", {"policy": """
path "secret/data/keyrot/*" { capabilities = ["create", "update", "read"] }
path "secret/metadata/keyrot/*" { capabilities = ["list"] }
"""})
    store.env["VAULT_TOKEN"] = store.server.token(policies=["data-only"])
    key = new_key()
    store.put("kr-1", key).ok()
    store.env["VAULT_TOKEN"] = store.server.token()
    listed = store.run("list").ok().fields()[0]
    check(listed["entry"] == "kr-1" and
          listed["operator"] == "ann@example.com", listed)
    check(store.run("newest").ok().fields()[0]["entry"] == "kr-1")


def sealed(store):
    """a sealed Vault is "Locked", half-way too, and opens again"""
    server = Server(os.path.join(programs(), "vaultkit"))
    env = {"VAULT_ADDR": server.secure, "VAULT_CACERT": server.ca,
           "VAULT_TOKEN": server.token()}
    try:
        key = new_key()
        store.ensure("kr-1", key, env=env).ok()
        server.ask("PUT", "sys/seal")
        for args in (("probe",), ("list",), ("prove", "kr-1")):
            store.run(*args, env=env).fails(8, "Locked", "sealed", "unseal")
        store.ensure("kr-2", new_key(), env=env).fails(8, "Locked")
        server.ask("PUT", "sys/unseal", {"key": server.unseal_key})
        store.run("prove", "kr-1", env=env).ok()
    finally:
        server.close()


def identity(store):
    """a server of another CA is not trusted; http goes to this machine only"""
    store.run("probe", env={"VAULT_CACERT": ""}).fails(8, "StoreFailed")
    store.run("probe", env={"VAULT_CACERT": "/nowhere"}).fails(
        8, "StoreFailed", "the CA of Vault")
    store.run("probe", env={"VAULT_ADDR": store.server.plain}).ok()
    result = store.run("probe", env={"VAULT_ADDR": "http://vault.example"})
    check(result.code == 3 and "plain http" in result.err, result.err)
    result = store.run("probe", env={"VAULT_ADDR": ""})
    check(result.code == 2 and "VAULT_ADDR" in result.err, result.err)
    store.run("probe", env={"VAULT_ADDR": "https://127.0.0.1:1"}).fails(
        8, "StoreFailed")


def mounts(store):
    """a mount that cannot keep entries is refused, by probe and by put"""
    ask = store.server.ask
    name = "m" + os.path.basename(store.home)[-6:].replace("_", "x")
    ask("POST", f"sys/mounts/{name}1", {"type": "kv"})
    ask("POST", f"sys/mounts/{name}2",
        {"type": "kv", "options": {"version": "2"}})
    root = {"VAULT_TOKEN": store.server.root}
    config(store, mount=name + "1")
    store.run("probe", env=root).fails(8, "StoreFailed", "version 2")
    store.ensure("kr-1", new_key(), env=root).fails(8, "StoreFailed",
                                                    "version 2")
    for _ in range(100):
        if ask("POST", f"{name}2/config", {"delete_version_after": "1h"},
               ok=False)[0] < 300:
            break
        time.sleep(0.05)
    config(store, mount=name + "2")
    store.run("probe", env=root).fails(8, "StoreFailed", "deletes what is")
    store.ensure("kr-2", new_key(), env=root).fails(8, "Mismatch",
                                                    "delete this entry")
    config(store, mount="nowhere")
    store.run("probe", env=root).fails(8, "StoreFailed")


def others_write(store):
    """writes of others are refused or stand beside; ours stays the first"""
    key = new_key()
    store.ensure("kr-1", key).ok()
    path = store.paths()[0]
    ask = store.server.ask
    status, _ = ask("POST", f"secret/data/{path}", {"data": {"key": "x"}},
                    ok=False)
    check(status == 400, "an unguarded write came through:", status)
    for version in range(1, 4):
        ask("POST", f"secret/data/{path}",
            {"options": {"cas": version}, "data": {"key": "x"}})
    check(store.read("kr-1") == key)
    # Version 1 is pruned: gone, and not another's taken for it.
    ask("POST", f"secret/metadata/{path}", {"max_versions": 2})
    ask("POST", f"secret/data/{path}",
        {"options": {"cas": 4}, "data": {"key": "x"}})
    store.run("prove", "kr-1").fails(8, "EntryNotFound")
    store.put("kr-1", key).fails(8, "EntryExists")
    check(store.ensure("kr-2", key).ok().fields()[0]["was-there"] == "no")


def deleted(store):
    """a deleted entry is said to be; its id is not used again"""
    key = new_key()
    store.ensure("kr-1", key).ok()
    path = store.paths()[0]
    store.server.ask("DELETE", f"secret/data/{path}")
    store.run("prove", "kr-1").fails(8, "EntryNotFound", "vault kv undelete")
    store.put("kr-1", key).fails(8, "EntryExists")
    store.server.ask("POST", f"secret/undelete/{path}", {"versions": [1]})
    check(store.read("kr-1") == key)
    store.server.ask("PUT", f"secret/destroy/{path}", {"versions": [1]})
    store.run("prove", "kr-1").fails(8, "EntryNotFound")


def edited(store):
    """an entry that says something else than was written is noticed"""
    proxy = vaultproxy.Proxy(store.server.plain)
    env = {"VAULT_ADDR": proxy.url}

    def newline(data):
        data["key"] += "\n"

    def cut(data):
        data["key"] = data["key"][:-4]

    def other_operator(data):
        data["metadata"] = data["metadata"].replace("ann@", "eve@")

    def number(data):
        data["key"] = 17

    def nothing(data):
        data.clear()

    try:
        for i, change in enumerate((newline, cut, other_operator, number,
                                    nothing)):
            proxy.breaks(vaultproxy.edits(change))
            store.ensure(f"kr-{i}", new_key(), env=env).fails(8, "Mismatch")
    finally:
        proxy.close()


def faults(store):
    """lost replies, lies, junk, refusals that quote the key"""
    proxy = vaultproxy.Proxy(store.server.plain)
    env = {"VAULT_ADDR": proxy.url}
    try:
        key = new_key()
        proxy.breaks(vaultproxy.lost_reply)
        store.ensure("kr-1", key, env=env).ok()
        check(store.read("kr-1") == key)
        proxy.breaks(vaultproxy.lost_request)
        store.ensure("kr-2", new_key(), env=env).fails(8, "StoreFailed")
        proxy.breaks(vaultproxy.liar)
        store.ensure("kr-3", new_key(), env=env).fails(8, "EntryNotFound")
        for code in (400, 405, 413, 500, 503):
            proxy.breaks(vaultproxy.status(code))
            store.put(f"kr-{code}", new_key(), env=env).fails(
                8, "StoreFailed", str(code))
        proxy.breaks(vaultproxy.status(307, Location="https://example.com/"))
        store.put("kr-307", new_key(), env=env).fails(8, "StoreFailed",
                                                      "active node")
        for text in (b"\0junk", b"{}", b"[1]", b'{"data":{"data":{"key":1}}}'):
            proxy.breaks(vaultproxy.replies(text))
            store.run("prove", "kr-1", env=env).fails(8, "Mismatch")
        proxy.breaks(vaultproxy.now_and_then)
        store.run("prove", "kr-1", env=env).ok()
    finally:
        proxy.close()


def hangs(store):
    """a server that hangs is given up at the limit"""
    proxy = vaultproxy.Proxy(store.server.plain)
    try:
        proxy.breaks(vaultproxy.hangs)
        config(store, timeout="1s")
        start = time.time()
        store.put("kr-1", new_key(), env={"VAULT_ADDR": proxy.url}).fails(
            8, "StoreFailed")
        check(time.time() - start < 6, time.time() - start)
    finally:
        proxy.close()


def namespaces(store):
    """the namespace goes into a header, from either place"""
    proxy = vaultproxy.Proxy(store.server.plain)
    try:
        env = {"VAULT_ADDR": proxy.url + "/vault/", "VAULT_NAMESPACE": "team-a"}
        store.run("list", env=env)
        config(store, namespace="team-b")
        store.run("list", env=env)
        seen = [(path.split("?")[0].split("/")[1:3], headers.get(
            "X-Vault-Namespace")) for _, path, headers, _ in proxy.seen]
        check((["vault", "v1"], "team-a") in seen and
              seen[-1] == (["vault", "v1"], "team-b"), seen)
    finally:
        proxy.close()


def approle(store):
    """AppRole: logs in, again when the token is used up; refusals are clear"""
    ask = store.server.ask
    ask("POST", "sys/auth/approle", {"type": "approle"}, ok=False)
    role = os.path.basename(store.home).replace("_", "x")
    ask("POST", f"auth/approle/role/{role}",
        {"token_policies": ["keyrot"], "token_num_uses": 2})
    role_id = ask("GET", f"auth/approle/role/{role}/role-id")[1]["data"]
    secret = ask("POST", f"auth/approle/role/{role}/secret-id")[1]["data"]
    del store.env["VAULT_TOKEN"]
    path = store.write("secret-id", secret["secret_id"].encode() + b"\n")
    fields = {"auth": "approle", "roleID": role_id["role_id"],
              "secretID": "file:" + path}
    config(store, **fields)
    store.run("probe").ok()
    key = new_key()
    store.ensure("kr-1", key).ok()
    check(store.read("kr-1") == key)
    store.write("secret-id", b"wrong")
    result = store.run("probe").fails(8, "Locked", "approle login")
    check(role_id["role_id"] not in result.err)
    store.write("secret-id", b'a"b')
    store.run("probe").fails(8, "Locked", "impossible character")
    os.unlink(path)
    store.run("probe").fails(8, "Locked", "secretID")
    config(store, auth="approle", roleID="r")
    result = store.run("probe")
    check(result.code == 2 and "needs secretID" in result.err, result.err)
    config(store, auth="ldap")
    result = store.run("probe")
    check(result.code == 2 and "approle" in result.err, result.err)


class Reviewer(http.server.BaseHTTPRequestHandler):
    """An API server that knows one service account."""

    def log_message(self, *_):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
            "status": {"authenticated": True, "user": {
                "username": "system:serviceaccount:security:keyrot",
                "uid": "u1", "groups": []}}}).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


JWT = ("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlcm5ldGVzL3NlcnZpY2VhY2NvdW50Iiwia"
       "3ViZXJuZXRlcy5pby9zZXJ2aWNlYWNjb3VudC9uYW1lc3BhY2UiOiJzZWN1cml0eSIsImt"
       "1YmVybmV0ZXMuaW8vc2VydmljZWFjY291bnQvc2VydmljZS1hY2NvdW50Lm5hbWUiOiJrZ"
       "Xlyb3QiLCJrdWJlcm5ldGVzLmlvL3NlcnZpY2VhY2NvdW50L3NlcnZpY2UtYWNjb3VudC5"
       "1aWQiOiJ1MSJ9.c2ln")


def kubernetes(store):
    """Kubernetes: logs in with a service account's token"""
    cluster = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Reviewer)
    threading.Thread(target=cluster.serve_forever, args=(0.05,),
                     daemon=True).start()
    ask, mount = store.server.ask, os.path.basename(store.home)
    try:
        ask("POST", f"sys/auth/{mount}", {"type": "kubernetes"})
        ask("POST", f"auth/{mount}/config", {
            "kubernetes_host": "http://127.0.0.1:%d" %
            cluster.server_address[1], "disable_local_ca_jwt": True,
            "disable_iss_validation": True, "token_reviewer_jwt": JWT})
        ask("POST", f"auth/{mount}/role/keyrot", {
            "bound_service_account_names": "keyrot",
            "bound_service_account_namespaces": "security",
            "audience": "", "token_policies": ["keyrot"]})
        del store.env["VAULT_TOKEN"]
        path = store.write("jwt", JWT.encode())
        config(store, auth="kubernetes", authMount=mount, role="keyrot",
               jwt="file:" + path)
        store.run("probe").ok()
        store.ensure("kr-1", new_key()).ok()
        config(store, auth="kubernetes", authMount=mount, role="nobody",
               jwt="file:" + path)
        store.run("probe").fails(8, "Locked", "kubernetes login")
    finally:
        cluster.shutdown()
        cluster.server_close()


def no_version_two(store):
    """nothing we do makes a second version, or deletes one"""
    proxy = vaultproxy.Proxy(store.server.plain)
    env = {"VAULT_ADDR": proxy.url}
    try:
        key = new_key()
        for args in (("ensure", "kr-1"), ("put", "kr-1"), ("ensure", "kr-2")):
            store.run(*args, store.key_file(key), env=env)
        store.run("list", env=env)
        for method, path, _, body in proxy.seen:
            check(method in ("GET", "POST"), method, path)
            if method == "POST" and "/data/" in path:
                check(re.search(rb'"cas":0[,}]', body), "no cas=0")
    finally:
        proxy.close()


CASES = [readable_without, key_stays_out, tokens, policies,
         no_metadata_policy, sealed, identity, mounts, others_write, deleted,
         edited, faults, hangs, namespaces, approle, kubernetes,
         no_version_two]
