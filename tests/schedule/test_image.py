#!/usr/bin/env python3
"""The images that `make image` made: what is in them, that it runs, and that a
second build gives the same bytes."""

import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
DIST = os.path.join(ROOT, "dist")
PROGRAM = "usr/local/bin/kubectl-keyrot"
BUNDLE = "etc/ssl/certs/ca-certificates.crt"
NOTICES = "usr/share/doc/kubectl-keyrot/"
FILES = {PROGRAM: 0o755, BUNDLE: 0o644, NOTICES + "LICENSE": 0o644,
         NOTICES + "THIRD-PARTY-NOTICES": 0o644,
         NOTICES + "kubectl-keyrot.spdx.json": 0o644}
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
MAX_BYTES = 4 * 1000 * 1000


def image(arch):
    return os.path.join(DIST, "keyrot-image-%s.tar" % arch)


class Image(unittest.TestCase):
    def setUp(self):
        self.work = tempfile.mkdtemp(prefix="keyrot-image-")
        self.addCleanup(subprocess.run, ["rm", "-rf", self.work])

    def unpack(self, arch):
        folder = os.path.join(self.work, arch)
        with tarfile.open(image(arch)) as tar:
            tar.extractall(folder)
        with open(folder + "/index.json") as file:
            manifest, = json.load(file)["manifests"]
        tag = manifest["annotations"]["org.opencontainers.image.ref.name"]
        subprocess.run(["umoci", "unpack", "--rootless", "--image",
                        folder + ":" + tag, folder + "/bundle"], check=True,
                       capture_output=True)
        return folder, self.blob(folder, manifest["digest"]), tag

    def blob(self, folder, digest):
        with open(folder + "/blobs/" + digest.replace(":", "/")) as file:
            return json.load(file)

    def test_contents(self):
        """The executable, a CA bundle, the notices; nothing else."""
        for arch in MACHINES:
            folder, _, _ = self.unpack(arch)
            root = folder + "/bundle/rootfs"
            found = {}
            for at, _, names in os.walk(root):
                for name in names:
                    path = os.path.join(at, name)
                    self.assertFalse(os.path.islink(path), path)
                    found[os.path.relpath(path, root)] = (
                        os.stat(path).st_mode & 0o7777)
            self.assertEqual(found, FILES)
            self.assertLess(os.path.getsize(image(arch)), MAX_BYTES)
            with open(os.path.join(root, BUNDLE)) as file:
                self.assertGreater(file.read().count("BEGIN CERT"), 50)

    def test_configuration(self):
        for arch in MACHINES:
            folder, manifest, tag = self.unpack(arch)
            config = self.blob(folder, manifest["config"]["digest"])
            self.assertEqual((config["architecture"], config["os"]),
                             (arch, "linux"))
            self.assertEqual(config["config"]["User"], "65532:65532")
            self.assertEqual(config["config"]["Entrypoint"], ["/" + PROGRAM])
            self.assertIn("PATH=/usr/local/bin", config["config"]["Env"])
            self.assertEqual(config["config"]["Labels"][
                "org.opencontainers.image.version"], tag)
            self.assertEqual(config["created"], "1970-01-01T00:00:00Z")

    def test_owners(self):
        """Nothing of the machine that built it."""
        for arch in MACHINES:
            folder, manifest, _ = self.unpack(arch)
            for layer in manifest["layers"]:
                with tarfile.open(folder + "/blobs/" + layer[
                        "digest"].replace(":", "/")) as tar:
                    for member in tar:
                        self.assertEqual(
                            (member.uid, member.gid, member.mtime,
                             member.mode & 0o7022), (0, 0, 0, 0), member.name)

    def test_runs(self):
        """With nothing around it."""
        for arch, machine in MACHINES.items():
            folder, _, tag = self.unpack(arch)
            root = folder + "/bundle/rootfs"
            command = ["/" + PROGRAM, "version", "-o", "json"]
            if machine != platform.machine():
                emulator = shutil.which("qemu-%s-static" % machine)
                self.assertIsNotNone(emulator, machine)
                shutil.copy(emulator, root + "/emulator")
                command[:0] = ["/emulator"]
            enter = ["unshare", "--root=" + root]
            if os.getuid() != 0:
                enter[1:1] = ["--map-root-user"]
            done = subprocess.run(enter + command, capture_output=True,
                                  text=True, env={})
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["version"], tag)

    def test_same_bytes(self):
        """By another umask, in another folder, a moment later."""
        _, _, tag = self.unpack("amd64")
        archive = "dist/kubectl-keyrot-v%s-linux-amd64.tar.gz" % tag
        again = os.path.join(self.work, "again.tar")
        subprocess.run(["sh", "-c", "umask 077; exec krew/image.sh \"$@\"",
                        "sh", tag, "amd64", archive, again], cwd=ROOT,
                       check=True, env=dict(os.environ, TMPDIR=self.work))
        with open(image("amd64"), "rb") as a, open(again, "rb") as b:
            self.assertEqual(a.read(), b.read())


if __name__ == "__main__":
    result = unittest.main(exit=False).result
    bad = len(result.failures) + len(result.errors)
    print("%d passed, %d failed" % (result.testsRun - bad, bad))
    sys.exit(1 if bad else 0)
