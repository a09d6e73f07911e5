// SPDX-License-Identifier: BSD-2-Clause
// Click's filter expressions (IPClassifier's patterns): docs/filters.md.
//
//	expr      = or [ "?" expr ":" expr ]
//	or        = term { ("or" | "||") term }
//	term      = factor { ["and" | "&&"] factor }
//	factor    = ("not" | "!") factor | "(" expr ")" | "true" | "false" | primitive
//	primitive = { qualifier } [ "&" mask ] [ relation ] [ value ] | { qualifier } "(" expr ")"
#pragma once

#include <expected>
#include <string_view>

#include "filter_ast.h"
#include "filter_lexer.h"

namespace nfup::intent {

std::expected<FilterExpr, FilterError> parse_filter(std::string_view text);

} // namespace nfup::intent
