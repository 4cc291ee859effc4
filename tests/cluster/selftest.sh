#!/bin/sh
# Does what the other tests rely on in a real cluster, once, and shows how long
# it takes. Exit 3: the programs could not be built here (no Go).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
programs=$("$here/cluster.py" programs)
dir=$(mktemp -d)
trap '"$here/cluster.py" down "$dir"; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM

staging="$programs/kubectl --kubeconfig $dir/kubeconfig -n selftest"
failures=0
begin=$(date +%s%N)

lap() {
	end=$(date +%s%N)
	printf '%6d ms  %s\n' $(((end - begin) / 1000000)) "$1"
	begin=$(date +%s%N)
}

# ok NAME COMMAND...: the command succeeds.
ok() {
	name=$1
	shift
	if "$@" >"$dir/out" 2>&1; then
		lap "$name"
	else
		failures=$((failures + 1))
		lap "FAILED: $name"
		sed 's/^/           /' "$dir/out"
	fi
}

refused() {
	! "$@" && grep -q Forbidden "$dir/out"
}

prints() {
	pattern=$1
	shift
	"$@" | grep -- "$pattern"
}

# The log line can come a moment after the reply.
audited() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		if grep "$1" "$dir/aether-staging/audit.log" | grep "$2"; then
			return 0
		fi
		sleep 0.1
	done
	return 1
}

unaudited() {
	! grep '"username":"infra"' "$dir/aether-staging/audit.log"
}

# Every program of the clusters has its folder as working directory.
inhabitants() {
	for process in /proc/[0-9]*; do
		case $(readlink "$process/cwd" 2>/dev/null) in
		"$1"/*) echo "${process#/proc/}" ;;
		esac
	done
}

nobody_in() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ -n "$(inhabitants "$1")" ] || return 0
		sleep 0.1
	done
	inhabitants "$1"
	return 1
}

ten_in() {
	[ "$(inhabitants "$1" | wc -l)" -eq 10 ]
}

orphan() {
	mkdir "$dir/orphan"
	# shellcheck disable=SC2016 # the inner shell's own id
	sh -c '"$1" up "$2" --clusters 1 --owner $$' sh "$here/cluster.py" \
		"$dir/orphan"
}

stopped_etcd() {
	"$here/cluster.py" stop-etcd "$dir" aether-staging
	answered=no
	$staging create configmap late --request-timeout=1s && answered=yes
	"$here/cluster.py" cont-etcd "$dir" aether-staging
	[ "$answered" = no ] && $staging get namespace selftest
}

fixture() {
	context=$1
	shift
	"$here/fixture.py" "$dir" "$context" "$@"
}

ok 'two clusters start' "$here/cluster.py" up "$dir" --owner $$
ok 'ten programs run in them' ten_in "$dir"
ok 'a fixture in staging' fixture aether-staging selftest
ok 'a fixture in production' fixture aether-production aether-services
ok 'rollout restart' $staging rollout restart deployment/secrets-service
ok 'rollout status' \
	$staging rollout status deployment/secrets-service --timeout 30s
ok 'the log of a pod' \
	prints 'encryption self-test ok' $staging logs deployment/secrets-service
ok 'the audit log has the restart, with its body' \
	audited '"verb":"patch"' 'kubectl.kubernetes.io/restartedAt'
ok 'the audit log has nothing of the machinery' unaudited
ok 'kubectl left the key in an annotation' prints last-applied-configuration \
	$staging get secret secrets-service-config -o yaml
ok 'viewer reads' $staging --context viewer@aether-staging get secrets
ok 'viewer does not write' refused $staging --context viewer@aether-staging \
	delete secret secrets-service-config
ok 'nobody does not read' \
	refused $staging --context nobody@aether-staging get secrets
ok 'a workload of every kind' fixture aether-staging kinds \
	--workload statefulset/store,uses=volume,replicas=2 \
	--workload daemonset/agent,uses=envFrom --workload cronjob/nightly \
	--workload job/once,uses=init --workload pod/bare,uses=projected
ok 'a rollout that will fail' fixture aether-staging fails \
	--workload deployment/late,restarted-pod=crash,replicas=1,deadline=2
ok '... restarts' $staging -n fails rollout restart deployment/late
ok '... and fails' prints 'exceeded its progress deadline' \
	sh -c "! $staging -n fails rollout status deployment/late 2>&1"
ok '... with a log of the crash' \
	prints 'invalid key' $staging -n fails logs -l app=late --previous
ok 'the API server restarts on its port' \
	"$here/cluster.py" restart-apiserver "$dir" aether-staging
ok 'a stopped etcd answers nothing, and goes on' stopped_etcd
ok 'a cluster whose owner ends' orphan
ok '... ends too' nobody_in "$dir/orphan"
ok 'both clusters go down' "$here/cluster.py" down "$dir"
ok 'no program is left' nobody_in "$dir"

[ "$failures" -eq 0 ] || exit 1
