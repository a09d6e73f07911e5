#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Long-lived TCP connections live through ten upgrades of the firewall between
# their ends and a rollback: one that verifies every byte both ways, and a
# download by curl from nginx. What is new after the last is let in, too.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/edits.sh
. "$(dirname "$0")/edits.sh"
# shellcheck source=examples/demo/traffic.sh
. "$TOP/examples/demo/traffic.sh"

need nginx curl jq ethtool
edits_prepare
lab_up e2e
attach "$EXAMPLES/firewall.table" >/dev/null
web_start "$WORK/web" 100 1

"$TOOLS/tcp_stream" --from "$CLIENT" --to "$SERVER" --dest "$LAB_SERVER_IP" --mbit 100 >"$WORK/stream.json" &
stream=$!
on "$CLIENT" curl -sf --noproxy '*' --limit-rate 4M --max-time 60 -o "$WORK/got" "http://$LAB_SERVER_IP/1.bin" &
download=$!
sleep 1

generation=1
for kind in module none atom none whole module none whole atom none; do
	result=$(upgrade_to "$kind")
	generation=$((generation + 1))
	holds "$result" '.result == "committed"' "upgrade $generation ($kind)"
	holds "$result" ".generation == $generation" "upgrade $generation ($kind)"
	sleep 0.4
done
holds "$(nfj rollback fw)" '.result == "committed" or .result == "rolled-back"' "rollback"
sleep 1

[[ -e /proc/$stream ]] || fail "the connection ended early: $(cat "$WORK/stream.json")"
[[ -e /proc/$download ]] || fail "the download ended before the upgrades did"
kill "$stream"
wait "$stream" || fail "the connection did not survive: $(cat "$WORK/stream.json")"
wait "$download" || fail "the download did not survive"
cmp "$WORK/got" "$WORK/web/www/1.bin" || fail "the download differs from the file"
cat "$WORK/stream.json"
holds "$(cat "$WORK/stream.json")" '.ok and .up.verified > 10000000 and .down.verified > 10000000' "both ways carried data"
on "$CLIENT" curl -sf --noproxy '*' --max-time 5 -r 0-99 -o /dev/null "http://$LAB_SERVER_IP/1.bin" || fail "a new connection"
holds "$(nfj status fw)" '.tail_call_miss == 0' "no missed tail call"
web_stop
