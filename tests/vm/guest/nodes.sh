#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# All node tests.
# shellcheck source=tests/vm/guest/lib.sh
. "$(dirname "$0")/lib.sh" "$@"

check nodes 2700 "$BUILD/tests/bpf/bpf_tests" --gtest_brief=1 --gtest_output="xml:$OUT/nodes.xml"
cp "$BUILD/tests/bpf/verifier_costs.json" "$OUT/"
finish
