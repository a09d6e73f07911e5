#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# save-all, a machine that goes down (bpffs empty, nothing attached), restore-all: a
# TCP connection through the NAT goes on. Then what can be wrong at a boot: no device,
# a damaged snapshot, no snapshot, nfup killed anywhere, twice.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/faults.sh
. "$(dirname "$0")/faults.sh"
# shellcheck source=tests/e2e/long_connection.sh
. "$(dirname "$0")/long_connection.sh"
# shellcheck source=examples/demo/traffic.sh
. "$TOP/examples/demo/traffic.sh"

need nginx jq ethtool socat bpftool
lab_up nat
ip -n "$CLIENT" link set eth0 address 02:00:00:00:77:01
# From a --lib folder that is gone by the boot: what was loaded is what is restored.
mkdir "$WORK/own"
sed 's/Null/Mine/' "$TOP/bpf/modules/Null.bpf.c" >"$WORK/own/Mine.bpf.c"
sed 's/IPRewrite -> to_outside;/IPRewrite -> Mine -> to_outside;/' "$EXAMPLES/nat.click" >"$WORK/nat.click"
grep -q Mine "$WORK/nat.click" || fail "nat.click has another form now"
nf --lib "$WORK/own" attach "$WORK/nat.click" --name fw --netns "$NF_HOST" --dev p1=p1 --dev p2=p2 >/dev/null
rm -r "$WORK/own" "$WORK/nat.click"
web_start "$WORK/web" 100 1

long_connection

# Records stay, bpffs is empty, nothing is attached.
goes_down() {
	local port

	for port in p1 p2; do
		bpftool link detach pinned "$BPFFS/fw/links/$port"
	done
	rm -rf "${BPFFS:?}/fw"
}
states() {
	nfj state list fw | jq -c '[.states[] | select(.entries > 0) | .atom] | sort'
}

echo "== a reboot"
before=$(states)
nodes=$(nfj status fw | jq -c '[.nodes[].name] | sort')
holds "$(nfj save-all)" '.ok and (.nfs | length) == 1 and .nfs[0].result == "saved" and .nfs[0].states != []' "save-all"
goes_down
holds "$(nfj save-all)" '.ok and .nfs[0].result == "not-loaded"' "a snapshot of nothing replaces none"
said=$(nfj restore-all)
holds "$said" '.ok and .nfs[0].name == "fw" and .nfs[0].result == "restored" and .nfs[0].lost == "" and
	([.nfs[0].states[].restored] | add) > 0' "restore-all"
equal "$(states)" "$before" "states with entries"
equal "$(nfj status fw | jq -c '[.nodes[].name] | sort')" "$nodes" "nodes"
asked 30 || fail "the connection does not go on"
holds "$(nfj restore-all)" '.ok and .nfs[0].result == "running"' "again"
holds "$(nfj status fw)" '.unfinished == "" and .tail_call_miss == 0 and (.ports | length) == 2' "status"
equal "$(leftovers fw)" "" "left behind"
refused 3 'no earlier generation' nf rollback fw # those of before the reboot are gone
nfj upgrade fw "$EXAMPLES/nat.click" >/dev/null
asked || fail "after an upgrade of what was restored"

echo "== at a boot that goes wrong"
nfj save-all >/dev/null
goes_down
ip -n "$NF_HOST" link set p2 name gone
refused 2 "port p2 on device p2, which is not there" nf restore-all
ip -n "$NF_HOST" link set gone name p2
holds "$(nfj restore-all)" '.ok and .nfs[0].result == "restored"' "once the device is there"
asked 30 || fail "the connection does not go on once the device is there"
nfj save-all >/dev/null
goes_down
cp "$WORK/state/fw/state.save" "$WORK/good"
truncate -s -1 "$WORK/state/fw/state.save"
code=0
said=$(nf -j restore-all) || code=$?
equal "$code" 3 "a damaged snapshot: exit code"
holds "$said" '.ok == false and .nfs[0].result == "restored" and (.nfs[0].lost | test("damaged")) and .nfs[0].states == []' "a damaged snapshot"
[[ -e $WORK/state/fw/state.save.refused && ! -e $WORK/state/fw/state.save ]] || fail "the damaged snapshot is not kept"
holds "$(nfj status fw)" '.tail_call_miss == 0' "it forwards without"
goes_down
holds "$(nfj restore-all)" '.ok and .nfs[0].states == []' "without a snapshot"

echo "== killed while it restores"
cp "$WORK/good" "$WORK/state/fw/state.save"
goes_down
survey restore-all
at_least "${#POINTS[@]}" 100 "calls"
kills=0
for ((i = 0; i < ${#POINTS[@]}; i += 1 + ${#POINTS[@]} / 20)); do
	[[ ! -e $BPFFS/fw/links ]] || goes_down
	if faulted signal=KILL "${POINTS[i]}" restore-all; then
		kills=$((kills + 1))
		nfj restore-all >"$WORK/said"
		holds "$(cat "$WORK/said")" '.ok and (.nfs[0].result | test("restored|running"))' "killed at ${POINTS[i]}: the next"
	fi
	holds "$(nfj status fw)" '.unfinished == "" and .tail_call_miss == 0 and ([.nodes[].prog_id] | all(. > 0))' "killed at ${POINTS[i]}: whole"
	equal "$(leftovers fw)" "" "killed at ${POINTS[i]}: left behind"
done
at_least "$kills" 10 "kills"
asked 60 || fail "the connection does not go on after $kills kills"
echo "$kills kills"
