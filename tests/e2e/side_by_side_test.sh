#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Two NFs at once, each with its own name, devices, state and generations: an
# upgrade of one does not touch the other; nor does taking it down.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/edits.sh
. "$(dirname "$0")/edits.sh"

need jq ethtool ping
edits_prepare

lab_up left
LEFT=("$CLIENT" "$NF_HOST" "$SERVER")
lab_up right
RIGHT=("$CLIENT" "$NF_HOST" "$SERVER")

NF_HOST=${LEFT[1]}
attach "$EXAMPLES/firewall.table" left >/dev/null
NF_HOST=${RIGHT[1]}
attach "$EXAMPLES/firewall.table" right >/dev/null

reaches() {
	on "$1" ping -qc 2 -i 0.2 "$LAB_SERVER_IP" >/dev/null || fail "$2"
}

packets() {
	nfj status "$1" | jq '[.nodes[].packets] | add'
}

reaches "${LEFT[0]}" "the left one forwards"
reaches "${RIGHT[0]}" "the right one forwards"

# Each counts its own packets only.
before=$(packets left)
"$TOOLS/udp_probe" --from "${RIGHT[0]}" --to "${RIGHT[2]}" --dest "$LAB_SERVER_IP" --rate 5000 --seconds 0.5 >"$WORK/probe"
at_least 200 "$(($(packets left) - before))" "the right one's packets are not the left one's (neighbour discovery apart)"

"$TOOLS/udp_probe" --from "${RIGHT[0]}" --to "${RIGHT[2]}" --dest "$LAB_SERVER_IP" --rate 5000 >"$WORK/probe" &
probe=$!
sleep 0.3
for kind in module whole atom none; do
	holds "$(upgrade_to "$kind" left)" '.result == "committed"' "upgrade left ($kind)"
done
holds "$(nfj status left)" '.generation == 5' "the left one's generation"
holds "$(nfj status right)" '.generation == 1' "the right one's generation"
reaches "${LEFT[0]}" "the left one forwards after upgrades"

nfj detach left >/dev/null
[[ ! -e $BPFFS/left ]] || fail "$BPFFS/left is still there"
! on "${LEFT[0]}" ping -qc 1 -W 1 "$LAB_SERVER_IP" >/dev/null || fail "something still forwards on the left"
sleep 0.3
kill "$probe"
wait "$probe"
holds "$(cat "$WORK/probe")" '.lost == 0 and .duplicated == 0' "the right one lost nothing meanwhile"
holds "$(nfj status right)" '.tail_call_miss == 0' "no missed tail call"
nfj detach right >/dev/null
