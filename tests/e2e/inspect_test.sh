#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs every command of docs/inspect.md against a live firewall, and checks that
# the names that people read are there: classes on programs, atoms on maps,
# nodes and ports on pins, fields in dumps.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/edits.sh
. "$(dirname "$0")/edits.sh"

need bpftool jq ethtool ping tcpdump
edits_prepare
lab_up e2e
attach "$EXAMPLES/firewall.table" >/dev/null
upgrade_to module >/dev/null
"$TOOLS/tcp_stream" --from "$CLIENT" --to "$SERVER" --dest "$LAB_SERVER_IP" --seconds 0.3 >/dev/null
"$TOOLS/udp_probe" --from "$CLIENT" --to "$SERVER" --dest "$LAB_SERVER_IP" --rate 100 --seconds 3 >/dev/null &

# The documents' paths and names stand for this test's.
mkdir "$WORK/bin"
cat >"$WORK/bin/nfup" <<-SCRIPT
	#!/bin/sh
	exec "$BUILD/tools/nfup" --bpffs "$BPFFS" --state-dir "$WORK/state" --cache-dir "$CACHE" "\$@"
SCRIPT
chmod +x "$WORK/bin/nfup"
said=$WORK/said
run_document() {
	local line

	while read -r line; do
		line=${line//\/sys\/fs\/bpf\/nfup/$BPFFS}
		line=${line//netns\/nf/netns\/$NF_HOST}
		line=${line//-n nf /-n $NF_HOST }
		echo "\$ $line"
		PATH=$WORK/bin:$PATH bash -o pipefail -c "$line" </dev/null || fail "docs/inspect.md: $line"
	done < <(sed -n 's/^\$ //p' "$TOP/docs/inspect.md")
}
(run_document) >"$said" 2>&1 || { # a subshell: fail ends only it
	cat "$said"
	exit 1
}
cat "$said"

shows() {
	grep -qE -- "$1" "$said" || fail "nothing shows $2 ($1)"
}
shows 'name Classifier' "programs by class"
shows 'name CheckIPHeader' "programs by class"
shows 'xdp +name ingress|name ingress' "the attached program's name"
shows 'name WL' "state maps by name"
shows 'name FSM' "state maps by name"
shows 'name slots' "the prog array's name"
shows '"packets"|packets:' "counters by field"
shows '"last_seen"|last_seen:' "state by field"
shows 'links/p1' "links by port"
shows 'gen/2/' "programs by generation"
