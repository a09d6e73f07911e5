#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# docs/writing-a-module.md, word by word: the commands and files of its first section
# in order, under traffic; what is printed is what the document shows; in ten minutes.
#
# SHOW=1 prints what each block says now.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"

need jq ethtool
DOC=$TOP/docs/writing-a-module.md
BLOCKS=$WORK/blocks
mkdir -p "$BLOCKS" "$WORK/bin" "$WORK/home"

# Each block of the section is a file, NNN.KIND; of a C file the first line is its path.
awk -v to="$BLOCKS" '
	/^## / { inside = /^## Ten minutes/ }
	!inside { next }
	/^```$/ && out { close(out); out = ""; next }
	/^```(sh|text|c)$/ { out = sprintf("%s/%03d.%s", to, ++n, substr($0, 4)); printf "%s", $0 == "```c" ? path "\n" : "" > out; next }
	out { print > out; next }
	/^`.*`:$/ { path = substr($0, 2, length($0) - 3) }
' "$DOC"

# nfup as the reader has it, with folders of its own.
cat >"$WORK/bin/nfup" <<-WRAPPER
	#!/bin/sh
	exec "$BUILD/tools/nfup" --bpffs "$BPFFS" --state-dir "$WORK/state" --cache-dir "$WORK/cache" "\$@"
WRAPPER
chmod +x "$WORK/bin/nfup"

# The reader's machine: the middle host, its devices called eth0 and eth1.
lab_up e2e
for port in 1 2; do
	ip -n "$NF_HOST" link set "p$port" down
	ip -n "$NF_HOST" link set "p$port" name "eth$((port - 1))"
	ip -n "$NF_HOST" link set "eth$((port - 1))" up
done

# as_reader SCRIPT: what it prints, the reader's home being root's.
as_reader() {
	(cd "$TOP" && on "$NF_HOST" env HOME="$WORK/home" PATH="$WORK/bin:$PATH" bash "$1" 2>&1) |
		sed "s|$WORK/home|/root|g"
}

# Times, and numbers that the kernel or the packets choose.
mask() {
	sed -E 's/[0-9]+\.[0-9]+/#/g; s/\b[0-9]+ (us|cases|packets|generated)\b/# \1/g; s/[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9:]+Z?/DATE/g; s/ +/ /g; s/ +$//'
}

# shows FILE EXPECTED: lines of FILE as in EXPECTED, where a line … is any lines.
shows() {
	awk '
		NR == FNR { said[++n] = $0; next }
		/^ *…$/ { any = 1; next }
		{
			do at++; while (any && at <= n && said[at] != $0)
			if (at > n || said[at] != $0) { print "not shown: " $0 (at <= n ? "\n     but: " said[at] : ""); bad = 1; exit }
			any = 0
		}
		END { if (!bad && !any && at != n) { print "more is printed: " said[at + 1]; bad = 1 }; exit bad }
	' <(mask <"$1") <(mask <"$2")
}

SECONDS=0
probe=
blocks=0
for block in "$BLOCKS"/*; do
	case $block in
	*.c)
		path=$(head -n 1 "$block")
		tail -n +2 "$block" >"${path/#\~/$WORK/home}"
		;;
	*.sh)
		blocks=$((blocks + 1))
		code=0
		as_reader "$block" >"$WORK/said" || code=$?
		if [[ -n ${SHOW:-} ]]; then
			echo "=== $(basename "$block"), exit code $code"
			cat "$WORK/said"
		fi
		# From the attach to the detach.
		if [[ -z $probe ]] && grep -q '^nfup attach' "$block"; then
			"$TOOLS/udp_probe" --from "$CLIENT" --to "$SERVER" --dest "$LAB_SERVER_IP" --rate 5000 \
				>"$WORK/probe.json" &
			probe=$!
		fi
		;;
	*.text)
		[[ -z ${SHOW:-} ]] || continue
		shows "$WORK/said" "$block" || fail "$DOC: $(basename "$block") is not what its commands print"
		# A block whose last command was refused shows why.
		if grep -q ': error: ' "$block"; then
			[[ $code != 0 ]] || fail "$DOC: $(basename "$block") shows an error, and there was none"
		else
			equal "$code" 0 "exit code of the commands in front of $(basename "$block")"
		fi
		;;
	esac
	# Before the last step ends the NF.
	if [[ -n $probe ]] && grep -q '^nfup history' "$block"; then
		kill "$probe"
		wait "$probe"
		probe=
		holds "$(cat "$WORK/probe.json")" '.sent > 0 and .lost == 0 and .duplicated == 0' "packets of the ten minutes"
	fi
done
at_least "$blocks" 7 "blocks of commands"
at_least 600 "$SECONDS" "ten minutes"
equal "$(find "$BPFFS" -mindepth 1 2>/dev/null | head -5)" "" "what is left in bpffs"
echo "$blocks blocks, $SECONDS s; $(cat "$WORK/probe.json")"
