#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# `nfup trace`: what Print nodes see of real traffic, as text, JSON lines and pcap.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"

need jq ping tcpdump
lab_up e2e
cat >"$WORK/plain.click" <<-'INTENT'
	FromDevice(p1) -> c :: Classifier(12/0800, -) -> there :: ToDevice(p2);
	c[1] -> there;
	FromDevice(p2) -> ToDevice(p1);
INTENT
sed 's/-> there ::/-> seen :: Print("from the client", MAXLENGTH 60) -> there ::/
	s/FromDevice(p2) ->/FromDevice(p2) -> back :: Print ->/' "$WORK/plain.click" >"$WORK/print.click"
grep -q 'seen :: Print' "$WORK/print.click" && grep -q 'back :: Print' "$WORK/print.click"

# trace COUNT FILE OPTION…: while a ping goes on.
trace() {
	local count=$1 out=$2 tracer

	shift 2
	timeout 20 "$BUILD/tools/nfup" --bpffs "$BPFFS" --state-dir "$WORK/state" "$@" --count "$count" \
		>"$out" 2>"$out.said" &
	tracer=$!
	for ((i = 0; i < 100; i++)); do # until it has begun
		grep -qs tracing "$out.said" && break
		sleep 0.05
	done
	on "$CLIENT" ping -qc 30 -i 0.02 -s 80 "$LAB_SERVER_IP" >/dev/null || fail "no traffic while it traces"
	wait "$tracer" || fail "trace: $(cat "$out.said")"
	grep -q "^$count packets" "$out.said" || fail "trace says: $(cat "$out.said")"
}

echo "== an NF without Print"
attach "$WORK/plain.click" nf >/dev/null
refused 1 "no Print.*|put a Print" nf trace nf
refused '[12]' 'nobody' nf trace nobody

echo "== an upgrade brings it"
holds "$(nfj upgrade nf "$WORK/print.click")" '.result == "committed"' "upgrade"
refused 1 'no node sene' nf trace nf sene
refused 1 'node c is no Print but a Classifier' nf trace nf c
refused 2 'cannot write /no/such: No such file' nf trace nf --pcap /no/such
refused 1 some nf trace nf --count some
# Nobody reads: nothing is held up.
on "$CLIENT" ping -qc 20 -i 0.01 "$LAB_SERVER_IP" >/dev/null || fail "no traffic"

echo "== text"
trace 6 "$WORK/text" trace nf seen
equal "$(grep -cE '^[0-9:.]{15} from the client: p1, 122 bytes: .*IPv4.*ICMP' "$WORK/text")" 6 "lines of $(cat "$WORK/text")"

echo "== JSON lines, of all Prints"
trace 10 "$WORK/lines" -j trace nf
holds "$(jq -s . "$WORK/lines")" '[.[].node] | unique == ["back", "seen"]' "both nodes"
holds "$(jq -s . "$WORK/lines")" \
	'all(.length == 122 and (.missed == 0)) and all(.[] | select(.node == "seen"); (.bytes | length) == 120)' "lengths"
holds "$(jq -s . "$WORK/lines")" '[.[].time_ns] | (max - min) / 1e9 < 20 and (now - max / 1e9) < 20' "times"

echo "== pcap"
trace 8 "$WORK/pcap" trace nf back --pcap -
equal "$(tcpdump -nr "$WORK/pcap" 2>/dev/null | grep -c "IP $LAB_SERVER_IP > $LAB_CLIENT_IP: ICMP echo reply")" 8 \
	"replies in the file"
trace 3 "$WORK/none" trace nf --pcap "$WORK/file.pcap"
equal "$(tcpdump -nr "$WORK/file.pcap" 2>/dev/null | grep -c ICMP)" 3 "packets in the named file"

echo "== one reader at a time, over an upgrade"
trace 20 "$WORK/long" -j trace nf &
reader=$!
for ((i = 0; i < 100; i++)); do
	grep -qs tracing "$WORK/long.said" && break
	sleep 0.05
done
refused 3 'another nfup traces' nf trace nf
nfj upgrade nf "$WORK/plain.click" >/dev/null
nfj upgrade nf "$WORK/print.click" >/dev/null
on "$CLIENT" ping -qc 20 -i 0.02 "$LAB_SERVER_IP" >/dev/null || fail "no traffic"
wait "$reader" || fail "the reader did not go on after the upgrades"

echo "== a ring that nobody empties"
on "$CLIENT" ping -qc 4000 -f -s 1000 "$LAB_SERVER_IP" >/dev/null || fail "no traffic with a full ring"
holds "$(nfj status nf)" '.tail_call_miss == 0' "no miss"
trace 5 "$WORK/after" -j trace nf seen
holds "$(jq -s . "$WORK/after")" 'all(.length == 122)' "packets from before the trace are left out"
