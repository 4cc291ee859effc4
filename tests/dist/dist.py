#!/usr/bin/env python3
"""Looks at what `make dist` made: archives, executables, krew's manifest.

usage: dist.py [-v] [NAME...]
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "hardening"))

import elf  # noqa: E402

DIST = os.path.join(ROOT, "dist")
with open(os.path.join(ROOT, "Makefile")) as makefile:
    VERSION = re.search(r"(?m)^VERSION := (\S+)", makefile.read()).group(1)
MAX_BYTES = 6 * 1000 * 1000
MEMBERS = {"kubectl-keyrot": 0o755, "kubectl_complete-keyrot": 0o755,
           "LICENSE": 0o644, "README.md": 0o644, "THIRD-PARTY-NOTICES": 0o644,
           "kubectl-keyrot.spdx.json": 0o644}
EMULATORS = ("qemu-aarch64", "qemu-aarch64-static")


def binary(machine):
    return os.path.join(ROOT, "build", "static-" + machine, "kubectl-keyrot")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def output(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True,
                          **more).stdout


class Archives(unittest.TestCase):
    def setUp(self):
        self.sums = dict(reversed(line.split()) for line in read(
            os.path.join(DIST, "SHA256SUMS")).decode().splitlines())

    def test_sums(self):
        self.assertEqual(len(self.sums), 2)
        for name, checksum in self.sums.items():
            data = read(os.path.join(DIST, name))
            self.assertEqual(hashlib.sha256(data).hexdigest(), checksum)

    def test_members(self):
        """Plain files alone: krew refuses links and `..`."""
        for name in self.sums:
            with tarfile.open(os.path.join(DIST, name)) as tar:
                found = {member.name: member.mode for member in tar
                         if member.isfile()}
                self.assertEqual(len(tar.getmembers()), len(found))
                notices = tar.extractfile("THIRD-PARTY-NOTICES").read()
            self.assertEqual(found, MEMBERS)
            for library in (b"curl", b"openssl", b"musl", b"libyaml", b"zlib"):
                self.assertIn(b"\n" + library + b"\n===", notices)

    def test_manifest(self):
        """What krew's validation and its reviewers ask of a manifest."""
        text = read(os.path.join(DIST, "keyrot.yaml")).decode()
        mine = read(os.path.join(ROOT, "plugin.yaml")).decode()
        hide = re.compile(r"(?m)sha256: \w{64}$")
        self.assertEqual(hide.sub("", mine), hide.sub("", text))
        self.assertEqual(len(hide.findall(mine)), 2)
        self.assertEqual(sorted(re.findall(r"sha256: (\w+)", text)),
                         sorted(self.sums.values()))
        for uri in re.findall(r"uri: (\S+)", text):
            self.assertIn(os.path.basename(uri), self.sums)
            version = re.search(r"(?m)^  version: (v\d+\.\d+\.\d+)$", text)
            self.assertIn(version.group(1), uri)


class Executables(unittest.TestCase):
    def test_hardened(self):
        for machine in ("x86_64", "aarch64"):
            path = binary(machine)
            sections = output("readelf", "-SW", path)
            with self.subTest(machine):
                self.assertLessEqual(os.path.getsize(path), MAX_BYTES)
                self.assertEqual(elf.problems(path, static=True), [])
                self.assertNotIn(".symtab", sections)
                self.assertNotIn(".debug", sections)

    def test_stack_protector(self):
        """Executables are stripped: their object files tell."""
        for machine in ("x86_64", "aarch64"):
            folder = os.path.join(ROOT, "build", "static-" + machine)
            objects = [os.path.join(place, name)
                       for place, _, names in os.walk(folder)
                       for name in names if name.endswith(".o")]
            self.assertGreater(len(objects), 100)
            uses = sum(b"__stack_chk_fail" in read(path) for path in objects)
            self.assertGreater(uses, len(objects) // 3, machine)

    def test_no_path_of_this_machine(self):
        for machine in ("x86_64", "aarch64"):
            data = read(binary(machine))
            for path in (ROOT, os.path.expanduser("~/.cache")):
                self.assertFalse(path.encode() + b"/" in data, path)

    def test_runs_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            path = shutil.copy(binary(os.uname().machine), folder)
            self.assertIn(VERSION, output(path, "version", env={}))

    def test_arm(self):
        emulator = next(filter(None, map(shutil.which, EMULATORS)), None)
        self.assertIsNotNone(emulator, "qemu-user-static is not installed")
        words = (emulator, binary("aarch64"))
        self.assertIn(VERSION, output(*words, "version"))
        found = output(*words, "generate", "--stdout", env={
            "HOME": "/nonexistent", "PATH": "/bin"})
        self.assertRegex(found, r"\A[A-Za-z0-9+/]{43}=\n?\Z")

    def test_same_bytes_in_another_folder(self):
        machine = os.uname().machine
        with tempfile.TemporaryDirectory() as folder:
            names = output("git", "ls-files", cwd=ROOT).splitlines()
            for name in names:
                path = os.path.join(folder, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                shutil.copy(os.path.join(ROOT, name), path)
            subprocess.run(["make", "-s", "-j2", "STATIC=" + machine,
                            "program"], cwd=folder, check=True)
            other = os.path.join(folder, os.path.relpath(binary(machine), ROOT))
            self.assertEqual(read(other), read(binary(machine)))


class Packages(unittest.TestCase):
    """For Debian and its like."""

    def setUp(self):
        self.paths = [os.path.join(DIST, "kubectl-keyrot_%s_%s.deb" % (
            VERSION, arch)) for arch in ("amd64", "arm64")]

    def test_lintian(self):
        for path in self.paths:
            done = subprocess.run(
                ("lintian", "--fail-on", "error,warning", "--allow-root",
                 path), capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout)

    def test_depends_on_nothing(self):
        for path in self.paths:
            fields = output("dpkg-deb", "--field", path)
            self.assertNotIn("Depends:", fields)
            self.assertIn("Version: %s\n" % VERSION, fields)

    def test_unpacked(self):
        native = output("dpkg", "--print-architecture").strip()
        path = next(p for p in self.paths if p.endswith("_%s.deb" % native))
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(("dpkg-deb", "-x", path, folder), check=True)
            self.assertIn(VERSION, output(
                os.path.join(folder, "usr/bin/kubectl-keyrot"), "version",
                env={}))
            page = os.path.join(folder,
                                "usr/share/man/man1/kubectl-keyrot.1.gz")
            self.assertTrue(os.path.isfile(page))


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=1)
    bad = len(program.result.failures) + len(program.result.errors)
    print("dist: %d passed, %d failed" % (program.result.testsRun - bad, bad))
    raise SystemExit(bool(bad))
