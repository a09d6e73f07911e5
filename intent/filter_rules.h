// SPDX-License-Identifier: BSD-2-Clause
// The arguments of IPFilter (`allow tcp dst port 80`) and IPClassifier
// (expressions alone) as rules, in order: the first that holds decides.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <vector>

#include "filter_ast.h"

namespace nfup::intent {

struct FilterRule {
	std::string text;
	unsigned action = 0; // an output, or FILTER_DENY
	FilterExpr expr;
};

struct FilterRules {
	std::vector<FilterRule> rules;
	unsigned outputs = 1; // that the node has: one more than the highest action
};

// Why the rules cannot be, in words for the operator.
struct FilterMistake {
	std::string message;
	std::string hint;
	std::size_t rule = 0; // which one
};

enum class FilterForm { filter, classifier }; // with actions, without

std::expected<FilterRules, FilterMistake> read_rules(FilterForm form, const std::vector<std::string>& texts);

// "rule 3 (`allow tcp`)": counted from 1; long texts are cut.
std::string rule_name(std::size_t index, const std::string& text);

} // namespace nfup::intent
