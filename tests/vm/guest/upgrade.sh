#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Upgrades that exchange three nodes, and all between them, while both CPUs send at full
# speed: no frame is lost, doubled, late or meets half of two generations.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../../e2e/lib.sh" "$@"
# shellcheck source=tests/e2e/stamps.sh
. "$TOP/tests/e2e/stamps.sh"

need jq ethtool
stamps_up stamp
"$TOOLS/live_frames" --client "$CLIENT" --server "$SERVER" --packets 1000000 >"$WORK/frames.json" &
frames=$!
upgrades=0
while [[ -e /proc/$frames ]]; do
	upgrades=$((upgrades + 1))
	result=$(nfj upgrade stamp "$WORK/stamp-$((upgrades % 4)).click")
	holds "$result" '.result == "committed" and .slots_written > 10 and (.changed | length) == 3' "upgrade $upgrades"
done
wait "$frames"
jq -c . "$WORK/frames.json"
echo "$upgrades upgrades"
holds "$(cat "$WORK/frames.json")" '.mixed == 0' "mixed"
holds "$(cat "$WORK/frames.json")" '.stamps | length >= 2' "one upgrade at least came in between"
stamps_hold "$(cat "$WORK/frames.json")" stamp
