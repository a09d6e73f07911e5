#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# An upgrade whose disk is full, whose device vanishes or whose machine loses power:
# what forwards goes on, the refusal says why, and the next command works.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/edits.sh
. "$(dirname "$0")/edits.sh"
# shellcheck source=tests/e2e/faults.sh
. "$(dirname "$0")/faults.sh"

need jq ethtool ping
mkdir -p "$WORK/state"
mount -t tmpfs -o size=2m tmpfs "$WORK/state"
on_exit() {
	local status=$?

	[[ -z ${stopped:-} ]] || kill -KILL "$stopped" 2>/dev/null || true
	[[ ! -e $WORK/state/fw ]] || nf detach fw >/dev/null 2>&1 || true
	umount "$WORK/state" || true
	cleanup "$status"
}
trap on_exit EXIT
edit ToDevice "$WORK/leaf" "$MARK_LEAF"
lab_up e2e

reaches() {
	on "$CLIENT" ping -qc 1 -W 2 "$LAB_SERVER_IP" >/dev/null || fail "$1: it does not forward"
}
runs() { # GENERATION WHERE
	local status

	status=$(nfj status fw)
	holds "$status" ".generation == $1 and .unfinished == \"\" and .tail_call_miss == 0" "$2"
	holds "$status" '[.nodes[].prog_id] | all(. > 0)' "$2: every node is in its slot"
	equal "$(leftovers fw)" "" "$2: left behind"
	reaches "$2"
}

# With a little more room each time the upgrade gets a step further before the disk
# is full, until it has enough.
full_disk() {
	local room refused=0 code said

	attach "$EXAMPLES/firewall.table" >/dev/null
	for ((room = 0; room <= 128; room += 4)); do
		rm -f "$WORK/state/filler"
		dd if=/dev/zero of="$WORK/state/filler" bs=1k status=none 2>/dev/null || true
		truncate -s "-${room}K" "$WORK/state/filler"
		code=0
		said=$(nfj --lib "$WORK/leaf" upgrade fw "$EXAMPLES/firewall.table" 2>/dev/null) || code=$?
		reaches "full disk, ${room} KB left"
		((code != 0)) || break
		equal "$code" 2 "full disk, ${room} KB left: exit code"
		holds "$said" '.error.message | test("No space left on device")' "full disk: it says so"
		refused=$((refused + 1))
		rm "$WORK/state/filler"
		nfj recover fw >/dev/null
		runs 1 "full disk, ${room} KB left"
	done
	rm -f "$WORK/state/filler"
	at_least "$refused" 3 "upgrades that a full disk refused"
	holds "$said" '.result == "committed"' "with room it goes through"
	runs 2 "with room"
	nfj detach fw >/dev/null
	echo "full disk: $refused refused, then committed"
}

# stopped_at CALL: an upgrade stops there, and waits; its pid is in $stopped.
stopped_at() {
	local i

	traced -e "inject=$1:signal=STOP:when=1" -- --lib "$WORK/leaf" upgrade fw "$EXAMPLES/firewall.table" \
		>"$WORK/upgrade.json" 2>/dev/null &
	tracer=$!
	for ((i = 0; i < 200; i++)); do
		if grep -q 'stopped by SIGSTOP' "$WORK/trace" 2>/dev/null; then
			stopped=$(cat "$WORK/state/fw/lock")
			return
		fi
		sleep 0.05
	done
	fail "the upgrade did not stop at $1"
}

vanished_device() {
	local call code

	for call in mkdir membarrier; do # before the flip and behind it
		attach "$EXAMPLES/firewall.table" >/dev/null
		rm -f "$WORK/trace"
		stopped_at "$call"
		ip -n "$NF_HOST" link delete p2
		kill -CONT "$stopped"
		code=0
		wait "$tracer" || code=$?
		stopped=
		equal "$code" 0 "upgrade while p2 vanishes, at $call"
		holds "$(cat "$WORK/upgrade.json")" '.result == "committed"' "while p2 vanishes, at $call"
		holds "$(nfj status fw)" '.generation == 2 and .unfinished == "" and
			([.ports[] | select(.label == "p2").mode] == ["gone"])' "without p2, at $call"
		# The NF goes on being one: further commands do what they say.
		holds "$(nfj upgrade fw "$EXAMPLES/firewall.table")" '.result == "committed"' "upgrade without p2"
		nfj detach fw >/dev/null
		[[ ! -e $BPFFS/fw && ! -e $WORK/state/fw ]] || fail "detach without p2 leaves something"
		lab_down
		lab_up e2e
	done
	echo "vanished device: committed without it"
}

# Records stay, bpffs is empty, nothing is attached.
power_cut() {
	local port

	for port in p1 p2; do
		bpftool link detach pinned "$BPFFS/fw/links/$port"
	done
	rm -rf "$BPFFS"
}

power_loss() {
	local call

	for call in none mkdir membarrier; do # at rest, before the flip, behind it
		attach "$EXAMPLES/firewall.table" >/dev/null
		if [[ $call != none ]]; then
			traced -e "inject=$call:signal=KILL:when=1" -- --lib "$WORK/leaf" upgrade fw "$EXAMPLES/firewall.table" --no-canary \
				>/dev/null 2>&1 || true
			[[ -e $WORK/state/fw/journal.json ]] || fail "no upgrade was under way at $call"
		fi
		power_cut
		# What was not synced may be cut off.
		if [[ $call == membarrier ]]; then : >"$WORK/state/fw/journal.json"; fi
		refused 2 'not loaded' nf upgrade fw "$EXAMPLES/firewall.table"
		refused 2 'attach' nf upgrade fw "$EXAMPLES/firewall.table"
		equal "$(find "$WORK/state/fw" -name 'draft-*' -o -name '*.tmp*' -o -name journal.json)" "" "power loss at $call: left behind"
		attach "$EXAMPLES/firewall.table" >/dev/null
		runs 1 "attached anew after a power loss at $call"
		nfj detach fw >/dev/null
	done
	echo "power loss: attached anew"
}

full_disk
vanished_device
power_loss
