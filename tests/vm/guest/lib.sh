# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What runs inside a guest: named checks, each with its result in a table. Usage, at the
# top of a script that run.sh starts:
#
#	. "$(dirname "$0")/lib.sh" "$@"    # $1 is the build folder
#	check NAME SECONDS COMMAND…        # as often as wanted
#	finish
set -uo pipefail

BUILD=${1:?the build folder}
TOP=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")/../../..")
OUT=/run/nfup-vm
FAILED=()
uname -r >"$OUT/release"

# check NAME SECONDS COMMAND…: it runs for at most so long; 77 is a skip. The row of the
# table: name, result, seconds, why (skipped: what it said last).
check() {
	local name=$1 seconds=$2 code=0 start=$SECONDS result=passed why=

	shift 2
	echo "== $name"
	timeout --kill-after=10 "$seconds" "$@" >"$OUT/$name.log" 2>&1 || code=$?
	case $code in
	0) ;;
	77) result=skipped why=$(grep -i skipped "$OUT/$name.log" | tail -1) ;;
	124 | 137) result=failed why="took longer than $seconds s" ;;
	*) result=failed why="exit code $code" ;;
	esac
	if [[ $result == failed ]]; then
		FAILED+=("$name")
		tail -40 "$OUT/$name.log"
	fi
	echo "$result after $((SECONDS - start)) s${why:+: $why}"
	printf '%s\t%s\t%d\t%s\n' "$name" "$result" $((SECONDS - start)) "$why" >>"$OUT/results"
}

# A warning or an oops of the kernel's is a failure too.
finish() {
	if dmesg | grep -E 'WARNING:|BUG:|Oops|Call Trace' >"$OUT/kernel-complaints"; then
		FAILED+=("the kernel's log")
		dmesg | tail -60
	fi
	if ((${#FAILED[@]})); then
		echo "FAILED on Linux $(uname -r): ${FAILED[*]}"
		exit 1
	fi
	echo "all passed on Linux $(uname -r)"
}
