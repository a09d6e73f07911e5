#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# 100 upgrades, one module and the whole pipeline in turn, under more than
# 20,000 packets a second: every packet arrives, once.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/edits.sh
. "$(dirname "$0")/edits.sh"

UPGRADES=${UPGRADES:-100} RATE=${RATE:-25000}

need jq ethtool
# Four versions of a module and of the leaf that all paths end in. More than the
# generations kept, so that each upgrade loads anew.
for v in 0 1 2 3; do
	edit Strip "$WORK/strip-$v" "${MARK_MODULE/= 1/= $v}"
	edit ToDevice "$WORK/leaf-$v" "${MARK_LEAF/= 1/= $v}"
done
lab_up e2e
nfj --lib "$WORK/strip-0" --lib "$WORK/leaf-0" attach "$EXAMPLES/firewall.table" --name fw --netns "$NF_HOST" \
	--dev p1=p1 --dev p2=p2 >/dev/null
"$TOOLS/udp_probe" --from "$CLIENT" --to "$SERVER" --dest "$LAB_SERVER_IP" --rate "$RATE" >"$WORK/probe.json" &
probe=$!
sleep 1

# By turns the module's version goes up, then the leaf's.
modules=0 wholes=0
for ((i = 1; i <= UPGRADES; i++)); do
	result=$(nfj --lib "$WORK/strip-$(((i + 1) / 2 % 4))" --lib "$WORK/leaf-$((i / 2 % 4))" upgrade fw "$EXAMPLES/firewall.table")
	holds "$result" '.result == "committed"' "upgrade $i"
	case $(jq '.loaded | length' <<<"$result") in
	1) modules=$((modules + 1)) ;;
	1[0-9]) wholes=$((wholes + 1)) ;;
	esac
done
sleep 0.5
kill "$probe"
wait "$probe"

probed=$(cat "$WORK/probe.json")
echo "$probed"
equal "$modules" $((UPGRADES / 2)) "upgrades that loaded one program"
equal "$wholes" $((UPGRADES / 2)) "upgrades that loaded the pipeline"
at_least "$(jq .rate <<<"$probed")" $((RATE * 4 / 5)) "packets a second"
holds "$probed" '.lost == 0' "lost"
holds "$probed" '.duplicated == 0' "duplicated"
holds "$probed" '.reordered == 0' "reordered"
status=$(nfj status fw)
holds "$status" '.tail_call_miss == 0' "no missed tail call"
holds "$status" ".generation == $((UPGRADES + 1))" "all generations committed"
