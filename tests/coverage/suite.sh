#!/bin/sh
# Runs one suite of a tree of links: suite.sh 'FOLDER/FILE.py ARGUMENT...'.
# Modules are looked for beside it in that tree, not where the links lead.
set -eu

words=$1
folder=${words%%/*}
begun=$(date +%s)
# shellcheck disable=SC2086 # words are words
last=$(PYTHONPATH=$PWD/tests/$folder python3 -P -B -W ignore tests/$words \
	2>&1 | tail -n 1)
echo "$folder: $last, $(($(date +%s) - begun)) s"
