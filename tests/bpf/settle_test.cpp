// SPDX-License-Identifier: BSD-2-Clause
// What a program of a migration does with an entry that is in the old map, in the new
// one, in both or in none; and the sweeper. The class is Apply of tests/e2e/migration,
// on its way from layout v1 to v2.
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "harness.h"
#include "loader/class_library.h"
#include "loader/program.h"
#include "loader/tags.h"
#include "samples.h"
#include "statemaps/conversion.h"
#include "statemaps/queue.h"
#include "statemaps/sweep.h"
#include "tests/e2e/migration/operation.h"

namespace nfup::test {
namespace {

namespace fs = std::filesystem;

struct Old {
	__u32 stamp, hits;
	bool operator==(const Old&) const = default;
};
struct New {
	__u64 hits, stamp;
	bool operator==(const New&) const = default;
};
struct Key {
	__u32 id, zero;
};
constexpr Key key{7, 0}, other{8, 0};

template <class T> T must(Result<T> result)
{
	if (!result)
		throw std::runtime_error(result.error().message);
	return std::move(*result);
}

// The classes, with the layout v2, in a folder of this test.
class Folder {
public:
	Folder() : path_(fs::temp_directory_path() / ("nfup-settle-" + std::to_string(getpid())))
	{
		fs::create_directories(path_);
		const auto on = fs::copy_options::overwrite_existing;
		for (const char* file : {"Apply.bpf.c", "table.h", "operation.h", "TAB.migrate.h"})
			fs::copy_file(fs::path(NFUP_MIGRATION_CLASSES) / file, path_ / file, on);
		fs::copy_file(fs::path(NFUP_MIGRATION_CLASSES) / "table_entry_v2.h", path_ / "table_entry.h", on);
	}
	~Folder() { fs::remove_all(path_); }
	const fs::path& path() const { return path_; }

private:
	fs::path path_;
};

class Settle : public NodeTest, public testing::WithParamInterface<bpf_map_type> {
protected:
	void SetUp() override
	{
		NodeTest::SetUp();
		if (IsSkipped() || HasFatalFailure())
			return;
		old_ = make_map(GetParam(), sizeof(Old), 100);
		new_ = make_map(GetParam(), sizeof(New), 100);
	}

	static nfup::Fd make_map(bpf_map_type type, unsigned value_size, unsigned entries)
	{
		nfup::Fd fd(bpf_map_create(type, "tab", sizeof(Key), value_size, entries, nullptr));
		if (!fd)
			throw std::runtime_error("cannot make a map");
		return fd;
	}

	loader::Object converter()
	{
		const auto file = folder_.path() / "TAB.migrate.h";
		const auto object = must(library_.compile_text(statemaps::reader_source(file)));
		const auto types = must(loader::read_btf(object.path));
		const auto converters = statemaps::converters_of(types.get(), "TAB");
		for (const auto& step : converters)
			if (step.from_type == "tab_v1" && step.to_type == "tab_v2")
				return must(library_.compile_text(
				    statemaps::converter_source("TAB", file, {step}, sizeof(New))));
		throw std::runtime_error("no converter from v1 to v2");
	}

	// The settling program, once the maps are as they should be.
	void load(bool migrating = true)
	{
		const auto own = must(library_.settling("Apply")), convert = converter();
		const auto linked = must(library_.link("Apply", {&own, &convert}));
		std::array<std::uint32_t, NFUP_MAX_OUTPUTS> out;
		out.fill(first_exit_slot);
		program_ = must(loader::load_program({linked.path,
						      "Apply",
						      "Apply",
						      {{"nfup_out", loader::bytes_of(out)},
						       {"nfup_node", loader::bytes_of(__u32{1})},
						       {"TAB__migrating", loader::bytes_of(__u8{migrating})}},
						      {{"slots", slots()},
						       {"counters", counters()},
						       {"pkt", contexts()},
						       {"TAB__from", old_.get()},
						       {"TAB__to", new_.get()}}}));
	}

	Outcome operate(what what, __u32 stamp = 99, __u32 id = key.id)
	{
		if (!program_)
			load();
		const operation op{OP_MAGIC, what, id, stamp, 0};
		Bytes frame(42 + sizeof op);
		std::memcpy(frame.data() + 42, &op, sizeof op);
		pkt context{};
		context.l4 = 34;
		context.ip_proto = 17;
		Object node;
		node.program = program_.get();
		node.node = 1;
		return run(node, frame, context);
	}
	bool passed(const Outcome& outcome) { return outcome.output == 0 && outcome.drops.empty(); }

	void put_old(const Old& value, const Key& at = key)
	{
		ASSERT_EQ(bpf_map_update_elem(old_.get(), &at, &value, BPF_ANY), 0);
	}
	void put_new(const New& value, const Key& at = key)
	{
		ASSERT_EQ(bpf_map_update_elem(new_.get(), &at, &value, BPF_ANY), 0);
	}
	std::optional<Old> in_old(const Key& at = key)
	{
		Old value{};
		return bpf_map_lookup_elem(old_.get(), &at, &value) ? std::nullopt : std::optional(value);
	}
	std::optional<New> in_new(const Key& at = key)
	{
		New value{};
		return bpf_map_lookup_elem(new_.get(), &at, &value) ? std::nullopt : std::optional(value);
	}

	Folder folder_;
	loader::Library library_{{NFUP_BPF, {folder_.path()}, NFUP_TEST_CACHE}};
	nfup::Fd old_, new_, program_;
};

TEST_P(Settle, AnEntryIsMovedByTheFirstWhoLooks)
{
	put_old({.stamp = 5, .hits = 3});
	EXPECT_TRUE(passed(operate(OP_UPDATE)));
	EXPECT_EQ(in_new(), (New{.hits = 4, .stamp = 99}));
	EXPECT_FALSE(in_old());
	operate(OP_UPDATE, 100);
	EXPECT_EQ(in_new(), (New{.hits = 5, .stamp = 100}));
}

TEST_P(Settle, WhatTheNewMapHasCounts)
{
	put_old({.stamp = 5, .hits = 3});
	put_new({.hits = 70, .stamp = 6});
	operate(OP_UPDATE);
	EXPECT_EQ(in_new(), (New{.hits = 71, .stamp = 99}));
	EXPECT_EQ(in_old(), (Old{.stamp = 5, .hits = 3})) << "the sweeper's business";
}

TEST_P(Settle, AMissLeavesNothing)
{
	put_old({.stamp = 5, .hits = 3}, other);
	operate(OP_UPDATE);
	EXPECT_FALSE(in_new());
	EXPECT_EQ(in_old(other), (Old{.stamp = 5, .hits = 3}));
}

TEST_P(Settle, InsertIfAbsentFindsWhatIsInTheOldMap)
{
	put_old({.stamp = 5, .hits = 3});
	EXPECT_TRUE(passed(operate(OP_INSERT)));
	EXPECT_EQ(in_new(), (New{.hits = 3, .stamp = 5}));
	EXPECT_FALSE(in_old());
	operate(OP_INSERT, 99, other.id);
	EXPECT_EQ(in_new(other), (New{.hits = 0, .stamp = 99}));
}

TEST_P(Settle, ReplaceNeedsAnEntryInEither)
{
	operate(OP_REPLACE);
	EXPECT_FALSE(in_new());
	put_old({.stamp = 5, .hits = 3});
	operate(OP_REPLACE);
	EXPECT_EQ(in_new(), (New{.hits = 0, .stamp = 99}));
	EXPECT_FALSE(in_old());
}

TEST_P(Settle, PutReplacesAndNothingComesBack)
{
	put_old({.stamp = 5, .hits = 3});
	operate(OP_PUT);
	EXPECT_EQ(in_new(), (New{.hits = 0, .stamp = 99}));
	EXPECT_FALSE(in_old());
}

TEST_P(Settle, DeleteTakesItOutOfBoth)
{
	put_old({.stamp = 5, .hits = 3});
	operate(OP_DELETE);
	EXPECT_FALSE(in_old());
	operate(OP_UPDATE);
	EXPECT_FALSE(in_new());
	put_new({.hits = 1, .stamp = 1});
	put_old({.stamp = 5, .hits = 3});
	operate(OP_DELETE);
	EXPECT_FALSE(in_old());
	EXPECT_FALSE(in_new());
}

TEST_P(Settle, AStateThatStaysIsReachedAlone)
{
	load(false);
	put_old({.stamp = 5, .hits = 3});
	operate(OP_UPDATE);
	operate(OP_DELETE);
	EXPECT_FALSE(in_new());
	EXPECT_TRUE(in_old());
	operate(OP_PUT);
	EXPECT_EQ(in_new(), (New{.hits = 0, .stamp = 99}));
}

TEST_P(Settle, WithoutRoomTheEntryStaysAsItWas)
{
	if (GetParam() != BPF_MAP_TYPE_HASH)
		GTEST_SKIP() << "an LRU map makes room";
	new_ = make_map(GetParam(), sizeof(New), 1);
	put_new({.hits = 1, .stamp = 1}, other);
	put_old({.stamp = 5, .hits = 3});
	EXPECT_TRUE(passed(operate(OP_UPDATE))) << "by the converted copy";
	EXPECT_FALSE(in_new());
	EXPECT_EQ(in_old(), (Old{.stamp = 5, .hits = 3}));
	EXPECT_TRUE(dropped(operate(OP_PUT), "table-full"));
	EXPECT_TRUE(in_old());
	operate(OP_DELETE);
	EXPECT_FALSE(in_old());
}

class Sweep : public Settle {
protected:
	statemaps::Swept sweep(const statemaps::SweepProgress& progress = {})
	{
		const statemaps::Schema to{.type = GetParam(), .key_size = sizeof(Key), .value_size = sizeof(New)};
		const auto own = must(library_.compile_text(statemaps::sweeper_source("TAB", to))),
			   convert = converter();
		const auto linked = must(library_.link("sweeper", {&own, &convert}));
		auto maps = must(loader::create_maps(linked.path, {"keys", "sweep"}));
		const int keys = maps.at("keys").get(), control = maps.at("sweep").get();
		const auto program = must(loader::load_program(
		    {linked.path,
		     "nfup_sweep",
		     "sweeper",
		     {},
		     {{"TAB__from", old_.get()}, {"TAB__to", new_.get()}, {"keys", keys}, {"sweep", control}}}));
		statemaps::Table table;
		table.atom = "TAB";
		table.fd = old_.get();
		table.schema = to;
		table.schema.value_size = sizeof(Old);
		table.schema.max_entries = 200000;
		return must(statemaps::sweep(
		    {program.get(), keys, control}, table,
		    [&] {
			    waits_++;
			    return Result<void>();
		    },
		    progress));
	}
	int waits_ = 0;
};

TEST_P(Sweep, MovesEveryEntryOnce)
{
	constexpr __u32 entries = 150000; // more than the sweeper takes at a time
	old_ = make_map(GetParam(), sizeof(Old), entries + 20000);
	new_ = make_map(GetParam(), sizeof(New), entries + 20000);
	for (__u32 id = 0; id < entries; id++)
		put_old({.stamp = id, .hits = id + 1}, {id, 0});
	const auto swept = sweep();
	EXPECT_EQ(swept.moved, entries);
	EXPECT_EQ(swept.seen, entries);
	EXPECT_EQ(swept.stayed, 0u);
	for (__u32 id = 0; id < entries; id++) {
		ASSERT_FALSE(in_old({id, 0})) << id;
		ASSERT_EQ(in_new({id, 0}), (New{.hits = id + 1, .stamp = id})) << id;
	}
}

TEST_P(Sweep, DropsDoublesOnlyWhenPacketsAreThrough)
{
	put_old({.stamp = 5, .hits = 3});
	put_new({.hits = 70, .stamp = 6});
	EXPECT_EQ(sweep().moved, 0u);
	EXPECT_GE(waits_, 1);
	EXPECT_FALSE(in_old());
	EXPECT_EQ(in_new(), (New{.hits = 70, .stamp = 6}));
}

TEST_P(Sweep, LeavesWhatHasNoRoomAndSaysSo)
{
	if (GetParam() != BPF_MAP_TYPE_HASH)
		GTEST_SKIP() << "an LRU map makes room";
	new_ = make_map(GetParam(), sizeof(New), 10);
	for (__u32 id = 0; id < 25; id++)
		put_old({.stamp = id, .hits = 1}, {id, 0});
	const auto swept = sweep();
	EXPECT_EQ(swept.moved, 10u);
	EXPECT_EQ(swept.stayed, 15u);
	unsigned there = 0;
	for (__u32 id = 0; id < 25; id++)
		there += in_old({id, 0}).has_value();
	EXPECT_EQ(there, 15u);
}

TEST_P(Sweep, StopsWhenAsked)
{
	for (__u32 id = 0; id < 50; id++)
		put_old({.stamp = id, .hits = 1}, {id, 0});
	EXPECT_TRUE(sweep([](const auto&) { return false; }).stopped);
	EXPECT_EQ(sweep().stopped, false);
	EXPECT_FALSE(in_old({3, 0}));
}

// The kernel takes every bundled atom as it is in a migration.
class Bundled : public NodeTest {};

TEST_F(Bundled, EveryAtomCanTakePart)
{
	loader::Library library({NFUP_BPF, {}, NFUP_TEST_CACHE});
	int atoms = 0;
	for (const std::string& cls : library.names()) {
		const auto* found = must(library.get(cls));
		if (found->info.state.empty())
			continue;
		const auto made = must(loader::create_maps(found->object.path, found->info.state));
		std::map<std::string, int> maps = {
		    {"slots", slots()}, {"counters", counters()}, {"pkt", contexts()}, {"ports", ports()}};
		std::vector<loader::Constant> constants;
		const Params params = sample_params(cls);
		for (const auto& [name, bytes] : params.values())
			constants.push_back({name, bytes});
		std::vector<loader::Object> converters;
		for (const auto& [state, fd] : made) {
			if (statemaps::is_queue(state)) {
				maps[state] = fd.get();
				continue;
			}
			maps[state + "__to"] = maps[state + "__from"] = fd.get();
			constants.push_back({state + "__migrating", loader::bytes_of(__u8{1})});
			const auto size = must(statemaps::schema_of(fd.get())).value_size;
			converters.push_back(
			    must(library.compile_text(statemaps::converter_source(state, "", {}, size))));
		}
		const auto own = must(library.settling(cls));
		std::vector<const loader::Object*> parts = {&own};
		for (const auto& converter : converters)
			parts.push_back(&converter);
		const auto loaded =
		    loader::load_program({must(library.link(cls, parts)).path, cls, cls, constants, maps});
		EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message);
		atoms++;
	}
	EXPECT_GE(atoms, 8);
}

INSTANTIATE_TEST_SUITE_P(Maps, Settle, testing::Values(BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LRU_HASH));
INSTANTIATE_TEST_SUITE_P(Maps, Sweep, testing::Values(BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LRU_HASH));

} // namespace
} // namespace nfup::test
