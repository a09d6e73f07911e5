// SPDX-License-Identifier: BSD-2-Clause
// A text as rows of words, comments gone: how a table is written, and how the
// two forms are told apart.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nfup::intent {

struct Word {
	std::string text;
	std::size_t at = 0; // byte in the text
	int line = 0, column = 0;
};

struct Row {
	std::vector<Word> words;
	std::size_t end = 0; // byte behind the row's last character
};

// Steps through a text row by row; rows without words are skipped. A row ends
// with its line, but comments and quotes may run over several.
class Rows {
public:
	explicit Rows(std::string_view text) : text_(text) {}
	bool next(Row& row);
	// Where a comment began that runs to the end of the text; text empty: none.
	const Word& open_comment() const { return open_comment_; }

private:
	void step_to(std::size_t next);

	std::string_view text_;
	std::size_t at_ = 0, line_start_ = 0;
	int line_ = 1;
	Word open_comment_;
};

} // namespace nfup::intent
