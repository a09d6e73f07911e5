// SPDX-License-Identifier: BSD-2-Clause
#include "parse.h"

#include <algorithm>
#include <cstring>
#include <tuple>

#include "expand.h"
#include "parse_click.h"
#include "parse_table.h"
#include "rows.h"

namespace nfup::intent {

namespace {

bool is_column(const std::string& word)
{
	return word == "-" || word.find_first_not_of("0123456789") == std::string::npos;
}

// NUL and its like would go through to names, pins and terminals.
bool has_control_characters(const std::string& text, const std::string& file, Diagnostics& diagnostics)
{
	Location where{file, 1, 1};
	for (const char c : text) {
		const bool control =
		    (static_cast<unsigned char>(c) < ' ' && !std::strchr("\t\n\v\f\r", c)) || c == 127 || c == 0;
		if (control) {
			diagnostics.error(where, "a control character", "an intent is text: is this the right file?");
			return true;
		}
		where.column++;
		if (c == '\n') {
			where.line++;
			where.column = 1;
		}
	}
	return false;
}

} // namespace

// The first line that can only be one of them decides: a hyphen or a number
// alone in the second column is a row, and Click's punctuation is Click.
Form detect_form(const std::string& text)
{
	Rows rows(text);

	for (Row row; rows.next(row);) {
		const bool name_first = row.words[0].text.find_first_of("#:;,()[]{}") == std::string::npos;
		if (row.words.size() > 1 && name_first && is_column(row.words[1].text))
			return Form::table;
		for (const Word& word : row.words)
			if (word.text.find_first_of(";(){}[]:>#") != std::string::npos || word.text == "elementclass")
				return Form::click;
	}
	return Form::click;
}

Graph parse(const std::string& text, const std::string& file, Diagnostics& diagnostics)
{
	if (has_control_characters(text, file, diagnostics))
		return {};
	Graph graph = detect_form(text) == Form::table ? parse_table(text, file, diagnostics)
						       : expand(parse_click(text, file, diagnostics), diagnostics);

	// One order for both forms, so that equal graphs compare equal.
	std::sort(graph.edges.begin(), graph.edges.end(), [](const Edge& a, const Edge& b) {
		return std::tie(a.from, a.out, a.to, a.in) < std::tie(b.from, b.out, b.to, b.in);
	});
	return graph;
}

} // namespace nfup::intent
