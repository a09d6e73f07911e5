// SPDX-License-Identifier: BSD-2-Clause
// Tables of the size that the load balancer has: shares, weights, and what changes when
// servers come and go. The figures are what docs/load-balancer.md says.
#include "statemaps/maglev.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "bpf/maglev.h"

namespace nfup::statemaps {
namespace {

std::vector<MaglevServer> servers(std::uint32_t count)
{
	std::vector<MaglevServer> all;
	for (std::uint32_t i = 0; i < count; i++)
		all.push_back({i, "server " + std::to_string(i), 1});
	return all;
}

std::vector<std::uint32_t> table(const std::vector<MaglevServer>& all)
{
	return maglev_table(all, MAGLEV_SLOTS);
}

double share(const std::vector<std::uint32_t>& slots, std::uint32_t server)
{
	return static_cast<double>(std::ranges::count(slots, server + 1)) / MAGLEV_SLOTS;
}

// Of all slots.
double changed(const std::vector<std::uint32_t>& before, const std::vector<std::uint32_t>& after)
{
	std::uint32_t count = 0;
	for (std::uint32_t i = 0; i < MAGLEV_SLOTS; i++)
		count += before[i] != after[i];
	return static_cast<double>(count) / MAGLEV_SLOTS;
}

TEST(Maglev, equal_servers_have_equal_shares)
{
	const auto slots = table(servers(100));
	for (std::uint32_t i = 0; i < 100; i++)
		EXPECT_NEAR(share(slots, i), 0.01, 2.0 / MAGLEV_SLOTS) << i;
	EXPECT_EQ(std::ranges::count(slots, 0u), 0);
}

TEST(Maglev, shares_are_as_the_weights)
{
	auto all = servers(100);
	double sum = 0;
	for (MaglevServer& server : all)
		sum += server.weight = 1 + server.number % 10;
	const auto slots = table(all);
	for (const MaglevServer& server : all)
		EXPECT_NEAR(share(slots, server.number), server.weight / sum, 2.0 / MAGLEV_SLOTS);
	// Far apart, and in other units.
	const auto uneven = table({{0, "a", 1000}, {1, "b", 3000}, {2, "c", 16000}});
	EXPECT_NEAR(share(uneven, 0), 0.05, 2.0 / MAGLEV_SLOTS);
	EXPECT_NEAR(share(uneven, 1), 0.15, 2.0 / MAGLEV_SLOTS);
	EXPECT_NEAR(share(uneven, 2), 0.8, 2.0 / MAGLEV_SLOTS);
}

// At least the share of the one that leaves has to move: 1 % of all.
TEST(Maglev, one_of_a_hundred_leaves)
{
	const auto all = servers(100);
	const auto before = table(all);
	double most = 0;
	for (std::uint32_t leaves = 0; leaves < 100; leaves++) {
		auto rest = all;
		rest.erase(rest.begin() + leaves);
		const auto after = table(rest);
		EXPECT_EQ(share(after, leaves), 0);
		const double moved = changed(before, after) - share(before, leaves);
		EXPECT_LE(moved, 0.01) << leaves;
		most = std::max(most, moved);
	}
	RecordProperty("most", std::to_string(most));
	printf("one of 100 leaves: at most %.2f %% beyond its own share\n", 100 * most);
}

TEST(Maglev, a_weight_changes)
{
	auto all = servers(100);
	const auto before = table(all);
	all[7].weight = 0; // drained: as if it had left
	auto rest = servers(100);
	rest.erase(rest.begin() + 7);
	EXPECT_EQ(table(all), table(rest));
	EXPECT_EQ(share(table(all), 7), 0);
	EXPECT_LE(changed(before, table(all)), 0.02);
}

// On every balancer the same, whatever the numbers and the order.
TEST(Maglev, the_names_decide)
{
	auto all = servers(50);
	const auto slots = table(all);
	std::ranges::reverse(all);
	EXPECT_EQ(table(all), slots);
	for (MaglevServer& server : all)
		server.number += 1000;
	const auto others = table(all);
	for (std::uint32_t i = 0; i < MAGLEV_SLOTS; i++)
		ASSERT_EQ(others[i], slots[i] + 1000);
}

TEST(Maglev, nobody_is_left)
{
	EXPECT_EQ(std::ranges::count(table({}), 0u), MAGLEV_SLOTS);
	EXPECT_EQ(std::ranges::count(table({{3, "a", 0}}), 0u), MAGLEV_SLOTS);
	EXPECT_EQ(std::ranges::count(table({{3, "a", 7}}), 4u), MAGLEV_SLOTS);
}

} // namespace
} // namespace nfup::statemaps
