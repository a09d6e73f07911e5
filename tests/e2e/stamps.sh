# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# An NF that stamps every packet at two places far apart, early and late, and what
# traffic through it must look like. Sourced after lib.sh.

# stamps_intent EARLY LATE: packets of both ports get EARLY as DSCP, then pass 8 to
# 13 other nodes by three branches, then get LATE as the last byte of both addresses.
stamps_intent() {
	local address
	address=$(printf '02:00:00:00:00:%02x' "$2")
	cat <<-INTENT
		out1 :: ToDevice(p1); out2 :: ToDevice(p2);
		kind :: IPClassifier(src udp port <= 1027, src udp port <= 1033, -);
		FromDevice(p1) -> Strip(14) -> CheckIPHeader -> early1 :: SetIPDSCP($1) -> Counter -> kind;
		FromDevice(p2) -> Strip(14) -> CheckIPHeader -> early2 :: SetIPDSCP($1) -> Counter -> Null -> kind;
		kind[0] -> Null -> Counter -> Null -> Counter -> join :: Counter;
		kind[1] -> Null -> join;
		kind[2] -> join;
		join -> Null -> Counter -> Null -> Counter -> Null -> Counter
			-> late :: EtherRewrite($address, $address)
			-> way :: IPClassifier(dst host $LAB_SERVER_IP, -);
		way[0] -> out2; way[1] -> out1;
	INTENT
}

# stamps_up NF: hosts, intents with equal stamps as $WORK/stamp-{0,1,2,3}.click, the
# first attached.
stamps_up() {
	local n

	lab_up e2e
	for n in 0 1 2 3; do
		stamps_intent "$n" "$n" >"$WORK/stamp-$n.click"
	done
	attach "$WORK/stamp-0.click" "$1" >/dev/null
}

# Frames that the veths or the stack dropped or failed to send, all four devices.
wire_drops() {
	{
		on "$CLIENT" ethtool -S eth0
		on "$SERVER" ethtool -S eth0
		on "$NF_HOST" ethtool -S p1
		on "$NF_HOST" ethtool -S p2
	} | awk '/xmit_errors|queue_[0-9]+_drops/ { sum += $2 } END { print sum + 0 }'
}

# stamps_hold JSON NF: of live_frames; every frame arrived, once, in order and
# whole, and the NF's own counts agree.
stamps_hold() {
	local frames=$1 status dropped

	equal "$(wire_drops)" 0 "frames that a full ring or the stack dropped"
	holds "$frames" '.sent > 0 and .received == .sent and .missing == 0' "none lost"
	holds "$frames" '.behind == 0' "none twice, none late"
	holds "$frames" '.damaged == 0 and .torn == 0' "whole"
	holds "$frames" '.stamps | all(.[0] < 16 and .[1] < 16)' "all are stamped"
	status=$(nfj status "$2")
	holds "$status" '.tail_call_miss == 0' "no missed tail call"
	# What came in and did not go out is what no IPv4 host sent (neighbour discovery).
	dropped=$(jq '[.nodes[].drops | to_entries[] | select(.key == "bad-ip-version").value] | add // 0' <<<"$status")
	holds "$status" '[.nodes[].drops | keys[]] - ["bad-ip-version"] == []' "no other drops"
	equal "$(jq '[.nodes[] | select(.class == "FromDevice").packets] | add' <<<"$status")" \
		$(($(jq '[.nodes[] | select(.class == "ToDevice").packets] | add' <<<"$status") + dropped)) "packets in and out"
}
