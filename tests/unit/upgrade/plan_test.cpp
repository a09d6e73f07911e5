// SPDX-License-Identifier: BSD-2-Clause
// The plan, on graphs by hand and on thousands by chance.
#include "upgrade/plan.h"

#include <gtest/gtest.h>

#include "slot_model.h"
#include "upgrade/dominators.h"

namespace nfup::upgrade {
namespace {

using model::Nf;

// root → a → b → c, and root → d → c
std::vector<PlanNode> diamond(const std::string& a = "1", const std::string& b = "1", const std::string& c = "1",
			      const std::string& d = "1")
{
	return {{"root", "root a d", {1, 4}},
		{"a", "a" + a + " b", {2}},
		{"b", "b" + b + " c", {3}},
		{"c", "c" + c, {}},
		{"d", "d" + d + " c", {3}}};
}

TEST(Plan, one_changed_node_with_the_same_wiring_is_swapped_in_its_own_slot)
{
	Nf nf(diamond());
	Plan plan;
	EXPECT_TRUE(nf.upgrade(diamond("1", "2"), &plan).empty());
	EXPECT_EQ(plan.changed, std::vector<std::string>{"b"});
	EXPECT_EQ(plan.load, std::set<int>{2});
	EXPECT_TRUE(plan.write.empty());
	EXPECT_EQ(plan.flip, 2);
	EXPECT_EQ(plan.shared, (std::vector<std::string>{"a", "c", "d"}));
}

TEST(Plan, two_changes_on_one_branch_flip_at_the_first_of_them)
{
	Nf nf(diamond());
	Plan plan;
	EXPECT_TRUE(nf.upgrade(diamond("2", "2"), &plan).empty());
	EXPECT_EQ(plan.flip, 1);
	EXPECT_EQ(plan.load, (std::set<int>{1, 2}));
	EXPECT_EQ(plan.write, (std::set<int>{2}));
}

TEST(Plan, changes_on_both_branches_flip_at_the_root_and_load_what_lies_between)
{
	Nf nf(diamond());
	Plan plan;
	EXPECT_TRUE(nf.upgrade(diamond("1", "2", "1", "2"), &plan).empty());
	EXPECT_EQ(plan.flip, 0);
	EXPECT_EQ(plan.load, (std::set<int>{0, 1, 2, 4})); // a is between root and b
	EXPECT_EQ(plan.changed, (std::vector<std::string>{"b", "d"}));
	EXPECT_EQ(plan.shared, (std::vector<std::string>{"c"}));
}

TEST(Plan, a_shared_end_that_changes_is_swapped_alone)
{
	Nf nf(diamond());
	Plan plan;
	EXPECT_TRUE(nf.upgrade(diamond("1", "1", "2"), &plan).empty());
	EXPECT_EQ(plan.flip, 3);
	EXPECT_EQ(plan.load, std::set<int>{3});
}

TEST(Plan, nothing_changed_flips_nothing)
{
	Nf nf(diamond());
	Plan plan;
	EXPECT_TRUE(nf.upgrade(diamond(), &plan).empty());
	EXPECT_EQ(plan.flip, -1);
	EXPECT_TRUE(plan.load.empty());
	EXPECT_EQ(plan.shared.size(), 4u);
}

TEST(Plan, a_removed_node_is_named_and_its_predecessor_flips)
{
	Nf nf(diamond());
	const std::vector<PlanNode> without = {
	    {"root", "root a d", {1, 3}}, {"a", "a1 c", {2}}, {"c", "c1", {}}, {"d", "d1 c", {2}}};
	Plan plan;
	EXPECT_TRUE(nf.upgrade(without, &plan).empty());
	EXPECT_EQ(plan.removed, std::vector<std::string>{"b"});
	EXPECT_EQ(plan.flip, 1);
	EXPECT_EQ(plan.load, std::set<int>{1});
}

TEST(Plan, going_back_one_generation_loads_nothing_and_writes_only_the_flip)
{
	for (const auto& changed : {diamond("1", "2"), diamond("2", "2"), diamond("1", "2", "1", "2")}) {
		Nf nf(diamond());
		ASSERT_TRUE(nf.upgrade(changed).empty());
		Plan back;
		EXPECT_TRUE(nf.upgrade(diamond(), &back).empty());
		EXPECT_TRUE(back.load.empty());
		EXPECT_TRUE(back.write.empty());
		EXPECT_GE(back.flip, 0);
	}
}

TEST(Plan, going_back_over_two_flips_in_different_slots_is_still_one_flip)
{
	Nf nf(diamond());
	ASSERT_TRUE(nf.upgrade(diamond("1", "2")).empty());           // flips b
	ASSERT_TRUE(nf.upgrade(diamond("1", "2", "1", "2")).empty()); // flips d
	Plan back;
	EXPECT_TRUE(nf.upgrade(diamond(), &back).empty());
	EXPECT_EQ(back.flip, 0);
}

// What every plan must satisfy, for random pairs of graphs and chains of them.
TEST(Plan, random_upgrades_never_mix_generations_and_load_no_more_than_needed)
{
	std::mt19937 random(20261121);
	int plans = 0, in_place = 0;
	for (int round = 0; round < 2000; round++) {
		auto graph = model::random_graph(random);
		Nf nf(graph);
		for (int generation = 0; generation < 4; generation++) {
			// Three kinds of target: a few edits, something else entirely, a step back.
			const auto before = nf.running();
			auto target = generation == 1   ? model::random_graph(random)
				      : generation == 3 ? graph
							: model::mutate(before.nodes, random);
			Plan plan;
			const auto violations = nf.upgrade(target, &plan);
			ASSERT_TRUE(violations.empty()) << "round " << round << ": " << violations.front().what;
			if (plan.flip < 0)
				continue;
			plans++;
			in_place += plan.write.empty() ? 1 : 0;

			// Loaded: changed nodes, or nodes from which a changed one is reached.
			std::map<std::string, std::string> old_identity;
			for (const PlanNode& node : before.nodes)
				old_identity.emplace(node.name, node.identity);
			std::vector<bool> leads(target.size());
			std::vector<std::vector<int>> out;
			for (const PlanNode& node : target)
				out.push_back(node.out);
			const auto order = topological_order(out);
			const Dominators tree(out);
			for (auto it = order.rbegin(); it != order.rend(); ++it) {
				const auto i = static_cast<std::size_t>(*it);
				const auto old = old_identity.find(target[i].name);
				leads[i] = old == old_identity.end() || old->second != target[i].identity;
				for (const int to : out[i])
					leads[i] = leads[i] || leads[static_cast<std::size_t>(to)];
			}
			for (const int node : plan.load) {
				EXPECT_TRUE(leads[static_cast<std::size_t>(node)] || node == plan.flip);
				EXPECT_TRUE(tree.dominates(plan.flip, node));
			}
		}
	}
	EXPECT_GT(plans, 6000);
	EXPECT_GT(in_place, 100);
}

// The model must see what a tool does that replaces two nodes of one path one
// after the other: else the test above proves nothing.
TEST(Plan, the_model_catches_an_upgrade_of_two_writes)
{
	Nf nf(diamond());
	const auto violations = nf.naive_upgrade(diamond("2", "2"));
	ASSERT_FALSE(violations.empty());
	EXPECT_EQ(violations.front().what, "a packet met the old and the new generation");
}

TEST(Dominators, of_a_diamond)
{
	const Dominators tree({{1, 4}, {2}, {3}, {}, {3}});
	EXPECT_EQ(tree.parent(3), 0);
	EXPECT_EQ(tree.parent(2), 1);
	EXPECT_EQ(tree.common(2, 1), 1);
	EXPECT_EQ(tree.common(2, 4), 0);
	EXPECT_TRUE(tree.dominates(0, 3));
	EXPECT_FALSE(tree.dominates(1, 3));
}

} // namespace
} // namespace nfup::upgrade
