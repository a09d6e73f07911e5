// SPDX-License-Identifier: BSD-2-Clause
// The verifier's log of a program it refuses → what a module's author needs: the
// source line, what could not be proven in plain words, and the usual mend.
#pragma once

#include <optional>
#include <string>

#include "intent/result.h"
#include "source_lines.h"

namespace nfup {

// What an Error of a refused program carries.
struct VerifierRefusal {
	std::string reason; // in plain words
	std::string said;   // the verifier's own words
	std::string mend;   // what usually mends it
	std::optional<loader::SourceLine> where;
	// Where `where` is in a header: the line of the class that led there.
	std::optional<loader::SourceLine> from;
	std::string log; // the middle of a very long one is left out
};

namespace loader {

// None: the verifier has not said anything, the failure is another.
// `source`: the class's file, to know headers from it; may be empty.
std::optional<VerifierRefusal> explain_refusal(const std::string& kernel_log, const SourceLines& lines,
					       const std::string& source);

// As clang would: "FILE:LINE:COLUMN: error: REASON", the line, a caret; then the
// verifier's words.
std::string render(const VerifierRefusal& refusal);

} // namespace loader
} // namespace nfup
