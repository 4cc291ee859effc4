#!/usr/bin/env python3
"""Real Kubernetes clusters on loopback, in a folder, for the tests.

usage: cluster.py up DIR [--clusters N | --context NAME...] [--owner PID]
       cluster.py down DIR
       cluster.py kubeconfig DIR
       cluster.py programs
       cluster.py kill-apiserver|start-apiserver|restart-apiserver DIR CONTEXT
       cluster.py stop-etcd|cont-etcd DIR CONTEXT

up starts the clusters aether-staging and aether-production and returns when both
are ready; they end by "down", with process PID, or when DIR is removed.
DIR/kubeconfig reaches them: context aether-staging is an administrator's, viewer@,
rotator@ and nobody@aether-staging are those of lesser users. DIR/CONTEXT holds
audit.log, the programs' logs, pki/ and logs/ (what the pods print).
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
NAMES = ("aether-staging", "aether-production")
ORDERS = ("kill-apiserver", "start-apiserver", "restart-apiserver",
          "stop-etcd", "cont-etcd")


def fail(message, code=1):
    print("cluster.py: " + message, file=sys.stderr)
    sys.exit(code)


def programs():
    """The folder of the programs, which are built if need be."""
    build = subprocess.run([os.path.join(HERE, "build.sh")],
                           stdout=subprocess.PIPE, text=True)
    if build.returncode:
        sys.exit(build.returncode)
    return build.stdout.strip()


def merge(directory, names, file):
    """One kubeconfig of all clusters' ones; they share no names."""
    merged = {"apiVersion": "v1", "kind": "Config",
              "current-context": names[0],
              "clusters": [], "users": [], "contexts": []}
    for name in names:
        with open(os.path.join(directory, name, file)) as part:
            config = json.load(part)
        for field in ("clusters", "users", "contexts"):
            merged[field] += config[field]
    path = os.path.join(directory, file)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
              "w") as out:
        json.dump(merged, out, indent=1)


def up(directory, names, owner):
    folder = programs()
    directory = os.path.abspath(directory)
    begin = time.monotonic()
    if clusters_of(directory):
        fail("%s holds clusters already: see \"down\"" % directory)
    starting = []
    for name in names:
        place = os.path.join(directory, name)
        os.makedirs(place, mode=0o700)
        with open(os.path.join(place, "supervisor.log"), "w") as log:
            starting.append((name, subprocess.Popen(
                [sys.executable, os.path.join(HERE, "supervisor.py"), place,
                 name, folder, str(owner)],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                start_new_session=True, text=True)))
    answers = {name: child.stdout.readline().strip()
               for name, child in starting}
    bad = {name: answer for name, answer in answers.items()
           if answer != "ready"}
    if bad:
        down(directory, keep=True)
        fail("; ".join("%s: %s" % item for item in bad.items()))
    merge(directory, names, "kubeconfig")
    merge(directory, names, "infra.kubeconfig")
    print("%s ready after %.1f s" % (" and ".join(names),
                                     time.monotonic() - begin))


def clusters_of(directory):
    if not os.path.isdir(directory):
        return []
    return [name for name in sorted(os.listdir(directory))
            if os.path.exists(os.path.join(directory, name,
                                           "supervisor.log"))]


def order(directory, name, word):
    """Sends one word to a supervisor; its answer, or None if there is none."""
    try:
        handle = os.open(os.path.join(directory, name), os.O_PATH)
    except FileNotFoundError:
        fail("there is no cluster %s in %s" % (name, directory))
    with socket.socket(socket.AF_UNIX) as control:
        try:
            control.connect("/proc/self/fd/%d/control" % handle)
            control.sendall(word.encode())
            return control.recv(4096).decode().strip()
        except OSError:
            return None
        finally:
            os.close(handle)


def down(directory, keep=False):
    for name in clusters_of(directory):
        # A supervisor that does not answer is dead, and its children with it.
        order(directory, name, "down")
        if not keep:
            shutil.rmtree(os.path.join(directory, name), ignore_errors=True)
    if not keep:
        for file in ("kubeconfig", "infra.kubeconfig"):
            try:
                os.unlink(os.path.join(directory, file))
            except FileNotFoundError:
                pass


def main():
    parser = argparse.ArgumentParser(
        usage=__doc__[__doc__.index("usage: ") + 7:])
    parser.add_argument("verb", choices=("up", "down", "kubeconfig",
                                         "programs") + ORDERS)
    parser.add_argument("directory", nargs="?")
    parser.add_argument("cluster", nargs="?")
    parser.add_argument("--clusters", type=int, default=2, choices=(1, 2))
    parser.add_argument("--context", action="append")
    parser.add_argument("--owner", type=int, default=0)
    arguments = parser.parse_args()
    verb, directory = arguments.verb, arguments.directory

    if verb == "programs":
        print(programs())
        return
    if directory is None:
        parser.error("which folder?")
    if verb == "up":
        up(directory, arguments.context or NAMES[:arguments.clusters],
           arguments.owner)
    elif verb == "down":
        down(directory)
    elif verb == "kubeconfig":
        print(os.path.join(os.path.abspath(directory), "kubeconfig"))
    else:
        if arguments.cluster is None:
            parser.error("which cluster?")
        answer = order(directory, arguments.cluster, verb)
        if answer != "done":
            fail(answer or "the cluster is not running")


if __name__ == "__main__":
    main()
