// SPDX-License-Identifier: BSD-2-Clause
// What the passes have to say about an intent: place, message, hint. Passes
// collect diagnostics and go on, so that one run shows every mistake.
#pragma once

#include <string>
#include <vector>

namespace nfup::intent {

// A place in the intent's text. Lines and columns count from 1; 0 is unknown.
struct Location {
	std::string file;
	int line = 0;
	int column = 0;
	int text_line = 0; // where a #line directive renumbers: the line of the text itself

	bool operator==(const Location&) const = default;
};

enum class Severity { note, warning, error };
const char* to_string(Severity severity);

struct Diagnostic {
	Severity severity = Severity::error;
	Location where;
	std::string message;
	std::string hint; // may be empty
};

class Diagnostics {
public:
	void error(Location where, std::string message, std::string hint = {});
	void warning(Location where, std::string message, std::string hint = {});
	void note(Location where, std::string message, std::string hint = {});
	void add(const Diagnostics& other); // behind the ones here
	bool ok() const { return errors_ == 0; }
	const std::vector<Diagnostic>& list() const { return list_; }

private:
	void keep(Diagnostic diagnostic);

	std::vector<Diagnostic> list_; // the first thousand; nobody reads more
	int errors_ = 0;
};

// Text for people: "FILE:LINE:COL: error: MESSAGE", the source line with a
// caret (when `source`, the intent's text, has that line), "hint: …".
std::string render(const Diagnostic& diagnostic, const std::string& source);

} // namespace nfup::intent
