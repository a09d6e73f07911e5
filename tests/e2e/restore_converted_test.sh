#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A state file of an older layout into an NF with a newer one, through the converters:
# all of its entries or none, with their ages; also when it is killed, and at a boot.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/migration/lib.sh
. "$TOP/tests/e2e/migration/lib.sh"
# shellcheck source=tests/e2e/faults.sh
. "$(dirname "$0")/faults.sh"

need jq ethtool bpftool unshare
ENTRIES=3000
layouts
lab_up e2e

# entries: of TAB, as {ID: [STAMP, HITS]}.
entries() {
	nfj state show fw TAB --limit 1000000 | jq -cS '[.entries[] | {"\(.key.id)": [.value.stamp, .value.hits]}] | add'
}
again() { # VERSION: the NF anew, with empty states
	nf detach fw >/dev/null
	attach_table "$1" >/dev/null
	equal "$(entries)" null "entries of a new NF"
}
restored() { # OUTPUT RESTORED KEPT CONVERTED
	holds "$1" ".ok and .states == [{\"atom\": \"TAB\", \"restored\": $2, \"kept\": $3, \"converted\": $4}]" "restore"
}

attach_table v1 >/dev/null
fill_table v1 $ENTRIES
nfj state save fw "$WORK/saved-v1" >/dev/null
saved=$(entries)
count=$(jq length <<<"$saved")
at_least "$count" 1000 "entries"

echo "== no converter: refused field by field, nothing changed"
again v2
refused 3 "TAB was saved with another schema:.*" nf --lib "$WORK/v2" state restore fw "$WORK/saved-v1"
refused 3 "value.stamp: u32 @0 -> u64 @8" nf --lib "$WORK/v2" state restore fw "$WORK/saved-v1"
refused 3 "no TAB.migrate.h .*looked in $WORK/v2" nf --lib "$WORK/v2" state restore fw "$WORK/saved-v1"
equal "$(entries)" null "entries after the refusal"
converters
sed '/tab_v1, tab_v2/,/^}/d' "$TABLE/TAB.migrate.h" >"$WORK/v2/TAB.migrate.h"
refused 3 "no converter in $WORK/v2/TAB.migrate.h leads there" nf --lib "$WORK/v2" state restore fw "$WORK/saved-v1"
equal "$(entries)" null "entries after the refusals"
converters

echo "== wider; what is there stays, unless told"
id=$(jq -r 'keys[0]' <<<"$saved")
nfj state set fw TAB id="$id" stamp=5000000000 hits=7 >/dev/null
restored "$(nfj --lib "$WORK/v2" state restore fw "$WORK/saved-v1")" $((count - 1)) 1 true
equal "$(entries)" "$(jq -cS ".\"$id\" = [5000000000, 7]" <<<"$saved")" "entries, wider"
restored "$(nfj --lib "$WORK/v2" state restore fw "$WORK/saved-v1" TAB --overwrite)" "$count" 0 true
equal "$(entries)" "$saved" "entries, overwritten"
nfj state save fw "$WORK/saved-v2" >/dev/null
restored "$(nfj state restore fw "$WORK/saved-v2")" 0 "$count" false

echo "== by a chain of two, and back"
again v3
restored "$(nfj --lib "$WORK/v3" state restore fw "$WORK/saved-v1")" "$count" 0 true
equal "$(entries)" "$saved" "entries, by a chain"
again v1
restored "$(nfj --lib "$WORK/v1" state restore fw "$WORK/saved-v2")" "$count" 0 true
equal "$(entries)" "$saved" "entries, back"

echo "== damaged, or without room: refused whole"
again v2
head -c $(($(stat -c %s "$WORK/saved-v1") - 40)) "$WORK/saved-v1" >"$WORK/short"
refused 1 "is damaged" nf --lib "$WORK/v2" state restore fw "$WORK/short"
equal "$(entries)" null "entries after a damaged file"
nf detach fw >/dev/null
sed "s/Apply/Apply(CAPACITY $((count - 1)))/" "$INTENT" >"$WORK/small.click"
nfj --lib "$WORK/v2" attach "$WORK/small.click" --name fw --netns "$NF_HOST" --dev p1=p1 --dev p2=p2 >/dev/null
refused 3 "has room for $((count - 1)) entries: 0 are there, and $count of the file would come" \
	nf --lib "$WORK/v2" state restore fw "$WORK/saved-v1"
equal "$(entries)" null "entries without room"

echo "== killed: the next command finishes, without the sources"
again v2
for ((i = 0; i < 12; i++)); do
	nfj state set fw TAB id="$i" stamp=$((i * 3)) hits="$i" >/dev/null
done
few=$(entries)
again v1
for ((i = 0; i < 12; i++)); do
	nfj state set fw TAB id="$i" stamp=$((i * 3)) hits="$i" >/dev/null
done
nfj state save fw "$WORK/few" >/dev/null
again v2
nfj --lib "$WORK/v2" state restore fw "$WORK/few" >/dev/null # compiles
nfj state del fw TAB --all >/dev/null
survey --lib "$WORK/v2" state restore fw "$WORK/few"
at_least "${#POINTS[@]}" 50 "calls"
kills=0 finished=0
for ((i = 0; i < ${#POINTS[@]}; i += 1 + ${#POINTS[@]} / 25)); do
	nfj state del fw TAB --all >/dev/null
	if faulted signal=KILL "${POINTS[i]}" --lib "$WORK/v2" state restore fw "$WORK/few"; then
		kills=$((kills + 1))
		begun=0
		[[ ! -e $WORK/state/fw/journal.json ]] || begun=1
		nfj recover fw >/dev/null
		now=$(entries)
		if ((begun)); then
			finished=$((finished + 1))
			equal "$now" "$few" "killed at ${POINTS[i]}: entries"
		elif [[ $now != "$few" ]]; then
			equal "$now" null "killed at ${POINTS[i]}: entries, before it began"
		fi
	fi
	equal "$(leftovers fw)" "" "killed at ${POINTS[i]}: left behind"
done
at_least "$kills" 10 "kills"
at_least "$finished" 5 "finished by the next command"

echo "== at a boot whose last snapshot is from before an upgrade, without the sources"
again v1
nfj state restore fw "$WORK/saved-v1" >/dev/null
nfj save-all >/dev/null
to v2 >/dev/null
for port in p1 p2; do
	bpftool link detach pinned "$BPFFS/fw/links/$port"
done
rm -rf "${BPFFS:?}/fw"
mv "$WORK/v2" "$WORK/elsewhere"
said=$(nfj restore-all)
holds "$said" ".ok and .nfs[0].lost == \"\" and .nfs[0].states == [{\"atom\": \"TAB\", \"restored\": $count, \"converted\": true}]" "restore-all"
equal "$(entries)" "$saved" "entries after the boot"
nf detach fw >/dev/null

echo "== entries that age: their times, and their keys in the queue"
mkdir "$WORK/wide"
cp "$TOP"/bpf/atoms/{ReadWL,WriteWL}.bpf.c "$TOP"/bpf/atoms/whitelist*.h "$WORK/wide"
sed -i 's/nfup_time created;/__u64 seen;\n\tnfup_time created;/; s/== 24/== 32/' "$WORK/wide/whitelist_entry.h"
cat >"$WORK/wide/WL.migrate.h" <<'END_OF_CONVERTER'
#include "migrate.h"
#include "whitelist_entry.h"

struct wl_entry_v1 {
	nfup_time created;
	nfup_time last_seen;
	enum wl_closing closing;
	nfup_jiffies checked;
};

NFUP_CONVERT(WL, wl_entry_v1, wl_entry)
{
	to->created = from->created;
	to->last_seen = from->last_seen;
	to->closing = from->closing;
	to->checked = from->checked;
	to->seen = 1;
}
END_OF_CONVERTER
attach "$EXAMPLES/firewall.click" >/dev/null
for port in 1 2 3; do
	nfj state set fw WL saddr=10.9.0.1 daddr=10.9.0.2 sport=$port dport=1 proto=tcp family=4 created=1h last_seen=5m >/dev/null
done
# On a machine whose clock is 1,000 s ahead: there they are 1,000 s older.
unshare --time --monotonic 1000 "$BUILD/tools/nfup" --bpffs "$BPFFS" --state-dir "$WORK/state" --cache-dir "$CACHE" \
	state save fw "$WORK/saved-wl" >/dev/null
nf detach fw >/dev/null
nfj --lib "$WORK/wide" attach "$EXAMPLES/firewall.click" --name fw --netns "$NF_HOST" --dev p1=p1 --dev p2=p2 >/dev/null
nfj --lib "$WORK/wide" state restore fw "$WORK/saved-wl" >/dev/null
holds "$(nfj state show fw WL)" '.shown == 3 and all(.entries[].value; .created >= 4600 and .created < 4700 and
	.last_seen >= 1300 and .last_seen < 1400 and .seen == 1)' "ages"
keys=0
while said=$(bpftool -j map dequeue pinned "$BPFFS/fw/state/WL_QUEUE") && [[ $said == *'"value"'* ]]; do
	keys=$((keys + 1))
done
equal "$keys" 3 "keys in the queue"
