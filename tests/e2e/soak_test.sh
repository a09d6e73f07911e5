#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# 1,000 upgrades in one process, of one node and every tenth time of the whole
# pipeline, under traffic: nothing lost; programs, maps, slots, pins and files are as
# many after as before, and the process holds no more memory or file descriptors
# than early on.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/stamps.sh
. "$(dirname "$0")/stamps.sh"

UPGRADES=${UPGRADES:-1000} # a multiple of 20: it ends with the version it began with
RATE=${RATE:-100000}

need jq ethtool bpftool
stamps_up soak
versions=()
for n in {1..20}; do
	stamps_intent $((n / 10 % 2)) $((n % 10)) >"$WORK/version-$n.click"
	versions+=("$WORK/version-$n.click")
done

upgrades() { # COUNT OPTIONS…
	local count=$1

	shift
	"$TOOLS/upgrade_loop" --bpffs "$BPFFS" --state-dir "$WORK/state" --cache-dir "$CACHE" --nf soak --count "$count" "$@" "${versions[@]}"
}

# What this NF holds; other tests may come and go. Every program of an NF uses its
# counters, also one that has lost its pin.
holdings() {
	local counters programs

	counters=$(bpftool -j map show pinned "$BPFFS/soak/counters" | jq .id)
	programs=$(bpftool -j prog show | jq --argjson counters "$counters" 'map(select(.map_ids // [] | index($counters)))')
	jq -nc --argjson programs "$programs" --argjson full "$(bpftool -j map dump pinned "$BPFFS/soak/slots" | jq length)" \
		--argjson pins "$(find "$BPFFS/soak" | wc -l)" --argjson links "$(find "$BPFFS/soak/links" -type f | wc -l)" \
		--argjson files "$(find "$WORK/state" | wc -l)" --argjson nodes "$(nfj status soak | jq '.nodes | length')" \
		'{programs: ($programs | length), maps: ([$programs[].map_ids[]] | unique | length), slots: $full,
		pins: $pins, links: $links, files: $files, nodes: $nodes}'
}

upgrades 20 >/dev/null # the kept generations are there
before=$(holdings)
echo "$before"
holds "$before" '.programs > 40 and .maps > 40 and .links == 2' "what there is to leak"

# soak COUNT OPTIONS…
soak() {
	local count=$1 frames loop after i

	shift
	"$TOOLS/live_frames" --client "$CLIENT" --server "$SERVER" --rate "$RATE" >"$WORK/frames.json" &
	frames=$!
	upgrades "$count" "$@" >"$WORK/loop.json" || fail "an upgrade failed"
	kill "$frames"
	wait "$frames"
	loop=$(cat "$WORK/loop.json")
	jq -c 'del(.warm, .end)' <<<"$loop"
	jq -c 'del(.stamps)' "$WORK/frames.json"

	holds "$loop" ".upgrades == $count and .loaded > 3 * .upgrades" "nodes and pipelines were loaded"
	holds "$(cat "$WORK/frames.json")" ".sent > $count" "traffic"
	stamps_hold "$(cat "$WORK/frames.json")" soak

	# The kernel frees programs and maps a moment after their last reference.
	for ((i = 0; i < 50; i++)); do
		after=$(holdings)
		[[ $after != "$before" ]] || break
		sleep 0.1
	done
	equal "$after" "$before" "what the NF holds"
	# No more than the kept generations say, and ingress.
	equal "$(jq '[.slots, .programs - 1] | tostring' <<<"$after")" \
		"$(jq -s '[.[].nodes[]] | [map(.slot), map(.prog_id) | unique | length] | tostring' "$WORK"/state/soak/gen-*.json)" \
		"full slots and programs"

	# Memory in use grows by the tool's own figures, 24 bytes an upgrade. One generation's
	# records are over 20 KB, so one kept by each upgrade would be 16 MB; one fd's or
	# one small string's worth of it still shows. Resident pages follow the allocator.
	jq -c '{warm, "end": .end}' <<<"$loop"
	holds "$loop" '.end.fds == .warm.fds' "file descriptors"
	holds "$loop" '.end.heap_kb - .warm.heap_kb <= 64' "memory in use"
	holds "$loop" '.end.rss_kb - .warm.rss_kb <= 1024' "resident memory"
}

echo "== the swap"
soak "$UPGRADES" --no-canary
echo "== with packets through a copy first"
soak $((UPGRADES / 10))
