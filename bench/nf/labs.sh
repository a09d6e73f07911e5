# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The labs that bench/nf measures, each a client, an NF host and a server of its own:
#
#	client eth0 ─── p1 nf p2 ─── eth0 server
#
# The same frames go through all of them: MAC and IP addresses are alike, and every
# neighbour is known. `lab IMPLEMENTATION FUNCTION CAPACITY` builds one, and appends it to
# LABS as the traffic tool takes it; `labs_down` ends all.

P1_MAC=02:00:00:00:77:11 P2_MAC=02:00:00:00:77:12 CLIENT_MAC=02:00:00:00:77:01 SERVER_MAC=02:00:00:00:77:02
HOSTS=255 # source addresses that have a neighbour entry, where somebody routes
SERVER4=10.81.0.2 SERVER6=fd81::2 VIP4=10.82.0.1 VIP6=fd82::1
POOL=10.83.0.0/16 POOL_HEX=0a530000%ffff0000 POOL_RANGE=10.83.0.0-10.83.255.255
declare -A FROM=([4]=10.80.0.0 [6]=fd80::)
LABS=()

# wires NAME: three hosts with the addresses above; sets CLIENT, NF_HOST and SERVER.
wires() {
	lab_up "$1"
	ip -n "$CLIENT" link set eth0 address "$CLIENT_MAC"
	ip -n "$SERVER" link set eth0 address "$SERVER_MAC"
	ip -n "$NF_HOST" link set p1 address "$P1_MAC"
	ip -n "$NF_HOST" link set p2 address "$P2_MAC"
}

# ---- nfup ----

# intent FUNCTION CAPACITY: the example, with the bench's addresses. As with the kernel's
# conntrack in this bench, nobody sums up payloads: network cards do that.
intent() {
	case $1 in
	firewall)
		sed -e "s/CheckTCPHeader/&(CHECKSUM false)/; s/CheckUDPHeader/&(CHECKSUM false)/" \
			-e "s/WriteConn(/&CAPACITY $2, /" "$EXAMPLES/stateful-firewall.click"
		;;
	nat)
		sed -e "s|10.77.0.100/32|$POOL|; s|16/0a4d0064|16/$POOL_HEX|; s|02:00:00:00:77:01|$CLIENT_MAC|" \
			-e "0,/ReadNAT(inside/s//&, CAPACITY $2/; 0,/WritePool/s//&(CAPACITY $2)/" \
			-e "s/WriteSession(\$FILTER/&, CAPACITY $((2 * $2))/" "$EXAMPLES/nat.click"
		;;
	balancer)
		sed -e "s|10.77.0.100/32|$VIP4/32|; s|fd77::100/128|$VIP6/128|; s|02:00:00:00:77:99|$P1_MAC|" \
			-e "s/WriteAS  */WriteAS(CAPACITY $2)/" "$EXAMPLES/lb-l2.click"
		;;
	router)
		sed -e 's/10\.77\.1\.1,/10.80.255.1,/; s/fd77:1::1,/fd80::ffff,/; s|10\.77\.1\.0/24,|10.80.0.0/16,|' \
			-e 's|fd77:1::/64,|fd80::/64,|; s/10\.77\.2\.1,/10.81.255.1,/; s/fd77:2::1,/fd81::ffff,/' \
			-e 's|10\.77\.2\.0/24,|10.81.0.0/16,|; s|fd77:2::/64,|fd81::/64,|' "$EXAMPLES/router.click"
		;;
	redirect) echo 'FromDevice(p1) -> ToDevice(p2); FromDevice(p2) -> ToDevice(p1);' ;;
	esac
}

lab_nfup() { # FUNCTION CAPACITY
	intent "$1" "$2" >"$WORK/$1.click"
	nfj attach "$WORK/$1.click" --name "$1" --netns "$NF_HOST" --dev p1=p1 --dev p2=p2 >/dev/null
	case $1 in
	router) neighbours_in_state ;;
	balancer) services ;;
	esac
}

neighbours_in_state() {
	local i

	for ((i = 1; i <= 64; i++)); do
		nf state set router NEIGHB addr="10.80.0.$i" mac="$CLIENT_MAC" fixed=1
		nf state set router NEIGHB addr="$(printf 'fd80::%x' "$i")" mac="$CLIENT_MAC" fixed=1
	done >/dev/null
	nf state set router NEIGHB addr="$SERVER4" mac="$SERVER_MAC" fixed=1 >/dev/null
	nf state set router NEIGHB addr="$SERVER6" mac="$SERVER_MAC" fixed=1 >/dev/null
}

# 16 servers a service; one host plays all of them.
services() {
	local vip number=0 server protocol

	for vip in "$VIP4" "$VIP6"; do
		for protocol in tcp udp; do
			nf state set balancer SERVICE addr="$vip" port=80 proto="$protocol" service="$number" >/dev/null
		done
		for ((server = 0; server < 16; server++)); do
			nf state set balancer SERVER service="$number" server="$server" addr="10.81.0.$((server + 2))" port=0 \
				mac="$SERVER_MAC" weight=1 >/dev/null
		done
		number=$((number + 1))
	done
}

# ---- by hand ----

# What the operator writes is that of the NF, whose lab was built before.
lab_hand() { # FUNCTION CAPACITY
	local options=(--netns "$NF_HOST" --capacity "$2") said

	case $1 in
	nat) options+=(--pool "$POOL") ;;
	balancer) options+=(--share "$BPFFS/balancer/state") ;;
	router)
		options+=(--share "$BPFFS/router/state" --mac "$P1_MAC" --mac "$P2_MAC" --route "10.80.0.0/16 1"
			--route "fd80::/64 1" --route "10.81.0.0/16 2" --route "fd81::/64 2" --route "10.80.255.1/32 0"
			--route "10.81.255.1/32 0" --route "fd80::ffff/128 0" --route "fd81::ffff/128 0"
			--route "0.0.0.0/0 3" --route "::/0 3" --route "127.0.0.0/8 4" --route "169.254.0.0/16 4"
			--route "224.0.0.0/3 4" --route "::/128 4" --route "::1/128 4" --route "fe80::/10 4"
			--route "ff00::/8 4")
		;;
	esac
	exec {said}< <(exec "$BUILD/bench/nf/hand" "$1" "${options[@]}")
	HANDS+=("$!")
	read -r -t 10 <&"$said" || fail "hand $1 did not attach"
}

# ---- the kernel ----

# Frames that an XDP program redirects reach a veth whose NAPI runs; GRO gives it that.
napi() {
	on "$NF_HOST" ethtool -K p1 gro on >/dev/null
	on "$NF_HOST" ethtool -K p2 gro on >/dev/null
}

lab_bridge() {
	local call tries=0

	napi

	for call in ip ip6 arp; do # else its packets pass netfilter
		ip netns exec "$NF_HOST" sysctl -qw "net.bridge.bridge-nf-call-${call}tables=0" 2>/dev/null || true
	done
	ip -n "$NF_HOST" link set p1 address 02:00:00:00:77:21 # what is for its own address, a bridge keeps
	ip -n "$NF_HOST" link set p2 address 02:00:00:00:77:22
	ip -n "$NF_HOST" link add br0 type bridge mcast_snooping 0
	ip -n "$NF_HOST" link set p1 master br0
	ip -n "$NF_HOST" link set p2 master br0
	ip -n "$NF_HOST" link set br0 up
	until [[ $(bridge -n "$NF_HOST" -j link | jq '[.[] | select(.state == "forwarding")] | length') == 2 ]]; do
		((++tries < 500)) || fail "the bridge does not forward"
		sleep 0.01
	done
}

lab_route() {
	local i

	napi
	ip netns exec "$NF_HOST" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.disable_ipv6=0 \
		net.ipv6.conf.default.disable_ipv6=0 net.ipv6.conf.p1.disable_ipv6=0 net.ipv6.conf.p2.disable_ipv6=0 \
		net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=0
	ip -n "$NF_HOST" -batch - <<-COMMANDS
		address add 10.80.255.1/16 dev p1
		address add fd80::ffff/64 dev p1 nodad
		address add 10.81.255.1/16 dev p2
		address add fd81::ffff/64 dev p2 nodad
		route add $VIP4/32 via $SERVER4
		route add $VIP6/128 via $SERVER6
	COMMANDS
	for ((i = 1; i <= HOSTS; i++)); do
		echo "neighbour replace 10.80.0.$i lladdr $CLIENT_MAC nud permanent dev p1"
		printf 'neighbour replace fd80::%x lladdr %s nud permanent dev p1\n' "$i" "$CLIENT_MAC"
	done >"$WORK/neighbours"
	for ((i = 2; i <= 17; i++)); do
		echo "neighbour replace 10.81.0.$i lladdr $SERVER_MAC nud permanent dev p2"
		printf 'neighbour replace fd81::%x lladdr %s nud permanent dev p2\n' "$i" "$SERVER_MAC"
	done >>"$WORK/neighbours"
	ip -n "$NF_HOST" -batch "$WORK/neighbours"
}

# Rules for the same policy, with conntrack's table as large as ours, and no payload summed up.
lab_nftables() { # FUNCTION CAPACITY
	lab_route
	ip netns exec "$NF_HOST" sysctl -qw net.netfilter.nf_conntrack_checksum=0
	conntrack_room "$2"
	on "$NF_HOST" nft -f - <<-RULES
		table inet t {
			chain forward {
				type filter hook forward priority filter; policy drop;
				ct state established,related accept
				ct state invalid drop
				iifname p1 ct state new accept
				tcp dport { 22, 80, 443 } ct state new accept
			}
		}
		$(nft_translation "$1")
	RULES
	[[ $(on "$NF_HOST" nft list ruleset | grep -c 'hook') -ge 1 ]] || fail "nftables took no rules"
}

# conntrack's table is the machine's. It is as large as ours, with a bucket an entry.
conntrack_room() { # ENTRIES
	local size=/sys/module/nf_conntrack/parameters/hashsize

	[[ -n ${CONNTRACK_BEFORE:-} ]] ||
		CONNTRACK_BEFORE="$(cat /proc/sys/net/netfilter/nf_conntrack_max) $(cat "$size")"
	sysctl -qw net.netfilter.nf_conntrack_max="$1"
	echo "$1" >"$size"
}

conntrack_room_back() {
	[[ -n ${CONNTRACK_BEFORE:-} ]] || return 0
	echo "${CONNTRACK_BEFORE#* }" >/sys/module/nf_conntrack/parameters/hashsize
	sysctl -qw net.netfilter.nf_conntrack_max="${CONNTRACK_BEFORE% *}"
	CONNTRACK_BEFORE=
}

nft_translation() { # FUNCTION
	case $1 in
	nat)
		echo "table ip n {
			chain post {
				type nat hook postrouting priority srcnat
				oifname p2 snat to $POOL_RANGE persistent
			}
		}"
		;;
	balancer)
		echo "table ip n {
			chain pre {
				type nat hook prerouting priority dstnat
				iifname p1 ip daddr $VIP4 dnat to jhash ip saddr . tcp sport mod 16 map { $(dnat_map 10.81.0.%d) }
			}
		}"
		;;
	esac
}

dnat_map() {
	local i

	for ((i = 0; i < 16; i++)); do
		# shellcheck disable=SC2059
		printf "$i : $1, " "$((i + 2))"
	done
}

# ---- all ----

HANDS=()

lab() { # IMPLEMENTATION FUNCTION CAPACITY
	wires "nf-$1"
	case $1 in
	nfup) lab_nfup "$2" "$3" ;;
	hand) lab_hand "$2" "$3" ;;
	redirect) lab_hand redirect 1 ;;
	bridge) lab_bridge ;;
	route) lab_route ;;
	nftables) lab_nftables "$2" "$3" ;;
	*) fail "no implementation: $1" ;;
	esac
	LABS+=(--lab "$1=$CLIENT:$SERVER")
}

labs_down() {
	local name

	for name in "${HANDS[@]}"; do
		kill "$name"
		wait "$name" || true
	done
	for name in "$BPFFS"/*/; do
		[[ ! -d $name ]] || nf detach "$(basename "$name")" >/dev/null
	done
	lab_down
	conntrack_room_back
	LABS=() HANDS=() LAB_HOSTS=()
}
