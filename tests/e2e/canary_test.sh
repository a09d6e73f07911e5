#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The check before the flip: canaries run through the new programs on scratch
# state. What they do not accept is refused, and the traffic never notices.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/edits.sh
. "$TOP/tests/e2e/edits.sh"

need jq ethtool bpftool
CACHE=$WORK/cache # what passed in an earlier run is run again
lab_up e2e
FIREWALL=$WORK/firewall.click
cp "$EXAMPLES/firewall.click" "$EXAMPLES/firewall.canary" "$WORK"
cp "$EXAMPLES/firewall.click" "$WORK/plain.click" # with no canaries beside it

# entries: what the live state and the live counters of drops hold.
entries() {
	bpftool -j map dump pinned "$BPFFS/fw/state/WL" | jq -c '[.[] | .key // .formatted.key] | sort'
	bpftool -j map dump pinned "$BPFFS/fw/state/FSM" | jq -c '[.[] | .key // .formatted.key] | sort'
	nfj status fw | jq -c '[.nodes[] | .drops], .generation, .tail_call_miss'
}

# scratch_gone MAP: the counters of this test's scratch copy, which every program of
# it holds, go when the NF is taken down.
scratch_gone() {
	local tries

	for ((tries = 0; tries < 50; tries++)); do
		bpftool map show id "$1" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	fail "the scratch copy is still loaded: map $1"
}

# still AFTER: the NF is the one that ran, and traffic flows.
still() {
	holds "$(nfj status fw)" '.generation == 1 and .tail_call_miss == 0' "$1: the first generation runs on"
	on "$CLIENT" ping -qc 1 "$LAB_SERVER_IP" >/dev/null || fail "$1: no traffic"
}

echo "== an attach that would abort packets"
edit Strip "$WORK/aborts" 's|return NEXT(0);|return XDP_ABORTED;|'
refused 3 'XDP_ABORTED from Strip' nf --lib "$WORK/aborts" attach "$WORK/plain.click" --name fw --netns "$NF_HOST" \
	--dev p1=p1 --dev p2=p2
[[ ! -e $BPFFS/fw && ! -e $WORK/state/fw ]] || fail "the attach that was refused left something"

echo "== good canaries"
said=$(attach "$FIREWALL")
holds "$said" '.canary.cases == 7 and .canary.packets > 200 and .canary.failed == [] and .canary.ms > 0' "attach runs them"
holds "$said" '.canary.file | endswith("/firewall.canary")' "the file beside the intent"
holds "$(nfj check "$FIREWALL")" '.ok and .canary.cases == 7' "check reads them"
on "$CLIENT" ping -qc 1 "$LAB_SERVER_IP" >/dev/null
before=$(entries)
edit Strip "$WORK/mark" "$MARK_MODULE"
holds "$(nfj --lib "$WORK/mark" plan fw "$FIREWALL")" '.canary.failed == [] and .canary.packets > 200 and .canary.different == 0' \
	"plan runs them; what fares the same is no difference"

echo "== an edit that breaks an expectation, under traffic"
"$TOOLS/udp_probe" --from "$CLIENT" --to "$SERVER" --dest "$LAB_SERVER_IP" --rate 2000 --seconds 6 >"$WORK/probe.json" &
probe=$!
# It whitelists nobody: data of a connection is dropped by nodes that did not change.
edit WriteWL "$WORK/forgets" 's|if (!list(|if (entry.checked == 1 \&\& !list(|'
sed -i 's|"fsm.h"|"atoms/fsm.h"|; s|"whitelist.h"|"atoms/whitelist.h"|' "$WORK/forgets/WriteWL.bpf.c"
code=0
said=$(nf -j --lib "$WORK/forgets" upgrade fw "$FIREWALL") || code=$?
equal "$code" 3 "exit code"
holds "$said" '.ok == false and .result == "refused" and (.reason | test("a connection from the client.*firewall.canary:14"))' "why"
holds "$said" '.canary.failed | length == 1' "no other case fails"
holds "$said" '.canary.failed[0] | .case == "a connection from the client" and .line == 14
	and .expected == "forward to p2, same" and .got == "drop discard at Discard"
	and .path == ["FromDevice", "c", "Strip", "CheckIPHeader", "whitelist", "fsm", "Discard"]' "what happened"
refused 3 'path    FromDevice -> c -> Strip .* -> Discard' nf --lib "$WORK/forgets" upgrade fw "$FIREWALL"
refused 3 'a connection from the client' nf --lib "$WORK/forgets" plan fw "$FIREWALL"
still "refused"

echo "== no canary file: the generated set"
refused 3 'as before, since no node on its path changed, got drop discard' \
	nf --lib "$WORK/forgets" upgrade fw "$WORK/plain.click"
refused 3 'generated packet: .*got XDP_ABORTED from Strip' nf --lib "$WORK/aborts" upgrade fw "$WORK/plain.click"
edit Strip "$WORK/misses" 's|return NEXT(0);|return NEXT(1);|'
refused 3 'got a missed tail call behind Strip' nf --lib "$WORK/misses" upgrade fw "$WORK/plain.click"
edit Strip "$WORK/odd" 's|return NEXT(0);|return 77;|'
refused 3 'got verdict 77' nf --lib "$WORK/odd" upgrade fw "$WORK/plain.click"
still "four refusals"

wait "$probe" || fail "the probe"
holds "$(cat "$WORK/probe.json")" '.lost == 0 and .received > 10000' "no packet was lost in all this"
equal "$(entries)" "$before" "live state and counters"

echo "== the scratch copy is kept: the next check loads what changed"
# again HOW: an upgrade of one class and back to the last
again() {
	edit Strip "$WORK/again-$1" "s|return NEXT(0);|{ *(volatile __u32 *)\\&p->mark = 1$RANDOM$1; return NEXT(0); }|"
	nfj --lib "$WORK/again-$1" plan fw "$FIREWALL"
}
all=$(nfj status fw | jq '[.nodes[] | select(.class != "root")] | length')
again 1 >/dev/null
holds "$(again 2)" '.canary.loaded == 1 and .canary.packets > 200 and .canary.failed == []' "one program"
pins=$(find "$BPFFS/fw/scratch" -type f | wc -l)
again 3 >/dev/null
equal "$(find "$BPFFS/fw/scratch" -type f | wc -l)" "$pins" "pins, after another check"
rm "$BPFFS/fw/scratch/slots"
holds "$(again 4)" ".canary.loaded == $all + 1 and .canary.failed == []" "without its prog array all is made anew"
for pin in "$BPFFS"/fw/scratch/state-WL-*; do rm "$pin"; done
holds "$(again 5)" '.canary.loaded > 1 and .canary.loaded < '"$all"' and .canary.failed == []' "without a map, the programs that use it"
for port in 0 1; do # as when the network namespace that it was made in is gone
	bpftool map delete pinned "$BPFFS/fw/scratch/ports" key "$port" 0 0 0
done
holds "$(again 6)" '.canary.loaded == 1 and .canary.failed == []' "with devices that went"
rm -r "$BPFFS/fw/scratch"
holds "$(again 7)" ".canary.loaded == $all + 1 and .canary.failed == []" "without anything"
still "with and without a scratch copy"

echo "== what changes on purpose is shown"
sed 's/fsm \[1\] -> Discard;/fsm [1] -> ToHost;/' "$EXAMPLES/firewall.click" >"$WORK/plain.click"
said=$(nfj plan fw "$WORK/plain.click")
holds "$said" '.canary.failed == [] and .canary.different > 0' "a difference is no failure"
holds "$said" '.canary.differences[0] | .old == "drop discard at Discard" and .new == "pass" and (.changed | index("ToHost"))' \
	"the packet, before and after"

echo "== mistakes in the file"
sed 's/drop discard/drop discrad/' "$EXAMPLES/firewall.canary" >"$WORK/firewall.canary"
refused 1 'firewall\.canary:20:[0-9]+: error: there is no reason .discrad' nf check "$FIREWALL"
refused 1 'did you mean discard' nf --lib "$WORK/mark" upgrade fw "$FIREWALL"
holds "$(nf -j check "$FIREWALL" || true)" '.diagnostics | any(.file | endswith("firewall.canary"))' "as JSON"
still "mistakes"

echo "== skipped on request"
holds "$(nfj --lib "$WORK/forgets" upgrade fw "$FIREWALL" --no-canary)" \
	'.result == "committed" and .canary.skipped == "--no-canary" and .canary.packets == 0' "--no-canary"
nfj rollback fw >/dev/null

echo "== what passed is not checked again, until something differs"
cp "$EXAMPLES/firewall.canary" "$WORK/firewall.canary"
edit WriteWL "$WORK/again" "$MARK_MODULE"
holds "$(nfj --lib "$WORK/again" upgrade fw "$FIREWALL")" '.canary | .skipped == "" and .packets > 0' "the first time"
nfj rollback fw >/dev/null
holds "$(nfj --lib "$WORK/again" upgrade fw "$FIREWALL")" '.canary | .skipped | startswith("passed before")' "the second"
nfj rollback fw >/dev/null
echo '# another text' >>"$WORK/firewall.canary"
holds "$(nfj --lib "$WORK/again" upgrade fw "$FIREWALL")" '.canary | .skipped == "" and .packets > 0' "with another file"
scratch=$(bpftool -j map show pinned "$BPFFS/fw/scratch/counters" | jq .id)
nfj detach fw >/dev/null
scratch_gone "$scratch"
