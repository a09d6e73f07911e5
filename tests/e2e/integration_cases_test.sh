#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The upgrades that bench/integration measures still fit the library: patches apply,
# both sides are valid, and something differs.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
need jq patch

for folder in "$TOP"/bench/integration/cases/*/; do
	name=$(basename "$folder")
	echo "== $name"
	"$TOP/bench/integration/prepare-case" "$folder" "$WORK/$name"
	for side in before after; do
		libs=()
		[[ -z $(ls "$WORK/$name/$side") ]] || libs=(--lib "$WORK/$name/$side")
		holds "$(nfj "${libs[@]}" check "$WORK/$name/$side.click")" .ok "$side"
	done
	holds "$("$TOP/bench/integration/lines" "$WORK/$name")" '.intent + .classes > 0' "lines touched"
done
