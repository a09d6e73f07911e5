# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# One run: traffic, and at set instants the steps. Sourced by ./demo.
#
# Leaves in DIR: samples, marks (begin and end of each step), probe.json,
# downloads, steps.jsonl, status.json.

# kill_tree PID: it and what it started, parents first so that loops end.
kill_tree() {
	local children child

	children=$(pgrep -P "$1" || true)
	kill "$1" 2>/dev/null || true
	for child in $children; do
		kill_tree "$child"
	done
}

sleep_until() {
	sleep "$(awk -v now="$EPOCHREALTIME" -v then="$1" 'BEGIN { d = then - now; print (d > 0 ? d : 0) }')"
}

after() {
	awk -v t="$1" -v s="$2" 'BEGIN { printf "%.6f", t + s }'
}

# run DIR STEP_FUNCTION
run() {
	local dir=$1 step=$2 start k began=0 ended=0 sampler probe downloads

	mkdir -p "$dir"
	nf_attach "$(intent_of 0)" >"$dir/attach.json"
	start=$EPOCHREALTIME
	echo "$start" >"$dir/start"
	: >"$dir/marks"
	: >"$dir/steps.jsonl"
	first sampler "$dir/samples" &
	sampler=$!
	"$UDP_PROBE" --from "$CLIENT" --to "$SERVER" --dest "$LAB_SERVER_IP" --rate 1000 >"$dir/probe.json" &
	probe=$!
	first downloads "$CONCURRENT" "$FILES" "$SECONDS_OF_LOAD" "$FILE_BYTES" "$dir/downloads" &
	downloads=$!

	for k in 1 2 3 4; do
		sleep_until "$(after "$start" "${STEP_AT[k - 1]}")"
		sleep_until "$(after "$ended" 2.7)" # on a slow machine, apart all the same
		began=$EPOCHREALTIME
		"$step" "$k" >>"$dir/steps.jsonl"
		ended=$EPOCHREALTIME
		echo "$began $ended" >>"$dir/marks"
		printf '    %5.1f s  %s\n' "$(after "$began" "-$start")" "${STEPS[k - 1]}" >&2
	done
	wait "$downloads"
	nf status "$NF" >"$dir/status.json"
	kill_tree "$sampler"
	kill "$probe"
	wait "$sampler" 2>/dev/null || true
	wait "$probe"
	nf detach "$NF" >"$dir/detach.json"
}
