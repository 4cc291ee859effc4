#!/usr/bin/env python3
"""The executable's protections, at rest and running; and its dependencies.

usage: test_hardening.py [WORD...]
"""

import argparse
import glob
import os
import platform
import re
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "secrecy"))

import elf  # noqa: E402
from world import World, check, wait_for  # noqa: E402

PROGRAM = os.environ.get("KEYROT", os.path.join(ROOT, "kubectl-keyrot"))


def read(*names):
    with open(os.path.join(ROOT, *names), encoding="utf-8") as file:
        return file.read()


# ---- at rest

def checklist():
    """PIE, RELRO, bound at once, stacks, fortified, no search path, no banned call"""
    found = elf.problems(PROGRAM)
    check(not found, "; ".join(found))


SPOILED = {
    "it is not position independent": ["-no-pie"],
    "nothing is read-only after relocation": ["-Wl,-z,norelro"],
    "symbols are bound late (no full RELRO)": ["-Wl,-z,lazy"],
    "the stack is executable": ["-Wl,-z,execstack"],
    "it has a search path for libraries": ["-Wl,-rpath,/tmp"],
    "no stack protector": ["-fno-stack-protector"],
    "fewer than five calls are fortified": ["-U_FORTIFY_SOURCE"],
    "banned: system": ["-DBANNED"],
}
SOURCE = """
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	char a[64], b[64];
	snprintf(a, sizeof(a), argv[0], argc);
	strncpy(b, argv[0], (size_t)argc);
	memcpy(a, argv[0], (size_t)argc);
	memset(b + argc, 0, strlen(argv[0]));
	if (read(0, a, (size_t)argc) < 0)
		printf("%s %s", a, b);
#ifdef BANNED
	system(a);
#endif
	return puts(a);
}
"""


def make_writable(path):
    """The first executable segment, in its program header."""
    with open(path, "r+b") as file:
        data = bytearray(file.read())
        start, = struct.unpack_from("<Q", data, 32)
        size, count = struct.unpack_from("<HH", data, 54)
        for at in range(start, start + size * count, size):
            kind, flags = struct.unpack_from("<II", data, at)
            if kind == 1 and flags & 1:
                struct.pack_into("<I", data, at + 4, flags | 2)
                break
        file.seek(0)
        file.write(data)


def controls():
    """what each of them is to find is found in a program that is made so"""
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "a.c")
        with open(source, "w", encoding="ascii") as file:
            file.write(SOURCE)
        base = ["gcc", "-O2", "-w", "-fPIE", "-fstack-protector-all",
                "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2", "-pie",
                "-Wl,-z,relro,-z,now", "-o", os.path.join(folder, "a"), source]
        subprocess.run(base, check=True)
        sound = elf.problems(base[-2])
        check(not sound, "the sound one:", sound)
        for what, flags in SPOILED.items():
            subprocess.run(base + flags, check=True, capture_output=True)
            found = elf.problems(base[-2])
            check(what in found, flags, "was not found:", found)
        subprocess.run(base, check=True)
        make_writable(base[-2])
        found = elf.problems(base[-2])
        check("a segment is writable and executable" in found, found)


# ---- running

def running():
    """running: nothing writable is executable, no core file, kernel told so"""
    options = argparse.Namespace(program=PROGRAM, leakscan="")
    with World(options, 1500) as world:
        path = os.path.join(world.cluster, "key")
        with open(path, "wb") as file:
            file.write(world.new_key())
        calls = os.path.join(world.cluster, "calls")
        child = world.start("strace", "-D", "-f", "-qq", "-e", "trace=prctl",
                            "-o", calls, *world.apply(
                                "--key-file", path, *world.use_file_store()),
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
        wait_for(lambda: world.is_restarted() or child.poll() is not None,
                 "the restart")
        check(child.poll() is None, "it ended with", child.poll())
        place = "/proc/%d/" % child.pid
        check(os.readlink(place + "exe") == os.path.realpath(PROGRAM))
        with open(place + "maps", encoding="utf-8") as file:
            maps = file.read().splitlines()
        with open(place + "limits", encoding="utf-8") as file:
            limits = file.read()
        check(child.wait(60) == 0, "exit", child.returncode)
        with open(calls, encoding="utf-8") as file:
            calls = file.read()
    check(len(maps) > 20, "only", len(maps), "mappings")
    both = [line for line in maps if re.match(r"\S+ .wx", line)]
    check(not both, "writable and executable:", both)
    stack, = [line for line in maps if line.endswith("[stack]")]
    check(" rw-p " in stack, stack)
    check(re.search(r"(?m)^Max core file size\s+0\s+0\s", limits), limits)
    check(re.search(r"PR_SET_DUMPABLE, (0|SUID_DUMP_DISABLE)\) += 0", calls),
          calls)
    answer = re.search(r"(?:0x41|PR_SET_MDWE).*\) += (\S+)", calls)
    kernel = tuple(map(int, re.findall(r"\d+", platform.release())[:2]))
    check(answer and (answer.group(1) == "0" or kernel < (6, 6)), calls)


# ---- dependencies

def rows(title):
    """The rows of the table below a heading, as lists of cells."""
    text = read("docs", "dependencies.md").split("\n## " + title, 1)[1]
    lines = [line for line in text.split("\n## ", 1)[0].splitlines()
             if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")]
            for line in lines[2:]]


def same(what, listed, found):
    listed, found = set(listed), set(found)
    check(found, "no", what, "was found")
    check(found <= listed, what + ", not listed:", sorted(found - listed))
    check(listed <= found, what + ", listed and gone:", sorted(listed - found))


def number(version):
    return [int(part) for part in re.findall(r"\d+", version)]


def linked():
    """every library that is linked is listed, with version and licence"""
    table = rows("Linked: `make`,")
    same("libraries", [row[0] for row in table], elf.needed(PROGRAM))
    check(all(row[3] for row in table), "one has no licence")
    here = {row[0]: row[1] for row in table}
    for soname, package in (("libcurl.so.4", "libcurl"),
                            ("libcrypto.so.3", "libcrypto"),
                            ("libssl.so.3", "libssl"),
                            ("libcjson.so.1", "libcjson"),
                            ("libyaml-0.so.2", "yaml-0.1")):
        version = subprocess.run(
            ["pkg-config", "--modversion", package], check=True, text=True,
            capture_output=True).stdout.strip()
        check(number(version) >= number(here[soname]), soname, version,
              "is older than what is said to be the oldest")


def static():
    """the static executables' libraries, versions and licences are listed"""
    sources = [line.split() for line in read("krew", "sources.txt")
               .splitlines() if line and not line.startswith("#")]
    zig = re.search(r"ZIG_VERSION=(\S+)", read("krew", "libraries.sh"))
    same("library, version, licence",
         [tuple(row[:3]) for row in rows("Linked: `make dist`")],
         [(row[0], row[1], row[4]) for row in sources]
         + [("musl", "with ziglang " + zig.group(1), "MIT")])


def for_tests():
    """every package, module and wheel that tests need is listed"""
    table = rows("Tests alone")

    def listed(kind):
        return [name for row in table if row[0] == kind
                for name in row[1].split(", ")]
    found = set()
    for purpose in ("ci", "test", "soak", "report", "schedule", "dist"):
        found |= set(subprocess.run(
            [os.path.join(ROOT, "tests", "deps.sh"), "--list", purpose],
            check=True, text=True, capture_output=True).stdout.split())
    same("packages of Debian", listed("Debian"), found)
    modules = set()
    for path in glob.glob(os.path.join(ROOT, "**", "go.mod"), recursive=True):
        for line in read(path).splitlines():
            match = re.match(r"(?:\t|require |tool )(\S+\.\S+/\S+)", line)
            if match and "=>" not in line and "// indirect" not in line:
                modules.add(match.group(1))
    same("Go modules", listed("Go"), modules)
    wheels = set()
    scripts = subprocess.run(
        ["git", "ls-files", "*.sh", "*.py", "*.mk", ".ci", "Makefile"],
        cwd=ROOT, check=True, text=True, capture_output=True).stdout.split()
    for path in scripts:
        if path.endswith(os.path.basename(__file__)):
            continue
        for command in re.findall(r"(?:pip|pip3)\"? (?:-q )?install((?:\\\n|.)*)",
                                  read(path)):
            wheels |= set(re.findall(r"([a-z][a-z0-9_-]*)==[\d$]", command))
    same("Python packages", listed("Python"), wheels)


CASES = [checklist, controls, running, linked, static, for_tests]


def main():
    words = sys.argv[1:]
    passed = failed = 0
    for case in CASES:
        if not all(word in case.__doc__ for word in words):
            continue
        why = None
        try:
            case()
        except Exception as problem:  # a case must not end the others
            why = "%s: %s" % (type(problem).__name__, problem)
        passed, failed = passed + (not why), failed + bool(why)
        print("%s %s%s" % ("FAILED" if why else "ok    ", case.__doc__,
                           "\n    " + why if why else ""), flush=True)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
