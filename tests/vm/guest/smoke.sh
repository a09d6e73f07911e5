#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# In half a minute of emulation: every class is loaded within the verifier's limits, and
# upgrades under traffic lose nothing and mix nothing.
# shellcheck source=tests/vm/guest/lib.sh
. "$(dirname "$0")/lib.sh" "$@"

check classes 120 "$BUILD/tests/bpf/bpf_tests" --gtest_filter='VerifierBudget.*'
cp "$BUILD/tests/bpf/verifier_costs.json" "$OUT/"
check upgrade 120 bash "$TOP/tests/vm/guest/upgrade.sh" "$BUILD"
finish
