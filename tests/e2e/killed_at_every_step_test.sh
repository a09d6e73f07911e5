#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# kill -9 at every system call of an upgrade that changes anything outside the
# process, then every such call failing once: forwarding goes on, the next
# command mends what was left, and nothing leaks.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/edits.sh
. "$(dirname "$0")/edits.sh"

# The calls that reach the kernel's BPF state or the disk.
CALLS=bpf,rename,fsync,mkdir,unlink,unlinkat,rmdir,membarrier,ftruncate,pwrite64
MAX_POINTS=${MAX_POINTS:-400}

need jq ethtool strace
edit Strip "$WORK/strip" "$MARK_MODULE"
edit ToDevice "$WORK/leaf" "$MARK_LEAF"
lab_up e2e
attach "$EXAMPLES/firewall.table" >/dev/null
"$TOOLS/udp_probe" --from "$CLIENT" --to "$SERVER" --dest "$LAB_SERVER_IP" --rate 1000 >"$WORK/probe.json" &
probe=$!
strace -f true 2>/dev/null || skip "strace cannot trace here (ptrace is not allowed)"

# What an upgrade changes: nothing, then everything, by turns, so that there is
# always something to do. $1: libraries of the next version.
upgrade_under() { # strace's options…
	strace -f -qq -o "$WORK/trace" -e "trace=$CALLS" "$@" "$BUILD/tools/nfup" --bpffs "$BPFFS" \
		--state-dir "$WORK/state" --cache-dir "$CACHE" -j "${LIBRARIES[@]}" upgrade fw "$EXAMPLES/firewall.table"
}

# The generation that runs is whole: the records agree with the slots, and
# packets pass.
check_whole() {
	local status

	nfj recover fw >"$WORK/recovered.json" || fail "$1: recover: $(cat "$WORK/recovered.json")"
	status=$(nfj status fw) || fail "$1: status"
	holds "$status" '.unfinished == "" and .tail_call_miss == 0' "$1"
	holds "$status" '[.nodes[].prog_id] | all(. > 0)' "$1: every node is in its slot"
	[[ -z $(find "$BPFFS/fw" "$WORK/state/fw" -name '*+new*' -o -name 'draft-*' -o -name '*.tmp*' -o -name journal.json) ]] ||
		fail "$1: left behind: $(find "$BPFFS/fw" "$WORK/state/fw" -name '*+new*' -o -name 'draft-*' -o -name '*.tmp*')"
}

libraries_of() { # COUNT: even: the bundled classes; odd: both edits
	LIBRARIES=()
	(($1 % 2 == 0)) || LIBRARIES=(--lib "$WORK/strip" --lib "$WORK/leaf")
}

# Warm the cache, so that what is counted is the upgrade and not clang.
libraries_of 1
upgrade_under >/dev/null
points=0 undone=0 finished=0
for fault in signal=KILL error=ENOMEM; do
	version=0
	for ((n = 1; n <= MAX_POINTS; n++)); do
		before=$(jq .current "$WORK/state/fw/nf.json")
		libraries_of $version
		code=0
		upgrade_under -e "inject=$CALLS:$fault:when=$n" >"$WORK/result.json" 2>"$WORK/errors" || code=$?
		grep -qE 'INJECTED|killed by SIGKILL' "$WORK/trace" || break # past the last call: done
		points=$((points + 1))
		check_whole "$fault at call $n"
		if [[ $(jq .current "$WORK/state/fw/nf.json") == "$before" ]]; then
			undone=$((undone + 1))
		else
			finished=$((finished + 1))
			version=$((1 - version))
		fi
		[[ $fault == signal=KILL || $code != 0 || $(jq -r .result "$WORK/result.json") == committed ]] ||
			fail "$fault at call $n: exit code $code, but: $(cat "$WORK/result.json")"
	done
	((n <= MAX_POINTS)) || fail "more than $MAX_POINTS calls in one upgrade"
done
kill "$probe"
wait "$probe"
echo "$points faults: $undone undone, $finished finished"
at_least "$points" 60 "fault points"
at_least "$undone" 1 "undone"
at_least "$finished" 1 "finished"
probed=$(cat "$WORK/probe.json")
echo "$probed"
holds "$probed" '.lost == 0 and .duplicated == 0' "the probe"
