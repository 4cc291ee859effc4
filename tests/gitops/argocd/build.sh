#!/bin/sh
# Builds the parts of Argo CD that `make gitops-argo` runs, once for each state
# of these sources, and prints the folder that holds them. Exit 3: no suitable
# Go.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${KEYROT_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/keyrot-tests}

key=$(cd "$here" && cat go.mod go.sum main.go build.sh | sha256sum |
	cut -c 1-16)
out=$cache/argocd-$key
if [ -x "$out/argocdkit" ]; then
	echo "$out"
	exit 0
fi

need_go() {
	echo "Argo CD needs Go 1.26 or newer to be built; $1." >&2
	exit 3
}
command -v go >/dev/null 2>&1 || need_go "there is no go command"
version=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null) ||
	need_go "go does not run"
minor=$(echo "$version" | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
[ "${minor:-0}" -ge 26 ] || need_go "this is $version"

# Whoever comes second waits for the first one's result.
mkdir -p "$cache"
exec 9>"$cache/argocd.lock"
flock 9
if [ -x "$out/argocdkit" ]; then
	echo "$out"
	exit 0
fi

echo "building Argo CD: once, some minutes ..." >&2
tmp=$out.tmp
rm -rf "$tmp"
mkdir "$tmp"
cd "$here"
export GOTOOLCHAIN=local CGO_ENABLED=0 GOFLAGS='-mod=readonly -buildvcs=false'

module=github.com/argoproj/argo-cd/v3
version=$(go list -m -f '{{.Version}}' $module)
go build -p 2 -trimpath \
	-ldflags "-s -w -X $module/common.version=${version#v}" \
	-o "$tmp/argocdkit" . >&2
for name in application-controller repo-server; do
	ln -s argocdkit "$tmp/argocd-$name"
done
ln -s argocdkit "$tmp/redis"
folder=$(go list -m -f '{{.Dir}}' $module)
cp "$folder/manifests/crds/application-crd.yaml" \
	"$folder/manifests/crds/appproject-crd.yaml" "$tmp/"
chmod u+w "$tmp/"*.yaml
rm -rf "$out"
mv "$tmp" "$out"
echo "$out"
