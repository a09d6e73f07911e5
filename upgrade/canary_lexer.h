// SPDX-License-Identifier: BSD-2-Clause
// The tokens of a .canary file (docs/canary.md).
#pragma once

#include <string>
#include <string_view>

#include "intent/diagnostic.h"

namespace nfup::upgrade {

struct CanaryToken {
	// word: letters, digits and any of _ . - @ + ; mark: one of ( ) / = , : or =>
	enum class Kind { end, word, text, mark } kind = Kind::end;
	std::string text; // of a text: without quotes, escapes replaced
	intent::Location where;
	std::size_t begin = 0, end = 0; // bytes in the file

	bool is(const char* mark) const { return kind == Kind::mark && text == mark; }
	bool is_word(const char* word) const { return kind == Kind::word && text == word; }
};

// For messages.
std::string describe(const CanaryToken& token);

class CanaryLexer {
public:
	CanaryLexer(std::string_view source, std::string file, intent::Diagnostics& diagnostics);

	const CanaryToken& peek() const { return token_; }
	CanaryToken next();
	bool take(const char* mark); // if it is next
	bool take_word(const char* word);
	// A field's value: what follows up to `,` or `)` or the end of the line.
	// Only right after peek() was the `=` or `(`, which is taken with it.
	CanaryToken value();
	// From one byte to another, white space made single blanks.
	std::string slice(std::size_t begin, std::size_t end) const;
	std::size_t last_end() const { return last_end_; } // of the token taken last

private:
	CanaryToken scan();
	void skip_blank();
	intent::Location here() const;
	char at(std::size_t ahead = 0) const { return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0'; }

	std::string_view source_;
	std::string file_;
	intent::Diagnostics& diagnostics_;
	std::size_t at_ = 0, line_start_ = 0, last_end_ = 0;
	int line_ = 1;
	CanaryToken token_;
};

} // namespace nfup::upgrade
