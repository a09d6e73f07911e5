#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# examples/router.click between real stacks, each with the router as its gateway:
# what passes, what the router itself says (traceroute, path MTU discovery), right
# checksums, and upgrades under load.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/edits.sh
. "$(dirname "$0")/edits.sh"
# shellcheck source=examples/demo/traffic.sh
. "$TOP/examples/demo/traffic.sh"
# shellcheck source=tests/e2e/load.sh
. "$TOP/tests/e2e/load.sh"

need nginx curl jq ping ethtool dig socat iperf3 tshark nstat traceroute
ROUTER1=10.77.1.1 ROUTER1_6=fd77:1::1 ROUTER2=10.77.2.1
lab_up router

# settle HOST NUMBER: the host of that side, as examples/router.click knows it.
settle() {
	ip -n "$1" address flush dev eth0 scope global
	ip -n "$1" address add "10.77.$2.2/24" dev eth0
	ip -n "$1" address add "fd77:$2::2/64" dev eth0 nodad
	ip -n "$1" route add default via "10.77.$2.1"
	ip -n "$1" -6 route add default via "fd77:$2::1"
}
settle "$CLIENT" 1
settle "$SERVER" 2
LAB_CLIENT_IP=10.77.1.2 LAB_SERVER_IP=10.77.2.2 LAB_SERVER_IP6=fd77:2::2

capture() { # HOST FILE
	on "$1" tcpdump -Uni eth0 --immediate-mode -w "$2" 2>"$2.log" &
	CAPTURES+=($!)
	await grep -q "listening on" "$2.log"
}
CAPTURES=()

# said TEXT WHAT COMMAND…: the client's COMMAND prints TEXT.
said() {
	local text=$1 what=$2 got

	shift 2
	got=$(on "$CLIENT" "$@" 2>&1) || true
	[[ $got == *"$text"* ]] || fail "$what: $got"
}

fetch() { # FILE URL [OPTION…]
	on "$CLIENT" curl -sf --noproxy '*' --max-time 20 -o "$1" "${@:3}" "$2"
}

attach "$EXAMPLES/router.click" router >/dev/null
capture "$CLIENT" "$WORK/client.pcap"
capture "$SERVER" "$WORK/server.pcap"
web_start "$WORK/web" 100 1

echo "== what passes"
# The first packet to each host becomes the question for its MAC address.
for host in "$LAB_SERVER_IP" "$LAB_SERVER_IP6"; do
	await on "$CLIENT" ping -qc 1 -W 0.2 "$host"
done
for host in "$LAB_SERVER_IP" "$LAB_SERVER_IP6"; do
	said " 0% packet loss" "ping $host" ping -qc 3 -i 0.1 "$host"
	said " 0% packet loss" "ping $host, in fragments" ping -qc 3 -i 0.1 -s 4000 "$host"
done
# There and back: the hosts, and the router by the address that it sends from.
route=$(on "$CLIENT" ping -c 1 -R "$LAB_SERVER_IP" | sed -n 's/^\(RR:\)\?[[:space:]]\+\([0-9.]\+\)$/\2/p' | paste -sd' ')
equal "$route" "$LAB_CLIENT_IP $ROUTER2 $LAB_SERVER_IP $LAB_SERVER_IP $ROUTER1 $LAB_CLIENT_IP" "ping with a record route"
said "$ROUTER1" "ping to the router with a record route" ping -c 1 -R "$ROUTER2"
for host in "$LAB_SERVER_IP" "[$LAB_SERVER_IP6]"; do
	fetch "$WORK/got" "http://$host/1.bin" -r 0-4999999 || fail "HTTP from $host"
	cmp -n 5000000 "$WORK/got" "$WORK/web/www/1.bin" || fail "what curl got from $host differs"
done
# One write makes one datagram, which leaves in fragments.
head -c 9000 "$WORK/web/www/1.bin" >"$WORK/datagram"
for family in 4 6; do
	host=$LAB_SERVER_IP
	((family == 4)) || host="[$LAB_SERVER_IP6]"
	on "$SERVER" timeout 10 socat -b 10000 -u "UDP$family-RECVFROM:7000" "CREATE:$WORK/datagram.$family" &
	receiver=$!
	await listens "$SERVER" "sport = :7000"
	on "$CLIENT" socat -b 10000 -u "OPEN:$WORK/datagram" "UDP$family-SENDTO:$host:7000"
	wait "$receiver"
	cmp "$WORK/datagram" "$WORK/datagram.$family" || fail "a datagram in fragments over IPv$family"
done
# A name server that knows no name: the query with the bits of an answer.
cat >"$WORK/dns.sh" <<-'EOF'
	{ head -c 2; head -c 2 >/dev/null; printf '\201\203'; cat; } | dd bs=64k iflag=fullblock status=none
EOF
on "$SERVER" socat "UDP4-RECVFROM:53,fork" "EXEC:bash $WORK/dns.sh" &
await listens "$SERVER" "sport = :53"
said "status: NXDOMAIN" "dig" dig +tries=1 +time=5 "@$LAB_SERVER_IP" name.example

echo "== the router itself"
for host in "$ROUTER1" "$ROUTER2" "$ROUTER1_6"; do
	said " 0% packet loss" "ping $host" ping -qc 2 -i 0.1 "$host"
done
for way in -I -U "-T -p 80" "-6 -I" "-6 -U" "-6 -T -p 80"; do
	first=$ROUTER1 last=$LAB_SERVER_IP
	[[ $way != -6* ]] || first=$ROUTER1_6 last=$LAB_SERVER_IP6
	# shellcheck disable=SC2086 # words
	hops=$(on "$CLIENT" traceroute -n -q 1 -w 2 $way "$last" | awk 'NR > 1 { print $2 }' | paste -sd' ')
	equal "$hops" "$first $last" "traceroute $way"
done
# It has no ports, and says so: the trace ends there.
equal "$(on "$CLIENT" traceroute -n -q 1 -w 2 -U "$ROUTER2" | awk 'NR > 1 { print $2 }')" "$ROUTER1" "traceroute to the router"
said "Destination Net Unreachable" "no route" ping -c 1 -W 2 192.0.2.77
said "No route" "no route over IPv6" ping -c 1 -W 2 2001:db8::77
on "$CLIENT" ping -c 1 -W 0.2 10.77.2.99 >/dev/null && fail "an answer of nobody"
on "$CLIENT" ping -c 1 -W 0.2 fd77:2::99 >/dev/null && fail "an answer of nobody over IPv6"

# No more than so many a second.
on "$CLIENT" ping -q -l 3000 -c 3000 -t 1 -W 1 "$LAB_SERVER_IP" >/dev/null 2>&1 || true
at_least "$(nfj status router | jq '[.nodes[] | select(.name == "errors").drops["rate-limited"] // 0] | add')" 1000 \
	"errors that were too many"
# But not about what was sent to many, though its time is up.
got=$(on "$CLIENT" ping -b -c 1 -W 1 -t 1 10.77.2.255 2>&1) || true
[[ $got != *"From "* ]] || fail "an error about a broadcast: $got"

echo "== path MTU discovery"
# shellcheck disable=SC2016 # the intent's own $
sed 's/\$MTU2 1500/$MTU2 1300/' "$EXAMPLES/router.click" >"$WORK/small.click"
holds "$(nfj upgrade router "$WORK/small.click")" '.result == "committed"' "a smaller MTU"
said "mtu = 1300" "a ping that may not be fragmented" ping -c 1 -W 2 -M "do" -s 1400 "$LAB_SERVER_IP"
said "mtu=1300" "a ping over IPv6" ping -c 1 -W 2 -M "do" -s 1400 "$LAB_SERVER_IP6"
said " 0% packet loss" "a ping that fits" ping -qc 1 -W 2 -M "do" -s 1272 "$LAB_SERVER_IP"
# A host that may fragment hears of it too, and does so from then on.
ip -n "$CLIENT" route flush cache
await on "$CLIENT" ping -qc 1 -W 0.2 -M "dont" -s 1400 "$LAB_SERVER_IP"
head -c 3000000 "$WORK/web/www/1.bin" >"$WORK/upload"
for family in 4 6; do
	host=$LAB_SERVER_IP
	((family == 4)) || host="[$LAB_SERVER_IP6]"
	on "$SERVER" timeout 20 socat -u "TCP$family-LISTEN:7100,reuseaddr" "CREATE:$WORK/upload.$family" &
	receiver=$!
	await listens "$SERVER" "sport = :7100"
	on "$CLIENT" socat -u "OPEN:$WORK/upload" "TCP$family:$host:7100"
	wait "$receiver"
	cmp "$WORK/upload" "$WORK/upload.$family" || fail "an upload into the small MTU over IPv$family"
done
holds "$(nfj upgrade router "$EXAMPLES/router.click")" '.result == "committed"' "the MTU as it was"

echo "== what the wire saw"
kill "${CAPTURES[@]}"
wait "${CAPTURES[@]}" || true
# Longer frames are several segments that the receiver has put together.
BAD='frame.len <= 1514 and (ip.checksum.status == 0 or tcp.checksum.status == 0 or udp.checksum.status == 0'
BAD+=' or icmp.checksum.status == 0 or icmpv6.checksum.status == 0)'
for side in client server; do
	tshark -r "$WORK/$side.pcap" -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE \
		-Y "$BAD" >"$WORK/bad" 2>"$WORK/bad.log" || fail "tshark: $(cat "$WORK/bad.log")"
	bad=$(head -5 "$WORK/bad")
	[[ -z $bad ]] || fail "wrong checksums at the $side: $bad"
	at_least "$(tshark -r "$WORK/$side.pcap" -Y 'tcp || udp || icmp || icmpv6' 2>/dev/null | wc -l)" 100 "packets seen at the $side"
done
at_least "$(tshark -r "$WORK/server.pcap" -Y "arp.opcode == 1 and arp.src.proto_ipv4 == $ROUTER2 and arp.dst.proto_ipv4 == 10.77.2.99" 2>/dev/null | wc -l)" 1 \
	"questions for a host that is not there"
at_least "$(tshark -r "$WORK/server.pcap" -Y 'icmpv6.type == 135 and ipv6.src == fd77:2::1 and icmpv6.nd.ns.target_address == fd77:2::99' 2>/dev/null | wc -l)" 1 \
	"questions for a host that is not there, over IPv6"

echo "== neighbours by hand"
mac=$(ip -n "$SERVER" -j link show eth0 | jq -r '.[0].address')
nfj state set router NEIGHB addr=10.77.2.99 mac="$mac" fixed=1 >/dev/null
ip -n "$SERVER" address add 10.77.2.99/32 dev lo
said " 0% packet loss" "a fixed neighbour" ping -qc 2 -i 0.1 10.77.2.99
holds "$(nfj state get router NEIGHB addr=10.77.2.2)" "[.. | .mac? // empty] == [\"$mac\"]" "what the server has said"

echo "== upgrades under load"
edit CheckIPHeader "$WORK/router-module" 's|return CHECKED(check(ctx, p));|{ *(volatile __u32 *)\&p->mark = 1; return CHECKED(check(ctx, p)); }|'
edit LookupIPRoute "$WORK/router-routes" 's|SWITCH(route->output);|*(volatile __u32 *)\&p->mark = 1; SWITCH(route->output);|'
edit ReadNeighbour "$WORK/router-atom" "$MARK_MODULE"
edit ToDevice "$WORK/router-whole" "$MARK_LEAF"
mkdir -p "$WORK/router-none"
load_start router "$LAB_SERVER_IP" "[$LAB_SERVER_IP6]"
for kind in module none routes none atom none whole none; do
	load_upgrade "$EXAMPLES/router.click" "$WORK/router-$kind"
done
load_end

echo "== full speed"
full_speed router "$LAB_SERVER_IP" "$LAB_SERVER_IP6"
web_stop
