#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# nfup new: what it writes compiles, passes its own test, runs, and is upgraded after an
# edit, unless the edit fails the test; and what it refuses.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"

need jq ethtool
CACHE=$WORK/cache # a canary that passed in an earlier run is run again
lab_up e2e
LIB=$WORK/lib
mkdir "$LIB"

# grows KIND NAME EDIT MISTAKE: new → check → attach → traffic → mistake, refused by
# the class's canary → edit → upgrade. EDIT, MISTAKE: for sed.
grows() {
	local kind=$1 name=$2 edit=$3 mistake=$4 file said

	said=$(nfj new "$kind" "$name" --dir "$LIB")
	holds "$said" ".ok and .kind == \"$kind\" and (.next | length) == 3" "new $kind"
	while read -r file; do
		[[ -s $file ]] || fail "new $kind has not written $file"
	done < <(jq -r '.files[]' <<<"$said")
	holds "$(nfj --lib "$LIB" check "$LIB/$name.click")" ".ok and ([.diagnostics[]] | length) == 0" "check $name"
	holds "$(nfj --lib "$LIB" build "$LIB/$name.click")" '.ok' "build $name"
	said=$(nfj --lib "$LIB" attach "$LIB/$name.click" --name own --netns "$NF_HOST" --dev p1=p1 --dev p2=p2)
	holds "$said" '.result == "committed" and .canary.cases == 3 and .canary.failed == []' "attach $name"
	on "$CLIENT" ping -qc 3 -i 0.2 "$LAB_SERVER_IP" >/dev/null || fail "$name lets no packet pass"
	holds "$(nfj status own)" "(.nodes[] | select(.class == \"$name\").packets) >= 3" "packets through $name"

	cp "$LIB/$name.bpf.c" "$WORK/good"
	sed -i "$mistake" "$LIB/$name.bpf.c"
	refused 3 "canary .*$name.canary" nf --lib "$LIB" upgrade own "$LIB/$name.click"
	holds "$(nfj status own)" '.generation == 1' "a mistake in $name"
	cp "$WORK/good" "$LIB/$name.bpf.c"
	sed -i "$edit" "$LIB/$name.bpf.c"
	said=$(nfj --lib "$LIB" upgrade own "$LIB/$name.click")
	holds "$said" '.result == "committed" and .generation == 2 and (.loaded | length) == 1' "the edit of $name"
	on "$CLIENT" ping -qc 1 "$LAB_SERVER_IP" >/dev/null || fail "$name lets no packet pass after its edit"
	holds "$(nfj status own)" '.tail_call_miss == 0' "no missed tail call"
	nfj detach own >/dev/null
}

refusals() {
	local name

	for name in dropLong DROP Drop-Long Drop.Long '' ../Evil LongerThanFifteen; do
		refused 1 'no name for a class' nf new module "$name" --dir "$LIB"
	done
	refused 1 'class Strip already' nf new module Strip --dir "$LIB"
	refused 1 'DropLong\.bpf\.c exists already' nf new module DropLong --dir "$LIB"
	refused 1 'class DropLong already' nf --lib "$LIB" new atom DropLong --dir "$WORK"
	refused 1 "no kind 'thing'" nf new thing Thing --dir "$LIB"
	refused 1 'is no folder' nf new module Other --dir "$LIB/none"
	equal "$(find "$WORK" -name '*Evil*' -o -name 'Other*' -o -name 'Thing*')" "" "what a refusal wrote"
}

grows module DropLong 's|return NEXT(0);|{ *(volatile __u32 *)\&p->mark = 1; return NEXT(0); }|' \
	's|if (at(|if (!at(|'
grows atom CountFlows 's|{1, 0}|{2, 0}|' 's|return NEXT(0);|return DROP(DENIED);|'
refusals
