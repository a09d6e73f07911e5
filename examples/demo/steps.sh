# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034
# The demo's four changes, each done in two ways: as an upgrade, and as what
# one does without (detach, attach). Sourced by ./demo.
#
# Needs nf (the command line), $LIBS (a folder of ours), $EXAMPLES.

STEPS=("one module" "one atom" "whole pipeline" "rollback")
STEP_WHAT=(
	"CheckIPHeader, stateless: refuse loopback and multicast sources"
	"ReadWL, reads state: senseless TCP flags on listed flows"
	"a new intent that filters IPv6 too, and a new ToDevice below it all"
	"back to the generation before"
)

# A folder of edited classes per step: what a developer has in the editor.
steps_prepare() {
	local k patch class

	mkdir -p "$LIBS/0"
	for k in 1 2 3; do
		cp -r "$LIBS/$((k - 1))" "$LIBS/$k"
		patch=$(echo "$EXAMPLES/demo/edits/$k"-*.patch)
		class=$(basename "$patch" .patch)
		class=${class#*-}
		cp "$EXAMPLES/../bpf"/*/"$class.bpf.c" "$LIBS/$k/"
		(cd "$LIBS/$k" && git apply --whitespace=nowarn -C1 "$patch")
	done
}

# intent_of STEP
intent_of() {
	case $1 in
	3) echo "$EXAMPLES/demo/dual-stack.click" ;;
	*) echo "$EXAMPLES/firewall.table" ;;
	esac
}

step_upgrade() {
	case $1 in
	4) nf rollback "$NF" ;;
	*) nf --lib "$LIBS/$1" upgrade "$NF" "$(intent_of "$1")" ;;
	esac
}

# Going back is one more restart: with the code and the intent of step 2.
step_restart() {
	local k=$1

	[[ $k != 4 ]] || k=2
	nf detach "$NF" >/dev/null
	nf_attach --lib "$LIBS/$k" "$(intent_of "$k")"
}

nf_attach() {
	nf "${@:1:$#-1}" attach "${@: -1}" --name "$NF" --netns "$NF_HOST" --dev p1=p1 --dev p2=p2
}
