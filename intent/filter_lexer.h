// SPDX-License-Identifier: BSD-2-Clause
// Words and operators of a filter expression.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace nfup::intent {

// What is wrong with an expression, and where: an index into its text.
struct FilterError {
	std::size_t at = 0;
	std::string message;
	std::string hint; // may be empty
};

enum class FilterToken { word, open, close, and_, or_, not_, relation, mask, question, colon, end };

struct FilterLexeme {
	FilterToken token;
	std::string text;
	std::size_t at;
};

// The last lexeme is `end`.
std::expected<std::vector<FilterLexeme>, FilterError> lex_filter(std::string_view text);

} // namespace nfup::intent
