#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Walks the table "The steps of an upgrade" of docs/upgrade-protocol.md: nfup is
# killed right behind each step, and in the middle of those that are several
# calls. What is then found, and what the next command says, must be what the row
# says. A row without a kill point, a call that belongs to no row and words that
# have no check here are failures.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
# shellcheck source=tests/e2e/faults.sh
. "$(dirname "$0")/faults.sh"

need jq ethtool ping bpftool

# ---- what the words of the table mean ----

# last_call STEP: the step has been taken with the last call that matches, before the
# first one of the next step.
last_call() {
	case $1 in
	'take the lock;'*) echo 'bpf\(' ;;
	'write the journal: the fresh slots'*) echo 'rename\(.*/journal\.json"\)' ;;
	'pin new state maps'*) echo 'rename\(.*/state/[A-Z_]*\+new"\)' ;;
	'load programs, pin all of the draft'*) echo 'BPF_OBJ_PIN.*/gen/[0-9]*\+new/' ;;
	'write draft-N.json'*) echo 'rename\(.*/draft-[0-9]*\.json"\)' ;;
	'write the journal: flip slot'*) echo 'rename\(.*/journal\.json"\)' ;;
	'flip: write'*) echo 'BPF_MAP_UPDATE_ELEM' ;;
	'drain:'*) echo '^[0-9]* *membarrier' ;;
	'commit:'*) echo 'rename\(.*/nf\.json"\)' ;;
	'remove the journal'*) echo 'unlink\(.*/journal\.json"' ;;
	'reclaim generations'*) echo 'unlink\(.*/gen-[0-9]*\.json"' ;;
	*) fail "the document has a step that this test does not know: $1" ;;
	esac
}

there() { # FOLDER GLOB…: how many there are of each in turn
	local folder=$1 glob counts=()

	shift
	for glob; do
		counts+=("$(find "$folder" -path "$folder/$glob" -prune -printf x | wc -c)")
	done
	echo "${counts[*]}"
}

# Files that were being written have no meaning before they are renamed.
drafts() {
	leftovers nf | grep -v '\.tmp' || true
}

# is_left WORDS WHERE: the column "a crash here leaves".
is_left() {
	local records=$WORK/state/nf

	case $1 in
	'nothing: '*) equal "$(drafts)" "" "$2" ;;
	'the journal') equal "$(drafts)" "$records/journal.json" "$2" ;;
	'maps nobody uses') equal "$(there "$BPFFS/nf" 'state/*+new' 'gen/*+new')" "$(states_made "$2") 0" "$2" ;;
	'slots nobody reaches') equal "$(there "$BPFFS/nf" 'gen/2+new') $(there "$records" 'draft-*.json')" "1 0" "$2" ;;
	'a draft') equal "$(there "$BPFFS/nf" 'gen/2+new') $(there "$records" draft-2.json)" "1 1" "$2" ;;
	'the new generation forwards')
		equal "$(flipped)" true "$2: flipped"
		equal "$(jq .current "$records/nf.json")" 1 "$2: not committed"
		;;
	'part of it done') equal "$(flipped)" true "$2: flipped" ;;
	'the new generation, complete')
		equal "$(drafts)" "" "$2"
		equal "$(jq .current "$records/nf.json")" 2 "$2: committed"
		;;
	'some are left')
		equal "$(drafts)" "" "$2"
		equal "$(there "$records" gen-1.json)" 1 "$2: generation 1"
		;;
	*) fail "row $2: no check for what is left: '$1'" ;;
	esac
}

# In the middle of pinning them, one of the two states is there.
states_made() {
	case $1 in *middle*) echo 2 ;; *) echo 4 ;; esac # of FSM and WL, each with its queue
}

# What the flip slot holds is what the journal says is new.
flipped() {
	local slot id

	slot=$(jq .flip_slot "$WORK/state/nf/journal.json")
	id=$(jq .new_prog_id "$WORK/state/nf/journal.json")
	bpftool -j map lookup pinned "$BPFFS/nf/slots" key $((slot & 255)) $((slot >> 8)) 0 0 |
		jq --argjson id "$id" '(.value | map(ltrimstr("0x")) | reverse | add) as $hex |
			reduce ($hex | explode[]) as $c (0; . * 16 + (if $c > 57 then $c - 87 else $c - 48 end)) == $id'
}

# mends WORDS WHERE: the column "the next command".
mends() {
	local said generation

	said=$(nfj recover nf | jq -r '.nfs[0].message')
	generation=$(nfj status nf | jq .generation)
	case $1 in
	'–') equal "$said" "nothing to recover" "$2" ;;
	'removes the draft' | 'removes it' | 'empties them, removes the draft' | 'sees the old program in the flip slot: removes the draft')
		[[ $said == *"a dead \`upgrade\`"*"it had not flipped; undone, generation 1 runs" ]] || fail "$2: recover says: $said"
		equal "$generation" 1 "$2: generation"
		;;
	'sees the new program in the flip slot: goes on with 9' | 'does it again: each part can be repeated')
		[[ $said == *"a dead \`upgrade\`"*"it had flipped; finished, generation 2 runs" ]] || fail "$2: recover says: $said"
		equal "$generation" 2 "$2: generation"
		;;
	'the next upgrade reclaims them')
		equal "$said" "nothing to recover" "$2"
		nfj upgrade nf "$WORK/base.click" --keep 0 >/dev/null
		equal "$(cd "$WORK/state/nf" && echo gen-*)" gen-3.json "$2: records after the next upgrade"
		equal "$(ls "$BPFFS/nf/gen")" 3 "$2: pins after the next upgrade"
		;;
	*) fail "row $2: no check for what the next command does: '$1'" ;;
	esac
}

# ---- the table ----

declare -A STEP JOURNAL LEFT NEXT
order=()
while IFS=$'\t' read -r number step journal left next; do
	order+=("$number")
	STEP[$number]=$step JOURNAL[$number]=$journal LEFT[$number]=$left NEXT[$number]=$next
done < <(awk -F ' *[|] *' -v OFS='\t' '
	/^## / { inside = $0 == "## The steps of an upgrade" }
	inside && /^[|] *[0-9]/ { gsub(/[`*]/, ""); print $2, $3, $4, $5, $6 }' "$TOP/docs/upgrade-protocol.md")
at_least "${#order[@]}" 5 "rows of the table"
for row in "${order[@]}"; do # "as 7"
	[[ ${LEFT[$row]} != "as "* ]] || LEFT[$row]=${LEFT[${LEFT[$row]#as }]}
	[[ ${NEXT[$row]} != "as "* ]] || NEXT[$row]=${NEXT[${NEXT[$row]#as }]}
done

# ---- an upgrade that takes every step: new state, and a generation to reclaim ----

lab_up e2e
cat >"$WORK/base.click" <<-'INTENT'
	FromDevice(p1) -> ToDevice(p2);
	FromDevice(p2) -> ToDevice(p1);
INTENT
nfj build "$EXAMPLES/firewall.table" >/dev/null 2>&1

fresh() {
	[[ ! -e $WORK/state/nf ]] || nfj detach nf >/dev/null
	attach "$WORK/base.click" nf >/dev/null
}
upgrade() { # strace's options…
	traced "$@" -- upgrade nf --keep 0 --no-canary "$EXAMPLES/firewall.table"
}
reaches() {
	on "$CLIENT" ping -qc 1 -W 2 "$LAB_SERVER_IP" >/dev/null || fail "$1: it does not forward"
}

fresh
upgrade >/dev/null 2>&1
# The last call of each step: the first match behind the step before, then the last
# one in front of the next step's.
mapfile -t calls < <(grep -v -e '+++' -e '---' "$WORK/trace")
declare -A END
from=0
for row in "${order[@]}"; do
	regex=$(last_call "${STEP[$row]}")
	for ((n = from; n < ${#calls[@]}; n++)); do
		[[ ! ${calls[n]} =~ $regex ]] || break
	done
	((n < ${#calls[@]})) || fail "row $row, '${STEP[$row]}': the upgrade makes no call /$regex/ where it should"
	END[$row]=$n
	from=$((n + 1))
done
for ((i = 0; i < ${#order[@]}; i++)); do
	row=${order[i]}
	limit=${#calls[@]}
	((i + 1 == ${#order[@]})) || limit=${END[${order[i + 1]}]}
	regex=$(last_call "${STEP[$row]}")
	for ((n = END[$row]; n < limit; n++)); do
		[[ ! ${calls[n]} =~ $regex ]] || END[$row]=$n
	done
done
echo "${#calls[@]} calls, ${#order[@]} rows"
equal "${END[${order[-1]}]}" $((${#calls[@]} - 1)) "the last step's last call is the upgrade's last"

# ---- the walk ----

name_of() { # LINE of a trace: which system call it is
	local line=${1#*[0-9] }

	line=${line## }
	echo "${line%%(*}"
}

# killed WHERE ROW CALL: dies on entering the CALL-th call (from 0).
killed() {
	local where="row $2, $1" code=0 name count=0 n

	name=$(name_of "${calls[$3]}")
	for ((n = 0; n <= $3; n++)); do # strace counts each call by itself
		[[ ${calls[n]} != *" $name("* ]] || count=$((count + 1))
	done
	fresh
	upgrade -e "inject=$name:signal=KILL:when=$count" >"$WORK/killed" 2>&1 || code=$?
	((code == 137)) || cat "$WORK/killed"
	equal "$code" 137 "$where: exit code of the killed one"
	reaches "$where"
	equal "$(jq -r .step "$WORK/state/nf/journal.json" 2>/dev/null || echo –)" "${JOURNAL[$2]}" "$where: the journal says"
	is_left "${LEFT[$2]}" "$where"
	mends "${NEXT[$2]}" "$where"
	equal "$(leftovers nf)" "" "$where: left behind"
	holds "$(nfj status nf)" '.tail_call_miss == 0 and ([.nodes[].prog_id] | all(. > 0))' "$where: whole"
	reaches "$where, mended"
	points=$((points + 1))
}

points=0 begin=0
for row in "${order[@]}"; do
	if ((END[$row] - begin >= 4)); then
		killed "in the middle" "$row" $(((begin + END[$row]) / 2))
	fi
	begin=$((END[$row] + 1))
	((begin == ${#calls[@]})) || killed "right behind" "$row" "$begin"
done
echo "$points kills"
at_least "$points" "${#order[@]}" "kills"
