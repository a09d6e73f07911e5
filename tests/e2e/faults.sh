# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Faults injected into nfup by strace. Sourced after lib.sh.

# The calls that reach the kernel's BPF state or the disk.
CALLS=bpf,rename,fsync,mkdir,unlink,unlinkat,rmdir,membarrier,ftruncate,pwrite64

need strace
strace -f true 2>/dev/null || skip "strace cannot trace here (ptrace is not allowed)"

# traced STRACE_OPTIONS… -- NFUP_ARGUMENTS…: its CALLS are in $WORK/trace, one a line.
# In the network namespace $TRACED_ON, if that is set.
traced() {
	local options=()

	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	shift
	${TRACED_ON:+nsenter "--net=/run/netns/$TRACED_ON"} strace -f -qq -s 300 -o "$WORK/trace" -e "trace=$CALLS" "${options[@]}" "$BUILD/tools/nfup" \
		--bpffs "$BPFFS" --state-dir "$WORK/state" --cache-dir "$CACHE" -j "$@"
}

# What an unfinished command leaves on disk and in bpffs.
leftovers() { # NF
	find "$BPFFS/$1" "$WORK/state/$1" -name '*+new*' -o -name 'draft-*' -o -name '*.tmp*' -o -name journal.json
}

# survey ARGUMENTS…: what an undisturbed nfup calls, as "CALL N" for the Nth of its
# kind, in POINTS. Look-ups behind look-ups are left out: a fault there finds the same.
survey() {
	traced -- "$@" >/dev/null 2>&1 || true
	mapfile -t POINTS < <(awk '
		{ sub(/^[0-9]+ +/, ""); call = $0; sub(/\(.*/, "", call) }
		call !~ /^[a-z0-9_]+$/ { next }
		{ n[call]++; lookup = /^bpf\(BPF_MAP_LOOKUP_ELEM/ }
		!(lookup && before) { print call, n[call] }
		{ before = lookup }' "$WORK/trace")
}

# faulted FAULT "CALL N" ARGUMENTS…: nfup with that fault; exit code in $code. False:
# it came to its end without.
faulted() {
	local fault=$1 call=${2% *} n=${2#* }

	shift 2
	code=0
	{ traced -e "inject=$call:$fault:when=$n" -- "$@" >"$WORK/result.json" 2>"$WORK/errors" || code=$?; } 2>/dev/null
	grep -qE 'INJECTED|killed by SIGKILL' "$WORK/trace"
}

running() {
	jq .current "$WORK/state/fw/nf.json"
}

# check_whole WHAT: recover mends it; the slots hold what is on record; nothing is left.
check_whole() {
	local status

	nfj recover fw >"$WORK/recovered.json" || fail "$1: recover: $(cat "$WORK/recovered.json")"
	status=$(nfj status fw) || fail "$1: status"
	holds "$status" '.unfinished == "" and .tail_call_miss == 0' "$1"
	equal "$(jq -c '[.nodes[] | [.name, .prog_id]] | sort' <<<"$status")" \
		"$(jq -c '[.nodes[] | select(.cls != "root") | [.name, .prog_id]] | sort' \
			"$WORK/state/fw/gen-$(running).json")" "$1: the programs in the slots and on record"
	equal "$(leftovers fw)" "" "$1: left behind"
}
