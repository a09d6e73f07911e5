#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Installs what building, testing and the demo need and this Debian lacks.
# Says nothing and touches nothing when all is there.
set -euo pipefail

packages=(
	# build
	g++ cmake ninja-build pkg-config binutils
	libbpf-dev libxdp-dev libelf-dev zlib1g-dev libxxhash-dev libnl-3-dev libnl-genl-3-dev
	libcxxopts-dev nlohmann-json3-dev
	# modules are compiled at run time
	clang linux-libc-dev
	# test
	libgtest-dev libgmock-dev libbenchmark-dev libclang-rt-14-dev clang-format
	# hosts, traffic and a look inside
	bpftool iproute2 ethtool kmod procps util-linux iputils-ping
	nftables nginx-light curl iperf3 xdp-tools tcpdump tshark traceroute bind9-dnsutils socat vsftpd jq strace patch
	# other kernels
	qemu-system-x86 cpio
	# pictures
	gnuplot-nox graphviz librsvg2-bin fonts-dejavu-core
)

# A package that provides the same thing (nginx-full for nginx-light) will do.
provided() {
	case $1 in
	nginx-light) command -v nginx || [[ -x /usr/sbin/nginx ]] ;;
	gnuplot-nox) command -v gnuplot ;;
	*) return 1 ;;
	esac >/dev/null
}

missing=()
for package in "${packages[@]}"; do
	status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
	[[ $status == installed ]] || provided "$package" || missing+=("$package")
done
((${#missing[@]})) || exit 0

if ((EUID != 0)); then
	echo "missing packages; as root: apt-get install ${missing[*]}" >&2
	exit 1
fi
echo "installing: ${missing[*]}" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
# No service starts just because its package is wanted here (nginx would).
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
	trap 'rm -f "$log" "$policy"' EXIT
fi
if ! { apt-get update -q && apt-get install -qy --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
	tail -20 "$log" >&2
	exit 1
fi
