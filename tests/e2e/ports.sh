# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034
# A lab with a third host, and intents with two and with three ports. Sourced after
# lib.sh, before lab_up.

cat >"$WORK/two.click" <<'INTENT'
FromDevice(p1) -> out2 :: ToDevice(p2);
FromDevice(p2) -> out1 :: ToDevice(p1);
INTENT
# 10.77.0.3 is behind p3.
cat >"$WORK/three.click" <<'INTENT'
FromDevice(p1) -> c :: Classifier(30/0a4d0003, -);
c[0] -> out3 :: ToDevice(p3);
c[1] -> out2 :: ToDevice(p2);
FromDevice(p2) -> out1 :: ToDevice(p1);
FromDevice(p3) -> out1;
INTENT
LAB_THIRD_IP=10.77.0.3

# third_up: $THIRD on the port p3 of the nf host, and it and the client know each
# other (their ARP would go to the server).
third_up() {
	THIRD=e2e-third-$$
	LAB_HOSTS+=("$THIRD")
	lab_wire "$THIRD" p3 "$LAB_THIRD_IP" fd77::3
	ip netns exec "$NF_HOST" ethtool -K p3 tx off >/dev/null
	ip -n "$CLIENT" neigh replace "$LAB_THIRD_IP" dev eth0 lladdr "$(mac_of "$THIRD")"
	ip -n "$THIRD" neigh replace "$LAB_CLIENT_IP" dev eth0 lladdr "$(mac_of "$CLIENT")"
}

mac_of() {
	ip -n "$1" -j link show eth0 | jq -r '.[0].address'
}

# The nf host's devices with an XDP program: "p1 p2".
with_xdp() {
	ip -n "$NF_HOST" -j link show | jq -r '[.[] | select(.xdp) | .ifname] | sort | join(" ")'
}

# The ports by status: "p1 p2".
ports() {
	nfj status fw | jq -r '[.ports[] | select(.mode == "native") | .label] | sort | join(" ")'
}
