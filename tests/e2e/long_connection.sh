# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# One TCP connection that stays open, on which we ask for a page whenever we like.
# Sourced after lib.sh; nginx runs (web_start).

# long_connection [SOCAT_OPTION]: bind=ADDRESS:PORT, say
long_connection() {
	mkfifo "$WORK/ask"
	exec 8<>"$WORK/ask"
	on "$CLIENT" socat "TCP4:$LAB_SERVER_IP:80${1:+,$1}" - <&8 >"$WORK/answers" &
	asks=0
	asked || fail "the connection was not set up"
}

# asked [SECONDS]: everything that was asked for on that connection is answered, one more page too
asked() {
	local i

	asks=$((asks + 1))
	printf 'GET /1.bin HTTP/1.1\r\nHost: a\r\nRange: bytes=0-9\r\n\r\n' >&8
	for ((i = 0; i < ${1:-5} * 20; i++)); do
		[[ $({ grep -ao 'HTTP/1.1 206' "$WORK/answers" || true; } | wc -l) != "$asks" ]] || return 0
		sleep 0.05
	done
	return 1
}
