#!/usr/bin/env bash
# What the pages are looked at with: html5lib, and axe-core as
# axe-playwright-python brings it. Fetched once; prints the folder.
set -euo pipefail
folder=${KEYROT_TEST_CACHE:-$HOME/.cache/keyrot-tests}/report-1
if [[ ! -e $folder/ready ]]; then
	rm -rf "$folder"
	mkdir -p "$folder"
	python3 -m venv "$folder/venv" >&2
	"$folder/venv/bin/pip" -q install --no-deps --target "$folder/python" \
		html5lib==1.1 six==1.17.0 webencodings==0.5.1 \
		axe-playwright-python==0.1.8 >&2
	rm -rf "$folder/venv"
	touch "$folder/ready"
fi
echo "$folder/python"
