#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Gets a QEMU whose emulated CPUs can run at once (boot.sh says why), from
# bookworm-backports, without installing it. Where the host's own will do, nothing.
#
#	emulator.sh FOLDER
set -euo pipefail
folder=$(realpath -m "${1:?FOLDER}")
# shellcheck source=tests/vm/apt.sh
. "$(dirname "$(readlink -f "$0")")/apt.sh"

version=$(qemu-system-x86_64 --version | grep -om1 '[0-9]*\.[0-9]*')
[[ $(printf '%s\n' "$version" 8.1 | sort -V | head -1) != 8.1 ]] || exit 0
[[ ! -e $folder ]] || exit 0
mkdir -p "$(dirname "$folder")"
exec 9>"$folder.lock"
flock 9
[[ ! -e $folder ]] || exit 0
work=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$work"' EXIT
private_apt "$work/apt" bookworm-backports
if ! apt_update || ! apt_extract "$work/qemu" qemu-system-x86 qemu-system-common qemu-system-data ||
	! "$work/qemu/usr/bin/qemu-system-x86_64" --version >"$work/apt/log" 2>&1; then
	echo "no newer QEMU from bookworm-backports, the CPUs will take turns: $(tail -1 "$work/apt/log")" >&2
	exit 1
fi
mv "$work/qemu" "$folder"
