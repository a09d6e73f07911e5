// SPDX-License-Identifier: BSD-2-Clause
#include "variables.h"

#include <cctype>

#include "config.h"

namespace nfup::intent {

namespace {

bool is_name(char c)
{
	return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

struct Reference {
	std::string name;
	std::optional<std::string> fallback;
	std::size_t end = 0; // behind it
};

// The reference that starts with the dollar at `i`, if it is one.
std::optional<Reference> reference_at(std::string_view text, std::size_t i)
{
	Reference out;
	const bool braces = text.substr(i).starts_with("${");
	std::size_t end = i + (braces ? 2 : 1);
	const std::size_t start = end;

	while (end < text.size() && is_name(text[end]))
		++end;
	out.name = text.substr(start, end - start);
	out.end = end;
	if (out.name.empty())
		return std::nullopt;
	if (braces) {
		const std::size_t close = text.find('}', end);
		if (close == std::string_view::npos)
			return std::nullopt;
		if (text[end] == '-')
			out.fallback = text.substr(end + 1, close - end - 1);
		else if (close != end)
			return std::nullopt;
		out.end = close + 1;
	}
	return out;
}

// For a place inside double quotes: the value itself, not its quotes.
std::string quoted(const std::string& value)
{
	std::string out;
	for (const char c : unquote(value)) {
		if (c == '"' || c == '\\' || c == '$')
			out += '\\';
		out += c;
	}
	return out;
}

} // namespace

std::string expand_variables(std::string_view text, const VariableLookup& lookup, const VariableMissing& missing)
{
	std::string out;
	bool in_quotes = false;

	for (std::size_t i = 0; i < text.size();) {
		const char c = text[i];
		std::size_t next = i + 1;
		if (c == '"') {
			in_quotes = !in_quotes;
		} else if (c == '\\') {
			next = std::min(i + 2, text.size());
		} else if (!in_quotes && (c == '\'' || c == '/')) {
			next = skip_config_item(text, i);
		} else if (c == '$') {
			if (const auto reference = reference_at(text, i)) {
				std::optional<std::string> value = lookup(reference->name);
				if (!value)
					value = reference->fallback;
				if (value) {
					out += in_quotes ? quoted(*value) : *value;
					i = reference->end;
					continue;
				}
				missing(reference->name);
				next = reference->end;
			}
		}
		out += text.substr(i, next - i);
		i = next;
	}
	return out;
}

} // namespace nfup::intent
