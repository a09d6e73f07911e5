#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# nfup state save and restore under a live connection: what was saved is back, with its
# age; a file that is damaged, of another layout or too large is refused whole; a
# restore that is killed anywhere is finished by the next command.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/faults.sh
. "$(dirname "$0")/faults.sh"
# shellcheck source=tests/e2e/long_connection.sh
. "$(dirname "$0")/long_connection.sh"
# shellcheck source=examples/demo/traffic.sh
. "$TOP/examples/demo/traffic.sh"

need nginx curl jq ethtool socat
lab_up e2e
attach "$EXAMPLES/firewall.click" >/dev/null
web_start "$WORK/web" 100 1
PORT=40123

long_connection "bind=$LAB_CLIENT_IP:$PORT"
FLOW=("saddr=$LAB_CLIENT_IP" "daddr=$LAB_SERVER_IP" "sport=$PORT" dport=80 proto=tcp family=4)
age() {
	nfj state get fw WL "${FLOW[@]}" | jq .value.created
}

echo "== save, lose, restore"
entries=$(nfj state list fw | jq '.states[] | select(.atom == "WL").entries')
at_least "$entries" 1 "entries"
said=$(nfj state save fw "$WORK/saved")
holds "$said" ".ok and ([.states[].atom] | sort == [\"FSM\", \"WL\"]) and (.states[] | select(.atom == \"WL\").entries) == $entries" "save"
equal "$(find "$WORK" -name 'saved*')" "$WORK/saved" "files"
old=$(age)
holds "$(nfj state del fw WL --all)" ".deleted == $entries" "the entries are lost"
! asked 1 || fail "the firewall lets a flow through that it forgot"
said=$(nfj state restore fw "$WORK/saved")
holds "$said" ".ok and (.states[] | select(.atom == \"WL\") | .restored == $entries and .kept == 0)" "restore"
asked 30 || fail "the connection does not go on" # with TCP's next try of what was lost
holds "{\"now\": $(age), \"old\": $old}" '.now > .old and .now < .old + 120' "the entry's age"
holds "$(nfj state restore fw "$WORK/saved")" ".states[] | select(.atom == \"WL\") | .restored == 0 and .kept == $entries" "what is there stays"
holds "$(nfj state restore fw "$WORK/saved" WL --overwrite)" ".states == [{\"atom\": \"WL\", \"restored\": $entries, \"kept\": 0, \"converted\": false}]" "unless told"
asked || fail "after --overwrite"

echo "== refused whole"
before=$(nfj state show fw WL | jq -S '[.entries[].key] | sort')
head -c 700 "$WORK/saved" >"$WORK/short"
refused 1 'is damaged' nf state restore fw "$WORK/short"
cp "$WORK/saved" "$WORK/bent"
at=$(($(stat -c %s "$WORK/bent") - 40))
other=X
[[ $(dd if="$WORK/bent" bs=1 skip=$at count=1 status=none | tr '\0' 0) != X ]] || other=Y
printf %s $other | dd of="$WORK/bent" bs=1 seek=$at conv=notrunc status=none
refused 1 'checksum' nf state restore fw "$WORK/bent"
refused 1 'is no state file' nf state restore fw "$EXAMPLES/firewall.click"
refused 2 'No such file' nf state restore fw "$WORK/none"
refused 1 "the file has no state 'NAT'" nf state restore fw "$WORK/saved" NAT
# Two fields of one size change places: the kernel would take it.
mkdir "$WORK/swapped"
cp "$TOP"/bpf/atoms/{ReadWL,WriteWL}.bpf.c "$TOP"/bpf/atoms/whitelist*.h "$WORK/swapped"
sed -i 's/nfup_time last_seen;/nfup_time SWAP;/; s/nfup_time created;/nfup_time last_seen;/; s/nfup_time SWAP;/nfup_time created;/' "$WORK/swapped/whitelist_entry.h"
nfj --lib "$WORK/swapped" upgrade fw "$EXAMPLES/firewall.click" --drop-state WL --no-canary >/dev/null
refused 3 'saved with another schema:' nf state restore fw "$WORK/saved"
refused 3 'last_seen: u64 @' nf state restore fw "$WORK/saved"
holds "$(nfj state show fw WL)" '.shown <= 1' "nothing of it was restored" # the connection's own
nfj rollback fw >/dev/null
equal "$(nfj state show fw WL | jq -S '[.entries[].key] | sort')" "$before" "nothing changed"

echo "== killed"
for ((i = 0; i < 40; i++)); do
	nfj state set fw WL saddr=10.9.0.1 daddr=10.9.0.2 sport="$i" dport=1 proto=tcp family=4 >/dev/null
done
nfj state save fw "$WORK/saved" >/dev/null
entries=$(nfj state show fw WL | jq .shown)
at_least "$entries" 41 "entries"
# The calls of a restore into an empty table, and a kill at some of each kind.
nfj state del fw WL --all >/dev/null
survey state restore fw "$WORK/saved"
at_least "${#POINTS[@]}" 50 "calls"
kills=0
for ((i = 0; i < ${#POINTS[@]}; i += 1 + ${#POINTS[@]} / 25)); do
	nfj state del fw WL --all >/dev/null
	if faulted signal=KILL "${POINTS[i]}" state restore fw "$WORK/saved"; then
		kills=$((kills + 1))
		begun=0
		[[ ! -e $WORK/state/fw/journal.json ]] || begun=1
		said=$(nfj recover fw)
		if ((begun)); then
			holds "$said" '.nfs[0].message | test("a dead `restore`.*finished")' "killed at ${POINTS[i]}: recover"
			holds "$(nfj state show fw WL)" ".shown >= $entries - 1" "killed at ${POINTS[i]}: all is there"
		fi
	fi
	[[ -z $(leftovers fw) ]] || fail "killed at ${POINTS[i]}: $(leftovers fw)"
done
at_least "$kills" 10 "kills"
# A save that is killed leaves the old file.
sum=$(sha256sum <"$WORK/saved")
faulted signal=KILL "rename 1" state save fw "$WORK/saved" || fail "the save was not killed"
equal "$(sha256sum <"$WORK/saved")" "$sum" "the file of before"
rm -f "$WORK"/saved.tmp*
# A full disk.
mkdir "$WORK/full"
mount -t tmpfs -o size=4k tmpfs "$WORK/full"
code=0
nf state save fw "$WORK/full/saved" >"$WORK/said" 2>&1 || code=$?
left=$(ls "$WORK/full")
umount "$WORK/full"
equal "$code" 2 "a full disk"
grep -q 'No space left' "$WORK/said" || fail "a full disk: $(cat "$WORK/said")"
equal "$left" "" "left on the full disk"

echo "== no room"
cat >"$WORK/small.click" <<-'INTENT'
	FromDevice(p1) -> ToDevice(p2); FromDevice(p2) -> ToDevice(p1);
INTENT
nfj state restore fw "$WORK/saved" >/dev/null
asked 30 || fail "the connection does not go on at the end"
nfj upgrade fw "$WORK/small.click" >/dev/null
refused 3 'has not' nf state restore fw "$WORK/saved"
