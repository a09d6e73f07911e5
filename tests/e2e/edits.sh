# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Code edits for upgrades to load, and upgrades that alternate between them.
# Sourced after lib.sh.

# edit CLASS LIB SED: a copy of a bundled class in the folder LIB, changed.
edit() {
	local class=$1 lib=$2 change=$3 source

	mkdir -p "$lib"
	source=$(find "$TOP/bpf" -name "$class.bpf.c")
	sed -e "$change" "$source" >"$lib/$class.bpf.c"
	! cmp -s "$source" "$lib/$class.bpf.c" || fail "the edit of $class changed nothing"
}

# Real changes that leave what the firewall lets through alone: each node also
# writes a mark that no other node reads. A `volatile` store is not optimised
# away, so the code differs.
MARK_MODULE='s|return NEXT(0);|{ *(volatile __u32 *)\&p->mark = 1; return NEXT(0); }|'
MARK_LEAF='s|verdict = bpf_redirect_map|*(volatile __u32 *)\&p->mark = 1; verdict = bpf_redirect_map|'

edits_prepare() {
	edit Strip "$WORK/lib-module" "$MARK_MODULE"
	edit WriteWL "$WORK/lib-atom" "$MARK_MODULE"
	# below everything: every node of the pipeline is new with it
	edit ToDevice "$WORK/lib-whole" "$MARK_LEAF"
	mkdir -p "$WORK/lib-none"
}

# upgrade_to KIND NAME: module, atom, whole or none (the bundled classes).
upgrade_to() {
	nfj --lib "$WORK/lib-$1" upgrade "${2:-fw}" "$EXAMPLES/firewall.table"
}
