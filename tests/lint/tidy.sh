#!/bin/sh
# clang-tidy over the .c files among the arguments; the others are flags.
set -eu

count=$#
files=
while [ "$count" -gt 0 ]; do
	case $1 in
	*.c) files="$files $1" ;;
	*) set -- "$@" "$1" ;;
	esac
	shift
	count=$((count - 1))
done
# shellcheck disable=SC2086
clang-tidy-14 --quiet $files -- "$@" 2>/dev/null
