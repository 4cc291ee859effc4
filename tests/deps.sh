#!/bin/sh
# Debian packages that a purpose needs: installs what is missing where it may
# (root, or sudo that asks for no password), else prints the command and fails.
#
#	tests/deps.sh build|demo|test|soak|schedule|report|dist|ci install
#	tests/deps.sh --list PURPOSE         print the packages
#	tests/deps.sh --missing PURPOSE      print those that are not installed
set -eu

build='gcc libc6-dev make pkg-config libcurl4-openssl-dev libssl-dev libcjson-dev
	libyaml-dev'
demo="$build libmicrohttpd-dev libgnutls28-dev python3 openssl"
test="$demo mandoc python3-yaml python3-venv libcunit1-dev clang-14
	libclang-rt-14-dev clang-tidy-14 clang-format-14 cppcheck valgrind pass
	gnupg spin keepassxc strace gdb tmux git patch curl bash-completion zsh fish"
soak="$demo prometheus curl"
report="$demo chromium python3-venv"
schedule="$demo prometheus radicale python3-yaml"
dist="$demo umoci ca-certificates perl python3-venv binutils qemu-user-static
	lintian"
ci="$test $dist $schedule $report"

mode=install
case ${1-} in
--list | --missing)
	mode=${1#--}
	shift
	;;
esac
case ${1-} in
build) want=$build ;;
demo) want=$demo ;;
test) want=$test ;;
soak) want=$soak ;;
report) want=$report ;;
schedule) want=$schedule ;;
dist) want=$dist ;;
ci) want=$ci ;;
*)
	sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
# Word splitting is meant: no package has a blank in its name.
# shellcheck disable=SC2086
set -- $want

if [ "$mode" = list ]; then
	printf '%s\n' "$@"
	exit 0
fi
if ! command -v dpkg-query >/dev/null 2>&1; then
	[ "$mode" = missing ] && exit 0
	echo "This is not a Debian system; what Debian calls: $*" >&2
	echo "is taken to be there." >&2
	exit 0
fi

# shellcheck disable=SC2016
installed=$(dpkg-query -W -f '${db:Status-Status} ${binary:Package}\n' \
	2>/dev/null | sed -n 's/^installed \([^:]*\).*/\1/p')
missing=
for package in "$@"; do
	case "
$installed
" in
	*"
$package
"*) ;;
	*) missing="$missing $package" ;;
	esac
done
if [ "$mode" = missing ]; then
	printf '%s\n' "${missing# }"
	exit 0
fi
[ -n "$missing" ] || exit 0

command="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" = 0 ]; then
	as=
elif sudo -n true 2>/dev/null; then
	as='sudo -n'
else
	echo "Packages are missing. Please run:" >&2
	echo "  sudo $command" >&2
	exit 1
fi
echo "installing:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The lists may be old or absent: fetch them only where that is the trouble.
if ! $as $command >"$log" 2>&1 </dev/null; then
	if ! { $as apt-get update && $as $command; } >"$log" 2>&1 </dev/null; then
		tail -n 20 "$log" >&2
		echo "That did not work: $command" >&2
		exit 1
	fi
fi
