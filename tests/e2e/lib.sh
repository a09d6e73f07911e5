# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034
# What every end-to-end test needs: its own folders, its own hosts, cleaning up,
# and a handful of assertions. Usage, at the top of a test:
#
#	. "$(dirname "$0")/lib.sh" "$@"    # $1 is the build folder
set -euo pipefail

BUILD=${1:?the build folder}
TOP=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")/../..")
EXAMPLES=$TOP/examples
TOOLS=$BUILD/tests/e2e
# shellcheck source=examples/demo/lab.sh
. "$TOP/examples/demo/lab.sh"
# shellcheck source=examples/demo/run.sh
. "$TOP/examples/demo/run.sh"

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

skip() {
	echo "skipped: $*" >&2
	exit 77
}

# need COMMAND…
need() {
	local command

	((EUID == 0)) || skip "needs root"
	for command in "$@"; do
		command -v "$command" >/dev/null || skip "needs $command (tools/setup.sh installs it)"
	done
	[[ -x $BUILD/tools/nfup ]] || fail "$BUILD/tools/nfup is not built"
}

# equal ACTUAL EXPECTED WHAT
equal() {
	[[ $1 == "$2" ]] || fail "$3: $1, not $2"
}

# at_least ACTUAL MINIMUM WHAT
at_least() {
	awk -v a="$1" -v b="$2" 'BEGIN { exit !(a >= b) }' || fail "$3: $1, less than $2"
}

# holds JSON FILTER WHAT: jq's FILTER is true of JSON.
holds() {
	jq -e "$2" <<<"$1" >/dev/null || fail "$3: $2 does not hold in: $1"
}

# refused CODE REGEX COMMAND…: it exits with CODE (a glob), and REGEX (any case)
# matches what it says.
refused() {
	local code=$1 regex=$2 got=0 said

	shift 2
	said=$("$@" 2>&1) || got=$?
	# shellcheck disable=SC2053 # a glob
	[[ $got == $code ]] || fail "exit code $got, not $code, of: $* ($said)"
	grep -qiE -- "$regex" <<<"$said" || fail "'$*' does not say /$regex/ but: $said"
}

# nf …: the command line with this test's own folders; nfj … the same as JSON.
nf() {
	"$BUILD/tools/nfup" --bpffs "$BPFFS" --state-dir "$WORK/state" --cache-dir "$CACHE" "$@"
}
nfj() {
	local said code=0

	said=$(nf -j "$@") || code=$?
	printf '%s\n' "$said"
	((code == 0)) || printf 'nfup %s: exit code %d\n%s\n' "$*" "$code" "$said" >&2
	return "$code"
}

# attach INTENT [NAME]: on the lab's two ports.
attach() {
	nfj attach "$1" --name "${2:-fw}" --netns "$NF_HOST" --dev p1=p1 --dev p2=p2
}

cleanup() { # [STATUS]
	local status=${1:-$?} job name

	trap '' INT TERM
	for job in $(jobs -p); do
		kill_tree "$job"
	done
	for name in "$BPFFS"/*/; do
		[[ ! -d $name ]] || nf detach "$(basename "$name")" >/dev/null 2>&1 || true
	done
	lab_down
	[[ ! -d $BPFFS ]] || rm -rf "$BPFFS"
	rm -rf "$WORK"
	exit "$status"
}

WORK=$(mktemp -d "/tmp/nfup-e2e.XXXXXX")
chmod 755 "$WORK"
BPFFS=/sys/fs/bpf/nfup-e2e-$$
# Compiled once for all the tests of a build; that a cold cache works too is
# what the first of them shows.
CACHE=$BUILD/tests/e2e/cache
set -E
trap 'echo "${BASH_SOURCE[0]}:$LINENO: exit code $? of: $BASH_COMMAND" >&2' ERR
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
