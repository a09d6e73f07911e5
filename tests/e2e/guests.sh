# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034
# Other XDP programs on the nf host's p1, and a probe to an address of that host, which
# an NF hands over. Sourced after lib.sh.

GUEST=$TOOLS/guest.bpf.o
HOST_IP=10.77.0.9

# What is for the host itself goes to it, the rest passes.
cat >"$WORK/host.click" <<INTENT
FromDevice(p1) -> c :: Classifier(12/0806 38/0a4d0009, 12/0800 30/0a4d0009, -);
c[0] -> host :: ToHost;
c[1] -> host;
c[2] -> out2 :: ToDevice(p2);
FromDevice(p2) -> out1 :: ToDevice(p1);
INTENT
# The same by another path, and counted.
sed 's/c\[1\] -> host;/c[1] -> seen :: Counter -> host;/' "$WORK/host.click" >"$WORK/host2.click"

# host_up: the nf host has HOST_IP on p1; nobody needs ARP, which a filter may drop.
host_up() {
	lab_up "$1"
	ip -n "$NF_HOST" address add "$HOST_IP/32" dev p1
	ip -n "$NF_HOST" route add "$LAB_CLIENT_IP/32" dev p1
	ip -n "$CLIENT" neigh replace "$HOST_IP" dev eth0 \
		lladdr "$(ip -n "$NF_HOST" -j link show p1 | jq -r '.[0].address')"
	ip -n "$NF_HOST" neigh replace "$LAB_CLIENT_IP" dev p1 \
		lladdr "$(ip -n "$CLIENT" -j link show eth0 | jq -r '.[0].address')"
}

# The id of the program on a device of the nf host; nothing: none.
program_on() {
	ip -n "$NF_HOST" -j link show "$1" | jq -r '.[0].xdp.prog.id // empty'
}

name_of() { # PROGRAM_ID
	bpftool -j prog show id "$1" | jq -r .name
}

# seen PROGRAM_ID: the datagrams that this guest has counted.
seen() {
	bpftool -j map dump id "$(bpftool -j prog show id "$1" | jq '.map_ids[0]')" |
		jq '.[0].formatted.value // .[0].value'
}

# probe_begin, probe_end: counted datagrams to the host, in $WORK/probe.json.
probe_begin() {
	"$TOOLS/udp_probe" --from "$CLIENT" --to "$NF_HOST" --dest "$HOST_IP" --rate 1000 >"$WORK/probe.json" &
	probe=$!
}
# Ends it after at least that many datagrams more than now are on the counter COMMAND….
probe_end() {
	kill "$probe"
	wait "$probe" || fail "the probe"
	cat "$WORK/probe.json"
	holds "$(cat "$WORK/probe.json")" '.received > 0 and .lost == 0 and .duplicated == 0' "the probe"
}
# passes N COMMAND…: waits until the counter that COMMAND prints has grown by N.
passes() {
	local n=$1 start i

	shift
	start=$("$@")
	for ((i = 0; i < 500; i++)); do
		(($("$@") < start + n)) || return 0
		sleep 0.02
	done
	fail "the counter of '$*' stays at $("$@")"
}
sent() {
	jq .sent "$WORK/probe.json"
}
