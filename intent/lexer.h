// SPDX-License-Identifier: BSD-2-Clause
// Click's tokens. A configuration string is no token: what follows a `(` is
// tokens in a group and raw text in a declaration, so the parser says which.
#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "diagnostic.h"

namespace nfup::intent {

enum class TokenKind {
	end,
	identifier,   // also numbers: Click has no separate kind
	variable,     // $x; text is the name without the dollar
	arrow,        // ->
	double_arrow, // =>
	colons,       // ::
	bars,         // ||
	ellipsis,     // ...
	elementclass,
	require,
	provide,
	define,
	symbol, // any other character, in text
};

struct Token {
	TokenKind kind = TokenKind::end;
	std::string text;
	Location where;

	bool is(TokenKind k) const { return kind == k; }
	bool is(char c) const { return kind == TokenKind::symbol && text[0] == c; }
};

// For messages: `;`, end of file, …
std::string describe(const Token& token);

class Lexer {
public:
	Lexer(std::string_view text, std::string file, Diagnostics& diagnostics);

	const Token& peek(std::size_t ahead = 0);
	Token next();
	// The raw text behind a `(` that was just taken, up to its `)`, which is
	// taken too.
	std::string config(const Location& open);
	Location here() const; // of the next byte, when no token is looked ahead at

private:
	Token scan();
	void skip_blank();
	void line_directive();
	void advance(std::size_t count);
	Token take(TokenKind kind, std::size_t length);

	std::string_view text_;
	std::string file_;
	Diagnostics& diagnostics_;
	std::deque<Token> ahead_;
	std::size_t at_ = 0;
	std::size_t line_start_ = 0;
	int line_ = 1;
	int renumber_ = 0; // added to line_ by the last #line
};

} // namespace nfup::intent
