#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# kill -9 at each of the last system calls of an attach that hosts the program found on a
# device, and now and then before; and at each of the detach that puts it back, for both ways of being attached: after the next command
# the device runs `ingress` of a whole NF or the program found, which has seen each
# datagram for the host once.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/faults.sh
. "$(dirname "$0")/faults.sh"
# shellcheck source=tests/e2e/guests.sh
. "$(dirname "$0")/guests.sh"

need jq ethtool ping bpftool
CALLS=$CALLS,sendto # netlink
host_up e2e
nf build "$WORK/host.click" >/dev/null # what is counted is not clang
ATTACH=(attach "$WORK/host.click" --name fw --netns "$NF_HOST" --dev p1=p1 --dev p2=p2 --then attached --no-canary)
DETACH=(detach fw)

# settle WHAT: the next command mends it; $there says whether the NF is.
settle() {
	local on_p1

	if [[ -e $WORK/state/fw/nf.json || -e $WORK/state/fw/journal.json ]]; then
		nfj recover fw >/dev/null || fail "$1: recover"
	fi
	on_p1=$(program_on p1)
	if [[ -e $WORK/state/fw/nf.json ]]; then
		there=yes
		check_whole "$1"
		equal "$(name_of "$on_p1")" ingress "$1: the program on p1"
		return
	fi
	there=no
	equal "$on_p1" "$guest" "$1: the program on p1"
	equal "$(program_on p2)" "" "$1: the program on p2"
	[[ ! -e $BPFFS/fw ]] || fail "$1: pins are left: $(find "$BPFFS/fw")"
}

undone=0 finished=0 unreached=0
rounds() { # WAY
	local point

	nfj "${ATTACH[@]}" >/dev/null # the first one makes folders
	nfj "${DETACH[@]}" >/dev/null
	survey "${ATTACH[@]}"
	settle "undisturbed attach"
	equal "$there" yes "the NF is there"
	# What comes before the devices is every attach's: a look now and then.
	local attach_points=() i
	for ((i = 0; i < ${#POINTS[@]}; i++)); do
		if ((i % 8 == 0 || i > ${#POINTS[@]} - 50)); then attach_points+=("${POINTS[i]}"); fi
	done
	survey "${DETACH[@]}"
	settle "undisturbed detach"
	local detach_points=("${POINTS[@]}")
	for point in "${attach_points[@]}"; do
		faulted signal=KILL "$point" "${ATTACH[@]}" || unreached=$((unreached + 1))
		settle "$1: attach killed at $point"
		if [[ $there == yes ]]; then
			finished=$((finished + 1))
			nfj detach fw >/dev/null
		else
			undone=$((undone + 1))
		fi
	done
	for point in "${detach_points[@]}"; do
		nfj "${ATTACH[@]}" >/dev/null
		faulted signal=KILL "$point" "${DETACH[@]}" || unreached=$((unreached + 1))
		settle "$1: detach killed at $point"
		if [[ $there == yes ]]; then
			undone=$((undone + 1))
			nfj detach fw >/dev/null
		else
			finished=$((finished + 1))
		fi
	done
	settle "$1: at last"
}

on "$NF_HOST" ip link set dev p1 xdp object "$GUEST" section xdp
guest=$(program_on p1)
before=$(seen "$guest")
probe_begin
rounds netlink
probe_end
equal "$(($(seen "$guest") - before))" "$(sent)" "datagrams that the guest has seen, of those sent"
ip -n "$NF_HOST" link set dev p1 xdp off

mkfifo "$WORK/hold"
on "$NF_HOST" "$TOOLS/xdp_link" "$GUEST" guest p1 <"$WORK/hold" >"$WORK/guest" &
exec 7>"$WORK/hold"
until [[ -s $WORK/guest ]]; do sleep 0.02; done
guest=$(cat "$WORK/guest")
before=$(seen "$guest")
probe_begin
rounds link
probe_end
equal "$(($(seen "$guest") - before))" "$(sent)" "datagrams that the guest has seen, of those sent"
exec 7>&-
echo "$undone undone, $finished finished, $unreached not reached"
# A bpf_link is looked for among all of the machine, which come and go.
at_least 20 "$unreached" "points that were not reached"
at_least "$undone" 40 "undone"
at_least "$finished" 10 "finished"
