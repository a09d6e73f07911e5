// SPDX-License-Identifier: BSD-2-Clause
// A 128-bit hash (XXH3) over a sequence of fields, as 32 hex digits. Every field is
// preceded by its length, so that ("ab","c") and ("a","bc") differ. It tells
// contents apart; it does not withstand somebody who forges them, and need not:
// who can write the cache or the records is root already.
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
	std::string hex() const;

private:
	struct Context;
	std::unique_ptr<Context> context_;
};

// 64 bits of the same, of one field alone.
std::uint64_t hash64(std::span<const std::uint8_t> bytes);

} // namespace nfup
