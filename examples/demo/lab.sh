# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Three hosts in network namespaces, sourced by ./demo and by tests/e2e:
#
#	client eth0 ─── p1 nf p2 ─── eth0 server
#
# The nf host has no bridge and no addresses: what passes, a program passed.
# After lab_up: $CLIENT, $NF_HOST, $SERVER name the namespaces.

LAB_HOSTS=() # all that lab_down takes down
LAB_CLIENT_IP=10.77.0.1
LAB_SERVER_IP=10.77.0.2
LAB_CLIENT_IP6=fd77::1
LAB_SERVER_IP6=fd77::2

# lab_wire NAMESPACE PEER_DEVICE IPV4 IPV6: one host on a port of the nf host.
lab_wire() {
	local host=$1 port=$2 ip=$3 ip6=$4

	ip netns add "$host"
	ip link add "$port" netns "$NF_HOST" type veth peer name eth0 netns "$host"
	# Addresses are usable at once: no duplicate address detection.
	ip netns exec "$host" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.eth0.accept_dad=0 \
		net.ipv6.conf.eth0.router_solicitations=0
	ip -n "$host" link set lo up
	# Checksums are complete before the wire (partial ones do not survive a
	# redirect), and GRO gives the end its NAPI, without which veth refuses
	# redirected frames.
	ip netns exec "$host" ethtool -K eth0 tx off gro on >/dev/null
	ip -n "$host" address add "$ip/24" dev eth0
	ip -n "$host" address add "$ip6/64" dev eth0 nodad
	ip -n "$NF_HOST" link set "$port" up
	ip -n "$host" link set eth0 up
}

# lab_up NAME: builds one. The process id makes the names unique.
lab_up() {
	CLIENT=$1-client-$$ NF_HOST=$1-nf-$$ SERVER=$1-server-$$
	LAB_HOSTS+=("$CLIENT" "$NF_HOST" "$SERVER")
	mountpoint -q /sys/fs/bpf || mount -t bpf bpffs /sys/fs/bpf
	ip netns add "$NF_HOST"
	# The nf host itself must not put a packet on the wire.
	ip netns exec "$NF_HOST" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	lab_wire "$CLIENT" p1 "$LAB_CLIENT_IP" "$LAB_CLIENT_IP6"
	lab_wire "$SERVER" p2 "$LAB_SERVER_IP" "$LAB_SERVER_IP6"
	ip netns exec "$NF_HOST" ethtool -K p1 tx off >/dev/null
	ip netns exec "$NF_HOST" ethtool -K p2 tx off >/dev/null
}

# Takes all labs down; harmless when they are down already, or half up.
lab_down() {
	local host pid

	for host in "${LAB_HOSTS[@]}"; do
		[[ -e /run/netns/$host ]] || continue
		# What still runs in there was started by this lab.
		for pid in $(ip netns pids "$host"); do
			[[ $pid == "$$" ]] || kill "$pid" 2>/dev/null || true
		done
		ip netns delete "$host" || true
	done
}

# on HOST COMMAND…: runs it in that host's network.
on() {
	local host=$1

	shift
	nsenter --net="/run/netns/$host" "$@"
}
