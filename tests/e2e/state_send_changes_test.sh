#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# nfup state send while packets insert, update and delete entries: in the end the receiver has
# what the frozen sender has, entry by entry. A state that has another layout there, or no
# room, is refused whole.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/migration/lib.sh
. "$TOP/tests/e2e/migration/lib.sh"
# shellcheck source=tests/e2e/receiver.sh
. "$(dirname "$0")/receiver.sh"

need jq ethtool
layouts
lab_up e2e
second_nf_host
attach_table v1 >/dev/null
second() { # VERSION [INTENT]
	nfj --lib "$WORK/$1" attach "${2:-$INTENT}" --name fw2 --netns "$NF_HOST2" --dev p1=p1 --dev p2=p2 >/dev/null
}
contents() { # NF
	nfj state show "$1" TAB | jq -cS '.entries[]' | sort
}
nothing_came() {
	receiver_end
	equal "$code" 3 "the receiver's exit code"
	equal "$(entries fw2 TAB)" 0 "what has come"
	holds "$(nfj status fw2)" '.unfinished == ""' "the receiver"
	holds "$(nfj status fw)" '.frozen == "" and .unfinished == ""' "the sender"
}

ops_start v1 v1 30000 20000

echo "== refused"
second v2
receiver_start
refused 3 'TAB was sent with another schema:.*' send
nothing_came
nfj detach fw2 >/dev/null
sed 's/Apply/Apply(CAPACITY 20000)/' "$INTENT" >"$WORK/small.click"
second v1 "$WORK/small.click"
receiver_start
refused 3 'no room for all entries: it takes 20000' send
nothing_came
nfj detach fw2 >/dev/null

echo "== sent while it changes"
second v1
receiver_start
before=$(nfj status fw | jq .root.packets)
said=$(send)
at_least "$(nfj status fw | jq .root.packets)" $((before + 1)) "packets meanwhile"
sent_is_received "$said"
holds "$said" '.frozen and .entries > 10000 and .rounds >= 3' "with changes"
contents fw >"$WORK/here"
contents fw2 >"$WORK/there"
at_least "$(wc -l <"$WORK/here")" 10000 "entries"
cmp "$WORK/here" "$WORK/there" || fail "the receiver has other entries: $(diff "$WORK/here" "$WORK/there" | head)"
kill -INT "$OPS_JOB"
cat <&"$OPS_OUT" >/dev/null
