# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The demo's tables and its picture, from what the runs left. Sourced by ./demo.

completed() { grep -c ' ok$' "$1/downloads" || true; }
failed() { grep -c ' failed$' "$1/downloads" || true; }

report_runs() {
	local dir

	printf '%-22s %10s %8s %8s %8s %12s\n' run completed failed probes lost "longest gap"
	for dir in "$@"; do
		printf '%-22s %10d %8d %8d %8d %9.1f ms\n' "$(cat "$dir/title")" "$(completed "$dir")" "$(failed "$dir")" \
			"$(jq .sent "$dir/probe.json")" "$(jq .lost "$dir/probe.json")" "$(jq .longest_gap_ms "$dir/probe.json")"
	done
}

report_steps() {
	local dir=$1 k=0 line

	printf '%-16s %9s %9s %9s %9s %9s %8s %8s\n' upgrade "build ms" "load ms" "flip µs" "drain ms" "total ms" loaded shared
	while read -r line; do
		# shellcheck disable=SC2046,SC2183 # one word per column
		printf '%-16s %9.1f %9.1f %8.1f %9.1f %9.1f %8d %8d\n' "${STEPS[k]}" $(jq -r \
			'.build_ms // 0, .load_ms // 0, .flip_us // 0, .drain_ms // 0, .total_ms // 0,
			 (.loaded | length), (.shared | length)' <<<"$line")
		k=$((k + 1))
	done < <(jq -c . "$dir/steps.jsonl")
}

# goodput DIR: seconds since the start, Gbit/s, one line per sample.
goodput() {
	awk -v start="$(cat "$1/start")" '
		NR > 1 && $1 > t { printf "%.3f %.4f\n", $1 - start, ($2 - bytes) * 8 / ($1 - t) / 1e9 }
		{ t = $1; bytes = $2 }' "$1/samples"
}

# marks DIR COLUMN: gnuplot commands for the instants of the steps.
marks() {
	local k=0 begin end at

	while read -r begin end; do
		at=$(after "$([[ $2 == end ]] && echo "$end" || echo "$begin")" "-$(cat "$1/start")")
		echo "set arrow from first $at, graph 0 to first $at, graph 1 nohead dashtype 2 lc rgb '#555555' lw 1.2 front"
		echo "set label '${STEPS[k]}' at first $at, graph 1.045 center font ',12' textcolor rgb '#333333'"
		k=$((k + 1))
	done <"$1/marks"
}

# panel DIR COLOUR: one run, with its title over it.
panel() {
	local dir=$1 colour=$2 lost failed

	lost=$(jq .lost "$dir/probe.json")
	failed=$(failed "$dir")
	cat <<-PLOT
		unset arrow
		unset label
		set title "{/:Bold $(cat "$dir/title")}: $failed of $((failed + $(completed "$dir"))) downloads failed, $lost of $(jq .sent "$dir/probe.json") probes lost" offset 0,1.1
		$(marks "$dir" "$3")
		plot '$dir/goodput' using 1:2 with filledcurves y1=0 fs solid 0.25 noborder lc rgb '$colour' notitle, \\
			'$dir/goodput' using 1:2 with lines lw 2 lc rgb '$colour' notitle
	PLOT
}

# picture OUT UPGRADED RESTARTED: OUT.svg and OUT.png, one run over the other.
picture() {
	local out=$1 upgraded=$2 restarted=$3 dir until

	for dir in "$upgraded" "$restarted"; do
		goodput "$dir" >"$dir/goodput"
	done
	until=$(cat "$upgraded/goodput" "$restarted/goodput" | awk '$2 > 0.01 && $1 > t { t = $1 } END { printf "%.0f", t + 0.5 }')
	gnuplot <<-PLOT
		set terminal svg size 1000,640 font 'DejaVu Sans,14' background '#ffffff'
		set output '$out.svg'
		set multiplot layout 2,1 margins 0.08,0.975,0.1,0.87 spacing 0,0.2
		set border 3 lc rgb '#888888'
		set tics nomirror out scale 0.5 textcolor rgb '#333333'
		set grid ytics lc rgb '#dddddd' lw 1
		set xrange [0:$until]
		set yrange [0:$(awk "BEGIN { print $LINE_MBIT / 1000 * 1.15 }")]
		set ytics 0.5
		set ylabel 'goodput, Gbit/s'
		$(panel "$upgraded" '#1a7f5a' end)
		set xlabel 'seconds'
		$(panel "$restarted" '#c0392b' begin)
		unset multiplot
	PLOT
	rsvg-convert --width 1600 --output "$out.png" "$out.svg"
}
