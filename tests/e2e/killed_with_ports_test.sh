#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# kill -9 at every system call of an upgrade that adds a port, and, from the flip on,
# of the one that takes it away (before, it does nothing about ports): either
# generation is whole afterwards, with its devices and no other, and what passes
# between the first two is not disturbed.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/ports.sh
. "$(dirname "$0")/ports.sh"
# shellcheck source=tests/e2e/faults.sh
. "$(dirname "$0")/faults.sh"

need jq ethtool
lab_up e2e
third_up
attach "$WORK/two.click" >/dev/null
"$TOOLS/udp_probe" --from "$CLIENT" --to "$SERVER" --dest "$LAB_SERVER_IP" --rate 1000 >"$WORK/probe.json" &
probe=$!
nf build "$WORK/three.click" >/dev/null # what is counted is not clang

ADD=(upgrade fw "$WORK/three.click" --dev p3=p3 --keep 0 --no-canary)
REMOVE=(upgrade fw "$WORK/two.click" --keep 0 --no-canary)

# check_ports WHAT: $with3 says which generation runs; the devices agree.
check_ports() {
	local expected="p1 p2"

	check_whole "$1"
	with3=$(jq '[.nodes[].name] | index("out3") != null' "$WORK/state/fw/gen-$(running).json")
	[[ $with3 == false ]] || expected="p1 p2 p3"
	equal "$(with_xdp)" "$expected" "$1: devices with a program"
	equal "$(ports)" "$expected" "$1: ports by status"
	equal "$(find "$BPFFS/fw/links" -type f -printf '%f\n' | sort | xargs)" "$expected" "$1: links"
	[[ $with3 == false ]] || on "$CLIENT" ping -qc 1 -W 2 "$LAB_THIRD_IP" >/dev/null || fail "$1: the third host does not answer"
}

points=0 undone=0 finished=0
for change in ADD REMOVE; do
	other=$([[ $change == ADD ]] && echo REMOVE || echo ADD)
	declare -n do=$change undo=$other
	survey "${do[@]}" # done, and taken back, for each point
	nfj "${undo[@]}" >/dev/null
	flipped=no
	for point in "${POINTS[@]}"; do
		[[ $point != "membarrier 1" ]] || flipped=yes
		[[ $change == ADD || $flipped == yes ]] || continue
		faulted signal=KILL "$point" "${do[@]}" || fail "$change killed at $point: it was not reached"
		points=$((points + 1))
		check_ports "$change killed at $point"
		if [[ $with3 == $([[ $change == ADD ]] && echo true || echo false) ]]; then
			finished=$((finished + 1))
			nfj "${undo[@]}" >/dev/null
		else
			undone=$((undone + 1))
		fi
	done
	nfj "${do[@]}" >/dev/null
	check_ports "$change at last"
done
kill "$probe"
wait "$probe"
echo "$points kills: $undone undone, $finished finished"
at_least "$points" 100 "points"
at_least "$undone" 40 "undone"
at_least "$finished" 10 "finished"
probed=$(cat "$WORK/probe.json")
echo "$probed"
holds "$probed" '.received > 1000 and .lost == 0 and .duplicated == 0' "the probe"
