#!/bin/sh
# An OCI image from nothing: the static executable, a CA bundle, the notices.
# umoci does it, without a daemon and without root.
#
#	krew/image.sh VERSION ARCH ARCHIVE OUT.tar
#
# ARCHIVE is what `make dist` made for ARCH, amd64 or arm64. The same input gives the same bytes: names sorted, no
# owner, the time of $SOURCE_DATE_EPOCH or none.
set -eu
export LC_ALL=C
umask 022

version=$1 arch=$2 archive=$3 out=$4
epoch=${SOURCE_DATE_EPOCH:-0}
bundle=${CA_BUNDLE:-/etc/ssl/certs/ca-certificates.crt}
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
image=$work/image:$version
when=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)

if ! [ -s "$bundle" ]; then
	echo "$0: there is no $bundle: install ca-certificates" >&2
	exit 1
fi
# Not `umoci insert`, whose archives have no end.
umoci init --layout "$work/image"
umoci new --image "$image"
umoci unpack --rootless --image "$image" "$work/bundle"
root=$work/bundle/rootfs
bin=$root/usr/local/bin
doc=$root/usr/share/doc/kubectl-keyrot
mkdir -p "$bin" "$doc" "$root/etc/ssl/certs"
tar -C "$bin" --no-same-owner -xf "$archive" kubectl-keyrot
tar -C "$doc" --no-same-owner -xf "$archive" LICENSE THIRD-PARTY-NOTICES \
	kubectl-keyrot.spdx.json
install -m 644 "$bundle" "$root/etc/ssl/certs/ca-certificates.crt"
find "$root" -exec touch -h -d "@$epoch" {} +

umoci repack --image "$image" --history.created "$when" \
	--history.created_by "make image" "$work/bundle"
umoci config --image "$image" --clear config.cmd --created "$when" \
	--history.created "$when" --history.created_by "make image" \
	--os linux --architecture "$arch" \
	--config.user 65532:65532 \
	--config.env PATH=/usr/local/bin \
	--config.env SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
	--config.entrypoint /usr/local/bin/kubectl-keyrot \
	--config.label "org.opencontainers.image.title=kubectl-keyrot" \
	--config.label "org.opencontainers.image.version=$version" \
	--config.label "org.opencontainers.image.licenses=MIT"
umoci gc --layout "$work/image"
tar -C "$work/image" --sort=name --owner=0 --group=0 --numeric-owner \
	--mtime="@$epoch" --mode=u=rwX,go=rX --format=ustar -cf "$out.part" \
	blobs index.json oci-layout
mv "$out.part" "$out"
