#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The same packet traces through Linux' conntrack with nftables and through
# examples/stateful-firewall.click, verdict by verdict. They may differ only where
# docs/firewall.md lists it: a line of its table of differences begins with the trait that
# the traces carry (conntrack_traces.cpp). A trait that makes no difference any more is
# told too.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"

need nft ethtool jq
lab_up oracle
ROUTER=oracle-router-$$ IN=oracle-in-$$ OUT=oracle-out-$$
LAB_HOSTS+=("$ROUTER" "$IN" "$OUT")

# The kernel's firewall, as a router between two hosts that have no stack of their own.
IN_MAC=02:00:00:00:80:01 OUT_MAC=02:00:00:00:80:02
ip netns add "$ROUTER"
ip netns exec "$ROUTER" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.accept_dad=0 \
	net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0
# wire HOST PORT NETWORK MAC
wire() {
	ip netns add "$1"
	ip netns exec "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	ip link add "$2" netns "$ROUTER" type veth peer name eth0 address "$4" netns "$1"
	ip netns exec "$1" ethtool -K eth0 tx off >/dev/null
	ip netns exec "$ROUTER" ethtool -K "$2" tx off gro off >/dev/null
	ip -n "$1" link set eth0 up
	ip -n "$ROUTER" link set "$2" up
	ip -n "$ROUTER" address add "10.80.$3.1/24" dev "$2"
	ip -n "$ROUTER" address add "fd80:$3::1/64" dev "$2" nodad
	ip -n "$ROUTER" neighbour replace "10.80.$3.2" lladdr "$4" dev "$2" nud permanent
	ip -n "$ROUTER" neighbour replace "fd80:$3::2" lladdr "$4" dev "$2" nud permanent
}
wire "$IN" in0 1 "$IN_MAC"
wire "$OUT" out0 2 "$OUT_MAC"
ip netns exec "$ROUTER" nft -f - <<-'END' || skip "this kernel has no conntrack for nftables"
	table inet firewall {
		chain forward {
			type filter hook forward priority filter; policy drop;
			ct state established,related accept
			ct state invalid drop
			ct state new iifname "in0" accept
			ct state new iifname "out0" tcp dport { 22, 80, 443 } accept
			ct state new iifname "out0" icmp type echo-request accept
			ct state new iifname "out0" icmpv6 type echo-request accept
		}
	}
END
# As here, connections begin with a SYN.
ip netns exec "$ROUTER" sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0 || skip "this kernel's conntrack has no tcp_loose"

mac() {
	ip -n "$1" -j link show "$2" | jq -r '.[0].address'
}
"$TOOLS/conntrack_oracle" --inside "$IN/eth0/$(mac "$ROUTER" in0)" --outside "$OUT/eth0/$(mac "$ROUTER" out0)" >"$WORK/kernel"

attach "$EXAMPLES/stateful-firewall.click" >/dev/null
# Addresses that are nobody's: the stacks stay silent.
"$TOOLS/conntrack_oracle" --inside "$CLIENT/eth0/02:00:00:00:99:01" --outside "$SERVER/eth0/02:00:00:00:99:02" >"$WORK/nfup"
holds "$(nfj status fw)" '.tail_call_miss == 0' "no missed tail call"

steps=$(wc -l <"$WORK/kernel")
at_least "$steps" 10000 "packets compared"
at_least "$(grep -c $'\tpasses\t' "$WORK/kernel")" 3000 "of them pass"
at_least "$(grep -c $'\tdropped\t' "$WORK/kernel")" 3000 "of them do not"

# Where they differ: trace, step, the kernel's verdict, nfup's, traits so far, what it was.
paste "$WORK/kernel" "$WORK/nfup" | awk -F'\t' '
	$1 != trace { trace = $1; traits = "" }
	$4 != "-" { traits = traits " " $4 }
	$3 != $8 { printf "%s\t%s\t%s\t%s\t%s\t%s\n", $1, $2, $3, $8, traits == "" ? "-" : traits, $5 }
' >"$WORK/differences"
listed=$(sed -n '/^## Differences from conntrack/,/^## /s/^| `\([a-z0-9-]*\)` .*/\1/p' "$TOP/docs/firewall.md")
[[ -n $listed ]] || fail "docs/firewall.md has no table of differences"
cp "$WORK/differences" "$WORK/unlisted"
for trait in $listed; do
	grep -qE $'\t[^\t]* '"$trait"$'( [^\t]*)?\t' "$WORK/differences" || fail "docs/firewall.md lists '$trait', which makes no difference"
	grep -vE $'\t[^\t]* '"$trait"$'( [^\t]*)?\t' "$WORK/unlisted" >"$WORK/rest" || true
	mv "$WORK/rest" "$WORK/unlisted"
done
echo "$steps packets, $(wc -l <"$WORK/differences") different, $(wc -l <"$WORK/unlisted") of them not listed"
[[ ! -s $WORK/unlisted ]] || fail "not listed in docs/firewall.md: $(cut -f1 "$WORK/unlisted" | sort | uniq -c | sort -rn | head -40)
$(head -40 "$WORK/unlisted")"
