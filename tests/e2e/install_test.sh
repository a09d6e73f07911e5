#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# An installed nfup finds its classes beside itself, and once they are compiled no
# attach waits for a compiler.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
need jq cmake ethtool

cmake --install "$BUILD" --prefix "$WORK/prefix" >/dev/null
BUILD=$WORK/installed # where nf looks for tools/nfup
mkdir -p "$BUILD"
ln -s "$WORK/prefix/bin" "$BUILD/tools"
CACHE=$WORK/cache

for unit in nfup.service nfup-snapshot.service nfup-snapshot.timer; do
	[[ -s $WORK/prefix/lib/systemd/system/$unit ]] || fail "$unit is not installed"
done
grep -qx 'ExecStart=/.*/nfup restore-all' "$WORK/prefix/lib/systemd/system/nfup.service" || fail "nfup.service does not restore"

said=$(nfj build)
holds "$said" '(.compiled | length) > 20 and .reused == []' "every class"
holds "$said" '.compiled | index("root") and index("csum")' "the framework's programs and the functionalities too"
holds "$(nfj build)" '.compiled == []' "the second time nothing"
[[ $(nfj classes Strip | jq -r .source) == "$WORK"/prefix/share/nfup/bpf/* ]] || fail "the installed classes are used"
lab_up e2e
holds "$(attach "$WORK/prefix/share/doc/nfup/examples/firewall.click")" '.compiled == [] and .result == "committed"' "an attach"
on "$CLIENT" ping -qc 1 "$LAB_SERVER_IP" >/dev/null || fail "no traffic"
