// SPDX-License-Identifier: BSD-2-Clause
// Classifier patterns, `12/0800 23/06`, → struct classifier_program.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "bpf/lib/classifier.h"

namespace nfup::intent {

std::expected<classifier_program, std::string> compile_patterns(const std::vector<std::string>& patterns);

} // namespace nfup::intent
