#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What a migration costs a packet, without traffic and with warm caches: ns of a packet
# that updates an entry and of one that asks for an absent one, before, while and after
# ENTRIES entries migrate to a wider value. Of windows of 50,000 packets (packet_cost.cpp)
# the lower tenth, for what disturbs only adds. Prints CSV; bench/state_packet.csv is such a run. Needs root and a quiet machine.
#
#	bench/state_packet.sh BUILD_FOLDER [ROUNDS (5) [ENTRIES (1000000)]]
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../tests/e2e/lib.sh" "$1"
# shellcheck source=tests/e2e/migration/lib.sh
. "$TOP/tests/e2e/migration/lib.sh"
ROUNDS=${2:-5} ENTRIES=${3:-1000000}
need jq ethtool
layouts
converters
lab_up bench
attach_table v1 >/dev/null # compiles
to v2 >/dev/null
nf detach fw >/dev/null

echo "round,entries,windows_during,hit_before,hit_during,hit_after,hit_during_to_before,hit_after_to_before,miss_before,miss_during,miss_after,miss_during_to_before,miss_after_to_before"
for ((round = 1; round <= ROUNDS; round++)); do
	attach_table v1 >/dev/null
	fill_table v1 "$ENTRIES"
	nsenter --net="/run/netns/$NF_HOST" "$BUILD/bench/packet_cost" --run "$WORK/state/fw/journal.json" "$BPFFS/fw/links/p1" \
		$((ENTRIES / 2)) $((ENTRIES + 7)) >"$WORK/windows" &
	cost=$!
	sleep 2
	from=$EPOCHREALTIME
	moved=$(to v2 2>/dev/null)
	to=$EPOCHREALTIME
	sleep 2
	kill -INT "$cost"
	wait "$cost"
	equal "$(jq .migration.left <<<"$moved")" null "left"
	jq -rs --argjson round "$round" --argjson n "$ENTRIES" --argjson from "$from" --argjson to "$to" '
		def cost(key; which): map(select(which) | key | select(. > 0)) | sort | .[length / 10 | floor];
		def phases(key): cost(key; .at < $from) as $before | cost(key; .operation == "migrate") as $during
			| cost(key; .at > $to + 0.05) as $after
			| $before, $during, $after, ($during / $before * 1000 | round / 1000),
			($after / $before * 1000 | round / 1000);
		[$round, $n, (map(select(.operation == "migrate")) | length), phases(.hit), phases(.miss)] | @csv' "$WORK/windows"
	nf detach fw >/dev/null
done
