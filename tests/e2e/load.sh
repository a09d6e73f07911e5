# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Real traffic between the lab's client and server, and upgrades of the NF between them
# that lose none of it. Sourced after lib.sh; the server's nginx runs (web_start).

# await COMMAND…: until it succeeds, 5 s at most.
await() {
	local end=$((SECONDS + 5))

	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || fail "in 5 s never: $*"
		sleep 0.02
	done
}

# listens HOST FILTER: a socket as ss describes it.
listens() {
	[[ -n $(on "$1" ss -Hnlaut "$2") ]]
}

# errors HOST: packets with wrong checksums that its stack has counted.
errors() {
	on "$1" nstat -aszj | jq '.kernel | .IpInHdrErrors + .IcmpInCsumErrors + .TcpInCsumErrors + .UdpInCsumErrors +
		.Icmp6InCsumErrors + .Udp6InCsumErrors'
}

# states NF: which maps they are.
states() {
	nfj status "$1" | jq -c '[.state[] | [.atom, .map_id]] | sort'
}

# load_start NF PROBED DOWNLOADED: until load_end a TCP stream, 1,000 probes a second to the
# server's address PROBED, and one download after the other from DOWNLOADED. (A single slow
# one would be ended by nginx, which waits 5 s for a full window to open.)
load_start() {
	LOAD_NF=$1
	"$TOOLS/tcp_stream" --from "$CLIENT" --to "$SERVER" --dest "$LAB_SERVER_IP" --mbit 50 >"$WORK/stream.json" &
	LOAD_STREAM=$!
	"$TOOLS/udp_probe" --from "$CLIENT" --to "$SERVER" --dest "$2" --rate 1000 >"$WORK/probe.json" &
	LOAD_PROBE=$!
	rm -f "$WORK/upgraded"
	while [[ ! -e $WORK/upgraded ]]; do
		on "$CLIENT" curl -sf --noproxy '*' --limit-rate 10M --max-time 30 -r 0-9999999 -o "$WORK/got" "http://$3/1.bin"
		cmp -n 10000000 "$WORK/got" "$WORK/web/www/1.bin"
	done &
	LOAD_DOWNLOADS=$!
	await test -s "$WORK/got"
	await stream_is_open
	LOAD_STATES=$(states "$LOAD_NF")
}

stream_is_open() {
	(($(on "$SERVER" ss -Hnat state established | awk '{ print $3 }' | sort -u | wc -l) >= 2))
}

# load_upgrade INTENT [LIB]: commits, and new connections are made.
load_upgrade() {
	local result

	result=$(nfj ${2:+--lib "$2"} upgrade "$LOAD_NF" "$1")
	holds "$result" '.result == "committed"' "upgrade to $*"
	equal "$(on "$CLIENT" curl -s --noproxy '*' --max-time 5 -r 0-999 -o /dev/null -w '%{size_download}' "http://$LAB_SERVER_IP/1.bin")" \
		1000 "bytes over a new connection after the upgrade to $*"
}

load_end() {
	touch "$WORK/upgraded"
	[[ -e /proc/$LOAD_STREAM && -e /proc/$LOAD_PROBE ]] || fail "the load ended before the upgrades did"
	kill "$LOAD_STREAM" "$LOAD_PROBE"
	wait "$LOAD_STREAM" || fail "the connection did not survive: $(cat "$WORK/stream.json")"
	wait "$LOAD_PROBE" || fail "the probe: $(cat "$WORK/probe.json")"
	wait "$LOAD_DOWNLOADS" || fail "the downloads did not survive"
	holds "$(cat "$WORK/probe.json")" '.lost == 0 and .duplicated == 0 and .sent > 1000' "each probe arrived once"
	equal "$(states "$LOAD_NF")" "$LOAD_STATES" "the state maps are the same"
}

# full_speed NF ADDRESS…: TCP both ways as fast as it goes; no checksum was wrong at either end
# since the hosts began.
full_speed() {
	local nf=$1 address way host

	shift
	on "$SERVER" iperf3 -sp 5301 >/dev/null 2>&1 &
	await listens "$SERVER" "sport = :5301"
	for address; do
		for way in "" -R; do
			on "$CLIENT" iperf3 -c "$address" -p 5301 -n 50M -J ${way:+"$way"} >"$WORK/iperf.json" ||
				fail "iperf3 $way: $(cat "$WORK/iperf.json")"
		done
	done
	for host in "$CLIENT" "$SERVER"; do
		equal "$(errors "$host")" 0 "packets with wrong checksums at $host"
	done
	holds "$(nfj status "$nf")" '.tail_call_miss == 0' "no missed tail call"
}
