// SPDX-License-Identifier: BSD-2-Clause
#include "diagnostic.h"

#include <utility>

namespace nfup::intent {

const char* to_string(Severity severity)
{
	switch (severity) {
	case Severity::note:
		return "note";
	case Severity::warning:
		return "warning";
	case Severity::error:
		break;
	}
	return "error";
}

void Diagnostics::keep(Diagnostic diagnostic)
{
	constexpr std::size_t most = 1000;

	if (list_.size() > most)
		return;
	if (list_.size() == most) {
		diagnostic.severity = Severity::note;
		diagnostic.message = "there is more; only the first 1000 are shown";
		diagnostic.hint.clear();
	}
	list_.push_back(std::move(diagnostic));
}

void Diagnostics::error(Location where, std::string message, std::string hint)
{
	++errors_;
	keep({Severity::error, std::move(where), std::move(message), std::move(hint)});
}

void Diagnostics::warning(Location where, std::string message, std::string hint)
{
	keep({Severity::warning, std::move(where), std::move(message), std::move(hint)});
}

void Diagnostics::note(Location where, std::string message, std::string hint)
{
	keep({Severity::note, std::move(where), std::move(message), std::move(hint)});
}

void Diagnostics::add(const Diagnostics& other)
{
	errors_ += other.errors_;
	for (const Diagnostic& d : other.list_)
		keep(d);
}

namespace {

// Line `number` of `text`, counted from 1, without its end; empty when absent.
std::string line_of(const std::string& text, int number)
{
	std::size_t start = 0;

	for (int i = 1; i < number; ++i) {
		start = text.find('\n', start);
		if (start == std::string::npos)
			return {};
		++start;
	}
	std::string line = text.substr(start, text.find('\n', start) - start);
	if (line.ends_with('\r'))
		line.pop_back();
	return line;
}

} // namespace

std::string render(const Diagnostic& diagnostic, const std::string& source)
{
	const Location& at = diagnostic.where;
	std::string text;

	if (!at.file.empty())
		text += at.file + ":";
	if (at.line > 0) {
		text += std::to_string(at.line) + ":";
		if (at.column > 0)
			text += std::to_string(at.column) + ":";
	}
	if (!text.empty())
		text += " ";
	text += std::string(to_string(diagnostic.severity)) + ": " + diagnostic.message + "\n";

	const std::string line = at.line > 0 ? line_of(source, at.text_line ? at.text_line : at.line) : std::string();
	if (!line.empty() && at.column > 0 && static_cast<std::size_t>(at.column) <= line.size() + 1) {
		// Tabs stay tabs under the caret's line, so that both line up.
		std::string caret;
		for (int i = 0; i + 1 < at.column; ++i)
			caret += line[static_cast<std::size_t>(i)] == '\t' ? '\t' : ' ';
		text += "    " + line + "\n    " + caret + "^\n";
	}
	if (!diagnostic.hint.empty())
		text += "    hint: " + diagnostic.hint + "\n";
	return text;
}

} // namespace nfup::intent
