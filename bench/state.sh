#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What an upgrade costs by the entries of a state: handed over as it is, and migrated
# to a wider value. Prints CSV; bench/state.csv is such a run. Needs root and a quiet machine.
#
#	bench/state.sh BUILD_FOLDER [ENTRIES…]
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../tests/e2e/lib.sh" "$1"
# shellcheck source=tests/e2e/migration/lib.sh
. "$TOP/tests/e2e/migration/lib.sh"
# shellcheck source=tests/e2e/edits.sh
. "$TOP/tests/e2e/edits.sh"
shift
(($#)) || set -- 1 1000 100000 1000000 10000000
need jq ethtool
layouts
converters
lab_up bench
edit Strip "$WORK/marked" "$MARK_MODULE"

echo "entries,handover_state_ms,handover_flip_us,handover_drain_ms,handover_total_ms,migrate_state_ms,migrate_flip_us,migrate_total_ms,sweep_s,sweep_entries_a_second,finish_ms"
for entries in "$@"; do
	INTENT=$WORK/capacity.click
	sed "0,/Apply/s//Apply(CAPACITY $((entries < 1000 ? 1000 : entries)))/" "$TABLE/table.click" >"$INTENT"
	attach_table v1 >/dev/null
	fill_table v1 $((entries < 2 ? 2 : entries))
	nfj --lib "$WORK/v1" --lib "$WORK/marked" upgrade fw "$INTENT" --no-canary >/dev/null # compiles
	nfj --lib "$WORK/v1" upgrade fw "$INTENT" --no-canary >/dev/null
	kept=$(nfj --lib "$WORK/v1" --lib "$WORK/marked" upgrade fw "$INTENT" --no-canary)
	nfj --lib "$WORK/v2" plan fw "$INTENT" --no-canary >/dev/null
	moved=$(nfj --lib "$WORK/v2" upgrade fw "$INTENT" --no-canary 2>/dev/null)
	holds "$kept" '.state[0].action == "keep"' "handed over"
	holds "$moved" '.state[0].action == "migrate"' "migrated"
	jq -rs --argjson n "$entries" '.[0] as $k | .[1] as $m | [$n, $k.state_ms, $k.flip_us, $k.drain_ms, $k.total_ms,
		$m.state_ms, $m.flip_us, $m.total_ms, $m.migration.seconds,
		(if $m.migration.seconds > 0 then $m.migration.entries / $m.migration.seconds else 0 end),
		$m.migration.finish_ms] | map(if . == floor then . else (. * 1000 | round / 1000) end) | @csv' <<<"$kept $moved"
	nf detach fw >/dev/null
done
