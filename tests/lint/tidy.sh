#!/bin/sh
# clang-tidy over the .c files among the arguments; the others are flags.
# The first argument is the checks beside or without those of .clang-tidy.
set -eu

checks=$1
shift
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
clang-tidy-14 --quiet --checks="$checks" $files -- "$@" 2>/dev/null
