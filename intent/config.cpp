// SPDX-License-Identifier: BSD-2-Clause
#include "config.h"

#include <algorithm>
#include <utility>

namespace nfup::intent {

namespace {

int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

// Where the double quote that opens at `i` closes.
std::size_t quote_end(std::string_view text, std::size_t i)
{
	for (++i; i < text.size(); ++i) {
		if (text[i] == '"')
			return i;
		if (text[i] == '\\')
			++i;
	}
	return std::string_view::npos;
}

bool is_comment(std::string_view text, std::size_t i)
{
	return text[i] == '/' && i + 1 < text.size() && (text[i + 1] == '/' || text[i + 1] == '*');
}

// A comment, or white space: both part words, neither belongs to one.
bool is_gap(std::string_view text, std::size_t i)
{
	return is_space(text[i]) || is_comment(text, i);
}

// The character behind the backslash at text[i - 1]; `i` moves past it.
void append_escape(std::string& out, std::string_view text, std::size_t& i)
{
	if (i >= text.size()) {
		out += '\\';
		return;
	}
	const char c = text[i++];
	switch (c) {
	case 'a':
		out += '\a';
		break;
	case 'b':
		out += '\b';
		break;
	case 'f':
		out += '\f';
		break;
	case 'n':
		out += '\n';
		break;
	case 'r':
		out += '\r';
		break;
	case 't':
		out += '\t';
		break;
	case 'v':
		out += '\v';
		break;
	case '\n':
		break;
	case '0':
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
	case '7': {
		int value = c - '0';
		for (int n = 0; n < 2 && i < text.size() && text[i] >= '0' && text[i] <= '7'; ++n)
			value = value * 8 + (text[i++] - '0');
		out += static_cast<char>(value & 0xff);
		break;
	}
	case 'x': {
		int value = 0, digits = 0;
		for (; i < text.size() && hex_digit(text[i]) >= 0; ++i, ++digits)
			value = (value * 16 + hex_digit(text[i])) & 0xff;
		out += digits ? static_cast<char>(value) : 'x';
		break;
	}
	case '<': {
		int nibbles = 0, value = 0;
		for (; i < text.size() && text[i] != '>'; ++i) {
			const int digit = hex_digit(text[i]);
			if (digit < 0)
				continue;
			value = value * 16 + digit;
			if (++nibbles % 2 == 0) {
				out += static_cast<char>(value);
				value = 0;
			}
		}
		if (i < text.size())
			++i;
		break;
	}
	default:
		out += c;
	}
}

} // namespace

bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

std::size_t skip_config_item(std::string_view text, std::size_t i)
{
	const char c = text[i];

	if (c == '"') {
		i = quote_end(text, i);
		return i == std::string_view::npos ? text.size() : i + 1;
	}
	if (c == '\'') {
		i = text.find('\'', i + 1);
		return i == std::string_view::npos ? text.size() : i + 1;
	}
	if (c == '\\' && i + 1 < text.size()) {
		if (text[i + 1] != '<')
			return i + 2;
		i = text.find('>', i + 2);
		return i == std::string_view::npos ? text.size() : i + 1;
	}
	if (is_comment(text, i)) {
		const bool line = text[i + 1] == '/';
		i = text.find(line ? "\n" : "*/", i + 2);
		if (i == std::string_view::npos)
			return text.size();
		return line ? i + 1 : i + 2;
	}
	return i + 1;
}

std::string config_error(std::string_view text)
{
	int depth = 0;

	for (std::size_t i = 0; i < text.size();) {
		const std::size_t next = skip_config_item(text, i);
		const char c = text[i];
		const bool whole = next >= i + 2; // more than the character that opens it
		// A quote that ends in \" has run out of text.
		const bool escaped = c == '"' && whole && quote_end(text, i) == std::string_view::npos;
		if ((c == '"' || c == '\'') && (!whole || escaped || text[next - 1] != c))
			return std::string("the quote ") + c + " has no end";
		if (c == '\\' && (!whole || (text[i + 1] == '<' && text[next - 1] != '>')))
			return "a backslash has nothing to stand before";
		if (c == '/' && whole && text[i + 1] == '*' && (next < i + 4 || text.substr(next - 2, 2) != "*/"))
			return "a comment has no end";
		if (c == '(')
			++depth;
		if (c == ')' && --depth < 0)
			return "a `)` has no `(`";
		i = next;
	}
	return depth ? "a `(` has no `)`" : "";
}

std::string normalise_config(std::string_view text)
{
	std::string out;
	bool gap = false;

	for (std::size_t i = 0; i < text.size();) {
		const std::size_t next = skip_config_item(text, i);
		if (is_gap(text, i)) {
			gap = true;
		} else {
			if (gap && !out.empty())
				out += ' ';
			gap = false;
			out += text.substr(i, next - i);
		}
		i = next;
	}
	return out;
}

std::vector<Piece> split_pieces(std::string_view text)
{
	std::vector<Piece> pieces;
	std::size_t start = 0;
	int depth = 0;

	const auto piece = [&](std::size_t end) {
		std::size_t at = start;
		while (at < end && is_gap(text, at))
			at = skip_config_item(text, at);
		return Piece{normalise_config(text.substr(start, end - start)), std::min(at, end)};
	};
	for (std::size_t i = 0; i < text.size();) {
		const char c = text[i];
		if (c == '(')
			++depth;
		else if (c == ')' && depth > 0)
			--depth;
		else if (c == ',' && depth == 0) {
			pieces.push_back(piece(i));
			start = i + 1;
		}
		i = skip_config_item(text, i);
	}
	if (Piece last = piece(text.size()); !last.text.empty())
		pieces.push_back(std::move(last));
	return pieces;
}

std::vector<std::string> split_args(std::string_view text)
{
	std::vector<std::string> args;
	for (Piece& piece : split_pieces(text))
		args.push_back(std::move(piece.text));
	return args;
}

std::vector<std::string> split_words(std::string_view text)
{
	std::vector<std::string> words;
	bool gap = true;

	for (std::size_t i = 0; i < text.size();) {
		const std::size_t next = skip_config_item(text, i);
		if (is_gap(text, i)) {
			gap = true;
		} else {
			if (gap)
				words.emplace_back();
			gap = false;
			words.back() += text.substr(i, next - i);
		}
		i = next;
	}
	return words;
}

std::string unquote(std::string_view text)
{
	std::string out;

	for (std::size_t i = 0; i < text.size();) {
		const char c = text[i++];
		if (c == '\\') {
			append_escape(out, text, i);
		} else if (c == '\'') {
			while (i < text.size() && text[i] != '\'')
				out += text[i++];
			++i;
		} else if (c == '"') {
			while (i < text.size() && text[i] != '"') {
				const char d = text[i++];
				if (d == '\\')
					append_escape(out, text, i);
				else
					out += d;
			}
			++i;
		} else {
			out += c;
		}
	}
	return out;
}

std::string join_args(const std::vector<std::string>& args)
{
	std::string out;

	for (std::size_t i = 0; i < args.size(); ++i) {
		if (i)
			out += ", ";
		out += args[i];
	}
	if (!args.empty() && args.back().empty())
		out += ",";
	return out;
}

} // namespace nfup::intent
