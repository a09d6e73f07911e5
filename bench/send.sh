#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What `nfup state send` to another NF on this machine takes by the entries of a state (keys and
# values of 8 bytes), while packets change it: most of them update, insert or delete an entry of
# their own. Prints CSV; bench/send.csv is such a run. Needs root and a quiet machine.
#
#	bench/send.sh BUILD_FOLDER [ENTRIES…]
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../tests/e2e/lib.sh" "$1"
# shellcheck source=tests/e2e/migration/lib.sh
. "$TOP/tests/e2e/migration/lib.sh"
# shellcheck source=tests/e2e/receiver.sh
. "$TOP/tests/e2e/receiver.sh"
shift
(($#)) || set -- 1000 100000 1000000
need jq ethtool
layouts
lab_up bench
second_nf_host
echo "entries,operations_a_second,arrived,rounds,bytes,seconds,freeze_ms,receiver_freeze_ms"
for entries in "$@"; do
	for rate in 1 10000; do # operations a second from each of two hosts
		attach_table v1 >/dev/null
		nfj --lib "$WORK/v1" attach "$INTENT" --name fw2 --netns "$NF_HOST2" --dev p1=p1 --dev p2=p2 >/dev/null
		ops_start v1 v1 "$entries" "$rate" 2>/dev/null
		receiver_start
		said=$(send 2>/dev/null)
		receiver_end
		kill -INT "$OPS_JOB"
		cat <&"$OPS_OUT" >/dev/null
		exec {OPS_OUT}<&-
		jq -rs --argjson n "$entries" --argjson rate "$((2 * rate))" '.[0] as $s | .[1] as $r |
			[$n, $rate, $s.entries, $s.rounds, $s.bytes, $s.seconds, $s.freeze_ms, $r.freeze_ms] |
			map(if . == floor then . else (. * 1000 | round / 1000) end) | @csv' <<<"$said $(cat "$WORK/received")"
		nf detach fw >/dev/null
		nf detach fw2 >/dev/null
	done
done
