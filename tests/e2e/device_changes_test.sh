#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Devices under an NF: upgrades and rollbacks leave them alone (the program attached, the
# link, the carrier); they go down and come back, are renamed, removed and made again.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/ports.sh
. "$(dirname "$0")/ports.sh"

need jq ethtool ping bpftool
lab_up e2e
sed 's/-> out2/-> seen :: Counter -> out2/' "$WORK/two.click" >"$WORK/counted.click"

# What a device would show if it were touched: program, link, carrier changes.
devices() {
	local port

	for port in p1 p2; do
		ip -n "$NF_HOST" -s -s -j link show "$port" |
			jq -c '.[0] | [.ifindex, .operstate, .xdp.prog.id, .stats64.tx.carrier_changes]'
		bpftool -j link show pinned "$BPFFS/fw/links/$port" | jq -c '[.id, .prog_id]'
	done
}
reaches() {
	on "$CLIENT" ping -qc 1 -W 2 "$LAB_SERVER_IP" >/dev/null || fail "$1: it does not forward"
}
mode_of() { # PORT
	nfj status fw | jq -r ".ports[] | select(.label == \"$1\") | .mode"
}
upgrade() { # INTENT WHERE
	holds "$(nfj upgrade fw "$WORK/$1.click")" '.result == "committed"' "$2"
}

untouched() {
	local before

	attach "$WORK/two.click" >/dev/null
	before=$(devices)
	grep -qE '^\[[0-9]+,"UP",[0-9]+,[0-9]+\]$' <<<"$before" || fail "what is compared: $before"
	upgrade counted "upgrade"
	upgrade two "upgrade back"
	nfj rollback fw >/dev/null
	nfj upgrade --watch 200ms fw "$WORK/two.click" >/dev/null
	equal "$(devices)" "$before" "devices after upgrades and a rollback"
	reaches "after upgrades"
	nfj detach fw >/dev/null
	echo "untouched: done"
}

down_and_up() {
	local before

	attach "$WORK/two.click" >/dev/null
	before=$(ip -n "$NF_HOST" -j link show p2 | jq -r '.[0].xdp.prog.id')
	ip -n "$NF_HOST" link set p2 down
	equal "$(mode_of p2)" native "p2 while it is down"
	upgrade counted "upgrade while p2 is down"
	ip -n "$NF_HOST" link set p2 up
	reaches "p2 is up again"
	equal "$(ip -n "$NF_HOST" -j link show p2 | jq -r '.[0].xdp.prog.id')" "$before" "the program on p2"
	if ip -n "$SERVER" link set eth0 mtu 9000 2>/dev/null; then fail "frames that XDP has no room for"; fi
	nfj detach fw >/dev/null
	echo "down and up: done"
}

renamed() {
	attach "$WORK/two.click" >/dev/null
	ip -n "$NF_HOST" link set p2 down
	ip -n "$NF_HOST" link set p2 name uplink
	ip -n "$NF_HOST" link set uplink up
	holds "$(nfj status fw)" '[.ports[] | [.label, .ifname, .mode]] == [["p1", "p1", "native"], ["p2", "uplink", "native"]]' "renamed"
	upgrade counted "upgrade of a renamed device"
	reaches "renamed"
	nfj rollback fw >/dev/null
	reaches "renamed and rolled back"
	nfj detach fw >/dev/null
	equal "$(with_xdp)" "" "devices with a program"
	ip -n "$NF_HOST" link set uplink down
	ip -n "$NF_HOST" link set uplink name p2
	ip -n "$NF_HOST" link set p2 up
	echo "renamed: done"
}

jumbo() {
	ip -n "$NF_HOST" link set p2 mtu 9000
	ip -n "$SERVER" link set eth0 mtu 9000
	refused 2 'p2 .*has an MTU too large' attach "$WORK/two.click"
	refused 2 'mtu 1500' attach "$WORK/two.click"
	equal "$(with_xdp)" "" "devices with a program"
	[[ ! -e $BPFFS/fw ]] || fail "the refused attach leaves something"
	ip -n "$NF_HOST" link set p2 mtu 1500
	ip -n "$SERVER" link set eth0 mtu 1500
	echo "jumbo: refused"
}

removed() {
	attach "$WORK/two.click" >/dev/null
	ip -n "$NF_HOST" link delete p2
	equal "$(mode_of p1) $(mode_of p2)" "native gone" "modes without p2"
	# One of the same name is another device.
	ip -n "$NF_HOST" link add p2 type veth peer name p2x
	ip -n "$NF_HOST" link set p2 up
	equal "$(mode_of p2)" gone "a new p2"
	upgrade counted "upgrade with a new p2"
	equal "$(with_xdp)" p1 "devices with a program"
	nfj detach fw >/dev/null
	equal "$(with_xdp)" "" "devices with a program"
	attach "$WORK/two.click" >/dev/null
	equal "$(with_xdp)" "p1 p2" "attached anew"
	nfj detach fw >/dev/null
	echo "removed: done"
}

untouched
down_and_up
renamed
jumbo
removed
