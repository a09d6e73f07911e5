#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Makes the image a guest starts from, out of the host's own programs.
#
#	initramfs.sh KERNEL FILE    KERNEL: a folder that kernel.sh filled
#
# It holds just enough to mount the host's root (initramfs-init): bash, mount, modprobe
# with their libraries, and the modules for virtiofs and overlay.
set -euo pipefail
kernel=${1:?KERNEL} file=$(realpath -m "${2:?FILE}")
here=$(dirname "$(readlink -f "$0")")
release=$(cat "$kernel/release")
programs=(bash mount mkdir modprobe switch_root)
modules=(virtio_pci virtiofs overlay)

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,dev,proc,sys,new,host,fresh}
cp "$here/initramfs-init" "$root/init"
chmod 755 "$root/init"
add() { # PATH: at the same place
	[[ -e $root$1 ]] || install -D -m 755 "$1" "$root$1"
}
for program in "${programs[@]}"; do
	path=$(readlink -f "$(PATH=$PATH:/usr/sbin:/sbin command -v "$program")")
	cp "$path" "$root/bin/$program"
	for library in $(ldd "$path" | grep -o '/[^ ]*'); do
		add "$library"
	done
done

# What `modprobe --show-depends` names, in the order to insert; built-in ones have no file.
tree=$root/lib/modules/$release
mkdir -p "$tree"
cp "$kernel/lib/modules/$release"/modules.{order,builtin,builtin.modinfo} "$tree/"
for module in "${modules[@]}"; do
	modprobe --dirname "$kernel" --set-version "$release" --show-depends "$module"
done | sed -n "s|^insmod .*/lib/modules/$release/\([^ ]*\).*|\1|p" | sort -u |
	while read -r path; do
		install -D -m 644 "$kernel/lib/modules/$release/$path" "$tree/$path"
	done
depmod --basedir "$root" "$release"
(cd "$root" && find . -print0 | cpio --null --create --format=newc --quiet) | gzip -1 >"$file.new"
mv "$file.new" "$file"
