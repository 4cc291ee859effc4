#!/usr/bin/env python3
"""A pod of a real API server, run as a kubelet and a runtime would run it.

Its own mount namespace; the image's files as a read-only root; the volumes of
the pod, with a token that the API server made for this pod; the user, the
group and no new privileges, as the security context says. The network is the
machine's: kubernetes.default.svc is 127.0.0.1.

usage: kubelet.py <PLAN    (by run_pod(); needs root or user namespaces)
"""

import ctypes
import json
import os
import shutil
import subprocess
import sys
import tempfile

BIND, REC, REMOUNT, RDONLY, PRIVATE = 4096, 16384, 32, 1, 1 << 18
NOSUID, NODEV = 2, 4
PR_SET_NO_NEW_PRIVS = 38
LIBC = ctypes.CDLL(None, use_errno=True)


# ---- in the test's process

def token_of(api, pod, source):
    """A TokenRequest that is bound to the pod."""
    metadata = pod["metadata"]
    path = "/api/v1/namespaces/%s/serviceaccounts/%s/token" % (
        metadata["namespace"], pod["spec"]["serviceAccountName"])
    return api.call("POST", path, {
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
        "spec": {"expirationSeconds": source["expirationSeconds"],
                 "boundObjectRef": {
                     "apiVersion": "v1", "kind": "Pod",
                     "name": metadata["name"], "uid": metadata["uid"]}},
    })["status"]["token"]


def projected(api, pod, volume, ca):
    files = {}
    for source in volume["projected"]["sources"]:
        if "serviceAccountToken" in source:
            source = source["serviceAccountToken"]
            files[source["path"]] = token_of(api, pod, source)
        elif "configMap" in source:
            # kube-root-ca.crt; its controller does not run in the tests.
            files[source["configMap"]["items"][0]["path"]] = ca
        else:
            item, = source["downwardAPI"]["items"]
            assert item["fieldRef"]["fieldPath"] == "metadata.namespace"
            files[item["path"]] = pod["metadata"]["namespace"]
    return files


def volumes_of(api, pod, ca):
    """{name: {file: text}, or None for an empty one}"""
    found = {}
    for volume in pod["spec"]["volumes"]:
        if "projected" in volume:
            found[volume["name"]] = projected(api, pod, volume, ca)
        elif "configMap" in volume:
            found[volume["name"]] = api.get(
                "/api/v1/namespaces/%s/configmaps/%s" % (
                    pod["metadata"]["namespace"],
                    volume["configMap"]["name"]))["data"]
        else:
            assert volume["emptyDir"]["sizeLimit"], volume
            found[volume["name"]] = None
    return found


def run_pod(api, pod, image, ca, port, more=None):
    """The finished process of its container; `image` is a folder of files.
    `more` are files for volumes, beside what the API server has of them."""
    spec = pod["spec"]
    container, = spec["containers"]
    volumes = volumes_of(api, pod, ca)
    for name, files in (more or {}).items():
        volumes[name] = dict(volumes[name], **files)
    for name, files in volumes.items():
        # The service's address would lead to the API server's port.
        for file in files or ():
            files[file] = files[file].replace(
                "https://kubernetes.default.svc",
                "https://kubernetes.default.svc:%d" % port)
    env = {"KUBERNETES_SERVICE_HOST": "127.0.0.1",
           "KUBERNETES_SERVICE_PORT": str(port),
           "PATH": "/usr/local/bin",
           "SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt"}
    env.update((one["name"], one["value"]) for one in container["env"])
    plan = {
        "image": image, "env": env,
        "mounts": [[m["mountPath"], volumes[m["name"]],
                    m.get("readOnly", volumes[m["name"]] is not None)]
                   for m in container["volumeMounts"]],
        "argv": container["command"] + container["args"],
        "user": spec["securityContext"]["runAsUser"],
        "group": spec["securityContext"]["fsGroup"]}
    with tempfile.TemporaryDirectory(prefix="keyrot-pod-") as place:
        plan["place"] = place
        return subprocess.run(
            ["unshare", "--mount"] +
            ([] if os.getuid() == 0 else ["--map-root-user"]) +
            [sys.executable, __file__], input=json.dumps(plan), text=True,
            capture_output=True, timeout=120)


# ---- in the pod's

def mount(source, target, kind="", flags=0, data=""):
    if LIBC.mount(source.encode(), target.encode(), kind.encode(),
                  ctypes.c_ulong(flags), data.encode()) != 0:
        raise OSError(ctypes.get_errno(), "mount " + target)


def put_volume(target, files, read_only, group):
    mount("none", target, "tmpfs", NOSUID | NODEV, "mode=0755")
    for name, text in (files or {}).items():
        path = os.path.join(target, name)
        with open(path, "w") as out:
            out.write(text)
        os.chown(path, 0, group)
        os.chmod(path, 0o640)
    if read_only:
        mount("none", target, "", REMOUNT | BIND | RDONLY | NOSUID | NODEV)
    else:
        os.chown(target, 0, group)
        os.chmod(target, 0o2770)


def enter(plan):
    root = plan["place"] + "/root"
    shutil.copytree(plan["image"], root, symlinks=True)
    for path in ["/proc", "/dev"] + [m[0] for m in plan["mounts"]]:
        os.makedirs(root + path, exist_ok=True)
    with open(root + "/etc/hosts", "w") as out:
        out.write("127.0.0.1 localhost kubernetes.default.svc\n")
    for name in ("null", "urandom"):
        open(root + "/dev/" + name, "w").close()
    mount("none", "/", "", REC | PRIVATE)
    mount(root, root, "", BIND)
    mount("/proc", root + "/proc", "", BIND | REC)
    for name in ("null", "urandom"):
        mount("/dev/" + name, root + "/dev/" + name, "", BIND)
    for path, files, read_only in plan["mounts"]:
        put_volume(root + path, files, read_only, plan["group"])
    mount("none", root, "", REMOUNT | BIND | RDONLY)
    os.chroot(root)
    os.chdir("/")


def main():
    plan = json.load(sys.stdin)
    whole = os.getuid() == 0 and open("/proc/self/uid_map").read().split()[
        2] != "1"
    if not whole:
        plan["group"] = 0
    enter(plan)
    if whole:
        os.setgroups([plan["group"]])
        os.setgid(plan["user"])
        os.setuid(plan["user"])
    LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    os.execve("/usr/local/bin/" + plan["argv"][0], plan["argv"], plan["env"])


if __name__ == "__main__":
    main()
