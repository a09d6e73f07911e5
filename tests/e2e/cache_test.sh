#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The object cache: what is compiled when, what happens when it is damaged,
# shared or too small, and that a kept generation does not need it.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/edits.sh
. "$(dirname "$0")/edits.sh"

need jq ethtool ping
CACHE=$WORK/cache
LIB=$WORK/lib
INTENT=$WORK/tcp.click
printf 'FromDevice(p1) -> Strip(14) -> CheckIPHeader -> CheckTCPHeader -> One -> Two -> ToDevice(p2);\n' >"$INTENT"
mkdir -p "$LIB/lib"
printf '#define STEP 1\n' >"$LIB/step.h"
for class in One Two; do
	printf '#include "nfup.h"\n#include "step.h"\nNFUP_OUTPUTS("out");\nNFUP_MODULE(%s, "marks")\n{\n\tp->mark += STEP;\n\treturn NEXT(0);\n}\n' \
		"$class" >"$LIB/$class.bpf.c"
done
build() {
	nfj --lib "$LIB" build "$INTENT"
}

first=$(build)
holds "$first" '.compiled == ["CheckIPHeader","CheckTCPHeader","FromDevice","One","Strip","ToDevice","Two","ingress","root","csum"]' \
	"what the intent reaches is compiled, and nothing else"
holds "$(build)" '.compiled == [] and (.reused | length == 10)' "the second time"
printf '#define STEP 2\n' >"$LIB/step.h"
holds "$(build)" '.compiled == ["One","Two"]' "a touched header compiles its users"
printf '#define STEP 1\n' >"$LIB/step.h"
holds "$(build)" '.compiled == []' "back again"

# damage: cut off, emptied, changed, gone
count=0
for object in "$CACHE"/*.o; do
	case $((count % 4)) in
	0) truncate -s 100 "$object" ;;
	1) : >"$object" ;;
	2) printf 'x' >>"$object" ;;
	3) rm "$object" ;;
	esac
	count=$((count + 1))
done
at_least "$count" 10 "objects damaged"
holds "$(build)" '.compiled | length == 10' "what is damaged is made anew"
holds "$(build)" '.compiled == []' "and is whole then"

# two at once, into an empty cache
rm -rf "$CACHE"
build >"$WORK/one" &
build >"$WORK/two"
wait $!
holds "$(cat "$WORK/one")" '.ok' "one of two at once"
holds "$(cat "$WORK/two")" '.ok' "the other"
holds "$(build)" '.compiled == []' "after two at once"

# Too small: when something new is made, what was not used lately goes.
printf 'FromDevice(p1) -> Counter -> Null -> ToDevice(p2);\n' >"$WORK/other.click"
nfj build "$WORK/other.click" >/dev/null
holds "$(nfj build "$WORK/other.click")" '.compiled == []' "another intent"
find "$CACHE" -type f -exec touch -d '3 hours ago' {} +
printf '#define STEP 3\n' >"$LIB/step.h"
holds "$(nfj --lib "$LIB" --cache-size 0 build "$INTENT")" '.compiled == ["One","Two"]' "with a small cache"
holds "$(build)" '.compiled == []' "what was used is still there"
holds "$(nfj build "$WORK/other.click")" '.compiled == ["Counter","Null"]' "what was not used is gone"

# Kept generations can be loaded without the cache. Two flips in different
# places: going back over both has to load programs again.
lab_up e2e
attach "$EXAMPLES/firewall.table" >/dev/null
edit Strip "$WORK/strip" "$MARK_MODULE"
edit WriteWL "$WORK/writewl" "$MARK_MODULE"
nfj --lib "$WORK/strip" upgrade fw "$EXAMPLES/firewall.table" >/dev/null
nfj --lib "$WORK/strip" --lib "$WORK/writewl" upgrade fw "$EXAMPLES/firewall.table" >/dev/null
rm -rf "$CACHE"
back=$(nfj rollback fw --to 1)
holds "$back" '.result == "committed" and (.loaded | length > 0)' "back without a cache"
on "$CLIENT" ping -c 1 -W 2 "$LAB_SERVER_IP" >/dev/null || fail "nothing passes after the rollback"
