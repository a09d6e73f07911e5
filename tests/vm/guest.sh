#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Process 1 of a guest once its root is there: makes it a small Debian, runs one command
# and turns the guest off. Arguments: the kernel's folder, the folder to be in, the
# command. /run/nfup-vm/status gets its exit code, .../log what it said.
kernel=$1 folder=$2
shift 2
out=/run/nfup-vm
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LANG=C.UTF-8

mountpoint -q /proc || mount -t proc proc /proc
mountpoint -q /sys || mount -t sysfs sysfs /sys
mountpoint -q /dev || mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
ln -sf /proc/self/fd /dev/fd
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t bpf bpffs /sys/fs/bpf
mount -t debugfs debugfs /sys/kernel/debug
mount -t tracefs tracefs /sys/kernel/tracing
mkdir -p /lib/modules /run/netns
mount --bind "$kernel/lib/modules" /lib/modules
ip link set lo up
hostname guest

cd "$folder" || exit 1
"$@" >"$out/log" 2>&1 </dev/null
echo "$?" >"$out/status"
sync
echo o >/proc/sysrq-trigger
while :; do sleep 1; done # process 1 may not end
