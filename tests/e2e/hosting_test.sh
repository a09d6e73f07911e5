#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Other XDP programs behind an NF (--then): found on the device by netlink or by a
# bpf_link, pinned, or loaded from an object. Through attach, upgrade, rollback and detach
# they see each datagram for the host once, and get their device back.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/guests.sh
. "$(dirname "$0")/guests.sh"

need jq ethtool ping bpftool xdp-filter
host_up e2e
nf build "$WORK/host.click" >/dev/null
nf build "$WORK/host2.click" >/dev/null
plain() { # OPTIONS…: attach
	nfj attach "$WORK/host.click" --name fw --netns "$NF_HOST" --dev p1=p1 --dev p2=p2 "$@"
}
forwards() {
	on "$CLIENT" ping -qc 1 -W 2 "$LAB_SERVER_IP" >/dev/null || fail "$1: it does not forward"
}

# life COUNTER COMMAND…: attached with the options COMMAND…, upgraded, rolled back and
# detached under the probe; COUNTER prints what the guest has seen.
life() {
	local counter=$1 before found ingress counted

	shift
	found=$(program_on p1)
	before=$($counter)
	probe_begin
	passes 300 $counter
	plain "$@" >"$WORK/attach.json"
	ingress=$(program_on p1)
	[[ $ingress != "$found" ]] || fail "nothing changed on p1"
	equal "$(name_of "$ingress")" ingress "the program on p1"
	holds "$(nfj status fw)" ".ports[0].mode == \"native\" and .ports[0].hosted.prog_id == $found" "status"
	passes 300 $counter
	nfj upgrade fw "$WORK/host2.click" >/dev/null
	passes 300 $counter
	forwards "upgraded"
	nfj rollback fw >/dev/null
	passes 300 $counter
	equal "$(program_on p1)" "$ingress" "ingress is never replaced: the program on p1"
	counted=$(nfj status fw | jq '[.nodes[] | select(.name == "host").packets] | add')
	at_least "$counted" 900 "packets for the host, by status"
	equal "$(nfj status fw | jq .tail_call_miss)" 0 "missed tail calls"
	nfj detach fw >/dev/null
	equal "$(program_on p1)" "$found" "the program on p1 after detach"
	[[ ! -e $BPFFS/fw && ! -e $WORK/state/fw ]] || fail "detach leaves something"
	passes 300 $counter
	probe_end
	equal "$(($($counter) - before))" "$(sent)" "datagrams that the guest has seen, of those sent"
}

by_netlink() {
	on "$NF_HOST" ip link set dev p1 xdp object "$GUEST" section xdp
	guest=$(program_on p1)
	guest_count() { seen "$guest"; }
	refused 2 'p1 is busy.*guest.*' plain
	refused 2 '--then attached' plain
	holds "$(nf -j doctor --netns "$NF_HOST" p1 || true)" \
		'any(.findings[]; .what == "in use" and (.detail | test("guest .*by netlink.* can be hosted")))' "doctor"
	refused 2 'cannot be behind .*dispatcher' plain --multi
	life guest_count --then attached
	# Such an attachment is anybody's to end: status says so, and detach leaves what is there.
	plain --then p1=attached >/dev/null
	ip -n "$NF_HOST" link set dev p1 xdp off
	equal "$(nfj status fw | jq -r '.ports[0].mode')" gone "p1 after xdp off"
	nfj detach fw >/dev/null
	equal "$(program_on p1)" "" "p1 after detach"
	echo "by netlink: done"
}

by_link() {
	local before

	mkfifo "$WORK/hold"
	on "$NF_HOST" "$TOOLS/xdp_link" "$GUEST" guest p1 <"$WORK/hold" >"$WORK/guest" &
	local holder=$!
	exec 7>"$WORK/hold"
	until [[ -s $WORK/guest ]]; do sleep 0.02; done
	guest=$(cat "$WORK/guest")
	guest_count() { seen "$guest"; }
	equal "$(program_on p1)" "$guest" "the program on p1"
	refused 2 'p1 is busy' plain
	life guest_count --then attached
	# Its owner ends: the device goes on as the NF's until detach, then nobody has it.
	plain --then attached >/dev/null
	exec 7>&-
	wait "$holder"
	before=$(seen "$guest")
	on "$CLIENT" ping -qc 1 -W 2 "$HOST_IP" >/dev/null || fail "without the link's owner"
	probe_begin
	passes 100 guest_count
	probe_end
	equal "$(($(seen "$guest") - before))" "$(sent)" "datagrams that the guest has seen without its owner"
	nfj detach fw >/dev/null
	equal "$(program_on p1)" "" "p1 after detach"
	echo "by bpf_link: done"
}

# xdp-filter keeps its maps in /sys/fs/bpf/xdp-filter: it gets a bpffs of its own.
filter() {
	nsenter "--mount=/proc/$mounts/ns/mnt" "--net=/run/netns/$NF_HOST" xdp-filter "$@"
}
hits() { # its exit code of `status` says nothing
	(filter status || true) | awk '$1 == 7777 { print $NF }'
}
xdp_filter() {
	mkfifo "$WORK/mounted"
	unshare -m sh -c "mount -t bpf bpf /sys/fs/bpf && echo >'$WORK/mounted' && exec sleep infinity" &
	mounts=$!
	read -r <"$WORK/mounted"
	filter load p1 -p deny -f udp >/dev/null
	filter port 7777 -m dst -p udp >/dev/null
	if [[ $(name_of "$(program_on p1)") == xdp_dispatcher ]] && ! plain --then attached >/dev/null 2>&1; then
		refused 3 'freplace.*dispatcher' plain --then attached
		kill "$mounts"
		ip -n "$NF_HOST" link set dev p1 xdp off
		echo "xdp-filter: it is behind libxdp's dispatcher, which this kernel does not let be tail-called"
		return
	fi
	[[ ! -e $BPFFS/fw ]] || nfj detach fw >/dev/null
	life hits --then attached
	# It forgets, at a `status`, programs that are not the first on their device.
	ip -n "$NF_HOST" link set dev p1 xdp off
	filter load p1 -p deny -f udp >/dev/null
	plain --then attached >/dev/null
	if on "$CLIENT" ping -qc 1 -W 1 "$HOST_IP" >/dev/null; then fail "the filter does not drop"; fi
	forwards "behind a filter that drops" # what is not for the host is none of its business
	nfj detach fw >/dev/null
	filter unload p1
	equal "$(program_on p1)" "" "p1 after xdp-filter unload"
	kill "$mounts"
	echo "xdp-filter: done"
}

# By a name: nothing was on the device, nothing is afterwards.
named() { # WHAT
	local id before

	plain --then "p1=$1" >/dev/null
	id=$(nfj status fw | jq '.ports[0].hosted.prog_id')
	before=$(seen "$id")
	guest_count() { seen "$id"; }
	probe_begin
	passes 100 guest_count
	nfj upgrade fw "$WORK/host2.click" >/dev/null
	passes 100 guest_count
	probe_end
	equal "$(($(seen "$id") - before))" "$(sent)" "datagrams that $1 has seen"
	nfj detach fw >/dev/null
	equal "$(program_on p1)" "" "p1 after detach"
}
by_name() {
	named "$GUEST:guest"
	bpftool prog loadall "$GUEST" "$BPFFS/guest"
	named "$BPFFS/guest/guest"
	refused 1 'several XDP programs.*' plain --then "$GUEST"
	refused 1 'no XDP program nobody' plain --then "$GUEST:nobody"
	refused 1 'no such pin' plain --then "$BPFFS/nobody"
	refused 1 'no port p7' plain --then "p7=$GUEST:guest"
	refused 2 'no device of the NF runs' plain --then attached
	refused 2 'p1, and there is none' plain --then p1=attached
	refused 3 'xdp\.frags' plain --then "$BPFFS/guest/guest_frags"
	named "$GUEST:guest_frags" # loaded anew it can be one that suits
	on "$NF_HOST" bpftool net attach xdpdrv pinned "$BPFFS/guest/guest_frags" dev p1
	refused 3 'xdp\.frags' plain --then attached
	refused 2 'p1 is busy: it runs guest_frags' plain --then "$BPFFS/guest/guest"
	ip -n "$NF_HOST" link set dev p1 xdp off
	rm -rf "$BPFFS/guest"
	echo "by name: done"
}

generic() {
	on "$NF_HOST" ip link set dev p1 xdpgeneric object "$GUEST" section xdp
	guest=$(program_on p1)
	plain --then attached >/dev/null
	equal "$(nfj status fw | jq -r '.ports | map(.mode) | join(" ")')" "generic native" "modes"
	nfj detach fw >/dev/null
	equal "$(program_on p1)" "$guest" "p1 after detach"
	ip -n "$NF_HOST" link set dev p1 xdpgeneric off
	echo "generic: done"
}

mkdir -p "$BPFFS"
by_netlink
ip -n "$NF_HOST" link set dev p1 xdp off
by_link
xdp_filter
by_name
generic
