#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# upgrade --follow: each save is a new generation, a mistake is shown and the old
# generation goes on, its mending is upgraded to; a header changes its users only;
# a file saved by renaming; all under traffic that loses nothing. Ctrl-C ends it.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"

need jq ethtool
lab_up e2e
LIB=$WORK/lib
SAID=$WORK/said # a FIFO
mkdir "$LIB"

# class NAME HEADER: marks each packet with the header's number.
class() {
	cat >"$LIB/$1.bpf.c" <<-SOURCE
		/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
		#include "$2.h"
		#include "nfup.h"

		NFUP_OUTPUTS("out");

		NFUP_MODULE($1, "Marks packets")
		{
			p->mark += MARK;
			return NEXT(0);
		}
	SOURCE
	echo "#define MARK 1" >"$LIB/$2.h"
}

# next_event FILTER WHAT: the next line of --follow, in $LINE; FILTER is true of it.
next_event() {
	read -r -t 60 -u 3 LINE || fail "$2: --follow says nothing; $(cat "$WORK/stderr")"
	[[ $(jq -r .event <<<"$LINE") != upgrade ]] || SPEED+=("$(jq .save_to_flip_ms <<<"$LINE")")
	holds "$LINE" "$1" "$2"
}

SPEED=()
class MarkOne one
class MarkTwo two
INTENT=$WORK/marks.click
echo 'FromDevice(p1) -> MarkOne -> MarkTwo -> ToDevice(p2); FromDevice(p2) -> ToDevice(p1);' >"$INTENT"
nfj --lib "$LIB" attach "$INTENT" --name fw --netns "$NF_HOST" --dev p1=p1 --dev p2=p2 >/dev/null
"$TOOLS/udp_probe" --from "$CLIENT" --to "$SERVER" --dest "$LAB_SERVER_IP" --rate 5000 >"$WORK/probe.json" &
probe=$!
mkfifo "$SAID"
# Not through nf: its shell would be the one that is waited for. bash has what runs
# in the background ignore Ctrl-C.
env --default-signal=INT "$BUILD/tools/nfup" --bpffs "$BPFFS" --state-dir "$WORK/state" --cache-dir "$CACHE" -j --lib "$LIB" \
	upgrade fw "$INTENT" --follow >"$SAID" 2>"$WORK/stderr" &
FOLLOW=$!
exec 3<"$SAID"
next_event '.event == "unchanged" and .generation == 1' "at the start"
next_event '.event == "following" and .files > 5' "what is followed"

echo "== a class is saved"
sed -i 's/p->mark += MARK;/p->mark += 2 * MARK;/' "$LIB/MarkOne.bpf.c" # by renaming, as editors do
next_event '.event == "upgrade" and .generation == 2 and .loaded == ["MarkOne"] and .save_to_flip_ms > 0
	and any(.files[]; endswith("MarkOne.bpf.c"))' "a save by renaming"
good=$(cat "$LIB/MarkOne.bpf.c")
echo "${good/2 \*/3 *}" >"$LIB/MarkOne.bpf.c" # in place
next_event '.event == "upgrade" and .generation == 3 and .loaded == ["MarkOne"]' "a save in place"

echo "== a mistake"
echo "${good/MARK;/MARK}" >"$LIB/MarkOne.bpf.c"
next_event '.event == "refused" and (.error.message | test("MarkOne.bpf.c:[0-9]+:[0-9]+: error"))' "clang's words"
echo "${good/return NEXT(0);/return *(__u8 *)(long)ctx->data;}" >"$LIB/MarkOne.bpf.c"
next_event '.event == "refused" and .error.code == 3 and (.error.verifier.source.file | endswith("MarkOne.bpf.c"))' \
	"the verifier's words"
holds "$(nfj status fw)" '.generation == 3' "the old generation runs on"
echo "${good/2 \*/4 *}" >"$LIB/MarkOne.bpf.c"
next_event '.event == "upgrade" and .generation == 4 and .loaded == ["MarkOne"]' "mended"

echo "== a header"
echo "#define MARK 5" >"$LIB/two.h"
next_event '.event == "upgrade" and .generation == 5 and .loaded == ["MarkTwo"] and .compiled == ["MarkTwo"]' \
	"a header changes its users only"
mv "$LIB/two.h" "$LIB/two.h~"
echo "#define MARK 6" >"$LIB/two.h"
next_event '.event == "upgrade" and .generation == 6 and .loaded == ["MarkTwo"]' "moved away and written anew"

echo "== the intent, a class that did not exist before"
class MarkThree three
next_event '.event == "unchanged"' "a class that nobody uses"
sed -i 's/MarkTwo/MarkThree/' "$INTENT"
while next_event '.event == "unchanged" or .event == "upgrade"' "the new class" &&
	[[ $(jq -r .event <<<"$LINE") == unchanged ]]; do :; done
holds "$LINE" '.generation == 7 and any(.loaded[]; . == "MarkThree")' "the intent is saved"

echo "== Ctrl-C"
kill -INT "$FOLLOW"
code=0
wait "$FOLLOW" || code=$?
equal "$code" 0 "exit code after Ctrl-C"
equal "$(cat <&3)" "" "lines that nobody expected"
kill "$probe"
wait "$probe"
probed=$(cat "$WORK/probe.json")
echo "$probed"
holds "$probed" '.lost == 0 and .duplicated == 0' "packets"
holds "$(nfj status fw)" '.generation == 7 and .tail_call_miss == 0' "the NF runs on"
echo "ms from save to flip: ${SPEED[*]}"
refused '[12]' 'nobody-here' timeout 60 "$BUILD/tools/nfup" --bpffs "$BPFFS" --state-dir "$WORK/state" upgrade nobody-here \
	"$INTENT" --follow
refused 1 'no-such' timeout 60 "$BUILD/tools/nfup" --bpffs "$BPFFS" --state-dir "$WORK/state" upgrade fw "$WORK/no-such.click" \
	--follow
