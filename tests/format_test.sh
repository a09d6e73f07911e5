#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Every C++ file is as .clang-format says. Mend: clang-format -i FILE. (bpf/ is
# kernel style, written by hand: its macros are beyond clang-format.)
set -euo pipefail
cd "$(dirname "$0")/.."
command -v clang-format >/dev/null || { echo "skipped: needs clang-format (tools/setup.sh installs it)"; exit 77; }
[[ $(clang-format --version) == *" 14."* ]] || { echo "skipped: other versions than Debian 12's 14 differ"; exit 77; }
mapfile -t files < <(find intent loader statemaps upgrade tools tests bench -name '*.cpp' -o -name '*.h')
((${#files[@]} > 50))
clang-format --dry-run -Werror "${files[@]}"
echo "${#files[@]} files"
