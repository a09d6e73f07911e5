#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# examples/router4.click: four hosts, each with the router as its gateway, and the
# kernel's routes and neighbours. What is forwarded here, what the kernel does, a
# route that changes, and upgrades under load.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/edits.sh
. "$(dirname "$0")/edits.sh"

need jq ping ethtool iperf3 traceroute
lab_up router4
HOSTS=("$CLIENT" "$SERVER" "router4-third-$$" "router4-fourth-$$")
LAB_HOSTS+=("${HOSTS[@]:2}")
lab_wire "${HOSTS[2]}" p3 10.77.0.3 fd77::3
lab_wire "${HOSTS[3]}" p4 10.77.0.4 fd77::4
on "$NF_HOST" sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0 \
	net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv6.conf.all.accept_dad=0
for i in 1 2 3 4; do
	host=${HOSTS[i - 1]}
	ip -n "$host" address flush dev eth0 scope global
	ip -n "$host" address add "10.77.$i.2/24" dev eth0
	ip -n "$host" address add "fd77:$i::2/64" dev eth0 nodad
	ip -n "$host" route add default via "10.77.$i.1"
	ip -n "$host" -6 route add default via "fd77:$i::1"
	on "$NF_HOST" sysctl -qw "net.ipv6.conf.p$i.disable_ipv6=0" "net.ipv6.conf.p$i.accept_dad=0"
	on "$NF_HOST" ethtool -K "p$i" tx off >/dev/null
	ip -n "$NF_HOST" link set "p$i" address "02:00:00:00:77:1$i"
	ip -n "$NF_HOST" address add "10.77.$i.1/24" dev "p$i"
	ip -n "$NF_HOST" address add "fd77:$i::1/64" dev "p$i" nodad
done

# packets NODE: that have gone through it.
packets() {
	nfj status router | jq --arg node "$1" '[.nodes[] | select(.name == $node).packets] | add'
}

# said TEXT WHAT COMMAND…: the client's COMMAND prints TEXT.
said() {
	local text=$1 what=$2 got

	shift 2
	got=$(on "$CLIENT" "$@" 2>&1) || true
	[[ $got == *"$text"* ]] || fail "$what: $got"
}

nfj attach "$EXAMPLES/router4.click" --name router --netns "$NF_HOST" --dev p1=p1 --dev p2=p2 --dev p3=p3 --dev p4=p4 >/dev/null

echo "== everybody reaches everybody"
for i in 1 2 3 4; do
	for j in 1 2 3 4; do
		((i != j)) || continue
		for to in "10.77.$j.2" "fd77:$j::2"; do
			on "${HOSTS[i - 1]}" ping -qc 2 -i 0.05 -W 2 "$to" >/dev/null || fail "ping from host $i to $to"
		done
	done
done
# The neighbours are known now: the kernel has nothing more to do with it.
before=$(packets host)
said " 0% packet loss" "pings" ping -qc 50 -i 0.01 10.77.3.2
said " 0% packet loss" "pings over IPv6" ping -qc 50 -i 0.01 fd77:3::2
at_least "$(packets ToNet@3/to)" 100 "packets forwarded by p3"
at_least $((before + 20)) "$(packets host)" "packets that went to the kernel"

echo "== what the kernel does"
said " 0% packet loss" "ping to the router" ping -qc 1 10.77.4.1
said "10.77.3.1" "ping with a record route" ping -c 1 -R 10.77.3.2
for way in -I -U "-T -p 80" "-6 -I"; do
	first=10.77.1.1 last=10.77.3.2
	[[ $way != -6* ]] || first=fd77:1::1 last=fd77:3::2
	# shellcheck disable=SC2086 # words
	hops=$(on "$CLIENT" traceroute -n -q 1 -w 2 $way "$last" | awk 'NR > 1 { print $2 }' | paste -sd' ')
	equal "$hops" "$first $last" "traceroute $way"
done
said "Destination Host Unreachable" "no such neighbour" ping -c 1 -W 5 10.77.2.99
ip -n "$NF_HOST" route change 10.77.3.0/24 dev p3 mtu lock 1300
said "mtu = 1300" "a ping that may not be fragmented" ping -c 1 -W 2 -M "do" -s 1400 10.77.3.2
ip -n "$CLIENT" route flush cache
said " 0% packet loss" "a ping that may" ping -qc 2 -i 0.1 -M "dont" -s 1400 10.77.3.2

echo "== a route that changes"
ip -n "${HOSTS[3]}" address add 192.0.2.1/32 dev lo
ip -n "$NF_HOST" route add unreachable 192.0.2.1
said "Destination Host Unreachable" "an unreachable route" ping -c 1 -W 2 192.0.2.1
ip -n "$NF_HOST" route replace 192.0.2.1 via 10.77.4.2
before=$(packets ToNet@4/to)
said " 0% packet loss" "a route through host 4" ping -qc 20 -i 0.01 192.0.2.1
at_least "$(packets ToNet@4/to)" $((before + 20)) "packets forwarded by p4"

echo "== upgrades under load"
edit HostEtherFilter "$WORK/router4-module" "$MARK_MODULE"
edit LookupFIB "$WORK/router4-fib" 's|SWITCH(output);|*(volatile __u32 *)\&p->mark = 1; SWITCH(output);|'
edit ToDevice "$WORK/router4-whole" "$MARK_LEAF"
mkdir -p "$WORK/router4-none"
"$TOOLS/tcp_stream" --from "$CLIENT" --to "$SERVER" --dest 10.77.2.2 --mbit 50 >"$WORK/stream.json" &
stream=$!
"$TOOLS/udp_probe" --from "${HOSTS[2]}" --to "${HOSTS[3]}" --dest 10.77.4.2 --rate 1000 >"$WORK/probe.json" &
probe=$!
before=$(packets ToNet@4/to)
for ((i = 0; i < 100; i++)); do
	(($(packets ToNet@4/to) < before + 100)) || break
	sleep 0.05
done
for kind in module none fib none whole none; do
	result=$(nfj --lib "$WORK/router4-$kind" upgrade router "$EXAMPLES/router4.click")
	holds "$result" '.result == "committed"' "upgrade ($kind)"
	said " 0% packet loss" "pings after it ($kind)" ping -qc 5 -i 0.01 fd77:4::2
done
[[ -e /proc/$stream && -e /proc/$probe ]] || fail "the load ended before the upgrades did"
kill "$stream" "$probe"
wait "$stream" || fail "the connection did not survive: $(cat "$WORK/stream.json")"
wait "$probe" || fail "the probe: $(cat "$WORK/probe.json")"
holds "$(cat "$WORK/probe.json")" '.lost == 0 and .duplicated == 0 and .sent > 1000' "each probe arrived once"
on "$SERVER" iperf3 -sp 5301 >/dev/null 2>&1 &
for ((i = 0; i < 100; i++)); do
	[[ -z $(on "$SERVER" ss -Hnlt "sport = :5301") ]] || break
	sleep 0.02
done
for way in "" -R; do
	for to in 10.77.2.2 fd77:2::2; do
		# shellcheck disable=SC2086 # none or one
		on "$CLIENT" iperf3 -c "$to" -p 5301 -n 20M -J $way >"$WORK/iperf.json" || fail "iperf3 $way: $(cat "$WORK/iperf.json")"
	done
done
holds "$(nfj status router)" '.tail_call_miss == 0' "no missed tail call"
