#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A class that needs a later kernel says so: in `classes`, `doctor` and `check --kernel`,
# and it is refused where it cannot run, before anything is loaded.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"

need jq ethtool
mkdir "$WORK/lib"
needs() { # MAJOR, MINOR
	cat >"$WORK/lib/Later.bpf.c" <<-CLASS
		#include "nfup.h"

		NFUP_OUTPUTS("out");
		NFUP_NEEDS_KERNEL($1, $2);

		NFUP_MODULE(Later, "needs a later kernel")
		{
			return NEXT(0);
		}
	CLASS
}
needs 99 7
echo 'FromDevice(p1) -> Later -> ToDevice(p2); FromDevice(p2) -> ToDevice(p1);' >"$WORK/later.click"

holds "$(nfj --lib "$WORK/lib" classes Later)" '.kernel == "99.7"' "classes"
holds "$(nfj classes Strip)" '.kernel == "6.1"' "classes, of one that says nothing"
nf --lib "$WORK/lib" classes | grep '^Later .*(Linux 99.7)' >/dev/null || fail "the list of classes does not say it"
holds "$(nfj --lib "$WORK/lib" doctor)" \
	'.findings[] | select(.what == "classes") | .health == "note" and (.detail | contains("Later (Linux 99.7)"))' "doctor"
holds "$(nfj doctor)" '.findings[] | select(.what == "classes").health == "good"' "doctor without it"

nfj --lib "$WORK/lib" check "$WORK/later.click" >/dev/null
nfj --lib "$WORK/lib" check --kernel 99.7 "$WORK/later.click" >/dev/null
nfj --lib "$WORK/lib" check --kernel 100.0.1-amd64 "$WORK/later.click" >/dev/null
refused 1 'later\.click:1:.*class Later needs Linux 99\.7 or later, not 6\.1' \
	nf --lib "$WORK/lib" check --kernel 6.1 "$WORK/later.click"
refused 1 'nfup needs Linux 6\.1, not 5\.15' nf check --kernel 5.15 "$EXAMPLES/firewall.click"
refused 1 '--kernel six is no version' nf check --kernel six "$EXAMPLES/firewall.click"
for intent in "$EXAMPLES"/*.click "$EXAMPLES"/*.table; do
	nfj check --kernel 6.1 "$intent" >/dev/null
done

lab_up e2e
refused 1 'class Later needs Linux 99\.7' nf --lib "$WORK/lib" attach "$WORK/later.click" --name fw --netns "$NF_HOST" \
	--dev p1=p1 --dev p2=p2
attach "$EXAMPLES/firewall.click" >/dev/null
refused 1 'class Later needs Linux 99\.7' nf --lib "$WORK/lib" upgrade fw "$WORK/later.click"
holds "$(nfj status fw)" '.generation == 1' "the old one forwards"
needs 6 1
holds "$(nfj --lib "$WORK/lib" upgrade fw "$WORK/later.click")" '.result == "committed"' "no later one is needed"
