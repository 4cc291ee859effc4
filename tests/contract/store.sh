#!/bin/sh
# A store for the tests, by the protocol of docs/stores.md: one file an entry.
# Usage: store.sh FOLDER ACTION. A file FOLDER/on-ACTION is run once, before the
# action. What each call was given as arguments and environment is in FOLDER/calls.
set -eu

folder=$1
action=$2
{
	echo "$@"
	env
} >>"$folder/calls"
if [ -e "$folder/on-$action" ]; then
	mv "$folder/on-$action" "$folder/done-$action"
	"$folder/done-$action" >&2 </dev/null
fi
id=
lines=
while IFS= read -r line; do
	case $line in
	id=*) id=${line#id=} ;;
	esac
	lines="$lines$line
"
done
case $action in
probe) ;;
put)
	[ ! -e "$folder/entries/$id" ] || exit 4
	mkdir -p "$folder/entries"
	printf '%s' "$lines" >"$folder/entries/$id.new"
	mv "$folder/entries/$id.new" "$folder/entries/$id"
	;;
get)
	[ -e "$folder/entries/$id" ] || exit 3
	while IFS= read -r line; do
		printf '%s\n' "$line"
	done <"$folder/entries/$id"
	;;
list)
	for entry in "$folder"/entries/*; do
		[ -e "$entry" ] || continue
		while IFS= read -r line; do
			case $line in
			key=*) ;;
			*) printf '%s\n' "$line" ;;
			esac
		done <"$entry"
		echo
	done
	;;
*) exit 2 ;;
esac
