# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Sourced after tests/e2e/lib.sh: edits of classes, and timed upgrades.

CLANG=(clang -O2 -g -Wall -Wextra -Werror -target bpf -mcpu=v3 "-I$TOP/bpf" "-I$TOP/bpf/modules" "-I$TOP/bpf/atoms"
	-idirafter "/usr/include/$(uname -m)-linux-gnu")

now() { # us; date would be a process more
	echo "${EPOCHREALTIME/[.,]/}"
}

# median FILE…: of numbers, one a line: "median min max"
spread() {
	sort -g "$@" | awk '{ v[NR] = $1 } END { print (NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2), v[1], v[NR] }'
}

# as_json FILE: the same as JSON
as_json() {
	spread "$1" | jq -cR 'split(" ") | map(tonumber) | {median: .[0], min: .[1], max: .[2]}'
}

# touch_class CLASS LIB: a copy of the class with one line changed, as never before
touch_class() {
	mkdir -p "$2"
	sed -E "0,/return (NEXT\(0\)|CHECKED\(.*\));/s||{ *(volatile __u32 *)\&p->mark = 1$(printf %04d $((RANDOM % 10000)))$((SERIAL++)); & }|" \
		"$(find "$TOP/bpf" -name "$1.bpf.c")" >"$2/$1.bpf.c"
	! cmp -s "$2/$1.bpf.c" "$(find "$TOP/bpf" -name "$1.bpf.c")" || fail "$1 was not changed"
}
SERIAL=1

# timed_upgrade INTENT LIB OUT: "ms from the start of the command to the flip" on
# stdout; the command's JSON in OUT.
timed_upgrade() {
	local start=$EPOCHREALTIME

	"$BUILD/tools/nfup" -j --bpffs "$BPFFS" --state-dir "$WORK/state" --cache-dir "$CACHE" --lib "$2" \
		upgrade fw "$1" >"$3" # not through nf: a bash forks slower than nfup starts
	jq -r --argjson start "$start" '(.flipped_at - $start) * 1000' "$3"
}
