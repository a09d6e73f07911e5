#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# kill -9 at every system call of an upgrade that changes anything outside the
# process, then every such call failing once, under a live TCP connection and a
# probe: both go on, state is intact, the next command (by turns `recover` and the
# next upgrade) mends what was left, and nothing leaks.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/edits.sh
. "$(dirname "$0")/edits.sh"

# shellcheck source=tests/e2e/faults.sh
. "$(dirname "$0")/faults.sh"

MAX_POINTS=${MAX_POINTS:-400}

need jq ethtool
edit Strip "$WORK/strip" "$MARK_MODULE"
edit ToDevice "$WORK/leaf" "$MARK_LEAF"
lab_up e2e
attach "$EXAMPLES/firewall.table" >/dev/null
"$TOOLS/udp_probe" --from "$CLIENT" --to "$SERVER" --dest "$LAB_SERVER_IP" --rate 1000 >"$WORK/probe.json" &
probe=$!
"$TOOLS/tcp_stream" --from "$CLIENT" --to "$SERVER" --dest "$LAB_SERVER_IP" --mbit 20 >"$WORK/stream.json" &
stream=$!

# What an upgrade changes: nothing, then everything, by turns, so that there is
# always something to do. The canaries are left out: hundreds of calls that touch
# nothing of the NF (canary_test.sh).
upgrade_under() { # strace's options…
	traced "$@" -- "${LIBRARIES[@]}" upgrade fw "$EXAMPLES/firewall.table" --no-canary
}

# `recover`, or the upgrade that was cut off once more, and then the record says
# what it found if the journal was there to find.
mend() { # POINT, what it was
	local found=0

	[[ ! -e $WORK/state/fw/journal.json ]] || found=1
	if (($1 % 2)); then
		nfj "${LIBRARIES[@]}" upgrade fw "$EXAMPLES/firewall.table" >"$WORK/mended.json" 2>/dev/null ||
			fail "$2: the next upgrade: $(cat "$WORK/mended.json")"
		holds "$(cat "$WORK/mended.json")" "(.mended != \"\") == ($found == 1)" "$2: it says what it found"
	else
		nfj recover fw >"$WORK/mended.json" || fail "$2: recover: $(cat "$WORK/mended.json")"
		holds "$(cat "$WORK/mended.json")" ".nfs[0].recovered == ($found == 1)" "$2: it says what it found"
	fi
}

# The maps are the first ones and hold the connection.
state_maps() {
	jq -c '[.state[] | [.atom, .map_id]]' <<<"$1"
}

# The generation that runs is whole: the records agree with the slots, packets pass.
check_whole() {
	local status

	status=$(nfj status fw) || fail "$1: status"
	holds "$status" '.unfinished == "" and .tail_call_miss == 0' "$1"
	holds "$status" '[.nodes[].prog_id] | all(. > 0)' "$1: every node is in its slot"
	equal "$(state_maps "$status")" "$maps" "$1: the state maps"
	holds "$status" '(.state[] | select(.atom == "WL").entries) >= 1' "$1: the connection is listed"
	equal "$(leftovers fw)" "" "$1: left behind"
	[[ -e /proc/$stream ]] || fail "$1: the connection ended: $(cat "$WORK/stream.json")"
}

libraries_of() { # COUNT: even: the bundled classes; odd: both edits
	LIBRARIES=()
	(($1 % 2 == 0)) || LIBRARIES=(--lib "$WORK/strip" --lib "$WORK/leaf")
}

# Warm the cache, so that what is counted is the upgrade and not clang.
libraries_of 1
upgrade_under >/dev/null
for ((i = 0; i < 50; i++)); do # until the handshake is through
	[[ $(nfj status fw | jq '.state[] | select(.atom == "WL").entries') == 0 ]] || break
	sleep 0.1
done
maps=$(state_maps "$(nfj status fw)")
points=0 undone=0 finished=0
# faults KIND CALL: at the first CALL of an upgrade, at the second, and so on.
faults() {
	local n before code

	for ((n = 1; n <= MAX_POINTS; n++)); do
		before=$(jq .current "$WORK/state/fw/nf.json")
		libraries_of $version
		code=0
		upgrade_under -e "inject=$2:$1:when=$n" >"$WORK/result.json" 2>"$WORK/errors" || code=$?
		grep -qE 'INJECTED|killed by SIGKILL' "$WORK/trace" || break # past the last call: done
		points=$((points + 1))
		mend "$points" "$1 at $2 $n"
		check_whole "$1 at $2 $n"
		case $(jq .current "$WORK/state/fw/nf.json"):$(jq -r '.mended // .nfs[0].message' "$WORK/mended.json") in
		"$before:"*) undone=$((undone + 1)) ;;
		*"it had not flipped"*) undone=$((undone + 1)) version=$((1 - version)) ;;
		*) finished=$((finished + 1)) version=$((1 - version)) ;;
		esac
		[[ $1 == signal=KILL || $code != 0 || $(jq -r .result "$WORK/result.json") == committed ]] ||
			fail "$1 at $2 $n: exit code $code, but: $(cat "$WORK/result.json")"
	done
	((n <= MAX_POINTS)) || fail "more than $MAX_POINTS calls in one upgrade"
	version=$((1 - version)) # the last one was undisturbed
}

version=0
for call in ${CALLS//,/ }; do # strace counts each call by itself
	faults signal=KILL "$call"
	faults error=ENOMEM "$call"
done
kill "$probe" "$stream"
wait "$probe"
wait "$stream" || fail "the connection did not survive: $(cat "$WORK/stream.json")"
cat "$WORK/stream.json"
echo "$points faults: $undone undone, $finished finished"
at_least "$points" 200 "fault points"
at_least "$undone" 1 "undone"
at_least "$finished" 1 "finished"
probed=$(cat "$WORK/probe.json")
echo "$probed"
holds "$probed" '.lost == 0 and .duplicated == 0' "the probe"
