#!/usr/bin/env python3
"""Searches everything that the program leaves or shows for the key.

secrecy.py --leakscan PATH --control PATH [--program PATH] [WORD...]

Memory is searched as root: an ordinary user may not look at all, and that is
a case of its own. The build without wiping has to be caught.
"""
import argparse
import os
import re
import resource
import signal
import subprocess
import sys
import time

from world import ROOT, Failed, World, check, wait_for


def process_of(strace, program):
    """The program that strace started: it has other children at first."""
    path = f"/proc/{strace.pid}/task/{strace.pid}/children"

    def child():
        try:
            with open(path, encoding="ascii") as file:
                pids = file.read().split()
            return [x for x in pids
                    if os.readlink(f"/proc/{x}/exe") == program]
        except OSError:
            return []
    wait_for(child, "the program")
    return int(child()[0])


def is_at_exit(pid):
    """In the system call exit_group(2), where strace holds it."""
    try:
        with open(f"/proc/{pid}/syscall", encoding="ascii") as file:
            return file.read().split()[0] == EXIT_GROUP
    except (OSError, IndexError):
        return False


EXIT_GROUP = {"x86_64": "231", "aarch64": "94"}[os.uname().machine]


def look_twice(world, *more, env=None):
    """Finds while the rollout is waited for, and at the exit."""
    env = dict(world.env, **(env or {}))
    strace = world.start("strace", "-qq", "-o", "/dev/null", "-e",
                         "trace=exit_group", "-e",
                         "inject=exit_group:delay_enter=4000000",
                         *world.apply(*more), env=env,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    pid = process_of(strace, world.options.program)
    wait_for(world.is_restarted, "the restart")
    time.sleep(0.3)
    waiting = world.scan_memory(pid)
    wait_for(lambda: is_at_exit(pid) or strace.poll() is not None, "the end")
    check(strace.poll() is None, "it ended too early:",
          strace.stderr.read().decode() if strace.poll() is not None else "")
    leaving = world.scan_memory(pid)
    out, err = strace.communicate(timeout=60)
    check(strace.returncode == 0, "exit code", strace.returncode, err.decode())
    return waiting, leaving, out + err


def memory_is_clean(world, *more, env=None):
    waiting, leaving, _ = look_twice(world, *more, env=env)
    check(not waiting[1], "while waiting:", "\n".join(waiting[1]))
    check(not waiting[0], "locked, while waiting:", "\n".join(waiting[0]))
    check(not leaving[0], "at the exit:", "\n".join(leaving[0]))


def memory_key_file(options):
    """memory: a key from a file, the file store"""
    with World(options, 800) as world:
        path = os.path.join(world.cluster, "key")
        with open(path, "wb") as file:
            file.write(world.new_key() + b"\n")
        os.chmod(path, 0o600)
        memory_is_clean(world, "--key-file", path, *world.use_file_store())


def memory_variable(options):
    """memory: a key from the environment, the file store"""
    with World(options, 800) as world:
        key = world.new_key().decode()
        memory_is_clean(world, *world.use_file_store(),
                        env={"SECRET_ENCRYPTION_KEY": key})


def memory_pass(options):
    """memory: a key from a file, pass"""
    with World(options, 800) as world:
        path = os.path.join(world.cluster, "key")
        with open(path, "wb") as file:
            file.write(world.new_key())
        memory_is_clean(world, "--key-file", path, *world.use_pass())


def memory_exec(options):
    """memory: a key from a file, an exec store, at the highest verbosity"""
    with World(options, 800) as world:
        path = os.path.join(world.cluster, "key")
        with open(path, "wb") as file:
            file.write(world.new_key())
        memory_is_clean(world, "-v=9", "--key-file", path, *world.use_exec())


def control_is_caught(options):
    """memory: the build that does not wipe is caught (positive control)"""
    if not options.control:
        return
    options = argparse.Namespace(**dict(vars(options),
                                        program=options.control))
    with World(options, 800) as world:
        path = os.path.join(world.cluster, "key")
        with open(path, "wb") as file:
            file.write(world.new_key())
        waiting, leaving, _ = look_twice(world, "--key-file", path,
                                         *world.use_file_store())
        print(f"  without wiping: {len(waiting[1])} copies while waiting, "
              f"{len(leaving[1])} at the exit")
        check(waiting[1] or leaving[1], "nothing was found in it")


def exec_lines(log):
    """The lines of strace's execve, without the one that the test made."""
    with open(log, "rb") as file:
        lines = [x for x in file.read().splitlines() if b"execve(" in x]
    return lines[1:]


def arguments(options):
    """arguments and environments of every child, with pass"""
    with World(options) as world:
        store = world.use_pass()
        log = os.path.join(world.cluster, "execs")
        key = world.new_key().decode()
        ran = subprocess.run(
            ["strace", "-f", "-qq", "-v", "-s", "1000000", "-e",
             "trace=execve", "-o", log, *world.apply(*store)],
            env=dict(world.env, SECRET_ENCRYPTION_KEY=key),
            stdin=subprocess.DEVNULL, capture_output=True, check=False)
        check(ran.returncode == 0, ran.stderr.decode())
        lines = exec_lines(log)
        check(len(lines) > 10, "only", len(lines), "programs were started")
        with open(log, "wb") as file:
            file.write(b"\n".join(lines))
        for name in world.keys:
            finds, _, _ = world.scan(name, log)
            check(not finds, name, finds)
        names = set(re.findall(rb'"([A-Za-z_]+)=', b"\n".join(lines)))
        check(b"SECRET_ENCRYPTION_KEY" not in names, names)
        check(b"KUBECONFIG" not in names, names)


def own_environment(options):
    """its own environment does not show the variable after the start"""
    with World(options, 800) as world:
        child = world.start(*world.apply(*world.use_file_store()),
                            env=dict(world.env, SECRET_ENCRYPTION_KEY=world
                                     .new_key().decode()),
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
        wait_for(world.is_restarted, "the restart")
        finds, _, _ = world.scan("new", f"/proc/{child.pid}/environ",
                                 f"/proc/{child.pid}/cmdline", "-")
        check(not finds, finds)
        check(child.wait(30) == 0)


def one_write(options):
    """a key goes out by one write to pass, and never to the network"""
    with World(options) as world:
        store = world.use_pass()
        log = os.path.join(world.cluster, "writes")
        path = os.path.join(world.cluster, "key")
        key = world.new_key()
        with open(path, "wb") as file:
            file.write(key)
        ran = subprocess.run(
            ["strace", "-qq", "-xx", "-s", "100000", "-e",
             "trace=write,writev,pwrite64,sendto,sendmsg", "-o", log,
             *world.apply("--key-file", path, *store)], env=world.env,
            stdin=subprocess.DEVNULL, capture_output=True, check=False)
        check(ran.returncode == 0, ran.stderr.decode())
        with open(log, "rb") as file:
            lines = file.read().splitlines()
        text = os.path.join(world.cluster, "text")
        hits = []
        for line in lines:
            data = b"".join(bytes.fromhex(x.replace(rb"\x", b"").decode())
                            for x in re.findall(rb'"((?:\\x..)*)"', line))
            with open(text, "wb") as file:
                file.write(data + b" ")
            for name in world.keys:
                if world.scan(name, text)[0]:
                    hits.append((name, line.split(b"(")[0].decode()))
        check(len(lines) > 20, "only", len(lines), "writes were seen")
        check(sorted(hits) == [("new", "write"), ("previous", "write")], hits)


def files_and_output(options):
    """files, messages and output at the highest verbosity"""
    for output in ("", "json", "jsonl"):
        with World(options) as world:
            more = ["-v=9"] + (["-o", output] if output else [])
            ran = subprocess.run(
                world.apply(*more, *world.use_file_store()),
                env=dict(world.env,
                         SECRET_ENCRYPTION_KEY=world.new_key().decode()),
                stdin=subprocess.DEVNULL, capture_output=True, check=False)
            check(ran.returncode == 0, ran.stderr.decode())
            with open(world.path("output"), "wb") as file:
                file.write(ran.stdout + ran.stderr)
            check(len(ran.stdout + ran.stderr) > 500)
            for name in world.keys:
                finds, _, size = world.scan(name, world.home)
                check(not finds and size > 2000, name, finds, size)


def key_log(options):
    """SSLKEYLOGFILE and OPENSSL_CONF are not obeyed"""
    with World(options) as world:
        trap = world.path("tls-secrets")
        conf = world.path("openssl.cnf")
        with open(conf, "w", encoding="ascii") as file:
            file.write("openssl_conf = broken\n[broken]\nproviders = nowhere\n")
        path = os.path.join(world.cluster, "key")
        with open(path, "wb") as file:
            file.write(world.new_key())
        ran = subprocess.run(
            world.apply("--key-file", path, *world.use_file_store()),
            env=dict(world.env, SSLKEYLOGFILE=trap, OPENSSL_CONF=conf),
            stdin=subprocess.DEVNULL, capture_output=True, check=False)
        check(ran.returncode == 0, ran.stderr.decode())
        check(not os.path.exists(trap), "TLS secrets were written")


def no_core(options):
    """an abort leaves no core file"""
    with World(options, 1500) as world:
        resource.setrlimit(resource.RLIMIT_CORE, (-1, -1))
        child = world.start(
            *world.apply(*world.use_file_store()), cwd=world.home,
            env=dict(world.env,
                     SECRET_ENCRYPTION_KEY=world.new_key().decode()),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(world.is_restarted, "the restart")
        child.send_signal(signal.SIGABRT)
        check(child.wait(30) == -signal.SIGABRT)
        cores = [x for x in os.listdir(world.home) if "core" in x]
        check(not cores, cores)


PEEK = """
for name in environ mem maps; do
	if (exec 3<"/proc/$1/$name") 2>/dev/null
	then echo "$name readable"; else echo "$name refused"; fi
done
if ls "/proc/$1/fd" >/dev/null 2>&1
then echo "fd readable"; else echo "fd refused"; fi
"""


# PTRACE_SEIZE, and process_vm_readv() of a byte from the start of what is
# mapped.
TRACE = """
import ctypes, sys
libc, pid = ctypes.CDLL(None, use_errno=True), int(sys.argv[1])
class Part(ctypes.Structure):
    _fields_ = [("at", ctypes.c_void_p), ("size", ctypes.c_size_t)]
here = ctypes.create_string_buffer(1)
mine = Part(ctypes.cast(here, ctypes.c_void_p), 1)
his = Part(int(sys.argv[2], 16), 1)
for name, answer in (
        ("read", libc.process_vm_readv(pid, ctypes.byref(mine), 1,
                                       ctypes.byref(his), 1, 0) == 1),
        ("ptrace", libc.ptrace(0x4206, pid, None, None) == 0)):
    print(name, "allowed" if answer else ctypes.get_errno())
"""
EPERM = 1


def other_processes(options):
    """other processes of the same user may not look into it"""
    if os.getuid() != 0:
        return
    drop = {"user": 65534, "group": 65534, "extra_groups": []}

    def peek(pid):
        ran = subprocess.run(["/bin/sh", "-c", PEEK, "sh", str(pid)],
                             capture_output=True, text=True, check=False,
                             cwd="/", **drop)
        return ran.stdout.split("\n")[:-1]

    def trace(pid):
        with open(f"/proc/{pid}/maps", encoding="ascii") as maps:
            at = maps.read().partition("-")[0]
        ran = subprocess.run(["/usr/bin/python3", "-c", TRACE, str(pid), at],
                             capture_output=True, text=True, check=True,
                             cwd="/", **drop)
        return ran.stdout.split("\n")[:-1]
    with World(options, 1500) as world:
        os.chmod(world.home, 0o777)
        for folder, _, files in os.walk(world.cluster):
            os.chmod(folder, 0o755)
            for name in files:
                os.chmod(os.path.join(folder, name), 0o644)
        plain = world.start("sleep", "30", **drop)
        check(peek(plain.pid) == ["environ readable", "mem readable",
                                  "maps readable", "fd readable"],
              peek(plain.pid))
        # With Yama only a parent may: then this tells nothing.
        if not os.path.exists("/proc/sys/kernel/yama/ptrace_scope"):
            check(trace(plain.pid) == ["read allowed", "ptrace allowed"],
                  trace(plain.pid))
        store = world.use_file_store()
        os.chmod(world.path("passphrase"), 0o644)
        program = os.path.join(world.cluster, "program")
        subprocess.run(["install", "-m", "755", options.program, program],
                       check=True)
        command = [program] + world.apply(*store)[1:]
        child = world.start(*command, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE,
                            env=dict(world.env, SECRET_ENCRYPTION_KEY=world
                                     .new_key().decode()), **drop)
        wait_for(lambda: world.is_restarted() or child.poll() is not None,
                 "the restart")
        check(child.poll() is None, child.poll() is not None and
              child.stderr.read().decode())
        seen = peek(child.pid)
        check(seen == ["environ refused", "mem refused", "maps refused",
                       "fd refused"], seen)
        seen = trace(child.pid)
        check(seen == [f"read {EPERM}", f"ptrace {EPERM}"], seen)
        check(child.wait(60) == 0, child.stderr.read().decode())


CASES = [memory_key_file, memory_variable, memory_pass, memory_exec,
         control_is_caught, arguments, own_environment, one_write,
         files_and_output, key_log, no_core, other_processes]
FLOOR = 12    # of a whole run; fewer that passed is a failure


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--leakscan", required=True)
    parser.add_argument("--control")
    parser.add_argument("--program",
                        default=os.path.join(ROOT, "kubectl-keyrot"))
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    for name in ("leakscan", "control", "program"):
        path = getattr(options, name)
        setattr(options, name, path and os.path.abspath(path))
    passed = failed = 0
    for case in CASES:
        if not all(word in case.__doc__ for word in options.words):
            continue
        try:
            case(options)
        except (Failed, subprocess.SubprocessError) as problem:
            failed += 1
            print(f"FAILED {case.__doc__}\n  {problem}")
        else:
            passed += 1
    print(f"secrecy: {passed} passed, {failed} failed")
    floor = 1 if options.words else FLOOR
    if passed < floor:
        print(f"secrecy.py: {passed} passed; {floor} is the floor")
    return 1 if failed or passed < floor else 0


if __name__ == "__main__":
    sys.exit(main())
