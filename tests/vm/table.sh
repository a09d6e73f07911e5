#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The table of docs/kernels.md (kernel × test), from what ran: BUILD/tests/vm/VERSION/*/results.
#
#	table.sh BUILD    writes it between its two marks in docs/kernels.md
set -euo pipefail
build=${1:?BUILD}
doc=$(dirname "$(readlink -f "$0")")/../../docs/kernels.md
versions=()
for folder in "$build"/tests/vm/[0-9]*/; do
	compgen -G "$folder*/results" >/dev/null && versions+=("$(basename "$folder")")
done
((${#versions[@]})) || { echo "nothing ran yet below $build/tests/vm: ./test --vm" >&2 && exit 1; }
mapfile -t versions < <(printf '%s\n' "${versions[@]}" | sort -V)

# result VERSION TEST: of its latest run.
result() {
	local latest

	latest=$(grep -lP "^$2\t" "$build/tests/vm/$1"/*/results 2>/dev/null | xargs -r ls -t | head -1)
	[[ $latest ]] && awk -F'\t' -v test="$2" '$1 == test { r = $2 } END { print r }' "$latest" || echo "not run"
}
{
	sed '/^<!-- results/q' "$doc"
	printf '| test |'
	for version in "${versions[@]}"; do printf ' %s |' "$(cat "$build/tests/vm/$version"/*/release | sort -u | paste -sd ' ')"; done
	printf '\n| --- |'
	printf ' --- |%.0s' "${versions[@]}"
	echo
	cut -f1 "$build"/tests/vm/*/*/results | sort -u | while read -r test; do
		printf '| %s |' "$test"
		for version in "${versions[@]}"; do printf ' %s |' "$(result "$version" "$test")"; done
		echo
	done
	sed -n '/^<!-- end of results/,$p' "$doc"
} >"$doc.new"
mv "$doc.new" "$doc"
