#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The load balancers of examples/ between real stacks: a client, four servers on the segment
# behind p2 (three at first), and a far client behind a link with a small MTU.
#
#	far eth0 ─── eth1 client eth0 ─── p1 nf p2 ─── switch ─┬─ server 1 … 4
#
# In each mode: all servers serve, both families; flows stay where they are while servers come,
# drain and go; ICMP errors find the server of their flow; upgrades under load lose nothing.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/edits.sh
. "$(dirname "$0")/edits.sh"

need nginx curl jq ping ethtool dig socat iperf3 tcpdump nstat
VIP=10.77.0.100 VIP6=fd77::100
MODE=${2:-} # one mode only

lab_up lb
FAR=lb-far-$$
SWITCH=$SERVER # the host at p2 is no server here
LAB_HOSTS+=("$FAR")

# await COMMAND…: until it succeeds, 10 s at most.
await() {
	local end=$((SECONDS + 10))

	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || fail "in 10 s never: $*"
		sleep 0.02
	done
}

server() { # NUMBER: its namespace
	echo "lb-s$1-$$"
}

mac_of() { # HOST
	ip -n "$1" -j link show eth0 | jq -r '.[0].address'
}

listens() { # HOST FILTER: a socket as ss describes it
	[[ -n $(on "$1" ss -Hnlaut "$2") ]]
}

free() { # HOST FILTER: no socket is like that
	! listens "$@"
}

# A host whose eth0 is the other end of DEVICE in the namespace AT.
wire() { # HOST AT DEVICE
	ip netns add "$1"
	ip link add "$3" netns "$2" type veth peer name eth0 netns "$1"
	ip netns exec "$1" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.eth0.accept_dad=0
	on "$1" ethtool -K eth0 tx off gro on >/dev/null
	on "$2" ethtool -K "$3" tx off gro on >/dev/null
	ip -n "$1" link set lo up
	ip -n "$1" link set eth0 up
	ip -n "$2" link set "$3" up
}

topology() {
	local i host

	ip netns exec "$SWITCH" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	ip -n "$SWITCH" address flush dev eth0
	ip -n "$SWITCH" link add br0 type bridge
	ip -n "$SWITCH" link set eth0 master br0
	ip -n "$SWITCH" link set br0 up
	for i in 1 2 3 4; do
		host=$(server "$i")
		LAB_HOSTS+=("$host")
		wire "$host" "$SWITCH" "s$i"
		ip -n "$SWITCH" link set "s$i" master br0
		ip -n "$host" address add "10.77.0.1$i/24" dev eth0
		ip -n "$host" address add "fd77::1$i/64" dev eth0 nodad
		ip -n "$host" route add 10.78.0.0/24 via "$LAB_CLIENT_IP"
		ip -n "$host" -6 route add fd78::/64 via "$LAB_CLIENT_IP6"
		# The service's address is the server's own, and nobody hears of it.
		ip netns exec "$host" sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
		ip -n "$host" address add "$VIP/32" dev lo
		ip -n "$host" -6 address add "$VIP6/128" dev lo nodad
		web "$i"
	done
	# The far client: its own link takes 1,500 bytes, the one to it 1,400.
	wire "$FAR" "$CLIENT" eth1
	ip netns exec "$CLIENT" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	ip -n "$CLIENT" link set eth1 mtu 1400
	ip -n "$CLIENT" address add 10.78.0.1/24 dev eth1
	ip -n "$CLIENT" address add fd78::1/64 dev eth1 nodad
	ip -n "$FAR" address add 10.78.0.2/24 dev eth0
	ip -n "$FAR" address add fd78::2/64 dev eth0 nodad
	ip -n "$FAR" route add default via 10.78.0.1
	ip -n "$FAR" -6 route add default via fd78::1
}

web() { # NUMBER: nginx that tells who it is
	local dir=$WORK/web$1

	mkdir -p "$dir/tmp"
	chmod 755 "$dir"
	ln -s "$WORK/www" "$dir/www"
	sed -e "s|DIR|$dir|g" -e "s|root .*|&\n\t\tlocation = /name { return 200 \"$1\\\\n\"; }\n\t\tlocation = /big { limit_rate 2m; }\n\t\tkeepalive_timeout 20m;|" \
		"$TOP/examples/demo/nginx.conf" >"$dir/nginx.conf"
	on "$(server "$1")" nginx -e "$dir/error.log" -c "$dir/nginx.conf" &
	await listens "$(server "$1")" "sport = :80"
}

# set_service ADDRESS PORT PROTOCOL NUMBER; set_server SERVICE NUMBER WEIGHT
set_service() {
	nfj state set lb SERVICE addr="$1" port="$2" proto="$3" service="$4" >/dev/null
}
set_server() {
	local addr=10.77.0.1$2

	[[ $mode != nat || $1 != 2 ]] || addr=fd77::1$2 # where tunnels do not change the family
	nfj state set lb SERVER service="$1" server="$2" addr="$addr" port=0 \
		mac="$(mac_of "$(server "$2")")" weight="$3" >/dev/null
}

get() { # HOST URL [OPTION…]
	on "$1" curl -sf --noproxy '*' --max-time 10 "${@:3}" "$2"
}

# names COUNT ADDRESS: who answers so many new connections.
names() {
	local i

	for ((i = 0; i < $1; i++)); do
		get "$CLIENT" "http://$2/name" || return 1
	done
}

# Servers 1 to COUNT all get new connections, soon.
all_serve() { # COUNT
	local vip i seen

	for vip in "${VIPS[@]}"; do
		seen=
		for ((i = 0; i < 30; i++)); do
			seen=$({ [[ -z $seen ]] || echo "$seen"; names 5 "$vip"; } | sort -u) || fail "$mode: $vip does not answer"
			(($(wc -l <<<"$seen") < $1)) || break
		done
		equal "${seen//$'\n'/ }" "$(seq -s ' ' "$1")" "$mode: who serves $vip"
	done
}

# Connections that stay open; each is asked for its server's name now and then.
open_connections() { # COUNT
	local i vip

	ASKED=0 NAMED=()
	for ((i = 0; i < $1; i++)); do
		vip=${VIPS[i % ${#VIPS[@]}]}
		rm -f "$WORK/ask$i"
		mkfifo "$WORK/ask$i"
		: >"$WORK/answers$i"
		on "$CLIENT" socat "TCP:$vip:80" - <>"$WORK/ask$i" >"$WORK/answers$i" &
	done
	ask_all "$1" "after it was set up"
}
names_told() { # CONNECTION
	grep -acx '[1-4]' "$WORK/answers$1"
}
has_answered() { # CONNECTION
	[[ $(names_told "$1") == "$ASKED" ]]
}
ask_all() { # COUNT WHEN: each answers, and it is the server that answered before
	local i name

	ASKED=$((ASKED + 1))
	for ((i = 0; i < $1; i++)); do
		printf 'GET /name HTTP/1.1\r\nHost: a\r\n\r\n' >"$WORK/ask$i"
	done
	for ((i = 0; i < $1; i++)); do
		await has_answered "$i"
		name=$(grep -ax '[1-4]' "$WORK/answers$i" | tail -n 1)
		equal "$name" "${NAMED[i]:-$name}" "$mode: the server of connection $i $2"
		NAMED[i]=$name
	done
}

servers_change() {
	local said

	echo "== $mode: servers come, drain and go"
	open_connections 9
	set_server 1 4 1
	set_server 2 4 1
	all_serve 4
	set_server 1 1 0 # drained
	set_server 2 1 0
	said=$(names 20 "$VIP") || fail "$mode: new connections while a server is drained"
	[[ $said != *1* ]] || fail "$mode: a drained server has got new connections: $said"
	ask_all 9 "after servers came and were drained"
	[[ " ${NAMED[*]} " == *" 1 "* ]] || echo "   (none of the connections was the drained server's)"
	nfj state del lb SERVER --where 'server == 4' >/dev/null
	set_server 1 1 1
	set_server 2 1 1
	ask_all 9 "after a server had gone"
}

# iperf3 has two connections; both go to the only server there is, and stay there.
iperf() {
	echo "== $mode: iperf3"
	on "$(server 2)" iperf3 -s1 >/dev/null 2>&1 &
	await listens "$(server 2)" "sport = :5201"
	set_service "$VIP" 5201 tcp 3
	set_server 3 2 1
	on "$CLIENT" iperf3 -c "$VIP" -t 3 -J >"$WORK/iperf.json" &
	local client=$!
	await iperf_runs
	set_server 3 1 1
	set_server 3 3 1
	set_server 3 2 0
	wait "$client" || fail "$mode: iperf3: $(jq .error "$WORK/iperf.json")"
	at_least "$(jq .end.sum_received.bytes "$WORK/iperf.json")" 1000000 "$mode: bytes that iperf3 got through"
	nfj state del lb SERVER --where 'service == 3' >/dev/null
}
iperf_runs() {
	(($(on "$(server 2)" ss -Hnt state established "sport = :5201" | wc -l) == 2))
}

# A name server that knows no name, on each server.
dns() {
	local i host bind=

	echo "== $mode: UDP"
	cat >"$WORK/dns.sh" <<-'SCRIPT'
		{ head -c 2; head -c 2 >/dev/null; printf '\201\203'; cat; } | dd bs=64k iflag=fullblock status=none
	SCRIPT
	[[ $mode == nat ]] || bind=,bind=$VIP
	set_service "$VIP" 53 udp 4
	for i in 1 2 3; do
		host=$(server "$i")
		on "$host" socat "UDP4-RECVFROM:53,fork$bind" "EXEC:bash $WORK/dns.sh" &
		SERVERS+=($!)
		await listens "$host" "sport = :53"
		set_server 4 "$i" 1
	done
	for i in {1..20}; do
		on "$CLIENT" dig +tries=1 +time=5 "@$VIP" name.example >"$WORK/dig" || fail "$mode: dig"
		grep -q "status: NXDOMAIN" "$WORK/dig" || fail "$mode: dig: $(cat "$WORK/dig")"
	done
}

# The router at the small link says "too big" to the service's address. Only the server of
# that very flow can do anything about it, and each has to hear it for itself.
too_big() {
	local i vip

	echo "== $mode: ICMP errors find their flow's server"
	for vip in "${VIPS[@]}"; do
		for ((i = 0; i < 60; i++)); do
			! have_heard "$vip" || break
			get "$FAR" "http://$vip/part" -o "$WORK/part" || fail "$mode: $vip, the small link: no download"
			cmp "$WORK/part" "$WORK/www/part" || fail "$mode: $vip, the small link: another file"
		done
		have_heard "$vip" || fail "$mode: $vip: not all servers have heard of the small MTU: $(small_mtu 1 "$vip")"
	done
}
small_mtu() { # NUMBER ADDRESS: what that server knows of the way to the far client
	local from=$2 to=10.78.0.2

	[[ $mode != nat ]] || from=10.77.0.1$1
	[[ $2 != *:* ]] || { from=$VIP6 to=fd78::2; }
	[[ $2 != *:* || $mode != nat ]] || from=fd77::1$1
	ip -n "$(server "$1")" route get "$to" from "$from"
}
have_heard() { # ADDRESS: all three servers
	local i

	for i in 1 2 3; do
		[[ $(small_mtu "$i" "$1") == *"mtu 1400"* ]] || return 1
	done
}

pings() {
	local vip

	echo "== $mode: ping"
	set_service "$VIP" 0 icmp 5
	set_server 5 3 1
	on "$CLIENT" ping -qc 3 -i 0.1 "$VIP" >/dev/null || fail "$mode: ping of the service"
	on "$CLIENT" ping -qc 1 -W 1 10.77.0.12 >/dev/null || fail "$mode: ping of a server by its own address"
}

state_returns() {
	local code=0

	echo "== $mode: state"
	nfj state save lb "$WORK/servers" SERVER >/dev/null
	nfj state del lb SERVER --all >/dev/null
	! get "$CLIENT" "http://$VIP/name" --max-time 1 >/dev/null || fail "$mode: a service without servers answers"
	at_least "$(nfj status lb | jq '[.nodes[].drops["no-server"] // 0] | add')" 1 "$mode: drops for want of a server"
	nfj state restore lb "$WORK/servers" >/dev/null
	all_serve 3
	refused 1 "service 9999 has no place in the Maglev table" \
		nf state set lb SERVER service=9999 server=1 addr=10.77.0.11 weight=1
	nfj state del lb SERVER service=9999 server=1 >/dev/null
}

short_flows() { # FILE: one connection after the other, until somebody takes it away
	local i=0

	while [[ -e $1 ]]; do
		get "$CLIENT" "http://${VIPS[i++ % ${#VIPS[@]}]}/part" -o "$1.part" && cmp -s "$1.part" "$WORK/www/part" || return 1
		echo "$i" >"$1.done"
	done
}

upgrades() {
	local kind result short probe=

	echo "== $mode: upgrades under load"
	get "$CLIENT" "http://$VIP/big" --max-time 100 -o "$WORK/big" &
	local download=$!
	touch "$WORK/go"
	short_flows "$WORK/go" &
	short=$!
	if [[ $mode != nat ]]; then # its receiver is bound to the service's address
		set_service "$VIP" 9000 udp 6
		set_server 6 3 1
		"$TOOLS/udp_probe" --from "$CLIENT" --to "$(server 3)" --dest "$VIP" --port 9000 --rate 500 >"$WORK/probe.json" &
		probe=$!
	fi
	await test -s "$WORK/go.done"
	for kind in module none atom none whole none; do
		result=$(nfj --lib "$WORK/lib-$kind" upgrade lb "$EXAMPLES/lb-$mode.click")
		holds "$result" '.result == "committed"' "$mode: upgrade ($kind)"
	done
	rm "$WORK/go"
	wait "$short" || fail "$mode: a connection failed during the upgrades"
	[[ -z $probe ]] || {
		kill "$probe"
		wait "$probe" || fail "$mode: the probe: $(cat "$WORK/probe.json")"
		holds "$(cat "$WORK/probe.json")" '.lost == 0 and .duplicated == 0 and .sent > 500' "$mode: each probe arrived once"
	}
	ask_all 9 "after the upgrades"
	wait "$download" || fail "$mode: the download did not survive"
	cmp "$WORK/big" "$WORK/www/big" || fail "$mode: the download differs from the file"
	echo "   $(cat "$WORK/go.done") short connections meanwhile"
	rm "$WORK/go.done"
}

# Servers whose kernel ends no tunnels: the library's own classes do.
end_tunnels() {
	local i

	cat >"$WORK/end.click" <<-'INTENT'
		FromDevice(p) -> c :: Classifier(12/0800, -);
		c [0] -> Strip(14) -> CheckIPHeader -> d :: IPIPDecap -> v :: Classifier(0/40%f0, 0/60%f0);
		v [0] -> CheckIPHeader -> host :: ToHost;
		v [1] -> CheckIP6Header -> host;
		d [1] -> host;
		c [1] -> host;
	INTENT
	for i in 1 2 3 4; do
		nfj attach "$WORK/end.click" --name "end$i" --netns "$(server "$i")" --dev p=eth0 >/dev/null
	done
}

check_sums() {
	local host

	for host in "$CLIENT" "$(server 1)" "$(server 2)" "$(server 3)"; do
		equal "$(on "$host" nstat -aszj | jq '.kernel | .IpInHdrErrors + .IcmpInCsumErrors + .TcpInCsumErrors + .UdpInCsumErrors')" \
			0 "$mode: packets with wrong checksums at $host"
	done
	kill "$CAPTURE" 2>/dev/null || true # it may have seen enough
	wait "$CAPTURE" || true
	tcpdump -nnvvr "$WORK/wire.pcap" >"$WORK/wire.txt" 2>/dev/null
	at_least "$(grep -c cksum "$WORK/wire.txt")" 10 "$mode: packets with checksums on the wire"
	! grep -E 'bad (ip|udp|tcp|icmp)? *cksum|wrong icmp cksum|incorrect' "$WORK/wire.txt" || fail "$mode: wrong checksums"
	case $mode in
	ipip) grep -q "10.77.0.99 > 10.77.0.1[123]: IP " "$WORK/wire.txt" || fail "no tunnel was seen" ;;
	nat) ! grep -q "> $VIP\." "$WORK/wire.txt" || fail "the service's address came through" ;;
	*) grep -q "> $VIP\.80" "$WORK/wire.txt" || fail "the service's address did not come through" ;;
	esac
}

PAINT_NODE='s|return NEXT(0);|{ *(volatile __u8 *)\&p->paint = 1; return NEXT(0); }|'
PAINT_LEAF='s|verdict = bpf_redirect_map|*(volatile __u8 *)\&p->paint = 1; verdict = bpf_redirect_map|'
edit ICMPErrorFlow "$WORK/lib-module" "$PAINT_NODE"
edit WriteAS "$WORK/lib-atom" "$PAINT_NODE"
edit ToDevice "$WORK/lib-whole" "$PAINT_LEAF"
mkdir -p "$WORK/lib-none" "$WORK/www"
chmod 755 "$WORK/www"
head -c 20M /dev/urandom >"$WORK/www/big"
head -c 100K /dev/urandom >"$WORK/www/part"
topology

for mode in ${MODE:-l2 ipip nat}; do
	VIPS=("$VIP" "[$VIP6]")
	SERVERS=()
	echo "== $mode: both families, all servers"
	attach "$EXAMPLES/lb-$mode.click" lb >/dev/null
	[[ $mode != ipip ]] || end_tunnels
	# what GRO has put together has no checksum of its own
	on "$SWITCH" tcpdump -Uni eth0 --immediate-mode -c 2000 -w "$WORK/wire.pcap" less 1514 2>"$WORK/wire.log" &
	CAPTURE=$!
	await grep -q "listening on" "$WORK/wire.log"
	set_service "$VIP" 80 tcp 1
	set_service "$VIP6" 80 tcp 2
	for i in 1 2 3; do
		set_server 1 "$i" 1
		set_server 2 "$i" 1
	done
	all_serve 3
	pings
	dns
	too_big
	servers_change
	iperf
	state_returns
	upgrades
	check_sums
	holds "$(nfj status lb)" '.tail_call_miss == 0' "$mode: no missed tail call"
	for i in "${SERVERS[@]}"; do
		kill_tree "$i" # the shell that has entered the namespace, and socat in it
	done
	for i in 1 2 3; do
		await free "$(server "$i")" "sport = :53"
	done
	nf detach lb >/dev/null
done
