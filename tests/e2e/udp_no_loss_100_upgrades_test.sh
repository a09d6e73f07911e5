#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# 100 upgrades, one module and the whole pipeline in turn, under more than
# 20,000 packets a second: every packet arrives, once.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/edits.sh
. "$(dirname "$0")/edits.sh"

UPGRADES=${UPGRADES:-100}

need jq ethtool
edits_prepare
lab_up e2e
attach "$EXAMPLES/firewall.table" >/dev/null
"$TOOLS/udp_probe" --from "$CLIENT" --to "$SERVER" --dest "$LAB_SERVER_IP" --rate 25000 >"$WORK/probe.json" &
probe=$!
sleep 1

kinds=(module none whole none)
modules=0 wholes=0
for ((i = 0; i < UPGRADES; i++)); do
	kind=${kinds[i % 4]}
	result=$(upgrade_to "$kind")
	holds "$result" '.result == "committed"' "upgrade $((i + 1)) ($kind)"
	case $(jq '.changed | length' <<<"$result") in
	1) modules=$((modules + 1)) ;;
	*) wholes=$((wholes + 1)) ;;
	esac
done
sleep 0.5
kill "$probe"
wait "$probe"

probed=$(cat "$WORK/probe.json")
echo "$probed"
equal "$modules" $((UPGRADES / 2)) "upgrades that loaded one program"
equal "$wholes" $((UPGRADES / 2)) "upgrades that loaded the pipeline"
at_least "$(jq .rate <<<"$probed")" 20000 "packets a second"
holds "$probed" '.lost == 0' "lost"
holds "$probed" '.duplicated == 0' "duplicated"
holds "$probed" '.reordered == 0' "reordered"
status=$(nfj status fw)
holds "$status" '.tail_call_miss == 0' "no missed tail call"
holds "$status" ".generation == $((UPGRADES + 1))" "all generations committed"
