// SPDX-License-Identifier: BSD-2-Clause
// What a walk tells of changes, against a model that keeps everything.
#include "upgrade/sent_entries.h"

#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>

namespace nfup::upgrade {
namespace {

TEST(SentEntries, TellsWhatTheOtherMachineLacks)
{
	std::mt19937 random(1);
	std::map<std::uint64_t, std::uint32_t> state, there; // here, and as the other machine was told
	SentEntries sent(sizeof(std::uint64_t));
	for (int round = 0; round < 30; round++) {
		for (int i = 0; i < 2000; i++) {
			const std::uint64_t key = random() % 5000;
			if (random() % 3)
				state[key] = static_cast<std::uint32_t>(random() % 4);
			else
				state.erase(key);
		}
		sent.begin_round();
		for (const auto& [key, value] : state) {
			const bool lacks = !there.contains(key) || there[key] != value;
			EXPECT_EQ(sent.meet(reinterpret_cast<const std::uint8_t*>(&key),
					    reinterpret_cast<const std::uint8_t*>(&value), sizeof value),
				  lacks);
			there[key] = value;
		}
		std::set<std::uint64_t> gone, expected;
		for (const auto& [key, value] : there)
			if (!state.contains(key))
				expected.insert(key);
		auto ended = sent.end_round([&](const std::uint8_t* key) -> Result<void> {
			EXPECT_TRUE(gone.insert(*reinterpret_cast<const std::uint64_t*>(key)).second);
			return {};
		});
		EXPECT_TRUE(ended);
		EXPECT_EQ(gone, expected);
		there = state;
		EXPECT_EQ(sent.there(), state.size());
	}
	// A walk that meets nothing.
	sent.begin_round();
	std::size_t count = 0;
	EXPECT_TRUE(sent.end_round([&](const std::uint8_t*) -> Result<void> {
		count++;
		return {};
	}));
	EXPECT_EQ(count, state.size());
	EXPECT_EQ(sent.there(), 0u);
}

} // namespace
} // namespace nfup::upgrade
