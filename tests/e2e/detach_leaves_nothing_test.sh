#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# After detach: no program, map, pin or file of the NF is left and its devices
# are free. Also after upgrades, whose old generations are kept until then.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/edits.sh
. "$(dirname "$0")/edits.sh"

need jq ethtool bpftool ping
edits_prepare
lab_up e2e

# The NF's own programs and maps, by id: others may come and go meanwhile.
programs_of() {
	find "$BPFFS/$1/gen" -type f -exec bpftool -j prog show pinned {} \; | jq -s 'map(.id)'
	ip -n "$NF_HOST" -j link show p1 | jq '[.[].xdp.prog.id]'
}
maps_of() {
	local program

	for program in $(programs_of "$1" | jq '.[]'); do
		bpftool -j prog show id "$program" | jq .map_ids
	done
}
# The kernel frees programs and maps a moment after their last reference.
gone() {
	local kind=$1 ids=$2 left i

	[[ $ids != "[]" ]] || fail "no $kind found to look for"
	for ((i = 0; i < 50; i++)); do
		left=$(bpftool -j "$kind" show | jq -c "map(.id) as \$now | $ids - ($ids - \$now)")
		[[ $left != "[]" ]] || return 0
		sleep 0.1
	done
	bpftool "$kind" show >&2
	fail "left over, $kind: $left"
}

for round in 1 2; do
	echo "== round $round"
	attach "$EXAMPLES/firewall.table" >/dev/null
	for kind in module whole atom; do
		upgrade_to "$kind" >/dev/null
	done
	nfj rollback fw >/dev/null
	on "$CLIENT" ping -qc 1 "$LAB_SERVER_IP" >/dev/null || fail "it forwards"
	programs=$(programs_of fw | jq -sc 'add | unique')
	maps=$(maps_of fw | jq -sc 'add | unique')
	nfj detach fw >/dev/null
	gone prog "$programs"
	gone map "$maps"
	[[ ! -e $BPFFS/fw ]] || fail "$BPFFS/fw is still there: $(find "$BPFFS/fw")"
	for device in p1 p2; do
		holds "$(ip -n "$NF_HOST" -j link show "$device")" '.[0].xdp == null' "$device has no program"
	done
done
