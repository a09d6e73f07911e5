#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# kill -9 of the sender and of the receiver, anywhere in a `state send`: the sender's NF runs on
# (once recovered, if it was frozen), and the receiver holds all or nothing.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/faults.sh
. "$(dirname "$0")/faults.sh"
# shellcheck source=tests/e2e/receiver.sh
. "$(dirname "$0")/receiver.sh"
# shellcheck source=tests/e2e/long_connection.sh
. "$(dirname "$0")/long_connection.sh"
# shellcheck source=examples/demo/traffic.sh
. "$TOP/examples/demo/traffic.sh"

need nginx curl jq ethtool socat
lab_up e2e
second_nf_host
attach "$EXAMPLES/firewall.click" >/dev/null
nfj attach "$EXAMPLES/firewall.click" --name fw2 --netns "$NF_HOST2" --dev p1=p1 --dev p2=p2 >/dev/null
web_start "$WORK/web" 100 1
long_connection
for ((i = 0; i < 40; i++)); do
	nfj state set fw WL saddr=10.9.0.1 daddr=10.9.0.2 sport="$i" dport=1 proto=tcp family=4 >/dev/null
done
all=$(entries fw WL)
at_least "$all" 41 "entries"

# runs_on WHAT: the sender's NF, after nfup recover; it may have been left frozen, having sent all.
runs_on() {
	check_whole "$1"
	[[ $(nfj status fw | jq -r .frozen) == "" ]] || nfj state thaw fw >/dev/null
	asked 30 || fail "$1: the connection does not go on"
}
# all_or_nothing WHAT: by the receiver's exit code in $code; then nothing.
all_or_nothing() {
	nfj recover fw2 >"$WORK/recovered"
	if ((code == 0)); then
		equal "$(entries fw2 WL)" "$all" "$1: all has come"
		nfj state del fw2 WL --all >/dev/null
		nfj state del fw2 FSM --all >/dev/null
	fi
	equal "$(nfj state list fw2 | jq '[.states[].entries] | add')" 0 "$1: nothing has come"
	equal "$(leftovers fw2)" "" "$1: left behind at the receiver"
}

echo "== the sender"
CALLS+=,connect,sendto,recvfrom
receiver_start
survey state send fw "$RECEIVER_AT"
receiver_end
holds "$(nfj status fw)" '.frozen != ""' "the survey"
all_or_nothing "the survey"
runs_on "the survey"
at_least "${#POINTS[@]}" 40 "calls"
kills=0 frozen=0 came=0
for ((i = 0; i < ${#POINTS[@]}; i += 1 + ${#POINTS[@]} / 40)); do
	receiver_start
	if faulted signal=KILL "${POINTS[i]}" state send fw "$RECEIVER_AT"; then
		kills=$((kills + 1))
		[[ ! -e $WORK/state/fw/journal.json ]] || frozen=$((frozen + 1))
	fi
	# One that no sender has come to waits on.
	[[ $(jq -r .unfinished <<<"$(nfj status fw2)") != "" ]] || kill -INT "$RECEIVER" 2>/dev/null || true
	receiver_end
	came=$((came + (code == 0)))
	runs_on "killed at ${POINTS[i]}"
	all_or_nothing "killed at ${POINTS[i]}"
done
at_least "$kills" 25 "kills"
at_least "$frozen" 3 "kills while it was frozen"
echo "$kills kills, $frozen of them while it was frozen; $came times all had come"

echo "== the receiver"
kills=0 whole=0
for call in "bpf 30" "bpf 60" "bpf 100" "recvfrom 1" "recvfrom 3" "recvfrom 5" "recvfrom 8" "recvfrom 11" "recvfrom 14" \
	"sendto 1" "sendto 2" "sendto 3" "sendto 4" "rename 1" "unlink 1"; do
	receiver_start strace -f -qq -o "$WORK/trace" -e "trace=$CALLS" \
		-e "inject=${call% *}:signal=KILL:when=${call#* }"
	got=0
	send >"$WORK/result.json" 2>&1 || got=$?
	receiver_end
	if grep -q 'killed by SIGKILL' "$WORK/trace"; then
		kills=$((kills + 1))
		code=-1
		((got == 2)) || fail "the receiver is killed at $call: the sender's exit code is $got"
		holds "$(nfj status fw)" '.frozen == "" and .unfinished == ""' "the receiver is killed at $call: the sender"
		# Past its commit all is there.
		nfj recover fw2 >/dev/null
		[[ $(entries fw2 WL) != "$all" ]] || code=0
	fi
	whole=$((whole + (code == 0)))
	runs_on "the receiver is killed at $call"
	all_or_nothing "the receiver is killed at $call"
done
at_least "$kills" 10 "kills of the receiver"
echo "$kills kills; $whole times all had come"
