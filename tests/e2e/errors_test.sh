#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What is refused, with which exit code and in which words; and that a refusal
# leaves a running NF as it was.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"

need jq ethtool setpriv bpftool
lab_up e2e
P1=(--netns "$NF_HOST" --dev p1=p1)
BOTH=("${P1[@]}" --dev p2=p2)
FIREWALL=$EXAMPLES/firewall.table

# is_json_error CODE COMMAND…: with -j the error is JSON on stdout.
is_json_error() {
	local code=$1 got=0 said

	shift
	said=$(nfj "$@" 2>/dev/null) || got=$?
	# shellcheck disable=SC2053 # a glob
	[[ $got == $code ]] || fail "exit code $got, not $code, of -j $*"
	jq -e . <<<"$said" >/dev/null || fail "not JSON: $said"
}

unknown_class() {
	printf -- '- - - FromDevice p1\nFromDevice - - Chek\nChek - - ToDevice p2\n' >"$WORK/unknown.table"
	refused 1 'Chek' nf check "$WORK/unknown.table"
	refused 1 'unknown\.table:2|line 2' nf check "$WORK/unknown.table"
	refused 1 'Chek' nf attach "$WORK/unknown.table" --name bad "${BOTH[@]}"
	is_json_error 1 check "$WORK/unknown.table"
	is_json_error 1 attach "$WORK/unknown.table" --name bad "${BOTH[@]}"
}

missing_intent() {
	refused 1 'no-such|no such' nf check "$WORK/no-such.table"
	is_json_error 1 check "$WORK/no-such.table"
}

# A class that calls itself a module and owns a map.
module_with_a_map() {
	mkdir -p "$WORK/lib-map"
	cat >"$WORK/lib-map/Null.bpf.c" <<-'SOURCE'
		/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
		#include "nfup.h"

		NFUP_OUTPUTS("out");

		struct {
			__uint(type, BPF_MAP_TYPE_HASH);
			__uint(max_entries, 16);
			__type(key, __u32);
			__type(value, __u64);
		} secrets SEC(".maps");

		NFUP_MODULE(Null, "A module that remembers")
		{
			__u32 key = 1;

			return bpf_map_lookup_elem(&secrets, &key) ? DROP(DISCARD) : NEXT(0);
		}
	SOURCE
	echo 'FromDevice(p1) -> Null -> ToDevice(p2); FromDevice(p2) -> ToDevice(p1);' >"$WORK/null.click"
	refused 1 'secrets' nf --lib "$WORK/lib-map" attach "$WORK/null.click" --name bad "${BOTH[@]}"
	refused 1 'module|atom' nf --lib "$WORK/lib-map" attach "$WORK/null.click" --name bad "${BOTH[@]}"
	is_json_error 1 --lib "$WORK/lib-map" attach "$WORK/null.click" --name bad "${BOTH[@]}"
}

broken_source() {
	mkdir -p "$WORK/lib-broken"
	sed 's/return NEXT(0);/return NEXT(0)/' "$TOP/bpf/modules/Strip.bpf.c" >"$WORK/lib-broken/Strip.bpf.c"
	refused 1 'Strip\.bpf\.c:[0-9]+' nf --lib "$WORK/lib-broken" attach "$FIREWALL" --name bad "${BOTH[@]}"
}

missing_device() {
	refused 2 'nosuch0' nf attach "$FIREWALL" --name bad "${P1[@]}" --dev p2=nosuch0
	is_json_error 2 attach "$FIREWALL" --name bad "${P1[@]}" --dev p2=nosuch0
	refused 2 'nfup-no-such' nf attach "$FIREWALL" --name bad --netns nfup-no-such --dev p1=p1 --dev p2=p2
	refused 1 'p2' nf attach "$FIREWALL" --name bad "${P1[@]}"
}

busy_device() {
	attach "$FIREWALL" >/dev/null
	refused 2 'p1.*(busy|already|in use|has)|(busy|already|in use).*p1' \
		nf attach "$FIREWALL" --name other "${BOTH[@]}"
	is_json_error 2 attach "$FIREWALL" --name other "${BOTH[@]}"
	on "$CLIENT" ping -qc 1 "$LAB_SERVER_IP" >/dev/null || fail "the refusal broke the one that runs"
	refused '[12]' 'busy|fw' nf attach "$FIREWALL" --name fw "${BOTH[@]}"
}

# What the verifier refuses is shown as a place in the source; -v and -j have its log.
verifier_refuses() {
	local bad=(--lib "$TOP/tests/bpf/bad") said

	echo 'FromDevice(p1) -> PacketUnchecked -> ToDevice(p2); FromDevice(p2) -> ToDevice(p1);' >"$WORK/bad.click"
	refused 3 'PacketUnchecked\.bpf\.c:10:[0-9]+: error: no check says' nf "${bad[@]}" upgrade fw "$WORK/bad.click"
	refused 3 '^hint: ask for all the bytes' nf "${bad[@]}" upgrade fw "$WORK/bad.click"
	refused 3 '^44?: \([0-9a-f]{2}\)' nf -v "${bad[@]}" upgrade fw "$WORK/bad.click"
	said=$(nf -j "${bad[@]}" upgrade fw "$WORK/bad.click") && fail "the verifier takes it"
	holds "$said" '.error.verifier | (.source.file | endswith("bad/PacketUnchecked.bpf.c")) and .source.line == 10
		and (.mend | contains("at(")) and (.log | contains("invalid access to packet"))' "the verifier in JSON"
}

# An upgrade that is refused leaves the generation and its traffic alone.
refused_upgrade() {
	refused 1 'Chek' nf upgrade fw "$WORK/unknown.table"
	refused 1 'secrets' nf --lib "$WORK/lib-map" upgrade fw "$WORK/null.click"
	verifier_refuses
	holds "$(nfj status fw)" '.generation == 1 and .tail_call_miss == 0' "still the first generation"
	on "$CLIENT" ping -qc 1 "$LAB_SERVER_IP" >/dev/null || fail "a refused upgrade broke the one that runs"
	refused '[123]' '.' nf rollback fw
	nfj detach fw >/dev/null
}

# A user's copy of one atom with another table than its bundled partner's; then
# both with that table, which the running map does not fit: two fields of one size have
# changed places.
other_schema() {
	local atom

	mkdir -p "$WORK/lib-one" "$WORK/lib-both"
	sed 's/, 65536)/, 1024)/' "$TOP/bpf/atoms/whitelist.h" >"$WORK/lib-both/whitelist.h"
	sed '/nfup_time created;/d; s/^\tenum wl_closing closing;/\tnfup_time created;\n&/' \
		"$TOP/bpf/atoms/whitelist_entry.h" >"$WORK/lib-both/whitelist_entry.h"
	sed -i 's|"\.\./|"|' "$WORK/lib-both/"*.h
	cp "$TOP"/bpf/atoms/{ReadWL,WriteWL}.bpf.c "$WORK/lib-both"
	cp "$WORK/lib-both/"{whitelist.h,whitelist_entry.h,ReadWL.bpf.c} "$WORK/lib-one"
	refused 1 'declares the state WL otherwise.*|max_entries: ' nf --lib "$WORK/lib-one" check "$FIREWALL"

	attach "$FIREWALL" >/dev/null
	refused 3 'state WL has another schema' nf --lib "$WORK/lib-both" upgrade fw "$FIREWALL"
	refused 3 'max_entries: 65536 -> 1024' nf --lib "$WORK/lib-both" upgrade fw "$FIREWALL"
	refused 3 'value.created: u64 @0 -> u64 @8' nf --lib "$WORK/lib-both" upgrade fw "$FIREWALL"
	refused 3 'there is no WL.migrate.h' nf --lib "$WORK/lib-both" upgrade fw "$FIREWALL"
	holds "$(nfj status fw)" '.generation == 1 and (.state[] | select(.atom == "WL").max_entries) == 65536' "kept"
	# On purpose: the entries go, and come back with a rollback.
	holds "$(nfj --lib "$WORK/lib-both" upgrade fw "$FIREWALL" --drop-state WL)" \
		'[.state[] | select(.atom == "WL").action] == ["drop"]' "dropped"
	holds "$(nfj status fw)" '(.state[] | select(.atom == "WL").max_entries) == 1024' "the new table"
	on "$CLIENT" ping -qc 1 "$LAB_SERVER_IP" >/dev/null || fail "no traffic with the new table"
	nfj rollback fw >/dev/null
	holds "$(nfj status fw)" '(.state[] | select(.atom == "WL").max_entries) == 65536' "the old table"
	nfj detach fw >/dev/null
}

# Attached by an nfup whose counters have room for another number of reasons.
other_counters() {
	attach "$FIREWALL" >/dev/null
	mv "$BPFFS/fw/counters" "$BPFFS/fw/kept"
	bpftool map create "$BPFFS/fw/counters" type percpu_array key 4 value 272 entries 1024 name counters
	refused 2 'another version of nfup.*272 bytes' nf status fw
	refused 2 'another version of nfup' nf upgrade fw "$FIREWALL"
	on "$CLIENT" ping -qc 1 "$LAB_SERVER_IP" >/dev/null || fail "no traffic after the refusal"
	rm "$BPFFS/fw/counters"
	mv "$BPFFS/fw/kept" "$BPFFS/fw/counters"
	holds "$(nfj status fw)" '.generation == 1' "with its own counters again"
	nfj detach fw >/dev/null
}

no_such_nf() {
	refused '[12]' 'nobody-here' nf status nobody-here
	refused '[12]' 'nobody-here' nf upgrade nobody-here "$FIREWALL"
	is_json_error '[12]' status nobody-here
}

# As a user without capabilities, and as root whose capabilities were taken.
missing_capability() {
	local none=(setpriv --bounding-set -all --inh-caps -all)

	refused 2 'capabilit|CAP_|root|permi' "${none[@]}" "$BUILD/tools/nfup" --bpffs "$BPFFS" --state-dir "$WORK/state" \
		--cache-dir "$CACHE" attach "$FIREWALL" --name bad "${BOTH[@]}"
	refused 2 'capabilit|CAP_|root|permi' setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$BUILD/tools/nfup" --bpffs "$BPFFS" --state-dir "$WORK/state-nobody" \
		--cache-dir "$WORK/cache-nobody" attach "$FIREWALL" --name bad "${BOTH[@]}"
}

bad_usage() {
	refused 1 'frobnicate' nf frobnicate
	refused 1 '.' nf attach
	refused 1 'no-such-option' nf attach "$FIREWALL" --no-such-option
}

for case in unknown_class missing_intent module_with_a_map broken_source missing_device busy_device refused_upgrade \
	other_schema other_counters no_such_nf missing_capability bad_usage; do
	echo "== $case"
	"$case"
done
# Nothing that was refused left anything behind.
equal "$(find "$BPFFS" -mindepth 1 2>/dev/null | head -5)" "" "what is left in bpffs"
