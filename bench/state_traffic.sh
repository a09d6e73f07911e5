#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A migration to a wider value under continuous inserts, updates and deletes from both
# ends: sweep, losses, entries that are not as the shadow model has them, and ns a packet
# before, during and after, medians of windows of 50 ms (packet_cost.cpp). Beside them a
# control: the wide layout from the start. Prints CSV; bench/state_traffic.csv is such a
# run. Needs root and a quiet machine.
#
#	bench/state_traffic.sh BUILD_FOLDER [ROUNDS (5) [ENTRIES (1300000) [RATE (40000)]]]
#
# RATE: operations a second from each end, of 1,300,000 entries; a few are deleted before the
# migration begins. Nothing is checked but what is printed: a
# line with lost or wrong entries is a result, too.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../tests/e2e/lib.sh" "$1"
# shellcheck source=tests/e2e/migration/lib.sh
. "$TOP/tests/e2e/migration/lib.sh"
ROUNDS=${2:-5} ENTRIES=${3:-1300000} RATE=${4:-40000} PHASE=${PHASE:-3}
need jq ethtool
layouts
converters
lab_up bench
INTENT=$WORK/capacity.click
sed "0,/Apply/s//Apply(CAPACITY $((ENTRIES + 1000)))/" "$TABLE/table.click" >"$INTENT"

# start LAYOUT AFTER: attached, filled, with operations and the cost of packets being taken.
start() {
	attach_table "$1" >/dev/null
	ops_start "$1" "$2" "$ENTRIES" "$RATE"
	sleep 1 # until the caches are as they will be
	"$BUILD/bench/packet_cost" "$WORK/state/fw/journal.json" "$BPFFS"/fw/links/* >"$WORK/windows" &
	cost=$!
	sleep "$PHASE"
}

# end: with what state_ops said in $said.
end() {
	sleep "$PHASE"
	kill -INT "$cost"
	wait "$cost"
	kill -INT "$OPS_JOB"
	said=$(cat <&"$OPS_OUT")
	wait "$OPS_JOB"
	exec {OPS_OUT}<&-
	nf detach fw >/dev/null
}

# Compiles.
attach_table v1 >/dev/null
to v2 >/dev/null
nf detach fw >/dev/null

echo "round,filled,sent,operations_a_second_during,lost,entries_at_end,wrong,swept,moved,sweep_s,sweep_entries_a_second,total_ms,ns_before,ns_during,ns_after,during_to_before,after_to_before,ns_wide_from_the_start,after_to_wide"
for ((round = 1; round <= ROUNDS; round++)); do
	start v2 v2
	end
	wide=$(jq -s 'map(select(.packets > 0) | .ns / .packets) | sort | .[length / 2 | floor]' "$WORK/windows")
	equal "$(jq '.wrong' <<<"$said")" 0 "entries without a migration"
	start v1 v2
	from=$EPOCHREALTIME
	moved=$(to v2 2>/dev/null)
	to=$EPOCHREALTIME
	end
	jq -rs --argjson round "$round" --argjson n "$ENTRIES" --argjson from "$from" \
		--argjson to "$to" --argjson moved "$moved" --argjson ops "$said" --argjson wide "$wide" '
		def cost(which): map(select(.packets > 0 and which) | .ns / .packets) | sort | .[length / 2 | floor];
		def rounded: if . == floor then . else . * 1000 | round / 1000 end;
		cost(.at < $from) as $before | cost(.operation == "migrate") as $during | cost(.at > $to + 0.05) as $after
		| $moved.migration as $m
		| [$round, $n, $ops.sent,
		(map(select(.operation == "migrate").packets) | add / length * 20 | round), $ops.lost, $ops.entries, $ops.wrong, $m.entries, $m.moved, $m.seconds,
		($m.entries / $m.seconds | round), $moved.total_ms, $before, $during, $after, $during / $before,
		$after / $before, $wide, $after / $wide] | map(rounded) | @csv' "$WORK/windows"
done
