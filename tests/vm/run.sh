#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs one script of tests/vm/guest in a guest with one of Debian's kernels.
#
#	run.sh BUILD VERSION SECONDS SCRIPT [ARGUMENTS…]
#
# The guest runs `SCRIPT BUILD ARGUMENTS…`. Results stay in BUILD/tests/vm/VERSION/SCRIPT.
# Exit code: that of SCRIPT, or as boot.sh and kernel.sh say; 77 when it cannot run here.
# NFUP_VM_KERNELS: where kernels are kept (BUILD/tests/vm/kernels).
set -euo pipefail
build=$(realpath "${1:?BUILD}") version=${2:?VERSION} seconds=${3:?SECONDS} script=${4:?SCRIPT}
shift 4
here=$(dirname "$(readlink -f "$0")")
kernels=${NFUP_VM_KERNELS:-$build/tests/vm/kernels}
out=$build/tests/vm/$version/$script

((EUID == 0)) || { echo "skipped: needs root, which the guest shares the host's files as" >&2 && exit 77; }
for command in qemu-system-x86_64 cpio; do
	command -v "$command" >/dev/null || { echo "skipped: needs $command (tools/setup.sh installs it)" >&2 && exit 77; }
done
"$here/kernel.sh" "$version" "$kernels" || { code=$? && echo "skipped: see above" >&2 && exit "$code"; }
"$here/emulator.sh" "$kernels/qemu" || true # slower without
rm -rf "$out"
mkdir -p "$out"
code=0
VM_QEMU=$kernels/qemu "$here/boot.sh" "$kernels/$version" "$out" "$seconds" bash "$here/guest/$script.sh" "$build" "$@" || code=$?
cat "$out/log" 2>/dev/null || true
exit "$code"
