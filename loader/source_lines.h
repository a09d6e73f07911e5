// SPDX-License-Identifier: BSD-2-Clause
// Which source line an instruction comes from: the line information that clang
// puts into an object's .BTF.ext (Linux, Documentation/bpf/btf.rst §4.2).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "intent/result.h"

namespace nfup::loader {

struct SourceLine {
	std::string file;
	int line = 0;     // from 1; 0: the compiler's own code
	int column = 0;   // from 1; 0: not known
	std::string text; // of the line, as in the source

	bool operator==(const SourceLine&) const = default;
};

class SourceLines {
public:
	struct Record {
		std::uint32_t instruction; // index from the start of its section
		bool main;                 // in the program's own section, not in a function it calls
		SourceLine source;
	};

	SourceLines() = default;
	// `size`: instructions of the program itself, functions apart. `records` by instruction.
	SourceLines(std::vector<Record> records, std::uint32_t size) : records_(std::move(records)), size_(size) {}

	// Of the one program `name` in an object. Error: the object cannot be read.
	static Result<SourceLines> read(const std::filesystem::path& object, const std::string& name);

	// The line of an instruction of the loaded program, where functions follow the
	// program itself. Those are placed only when it is loaded: none for them.
	std::optional<SourceLine> at(std::uint32_t instruction) const;

	// The first line with this text (white space at the ends apart), or with this
	// file (its last part) and number.
	std::optional<SourceLine> with_text(const std::string& text) const;
	std::optional<SourceLine> with_number(const std::string& file, int line) const;

private:
	std::vector<Record> records_;
	std::uint32_t size_ = 0;
};

std::string trimmed(const std::string& text);

} // namespace nfup::loader
