#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# examples/nat.click between real stacks: the server sees the outside address
# alone, answers and ICMP errors find their way back, checksums are right, and
# upgrades under load lose nothing.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/edits.sh
. "$(dirname "$0")/edits.sh"
# shellcheck source=examples/demo/traffic.sh
. "$TOP/examples/demo/traffic.sh"
# shellcheck source=tests/e2e/load.sh
. "$TOP/tests/e2e/load.sh"

need nginx curl jq ping ethtool dig socat iperf3 tcpdump nstat
NAT_IP=10.77.0.100
OTHER_IP=10.77.0.3 # the second host inside, on the same machine
lab_up nat
ip -n "$CLIENT" link set eth0 address 02:00:00:00:77:01
ip -n "$CLIENT" address add "$OTHER_IP/24" dev eth0

# capture HOST FILE: what its eth0 sees.
capture() {
	on "$1" tcpdump -Uni eth0 --immediate-mode -w "$2" 2>"$2.log" &
	CAPTURES+=($!)
	await grep -q "listening on" "$2.log"
}
CAPTURES=()

drops() {
	nfj status nat | jq "[.nodes[].drops[\"$1\"] // 0] | add"
}

attach "$EXAMPLES/nat.click" nat >/dev/null
capture "$SERVER" "$WORK/server.pcap"
capture "$CLIENT" "$WORK/client.pcap"

echo "== TCP, UDP, ICMP from inside"
web_start "$WORK/web" 100 1
on "$CLIENT" curl -sf --noproxy '*' --max-time 5 -r 0-999 -o "$WORK/part" "http://$LAB_SERVER_IP/1.bin" || fail "HTTP"
cmp -n 1000 "$WORK/part" "$WORK/web/www/1.bin" || fail "what curl got differs"
on "$CLIENT" curl -sf --noproxy '*' --interface "$OTHER_IP" --max-time 5 -r 0-99 -o /dev/null "http://$LAB_SERVER_IP/1.bin" ||
	fail "HTTP from the second host"
on "$CLIENT" curl -sf --noproxy '*' --max-time 5 -r 0-99 -o /dev/null "http://[$LAB_SERVER_IP6]/1.bin" || fail "IPv6 is left alone"
on "$CLIENT" ping -qc 3 -i 0.1 "$LAB_SERVER_IP" >/dev/null || fail "ping"
on "$CLIENT" ping -qc 2 -i 0.1 -s 1400 -I "$OTHER_IP" "$LAB_SERVER_IP" >/dev/null || fail "ping from the second host"
# A name server that knows no name: the query with the bits of an answer. One
# write makes one datagram.
cat >"$WORK/dns.sh" <<-'EOF'
	{ head -c 2; head -c 2 >/dev/null; printf '\201\203'; cat; } | dd bs=64k iflag=fullblock status=none
EOF
on "$SERVER" socat "UDP4-RECVFROM:53,fork" "EXEC:bash $WORK/dns.sh" &
await listens "$SERVER" "sport = :53"
on "$CLIENT" dig +tries=1 +time=5 "@$LAB_SERVER_IP" name.example >"$WORK/dig" || fail "dig"
grep -q "status: NXDOMAIN" "$WORK/dig" || fail "dig got no answer: $(cat "$WORK/dig")"

echo "== ICMP errors"
# The server's port is closed: its stack says so, and the socket inside hears it.
cat >"$WORK/closed.sh" <<-EOF
	exec 3<>/dev/udp/$LAB_SERVER_IP/9
	echo anybody >&3
	read -rt 5 -u 3
EOF
said=$(on "$CLIENT" bash "$WORK/closed.sh" 2>&1) || true
[[ $said == *"Connection refused"* ]] || fail "the port unreachable did not come in: $said"
# The host's port is closed once its query is out: the error goes out.
# note.sh FILE: the datagram and whom it is from, once both are there.
cat >"$WORK/note.sh" <<-'EOF'
	echo "$(cat) from $SOCAT_PEERADDR $SOCAT_PEERPORT" >"$1.new"
	mv "$1.new" "$1"
EOF
on "$SERVER" socat -u "UDP4-RECVFROM:7007" "EXEC:bash $WORK/note.sh $WORK/query" &
await listens "$SERVER" "sport = :7007"
echo query | on "$CLIENT" socat -u - "UDP4-SENDTO:$LAB_SERVER_IP:7007,bind=$LAB_CLIENT_IP:6007"
await test -s "$WORK/query"
equal "$(cat "$WORK/query")" "query from $NAT_IP 6007" "what the server sees"
cat >"$WORK/late.sh" <<-EOF
	echo late | socat -t 5 STDIO "UDP4:$NAT_IP:6007,bind=$LAB_SERVER_IP:7007"
EOF
said=$(on "$SERVER" bash "$WORK/late.sh" 2>&1) || true
[[ $said == *"Connection refused"* ]] || fail "the port unreachable did not go out: $said"

echo "== fragments"
# Both ways: the server answers each datagram with the same one.
on "$SERVER" socat -b 65000 "UDP4-RECVFROM:7200,fork" EXEC:cat &
echo=$!
await listens "$SERVER" "sport = :7200"
head -c 8000 /dev/urandom >"$WORK/large"
for host in "$LAB_CLIENT_IP" "$OTHER_IP"; do
	on "$CLIENT" ping -qc 3 -i 0.1 -s 4000 -I "$host" "$LAB_SERVER_IP" >/dev/null || fail "large pings from $host"
	on "$CLIENT" timeout 10 socat -b 65000 -t 5 - "UDP4:$LAB_SERVER_IP:7200,bind=$host:6300,readbytes=8000" \
		<"$WORK/large" >"$WORK/large.back" || fail "the large datagram of $host"
	cmp "$WORK/large" "$WORK/large.back" || fail "the large datagram of $host came back otherwise"
done
kill "$echo"
equal "$(drops untranslatable)" 0 "packets dropped as untranslatable"
equal "$(drops unknown-fragment)" 0 "fragments whose first one was not seen"

echo "== what may not come in"
before=$(drops unsolicited)
for port in 6007 50000; do
	echo hello | on "$SERVER" socat -u - "UDP4-SENDTO:$LAB_CLIENT_IP:$port" # by its own address
	echo hello | on "$SERVER" socat -u - "UDP4-SENDTO:$NAT_IP:5$port"
done
on "$SERVER" ping -qc 1 -W 1 "$NAT_IP" >/dev/null && fail "a ping from outside was answered"
at_least "$(drops unsolicited)" $((before + 5)) "packets dropped as unsolicited"

echo "== hairpinning"
# A opens its filter for the address; then B sends to A's outside endpoint.
on "$CLIENT" timeout 10 socat -u "UDP4-RECVFROM:6100,bind=$LAB_CLIENT_IP,reuseaddr" \
	"EXEC:bash $WORK/note.sh $WORK/hairpin" &
await listens "$CLIENT" "sport = :6100"
echo open | on "$CLIENT" socat -u - "UDP4-SENDTO:$NAT_IP:6200,bind=$LAB_CLIENT_IP:6100,reuseaddr"
echo hello | on "$CLIENT" socat -u - "UDP4-SENDTO:$NAT_IP:6100,bind=$OTHER_IP:6200"
await test -s "$WORK/hairpin"
equal "$(cat "$WORK/hairpin")" "hello from $NAT_IP 6200" "what A hears"

echo "== what the wire saw"
kill "${CAPTURES[@]}"
wait "${CAPTURES[@]}" || true
for side in server client; do
	tcpdump -nnvvr "$WORK/$side.pcap" ip >"$WORK/$side.txt" 2>/dev/null
	at_least "$(grep -c cksum "$WORK/$side.txt")" 10 "packets with checksums at the $side"
	! grep -E 'bad (ip|udp|tcp|icmp)? *cksum|wrong icmp cksum|incorrect' "$WORK/$side.txt" || fail "wrong checksums at the $side"
done
! grep -E "10\.77\.0\.(1|3)\.[0-9]+ >|10\.77\.0\.(1|3) >" "$WORK/server.txt" || fail "an inside address came out"
grep -q "$NAT_IP\.[0-9]* > $LAB_SERVER_IP\.80" "$WORK/server.txt" || fail "the outside address was not seen"
grep -q "$LAB_SERVER_IP > $NAT_IP: ICMP $LAB_SERVER_IP udp port 9 unreachable" "$WORK/server.txt" || fail "the error at the server"
grep -q "$LAB_SERVER_IP > $LAB_CLIENT_IP: ICMP $LAB_SERVER_IP udp port 9 unreachable" "$WORK/client.txt" || fail "the error at the client"
grep -q "$NAT_IP > $LAB_SERVER_IP: ICMP $NAT_IP udp port 6007 unreachable" "$WORK/server.txt" || fail "the error that went out"
for host in "$CLIENT" "$SERVER"; do
	equal "$(errors "$host")" 0 "packets with wrong checksums at $host"
done

echo "== what the hosts are told"
# The link behind p2 takes 1,400 bytes.
sed 's/MTU 1500/MTU 1400/' "$EXAMPLES/nat.click" >"$WORK/small.click"
! cmp -s "$EXAMPLES/nat.click" "$WORK/small.click" || fail "nat.click has another form now"
nfj upgrade nat "$WORK/small.click" >/dev/null
said=$(on "$CLIENT" ping -c 1 -W 1 -M "do" -s 1400 "$LAB_SERVER_IP" 2>&1) && fail "1,428 bytes went through"
[[ $said == *"From $NAT_IP "*"mtu = 1400"* ]] || fail "nobody said that it was too long: $said"
[[ $(on "$CLIENT" ip route get "$LAB_SERVER_IP") == *"mtu 1400"* ]] || fail "the host does not know of the MTU"
on "$CLIENT" ip route flush cache
on "$SERVER" socat -u TCP4-LISTEN:7300 "CREATE:$WORK/uploaded" &
upload=$!
await listens "$SERVER" "sport = :7300"
on "$CLIENT" socat -u "OPEN:$WORK/web/www/1.bin,readbytes=3000000" "TCP4:$LAB_SERVER_IP:7300" || fail "the upload"
wait "$upload"
cmp -n 3000000 "$WORK/uploaded" "$WORK/web/www/1.bin" || fail "the upload differs"
at_least "$(nfj status nat | jq '.nodes[] | select(.name == "too_long").packets')" 2 "packets that were too long"
on "$CLIENT" ip route flush cache
# One port for all: the second host is told that there is none for it.
sed 's/PORTS 1024-65535/PORTS 3000-3000/' "$EXAMPLES/nat.click" >"$WORK/one.click"
nfj upgrade nat "$WORK/one.click" >/dev/null
echo first | on "$CLIENT" socat -u - "UDP4-SENDTO:$LAB_SERVER_IP:7400,bind=$OTHER_IP:3000"
said=$(on "$CLIENT" bash "$WORK/closed.sh" 2>&1) || true
[[ $said == *"No route to host"* ]] || fail "nobody said that there was no port: $said"
nfj upgrade nat "$EXAMPLES/nat.click" >/dev/null

echo "== upgrades under load"
edit IPRewrite "$WORK/nat-module" "$MARK_MODULE"
edit WriteSession "$WORK/nat-atom" "$MARK_MODULE"
edit WriteFrag "$WORK/nat-fragments" "$MARK_MODULE"
edit ToDevice "$WORK/nat-whole" "$MARK_LEAF"
mkdir -p "$WORK/nat-none"
load_start nat "$LAB_SERVER_IP" "$LAB_SERVER_IP"
"$TOOLS/udp_probe" --from "$CLIENT" --to "$SERVER" --dest "$LAB_SERVER_IP" --port 5401 --rate 300 --size 4000 >"$WORK/parts.json" &
parts=$!
for kind in module none atom none fragments none whole none; do
	load_upgrade "$EXAMPLES/nat.click" "$WORK/nat-$kind"
done
[[ -e /proc/$parts ]] || fail "the probe in fragments ended before the upgrades did"
kill "$parts"
wait "$parts" || fail "the probe in fragments: $(cat "$WORK/parts.json")"
holds "$(cat "$WORK/parts.json")" '.lost == 0 and .duplicated == 0 and .sent > 300' "each probe in fragments arrived once"
load_end

echo "== full speed"
full_speed nat "$LAB_SERVER_IP"
nfj status nat | jq -c '.state[]'
web_stop
