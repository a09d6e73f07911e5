// SPDX-License-Identifier: BSD-2-Clause
// Which entries of one state the other machine has: what a walk over the state meets is
// compared with it, and what differs is sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "intent/result.h"

namespace nfup::upgrade {

// Keys, and hashes of values (64 bits: a change is missed once in 1.8e19). An entry takes its
// key and 24 to 32 bytes, and room to grow; one that is gone keeps its place.
class SentEntries {
public:
	explicit SentEntries(std::size_t key_size) : key_size_(key_size), index_(1024) {}

	// A walk begins.
	void begin_round()
	{
		round_++;
		next_ = 0;
	}
	// It met this entry. True: the other machine has it not, or with another value; from
	// now on it counts as sent.
	bool meet(const std::uint8_t* key, const std::uint8_t* value, std::size_t value_size);
	// It is over: those that it did not meet are gone. They count as removed there.
	Result<void> end_round(const std::function<Result<void>(const std::uint8_t* key)>& gone);

	std::uint64_t there() const { return there_; } // entries that the other machine has

private:
	struct Sent {
		std::uint64_t value;
		std::uint32_t round; // that met it last; 0: gone
	};

	bool is_at(std::size_t number, const std::uint8_t* key) const;
	std::size_t find(const std::uint8_t* key) const; // its place in index_
	void grow();

	std::size_t key_size_;
	std::vector<std::uint8_t> keys_;
	std::vector<Sent> sent_;
	std::vector<std::uint32_t> index_; // open addressing, by the key's hash; 0: free, else its number + 1
	std::uint32_t round_ = 0;
	std::size_t next_ = 0; // a table is walked in much the same order each time: its number if it is so
	std::uint64_t there_ = 0;
};

} // namespace nfup::upgrade
