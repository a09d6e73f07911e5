// SPDX-License-Identifier: BSD-2-Clause
// Which converters lead from one layout to another.
#include "statemaps/conversion.h"

#include <gtest/gtest.h>
#include <linux/bpf.h>

namespace nfup::statemaps {
namespace {

std::vector<Field> layout(const char* field, const char* type = "u32")
{
	return {{std::string("value.") + field, type, 0}};
}

const auto v1 = layout("a"), v2 = layout("a", "u64"), v3 = layout("b", "u64");

Converter step(const char* name, const std::vector<Field>& from, const std::vector<Field>& to)
{
	return {name, std::string(name) + "_from", std::string(name) + "_to", from, to};
}

std::vector<std::string> names(const std::optional<std::vector<Converter>>& way)
{
	std::vector<std::string> list;
	for (const Converter& converter : way.value_or(std::vector<Converter>{{"none", "", "", {}, {}}}))
		list.push_back(converter.function);
	return list;
}

TEST(Conversion, the_same_layout_needs_no_converter)
{
	EXPECT_EQ(names(find_way({}, v1, v1)), std::vector<std::string>());
	EXPECT_EQ(names(find_way({step("12", v1, v2)}, v1, v1)), std::vector<std::string>());
}

TEST(Conversion, each_direction_has_its_own)
{
	const std::vector<Converter> forward = {step("12", v1, v2)};
	EXPECT_EQ(names(find_way(forward, v1, v2)), std::vector<std::string>{"12"});
	EXPECT_FALSE(find_way(forward, v2, v1));
}

TEST(Conversion, a_chain_is_found_and_the_shortest_taken)
{
	std::vector<Converter> steps = {step("23", v2, v3), step("21", v2, v1), step("12", v1, v2), step("32", v3, v2)};
	EXPECT_EQ(names(find_way(steps, v1, v3)), (std::vector<std::string>{"12", "23"}));
	EXPECT_EQ(names(find_way(steps, v3, v1)), (std::vector<std::string>{"32", "21"}));
	steps.push_back(step("13", v1, v3));
	EXPECT_EQ(names(find_way(steps, v1, v3)), std::vector<std::string>{"13"});
}

TEST(Conversion, fields_that_only_swapped_are_another_layout)
{
	const std::vector<Field> ab = {{"value.a", "u64", 0}, {"value.b", "u64", 8}},
				 ba = {{"value.b", "u64", 0}, {"value.a", "u64", 8}};
	EXPECT_FALSE(find_way({step("12", v1, v2)}, ab, ba));
	EXPECT_EQ(names(find_way({step("swap", ab, ba)}, ab, ba)), std::vector<std::string>{"swap"});
}

Schema schema(std::uint32_t type, std::uint32_t key_size)
{
	return {type, key_size, 4, 100, 0, {{"key", "u32", 0}, {"value.a", "u32", 0}}};
}

TEST(Conversion, another_key_or_a_map_without_keys_is_in_the_way)
{
	EXPECT_EQ(obstacle(schema(BPF_MAP_TYPE_HASH, 4), schema(BPF_MAP_TYPE_LRU_HASH, 4)), "");
	EXPECT_NE(obstacle(schema(BPF_MAP_TYPE_HASH, 4), schema(BPF_MAP_TYPE_HASH, 8)), "");
	EXPECT_NE(obstacle(schema(BPF_MAP_TYPE_ARRAY, 4), schema(BPF_MAP_TYPE_ARRAY, 4)), "");
	auto renamed = schema(BPF_MAP_TYPE_HASH, 4);
	renamed.fields[0].path = "key.id";
	EXPECT_NE(obstacle(schema(BPF_MAP_TYPE_HASH, 4), renamed), "");
}

TEST(Conversion, the_source_calls_each_step_once_in_order)
{
	const auto text = converter_source("TAB", "/lib/TAB.migrate.h", {step("12", v1, v2), step("23", v2, v3)}, 8);
	EXPECT_NE(text.find("#include \"/lib/TAB.migrate.h\""), std::string::npos);
	const auto first = text.find("12(from, &step0)"), second = text.find("23(&step0, to)");
	ASSERT_NE(first, std::string::npos) << text;
	EXPECT_GT(second, first) << text;
	EXPECT_NE(converter_source("TAB", "", {}, 8).find("__builtin_memcpy(to, from, 8)"), std::string::npos);
}

} // namespace
} // namespace nfup::statemaps
