#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The library's classes under real hosts: a frame is tagged, untagged, hopped, painted
# and switched on its way, and TCP, UDP and ping of both families do not mind. An upgrade
# throws a Switch meanwhile.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=examples/demo/traffic.sh
. "$TOP/examples/demo/traffic.sh"

need nginx curl jq ping
lab_up e2e
web_start "$WORK/web" 1 1

# To the server through everything, back through a hop only.
write_intent() { # OUTPUT of the Switch
	cat >"$WORK/chain.click" <<-INTENT
		FromDevice(p1) -> VLANEncap(VLAN_ID 100, ETHERTYPE 0x88a8) -> VLANEncap(7, VLAN_PCP 3) -> VLANDecap -> VLANDecap
			-> c :: Classifier(12/0800, 12/86dd, -);
		c[0] -> Strip(14) -> CheckIPHeader -> ttl :: DecIPTTL -> shares :: HashSwitch;
		c[1] -> Strip(14) -> CheckIP6Header -> hops :: DecIP6HLIM -> shares;
		c[2] -> out :: ToDevice(p2);
		shares[0] -> Paint(1) -> painted :: PaintSwitch;
		shares[1] -> Paint(2) -> painted;
		shares[2] -> rr :: RoundRobinSwitch;
		painted[0] -> Discard;
		painted[1] -> one :: Counter -> Unstrip(14) -> out;
		painted[2] -> two :: Counter -> Unstrip(14) -> out;
		rr[0] -> three :: Counter -> out;
		rr[1] -> four :: Counter -> out;
		ttl[1] -> Discard;
		hops[1] -> Discard;

		FromDevice(p2) -> s :: Switch($1);
		s[0] -> left :: Counter -> back :: ToDevice(p1);
		s[1] -> right :: Counter -> EtherMirror -> EtherMirror -> back;
	INTENT
}
count() {
	jq --arg node "$1" '[.nodes[] | select(.name == $node).packets] | add' <<<"$STATUS"
}

# Neighbour discovery must not be a hop away (RFC 4861 section 7.1): it is not needed.
mac_of() {
	ip -n "$1" -j link show eth0 | jq -r '.[0].address'
}
ip -n "$CLIENT" neigh replace "$LAB_SERVER_IP6" lladdr "$(mac_of "$SERVER")" dev eth0 nud permanent
ip -n "$SERVER" neigh replace "$LAB_CLIENT_IP6" lladdr "$(mac_of "$CLIENT")" dev eth0 nud permanent

write_intent 0
attach "$WORK/chain.click" nf >/dev/null
for ip in "$LAB_SERVER_IP" "$LAB_SERVER_IP6"; do
	said=$(on "$CLIENT" ping -c 20 -i 0.02 -W 2 "$ip") || fail "ping $ip: $said"
	grep -q "20 received" <<<"$said" || fail "ping $ip: $said"
	! on "$CLIENT" ping -c 1 -t 1 -W 1 "$ip" >/dev/null || fail "a packet with one hop left got through to $ip"
done
# Many flows, while the switch is thrown to and fro.
(
	for ((i = 0; i < 150; i++)); do
		host=$LAB_SERVER_IP
		((i % 2)) || host="[$LAB_SERVER_IP6]"
		on "$CLIENT" curl -sf --noproxy '*' --max-time 10 -r 0-99999 -o "$WORK/part" "http://$host/1.bin" || exit 1
		cmp -s -n 100000 "$WORK/part" "$WORK/web/www/1.bin" || exit 1
	done
) &
downloads=$!
for ((i = 1; i <= 6; i++)); do
	write_intent $((i % 2))
	said=$(nfj upgrade nf "$WORK/chain.click")
	holds "$said" '.result == "committed" and (.changed | index("s") != null)' "upgrade $i"
done
wait "$downloads" || fail "downloads through the chain"
STATUS=$(nfj status nf)
for node in one two three four left right; do
	at_least "$(count "$node")" 1 "packets at $node"
done
# In turn: the two differ by no more than one packet a CPU.
difference=$(($(count three) - $(count four)))
at_least "$(nproc)" "${difference#-}" "difference of the RoundRobinSwitch's outputs"
holds "$STATUS" '[.nodes[] | select(.name == "ttl" or .name == "hops") | .packets] | all(. > 0)' "both families"
