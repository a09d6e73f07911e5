#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# nfup state list, show, get, set and del on the states of running NFs, while real
# connections use them: what is shown is what is there, what is written is what the
# packets meet, and mistakes are named where they are.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=examples/demo/traffic.sh
. "$TOP/examples/demo/traffic.sh"

need nginx curl jq ethtool socat bpftool
lab_up e2e
attach "$EXAMPLES/firewall.click" >/dev/null
web_start "$WORK/web" 100 1
PORT=40123

fetch() {
	on "$CLIENT" curl -sf --noproxy '*' --max-time 5 -r 0-999 -o "$WORK/part" "http://$LAB_SERVER_IP/1.bin"
}

# A connection that stays open, from a port we know.
mkfifo "$WORK/fifo"
on "$CLIENT" socat -u "EXEC:cat $WORK/fifo" "TCP4:$LAB_SERVER_IP:80,bind=$LAB_CLIENT_IP:$PORT" &
exec 9>"$WORK/fifo" # once socat reads
established() {
	[[ -n $(on "$SERVER" ss -Hnt state established "dport = :$PORT") ]]
}
for ((i = 0; i < 250; i++)); do
	! established || break
	sleep 0.02
done
established || fail "the connection was not set up"
FLOW=("saddr=$LAB_CLIENT_IP" "daddr=$LAB_SERVER_IP" "sport=$PORT" dport=80 proto=tcp family=4)

echo "== list"
said=$(nfj state list fw)
holds "$said" '[.states[].atom] | sort == ["FSM", "WL"]' "the states"
holds "$said" '.states[] | select(.atom == "WL") | .entries >= 1 and .max_entries > 1 and .type == "hash" and
	(.schema | length) == 32 and ([.nodes[].class] | index("ReadWL") != null)' "WL"
holds "$said" '.states[] | select(.atom == "WL").fields | map({(.name): .meaning}) | add |
	.saddr == "address" and .sport == "number" and .proto == "proto" and .last_seen == "time" and
	.checked == "jiffies" and .closing == "enum" and has("zero") == false' "the fields of WL"
grep -q "used by .*ReadWL" <<<"$(nf state list fw)" || fail "the list as text"

echo "== show and get"
holds "$(nfj state show fw WL --where "sport == $PORT")" ".shown == 1 and .more == false and .ok and
	.entries[0].key == {\"saddr\": \"$LAB_CLIENT_IP\", \"daddr\": \"$LAB_SERVER_IP\", \"sport\": $PORT, \"dport\": 80,
		\"proto\": \"tcp\", \"family\": 4} and
	.entries[0].value.closing == \"WL_OPEN\" and .entries[0].value.last_seen >= 0 and .entries[0].value.last_seen < 30" "the connection"
nf state show fw WL >"$WORK/text"
grep -qE "^saddr +daddr +sport" "$WORK/text" || fail "the heading: $(cat "$WORK/text")"
grep -qE "^$LAB_CLIENT_IP +$LAB_SERVER_IP +$PORT +80 +tcp +4 .*WL_OPEN" "$WORK/text" || fail "the row: $(cat "$WORK/text")"
holds "$(nfj state get fw WL "${FLOW[@]}")" '.ok and .value.closing == "WL_OPEN"' "get"
holds "$(nfj state show fw WL --where 'saddr == 10.77.0.0/24 && !(closing != OPEN) && last_seen < 1h')" '.shown >= 1' "an expression"
holds "$(nfj state show fw WL --where 'saddr == 10.78.0.0/16 || last_seen == never')" '.shown == 0' "none"
for ((i = 0; i < 5; i++)); do
	fetch || fail "HTTP"
done
holds "$(nfj state show fw WL --limit 2)" '.shown == 2 and .more' "a limit"

echo "== set and del: the packets meet it"
nf state del fw WL "${FLOW[@]}" >/dev/null
refused 1 "no such entry" nf state get fw WL "${FLOW[@]}"
refused 1 "no such entry" nf state del fw WL "${FLOW[@]}"
refused 1 "no such entry.*" nf state set fw WL "${FLOW[@]}" closing=fin --existing
holds "$(nfj state set fw WL "${FLOW[@]}" created=5m)" '.created and .value.closing == "WL_OPEN" and
	.value.created >= 300 and .value.created < 310 and .value.last_seen < 10 and .value.checked > 1000' "the entry is back"
refused 1 "already" nf state set fw WL "${FLOW[@]}" --create
holds "$(nfj state set fw WL "${FLOW[@]}" closing=FIN)" '.created == false and .value.closing == "WL_FIN" and
	.value.created >= 300' "only the named field changed"
nf state set fw WL "${FLOW[@]}" closing=WL_OPEN last_seen=2h >/dev/null
printf 'GET /1.bin HTTP/1.0\r\nRange: bytes=0-9\r\n\r\n' >&9
for ((i = 0; i < 250; i++)); do
	[[ $(nfj state get fw WL "${FLOW[@]}" | jq '.value.last_seen > 100') == true ]] || break
	sleep 0.02
done
holds "$(nfj state get fw WL "${FLOW[@]}")" '.value.last_seen < 30 and .value.created >= 300' "a packet has used the entry"
nf state set fw WL "${FLOW[@]}" last_seen=200h >/dev/null # longer than the node allows
holds "$(nfj state show fw WL --where 'last_seen > 100h')" '.shown == 1' "an expired entry is an entry"
before=$(nfj state show fw WL | jq .shown)
said=$(nfj state del fw WL --where 'last_seen > 100h')
holds "$said" '.deleted == 1' "del by an expression"
holds "$(nfj state show fw WL)" ".shown == $((before - 1))" "what is left"
holds "$(nfj state del fw WL --all)" ".deleted >= 1" "del --all"
fetch || fail "a new connection after all were forgotten"
# An IPv6 flow that never was.
nf state set fw WL saddr=fd00::1 daddr=fd00::2 sport=1 dport=0x1bb proto=6 family=6 >/dev/null
holds "$(nfj state show fw WL --where 'dport == 443')" '.entries[0].key.daddr == "fd00::2"' "IPv6"

echo "== mistakes"
refused 1 "no state 'WX'" nf state show fw WX
refused 1 "no NF 'other'" nf state list other
refused 1 "FIELD=VALUE" nf state get fw WL saddr
refused 1 "no field 'sadr'.*" nf state get fw WL sadr=10.0.0.1
refused 1 "missing: daddr, sport" nf state get fw WL saddr=10.0.0.1
refused 1 "given twice" nf state get fw WL "${FLOW[@]}" sport=1
refused 1 "no field of the key" nf state get fw WL "${FLOW[@]}" closing=OPEN
refused 1 "none of WL_OPEN, WL_FIN, WL_RESET" nf state set fw WL "${FLOW[@]}" closing=SHUT
refused 1 "does not fit into 16 bits" nf state get fw WL "${FLOW[@]/sport=*/sport=65536}"
refused 1 "no IP address" nf state get fw WL "${FLOW[@]/saddr=*/saddr=10.0.0}"
refused 1 "a key, or --where" nf state del fw WL
refused 1 "a key, or --where" nf state del fw WL --all --where 'sport == 1'
refused 1 "no command 'state dump'" nf state dump fw
refused 1 "usage: nfup state show" nf state show fw
holds "$(nf -j state show fw WL --where 'sport = 1')" '.ok == false and .diagnostics[0].column == 7 and .error.code == 1' "where it is"
holds "$(nf -j state show fw WL --where 'dport == 1 && sprt == 1')" '.diagnostics[0].column == 15 and
	(.diagnostics[0].hint | contains("sport"))' "a mistyped field"
# Somebody else is at it: writers are refused, readers are not.
flock "$WORK/state/fw/lock" bash -c "
	'$BUILD/tools/nfup' --bpffs '$BPFFS' --state-dir '$WORK/state' state show fw WL >/dev/null || exit 9
	'$BUILD/tools/nfup' --bpffs '$BPFFS' --state-dir '$WORK/state' state del fw WL --all" >"$WORK/said" 2>&1 && code=0 || code=$?
equal "$code" 3 "del while another works"
grep -q "has been working on 'fw'" "$WORK/said" || fail "who is at it: $(cat "$WORK/said")"
web_stop
exec 9>&-
nf detach fw >/dev/null

echo "== a NAT's states"
ip -n "$CLIENT" link set eth0 address 02:00:00:00:77:01 # as the NAT answers ARP for it
attach "$EXAMPLES/nat.click" nat >/dev/null
on "$SERVER" socat -u UDP4-RECV:7007 "CREATE:$WORK/query" &
for ((i = 0; i < 250; i++)); do # until the server listens
	echo hello | on "$CLIENT" socat -u - "UDP4-SENDTO:$LAB_SERVER_IP:7007,bind=$LAB_CLIENT_IP:6007"
	[[ ! -s $WORK/query ]] || break
	sleep 0.02
done
equal "$(head -1 "$WORK/query")" hello "what went through the NAT"
holds "$(nfj state get nat NAT addr=$LAB_CLIENT_IP port=6007 proto=udp)" \
	'.value.outside == {"addr": "10.77.0.100", "port": 6007, "proto": "udp"} and .value.checked >= 0' "the mapping"
holds "$(nfj state show nat POOL --where "inside.addr == $LAB_CLIENT_IP && idle == 300")" '.shown == 1' "the lease"
# A static forward (docs/nat.md): from outside to a port inside.
nf state set nat POOL addr=10.77.0.100 port=8080 proto=tcp inside.addr=$LAB_CLIENT_IP inside.port=80 inside.proto=tcp idle=0 >/dev/null
nf state set nat NAT addr=$LAB_CLIENT_IP port=80 proto=tcp outside.addr=10.77.0.100 outside.port=8080 outside.proto=tcp >/dev/null
on "$CLIENT" socat TCP4-LISTEN:80,fork,reuseaddr "SYSTEM:echo forwarded" &
for ((i = 0; i < 100; i++)); do
	said=$(on "$SERVER" timeout 1 socat -u TCP4:10.77.0.100:8080 - 2>/dev/null || true)
	[[ $said != forwarded ]] || break
	sleep 0.05
done
equal "$said" forwarded "a connection to the forwarded port"

echo "== a state that begins to age"
mkdir -p "$WORK/plain" "$WORK/aged"
for kind in plain aged; do
	macro='NFUP_STATE(NOTED, BPF_MAP_TYPE_HASH'
	[[ $kind == plain ]] || macro='NFUP_AGED_STATE(NOTED'
	cat >"$WORK/$kind/Note.bpf.c" <<-CODE
		#include "ageing.h"
		struct noted_entry { nfup_time last_seen; };
		$macro, struct flow_key, struct noted_entry, 256);
		NFUP_OUTPUTS("out");
		NFUP_ATOM(Note, "Is the packet's flow noted?")
		{
			struct noted_entry *e = state_lookup(NOTED, &p->flow);

			if (e && e->last_seen == ~0ull)
				return DROP(STATE_INVALID);
			return NEXT(0);
		}
	CODE
done
cat >"$WORK/note.click" <<-'INTENT'
	FromDevice(p1) -> Note -> ToDevice(p2);
	FromDevice(p2) -> ToDevice(p1);
INTENT
keys_queued() { # takes them out
	local n=0 said

	while said=$(bpftool map dequeue pinned "$BPFFS/note/state/NOTED_QUEUE" 2>&1); do
		[[ $said == *value* ]] || break
		n=$((n + 1))
	done
	echo "$n"
}
nf detach nat >/dev/null
nf --lib "$WORK/plain" attach "$WORK/note.click" --name note --netns "$NF_HOST" --dev p1=p1 --dev p2=p2 >/dev/null
for port in 1 2 3; do
	nf state set note NOTED saddr=10.0.0.1 daddr=10.0.0.2 sport=$port dport=80 proto=tcp family=4 >/dev/null
done
holds "$(nfj --lib "$WORK/aged" upgrade note "$WORK/note.click")" '.state == [{"atom": "NOTED", "action": "keep", "detail": ""}]' \
	"the table is kept, and the queue is not shown"
holds "$(nfj state list note)" '[.states[].atom] == ["NOTED"] and .states[0].entries == 3' "one state"
equal "$(keys_queued)" 3 "keys of the entries that were there"
nf state set note NOTED saddr=10.0.0.1 daddr=10.0.0.2 sport=9 dport=80 proto=tcp family=4 >/dev/null
nf state set note NOTED saddr=10.0.0.1 daddr=10.0.0.2 sport=9 dport=80 proto=tcp family=4 last_seen=5s >/dev/null
equal "$(keys_queued)" 1 "keys of an entry that is made, then changed"
holds "$(nfj status note)" '[.state[].atom] == ["NOTED"]' "status"
sed -i 's/{ nfup_time last_seen; }/{ nfup_time last_seen; __u64 more; }/' "$WORK/aged/Note.bpf.c"
nf state set note NOTED saddr=10.0.0.1 daddr=10.0.0.2 sport=10 dport=80 proto=tcp family=4 >/dev/null
holds "$(nfj --lib "$WORK/aged" upgrade note "$WORK/note.click" --drop-state NOTED)" '.state[0].action == "drop"' "dropped"
equal "$(keys_queued)" 0 "the queue goes with its state"
