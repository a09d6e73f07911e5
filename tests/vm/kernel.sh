#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Gets one of Debian 12's stock kernels without installing it.
#
#	kernel.sh VERSION FOLDER    VERSION is 6.1 (bookworm) or 6.12 (bookworm-backports)
#
# Afterwards FOLDER/VERSION has vmlinuz, lib/modules and release (as uname -r tells it).
# What is there already is kept: remove the folder for a newer one. Exit code 77 where the
# package cannot be had.
set -euo pipefail
# shellcheck source=tests/vm/apt.sh
. "$(dirname "$(readlink -f "$0")")/apt.sh"
version=${1:?VERSION} folder=$(realpath -m "${2:?FOLDER}")
case $version in
6.1) suites=(bookworm bookworm-security) ;;
6.12) suites=(bookworm-backports) ;;
*) echo "no package known for Linux $version: 6.1 or 6.12" >&2 && exit 1 ;;
esac
# The cloud kernel has all that the tests need (veth, virtio_net, virtiofs, overlay,
# nftables), in half the size of the other.
package=linux-image-cloud-amd64
[[ ! -e $folder/$version/release ]] || exit 0

mkdir -p "$folder"
exec 9>"$folder/lock"
flock 9 # two tests may want it at once
[[ ! -e $folder/$version/release ]] || exit 0
work=$(mktemp -d "$folder/new.XXXXXX")
trap 'rm -rf "$work"' EXIT

cannot() {
	echo "no Linux $version from ${suites[*]}: $(tail -1 "$work/apt/log")" >&2
	exit 77
}
private_apt "$work/apt" "${suites[@]}"
apt_update || cannot
image=$(apt_newest "$package") || cannot
apt_extract "$work/image" "$image" || cannot
release=$(basename "$work"/image/lib/modules/*)
depmod --basedir "$work/image" "$release"
rm -rf "${folder:?}/$version"
mkdir -p "$work/done/lib"
mv "$work/image/lib/modules" "$work/done/lib/"
mv "$work/image/boot/vmlinuz-$release" "$work/done/vmlinuz"
echo "$release" >"$work/done/release"
mv "$work/done" "$folder/$version"
