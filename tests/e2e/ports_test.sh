#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A port comes, and goes, by an upgrade, while a TCP connection and a probe between
# the other two go on; rollback brings it back; what cannot be is refused before
# anything changes.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/ports.sh
. "$(dirname "$0")/ports.sh"

need jq ethtool
lab_up e2e
third_up
attach "$WORK/two.click" >/dev/null
"$TOOLS/udp_probe" --from "$CLIENT" --to "$SERVER" --dest "$LAB_SERVER_IP" --rate 1000 >"$WORK/probe.json" &
probe=$!
"$TOOLS/tcp_stream" --from "$CLIENT" --to "$SERVER" --dest "$LAB_SERVER_IP" --mbit 20 >"$WORK/stream.json" &
stream=$!

# reach, unreachable: the third host, from the client.
reach() {
	on "$CLIENT" ping -qc 3 -i 0.05 -W 2 "$LAB_THIRD_IP" >/dev/null || fail "$1: the third host does not answer"
}
unreachable() {
	! on "$CLIENT" ping -qc 1 -W 1 "$LAB_THIRD_IP" >/dev/null || fail "$1: the third host answers"
}
links() {
	stat -c '%n %i' "$BPFFS"/fw/links/p[12]
}
first_links=$(links)

# Refused, with nothing changed.
before=$(find "$BPFFS/fw" "$WORK/state/fw" ! -name lock | sort)
refused 1 'port p3 .* has no device' nf upgrade fw "$WORK/three.click"
refused 1 'is not PORT=INTERFACE' nf upgrade fw "$WORK/three.click" --dev p3
refused 2 "no device 'nowhere'" nf upgrade fw "$WORK/three.click" --dev p3=nowhere
refused 1 'given to two ports' nf upgrade fw "$WORK/three.click" --dev p3=p2
refused 1 'p1 is on device p1, not p3' nf upgrade fw "$WORK/two.click" --dev p1=p3
refused 1 'has no port p4' nf upgrade fw "$WORK/three.click" --dev p3=p3 --dev p4=p3
echo 'FromDevice(x) -> ToDevice(x);' >"$WORK/other.click"
nfj attach "$WORK/other.click" --name other --netns "$NF_HOST" --dev x=p3 >/dev/null
refused 2 'p3 is busy: it runs ingress' nf upgrade fw "$WORK/three.click" --dev p3=p3
nfj detach other >/dev/null
equal "$(find "$BPFFS/fw" "$WORK/state/fw" ! -name lock | sort)" "$before" "files after what was refused"
unreachable "before"

planned=$(nfj plan fw "$WORK/three.click" --dev p3=p3)
holds "$planned" '[.ports[] | [.label, .ifname, .action]] == [["p1","p1","keep"],["p2","p2","keep"],["p3","p3","add"]]' "plan"
equal "$(ports)" "p1 p2" "ports after a plan"

# Turned down by its watch: the device is free again.
code=0
nf -j upgrade fw "$WORK/three.click" --dev p3=p3 --watch 10ms --guard 'packets > 1000000000' >/dev/null || code=$?
equal "$code" 3 "an upgrade that is turned down"
equal "$(ports)/$(with_xdp)" "p1 p2/p1 p2" "ports after it was turned down"

said=$(nfj upgrade fw "$WORK/three.click" --dev p3=p3)
holds "$said" '.result == "committed" and (.ports[] | select(.label == "p3").action) == "add"' "a new port"
holds "$said" '.shared | index("out2") and index("out1")' "what has nothing to do with it is shared"
equal "$(ports)/$(with_xdp)" "p1 p2 p3/p1 p2 p3" "ports"
reach "a new port"
holds "$(nfj history fw)" '.generations[-1].ports | any(.label == "p3" and .action == "add")' "history"

# Away again, watched: what the third host goes on sending is no reason to go back.
on "$THIRD" ping -qi 0.01 "$LAB_CLIENT_IP" >/dev/null &
pinging=$!
said=$(nfj upgrade fw "$WORK/two.click" --watch 500ms)
holds "$said" '.result == "committed" and (.ports[] | select(.label == "p3").action) == "remove"' "a port less"
kill "$pinging"
equal "$(ports)/$(with_xdp)" "p1 p2/p1 p2" "ports"
[[ ! -e $BPFFS/fw/links/p3 ]] || fail "the link of p3 is still pinned"
unreachable "a port less"

# Back and forth.
nfj rollback fw >/dev/null
equal "$(ports)/$(with_xdp)" "p1 p2 p3/p1 p2 p3" "ports after a rollback"
reach "a rollback"
nfj rollback fw --to "$(jq -r .generation <<<"$said")" >/dev/null
equal "$(ports)/$(with_xdp)" "p1 p2/p1 p2" "ports after the next rollback"
unreachable "the next rollback"
nfj upgrade fw "$WORK/three.click" --dev p3=p3 >/dev/null
reach "once more"

equal "$(links)" "$first_links" "the links of the ports that stayed"
[[ -e /proc/$stream ]] || fail "the connection ended early: $(cat "$WORK/stream.json")"
kill "$stream" "$probe"
wait "$stream" || fail "the connection did not survive: $(cat "$WORK/stream.json")"
wait "$probe"
cat "$WORK/stream.json" "$WORK/probe.json"
holds "$(cat "$WORK/stream.json")" '.ok and .up.verified > 1000000 and .down.verified > 1000000' "the connection"
holds "$(cat "$WORK/probe.json")" '.received > 1000 and .lost == 0 and .duplicated == 0' "the probe"

# Without the port in the middle, p3 keeps its number: its node stays as it is.
cat >"$WORK/ends.click" <<'INTENT'
FromDevice(p1) -> out3 :: ToDevice(p3);
FromDevice(p3) -> out1 :: ToDevice(p1);
INTENT
said=$(nfj upgrade fw "$WORK/ends.click")
holds "$said" '.shared | index("out3") and index("out1")' "the nodes of the others are shared"
equal "$(ports)/$(with_xdp)" "p1 p3/p1 p3" "ports without the middle"
reach "without the middle"
nfj rollback fw >/dev/null
equal "$(ports)/$(with_xdp)" "p1 p2 p3/p1 p2 p3" "ports with the middle"
on "$CLIENT" ping -qc 1 -W 2 "$LAB_SERVER_IP" >/dev/null || fail "the server does not answer"

# A device that is gone cannot come back.
nfj upgrade fw "$WORK/two.click" >/dev/null
ip -n "$NF_HOST" link delete p3
before=$(nfj status fw | jq '[.generation, .ports]')
refused 3 'p3 on device p3, which is gone' nf rollback fw
equal "$(nfj status fw | jq '[.generation, .ports]')" "$before" "after a rollback that was refused"
holds "$(nfj status fw)" '.tail_call_miss == 0 and .unfinished == ""' "status"
