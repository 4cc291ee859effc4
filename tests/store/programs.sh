#!/bin/sh
# Builds the servers and programs that the store suite talks to and that
# Debian does not have: Vault (vaultkit) and gopass. Once for each state of
# their sources; prints the folder that holds them. Exit 3: no suitable Go.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${KEYROT_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/keyrot-tests}

key=$(cd "$here" && cat gopass/go.mod gopass/go.sum vault/go.mod vault/go.sum \
	vault/main.go programs.sh | sha256sum | cut -c 1-16)
out=$cache/stores-$key
if [ -x "$out/vaultkit" ]; then
	echo "$out"
	exit 0
fi

need_go() {
	echo "Vault and gopass need Go 1.26 or newer to be built; $1." >&2
	exit 3
}
command -v go >/dev/null 2>&1 || need_go "there is no go command"
version=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null) ||
	need_go "go does not run"
minor=$(echo "$version" | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
[ "${minor:-0}" -ge 26 ] || need_go "this is $version"

# Whoever comes second waits for the first one's result.
mkdir -p "$cache"
exec 9>"$cache/stores.lock"
flock 9
if [ -x "$out/vaultkit" ]; then
	echo "$out"
	exit 0
fi

echo "building Vault and gopass for the store suite: once, minutes ..." >&2
tmp=$out.tmp
rm -rf "$tmp"
mkdir "$tmp"
export GOTOOLCHAIN=local CGO_ENABLED=0 GOFLAGS='-mod=readonly -buildvcs=false'
nice go build -C "$here/gopass" -p 2 -trimpath -ldflags '-s -w' \
	-o "$tmp/gopass" github.com/gopasspw/gopass >&2
nice go build -C "$here/vault" -p 2 -trimpath -ldflags '-s -w' \
	-o "$tmp/vaultkit" . >&2
rm -rf "$out"
mv "$tmp" "$out"
echo "$out"
