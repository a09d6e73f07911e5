# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# An NF whose state TAB moves between three layouts. Sourced after lib.sh.

TABLE=$TOP/tests/e2e/migration
INTENT=$TABLE/table.click

# layouts: Apply with each layout of TAB, in $WORK/v1, v2 and v3; without converters.
layouts() {
	local version

	for version in v1 v2 v3; do
		mkdir -p "$WORK/$version"
		cp "$TABLE/Apply.bpf.c" "$TABLE/table.h" "$TABLE/operation.h" "$WORK/$version"
		cp "$TABLE/table_entry_$version.h" "$WORK/$version/table_entry.h"
	done
}

converters() {
	local version

	for version in v1 v2 v3; do
		cp "$TABLE/TAB.migrate.h" "$WORK/$version"
	done
}

attach_table() { # VERSION
	nfj --lib "$WORK/$1" attach "$INTENT" --name fw --netns "$NF_HOST" --dev p1=p1 --dev p2=p2
}

to() { # VERSION ARGUMENTS…
	local version=$1

	shift
	nfj --lib "$WORK/$version" upgrade fw "$INTENT" --no-canary "$@"
}

# fill_table VERSION ENTRIES: entries 0, 1, … into TAB, and hardly any traffic.
fill_table() {
	"$TOOLS/state_ops" --left "$CLIENT" --right "$SERVER" --left-ip "$LAB_CLIENT_IP" --right-ip "$LAB_SERVER_IP" \
		--map "$BPFFS/fw/state/TAB" --entries "$2" --rate 1 --seconds 0.01 --before "$1" --after "$1" --fill >/dev/null
}

# ops_start BEFORE AFTER ENTRIES RATE: fills TAB, then sends operations in the background.
ops_start() {
	local said

	coproc OPS { exec "$TOOLS/state_ops" --left "$CLIENT" --right "$SERVER" --left-ip "$LAB_CLIENT_IP" \
		--right-ip "$LAB_SERVER_IP" --map "$BPFFS/fw/state/TAB" --entries "$3" --rate "$4" \
		--before "$1" --after "$2" --fill; }
	OPS_JOB=$OPS_PID # bash forgets OPS_PID when it has ended
	exec {OPS_OUT}<&"${OPS[0]}"
	read -r said <&"$OPS_OUT"
	equal "$said" filled "state_ops"
}

# ops_end: no packet is lost, and every entry is as in the model.
ops_end() {
	local said

	kill -INT "$OPS_JOB"
	said=$(cat <&"$OPS_OUT")
	wait "$OPS_JOB" || fail "state_ops: $said"
	exec {OPS_OUT}<&-
	echo "$said"
	holds "$said" '.lost == 0 and .wrong == 0 and .sent > 1000 and .entries > 1000' "packets and entries"
}
