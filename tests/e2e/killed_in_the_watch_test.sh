#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# kill -9 at every system call of an upgrade that its watch turns down, then every
# such call from the flip on failing once: the generation before runs again,
# whatever was reached, with its state. Then kill -9 from the flip on in one that
# passes its watch: until that is on record the old one runs again, from then on the
# new one.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/edits.sh
. "$(dirname "$0")/edits.sh"
# shellcheck source=tests/e2e/faults.sh
. "$(dirname "$0")/faults.sh"

need jq ethtool
# Two nodes to load, and a state to make.
cat >"$WORK/known.click" <<'INTENT'
FromDevice(p1) -> c :: Classifier(12/0800, -) -> Strip(14) -> CheckIPHeader -> known :: ReadWL -> out :: ToDevice(p2);
known[1] -> out;
c[1] -> out;
FromDevice(p2) -> ToDevice(p1);
INTENT
edit ReadWL "$WORK/edited" 's|return NEXT(0);|{ *(volatile __u32 *)\&p->mark = 1; return NEXT(0); }|; s|NEXT(1)|({ *(volatile __u32 *)\&p->mark = 1; NEXT(1); })|'
lab_up e2e
attach "$WORK/known.click" >/dev/null
"$TOOLS/udp_probe" --from "$CLIENT" --to "$SERVER" --dest "$LAB_SERVER_IP" --rate 1000 >"$WORK/probe.json" &
probe=$!
nf --lib "$WORK/edited" build "$WORK/known.click" >/dev/null 2>&1 # what is counted is not clang

states() {
	nfj status fw | jq -c '[.state[] | [.atom, .map_id]]'
}

history_length() {
	wc -l <"$WORK/state/fw/history.jsonl"
}

before=$(states)
UPGRADE=(upgrade fw "$WORK/known.click" --watch 10ms --no-canary)
TURNED_DOWN=(--lib "$WORK/edited" "${UPGRADE[@]}" --drop-state WL --guard 'packets > 1000000000')
survey "${TURNED_DOWN[@]}" # the first makes a folder for its objects
survey "${TURNED_DOWN[@]}"
points=0 back=0
unreached=0 # a watch looks at the counters as often as there is time for
for fault in signal=KILL error=ENOMEM; do
	flipped=no
	for point in "${POINTS[@]}"; do
		[[ $point != "membarrier 1" ]] || flipped=yes
		# What fails before the flip is killed_at_every_step_test's.
		[[ $fault == signal=KILL || $flipped == yes ]] || continue
		what="$fault at $point"
		entries=$(history_length)
		if faulted "$fault" "$point" "${TURNED_DOWN[@]}"; then
			points=$((points + 1))
		else
			unreached=$((unreached + 1))
		fi
		[[ $code != 0 ]] || fail "$what: exit code 0: $(cat "$WORK/result.json")"
		check_whole "$what"
		equal "$(running)" 1 "the generation after $what"
		equal "$(states)" "$before" "the states after $what"
		new=$(($(history_length) - entries))
		((new <= 1)) || fail "$what: $new entries in history"
		back=$((back + new))
	done
done
[[ $(tail -n 1 "$WORK/state/fw/history.jsonl" | jq -r .reason) == *'packets > 1000000000 was broken'* ]] ||
	fail "history says: $(tail -n 1 "$WORK/state/fw/history.jsonl")"

# The two versions take turns, so that there is always something to do.
PASSING=("${UPGRADE[@]}" --keep 0 --guard 'misses == 0')
survey "${PASSING[@]}" --lib "$WORK/edited"
survey "${PASSING[@]}"
survey "${PASSING[@]}" --lib "$WORK/edited"
libraries=() flipped=no finished=0
for point in "${POINTS[@]}"; do
	[[ $flipped == yes || $point == "membarrier 1" ]] || continue
	flipped=yes
	generation=$(running)
	if faulted signal=KILL "$point" "${libraries[@]}" "${PASSING[@]}"; then
		points=$((points + 1))
	else
		unreached=$((unreached + 1))
	fi
	check_whole "killed at $point of a watch that passes"
	[[ $(running) != "$generation" ]] || continue
	finished=$((finished + 1))
	[[ ${libraries[*]} ]] && libraries=() || libraries=(--lib "$WORK/edited")
done
kill "$probe"
wait "$probe"
echo "$points faults; $back upgrades taken back after the flip, $finished finished"
at_least "$points" 90 "fault points"
at_least "$((points / 4))" "$unreached" "a quarter of the fault points, at most so many were not reached"
at_least "$back" 20 "taken back"
at_least "$finished" 5 "finished"
probed=$(cat "$WORK/probe.json")
echo "$probed"
holds "$probed" '.received > 1000 and .lost == 0 and .duplicated == 0' "the probe"
