#!/usr/bin/env python3
"""Builds what is released from the executables, into dist/.

usage: krew/build.py VERSION URL LIBRARIES BINARY...

BINARY is build/static-ARCH/kubectl-keyrot; LIBRARIES the folder with the
libraries' licences. An archive for each, SHA256SUMS, a list of what is in them
(SPDX), and krew's manifest, which ./plugin.yaml is a copy of. The same input
gives the same bytes: names sorted, no owner, the time of $SOURCE_DATE_EPOCH
or none.
"""

import gzip
import hashlib
import io
import json
import os
import re
import sys
import tarfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
DIST = os.path.join(ROOT, "dist")
ARCHES = {"x86_64": "amd64", "aarch64": "arm64"}
EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))


def read(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def write(name, data):
    with open(name, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def libraries():
    """Name, version, checksum of the source, licence."""
    for line in read(HERE, "sources.txt").decode().splitlines():
        if line and not line.startswith("#"):
            name, version, _, checksum, licence = line.split()
            yield name, version, checksum, licence


def notices(folder):
    """The licence of everything that is linked in."""
    parts = ["kubectl keyrot is linked with the libraries below.\n"]
    for name in sorted(os.listdir(folder)):
        parts.append("\n%s\n%s\n\n%s" % (name, "=" * len(name), read(
            folder, name).decode("utf-8", "replace")))
    return "".join(parts)


def spdx(version):
    """What is in the executable: SPDX 2.3, https://spdx.github.io/."""
    def package(name, version, licence, checksum=None):
        found = {"SPDXID": "SPDXRef-" + name, "name": name,
                 "versionInfo": version, "downloadLocation": "NOASSERTION",
                 "licenseDeclared": licence, "licenseConcluded": licence,
                 "copyrightText": "NOASSERTION", "filesAnalyzed": False}
        if checksum:
            found["checksums"] = [{"algorithm": "SHA256",
                                   "checksumValue": checksum}]
        return found
    packages = [package("kubectl-keyrot", version, "MIT")]
    packages += [package(name, release, licence, checksum)
                 for name, release, checksum, licence in libraries()]
    packages.append(package("musl", "as shipped with zig", "MIT"))
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(EPOCH))
    relations = [{"spdxElementId": "SPDXRef-DOCUMENT", "relatedSpdxElement":
                  "SPDXRef-kubectl-keyrot", "relationshipType": "DESCRIBES"}]
    relations += [{"spdxElementId": "SPDXRef-kubectl-keyrot",
                   "relatedSpdxElement": found["SPDXID"],
                   "relationshipType": "STATIC_LINK"}
                  for found in packages[1:]]
    return json.dumps({
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT", "name": "kubectl-keyrot-" + version,
        "documentNamespace": "https://keyrot.dev/spdx/kubectl-keyrot-"
                             + version,
        "creationInfo": {"created": created,
                         "creators": ["Tool: krew/build.py"]},
        "packages": packages, "relationships": relations}, indent=1) + "\n"


def archive(binary, extra):
    members = {name: (read(ROOT, name), mode) for name, mode in (
        ("LICENSE", 0o644), ("README.md", 0o644),
        ("kubectl_complete-keyrot", 0o755))}
    members.update((name, (text.encode(), 0o644))
                   for name, text in extra.items())
    members["kubectl-keyrot"] = (read(binary), 0o755)
    raw, packed = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, (data, mode) in sorted(members.items()):
            info = tarfile.TarInfo(name)
            info.size, info.mode, info.mtime = len(data), mode, EPOCH
            tar.addfile(info, io.BytesIO(data))
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=EPOCH) as file:
        file.write(raw.getvalue())
    return packed.getvalue()


def manifest(values, sums):
    """The platform at the end of the template, once for each archive."""
    text = read(HERE, "plugin.yaml.in").decode()
    text = re.sub(r"\A(#.*\n)+", "", text)
    head, platform = text.split("  platforms:\n")
    text = head + "  platforms:\n" + "".join(
        platform.replace("@ARCH@", arch).replace("@SHA256@", checksum)
        for arch, checksum in sorted(sums.items()))
    return re.sub(r"@(\w+)@", lambda match: values[match.group(1)], text)


def main(version, url, folder, *binaries):
    os.makedirs(DIST, exist_ok=True)
    extra = {"THIRD-PARTY-NOTICES": notices(os.path.join(folder, "licences")),
             "kubectl-keyrot.spdx.json": spdx(version)}
    sums, lines = {}, []
    for binary in binaries:
        machine = os.path.basename(os.path.dirname(binary)).split("-")[1]
        data = archive(binary, extra)
        name = f"kubectl-keyrot-v{version}-linux-{ARCHES[machine]}.tar.gz"
        write(os.path.join(DIST, name), data)
        sums[ARCHES[machine]] = hashlib.sha256(data).hexdigest()
        lines.append(f"{sums[ARCHES[machine]]}  {name}\n")
    write(os.path.join(DIST, "SHA256SUMS"), "".join(lines))
    text = manifest({"VERSION": version, "URL": url}, sums)
    # krew wants the file to be called like the plugin.
    write(os.path.join(DIST, "keyrot.yaml"), text)
    print("".join(lines), end="")
    print("\nTry it:\n  kubectl krew install --manifest=dist/keyrot.yaml "
          f"--archive=dist/kubectl-keyrot-v{version}-linux-amd64.tar.gz")


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
