#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# End-to-end tests, by name (arguments after the build folder), or all of them that a slow
# guest can do. Traffic is what an emulated CPU can carry.
# shellcheck source=tests/vm/guest/lib.sh
. "$(dirname "$0")/lib.sh" "$@"
shift

# PACKETS: of the consistency test; RATE, UPGRADES: of the one under paced UDP.
export PACKETS=${PACKETS:-10000000} RATE=${RATE:-500} UPGRADES=${UPGRADES:-20}
for name in "$@"; do
	check "$name" 900 bash "$TOP/tests/e2e/${name}_test.sh" "$BUILD"
done
finish
