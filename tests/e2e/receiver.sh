# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034
# States on their way from the NF fw to the NF fw2, whose ports end at the same two hosts.
# Sourced after lib.sh.

# second_nf_host: $NF_HOST2, with a second wire to each of client and server: their device `spare`.
second_nf_host() {
	local host port

	NF_HOST2=$NF_HOST-2
	LAB_HOSTS+=("$NF_HOST2")
	ip netns add "$NF_HOST2"
	ip netns exec "$NF_HOST2" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	for host in "$CLIENT p1" "$SERVER p2"; do
		port=${host#* } host=${host% *}
		ip link add "$port" netns "$NF_HOST2" type veth peer name spare netns "$host"
		ip netns exec "$host" ethtool -K spare tx off gro on >/dev/null
		ip netns exec "$NF_HOST2" ethtool -K "$port" tx off >/dev/null
		ip -n "$NF_HOST2" link set "$port" up
	done
	# What sends and receives does so there.
	ip netns exec "$NF_HOST2" sysctl -qw net.ipv6.conf.lo.disable_ipv6=0
	ip -n "$NF_HOST2" link set lo up
	TRACED_ON=$NF_HOST2
}

# The hosts use their second wire, with the addresses of the first.
move_traffic() {
	local host ip mac

	for host in "$CLIENT $LAB_CLIENT_IP" "$SERVER $LAB_SERVER_IP"; do
		ip=${host#* } host=${host% *}
		mac=$(ip -n "$host" -j link show eth0 | jq -r '.[0].address')
		ip -n "$host" link set eth0 down
		ip -n "$host" address flush dev eth0
		ip -n "$host" link set spare address "$mac" up
		ip -n "$host" address add "$ip/24" dev spare
	done
}

NFUP=("$BUILD/tools/nfup" --bpffs "$BPFFS" --state-dir "$WORK/state" --cache-dir "$CACHE" -j)

# receiver_start [COMMAND…]: fw2 receives, by a COMMAND that runs it; to $RECEIVER_AT.
receiver_start() {
	local line

	rm -f "$WORK/progress"
	mkfifo "$WORK/progress"
	exec {PROGRESS}<>"$WORK/progress"
	(exec nsenter --net="/run/netns/$NF_HOST2" "$@" "${NFUP[@]}" state receive fw2 "${RECEIVE_ON:-0}" \
		>"$WORK/received" 2>"$WORK/progress") &
	RECEIVER=$!
	progress 'listening on '
	RECEIVER_AT=${line#*listening on }
}

# progress TEXT: waits until the receiver says it; leaves that in $line.
progress() {
	until [[ ${line:-} == *"$1"* ]]; do
		read -r -t 20 line <&"$PROGRESS" || fail "the receiver does not say '$1': $(cat "$WORK/received")"
	done
}

# receiver_end: its exit code in $code, what it says in $WORK/received.
receiver_end() {
	code=0
	{ wait "$RECEIVER" || code=$?; } 2>/dev/null
	exec {PROGRESS}<&-
}

send() { # ARGUMENTS…
	nsenter --net="/run/netns/$NF_HOST2" "${NFUP[@]}" state send fw "$RECEIVER_AT" "$@"
}

# entries NF ATOM
entries() {
	nfj state list "$1" "$2" | jq '.states[0].entries'
}

# sent_is_received: both ends tell the same.
sent_is_received() {
	holds "$1" '.ok and .rounds >= 2 and .bytes > 0 and .seconds > 0 and .freeze_ms > 0' "sent"
	receiver_end
	equal "$code" 0 "the receiver: $(cat "$WORK/received")"
	holds "$(cat "$WORK/received")" '.ok and .freeze_ms > 0 and .seconds > 0' "received"
	equal "$(jq -cS '[.states, .entries, .rounds, .bytes]' "$WORK/received")" \
		"$(jq -cS '[.states, .entries, .rounds, .bytes]' <<<"$1")" "received and sent"
}
