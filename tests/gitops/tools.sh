#!/usr/bin/env bash
# The published schemas of workflows and pipelines, as check-jsonschema brings
# them. Fetched once; prints the program.
set -euo pipefail
folder=${KEYROT_TEST_CACHE:-$HOME/.cache/keyrot-tests}/pipelines-1
if [[ ! -e $folder/ready ]]; then
	rm -rf "$folder"
	mkdir -p "$folder"
	python3 -m venv "$folder/venv" >&2
	"$folder/venv/bin/pip" -q install check-jsonschema==0.39.0 >&2
	touch "$folder/ready"
fi
echo "$folder/venv/bin/check-jsonschema"
