#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs one command as root in a guest with another kernel.
#
#	boot.sh KERNEL OUT SECONDS COMMAND…
#
# KERNEL: a folder that kernel.sh filled. OUT: an own folder; the guest has it as
# /run/nfup-vm and may write results there, `log` is what COMMAND said, `console` what the
# kernel said. The guest sees the host's files, and writes them in its memory only.
# Exit code: COMMAND's; 124 when it took longer than SECONDS, 125 when the guest ended
# without a result (a panic, say). Both say why on stderr.
# VM_CPUS (2), VM_MEMORY (2G), VM_DEVICES (more arguments for QEMU), VM_ACCEL (kvm or tcg;
# by default what works), VM_QEMU (a folder that emulator.sh filled; the host's QEMU otherwise).
set -euo pipefail
kernel=$(realpath "${1:?KERNEL}") out=$(realpath -m "${2:?OUT}") seconds=${3:?SECONDS}
shift 3
here=$(dirname "$(readlink -f "$0")")
export PATH=$PATH:/usr/sbin:/sbin
# Debian 12 has it in qemu-system-common, later ones have a package of that name.
for virtiofsd in /usr/lib/qemu/virtiofsd /usr/libexec/virtiofsd; do
	[[ ! -x $virtiofsd ]] || break
done

qemu=(qemu-system-x86_64)
if [[ -x ${VM_QEMU:-}/usr/bin/qemu-system-x86_64 ]]; then
	qemu=("$VM_QEMU/usr/bin/qemu-system-x86_64" -L "$VM_QEMU/usr/share/qemu" -L /usr/share/seabios -L /usr/share/qemu)
fi
version=$("${qemu[@]}" --version | grep -om1 '[0-9]*\.[0-9]*')

accel() {
	# The device can be there and a guest hang all the same: see one start. Without a root
	# its kernel panics at once, and the guest ends.
	if grep -qwE 'vmx|svm' /proc/cpuinfo && [[ -w /dev/kvm ]] &&
		timeout 10 "${qemu[@]}" -accel kvm -cpu host -m 256M -nodefaults -display none -no-reboot \
			-kernel "$kernel/vmlinuz" -append "panic=-1" >/dev/null 2>&1 </dev/null; then
		echo kvm
	else
		echo tcg
	fi
}
case ${VM_ACCEL:=$(accel)} in
kvm) machine=(-accel kvm -cpu host) ;;
# Each emulated CPU has a thread, so that they do run at once. But QEMU before 8.1 may
# run an instruction that another CPU has just exchanged, which the kernel does at every
# write of a slot, and panics ("Oops: int3"): there they take turns. QEMU 7.2 does
# cmpxchg16b wrong, too (6.12 panics in its slab allocator).
tcg)
	threads=multi
	[[ $(printf '%s\n' "$version" 8.1 | sort -V | head -1) == 8.1 ]] || threads=single
	machine=(-accel "tcg,thread=$threads" -cpu max,-cx16)
	;;
esac

mkdir -p "$out"
rm -f "$out"/{status,log,console}
: >"$out/console"
work=$(mktemp -d /tmp/nfup-vm.XXXXXX)
processes=()
cleanup() {
	((${#processes[@]} == 0)) || kill "${processes[@]}" 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 143' INT TERM
printf '#!/bin/bash\nexec %s\n' "$(printf '%q ' /bin/bash "$here/guest.sh" "$kernel" "$PWD" "$@")" >"$out/first"
"$here/initramfs.sh" "$kernel" "$work/initramfs"

memory=${VM_MEMORY:-2G}
qemu+=("${machine[@]}" -smp "${VM_CPUS:-2}" -m "$memory" -nodefaults -no-user-config
	-display none -no-reboot -machine "q35,memory-backend=memory"
	-object "memory-backend-memfd,id=memory,size=$memory,share=on"
	-serial "file:$out/console" -device virtio-rng-pci
	-kernel "$kernel/vmlinuz" -initrd "$work/initramfs"
	# A warning of the kernel's is not the end; what ends it, ends the guest.
	-append "console=ttyS0 loglevel=5 panic=-1 oops=panic softlockup_panic=0 mitigations=off random.trust_cpu=on")
share() { # TAG FOLDER CACHE
	"$virtiofsd" --socket-path="$work/$1" -o source="$2" -o cache="$3" -o sandbox=chroot -f >"$work/$1.log" 2>&1 &
	processes+=($!)
	qemu+=(-chardev "socket,id=$1,path=$work/$1" -device "vhost-user-fs-pci,chardev=$1,tag=$1")
}
share host / always
share out "$out" none
for socket in host out; do
	for ((tries = 0; tries < 100; tries++)); do
		[[ ! -S $work/$socket ]] || break
		sleep 0.05
	done
	[[ -S $work/$socket ]] || { cat "$work/$socket.log" >&2 && exit 125; }
done
# shellcheck disable=SC2086 # words
qemu+=(${VM_DEVICES:-})

code=0
timeout --kill-after=5 "$seconds" "${qemu[@]}" >"$work/qemu.log" 2>&1 </dev/null &
processes+=($!)
wait "$!" || code=$? # a signal to this script ends the wait, and with it the guest
[[ ! -s $out/status ]] || exit "$(cat "$out/status")"
{
	if ((code == 124 || code == 137)); then
		echo "the guest took longer than $seconds s; the end of its output:"
		code=124
	else
		echo "the guest ended without a result (QEMU: exit code $code):"
		code=125
	fi
	cat "$work/qemu.log"
	tail -15 "$out/log" 2>/dev/null || true
	echo "the end of its console:"
	tail -25 "$out/console"
} >&2
exit "$code"
