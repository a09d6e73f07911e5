#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# examples/stateful-firewall.click between real stacks: what inside begins works, of what
# outside begins only the listed services do; upgrades under load lose nothing and break no
# connection; a flood of SYNs pushes out no open connection.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/edits.sh
. "$(dirname "$0")/edits.sh"
# shellcheck source=examples/demo/traffic.sh
. "$TOP/examples/demo/traffic.sh"
# shellcheck source=tests/e2e/load.sh
. "$TOP/tests/e2e/load.sh"

need nginx curl jq ping ethtool dig socat iperf3 nstat vsftpd
lab_up wall
INTENT=$EXAMPLES/stateful-firewall.click

drops() { # REASON
	nfj status fw | jq "[.nodes[].drops[\"$1\"] // 0] | add"
}
get() { # HOST URL BYTES
	on "$1" curl -s --noproxy '*' --max-time 5 -r "0-$(($3 - 1))" -o /dev/null -w '%{size_download}' "$2"
}

attach "$INTENT" >/dev/null
web_start "$WORK/web" 100 1

echo "== begun inside"
for server in "$LAB_SERVER_IP" "[$LAB_SERVER_IP6]"; do
	equal "$(get "$CLIENT" "http://$server/1.bin" 1000000)" 1000000 "bytes by HTTP from $server"
done
for server in "$LAB_SERVER_IP" "$LAB_SERVER_IP6"; do
	on "$CLIENT" ping -qc 3 -i 0.1 "$server" >/dev/null || fail "ping $server"
	on "$CLIENT" ping -qc 3 -i 0.1 -s 8000 "$server" >/dev/null || fail "ping $server in fragments"
	on "$CLIENT" ping -qc 3 -i 0.1 -s 65000 "$server" >/dev/null || fail "ping $server in many fragments"
done
# A name server that knows no name: the query with the bits of an answer.
cat >"$WORK/dns.sh" <<-'END'
	{ head -c 2; head -c 2 >/dev/null; printf '\201\203'; cat; } | dd bs=64k iflag=fullblock status=none
END
on "$SERVER" socat "UDP4-RECVFROM:53,fork" "EXEC:bash $WORK/dns.sh" &
await listens "$SERVER" "sport = :53"
on "$CLIENT" dig +tries=1 +time=5 "@$LAB_SERVER_IP" name.example >"$WORK/dig" || fail "dig"
grep -q "status: NXDOMAIN" "$WORK/dig" || fail "dig got no answer: $(cat "$WORK/dig")"
# A closed port: the error is about a known flow, and the socket hears it.
cat >"$WORK/closed.sh" <<-END
	exec 3<>/dev/udp/$LAB_SERVER_IP/9
	echo anybody >&3
	read -rt 5 -u 3
END
said=$(on "$CLIENT" bash "$WORK/closed.sh" 2>&1) || true
[[ $said == *"Connection refused"* ]] || fail "the port unreachable did not come in: $said"

echo "== FTP, passive"
mkdir -p "$WORK/ftp"
head -c 300000 /dev/urandom >"$WORK/ftp/file"
chmod 755 "$WORK/ftp"
chmod 644 "$WORK/ftp/file"
mkdir -p "$WORK/empty"
cat >"$WORK/vsftpd.conf" <<-END
	listen=YES
	background=NO
	anonymous_enable=YES
	local_enable=NO
	anon_root=$WORK/ftp
	secure_chroot_dir=$WORK/empty
	xferlog_enable=NO
	seccomp_sandbox=NO
END
on "$SERVER" vsftpd "$WORK/vsftpd.conf" &
await listens "$SERVER" "sport = :21"
on "$CLIENT" curl -sf --noproxy '*' --ftp-pasv --max-time 10 -o "$WORK/file" "ftp://$LAB_SERVER_IP/file" || fail "passive FTP"
cmp "$WORK/file" "$WORK/ftp/file" || fail "what FTP got differs"

echo "== begun outside"
on "$CLIENT" socat TCP4-LISTEN:22,fork,reuseaddr "SYSTEM:echo welcome" &
on "$CLIENT" socat TCP4-LISTEN:8080,fork,reuseaddr "SYSTEM:echo welcome" &
await listens "$CLIENT" "sport = :22"
await listens "$CLIENT" "sport = :8080"
equal "$(on "$SERVER" socat -u "TCP4:$LAB_CLIENT_IP:22,connect-timeout=5" -)" welcome "a listed service"
on "$SERVER" ping -qc 1 -W 2 "$LAB_CLIENT_IP6" >/dev/null || fail "ping from outside is listed"
timeout 20 "$BUILD/tools/nfup" --bpffs "$BPFFS" --state-dir "$WORK/state" trace fw --count 2 >"$WORK/log" 2>"$WORK/log.said" &
log=$!
await grep -q tracing "$WORK/log.said"
before=$(drops denied)
on "$SERVER" socat -u "TCP4:$LAB_CLIENT_IP:8080,connect-timeout=1" - && fail "a service that is not listed was reached"
echo hello | on "$SERVER" socat -u - "UDP4-SENDTO:$LAB_CLIENT_IP:5000"
at_least "$(drops denied)" $((before + 2)) "packets denied"
wait "$log" || fail "the log: $(cat "$WORK/log.said")"
grep -qE "refused: p2, .*IPv4.*TCP\(.*dport=8080" "$WORK/log" || fail "the refused SYN is not in the log: $(cat "$WORK/log")"

echo "== small MTU"
ip -n "$CLIENT" link set eth0 mtu 1280
equal "$(get "$CLIENT" "http://$LAB_SERVER_IP/1.bin" 1000000)" 1000000 "bytes with an MTU of 1280"
equal "$(get "$CLIENT" "http://[$LAB_SERVER_IP6]/1.bin" 1000000)" 1000000 "bytes with an MTU of 1280 over IPv6"
ip -n "$CLIENT" link set eth0 mtu 1500

echo "== VLANs"
# The frames are tagged behind one port and untagged in front of the other, so the hosts
# need no VLANs (nor their kernel). Once with one tag, once with two.
one='VLANEncap(5)' two='VLANEncap(5) -> VLANEncap(100, ETHERTYPE 0x88a8)'
sed "s/FromDevice(p[12]) ->/& $one ->/; s/:: ToDevice/:: VLANDecap -> ToDevice/" "$INTENT" >"$WORK/1.click"
sed "s/FromDevice(p[12]) ->/& $two ->/; s/:: ToDevice/:: VLANDecap -> VLANDecap -> ToDevice/" "$INTENT" >"$WORK/2.click"
for tags in 1 2; do
	nfj upgrade fw "$WORK/$tags.click" >/dev/null
	equal "$(get "$CLIENT" "http://$LAB_SERVER_IP/1.bin" 1000000)" 1000000 "bytes with $tags tags"
	equal "$(get "$CLIENT" "http://[$LAB_SERVER_IP6]/1.bin" 1000000)" 1000000 "bytes with $tags tags over IPv6"
	on "$CLIENT" ping -qc 3 -i 0.1 -s 8000 "$LAB_SERVER_IP" >/dev/null || fail "ping in fragments with $tags tags"
	before=$(drops denied)
	on "$SERVER" socat -u "TCP4:$LAB_CLIENT_IP:8080,connect-timeout=1" - && fail "a service that is not listed was reached with $tags tags"
	at_least "$(drops denied)" $((before + 1)) "packets denied with $tags tags"
done
nfj upgrade fw "$INTENT" >/dev/null
zones=$(nfj state show fw CONN | jq -c '[.entries[].key.zone] | unique')
holds "$zones" 'length == 3 and .[0] == 0 and .[1] == 5 and .[2] >= 32768' "zones of none, one and two tags"

echo "== upgrades under load"
edit CheckTCPHeader "$WORK/wall-module" 's|return CHECKED(check(ctx, p));|{ *(volatile __u32 *)\&p->mark = 1; return CHECKED(check(ctx, p)); }|'
edit ReadConn "$WORK/wall-atom" "s|if (v == ESTABLISHED)|*(volatile __u32 *)\&p->mark = 1; if (v == ESTABLISHED)|"
edit ToDevice "$WORK/wall-whole" "$MARK_LEAF"
mkdir -p "$WORK/wall-none"
load_start fw "$LAB_SERVER_IP6" "$LAB_SERVER_IP"
for kind in module none atom none whole none; do
	load_upgrade "$INTENT" "$WORK/wall-$kind"
done
# New rules: what is open stays open.
sed 's/22 or 80 or 443/22 or 80 or 443 or 8080/' "$INTENT" >"$WORK/rules.click"
load_upgrade "$WORK/rules.click"
equal "$(on "$SERVER" socat -u "TCP4:$LAB_CLIENT_IP:8080,connect-timeout=5" -)" welcome "a service that is listed now"
load_end

echo "== full speed"
full_speed fw "$LAB_SERVER_IP"
equal "$(drops out-of-window)" 0 "segments of honest stacks taken for out of window"
web_stop

echo "== a flood of SYNs beside live connections"
"$TOOLS/tcp_flows" --from "$CLIENT" --to "$SERVER" --dest "$LAB_SERVER_IP" --flows 200 --rate 50 \
	>"$WORK/flows.json" 2>"$WORK/flows.log" &
flows=$!
await grep -q ready "$WORK/flows.log"
flood=$("$TOOLS/syn_flood" --from "$CLIENT" --to "$SERVER" --dest "$LAB_SERVER_IP" --seconds 5)
kill -TERM "$flows"
wait "$flows"
echo "flood $flood"
echo "flows $(cat "$WORK/flows.json")"
holds "$flood" '.sent > 200000 and .received > 0' "a flood that fills the table and gets through"
holds "$(cat "$WORK/flows.json")" '.flows == 200 and .broken == 0 and .least >= 2' "all open connections answer"
holds "$(cat "$WORK/flows.json")" '.new >= 20 and .succeeded >= 0.9 * .new' "new connections succeed"
said=$(nfj status fw)
holds "$said" '.tail_call_miss == 0' "missed tail calls"
holds "$said" '.state[] | select(.atom == "CONN") | .entries > 0.9 * .max_entries' "the flood fills the table"
nfj status fw | jq -c '.state[]'
