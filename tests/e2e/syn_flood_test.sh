#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A flood of SYNs from random sources, as fast as the kernel makes them, through the
# dual-stack firewall: connections that are open stay open and answer, none of them is
# pushed out, the table of handshakes keeps to its size, and new connections still succeed.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"

FLOWS=1000
need jq ethtool
lab_up e2e
attach "$EXAMPLES/demo/dual-stack.click" >/dev/null

# event NODE EVENT: how often the node has counted it.
event() {
	nfj status fw | jq --arg node "$1" --arg event "$2" '[.nodes[] | select(.name == $node)][0].events[$event] // 0'
}

# flooded DEST: $flows and $flood, what both tools say.
flooded() {
	local job i

	: >"$WORK/flows.log"
	"$TOOLS/tcp_flows" --from "$CLIENT" --to "$SERVER" --dest "$1" --flows "$FLOWS" --rate 100 \
		>"$WORK/flows.json" 2>"$WORK/flows.log" &
	job=$!
	for ((i = 0; i < 1000; i++)); do
		! grep -q ready "$WORK/flows.log" || break
		kill -0 "$job" 2>/dev/null || fail "tcp_flows: $(cat "$WORK/flows.log")"
		sleep 0.02
	done
	flood=$("$TOOLS/syn_flood" --from "$CLIENT" --to "$SERVER" --dest "$1" --seconds 8)
	kill -TERM "$job"
	wait "$job"
	flows=$(cat "$WORK/flows.json")
	echo "$1: flood $flood"
	echo "$1: flows $flows"
}

listed=0 evicted=0
for dest in "$LAB_SERVER_IP" "$LAB_SERVER_IP6"; do
	echo "== $dest"
	flooded "$dest"
	listed=$((listed + FLOWS))
	holds "$flood" '.sent > 200000 and .received > 0' "a flood that fills the table and gets through"
	holds "$flows" ".flows == $FLOWS and .broken == 0 and .least >= 2" "all open connections answer"
	holds "$flows" '.new >= 100 and .succeeded >= 0.9 * .new' "new connections succeed"
	said=$(nfj status fw)
	holds "$said" '.tail_call_miss == 0' "missed tail calls"
	holds "$said" '.state[] | select(.atom == "FSM") | .entries <= .max_entries and .entries > 0.9 * .max_entries' \
		"handshakes are bounded"
	holds "$said" ".state[] | select(.atom == \"WL\") | .entries >= $listed and .entries < $listed + 4000" \
		"the list has the connections, and none of the flood"
	before=$evicted evicted=$(event WriteFSM evicted)
	at_least "$evicted" $((before + 65536)) "handshakes that gave way"
	equal "$(event WriteWL evicted)" 0 "listed flows that gave way"
	echo "$dest: $(jq '.succeeded / .new * 1000 | floor / 10' <<<"$flows") % of new connections succeeded under" \
		"$(jq '.rate | floor' <<<"$flood") SYNs a second, of which $(jq '.received / .seconds | floor' <<<"$flood") got through"
done
