#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What the paper's firewall lets through and what it does not, in both spellings
# of the intent, with real stacks at both ends.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=examples/demo/traffic.sh
. "$TOP/examples/demo/traffic.sh"

need nginx curl jq ping ethtool
lab_up e2e
web_start_once() { [[ -n ${WEB_PID:-} ]] || web_start "$WORK/web" 1 1; }

probe() {
	"$TOOLS/udp_probe" --from "$1" --to "$2" --dest "$3" --rate 1000 --seconds 0.2 "${@:4}"
}

# tcp SPORT FLAGS [FROM TO SRC DST]: a lone TCP segment, checksums left to the
# receiver to dislike: the wire is watched, not the stack. Header checksums are
# right, as CheckIPHeader asks.
tcp() {
	local ip=4500002800014000 sum=0 i word

	ip+=40060000${3:-0a4d0001}${4:-0a4d0002}
	for ((i = 0; i < 40; i += 4)); do
		word=$((16#${ip:i:4}))
		sum=$((sum + word))
	done
	sum=$(((sum & 0xffff) + (sum >> 16)))
	sum=$(((sum & 0xffff) + (sum >> 16)))
	printf 'dst src 0800 %s%04x%s %04x 0050 00000001 00000001 50%s ffff 0000 0000' \
		"${ip:0:20}" $((~sum & 0xffff)) "${ip:24}" "$1" "$2"
}

arrives() {
	holds "$("$TOOLS/frame_probe" --from "$2" --to "$3" "$4")" '.arrived' "$1 passes"
}

lost() {
	holds "$("$TOOLS/frame_probe" --from "$2" --to "$3" "$4")" '.arrived | not' "$1 is dropped"
}

drops() {
	nfj status fw | jq "[.nodes[].drops[\"$1\"] // 0] | add"
}

check_firewall() {
	local before after

	attach "$1" >/dev/null
	echo "== $1"
	web_start_once
	on "$CLIENT" curl -sf --noproxy '*' --max-time 5 -o /dev/null "http://$LAB_SERVER_IP/1.bin" || fail "TCP from the client passes"
	on "$SERVER" ping -qc 2 -i 0.2 "$LAB_CLIENT_IP" >/dev/null || fail "ICMP passes"
	on "$CLIENT" ip neigh flush all
	on "$CLIENT" ping -qc 2 -i 0.2 "$LAB_SERVER_IP" >/dev/null || fail "ARP and ICMP pass"
	on "$CLIENT" ping -qc 2 -i 0.2 -s 20000 "$LAB_SERVER_IP" >/dev/null || fail "fragments pass"
	on "$CLIENT" ping -qc 2 -i 0.2 "$LAB_SERVER_IP6" >/dev/null || fail "IPv6 passes"
	on "$CLIENT" curl -sf --noproxy '*' --max-time 5 -o /dev/null "http://[$LAB_SERVER_IP6]/1.bin" || fail "IPv6 TCP passes"
	holds "$(probe "$CLIENT" "$SERVER" "$LAB_SERVER_IP")" '.lost == 0' "UDP to the server"
	holds "$(probe "$SERVER" "$CLIENT" "$LAB_CLIENT_IP")" '.lost == 0' "UDP to the client"
	holds "$(probe "$CLIENT" "$SERVER" "$LAB_SERVER_IP6")" '.lost == 0' "UDP over IPv6"
	arrives "a VLAN-tagged frame" "$CLIENT" "$SERVER" "dst src 8100 0005 0800 $(printf '%060d' 0)"
	arrives "an unknown ethertype" "$CLIENT" "$SERVER" "dst src 88b5 0102030405060708"

	before=$(drops discard)
	lost "an ACK out of the blue" "$CLIENT" "$SERVER" "$(tcp 40001 10)"
	lost "a FIN out of the blue" "$CLIENT" "$SERVER" "$(tcp 40002 11)"
	lost "a SYN+FIN" "$CLIENT" "$SERVER" "$(tcp 40003 03)"
	after=$(drops discard)
	at_least "$after" $((before + 3)) "packets counted as discard"
	arrives "a SYN" "$CLIENT" "$SERVER" "$(tcp 40004 02)"
	arrives "TCP from the server" "$SERVER" "$CLIENT" "$(tcp 80 10 0a4d0002 0a4d0001)"

	before=$(drops bad-ip-checksum)
	lost "a wrong IP checksum" "$CLIENT" "$SERVER" "dst src 0800 4500002800014000400600000a4d00010a4d0002$(printf '%040d' 0)"
	at_least "$(drops bad-ip-checksum)" $((before + 1)) "packets counted as bad-ip-checksum"
	holds "$(nfj status fw)" '.tail_call_miss == 0' "no missed tail call"
	nfj detach fw >/dev/null
}

check_firewall "$EXAMPLES/firewall.table"
check_firewall "$EXAMPLES/firewall.click"
web_stop
