#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# nfup state send and receive: a TCP connection through one NAT goes on through another,
# with the first one's states; what is not wanted is refused, and nothing of it stays.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/receiver.sh
. "$(dirname "$0")/receiver.sh"
# shellcheck source=tests/e2e/long_connection.sh
. "$(dirname "$0")/long_connection.sh"
# shellcheck source=examples/demo/traffic.sh
. "$TOP/examples/demo/traffic.sh"

need nginx curl jq ethtool socat bpftool
lab_up e2e
ip -n "$CLIENT" link set eth0 address 02:00:00:00:77:01
second_nf_host
attach "$EXAMPLES/nat.click" >/dev/null
second() {
	nfj attach "$1" --name fw2 --netns "$NF_HOST2" --dev p1=p1 --dev p2=p2 >/dev/null
}
web_start "$WORK/web" 100 1
long_connection

# refused_by_receiver CODE REGEX: the sender is refused; it runs on, and nothing has come.
refused_by_receiver() {
	refused "$1" "$2" send
	receiver_end
	equal "$code" "$1" "the receiver's exit code"
	holds "$(nfj status fw)" '.frozen == "" and .unfinished == ""' "after a refusal: the sender"
	holds "$(nfj status fw2)" '.unfinished == ""' "after a refusal: the receiver"
	asked || fail "the connection does not go on after a refusal"
}

echo "== refused"
refused 1 'is no address' nf state send fw 7000
refused 1 'is no address' nf state receive fw ::1:7000
refused 2 'cannot listen' nf state receive fw 192.0.2.1:7000
refused 1 "no state 'WL'" nf state send fw 127.0.0.1:7000 WL
RECEIVER_AT=127.0.0.1:1
refused 2 'cannot connect to 127.0.0.1:1: Connection refused' send
second "$EXAMPLES/firewall.click"
receiver_start
refused_by_receiver 3 'refuses: the sender has the state .*, which this NF has not'
nfj detach fw2 >/dev/null
second "$EXAMPLES/nat.click"
nfj state save fw "$WORK/saved" >/dev/null
nfj state restore fw2 "$WORK/saved" POOL >/dev/null
receiver_start
refused_by_receiver 3 'refuses: the state POOL of .fw2. has entries already'
equal "$(entries fw2 POOL)" "$(entries fw POOL)" "what was there stays"
nfj state del fw2 POOL --all >/dev/null

echo "== strangers, and a Ctrl-C"
receiver_start
printf 'GET / HTTP/1.1\r\nHost: a\r\n\r\n' | on "$NF_HOST2" socat - "TCP:$RECEIVER_AT"
progress 'turned away'
printf '' | on "$NF_HOST2" socat - "TCP:$RECEIVER_AT"
progress 'turned away'
printf 'nfup state send\n\2\0\0\0' | on "$NF_HOST2" socat - "TCP:$RECEIVER_AT"
progress 'speaks version 2, and this nfup 1'
printf 'nfup state send\n\1\0\0\0\1\0\0\0\377\377\377\377' | on "$NF_HOST2" socat -t5 - "TCP:$RECEIVER_AT" >"$WORK/answer"
receiver_end
equal "$code" 1 "a header of 4 GiB"
grep -aq 'is damaged' "$WORK/answer" || fail "the stranger is not told"
receiver_start
kill -INT "$RECEIVER"
receiver_end
equal "$code" 3 "interrupted"
equal "$(entries fw2 POOL)" 0 "nothing has come"

echo "== sent, and thawed"
asked || fail "before"
RECEIVE_ON=[::1]:0 receiver_start
said=$(send --thaw)
sent_is_received "$said"
holds "$said" '.frozen == false and .entries > 0' "--thaw"
equal "$(entries fw2 NAT)" "$(entries fw NAT)" "entries"
asked || fail "the connection does not go on here"
for atom in POOL NAT SESSION; do
	nfj state del fw2 "$atom" --all >/dev/null
done

echo "== sent"
receiver_start
said=$(send)
sent_is_received "$said"
holds "$said" '.frozen' "it stays frozen"
holds "$(nfj status fw)" '.frozen | test("its states were sent to")' "status"
! asked 1 || fail "a frozen NF lets packets through"
at_least "$(nfj status fw | jq .root.drops.frozen)" 1 "counted drops"
refused 3 'is frozen: its states were sent' nf upgrade fw "$EXAMPLES/nat.click"
refused 3 'is frozen: its states were sent' nf state send fw 127.0.0.1:7000
move_traffic
asked 60 || fail "the connection does not go on through the other NF"
holds "$(nfj status fw2)" '.tail_call_miss == 0 and .frozen == ""' "the other NF"
echo "== a reboot, and thawed"
for port in p1 p2; do
	bpftool link detach pinned "$BPFFS/fw/links/$port"
done
rm -r "${BPFFS:?}/fw"
refused 3 'is frozen: its states were sent' nf restore-all fw
holds "$(nfj state thaw fw)" '.ok and .thawed' "thaw"
holds "$(nfj state thaw fw)" '.ok and .thawed == false' "again"
holds "$(nfj restore-all fw)" '.ok and .nfs[0].result == "restored"' "restored"
holds "$(nfj status fw)" '.frozen == "" and .unfinished == ""' "thawed"
nfj upgrade fw "$EXAMPLES/nat.click" >/dev/null
