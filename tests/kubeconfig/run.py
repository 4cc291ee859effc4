#!/usr/bin/env python3
"""Runs each case through this program and through the real kubectl.

    run.py PROGRAM PROBE [CASE...]

PROBE is the program's own code with nothing but a GET around it; what PROGRAM
itself does for `status` must be the same as what PROBE does.

Both read the same Secret with the same kubeconfig, flags and environment,
against servers and proxies that write down what arrives. What arrives must be
equal, or the difference must be listed in the case with its reason; a listed
difference that is none any more is a failure, too.

Everything happens in network and mount namespaces of its own, where names and
addresses are free to be chosen; nothing outside is touched.
"""
import ctypes
import fcntl
import json
import os
import pty
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
DOCS = os.path.join(ROOT, "docs/kubeconfig.md")
ADDRESSES = ["10.1.2.3", "203.0.113.5"]
SECRETS = ["tok-", "pw-", "PRIVATE KEY"]  # of the cases: never in a message
ACCOUNT = "/run/secrets/kubernetes.io/serviceaccount"
SKIPPED = 3


def skip(why):
    print("the real-cluster part was skipped: kubeconfigs beside kubectl:",
          why)
    sys.exit(SKIPPED)


def kubectl_path():
    programs = os.path.join(ROOT, "tests/cluster/cluster.py")
    found = subprocess.run([programs, "programs"], text=True,
                           stdout=subprocess.PIPE, check=False)
    if found.returncode != 0:
        skip("no kubectl could be built")
    return os.path.join(found.stdout.strip(), "kubectl")


def enter_namespaces():
    """Starts this program again where it is alone."""
    if os.environ.get("KEYROT_TEST_ALONE"):
        return
    os.environ["KEYROT_TEST_ALONE"] = kubectl_path()
    command = ["unshare", "--mount", "--net"]
    if os.getuid() != 0:
        command.append("--map-root-user")
    if not shutil.which("unshare") or subprocess.run(
            command + ["true"], stderr=subprocess.DEVNULL,
            check=False).returncode != 0:
        skip("namespaces are not allowed here (unshare)")
    os.execvp("unshare", command + [sys.executable] + sys.argv)


def set_up_network():
    """lo is up, and has some addresses that are not loopback ones."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for index, address in enumerate(["127.0.0.1"] + ADDRESSES):
            name = f"lo:{index}" if index else "lo"
            padding = bytes(4), socket.inet_aton(address), bytes(8)
            fcntl.ioctl(sock, 0x8916, struct.pack(  # SIOCSIFADDR
                "16sHH4s4s4s", name.encode(), socket.AF_INET, 0, padding[1],
                bytes(4), bytes(4)))
            fcntl.ioctl(sock, 0x8914, struct.pack(  # SIOCSIFFLAGS: UP, RUNNING
                "16sh14s", name.encode(), 0x41, bytes(14)))


def mount(source, target, kind=None, flags=0):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(source.encode(), target.encode(), (kind or "").encode(),
                  ctypes.c_ulong(flags), None) != 0:
        raise OSError(ctypes.get_errno(), f"mount {target}")


def set_up_files(work):
    hosts = os.path.join(work, "hosts")
    with open(hosts, "w", encoding="ascii") as file:
        file.write("127.0.0.1 localhost\n10.1.2.3 api.test.example\n"
                   "10.1.2.3 sub.api.test.example\n")
    mount(hosts, "/etc/hosts", flags=4096)  # MS_BIND
    mount("none", "/run", "tmpfs")
    os.makedirs("/run/secrets")


def write_files(folder, files):
    for name, text in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if isinstance(text, dict):
            text = json.dumps(text, indent=1)
        if isinstance(text, str):
            text = text.replace("/PLACE", folder).encode("utf-8", "surrogateescape")
        with open(path, "wb") as file:
            file.write(text)
        if text.startswith(b"#!"):
            os.chmod(path, 0o755)


def run_command(case, folder, command, servers):
    """What came of it: the end, and all that arrived meanwhile."""
    log = os.path.join(folder, "plugin.log")
    open(log, "w", encoding="ascii").close()
    env = {"PATH": f"{folder}/bin:/usr/bin:/bin", "HOME": f"{folder}/home",
           "KUBECONFIG": "config", "PLUGIN_LOG": log}
    for name, value in case.env.items():
        if value is None:
            env.pop(name, None)
        else:
            env[name] = value.replace("{dir}", folder)
    servers.take_events()
    stdin, other_end = subprocess.DEVNULL, None
    if case.terminal:
        other_end, stdin = pty.openpty()
    began = time.monotonic()
    done = subprocess.run(
        [arg.replace("{dir}", folder) for arg in command], cwd=folder, env=env,
        stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        timeout=60, check=False)
    if case.terminal:
        os.close(stdin)
        os.close(other_end)
    with open(log, encoding="utf-8") as file:
        plugin = [json.loads(line) for line in file]
    events = servers.take_events()
    return {"code": done.returncode, "plugin": plugin,
            "seconds": time.monotonic() - began,
            "text": done.stderr.decode("utf-8", "replace"),
            "request": last_request(events),
            "proxies": proxies(events)}


def last_request(events):
    """The one for the Secret; kubectl asks for other things before."""
    found = [e for e in events if e["what"] == "request"
             and "/secrets/" in e["path"]]
    if not found:  # refused on the way: what was sent until then
        found = [e for e in events if e["what"] == "request"]
        for event in found:
            event["path"] = "(other)"
    return found[-1] if found else None


def proxies(events):
    """Each proxy once: connections are opened as often as one likes."""
    seen = []
    for event in events:
        if event["what"] == "proxy" and event not in seen:
            seen.append(event)
    return seen


def compare(case, ours, theirs):
    """Names of what differs."""
    differ = []
    if (ours["code"] == 0) != (theirs["code"] == 0):
        differ.append("outcome")
    if ours["code"] == 0 or theirs["code"] == 0:
        for what in ("request", "proxies", "plugin"):
            if ours[what] != theirs[what]:
                differ.append(what)
    elif case.compare_refused:
        mine, other = ours["request"], theirs["request"]
        for field in ("authorization", "peer", "impersonate"):
            if (mine or {}).get(field) != (other or {}).get(field):
                differ.append("refused " + field)
    return differ


def judge(case, ours, theirs):
    """Complaints; none is good."""
    bad = []
    differ = compare(case, ours, theirs)
    if differ and not case.differs:
        bad.append("differs: " + ", ".join(differ))
    if case.differs and not differ:
        bad.append("is listed as different and is not: " + case.differs)
    if case.ours and case.ours != ("accepted" if ours["code"] == 0
                                   else "refused"):
        bad.append(f"must be {case.ours}")
    if ours["code"] == 0 and ours["text"].strip() and not case.noisy:
        bad.append("said something although all is well")
    if ours["code"] not in (0, 2, 3, 4):
        bad.append(f"exit code {ours['code']}")
    for word in SECRETS:
        if word in ours["text"]:
            bad.append("quotes a secret")
    for part in case.says:
        if part not in ours["text"]:
            bad.append(f"does not say: {part}")
    for check in case.checks:
        bad += check(ours)
    return bad


def compare_program(probe, program):
    """The program asks for more, and never for compressed keys. It has two
    round trips: a credential that has expired by then is asked for again."""
    bad = []
    calls = program["plugin"] or []
    if calls and all(call == calls[0] for call in calls):
        program = dict(program, plugin=calls[:len(probe["plugin"] or [])])
    for what in ("request", "proxies", "plugin"):
        one, two = (dict(r[what], gzip=None) if what == "request" and r[what]
                    else r[what] for r in (probe, program))
        if one != two:
            bad.append(f"status has another {what}: {program}")
    if (program["code"] == 0) != (probe["code"] == 0):
        bad.append(f"status ends otherwise: {program}")
    if any(word in program["text"] for word in SECRETS):
        bad.append("status quotes a secret")
    return bad


def run_case(case, work, program, probe, kubectl, servers):
    folder = os.path.join(work, "case")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder + "/home")
    os.symlink(os.path.join(work, "pki"), folder + "/pki")
    write_files(folder, case.files)
    shutil.rmtree("/run/secrets/kubernetes.io", ignore_errors=True)
    write_files(ACCOUNT, case.account)
    theirs = run_command(case, folder, [
        kubectl, "get", "secret", "x", "-o", "name",
        f"--cache-dir={folder}/cache"] + case.args, servers)
    write_files(folder, case.files)
    ours = run_command(case, folder, [probe] + case.args + case.our_args,
                       servers)
    bad = judge(case, ours, theirs)
    if not case.our_args:
        write_files(folder, case.files)
        bad += compare_program(ours, run_command(case, folder, [
            program, "status", "--secret=x", "--entry=k"] + case.args,
            servers))
    return ours, theirs, bad


def documented():
    """The page on differences, as one line."""
    with open(DOCS, encoding="utf-8") as file:
        return " ".join(file.read().split())


def show(name, result):
    print(f"  {name}: exit code {result['code']}")
    for what in ("request", "proxies", "plugin"):
        print(f"    {what}: {json.dumps(result[what])[:600]}")
    for line in result["text"].splitlines()[:8]:
        print(f"    | {line}")


def start_servers(servers, pki):
    for address in ["127.0.0.1", "::1"] + ADDRESSES:
        servers.ApiServer("main", address, 6443, pki, "main")
        servers.ApiServer("main", address, 443, pki, "main")
        servers.ApiServer("front", address, 7443, pki, "front")
        servers.ApiServer("stranger", address, 7444, pki, "stranger")
        servers.ApiServer("no-san", address, 7445, pki, "no-san")
        servers.ApiServer("alone", address, 7446, pki, "alone")
        servers.ApiServer("plain", address, 8080)
    for address in ["127.0.0.1", "203.0.113.5"]:
        servers.HttpProxy("http", address, 3128)
        servers.HttpProxy("http on 80", address, 80)
        servers.HttpProxy("https", address, 3129, pki, "main")
        servers.SocksProxy("socks5", address, 1080)


def main():
    enter_namespaces()
    kubectl = os.environ["KEYROT_TEST_ALONE"]
    program, probe = map(os.path.abspath, sys.argv[1:3])
    wanted = sys.argv[3:]
    threading.excepthook = lambda args: None
    with tempfile.TemporaryDirectory(prefix="keyrot-") as work:
        set_up_network()
        os.mkdir(work + "/pki")
        # The modules that need files of this folder are read before /run goes.
        sys.path.insert(0, HERE)
        import cases
        import pki as pki_module
        import servers
        pki = pki_module.Pki(work + "/pki")
        pki.all()
        set_up_files(work)
        start_servers(servers, pki)
        table = cases.table(pki)
        names = [case.name for case in table]
        assert len(names) == len(set(names)), "two cases of one name"
        failed = listed = ran = 0
        undocumented = {case.differs for case in table if case.differs
                        and case.differs not in documented()}
        for reason in sorted(undocumented):
            print(f"FAILED: docs/kubeconfig.md does not say: {reason}")
        for case in table:
            if wanted and not any(word in case.name for word in wanted):
                continue
            ran += 1
            listed += bool(case.differs)
            ours, theirs, bad = run_case(case, work, program, probe, kubectl,
                                        servers)
            if os.environ.get("TIMES"):
                print(f"{ours['seconds']:6.2f} s {theirs['seconds']:6.2f} s "
                      f"{case.name}", flush=True)
            if bad or os.environ.get("SHOW"):
                print(f"{'FAILED' if bad else 'ok'}: {case.name}")
                for line in bad:
                    print(f"  {line}")
                show("ours", ours)
                show("kubectl", theirs)
            failed += bool(bad)
        print(f"{ran} kubeconfigs and flag combinations: {ran - listed} as "
              f"kubectl, {listed} with a listed difference")
        print(f"{ran - failed} passed, {failed} failed")
        sys.exit(failed != 0 or bool(undocumented))


if __name__ == "__main__":
    main()
