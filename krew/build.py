#!/usr/bin/env python3
"""Builds the archive that krew installs, and its manifest, into dist/.

usage: krew/build.py BINARY VERSION URL

The archive is the same bytes for the same input: names sorted, no owner, the
time of $SOURCE_DATE_EPOCH or none.
"""

import gzip
import hashlib
import io
import os
import platform
import re
import sys
import tarfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ARCHES = {"x86_64": "amd64", "aarch64": "arm64"}
FILES = {"LICENSE": 0o644, "README.md": 0o644,
         "kubectl_complete-keyrot": 0o755}


def archive(binary, epoch):
    members = {name: (os.path.join(ROOT, name), mode)
               for name, mode in FILES.items()}
    members["kubectl-keyrot"] = (binary, 0o755)
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, (path, mode) in sorted(members.items()):
            with open(path, "rb") as file:
                data = file.read()
            info = tarfile.TarInfo(name)
            info.size, info.mode, info.mtime = len(data), mode, epoch
            tar.addfile(info, io.BytesIO(data))
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=epoch) as file:
        file.write(raw.getvalue())
    return packed.getvalue()


def main(binary, version, url):
    arch = ARCHES[platform.machine()]
    data = archive(binary, int(os.environ.get("SOURCE_DATE_EPOCH", "0")))
    values = {"VERSION": version, "ARCH": arch, "URL": url,
              "SHA256": hashlib.sha256(data).hexdigest()}
    with open(os.path.join(ROOT, "plugin.yaml"), encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r"\A(#.*\n)+", "", text)
    text = re.sub(r"@(\w+)@", lambda m: values[m.group(1)], text)
    dist = os.path.join(ROOT, "dist")
    os.makedirs(dist, exist_ok=True)
    name = f"kubectl-keyrot-v{version}-linux-{arch}.tar.gz"
    with open(os.path.join(dist, name), "wb") as file:
        file.write(data)
    with open(os.path.join(dist, "keyrot.yaml"), "w", encoding="utf-8") as file:
        file.write(text)
    print(f"dist/{name}\ndist/keyrot.yaml\n\nTry it:\n  kubectl krew install "
          f"--manifest=dist/keyrot.yaml --archive=dist/{name}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
