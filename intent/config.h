// SPDX-License-Identifier: BSD-2-Clause
// Configuration strings: what stands between the parentheses of a declaration.
// Click's quoting: "…" with backslashes, '…' without, \<hex>, comments.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nfup::intent {

// Comments removed, white space outside quotes reduced to single spaces.
std::string normalise_config(std::string_view text);

// Split at commas outside quotes and parentheses. Each piece is normalised; a
// last piece that is empty is no argument ("a," is one argument).
std::vector<std::string> split_args(std::string_view text);

// The same, with the byte of `text` that each piece starts at.
struct Piece {
	std::string text;
	std::size_t at = 0;
};
std::vector<Piece> split_pieces(std::string_view text);

// Split at white space outside quotes.
std::vector<std::string> split_words(std::string_view text);

// Quotes taken away and escapes replaced.
std::string unquote(std::string_view text);

// The arguments as a configuration string that split_args takes back.
std::string join_args(const std::vector<std::string>& args);

// Steps over one quoted part, comment or plain character that starts at `i` and
// returns the index behind it. The one place that knows where quotes end.
std::size_t skip_config_item(std::string_view text, std::size_t i);

// What keeps `text` from being one configuration string, such as a quote
// without its end; empty when nothing does.
std::string config_error(std::string_view text);

bool is_space(char c);

} // namespace nfup::intent
