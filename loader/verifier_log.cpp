// SPDX-License-Identifier: BSD-2-Clause
#include "verifier_log.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <string_view>
#include <vector>

#include "verifier_reasons.h"

namespace nfup::loader {
namespace fs = std::filesystem;

namespace {

// A program that is too large leaves a log of many megabytes; its ends say enough.
constexpr std::size_t log_start = 16 << 10, log_end = 240 << 10;
constexpr std::size_t longest_path = 8 << 20;

std::string shortened(std::string_view log)
{
	if (log.size() <= log_start + log_end)
		return std::string(log);
	const std::size_t start = log.rfind('\n', log_start) + 1;
	const std::size_t end = log.find('\n', log.size() - log_end) + 1;
	return std::string(log.substr(0, start)) + "… " + std::to_string(end - start) + " bytes left out …\n" +
	       std::string(log.substr(end));
}

enum class Kind { instruction, source, bookkeeping, message };

struct Line {
	Kind kind;
	std::string text;
	std::uint32_t instruction = 0;
};

bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

// `12: (85) call …` is an instruction, `12: R0=…` the registers in front of it.
Line classify(std::string text)
{
	if (text.starts_with("; "))
		return {Kind::source, text.substr(2)};
	std::size_t digits = 0;
	while (digits < text.size() && is_digit(text[digits]))
		digits++;
	if (digits > 0 && text.compare(digits, 2, ": ") == 0) {
		const bool instruction = text.compare(digits + 2, 1, "(") == 0;
		return {instruction ? Kind::instruction : Kind::bookkeeping, text,
			static_cast<std::uint32_t>(std::stoul(text.substr(0, std::min<std::size_t>(digits, 9))))};
	}
	for (const char* start : {"from ", "func#", "processed ", "verification time", "stack depth", "mark_precise",
				  "regs=", "last_idx", "parent ", "cur state", "old state", "Validating ",
				  "caller:", "callee:", "returning from", " R", " frame", "propagating", "… "})
		if (text.starts_with(start))
			return {Kind::bookkeeping, text};
	if (const auto tail = text.find("processed ");
	    tail != std::string::npos && tail > 0 && text.ends_with("mark_read 0"))
		text.resize(tail);
	return {text.empty() ? Kind::bookkeeping : Kind::message, text};
}

std::vector<Line> lines_of(std::string_view log)
{
	std::vector<Line> lines;
	while (!log.empty()) {
		const std::size_t end = std::min(log.find('\n'), log.size());
		lines.push_back(classify(std::string(log.substr(0, end))));
		log.remove_prefix(std::min(end + 1, log.size()));
	}
	return lines;
}

// `text @ file:line` since 6.10, `text` before.
std::optional<SourceLine> place_of(const std::string& source, const SourceLines& lines)
{
	static const std::regex numbered(R"(^(.*) @ ([^ ]+):(\d{1,8})$)");
	std::smatch match;
	if (!std::regex_match(source, match, numbered))
		return lines.with_text(source);
	const int number = std::stoi(match[3]);
	if (auto known = lines.with_number(match[2], number))
		return known;
	return SourceLine{match[2], number, 0, match[1]};
}

// The instruction that the message itself names, which need not be the last one.
std::optional<std::uint32_t> named_instruction(const std::string& said)
{
	static const std::regex named(R"((?:alloc_insn=|unreachable insn |detected at insn |from insn )(\d{1,8}))");
	std::smatch match;
	if (!std::regex_search(said, match, named))
		return {};
	return static_cast<std::uint32_t>(std::stoul(match[1]));
}

// Where most steps were made: the loop that was too long.
std::optional<SourceLine> busiest(const std::vector<Line>& log, const SourceLines& lines)
{
	std::map<std::string, int> visits;
	for (const Line& line : log)
		if (line.kind == Kind::source)
			visits[line.text]++;
	const auto most = std::ranges::max_element(visits, {}, &std::pair<const std::string, int>::second);
	if (most == visits.end())
		return {};
	return place_of(most->first, lines);
}

std::optional<SourceLine> place_of_refusal(const std::vector<Line>& log, std::size_t last, const std::string& said,
					   const SourceLines& lines)
{
	if (said.contains("too large. Processed") || said.contains("too complex"))
		return busiest(log, lines);
	if (const auto named = named_instruction(said)) {
		if (auto place = lines.at(*named))
			return place;
		// In a function: the source line printed for that instruction.
		std::optional<SourceLine> place;
		for (const Line& line : log) {
			if (line.kind == Kind::source)
				place = place_of(line.text, lines);
			if (line.kind == Kind::instruction && line.instruction == *named)
				return place;
		}
	}
	if (last == log.size())
		return {};
	if (auto place = lines.at(log[last].instruction))
		return place;
	for (std::size_t i = last; i-- > 0;)
		if (log[i].kind == Kind::source)
			if (auto place = place_of(log[i].text, lines); place && place->line > 0)
				return place;
	return {};
}

bool same_file(const std::string& a, const std::string& b)
{
	return fs::path(a).filename() == fs::path(b).filename();
}

} // namespace

std::optional<VerifierRefusal> explain_refusal(const std::string& kernel_log, const SourceLines& lines,
					       const std::string& source)
{
	VerifierRefusal refusal;
	refusal.log = shortened(kernel_log);
	const std::vector<Line> log = lines_of(refusal.log);
	std::size_t last = log.size(); // instruction
	for (std::size_t i = 0; i < log.size(); i++)
		if (log[i].kind == Kind::instruction)
			last = i;
	for (std::size_t i = last == log.size() ? 0 : last; i < log.size(); i++)
		if (log[i].kind == Kind::message)
			refusal.said += (refusal.said.empty() ? "" : "\n") + log[i].text;
	if (refusal.said.empty() && kernel_log.size() > longest_path) // cut off, before 6.4
		refusal.said = "BPF program is too large. Processed 1000000 insn";
	if (refusal.said.empty())
		return {};
	auto [reason, mend] = explain(refusal.said);
	refusal.reason = std::move(reason);
	refusal.mend = std::move(mend);
	refusal.where = place_of_refusal(log, last, refusal.said, lines);
	if (refusal.where && !source.empty() && !same_file(refusal.where->file, source))
		for (std::size_t i = std::min(last, log.size()); i-- > 0 && !refusal.from;)
			if (log[i].kind == Kind::source)
				if (auto place = place_of(log[i].text, lines); place && same_file(place->file, source))
					refusal.from = std::move(place);
	return refusal;
}

std::string render(const VerifierRefusal& refusal)
{
	const auto place = [](const SourceLine& line) {
		return line.file + ":" + std::to_string(line.line) +
		       (line.column > 0 ? ":" + std::to_string(line.column) : "");
	};
	std::string text;
	if (refusal.where) {
		const SourceLine& where = *refusal.where;
		text = place(where) + ": error: " + refusal.reason + "\n" + where.text + "\n";
		if (where.column > 0) { // under the column, tabs as in the line
			std::string marker = where.text.substr(0, static_cast<std::size_t>(where.column) - 1);
			for (char& c : marker)
				c = c == '\t' ? '\t' : ' ';
			text += marker + "^\n";
		}
	} else {
		text = refusal.reason + "\n";
	}
	if (refusal.from)
		text += place(*refusal.from) + ": note: on the way from here\n" + refusal.from->text + "\n";
	return text + "the verifier: " + refusal.said;
}

} // namespace nfup::loader
