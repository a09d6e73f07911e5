#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Migrations at the limits of their tables: a table whose entries age gets another
# capacity under a live connection, and its keys follow; a new table that packets fill
# keeps the migration open until there is room.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/migration/lib.sh
. "$TOP/tests/e2e/migration/lib.sh"
# shellcheck source=tests/e2e/faults.sh
. "$(dirname "$0")/faults.sh"
# shellcheck source=tests/e2e/long_connection.sh
. "$(dirname "$0")/long_connection.sh"
# shellcheck source=examples/demo/traffic.sh
. "$TOP/examples/demo/traffic.sh"

need nginx jq ethtool socat bpftool
lab_up e2e

echo "== an ageing table with another capacity: keys follow their entries"
firewall() { # CAPACITY: an intent
	sed "s/-> WriteWL/-> WriteWL(CAPACITY $1)/" "$EXAMPLES/firewall.click" >"$WORK/firewall-$1.click"
	echo "$WORK/firewall-$1.click"
}
# keys: of WL's entries and, taken out, those in its queue, one a line.
entry_keys() {
	bpftool -j map dump pinned "$BPFFS/fw/state/WL" | jq -r '.[] | .key | join(" ")' | sort
}
queued_keys() {
	local said

	while said=$(bpftool -j map dequeue pinned "$BPFFS/fw/state/WL_QUEUE") && [[ $said == *'"value"'* ]]; do
		jq -r '.value | join(" ")' <<<"$said"
	done | sort
}
# The keys go back, as an insert would have put them.
requeue() {
	local key

	while read -r key; do
		# shellcheck disable=SC2086 # words
		bpftool map enqueue pinned "$BPFFS/fw/state/WL_QUEUE" value $key
	done
}
keys_follow() { # WHAT
	local keys

	keys=$(queued_keys)
	equal "$keys" "$(entry_keys)" "$1: keys in the queue"
	requeue <<<"$keys"
}
flow() { # PORT…: entries of theirs
	local port

	for port; do
		nfj state set fw WL saddr=10.9.0.1 daddr=10.9.0.2 sport="$port" dport=80 proto=tcp family=4 last_seen=1m >/dev/null
	done
}
attach "$(firewall 200)" >/dev/null
web_start "$WORK/web" 100 1
long_connection
flow {1..80}
holds "$(nfj state list fw WL)" '.states[0].entries == 81 and .states[0].max_entries == 200' "entries"
said=$(nfj upgrade fw "$(firewall 300)" --no-canary)
holds "$said" '[.state[] | select(.action == "migrate").atom] == ["WL"]' "what migrates"
holds "$(nfj state list fw WL)" '.states[0].entries == 81 and .states[0].max_entries == 300' "more room"
keys_follow "more room"
asked || fail "the connection does not go on in the larger table"
nfj rollback fw >/dev/null
holds "$(nfj state list fw WL)" '.states[0].entries == 81 and .states[0].max_entries == 200' "back"
keys_follow "back"
asked || fail "the connection does not go on after the way back"
# 81 keys and a queue for 20: those without an entry must not be in the way.
holds "$(nfj state del fw WL --where 'sport > 5 && sport <= 80')" '.deleted == 75' "entries that go"
nfj upgrade fw "$(firewall 10)" --no-canary >/dev/null
holds "$(nfj state list fw WL)" '.states[0].entries == 6 and .states[0].max_entries == 10' "less room"
keys_follow "less room"
asked || fail "the connection does not go on in the smaller table"
holds "$(nfj status fw)" '.tail_call_miss == 0 and .unfinished == ""' "the status"
nf detach fw >/dev/null

echo "== a new table that packets fill while nfup is away"
layouts
converters
sed "s/Apply/Apply(CAPACITY 10)/" "$INTENT" >"$WORK/small.click"
# operation WHAT ID: as a packet; 1 inserts, 4 deletes (migration/operation.h).
operation() {
	local packet

	packet=$(printf '\\x70\\x75\\x66\\x6e\\x%02x\\0\\0\\0\\x%02x\\0\\0\\0\\x%02x\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0' "$1" "$2" "$2")
	on "$CLIENT" bash -c "printf '$packet' >/dev/udp/$LAB_SERVER_IP/7790"
}
# in_map ID MAP…: it has an entry of that id, by and by.
in_map() {
	local id=$1 i

	shift
	for ((i = 0; i < 200; i++)); do
		! bpftool map lookup "$@" key "$id" 0 0 0 0 0 0 0 >/dev/null 2>&1 || return 0
		sleep 0.02
	done
	return 1
}
attach_table v1 >/dev/null
for ((id = 0; id < 10; id++)); do
	nfj state set fw TAB id=$id stamp=$((id * 5)) hits=$id >/dev/null
done
words=(--lib "$WORK/v2" upgrade fw "$WORK/small.click" --no-canary)
nfj "${words[@]}" >/dev/null # compiles
nfj rollback fw >/dev/null
survey "${words[@]}"
nfj rollback fw >/dev/null
sweep=$(awk '{ sub(/^[0-9]+ +/, "") } /^bpf\(/ { n++ } /^bpf\(BPF_PROG_TEST_RUN/ { print n; exit }' "$WORK/trace")
at_least "${sweep:-0}" 10 "the call that sweeps"
faulted signal=KILL "bpf $sweep" "${words[@]}" || fail "nfup was not killed"
journal=$(cat "$WORK/state/fw/journal.json")
holds "$journal" '.operation == "migrate"' "killed before it swept"
old=$(jq '.migrations[0].from' "$WORK/state/fw/gen-$(running).json")
for id in 100 101 102; do
	operation 1 $id
	in_map $id pinned "$BPFFS/fw/state/TAB" || fail "the packet's entry $id is not in the new table"
done
refused 3 "3 entries of TAB found no room" nf recover fw
refused 3 "3 entries of TAB found no room.*" nf rollback fw
refused 3 "nfup state del fw .* makes room" nf recover fw
refused 3 "is migrating" nf state show fw TAB
equal "$(bpftool -j map dump id "$old" | jq length)" 3 "entries that wait"
# An entry can go wherever it is, by a packet or by hand.
operation 4 100
for ((i = 0; i < 200; i++)); do
	bpftool map lookup pinned "$BPFFS/fw/state/TAB" key 100 0 0 0 0 0 0 0 >/dev/null 2>&1 || break
	sleep 0.02
done
((i < 200)) || fail "the packet's deletion"
refused 3 "2 entries of TAB found no room" nf recover fw
waiting=$(($(bpftool -j map dump id "$old" | jq -r '.[0].key[0]')))
holds "$(nfj state del fw TAB id=$waiting)" '.deleted == 1' "an entry that waits"
! in_table=$(bpftool map lookup id "$old" key $waiting 0 0 0 0 0 0 0 2>/dev/null) || fail "it is there still: $in_table"
holds "$(nfj state del fw TAB --where 'id == 101 || stamp == 102')" '.deleted == 2' "entries that have moved"
holds "$(nfj recover fw)" '.ok and (.nfs[0].message | test("finished"))' "recover"
equal "$(nfj state show fw TAB | jq -cS '[.entries[] | [.key.id, .value.stamp, .value.hits]] | sort')" \
	"$(jq -cn "[range(10) | select(. != $waiting) | [., . * 5, .]]")" "entries at the end"
holds "$(nfj status fw)" '.tail_call_miss == 0 and .unfinished == ""' "the status"
nfj rollback fw >/dev/null
holds "$(nfj state list fw)" '.states[0].entries == 9 and .states[0].max_entries > 1000000' "back"
