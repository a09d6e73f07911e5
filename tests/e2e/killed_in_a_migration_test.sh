#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# kill -9 at the calls of an upgrade that migrates a state and of a rollback that does,
# then calls to the kernel's BPF failing once, while packets change the state: `recover`
# finishes or undoes, no packet is lost, and in the end every entry is as a shadow model
# has it. Every run takes every STRIDEth call (1: all of them, some 20 minutes),
# beginning anywhere.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/migration/lib.sh
. "$TOP/tests/e2e/migration/lib.sh"
# shellcheck source=tests/e2e/faults.sh
. "$(dirname "$0")/faults.sh"

need jq ethtool
layouts
converters
lab_up e2e
attach_table v1 >/dev/null
# There and back, so that nothing is left to compile.
to v2 >/dev/null
to v1 >/dev/null
ops_start v1 v1 20000 2000
now=v1 next=v2
STRIDE=${STRIDE:-6}

# by_upgrade, by_rollback: the words that go from the layout `now` to the `next`.
by_upgrade() {
	printf '%s\n' --lib "$WORK/$next" upgrade fw "$INTENT" --no-canary
}
by_rollback() { # between the two generations `generation_of`
	printf '%s\n' rollback fw --to "${generation_of[$next]}"
}

# faults CHANGE: of the calls of a change, every STRIDEth, killed and failing.
faults() {
	local change=$1 words fault i point before open start finished=0 resumed=0 undone=0

	mapfile -t words < <("$change")
	survey "${words[@]}"
	read -r now next <<<"$next $now"
	start=${START:-$((RANDOM % STRIDE))}
	echo "$change: ${#POINTS[@]} calls, of which every ${STRIDE}th from $start"
	for fault in signal=KILL error=ENOMEM; do
		for ((i = start; i < ${#POINTS[@]}; i += STRIDE)); do
			point=${POINTS[i]}
			[[ $fault == signal=KILL || $point == bpf* ]] || continue
			mapfile -t words < <("$change")
			before=$(running)
			faulted "$fault" "$point" "${words[@]}" || true
			open=0
			[[ ! -e $WORK/state/fw/journal.json ]] ||
				open=$(jq '.operation == "migrate"' "$WORK/state/fw/journal.json")
			check_whole "$change: $fault at $point"
			equal "$(find "$BPFFS/fw" -name '*+plain')" "" "$change: $fault at $point: pins left behind"
			holds "$(cat "$WORK/state/fw/gen-$(running).json")" '(has("migrations") or has("plain")) | not' \
				"$change: $fault at $point: the record"
			[[ $open != true ]] || resumed=$((resumed + 1))
			if (($(running) == before)); then
				undone=$((undone + 1))
			else
				finished=$((finished + 1))
				read -r now next <<<"$next $now"
			fi
		done
	done
	echo "$finished finished ($resumed of them resumed by recover), $undone undone"
	at_least "$finished" 5 "$change: finished"
	at_least "$resumed" 2 "$change: resumed"
	at_least "$undone" 5 "$change: undone"
}

faults by_upgrade
declare -A generation_of
generation_of[$now]=$(running)
mapfile -t words < <(by_upgrade)
nfj "${words[@]}" >/dev/null
read -r now next <<<"$next $now"
generation_of[$now]=$(running)
faults by_rollback
if [[ $now == v2 ]]; then
	to v1 >/dev/null
fi
ops_end
