// SPDX-License-Identifier: BSD-2-Clause
#include "filter_lexer.h"

#include <cctype>
#include <utility>

#include "config.h"

namespace nfup::intent {

namespace {

// Addresses, prefixes, names, ranges.
bool is_word(char c)
{
	return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == ':' || c == '/' || c == '-' ||
	       c == '_' || c == '$' || c == '@';
}

constexpr std::pair<std::string_view, FilterToken> operators[] = {
    // the longest first
    {"&&", FilterToken::and_},     {"||", FilterToken::or_},      {"==", FilterToken::relation},
    {"!=", FilterToken::relation}, {"<=", FilterToken::relation}, {">=", FilterToken::relation},
    {"=", FilterToken::relation},  {"<", FilterToken::relation},  {">", FilterToken::relation},
    {"!", FilterToken::not_},      {"&", FilterToken::mask},      {"(", FilterToken::open},
    {")", FilterToken::close},     {"?", FilterToken::question},
};

FilterToken token_of(std::string_view word)
{
	if (word == "and")
		return FilterToken::and_;
	if (word == "or")
		return FilterToken::or_;
	if (word == "not")
		return FilterToken::not_;
	return word == ":" ? FilterToken::colon : FilterToken::word;
}

} // namespace

std::expected<std::vector<FilterLexeme>, FilterError> lex_filter(std::string_view text)
{
	std::vector<FilterLexeme> out;

	for (std::size_t i = 0; i < text.size();) {
		if (is_space(text[i])) {
			++i;
			continue;
		}
		std::size_t end = i;
		while (end < text.size() && is_word(text[end]))
			++end;
		if (end > i) {
			const std::string_view word = text.substr(i, end - i);
			out.push_back({token_of(word), std::string(word), i});
			i = end;
			continue;
		}
		bool found = false;
		for (const auto& [op, token] : operators)
			if (text.substr(i).starts_with(op)) {
				out.push_back({token, std::string(op), i});
				i += op.size();
				found = true;
				break;
			}
		if (found)
			continue;
		if (text[i] == '[')
			return std::unexpected(
			    FilterError{i, "bytes by position, as in ip[6:2], are not supported",
					"a Classifier in front of this node can look at any byte of the frame"});
		return std::unexpected(FilterError{i, std::string("`") + text[i] + "` has no meaning here", ""});
	}
	out.push_back({FilterToken::end, "", text.size()});
	return out;
}

} // namespace nfup::intent
