// SPDX-License-Identifier: BSD-2-Clause
// Compiled Classifier patterns, as tests write them: one list of tests a
// pattern. (The resolver compiles the operator's text; it has tests of its own.)
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "bpf/lib/classifier.h"
#include "packet.h"

namespace nfup::test {

struct Test {
	std::uint16_t offset;
	Bytes value; // 1 to 4 bytes
	Bytes mask{};
	std::uint8_t flags = 0;
};

using Pattern = std::vector<Test>;

inline classifier_program compile(const std::vector<Pattern>& patterns)
{
	classifier_program program{};
	for (const Pattern& pattern : patterns) {
		program.first[program.patterns] = program.tests;
		program.count[program.patterns] = static_cast<__u16>(pattern.size());
		program.patterns++;
		for (const Test& test : pattern) {
			classifier_test& t = program.test[program.tests++];
			Bytes mask = test.mask.empty() ? Bytes(test.value.size(), 0xff) : test.mask;
			t.offset = test.offset;
			t.length = static_cast<__u8>(test.value.size());
			t.flags = test.flags;
			std::memcpy(&t.value, test.value.data(), test.value.size());
			std::memcpy(&t.mask, mask.data(), mask.size());
		}
	}
	return program;
}

} // namespace nfup::test
