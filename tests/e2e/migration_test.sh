#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A state moves to another layout and back while packets insert, update and delete its
# entries: a shadow model agrees on every entry, no packet is lost, and what would lose
# entries is refused.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/migration/lib.sh
. "$TOP/tests/e2e/migration/lib.sh"

need jq ethtool
ENTRIES=${ENTRIES:-200000}
layouts
lab_up e2e
attach_table v1 >/dev/null

echo "== no converter: refused, field by field"
refused 3 "TAB has another schema.*" nf --lib "$WORK/v2" upgrade fw "$INTENT" --no-canary
refused 3 "value.stamp: u32 @0 -> u64 @8" nf --lib "$WORK/v2" upgrade fw "$INTENT" --no-canary
refused 3 "no TAB.migrate.h .*looked in $WORK/v2" nf --lib "$WORK/v2" plan fw "$INTENT" --no-canary
converters
holds "$(nfj --lib "$WORK/v2" plan fw "$INTENT" --no-canary)" '.state == [{"atom": "TAB", "action": "migrate",
	"detail": .state[0].detail}] and .ok' "the plan"
refused 3 "is watched must be able to go back" to v2 --watch 1s
holds "$(nfj status fw)" '.generation == 1 and .unfinished == ""' "nothing happened"

# phase BEFORE AFTER COMMAND…: COMMAND takes TAB from one layout to the other under traffic.
phase() {
	local said

	ops_start "$1" "$2" "$ENTRIES" 15000
	shift 2
	said=$("$@") || fail "$*: $said"
	holds "$said" '.result == "committed" and .state[0].action == "migrate" and
		.migration.atoms == ["TAB"] and .migration.entries > 0 and .migration.seconds > 0' "the migration"
	jq -c '{generation, migration, flip_us, drain_ms, total_ms}' <<<"$said"
	ops_end
	holds "$(nfj status fw)" '.tail_call_miss == 0 and .unfinished == ""' "the status"
}

echo "== wider, back, and by a chain of two"
phase v1 v2 to v2
holds "$(nfj history fw)" '.generations[-1] | .action == "migrate" and .entries > 0' "the history"
phase v2 v1 nfj rollback fw
phase v1 v2 nfj rollback fw --to 2
phase v2 v3 to v3
phase v3 v1 nfj rollback fw --to 1
phase v1 v3 to v3

echo "== without a converter for the way back: refused before anything changes"
sed -i '/tab_v1, tab_v2/,/^}/d; /tab_v3, tab_v2/,/^}/d; /tab_v2, tab_v1/,/^}/d' "$WORK/v2/TAB.migrate.h"
cat >>"$WORK/v2/TAB.migrate.h" <<'END'
NFUP_CONVERT(TAB, tab_v3, tab_v2)
{
	to->hits = from->hits;
	to->stamp = from->stamp;
}
END
sed -i '/tab_v2, tab_v3/,/^}/d' "$WORK/v2/TAB.migrate.h"
before=$(nfj status fw | jq .generation)
phase v3 v2 to v2
refused 3 "cannot be converted back.*" nf rollback fw --to "$before"
holds "$(nfj status fw)" ".generation > $before and .unfinished == \"\"" "nothing happened"

echo "== a pin that somebody replaced"
bpftool map create "$BPFFS/fw/other" type hash key 8 value 16 entries 1048576 name TAB
mv "$BPFFS/fw/other" "$BPFFS/fw/state/TAB"
for command in "status fw" "state list fw" "rollback fw" "--lib $WORK/v3 upgrade fw $INTENT" "--lib $WORK/v3 plan fw $INTENT"; do
	# shellcheck disable=SC2086 # words
	refused 2 "replaced the pin $BPFFS/fw/state/TAB.*|bpftool map pin id" nf $command
done
mend=$({ nf -j status fw || true; } | jq -r .error.hint | sed -n 's/.*again: //p')
eval "$mend"
holds "$(nfj status fw)" '.state[0].entries > 1000' "the right pin is back"

echo "== another capacity: no converter is needed, and nothing that does not fit is lost"
capacity() { # ENTRIES: an intent with that CAPACITY of TAB
	INTENT=$WORK/capacity.click
	sed "0,/Apply/s//Apply(CAPACITY $1)/" "$TABLE/table.click" >"$INTENT"
}
capacity 2000000
phase v2 v2 to v2
holds "$(nfj status fw)" '.state[0].max_entries == 2000000' "more room"
capacity 1000
refused 3 "has [0-9]+ entries, and the new one has room for 1000" to v2
capacity $((ENTRIES + 1000))
phase v2 v2 to v2
holds "$(nfj status fw)" ".state[0].max_entries == $((ENTRIES + 1000))" "less room"
phase v2 v2 nfj rollback fw
sed -i 's/Apply ->/Apply(CAPACITY 7) ->/' "$INTENT"
refused 1 "asks for 7 entries of the state TAB" nf --lib "$WORK/v2" check "$INTENT"
