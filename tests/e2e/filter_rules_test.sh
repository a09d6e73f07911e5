#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# IPFilter in a running NF: a changed rule is a change of that one node, its
# tables come back with a rollback and go with the NF.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"

need jq ethtool ping bpftool

# intent RULES: ARP passes, IP packets from p1 meet the rules
intent() {
	cat >"$WORK/fw.click" <<-END
		FromDevice(p1) -> kind :: Classifier(12/0806, 12/0800);
		to_p2 :: ToDevice(p2);
		kind[0] -> to_p2;
		kind[1] -> Strip(14) -> CheckIPHeader -> fw :: IPFilter($1) -> to_p2;
		FromDevice(p2) -> ToDevice(p1);
	END
}

reaches() {
	on "$CLIENT" ping -qc 2 -i 0.2 -W 1 "$LAB_SERVER_IP" >/dev/null
}

# The ids of the tables that the NF's programs use.
tables() {
	local program

	find "$BPFFS/fw/gen" -type f | while read -r program; do
		bpftool -j prog show pinned "$program" | jq '.map_ids[]?'
	done | sort -un | while read -r id; do
		[[ $(bpftool -j map show id "$id" | jq -r .name) != filter_entries ]] || echo "$id"
	done
}
# left ID…: which of them are still there.
left() {
	local id

	for id; do
		! bpftool map show id "$id" >/dev/null 2>&1 || echo "$id"
	done
}

lab_up filter
intent 'allow icmp type echo, allow tcp dst port 80, deny all'
attach "$WORK/fw.click" >/dev/null
reaches || fail "echo is allowed"

intent 'deny icmp type echo, allow all'
upgrade=$(nfj upgrade fw "$WORK/fw.click")
holds "$upgrade" '.changed == ["fw"] and .slots_written == 1' "one node changes"
! reaches || fail "echo is denied"
holds "$(nfj status fw)" '.nodes[] | select(.name == "fw") | .drops.denied >= 2' "denials are counted"

nfj rollback fw >/dev/null
reaches || fail "echo is allowed again"
[[ -n $(tables) ]] || fail "the programs keep their tables"

rules=$(seq 5000 | awk '{ printf "%s udp dst port %d and src net 10.%d.0.0/16, ", $1 % 2 ? "allow" : "deny", $1 % 50 + 1, $1 / 50 }')
intent "$rules allow icmp, deny all"
holds "$(nfj upgrade fw "$WORK/fw.click")" '.result == "committed" and .changed == ["fw"]' "5,002 rules"
reaches || fail "the last but one of 5,002 rules allows echo"

mapfile -t used < <(tables)
at_least "${#used[@]}" 1 "tables in use"
nfj detach fw >/dev/null
for _ in {1..20}; do
	[[ -n $(left "${used[@]}") ]] || break
	sleep 0.1
done
equal "$(left "${used[@]}")" "" "tables that are left"
