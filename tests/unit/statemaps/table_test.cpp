// SPDX-License-Identifier: BSD-2-Clause
// Tables and entries, on maps of the kernel.
#include "statemaps/table.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cstring>
#include <gtest/gtest.h>
#include <set>

#include "entry_types.h"
#include "loader/fd.h"
#include "statemaps/entry.h"

namespace nfup::statemaps {
namespace {

class TableTest : public testing::TestWithParam<bpf_map_type> {
protected:
	void SetUp() override
	{
		if (btf__load_into_kernel(types_.types.get()) != 0)
			GTEST_SKIP() << "cannot load BTF: needs root and a kernel with BPF";
	}

	// Keys are four bytes for arrays, else the struct.
	Table make(bpf_map_type type, std::uint32_t entries)
	{
		const bool array = type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY;
		LIBBPF_OPTS(bpf_map_create_opts, options, .btf_fd = static_cast<__u32>(btf__fd(types_.types.get())),
			    .btf_key_type_id = array ? 3u : static_cast<__u32>(types_.key),
			    .btf_value_type_id = static_cast<__u32>(types_.value));
		map_ = Fd(bpf_map_create(type, "table_test", array ? 4 : EntryTypes::key_size, EntryTypes::value_size,
					 entries, &options));
		EXPECT_TRUE(map_) << strerror(errno);
		auto table = Table::open("T", map_.get());
		EXPECT_TRUE(table) << (table ? "" : table.error().message);
		return table ? *table : Table{};
	}

	EntryTypes types_;
	Fd map_;
	const Moment now_{1000'000'000'000, 5000};
};

std::string number(const std::uint8_t* key)
{
	std::uint32_t n = 0;
	memcpy(&n, key, sizeof n);
	return std::to_string(n);
}

INSTANTIATE_TEST_SUITE_P(Types, TableTest,
			 testing::Values(BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_PERCPU_HASH,
					 BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_PERCPU_ARRAY),
			 [](const auto& kind) { return std::string(libbpf_bpf_map_type_str(kind.param)); });

TEST_P(TableTest, a_walk_meets_every_entry_once_with_its_value)
{
	const std::uint32_t entries = 20000; // several batches
	const Table table = make(GetParam(), entries);
	Bytes key(table.schema.key_size), value(table.value_bytes());
	for (std::uint32_t i = 0; i < entries / 2; i++) {
		memcpy(key.data(), &i, sizeof i);
		for (std::size_t cpu = 0; cpu < value.size() / table.value_stride(); cpu++)
			memcpy(value.data() + cpu * table.value_stride(), &i, sizeof i);
		const auto done = table.update(key.data(), value.data(), BPF_ANY);
		ASSERT_TRUE(done && *done == Table::Write::done) << i;
	}
	std::set<std::string> seen;
	const std::size_t last = table.value_bytes() - table.value_stride();
	const auto walked = walk(table, [&](const std::uint8_t* k, const std::uint8_t* v) -> Result<bool> {
		const bool unused = table.is_array() && number(v) == "0";
		if (!unused || number(k) == "0") {
			EXPECT_EQ(number(k), number(v));
			EXPECT_EQ(number(k), number(v + last));
			EXPECT_TRUE(seen.insert(number(k)).second) << number(k) << " twice";
		}
		return true;
	});
	ASSERT_TRUE(walked) << walked.error().message;
	EXPECT_EQ(seen.size(), entries / 2);
	int steps = 0;
	EXPECT_TRUE(walk(table, [&](const std::uint8_t*, const std::uint8_t*) -> Result<bool> { return ++steps < 5; }));
	EXPECT_EQ(steps, 5);
}

TEST_F(TableTest, an_empty_table_has_no_entries)
{
	const Table table = make(BPF_MAP_TYPE_HASH, 10);
	int steps = 0;
	EXPECT_TRUE(
	    walk(table, [&](const std::uint8_t*, const std::uint8_t*) -> Result<bool> { return ++steps != 0; }));
	EXPECT_EQ(steps, 0);
}

const std::vector<std::string> key_words = {"saddr=10.0.0.1", "dport=443", "proto=tcp", "gate=10.0.0.254"};

std::vector<std::string> with(const std::vector<std::string>& more)
{
	std::vector<std::string> words = key_words;
	words.insert(words.end(), more.begin(), more.end());
	return words;
}

TEST_F(TableTest, set_makes_an_entry_and_changes_only_what_is_named)
{
	const Table table = make(BPF_MAP_TYPE_HASH, 10);
	auto made = set_entry(table, with({"state=ESTABLISHED", "a.port=80"}), Require::absent, now_);
	ASSERT_TRUE(made) << made.error().message;
	EXPECT_TRUE(made->created);
	auto json = entry_json(table, made->key.data(), made->value.data(), now_);
	EXPECT_EQ(json["key"]["saddr"], "10.0.0.1");
	EXPECT_EQ(json["value"]["seen"], 0.0) << "times are now";
	EXPECT_EQ(json["value"]["checked"], 1u << 30) << "to be looked at again";
	EXPECT_EQ(json["value"]["a"]["port"], 80);
	EXPECT_FALSE(json["key"].contains("zero"));

	auto changed = set_entry(table, with({"drift=-5", "seen=10s"}), Require::present, now_);
	ASSERT_TRUE(changed) << changed.error().message;
	EXPECT_FALSE(changed->created);
	json = entry_json(table, changed->key.data(), changed->value.data(), now_);
	EXPECT_EQ(json["value"]["drift"], -5);
	EXPECT_EQ(json["value"]["seen"], 10.0);
	EXPECT_EQ(json["value"]["state"], "TCP_ESTABLISHED");
	EXPECT_EQ(json["value"]["checked"], 1u << 30);
	const auto there = table.lookup(changed->key.data());
	ASSERT_TRUE(there && *there);
	EXPECT_EQ(**there, changed->value);
}

TEST_F(TableTest, set_says_what_stands_in_its_way)
{
	const Table table = make(BPF_MAP_TYPE_HASH, 1);
	EXPECT_EQ(set_entry(table, with({"drift=1"}), Require::present, now_).error().kind, ErrorKind::intent);
	ASSERT_TRUE(set_entry(table, with({"drift=1"}), Require::nothing, now_));
	EXPECT_EQ(set_entry(table, with({"drift=1"}), Require::absent, now_).error().kind, ErrorKind::intent);
	auto other = with({});
	other[1] = "dport=80";
	const auto full = set_entry(table, other, Require::nothing, now_);
	ASSERT_FALSE(full);
	EXPECT_EQ(full.error().kind, ErrorKind::refused);
	EXPECT_NE(full.error().message.find("full"), std::string::npos);
	EXPECT_NE(
	    set_entry(table, {"dport=80"}, Require::nothing, now_).error().message.find("missing: saddr, proto, gate"),
	    std::string::npos);
	EXPECT_FALSE(set_entry(table, with({"dport=81"}), Require::nothing, now_)) << "twice";
}

TEST_F(TableTest, a_value_for_each_cpu_is_shown_and_not_set)
{
	const Table table = make(BPF_MAP_TYPE_PERCPU_HASH, 10);
	EXPECT_GT(table.cpus, 0);
	EXPECT_EQ(set_entry(table, with({"drift=1"}), Require::nothing, now_).error().kind, ErrorKind::intent);
	auto key = parse_key(table, key_words, now_);
	ASSERT_TRUE(key);
	const Bytes value(table.value_bytes());
	ASSERT_TRUE(table.update(key->data(), value.data(), BPF_ANY));
	const auto json = entry_json(table, key->data(), value.data(), now_);
	EXPECT_EQ(json["values"].size(), static_cast<std::size_t>(table.cpus));
}

TEST_F(TableTest, an_array_has_its_indices_from_the_start)
{
	const Table table = make(BPF_MAP_TYPE_ARRAY, 4);
	const auto set = set_entry(table, {"key=2", "drift=7"}, Require::nothing, now_);
	ASSERT_TRUE(set) << set.error().message;
	EXPECT_FALSE(set->created);
	EXPECT_FALSE(set_entry(table, {"key=4", "drift=7"}, Require::nothing, now_));
}

TEST_F(TableTest, a_map_without_keys_is_refused)
{
	const Fd queue(bpf_map_create(BPF_MAP_TYPE_QUEUE, "table_test", 0, 8, 4, nullptr));
	ASSERT_TRUE(queue);
	EXPECT_FALSE(Table::open("Q", queue.get()));
}

TEST_F(TableTest, the_clock_of_the_kernel_goes_on)
{
	const auto one = read_moment(), two = read_moment();
	ASSERT_TRUE(one && two) << one.error().message;
	EXPECT_GE(two->ns, one->ns);
	EXPECT_LT(two->jiffies - one->jiffies, 100000u);
	EXPECT_GT(one->jiffies - stale_jiffies(*one), 1u << 29);
}

} // namespace
} // namespace nfup::statemaps
