#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The firewall's connections move to another layout of their entries and back, while TCP
# connections are open, idle and begun: none of them breaks, and none is judged anew.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/long_connection.sh
. "$TOP/tests/e2e/long_connection.sh"
# shellcheck source=examples/demo/traffic.sh
. "$TOP/examples/demo/traffic.sh"

need nginx curl jq ethtool socat
lab_up move
INTENT=$EXAMPLES/stateful-firewall.click
FLOWS=500

# The next version of the connections' entries: a new field in the middle.
mkdir "$WORK/next"
cp "$TOP"/bpf/atoms/{ReadConn.bpf.c,WriteConn.bpf.c,conn.h,conn_tcp.h,conn_entry.h} "$WORK/next"
sed -i 's|"\.\./|"|' "$WORK"/next/*.[ch]
sed -i 's|^\tnfup_time began;|&\n\t__u64 segments;|; s|sizeof(struct conn_entry) == 104|sizeof(struct conn_entry) == 112|' "$WORK/next/conn_entry.h"
# ReadConn counts in the new field.
sed -i 's|^\tfit = step_locked|\te->segments++;\n&|' "$WORK/next/conn_tcp.h"
converter() {
	cat <<-'END'
		#include "migrate.h"
		#include "conn_entry.h"

		struct conn_entry_v1 {
			nfup_time last_seen;
			nfup_time began;
			__u32 idle;
			nfup_jiffies checked;
			__u32 busy;
			__u32 flags;
			enum conn_state state;
			__u32 opener;
			struct conn_side side[2];
			struct conn_last last;
			__u32 zero;
		};

		#define COPY                             \
			to->last_seen = from->last_seen; \
			to->began = from->began;         \
			to->idle = from->idle;           \
			to->checked = from->checked;     \
			to->flags = from->flags;         \
			to->state = from->state;         \
			to->opener = from->opener;       \
			to->side[0] = from->side[0];     \
			to->side[1] = from->side[1];     \
			to->last = from->last

		NFUP_CONVERT(CONN, conn_entry_v1, conn_entry)
		{
			COPY;
			to->segments = 1000000;
		}

		NFUP_CONVERT(CONN, conn_entry, conn_entry_v1)
		{
			COPY;
		}
	END
}

# move COMMAND…: an upgrade that moves the connections.
move() {
	local said

	said=$("$@") || fail "$*: $said"
	holds "$said" ".result == \"committed\" and (.state[] | select(.atom == \"CONN\") | .action) == \"migrate\" and
		.migration.atoms == [\"CONN\"] and .migration.entries >= $FLOWS" "the migration"
	jq -c '{generation, migration, flip_us, drain_ms, total_ms}' <<<"$said"
	asked || fail "the idle connection is broken after: $*"
}
drops() { # REASON
	nfj status fw | jq "[.nodes[].drops[\"$1\"] // 0] | add"
}

attach "$INTENT" >/dev/null
web_start "$WORK/web" 10 1
long_connection
"$TOOLS/tcp_flows" --from "$CLIENT" --to "$SERVER" --dest "$LAB_SERVER_IP" --flows "$FLOWS" --rate 100 \
	>"$WORK/flows.json" 2>"$WORK/flows.log" &
flows=$!
while ! grep -q ready "$WORK/flows.log"; do
	[[ -e /proc/$flows ]] || fail "no flows: $(cat "$WORK/flows.log")"
	sleep 0.02
done
"$TOOLS/tcp_stream" --from "$CLIENT" --to "$SERVER" --dest "$LAB_SERVER_IP" --mbit 50 >"$WORK/stream.json" &
stream=$!
at_least "$(nfj status fw | jq '.state[] | select(.atom == "CONN").entries')" "$FLOWS" "connections"

echo "== no converter: refused"
refused 3 "no CONN.migrate.h" nf --lib "$WORK/next" upgrade fw "$INTENT"
converter >"$WORK/next/CONN.migrate.h"

echo "== there and back, twice"
for _ in 1 2; do
	move nfj --lib "$WORK/next" upgrade fw "$INTENT"
	# the converter gave it 1,000,000, the new code steps on from there
	holds "$(nfj state show fw CONN)" '[.entries[].value.segments] | any(. > 1000000)' "the new field counts"
	move nfj rollback fw
done
equal "$(drops out-of-window)" 0 "segments that were judged without their connection's past"
kill "$stream"
wait "$stream" || fail "the stream did not survive: $(cat "$WORK/stream.json")"
kill -TERM "$flows"
wait "$flows"
cat "$WORK/flows.json"
holds "$(cat "$WORK/flows.json")" ".flows == $FLOWS and .broken == 0 and .least >= 2 and .new >= 20 and .succeeded == .new" \
	"all connections answered, and all new ones were made"
holds "$(nfj status fw)" '.tail_call_miss == 0 and .unfinished == ""' "the status"
web_stop
