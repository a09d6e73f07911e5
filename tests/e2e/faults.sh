# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Faults injected into nfup by strace. Sourced after lib.sh.

# The calls that reach the kernel's BPF state or the disk.
CALLS=bpf,rename,fsync,mkdir,unlink,unlinkat,rmdir,membarrier,ftruncate,pwrite64

need strace
strace -f true 2>/dev/null || skip "strace cannot trace here (ptrace is not allowed)"

# traced STRACE_OPTIONS… -- NFUP_ARGUMENTS…: its CALLS are in $WORK/trace, one a line.
traced() {
	local options=()

	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	shift
	strace -f -qq -s 300 -o "$WORK/trace" -e "trace=$CALLS" "${options[@]}" "$BUILD/tools/nfup" \
		--bpffs "$BPFFS" --state-dir "$WORK/state" --cache-dir "$CACHE" -j "$@"
}

# What an unfinished command leaves on disk and in bpffs.
leftovers() { # NF
	find "$BPFFS/$1" "$WORK/state/$1" -name '*+new*' -o -name 'draft-*' -o -name '*.tmp*' -o -name journal.json
}
