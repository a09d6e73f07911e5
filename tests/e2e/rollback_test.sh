#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Going back, again and again.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/edits.sh
. "$(dirname "$0")/edits.sh"

need jq ethtool
lab_up e2e
attach "$EXAMPLES/firewall.table" >/dev/null

# Back is where the running generation came from, not the highest number below it,
# and that one is never the first to be forgotten.
current() {
	jq .current "$WORK/state/fw/nf.json"
}
for number in 2 3 4 5; do
	edit Strip "$WORK/strip$number" "${MARK_MODULE/= 1/= $number}"
	nfj --lib "$WORK/strip$number" upgrade fw "$EXAMPLES/firewall.table" --keep 1 --no-canary >/dev/null
	equal "$(current)" "$number" "the next generation"
	nfj rollback fw >/dev/null
	equal "$(current)" 1 "back from $number"
done
refused 3 'has no earlier generation' nf rollback fw
