// SPDX-License-Identifier: BSD-2-Clause
#include "patterns.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>

#include "config.h"

namespace nfup::intent {

namespace {

constexpr unsigned max_offset = 16000; // what a frame can have

// One byte a clause looks at.
struct Masked {
	std::uint8_t mask = 0, value = 0;
};

struct Clause {
	unsigned offset = 0;
	bool negate = false;
	std::vector<Masked> bytes;
};

int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

std::unexpected<std::string> wrong(const std::string& clause, const std::string& why)
{
	return std::unexpected("`" + clause + "`: " + why);
}

// OFFSET/VALUE[%MASK], `!` before it negates.
std::expected<Clause, std::string> read_clause(const std::string& text)
{
	const char* at = text.data();
	const char* const end = at + text.size();
	Clause out;

	if (at < end && *at == '!') {
		out.negate = true;
		++at;
	}
	const auto [stop, error] = std::from_chars(at, end, out.offset);
	if (error != std::errc() || stop == end || *stop != '/')
		return wrong(text, "a pattern is OFFSET/VALUE, as in 12/0800");
	if (out.offset > max_offset)
		return wrong(text, "no frame is that long");
	const std::string rest(stop + 1, end);
	const std::size_t percent = rest.find('%');
	const std::string value = rest.substr(0, percent);
	if (value.empty() || value.size() % 2)
		return wrong(text, "the value needs two hex digits a byte");
	for (std::size_t i = 0; i < value.size(); ++i) {
		const int digit = value[i] == '?' ? 0 : hex(value[i]);
		if (digit < 0)
			return wrong(text, std::string("`") + value[i] + "` is neither a hex digit nor `?`");
		if (i % 2 == 0)
			out.bytes.emplace_back();
		const int shift = i % 2 ? 0 : 4;
		out.bytes.back().value |= static_cast<std::uint8_t>(digit << shift);
		if (value[i] != '?')
			out.bytes.back().mask |= static_cast<std::uint8_t>(0xf << shift);
	}
	if (percent != std::string::npos) {
		const std::string mask = rest.substr(percent + 1);
		if (mask.size() != value.size())
			return wrong(text, "the mask is not as long as the value");
		for (std::size_t i = 0; i < mask.size(); ++i) {
			const int digit = hex(mask[i]);
			if (digit < 0)
				return wrong(text, std::string("`") + mask[i] + "` in the mask is no hex digit");
			const int shift = i % 2 ? 0 : 4;
			out.bytes[i / 2].mask &= static_cast<std::uint8_t>(~((0xf ^ digit) << shift));
		}
	}
	for (Masked& byte : out.bytes)
		byte.value &= byte.mask;
	return out;
}

// Tests of up to four bytes, none of which begins or ends with a byte that
// nobody looks at: a frame may end right behind the last one that counts.
std::vector<classifier_test> tests_of(const Clause& clause)
{
	std::vector<classifier_test> out;

	for (std::size_t i = 0; i < clause.bytes.size();) {
		if (!clause.bytes[i].mask) {
			++i;
			continue;
		}
		std::size_t length = std::min<std::size_t>(4, clause.bytes.size() - i);
		while (!clause.bytes[i + length - 1].mask)
			--length;
		classifier_test test{};
		std::uint8_t mask[4] = {}, value[4] = {};
		for (std::size_t n = 0; n < length; ++n) {
			mask[n] = clause.bytes[i + n].mask;
			value[n] = clause.bytes[i + n].value;
		}
		test.offset = static_cast<__u16>(clause.offset + i);
		test.length = static_cast<__u8>(length);
		test.flags = static_cast<__u8>((clause.negate ? CLASSIFIER_NEGATE : 0) | CLASSIFIER_MORE);
		std::memcpy(&test.mask, mask, 4);
		std::memcpy(&test.value, value, 4);
		out.push_back(test);
		i += length;
	}
	if (!out.empty())
		out.back().flags = static_cast<__u8>(out.back().flags & ~CLASSIFIER_MORE);
	return out;
}

} // namespace

std::expected<classifier_program, std::string> compile_patterns(const std::vector<std::string>& patterns)
{
	classifier_program program{};

	if (patterns.empty())
		return std::unexpected("it needs at least one pattern, as in 12/0800");
	if (patterns.size() > CLASSIFIER_MAX_PATTERNS)
		return std::unexpected(std::to_string(patterns.size()) + " patterns; there can be " +
				       std::to_string(CLASSIFIER_MAX_PATTERNS));
	for (const std::string& pattern : patterns) {
		const std::size_t index = program.patterns++;
		program.first[index] = program.tests;
		const std::vector<std::string> clauses = split_words(unquote(pattern));
		if (clauses.empty())
			return std::unexpected("pattern " + std::to_string(index) +
					       " is empty; `-` matches everything");
		if (clauses.size() == 1 && clauses[0] == "-")
			continue;
		for (const std::string& text : clauses) {
			const auto clause = read_clause(text);
			if (!clause)
				return std::unexpected(clause.error());
			const auto tests = tests_of(*clause);
			if (tests.empty() && clause->negate)
				return wrong(text, "it matches everything, so negated it never matches");
			if (program.tests + tests.size() > CLASSIFIER_MAX_TESTS)
				return std::unexpected("the patterns test more than " +
						       std::to_string(4 * CLASSIFIER_MAX_TESTS) + " bytes");
			for (const classifier_test& test : tests)
				program.test[program.tests++] = test;
		}
		program.count[index] = static_cast<__u16>(program.tests - program.first[index]);
	}
	return program;
}

} // namespace nfup::intent
