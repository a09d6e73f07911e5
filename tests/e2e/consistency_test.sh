#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# No packet meets half of two generations. Every generation stamps each packet at
# two places far apart; upgrades in a tight loop change both at once, under at
# least 100 million packets at line rate: none mixed, lost, doubled or out of order.
#
# Then the test of the test: the same change made slot by slot, as a program array
# is usually edited, must be seen.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/stamps.sh
. "$(dirname "$0")/stamps.sh"

PACKETS=${PACKETS:-100000000}

need jq ethtool bpftool
stamps_up stamp

frames_start() { # PACKETS
	"$TOOLS/live_frames" --client "$CLIENT" --server "$SERVER" --packets "$1" >"$WORK/frames.json" &
	frames=$!
}

frames_result() {
	wait "$frames"
	jq -c 'del(.stamps) + {generations: (.stamps | length)}' "$WORK/frames.json"
}

# Four versions and two kept generations: every upgrade loads anew.
echo "== the command line"
frames_start $((PACKETS / 2))
upgrades=0
while [[ -e /proc/$frames ]]; do
	upgrades=$((upgrades + 1))
	nfj upgrade stamp "$WORK/stamp-$((upgrades % 4)).click" >>"$WORK/upgrades.json"
done
frames_result
echo "$upgrades upgrades"
holds "$(jq -s . "$WORK/upgrades.json")" \
	'all(.result == "committed" and .slots_written > 10 and (.changed | length) == 3)' "each loaded and flipped"
at_least "$upgrades" $((PACKETS / 10000000)) "upgrades"
holds "$(cat "$WORK/frames.json")" '.mixed == 0' "the command line: mixed"
holds "$(cat "$WORK/frames.json")" '.stamps | length == 4' "all four were seen"
stamps_hold "$(cat "$WORK/frames.json")" stamp

# By turns between two generations that are loaded: little more than the flip.
echo "== the library, one process"
nfj upgrade stamp "$WORK/stamp-3.click" >/dev/null
frames_start $((PACKETS - PACKETS / 2))
"$TOOLS/upgrade_loop" --bpffs "$BPFFS" --state-dir "$WORK/state" --cache-dir "$CACHE" --nf stamp \
	--no-canary --while "$frames" "$WORK/stamp-2.click" "$WORK/stamp-3.click" >"$WORK/loop.json" &
loop=$!
frames_result
wait "$loop"
jq -c 'del(.warm, .end)' "$WORK/loop.json"
holds "$(cat "$WORK/loop.json")" ".upgrades >= $((PACKETS / 1000000))" "upgrades"
holds "$(cat "$WORK/frames.json")" '.mixed == 0' "the library: mixed"
stamps_hold "$(cat "$WORK/frames.json")" stamp

# One generation's programs over the other's slots, a write each, late stamp first.
echo "== slot by slot"
nfj upgrade stamp "$WORK/stamp-0.click" >/dev/null
nfj upgrade stamp "$WORK/stamp-1.click" >/dev/null
status=$(nfj status stamp)
generation=$(jq .generation <<<"$status")
little_endian() {
	printf '%d %d 0 0' $(($1 & 255)) $(($1 >> 8))
}
for of in "$((generation - 1))" "$generation"; do
	for node in late early1 early2; do
		slot=$(jq --arg node "$node" '.nodes[] | select(.name == $node).slot' <<<"$status")
		echo "map update pinned $BPFFS/stamp/slots key $(little_endian "$slot") value pinned $BPFFS/stamp/gen/$of/$node"
	done
done >"$WORK/slot-by-slot"
frames_start 10000000
edits=0
while [[ -e /proc/$frames ]]; do
	bpftool batch file "$WORK/slot-by-slot" >/dev/null
	edits=$((edits + 1))
done
frames_result
echo "$((2 * edits)) changes, slot by slot"
holds "$(cat "$WORK/frames.json")" '.mixed > 0' "the test sees a change in several writes: mixed"
