#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# After a reboot restore-all hosts again what the record says: the program attached by
# then, or an object's. Without it nothing is restored: a filter is not left out silently.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/guests.sh
. "$(dirname "$0")/guests.sh"

need jq ethtool bpftool
host_up e2e
goes_down() { # bpffs is empty, nothing is attached
	ip -n "$NF_HOST" link set p1 xdp off 2>/dev/null || bpftool link detach pinned "$BPFFS/fw/links/p1"
	bpftool link detach pinned "$BPFFS/fw/links/p2"
	rm -rf "${BPFFS:?}/fw"
	equal "$(program_on p1)$(program_on p2)" "" "programs while it is down"
}
restored() { # WHERE: and the guest sees what is for the host
	local before

	guest=$(nfj status fw | jq '.ports[0].hosted.prog_id')
	guest_count() { seen "$guest"; }
	equal "$(name_of "$(program_on p1)")" ingress "$1: the program on p1"
	before=$(guest_count)
	probe_begin
	passes 100 guest_count
	probe_end
	equal "$(($(guest_count) - before))" "$(sent)" "$1: datagrams that the guest has seen"
}
attach_then() {
	nfj attach "$WORK/host.click" --name fw --netns "$NF_HOST" --dev p1=p1 --dev p2=p2 --then "p1=$1" >/dev/null
}

on "$NF_HOST" ip link set dev p1 xdp object "$GUEST" section xdp
attach_then attached
goes_down
refused 2 'p1, and there is none' nf restore-all
equal "$(program_on p1)$(program_on p2)" "" "programs after a refused restore"
on "$NF_HOST" ip link set dev p1 xdp object "$GUEST" section xdp
found=$(program_on p1)
holds "$(nfj restore-all)" '.nfs[0].result == "restored"' "restore-all"
restored "attached"
equal "$guest" "$found" "what is hosted"
nfj detach fw >/dev/null
equal "$(program_on p1)" "$found" "p1 after detach"
ip -n "$NF_HOST" link set p1 xdp off

# A path is meant from where it was given.
(cd "$TOOLS" && attach_then "guest.bpf.o:guest")
goes_down
holds "$(nfj restore-all)" '.nfs[0].result == "restored"' "restore-all"
restored "an object"
nfj detach fw >/dev/null
equal "$(program_on p1)" "" "p1 after detach"
echo "restored"
