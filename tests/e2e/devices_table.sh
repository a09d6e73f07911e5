#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Kinds of devices on this kernel: on each `ingress` is attached natively, then generically;
# the table goes to stdout, as Markdown. What a kind needs and this kernel lacks is `not tried`.
#
#	tests/e2e/devices_table.sh BUILD
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"

need jq
HOST=e2e-devices-$$
LAB_HOSTS+=("$HOST")
ip netns add "$HOST"
cat >"$WORK/pass.click" <<'INTENT'
FromDevice(p1) -> ToHost;
INTENT
nf build "$WORK/pass.click" >/dev/null

in_host() {
	ip -n "$HOST" "$@"
}
veth() {
	in_host link add "$1" type veth peer name "$1p"
}
# make KIND: a device nf0 of that kind.
make() {
	case $1 in
	veth) veth nf0 ;;
	tap) in_host tuntap add dev nf0 mode tap ;;
	tun) in_host tuntap add dev nf0 mode tun ;;
	bridge | dummy | ifb | wireguard | bond) in_host link add nf0 type "$1" ;;
	"bond with a veth")
		veth low
		in_host link add nf0 type bond mode active-backup && in_host link set lowp up && in_host link set low master nf0
		;;
	"VLAN on veth") veth low && in_host link add link low name nf0 type vlan id 7 ;;
	"macvlan on veth") veth low && in_host link add link low name nf0 type macvlan mode bridge ;;
	"ipvlan on veth") veth low && in_host link add link low name nf0 type ipvlan ;;
	vxlan) in_host link add nf0 type vxlan id 7 dstport 4789 ;;
	gretap) in_host link add nf0 type gretap local 10.0.0.1 remote 10.0.0.2 ;;
	loopback) in_host link set lo name nf0 ;;
	"jumbo veth") veth nf0 && in_host link set nf0p mtu 9000 && in_host link set nf0 mtu 9000 ;;
	esac
}
# attached MODE: what comes of it, with the reason.
attached() {
	local said

	if said=$(nf -j attach "$WORK/pass.click" --name fw --netns "$HOST" --dev p1=nf0 --mode "$1" --no-canary 2>&1); then
		nf detach fw >/dev/null
		echo yes
	else
		echo "no: $(jq -r .error.message <<<"$said" | tail -1 | sed 's/.*: //; s/Numerical result out of range/its MTU is too large/')"
	fi
}

printf '| device | native | generic |\n| --- | --- | --- |\n'
for kind in veth "jumbo veth" tap tun bond "bond with a veth" "VLAN on veth" "macvlan on veth" "ipvlan on veth" \
	bridge dummy ifb wireguard vxlan gretap loopback; do
	if make "$kind" 2>"$WORK/why"; then
		in_host link set nf0 up 2>/dev/null || true
		printf '| %s | %s | %s |\n' "$kind" "$(attached native)" "$(attached generic)"
	else
		printf '| %s | not tried: %s | |\n' "$kind" "$(tail -1 "$WORK/why" | sed 's/RTNETLINK answers: //; s/Error: //')"
	fi
	ip netns delete "$HOST"
	ip netns add "$HOST"
done
