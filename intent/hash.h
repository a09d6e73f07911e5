// SPDX-License-Identifier: BSD-2-Clause
// SHA-256 over a sequence of fields, as lower-case hex. Every field is preceded
// by its length, so that ("ab","c") and ("a","bc") differ.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace nfup {

class Hasher {
public:
	Hasher();
	~Hasher();
	Hasher& add(std::string_view field);
	Hasher& add(std::span<const std::uint8_t> field);
	Hasher& add(std::uint64_t number);
	std::string hex(); // ends the hasher

private:
	struct Context;
	std::unique_ptr<Context> context_;
};

} // namespace nfup
