#!/usr/bin/env bash
# A Debian package from a static executable: what `make install` installs, and
# no dependency. The same input gives the same bytes.
#
#	krew/deb.sh VERSION BINARY LIBRARIES
#
# BINARY is build/static-ARCH/kubectl-keyrot; LIBRARIES the folder with the
# libraries' licences. Prints the package's path, below dist/.
set -euo pipefail
version=${1:?usage: krew/deb.sh VERSION BINARY LIBRARIES}
binary=$2
licences=$3/licences
cd "$(dirname "$0")/.."
# Of this version; Debian's tools take files from before 1975 for an accident.
export LC_ALL=C SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-1795392000}

case $(basename "$(dirname "$binary")") in
*x86_64) arch=amd64 ;;
*aarch64) arch=arm64 ;;
*) echo "deb.sh: no Debian architecture for $binary" >&2; exit 2 ;;
esac
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
umask 022

make --no-print-directory -s install DESTDIR="$root" PREFIX=/usr
install -m 755 "$binary" "$root/usr/bin/kubectl-keyrot"
doc=$root/usr/share/doc/kubectl-keyrot
rm -f "$doc/LICENSE"
{
	cat <<-END
	Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
	Upstream-Name: kubectl-keyrot
	Comment: the executable is linked with the libraries below; their licences
	 in full are in this folder's THIRD-PARTY-NOTICES.

	Files: *
	Copyright: $(sed -n 's/^Copyright (c) //p' LICENSE)
	License: Expat
	END
	sed '1,/^Copyright/d; /./!s/^/./; s/^/ /' LICENSE | sed 1d
} >"$doc/copyright"
for licence in "$licences"/*; do
	printf '%s\n\n' "$(basename "$licence")"
	cat "$licence"
	echo
done >"$doc/THIRD-PARTY-NOTICES"
gzip -9n "$doc/THIRD-PARTY-NOTICES"
printf 'kubectl-keyrot (%s) stable; urgency=medium\n\n  * See README.md.\n\n -- The keyrot authors <keyrot@keyrot.dev>  %s\n' \
	"$version" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" |
	gzip -9n >"$doc/changelog.gz"
find "$root/usr/share/man" -type f ! -name '*.gz' -exec gzip -9n {} + 2>/dev/null || true

overrides=$root/usr/share/lintian/overrides
mkdir -p "$overrides"
cat >"$overrides/kubectl-keyrot" <<-'END'
	# One file for every machine: nothing is loaded into the process that holds
	# a key, and nothing has to be depended on.
	kubectl-keyrot: shared-library-lacks-prerequisites *
	kubectl-keyrot: embedded-library *
	# Run by kubectl, not by people.
	kubectl-keyrot: no-manual-page *usr/bin/kubectl_complete-keyrot*
END

mkdir "$root/DEBIAN"
(cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum) \
	>"$root/DEBIAN/md5sums"
cat >"$root/DEBIAN/control" <<-END
	Package: kubectl-keyrot
	Version: $version
	Architecture: $arch
	Maintainer: The keyrot authors <keyrot@keyrot.dev>
	Installed-Size: $(du -sk --apparent-size "$root/usr" | cut -f1)
	Recommends: ca-certificates
	Suggests: pass, git, openssh-client
	Section: admin
	Priority: optional
	Homepage: https://keyrot.dev
	Description: rotate an encryption key held in a Kubernetes Secret
	 A plugin of kubectl that carries out the runbook of a key's rotation: makes
	 the key, keeps it and the one before in a password manager, writes the
	 Secret, restarts the workloads that use it and follows the rollout, watches
	 error rate and latency, and can put the previous key back.
	 .
	 The key stands in no argument list, file, log or annotation.
END
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
mkdir -p dist
package=dist/kubectl-keyrot_${version}_$arch.deb
dpkg-deb --root-owner-group -Zxz --build "$root" "$package" >/dev/null
echo "$package"
