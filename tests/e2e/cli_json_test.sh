#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The JSON keys that scripts rely on (DESIGN.md §7): present, of the right type,
# and true.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/edits.sh
. "$(dirname "$0")/edits.sh"

need jq ethtool ping
edits_prepare
lab_up e2e
FIREWALL=$EXAMPLES/firewall.table

checked=$(nfj check "$FIREWALL")
holds "$checked" '.ok == true' check
holds "$checked" '.nodes | length > 10 and all(has("name") and has("class") and has("args"))' check
holds "$checked" '.edges | length > 10 and all(has("from") and has("out") and has("to") and has("in"))' check
holds "$checked" '.edges | all((.out | type == "number") and (.in | type == "number"))' check
# shellcheck disable=SC2016 # jq's variable
holds "$checked" '[.nodes[].name] as $n | .edges | all([.from, .to] - $n == [])' "edges join nodes"
holds "$checked" '.depth | . >= 7 and . <= 33' check
holds "$checked" '.functionalities | type == "array"' check
holds "$checked" '.diagnostics | type == "array"' check
printf 'FromDevice(p1) -> Strip(14) -> CheckIPHeader -> CheckTCPHeader -> ToDevice(p2);\n' >"$WORK/tcp.click"
holds "$(nfj check "$WORK/tcp.click")" '.functionalities == ["csum", "five-tuple", "ip-header", "tcp-header"]' \
	"facts and code"
holds "$(nfj classes CheckTCPHeader)" '.requires == ["ip-header"] and .uses == ["csum"] and .code == ["csum"]' classes
same=$(nfj check "$EXAMPLES/firewall.click")
equal "$(jq -c '[.nodes[].class] | sort' <<<"$same")" "$(jq -c '[.nodes[].class] | sort' <<<"$checked")" \
	"the classes of both spellings"

printf 'FromDevice(p1) -> Nope -> ToDevice(p2);\n' >"$WORK/bad.click"
wrong=$(nfj check "$WORK/bad.click") && fail "a wrong intent passes check"
holds "$wrong" '.ok == false' "check of a wrong intent"
holds "$wrong" '.diagnostics | length > 0 and
	all(has("severity") and has("file") and has("line") and has("column") and has("message") and has("hint"))' \
	"check of a wrong intent"
holds "$wrong" '.diagnostics[0] | .severity == "error" and .line == 1 and .column > 1' "check of a wrong intent"

# an NF is attached: what it says, status repeats
attach "$FIREWALL" >"$WORK/attach.json"
jq -e . "$WORK/attach.json" >/dev/null || fail "attach: not JSON"
status=$(nfj status fw)
holds "$status" '.name == "fw" and .generation == 1 and .tail_call_miss == 0' status
holds "$status" '.ports | length == 2 and all(has("label") and has("ifname") and has("mode"))' status
holds "$status" '[.ports[] | .label] | sort == ["p1", "p2"]' status
holds "$status" '.nodes | all(has("name") and has("class") and (.slot | type == "number") and
	(.prog_id | type == "number") and has("packets") and has("bytes") and (.drops | type == "object"))' status
holds "$status" '[.state[].atom] | sort == ["FSM", "WL"]' status
holds "$status" '.state | all((.map_id | type == "number") and (.entries | type == "number") and
	(.max_entries > 0) and (.schema | type == "string"))' status

upgrade_keys='(.generation | type == "number") and (.changed | type == "array") and (.shared | type == "array") and
	(.flip_slot | type == "number") and (.state | type == "array") and
	(.compiled | type == "array") and (.reused | type == "array") and
	([.build_ms, .load_ms, .state_ms, .flip_us, .drain_ms, .total_ms] | all(type == "number" and . >= 0)) and
	(.total_ms >= .load_ms + .drain_ms) and (.result == "committed") and has("reason")'

# one module: one program, one slot; all else is shared, state is kept
one=$(upgrade_to module)
holds "$one" "$upgrade_keys" "upgrade of a module"
holds "$one" '(.changed | length == 1) and (.changed[0] | test("Strip")) and .loaded == .changed' "upgrade of a module"
holds "$one" '.slots_written == 1 or (.slots_written | type == "array" and length == 1)' "upgrade of a module"
holds "$one" '.generation == 2' "upgrade of a module"
holds "$one" '.state | length == 2 and all(.action == "keep" and has("atom"))' "upgrade of a module"
equal "$(jq '(.changed + .shared) | length' <<<"$one")" "$(jq '.nodes | length' <<<"$checked")" "changed and shared are all nodes"

# counters go by name and do not start again
on "$CLIENT" ping -qc 3 -i 0.2 "$LAB_SERVER_IP" >/dev/null
before=$(nfj status fw | jq '[.nodes[] | select(.class == "ToDevice").packets] | add')
at_least "$before" 6 "packets counted"
whole=$(upgrade_to whole)
holds "$whole" "$upgrade_keys" "upgrade of the pipeline"
holds "$whole" '.loaded | length > 10' "upgrade of the pipeline"
at_least "$(nfj status fw | jq '[.nodes[] | select(.class == "ToDevice").packets] | add')" "$before" "counters after an upgrade"

same=$(nfj --lib "$WORK/lib-whole" upgrade fw "$FIREWALL")
holds "$same" '.changed == []' "an upgrade to the same"

back=$(nfj rollback fw)
holds "$back" '(.generation | type == "number") and (.flip_us | type == "number") and has("result")' rollback

history=$(nfj history fw)
holds "$history" 'type == "array" or (.generations | type == "array")' history
holds "$history" '(if type == "array" then . else .generations end) | length >= 3 and all(has("generation"))' history

holds "$(nfj doctor)" 'type == "object" or type == "array"' doctor
jq -e . <<<"$(nfj detach fw)" >/dev/null || fail "detach: not JSON"
