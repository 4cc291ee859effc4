#!/bin/sh
# Builds the programs of the test clusters, once for each state of their
# sources, and prints the folder that holds them. Exit 3: no suitable Go.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${KEYROT_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/keyrot-tests}

key=$(cd "$here" && cat go.mod go.sum absent/go.mod main.go kubectl/main.go \
	build.sh | sha256sum | cut -c 1-16)
out=$cache/cluster-$key
if [ -x "$out/clusterkit" ]; then
	echo "$out"
	exit 0
fi

need_go() {
	echo "The test clusters need Go 1.26 or newer to be built; $1." >&2
	exit 3
}
command -v go >/dev/null 2>&1 || need_go "there is no go command"
version=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null) ||
	need_go "go does not run"
minor=$(echo "$version" | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
[ "${minor:-0}" -ge 26 ] || need_go "this is $version"

# Whoever comes second waits for the first one's result.
mkdir -p "$cache"
exec 9>"$cache/cluster.lock"
flock 9
if [ -x "$out/clusterkit" ]; then
	echo "$out"
	exit 0
fi

echo "building the test clusters' programs: once, some minutes ..." >&2
tmp=$cache/cluster-$key.tmp
rm -rf "$tmp"
mkdir "$tmp"
cd "$here"
export GOTOOLCHAIN=local CGO_ENABLED=0 GOFLAGS=-mod=readonly

kube=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
kwok=$(go list -m -f '{{.Version}}' sigs.k8s.io/kwok)
flags='-s -w'
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
	flags="$flags -X $package.gitVersion=$kube"
	flags="$flags -X $package.gitMajor=1"
	flags="$flags -X $package.gitMinor=$(echo "$kube" | cut -d . -f 2)"
	flags="$flags -X $package.gitTreeState=clean"
done
flags="$flags -X sigs.k8s.io/kwok/pkg/consts.Version=$kwok"

for package in ./kubectl .; do
	nice go build -p 2 -trimpath -buildvcs=false -ldflags "$flags" \
		-o "$tmp/" "$package" >&2
done
mv "$tmp/cluster" "$tmp/clusterkit"
for name in etcd kube-apiserver kube-controller-manager kube-scheduler kwok; do
	ln -s clusterkit "$tmp/$name"
done
modules=$(go list -m -f '{{.Dir}}' sigs.k8s.io/kwok)
cp "$modules/kustomize/crd/bases/kwok.x-k8s.io_logs.yaml" "$tmp/logs-crd.yaml"
chmod u+w "$tmp/logs-crd.yaml"
rm -rf "$out"
mv "$tmp" "$out"
echo "$out"
