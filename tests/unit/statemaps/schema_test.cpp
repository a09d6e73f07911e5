// SPDX-License-Identifier: BSD-2-Clause
// Schemas, on BTF made here and on a real map of the kernel.
#include "statemaps/schema.h"

#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <memory>

#include "loader/fd.h"

namespace nfup::statemaps {
namespace {

// struct { u32 a; u32 b; u64 seen; } with the names and order given.
struct Btf {
	std::unique_ptr<btf, void (*)(btf*)> types{btf__new_empty(), btf__free};
	int key = 0, value = 0;

	Btf(const char* first, const char* second, int seen_size = 8)
	{
		const int u32 = btf__add_int(types.get(), "unsigned int", 4, 0);
		const int seen = btf__add_int(types.get(), "seen_t", static_cast<std::size_t>(seen_size), 0);
		key = u32;
		value = btf__add_struct(types.get(), "entry", static_cast<__u32>(8 + seen_size));
		btf__add_field(types.get(), first, u32, 0, 0);
		btf__add_field(types.get(), second, u32, 32, 0);
		btf__add_field(types.get(), "seen", seen, 64, 0);
	}

	Schema schema() const
	{
		Schema schema{BPF_MAP_TYPE_HASH, 4, 16, 100, 0, layout_of(types.get(), key, "key")};
		for (const Field& field : layout_of(types.get(), value, "value"))
			schema.fields.push_back(field);
		return schema;
	}
};

TEST(Schema, the_same_layout_has_the_same_hash)
{
	EXPECT_EQ(Btf("a", "b").schema().hash(), Btf("a", "b").schema().hash());
	EXPECT_TRUE(differences(Btf("a", "b").schema(), Btf("a", "b").schema()).empty());
}

TEST(Schema, a_field_swap_that_keeps_the_size_is_another_schema)
{
	const auto before = Btf("a", "b").schema(), after = Btf("b", "a").schema();
	EXPECT_NE(before.hash(), after.hash());
	EXPECT_EQ(differences(before, after),
		  (std::vector<std::string>{"value.b: u32 @4 -> u32 @0", "value.a: u32 @0 -> u32 @4"}));
}

TEST(Schema, a_wider_field_is_named_with_both_types)
{
	const auto before = Btf("a", "b", 4).schema(), after = Btf("a", "b", 8).schema();
	EXPECT_EQ(differences(before, after), std::vector<std::string>{"value.seen: u32 @8 -> u64 @8"});
}

TEST(Schema, sizes_flags_and_capacity_count)
{
	const Schema before = Btf("a", "b").schema();
	Schema after = before;
	after.max_entries = 200;
	EXPECT_NE(before.hash(), after.hash());
	EXPECT_EQ(differences(before, after), std::vector<std::string>{"max_entries: 100 -> 200"});
}

TEST(Schema, fields_that_come_and_go_are_named)
{
	EXPECT_EQ(differences(Btf("a", "b").schema(), Btf("a", "c").schema()),
		  (std::vector<std::string>{"value.c: new, u32 @4", "value.b: gone, was u32 @4"}));
}

TEST(Schema, the_kernels_map_gives_the_schema_it_was_made_with)
{
	const Btf types("a", "b");
	if (btf__load_into_kernel(types.types.get()) != 0)
		GTEST_SKIP() << "cannot load BTF: needs root and a kernel with BPF";
	LIBBPF_OPTS(bpf_map_create_opts, options, .btf_fd = static_cast<__u32>(btf__fd(types.types.get())),
		    .btf_key_type_id = static_cast<__u32>(types.key),
		    .btf_value_type_id = static_cast<__u32>(types.value));
	const Fd map(bpf_map_create(BPF_MAP_TYPE_HASH, "schema_test", 4, 16, 100, &options));
	ASSERT_TRUE(map);
	const auto schema = schema_of(map.get());
	ASSERT_TRUE(schema) << schema.error().message;
	EXPECT_EQ(*schema, types.schema());
	// The kernel would take this one for the same; we do not.
	EXPECT_FALSE(differences(*schema, Btf("b", "a").schema()).empty());
}

TEST(Schema, a_map_without_btf_is_an_error_not_a_guess)
{
	const Fd map(bpf_map_create(BPF_MAP_TYPE_HASH, "no_btf", 4, 16, 100, nullptr));
	if (!map)
		GTEST_SKIP() << "cannot make maps: needs root";
	EXPECT_FALSE(schema_of(map.get()));
}

} // namespace
} // namespace nfup::statemaps
