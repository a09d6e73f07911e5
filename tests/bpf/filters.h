// SPDX-License-Identifier: BSD-2-Clause
// IPFilter and IPClassifier with rules as an operator writes them.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "intent/filter_compile.h"
#include "kernel.h"

namespace nfup::test {

inline Params filter_params(intent::FilterForm form, const std::vector<std::string>& texts)
{
	const auto rules = intent::read_rules(form, texts);
	if (!rules)
		throw std::runtime_error(rules.error().message);
	const auto tables = intent::compile_rules(*rules);
	if (!tables)
		throw std::runtime_error(tables.error().message);
	return Params()
	    .set("RULES", tables->program)
	    .set("filter_shapes", intent::shape_bytes(*tables))
	    .set("filter_entries", intent::entry_bytes(*tables));
}

inline Params filter_rules(const std::vector<std::string>& texts)
{
	return filter_params(intent::FilterForm::filter, texts);
}

inline Params classifier_expressions(const std::vector<std::string>& texts)
{
	return filter_params(intent::FilterForm::classifier, texts);
}

// A rule for each output, and all that rules can look at.
inline std::vector<std::string> sample_rules(bool actions)
{
	std::vector<std::string> out;
	for (int i = 0; i < FILTER_MAX_OUTPUTS; i++)
		out.push_back((actions ? std::to_string(i) + " " : "") + "dst port " + std::to_string(1000 + i) +
			      (i == 0 ? " or icmp type 8 or ip ttl 3" : ""));
	return out;
}

} // namespace nfup::test
