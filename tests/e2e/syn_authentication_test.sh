#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# examples/syn-protected-firewall.click: in a flood of SYNs to a listed service nothing of the
# flood gets in, and clients who begin something meanwhile need not try again. It is put in
# and taken out by upgrades, over which connections live on.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=examples/demo/traffic.sh
. "$TOP/examples/demo/traffic.sh"

need nginx curl jq ethtool
lab_up synauth
# The port that the flood is for is a listed service too. The server is inside.
for name in stateful syn-protected; do
	sed 's/dst port 22 or 80/dst port 9 or 22 or 80/' "$EXAMPLES/$name-firewall.click" >"$WORK/$name.click"
done
nfj attach "$WORK/stateful.click" --name fw --netns "$NF_HOST" --dev p1=p2 --dev p2=p1 >/dev/null
web_start "$WORK/web" 20 1

# From an address that nobody has asked yet.
OTHER_IP=10.77.0.4 OTHER_IP6=fd77::4
ip -n "$CLIENT" address add "$OTHER_IP/24" dev eth0
ip -n "$CLIENT" address add "$OTHER_IP6/64" dev eth0 nodad
get() { # URL
	local from=$OTHER_IP

	[[ $1 != *\[* ]] || from=$OTHER_IP6
	on "$CLIENT" curl -s --noproxy '*' --interface "$from" --max-time 10 -r 0-999 -o /dev/null -w '%{size_download}' "$1"
}
clients() { # nfup has noted so many
	nfj status fw | jq '.state[] | select(.atom == "CLIENT").entries'
}
flood() { # ADDRESS SECONDS
	"$TOOLS/syn_flood" --from "$CLIENT" --to "$SERVER" --dest "$1" --seconds "$2"
}

echo "== without it the flood gets in"
said=$(flood "$LAB_SERVER_IP" 1)
holds "$said" '.received > 1000' "the flood gets in"
# One download after the other, as long as the upgrades take.
while [[ ! -e $WORK/upgraded ]]; do
	on "$CLIENT" curl -sf --noproxy '*' --limit-rate 10M --max-time 30 -r 0-9999999 -o "$WORK/got" "http://$LAB_SERVER_IP/1.bin"
	cmp -n 10000000 "$WORK/got" "$WORK/web/www/1.bin"
done &
downloads=$!
until [[ -s $WORK/got ]]; do
	kill -0 "$downloads" || fail "the download did not begin"
	sleep 0.02
done

echo "== put in, taken out, put in, beside downloads"
for name in syn-protected stateful syn-protected; do
	result=$(nfj upgrade fw "$WORK/$name.click")
	holds "$result" '.result == "committed"' "upgrade to $name"
done
touch "$WORK/upgraded"
wait "$downloads" || fail "the downloads did not survive"

echo "== with it"
for address in "$LAB_SERVER_IP" "$LAB_SERVER_IP6"; do
	url=http://$address/1.bin
	[[ $address != *:* ]] || url=http://[$address]/1.bin
	before=$(clients)
	flood "$address" 6 >"$WORK/flood" &
	flood=$!
	equal "$(get "$url")" 1000 "bytes for a client who was asked, $address"
	equal "$(clients)" $((before + 1)) "clients known"
	for i in 1 2 3; do
		equal "$(get "$url")" 1000 "bytes for a client who is known, $address"
	done
	kill -0 "$flood" || fail "the flood ended too early"
	wait "$flood"
	holds "$(cat "$WORK/flood")" '.sent > 50000 and .received == 0' "nothing of the flood gets in"
	equal "$(clients)" $((before + 1)) "clients known after the flood"
	echo "$address: $(cat "$WORK/flood")"
done

holds "$(nfj status fw)" '.tail_call_miss == 0' "no missed tail call"
web_stop
