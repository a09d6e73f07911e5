#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# upgrade --watch under live traffic: a good upgrade passes, a bad one goes back
# by itself, so does one whose watch is interrupted or dies; history says why.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/edits.sh
. "$(dirname "$0")/edits.sh"

need jq ethtool
FIREWALL=$EXAMPLES/firewall.table
edit Strip "$WORK/good" "$MARK_MODULE"
edit Strip "$WORK/lossy" 's|return NEXT(0);|return bpf_get_prandom_u32() % 10 ? NEXT(0) : DROP(DISCARD);|'
edit Strip "$WORK/silent" 's|return NEXT(0);|return bpf_get_prandom_u32() % 10 ? NEXT(0) : XDP_DROP;|'
edit Strip "$WORK/missing" 's|("out")|("out, more?")|; s|return NEXT(0);|if (bpf_get_prandom_u32() % 100 == 0)\n\t\treturn NEXT(1);\n\treturn NEXT(0);|'
lab_up e2e

# watched LIB OPTIONS…: JSON in $said, exit code in $code. Without canaries, which
# would find these faults before the flip.
watched() {
	local lib=$1

	shift
	code=0
	said=$(nf -j --lib "$lib" upgrade fw "$FIREWALL" --no-canary "$@") || code=$?
	jq -e . <<<"$said" >/dev/null || fail "not JSON: $said"
}

# still GENERATION WHAT: it runs, whole, with nothing of another left over; the
# programs in the slots are its own.
still() {
	local status left

	status=$(nfj status fw)
	holds "$status" ".generation == $1 and .unfinished == \"\"" "$2"
	equal "$(jq -c '[.nodes[] | [.name, .prog_id]] | sort' <<<"$status")" \
		"$(jq -c '[.nodes[] | select(.cls != "root") | [.name, .prog_id]] | sort' "$WORK/state/fw/gen-$1.json")" "$2: programs"
	left=$(find "$BPFFS/fw" "$WORK/state/fw" -name '*+new*' -o -name 'draft-*' -o -name journal.json)
	[[ -z $left ]] || fail "$2: left behind: $left"
}

# went_back REASON WHAT: exit code 3, and the last entry of history says why.
went_back() {
	equal "$code" 3 "$2: exit code"
	holds "$said" '.result == "rolled-back" and .ok == false' "$2"
	grep -qE "$1" <<<"$(jq -r .reason <<<"$said")" || fail "$2: the reason is $(jq -r .reason <<<"$said")"
	holds "$(nfj history fw)" ".generations[-1] | .result == \"rolled-back\" and (.reason | test(\"$1\"))" "$2: history"
	holds "$said" ".running == $generation" "$2"
	still "$generation" "$2"
}

# start_watch: a good upgrade with a watch that nobody waits for; $watcher is its
# pid. A background job of a script has SIGINT ignored: not this one.
start_watch() {
	env --default-signal=INT "$BUILD/tools/nfup" --bpffs "$BPFFS" --state-dir "$WORK/state" --cache-dir "$CACHE" \
		-j --lib "$WORK/good" upgrade fw "$FIREWALL" --watch 600 >"$WORK/watched.json" 2>"$WORK/errors" &
	watcher=$!
	# It has flipped when the flip slot holds another program than before.
	for _ in {1..1000}; do
		[[ $(jq -r .step "$WORK/state/fw/journal.json" 2>/dev/null) != watch || $(strip_program) == "$before" ]] || return 0
		sleep 0.02
	done
	fail "no watch began: $(cat "$WORK/errors" "$WORK/watched.json")"
}
strip_program() {
	nfj status fw | jq '.nodes[] | select(.name == "Strip") | .prog_id'
}

attach "$FIREWALL" >/dev/null

# What cannot be understood is refused before anything is touched.
records=$(find "$BPFFS/fw" "$WORK/state/fw" ! -name lock | sort)
refused 1 'column 7: .* no comparison' nf upgrade fw "$FIREWALL" --watch 5s --guard 'drops 1%'
refused 1 'did you mean' nf upgrade fw "$FIREWALL" --watch 5s --guard 'drops.discrd < 1%'
refused 1 'did you mean Strip' nf --lib "$WORK/good" upgrade fw "$FIREWALL" --watch 5s --guard 'Stripp.drops < 1%'
refused 1 'not a time' nf upgrade fw "$FIREWALL" --watch soon
refused 1 'not a time' nf upgrade fw "$FIREWALL" --watch 0
refused 1 'add --watch' nf upgrade fw "$FIREWALL" --guard 'drops < 1%'
equal "$(find "$BPFFS/fw" "$WORK/state/fw" ! -name lock | sort)" "$records" "files after a refused guard"
still 1 "after refused guards"

# No traffic (but for what hosts send by themselves): accepted, and it says that
# nothing was tested.
watched "$WORK/good" --watch 100ms
equal "$code" 0 "an idle watch"
holds "$said" '.result == "committed" and (.reason | test("(not|hardly) tested: ")) and .watch.packets < 100' "an idle watch"
generation=2

"$TOOLS/tcp_stream" --from "$CLIENT" --to "$SERVER" --dest "$LAB_SERVER_IP" --mbit 40 >"$WORK/stream.json" &
stream=$!
for _ in {1..500}; do
	[[ $(nfj status fw | jq '.nodes[] | select(.name == "Strip") | .packets') -lt 5000 ]] || break
	sleep 0.02
done

watched "$TOP/bpf/modules" --watch 500ms
equal "$code" 0 "a good upgrade"
holds "$said" '.result == "committed" and .generation == 3 and .running == 3 and .reason == ""' "a good upgrade"
holds "$said" '.watch | .packets > 100 and .seconds >= 0.5 and (.guards | length) == 3 and all(.guards[]; .ok and .value != null)' "a good upgrade"
holds "$(nfj history fw)" '.generations[-1].watch.packets > 100' "history of a watch"
generation=3

watched "$WORK/lossy" --watch 30
went_back 'drops < before . 1%.* most at Strip: discard' "every 10th packet dropped"
holds "$said" '.watch.seconds < 30 and any(.watch.guards[]; .ok == false and .value > 2)' "it went back before the end"
watched "$WORK/silent" --watch 30 --guard 'forwarded > before - 1%'
went_back 'forwarded > before - 1% was broken' "every 10th packet gone uncounted"
watched "$WORK/missing" --watch 30 --guard 'misses == 0'
went_back 'misses == 0 was broken.*Strip: tail-call-miss' "a missed tail call"
watched "$WORK/lossy" --watch 200ms --guard 'drops < 50%'
equal "$code" 0 "a guard that allows it"
generation=$(jq .generation <<<"$said")
watched "$TOP/bpf/modules" --watch 200ms
equal "$code" 0 "back to the bundled class"
generation=$(jq .generation <<<"$said")

# Signals.
for signal in INT TERM HUP; do
	before=$(strip_program)
	start_watch
	refused 3 "pid $watcher" nf upgrade fw "$FIREWALL"
	kill -s "$signal" "$watcher"
	code=0
	wait "$watcher" || code=$?
	said=$(cat "$WORK/watched.json")
	went_back "interrupted by SIG$signal" "SIG$signal"
	equal "$(strip_program)" "$before" "the program after SIG$signal"
done

# kill -9: the new generation forwards until the next command goes back.
before=$(strip_program)
start_watch
kill -9 "$watcher"
wait "$watcher" || true
[[ $(strip_program) != "$before" ]] || fail "the new generation does not forward after kill -9"
recovered=$(nfj recover fw)
grep -q "was not accepted yet; gone back, generation $generation runs" <<<"$recovered" || fail "recover says: $recovered"
equal "$(strip_program)" "$before" "the program after recover"
still "$generation" "after recover"
holds "$(nfj history fw)" '.generations[-1] | .result == "rolled-back" and (.reason | test("died before it was accepted"))' "history after kill -9"

# State: a map made for an upgrade that goes back goes with it.
mkdir -p "$WORK/state-lib"
sed 's/, 65536)/, 1024)/; s|"\.\./|"|; s|"whitelist_entry.h"|"atoms/whitelist_entry.h"|' \
	"$TOP/bpf/atoms/whitelist.h" >"$WORK/state-lib/whitelist.h"
cp "$TOP"/bpf/atoms/{ReadWL,WriteWL}.bpf.c "$WORK/state-lib"
states=$(nfj status fw | jq -c '[.state[] | [.atom, .map_id, .max_entries]]')
watched "$WORK/state-lib" --watch 100ms --drop-state WL --guard 'packets > 1000000000'
went_back 'packets > 1000000000 was broken' "an upgrade that drops state"
holds "$said" 'any(.state[]; .atom == "WL" and .action == "drop")' "it dropped the state"
equal "$(nfj status fw | jq -c '[.state[] | [.atom, .map_id, .max_entries]]')" "$states" "the states"

kill "$stream"
wait "$stream" || fail "the connection did not survive: $(cat "$WORK/stream.json")"
holds "$(cat "$WORK/stream.json")" '.ok and .up.verified > 1000000 and .down.verified > 1000000' "both ways carried data"
cat "$WORK/stream.json"
# A number is given once: history has no two generations of one number.
holds "$(nfj history fw)" '[.generations[].generation] | length == (unique | length)' "numbers in history"
