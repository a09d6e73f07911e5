#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# How long an upgrade takes: flip, drain, total; against the number of nodes, the
# offered load and the live flows in the state map. In each row's own run stand one
# bare write of the same slot and one bare membarrier, which carry over to other
# machines as ratios.
#
#	bench/upgrade.sh [BUILD [FOLDER]]    makes FOLDER/upgrade.csv and FOLDER/upgrade.svg
#
# RUNS (20) upgrades a row. `one`: one node changes, its slot is flipped. `all`: the
# first and the last node change, and with them the path of every packet.
TOP=$(readlink -f "$(dirname "$0")/..")
FOLDER=${2:-$PWD}
mkdir -p "$FOLDER"
FOLDER=$(readlink -f "$FOLDER")
set -- "$(readlink -f "${1:-$TOP/build}")"
# shellcheck source=tests/e2e/lib.sh
. "$TOP/tests/e2e/lib.sh" "$@"
# shellcheck source=tests/e2e/stamps.sh
. "$TOP/tests/e2e/stamps.sh"

RUNS=${RUNS:-20}
need jq ethtool gnuplot
CSV=$FOLDER/upgrade.csv
echo "experiment,x,kind,runs,loaded,flip_us,flip_p10,flip_p90,drain_ms,drain_p10,drain_p90,total_ms,total_p10,total_p90,wall_ms,bare_write_us,bare_membarrier_ms" >"$CSV"

# chain NODES EARLY LATE: about NODES nodes, in branches of at most 24.
chain() {
	if (($1 == 5)); then
		echo "FromDevice(p1) -> early :: EtherRewrite(02:00:00:00:00:0$2, 02:00:00:00:00:0$2) -> Null"
		echo "-> late :: EtherRewrite(02:00:00:00:00:0$3, 02:00:00:00:00:0$3) -> ToDevice(p2);"
		echo "FromDevice(p2) -> Discard;"
		return
	fi
	local branches=$((($1 + 16) / 28 + 1)) length b n rules=
	length=$((($1 - 9) / branches))
	((length > 0)) || length=0
	for ((b = 1; b < branches; b++)); do
		rules+="src udp port $((1023 + b)), "
	done
	echo "FromDevice(p2) -> ToDevice(p1);"
	echo "late :: EtherRewrite(02:00:00:00:00:0$3, 02:00:00:00:00:0$3) -> ToDevice(p2);"
	echo "FromDevice(p1) -> Strip(14) -> CheckIPHeader -> early :: SetIPDSCP($2) -> c :: IPClassifier($rules-);"
	for ((b = 0; b < branches; b++)); do
		printf 'c[%d]' "$b"
		for ((n = 0; n < length; n++)); do
			printf ' -> Null'
		done
		echo ' -> late;'
	done
}

# state EARLY LATE: one chain whose atom holds flows.
state() {
	cat <<-INTENT
		FromDevice(p2) -> ToDevice(p1);
		late :: EtherRewrite(02:00:00:00:00:0$2, 02:00:00:00:00:0$2) -> ToDevice(p2);
		FromDevice(p1) -> Strip(14) -> CheckIPHeader -> early :: SetIPDSCP($1) -> wl :: ReadWL;
		wl[0] -> late; wl[1] -> WriteWL -> late;
	INTENT
}

# intents GENERATOR…: four versions of each kind in $WORK; `all` ends as `one` begins.
intents() {
	local v

	for v in 0 1 2 3; do
		"$@" 0 "$v" >"$WORK/one-$v.click"
		"$@" "$v" "$v" >"$WORK/all-$v.click"
	done
}

loop() { # COUNT KIND
	"$TOOLS/upgrade_loop" --bpffs "$BPFFS" --state-dir "$WORK/state" --cache-dir "$CACHE" "${LIBRARY[@]}" --nf nf \
		--no-canary --each --count "$1" "$WORK/$2"-{1,2,3,0}.click
}

# row EXPERIMENT X: both kinds, each with warm-up and with the bare calls.
row() {
	local kind last slot node generation

	for kind in one all; do
		loop $((RUNS + 4)) "$kind" >"$WORK/each"
		# The slot that was flipped takes the old and the new program by turns: both
		# generations are whole.
		last=$(nfj "${LIBRARY[@]}" upgrade nf "$WORK/$kind-1.click")
		read -r slot node generation < <(jq -r '[.flip_slot, .flip_node, .generation] | join(" ")' <<<"$last")
		"$BUILD/bench/upgrade_tool" bare "$BPFFS/nf/slots" "$slot" "$BPFFS/nf/gen/$((generation - 1))/$node" \
			"$BPFFS/nf/gen/$generation/$node" "$RUNS" >"$WORK/bare"
		nfj "${LIBRARY[@]}" upgrade nf "$WORK/$kind-0.click" >/dev/null
		jq -rs --arg experiment "$1" --arg x "$2" --arg kind "$kind" --slurpfile bare "$WORK/bare" '
			map(select(.flip_us | type == "number"))[4:] as $runs
			| def at(key; part): ($runs | map(key) | sort | .[(length - 1) * part | floor]) * 1000 | round / 1000;
			def spread(key): at(key; 0.5), at(key; 0.1), at(key; 0.9);
			[$experiment, $x, $kind, ($runs | length), at(.loaded; 0.5), spread(.flip_us), spread(.drain_ms),
			spread(.total_ms), at(.wall_ms; 0.5), $bare[0].bare_write_us, $bare[0].bare_membarrier_ms]
			| map(tostring) | join(",")' "$WORK/each" | tee -a "$CSV"
	done
}

measure() { # EXPERIMENT X GENERATOR…
	local experiment=$1 x=$2

	shift 2
	intents "$@"
	nfj "${LIBRARY[@]}" attach "$WORK/all-0.click" --name nf --netns "$NF_HOST" --dev p1=p1 --dev p2=p2 >/dev/null
	case $experiment in
	load) frames_at "$x" ;;
	flows) "$BUILD/bench/upgrade_tool" fill "$BPFFS/nf/state/WL" "$x" ;;
	esac
	row "$experiment" "$x"
	[[ -z ${frames:-} ]] || kill "$frames"
	wait
	frames=
	nfj detach nf >/dev/null
}

frames_at() { # RATE, 0, or max
	local rate=(--rate "$1")

	[[ $1 != 0 ]] || return 0
	[[ $1 != max ]] || rate=()
	"$TOOLS/live_frames" --client "$CLIENT" --server "$SERVER" "${rate[@]}" >"$WORK/frames.json" &
	frames=$!
}

lab_up bench
LIBRARY=()
for nodes in 5 10 25 50 100 200; do
	measure nodes "$nodes" chain "$nodes"
done
for rate in 0 10000 100000 1000000 max; do
	measure load "$rate" stamps_intent
done
# The state with room for the flows.
mkdir -p "$WORK/lib"
sed -e 's/, 65536)/, 2000000)/' -e 's|"\.\./|"|' -e 's|"whitelist_entry.h"|"atoms/whitelist_entry.h"|' \
	"$TOP/bpf/atoms/whitelist.h" >"$WORK/lib/whitelist.h"
cp "$TOP"/bpf/atoms/{ReadWL,WriteWL}.bpf.c "$WORK/lib"
LIBRARY=(--lib "$WORK/lib")
for flows in 1 1000 100000 1000000; do
	measure flows "$flows" state
done

gnuplot <<-PLOT
	set datafile separator ","
	set terminal svg size 1100,900 dynamic font "DejaVu Sans,11" background "white"
	set output "$FOLDER/upgrade.svg"
	set style data linespoints
	set grid
	set yrange [0:*]
	set key outside bottom center horizontal
	csv(experiment, kind) = sprintf("< awk -F, '\$1 == \"%s\" && \$3 == \"%s\"' $CSV", experiment, kind)
	set multiplot layout 3,3
	do for [e in "nodes load flows"] {
		set xlabel (e eq "load" ? "offered load, packets a second" : e eq "flows" ? "live flows" : "nodes")
		set title "flip, µs"
		plot csv(e, "one") using 6:xtic(2) title "one node", csv(e, "all") using 6 title "whole path", \
			csv(e, "one") using 16 title "bare write, its slot" dashtype 2
		set title "drain, ms"
		plot csv(e, "one") using 9:xtic(2) title "one node", csv(e, "all") using 9 title "whole path", \
			csv(e, "all") using 17 title "one bare membarrier" dashtype 2
		set title "total, ms"
		plot csv(e, "one") using 12:xtic(2) title "one node", csv(e, "all") using 12 title "whole path"
	}
PLOT
echo "$CSV, $FOLDER/upgrade.svg"
