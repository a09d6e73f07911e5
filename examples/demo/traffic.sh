# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Real traffic over the lab, sourced after lab.sh: a web server, downloads with
# curl, a sampler of the client's goodput.

# The client and the server go before the NF's compiler: on machines of their own
# they would not share its cores.
first() {
	renice -n -10 -p "$BASHPID" >/dev/null
	"$@"
}

# web_start DIR MB COUNT: nginx in the server's network with COUNT files.
web_start() {
	local dir=$1 mb=$2 count=$3 here i

	here=$(dirname "${BASH_SOURCE[0]}")
	mkdir -p "$dir/www" "$dir/tmp"
	chmod 755 "$dir" "$dir/www"
	head -c "${mb}M" /dev/urandom >"$dir/www/payload"
	for ((i = 1; i <= count; i++)); do
		ln "$dir/www/payload" "$dir/www/$i.bin"
	done
	sed "s|DIR|$dir|g" "$here/nginx.conf" >"$dir/nginx.conf"
	first on "$SERVER" nginx -e "$dir/error.log" -c "$dir/nginx.conf" &
	WEB_PID=$!
	for ((i = 0; i < 50; i++)); do
		on "$SERVER" curl -so /dev/null --noproxy '*' "http://$LAB_SERVER_IP/1.bin" -r 0-0 && return
		sleep 0.1
	done
	echo "nginx did not start:" >&2
	cat "$dir/error.log" >&2
	return 1
}

web_stop() {
	[[ -n ${WEB_PID:-} ]] || return 0
	kill "$WEB_PID" 2>/dev/null || true
	wait "$WEB_PID" 2>/dev/null || true
	WEB_PID=
}

# The server's line speed. A shaped line is flat, so that a dip would show, and
# leaves the two cores of a small machine room to compile.
line_rate() {
	local mbit=$1

	tc -n "$SERVER" qdisc replace dev eth0 root tbf rate "${mbit}mbit" burst 256kb latency 50ms
}

# downloader FIRST STEP LAST UNTIL BYTES OUT: one curl after the other, each a new
# connection, none begun after UNTIL. A line per file: exit code, HTTP status,
# bytes, seconds, whole?
downloader() {
	local first=$1 step=$2 last=$3 until=$4 bytes=$5 out=$6 i code line

	for ((i = first; i <= last && SECONDS < until; i += step)); do
		code=0
		line=$(on "$CLIENT" curl -s --noproxy '*' -o /dev/null --connect-timeout 2 --speed-limit 1000 \
			--speed-time 2 --max-time 30 -w '%{http_code} %{size_download} %{time_total}' \
			"http://$LAB_SERVER_IP/$i.bin") || code=$?
		if [[ $code == 0 && $line == "200 $bytes "* ]]; then
			echo "$code $line ok" >>"$out"
		else
			echo "$code $line failed" >>"$out"
		fi
	done
}

# downloads CONCURRENT FILES SECONDS BYTES OUT: loops of curls, started a little
# apart so that they do not all end at once.
downloads() {
	local concurrent=$1 files=$2 seconds=$3 bytes=$4 out=$5 i pids=()

	: >"$out"
	for ((i = 1; i <= concurrent; i++)); do
		downloader "$i" "$concurrent" "$files" "$((SECONDS + seconds))" "$bytes" "$out" &
		pids+=($!)
		sleep 0.02
	done
	wait "${pids[@]}"
}

# sampler OUT: seconds since the epoch and bytes received by the client, every
# 100 ms until it is killed. No process per sample.
sampler() {
	# shellcheck disable=SC2016 # the inner shell expands it
	on "$CLIENT" bash -c '
		exec 3<> <(:)
		while :; do
			while read -r device bytes _; do
				[[ $device == eth0: ]] && echo "$EPOCHREALTIME $bytes"
			done </proc/net/dev
			read -rt 0.1 <&3 || true
		done' >"$1"
}
