// SPDX-License-Identifier: BSD-2-Clause
#include "lexer.h"

#include <cctype>
#include <charconv>
#include <utility>

#include "config.h"

namespace nfup::intent {

namespace {

bool is_word(char c)
{
	return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '@';
}

TokenKind keyword(const std::string& text)
{
	if (text == "elementclass")
		return TokenKind::elementclass;
	if (text == "require")
		return TokenKind::require;
	if (text == "provide")
		return TokenKind::provide;
	if (text == "define")
		return TokenKind::define;
	return TokenKind::identifier;
}

} // namespace

std::string describe(const Token& token)
{
	switch (token.kind) {
	case TokenKind::end:
		return "the end of the file";
	case TokenKind::variable:
		return "`$" + token.text + "`";
	default:
		break;
	}
	if (token.is(TokenKind::symbol) && !std::isprint(static_cast<unsigned char>(token.text[0]))) {
		static const char digits[] = "0123456789abcdef";
		const auto byte = static_cast<unsigned char>(token.text[0]);
		return std::string("byte 0x") + digits[byte >> 4] + digits[byte & 15];
	}
	return "`" + token.text + "`";
}

Lexer::Lexer(std::string_view text, std::string file, Diagnostics& diagnostics)
    : text_(text), file_(std::move(file)), diagnostics_(diagnostics)
{
}

const Token& Lexer::peek(std::size_t ahead)
{
	while (ahead_.size() <= ahead)
		ahead_.push_back(scan());
	return ahead_[ahead];
}

Token Lexer::next()
{
	peek();
	Token token = std::move(ahead_.front());
	ahead_.pop_front();
	return token;
}

Location Lexer::here() const
{
	Location where{file_, line_ + renumber_, static_cast<int>(at_ - line_start_) + 1};
	if (renumber_)
		where.text_line = line_;
	return where;
}

void Lexer::advance(std::size_t count)
{
	for (; count; --count, ++at_)
		if (text_[at_] == '\n') {
			++line_;
			line_start_ = at_ + 1;
		}
}

// # NUMBER "FILE" or #line NUMBER "FILE", the file being optional: the next
// line has that number.
void Lexer::line_directive()
{
	const Location where = here();
	const std::size_t end = std::min(text_.find('\n', at_), text_.size());
	std::string_view rest = text_.substr(at_ + 1, end - at_ - 1);
	auto skip_space = [&rest] {
		while (!rest.empty() && is_space(rest.front()))
			rest.remove_prefix(1);
	};

	advance(end - at_);
	skip_space();
	if (rest.starts_with("line")) {
		rest.remove_prefix(4);
		skip_space();
	}
	int number = 0;
	const auto [stop, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
	if (error != std::errc() || number < 0 || number > 1000000000) {
		diagnostics_.error(where, "a line directive needs a line number", "write `#line NUMBER \"FILE\"`");
		return;
	}
	rest.remove_prefix(static_cast<std::size_t>(stop - rest.data()));
	skip_space();
	if (rest.starts_with('"'))
		file_ = unquote(rest.substr(0, skip_config_item(rest, 0)));
	renumber_ = number - (line_ + 1);
}

void Lexer::skip_blank()
{
	while (at_ < text_.size()) {
		const char c = text_[at_];
		if (is_space(c)) {
			advance(1);
		} else if (c == '/' && text_.substr(at_, 2) == "//") {
			advance(skip_config_item(text_, at_) - at_);
		} else if (c == '/' && text_.substr(at_, 2) == "/*") {
			if (text_.find("*/", at_ + 2) == std::string_view::npos)
				diagnostics_.error(here(), "this comment has no end", "close it with `*/`");
			advance(skip_config_item(text_, at_) - at_);
		} else if (c == '#' && text_.substr(line_start_, at_ - line_start_).find_first_not_of(" \t") ==
					   std::string_view::npos) {
			line_directive();
		} else {
			return;
		}
	}
}

Token Lexer::take(TokenKind kind, std::size_t length)
{
	Token token{kind, std::string(text_.substr(at_, length)), here()};
	advance(length);
	return token;
}

Token Lexer::scan()
{
	skip_blank();
	if (at_ >= text_.size())
		return {TokenKind::end, {}, here()};

	const char c = text_[at_];
	std::size_t end = at_;
	if (is_word(c)) {
		// A slash belongs to the name only between two of its characters.
		while (end < text_.size() && (is_word(text_[end]) ||
					      (text_[end] == '/' && end + 1 < text_.size() && is_word(text_[end + 1]))))
			++end;
		Token token = take(TokenKind::identifier, end - at_);
		token.kind = keyword(token.text);
		return token;
	}
	if (c == '$') {
		for (++end; end < text_.size() && is_word(text_[end]) && text_[end] != '@';)
			++end;
		if (end > at_ + 1) {
			Token token = take(TokenKind::variable, end - at_);
			token.text.erase(0, 1);
			return token;
		}
	}
	for (const auto& [text, kind] : {std::pair{"...", TokenKind::ellipsis},
					 {"->", TokenKind::arrow},
					 {"=>", TokenKind::double_arrow},
					 {"::", TokenKind::colons},
					 {"||", TokenKind::bars}})
		if (text_.substr(at_).starts_with(text))
			return take(kind, std::string_view(text).size());
	return take(TokenKind::symbol, 1);
}

std::string Lexer::config(const Location& open)
{
	const std::size_t start = at_;
	std::size_t i = at_;
	int depth = 0;

	for (; i < text_.size(); i = skip_config_item(text_, i)) {
		if (text_[i] == '(')
			++depth;
		else if (text_[i] == ')' && depth-- == 0)
			break;
	}
	advance(i - start);
	std::string config(text_.substr(start, i - start));
	if (at_ < text_.size())
		advance(1);
	else
		diagnostics_.error(open, "this `(` is never closed");
	return config;
}

} // namespace nfup::intent
