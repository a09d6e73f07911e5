// SPDX-License-Identifier: BSD-2-Clause
#include "upgrade/state_file.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <linux/bpf.h>

#include "loader/files.h"
#include "upgrade/state_target.h"

namespace nfup::upgrade {
namespace {

namespace fs = std::filesystem;
using Entries = std::vector<std::pair<std::string, std::string>>;

class StateFileTest : public testing::Test {
protected:
	void SetUp() override
	{
		folder_ = fs::temp_directory_path() / ("nfup-state-file-" + unique_suffix());
		fs::create_directory(folder_);
		path_ = folder_ / "saved";
	}
	void TearDown() override { fs::remove_all(folder_); }

	static SavedStates header()
	{
		SavedStates header{"fw", "2026-01-02T03:04:05Z", 1'700'000'000'000'000'000u, 12345, {}};
		SavedState plain{"WL", {BPF_MAP_TYPE_HASH, 4, 8, 100, 0, {{"key.port", "u32", 0}}}, 0, {}, 0};
		plain.fields.push_back({"value.last_seen", statemaps::Meaning::time, false, 0, 8});
		header.states.push_back(plain);
		header.states.push_back({"CPU", {BPF_MAP_TYPE_PERCPU_HASH, 2, 4, 10, 0, {}}, 3, {}, 0});
		header.states.push_back({"EMPTY", {BPF_MAP_TYPE_HASH, 1, 1, 10, 0, {}}, 0, {}, 0});
		return header;
	}

	static const std::uint8_t* bytes(const std::string& text)
	{
		return reinterpret_cast<const std::uint8_t*>(text.data());
	}

	// States by their index.
	void write(const std::vector<Entries>& states)
	{
		auto writer = StateFileWriter::begin(path_, header());
		ASSERT_TRUE(writer) << writer.error().message;
		for (const Entries& entries : states) {
			for (const auto& [key, value] : entries)
				ASSERT_TRUE(writer->add(bytes(key), bytes(value)));
			ASSERT_TRUE(writer->end_state());
		}
		ASSERT_TRUE(writer->commit());
	}

	void write_some()
	{
		write({{{"aaaa", "11111111"}, {"bbbb", "22222222"}},
		       {{"kk", std::string(8, 'x') + std::string(8, 'y') + std::string(8, 'z')}},
		       {}});
	}

	std::string refusal(const std::string& content)
	{
		EXPECT_TRUE(write_file(path_, content, false));
		auto file = StateFile::open(path_);
		return file ? "" : file.error().message;
	}

	fs::path folder_, path_;
};

Entries read_all(const StateFile& file, std::size_t index)
{
	const SavedState& state = file.header().states[index];
	Entries entries;
	auto done = file.read(index, [&](const std::uint8_t* key, const std::uint8_t* value) -> Result<void> {
		entries.emplace_back(std::string(key, key + state.key_size()),
				     std::string(value, value + state.value_size()));
		return {};
	});
	EXPECT_TRUE(done);
	return entries;
}

TEST_F(StateFileTest, WhatIsReadIsWhatWasWritten)
{
	write_some();
	auto file = StateFile::open(path_);
	ASSERT_TRUE(file) << file.error().message;
	const SavedStates wanted = header();
	EXPECT_EQ(file->header().nf, "fw");
	EXPECT_EQ(file->header().created, wanted.created);
	EXPECT_EQ(file->header().realtime_ns, wanted.realtime_ns);
	EXPECT_EQ(file->header().monotonic_ns, wanted.monotonic_ns);
	ASSERT_EQ(file->header().states.size(), 3u);
	for (std::size_t i = 0; i < 3; i++) {
		EXPECT_EQ(file->header().states[i].atom, wanted.states[i].atom);
		EXPECT_EQ(file->header().states[i].schema, wanted.states[i].schema);
		EXPECT_EQ(file->header().states[i].cpus, wanted.states[i].cpus);
		EXPECT_EQ(file->header().states[i].fields, wanted.states[i].fields);
	}
	EXPECT_EQ(file->header().states[0].entries, 2u);
	// In any order, and again.
	EXPECT_EQ(read_all(*file, 1), (Entries{{"kk", "xxxxxxxxyyyyyyyyzzzzzzzz"}}));
	EXPECT_EQ(read_all(*file, 0), (Entries{{"aaaa", "11111111"}, {"bbbb", "22222222"}}));
	EXPECT_EQ(read_all(*file, 2), Entries());
	EXPECT_EQ(read_all(*file, 0).size(), 2u);
}

TEST_F(StateFileTest, ManyBlocks)
{
	Entries many;
	for (std::uint32_t i = 0; i < 300'000; i++) {
		const std::string key(reinterpret_cast<const char*>(&i), sizeof i);
		many.emplace_back(key, key + key);
	}
	write({many, {}, {}});
	auto file = StateFile::open(path_);
	ASSERT_TRUE(file);
	EXPECT_EQ(read_all(*file, 0), many);
}

TEST(StateSave, TimesKeepTheirAgeOverABoot)
{
	SavedStates header;
	header.monotonic_ns = 1000;
	header.realtime_ns = 5'000'000;
	const std::uint64_t seen = 900; // 100 ns before the save
	// Restored 300 ns later, on a clock that has begun anew and is at 50.
	EXPECT_EQ(50 - (seen + time_shift(header, 50, 5'000'300)), 400u);
	// The same boot.
	EXPECT_EQ(time_shift(header, 1300, 5'000'300), 0u);
	// The wall clock was set back meanwhile.
	EXPECT_EQ(1300 - (seen + time_shift(header, 1300, 4'000'000)), 100u);
}

TEST_F(StateFileTest, NothingStaysOfOneThatIsNotCommitted)
{
	write_some();
	const auto before = read_file(path_);
	{
		auto writer = StateFileWriter::begin(path_, header());
		ASSERT_TRUE(writer);
		ASSERT_TRUE(writer->add(bytes("aaaa"), bytes("11111111")));
	}
	EXPECT_EQ(*read_file(path_), *before);
	EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(StateFileTest, EveryTruncationIsRefused)
{
	write_some();
	const std::string whole = *read_file(path_);
	for (std::size_t length = 0; length < whole.size(); length++)
		EXPECT_NE(refusal(whole.substr(0, length)), "") << length;
	EXPECT_NE(refusal(whole + "x").find("something follows its end"), std::string::npos);
	EXPECT_EQ(refusal(whole), "");
}

TEST_F(StateFileTest, EveryChangedByteIsRefused)
{
	write_some();
	const std::string whole = *read_file(path_);
	for (std::size_t at = 0; at < whole.size(); at++)
		for (const int change : {1, 0x80, 0xff}) {
			std::string bad = whole;
			bad[at] = static_cast<char>(bad[at] ^ change);
			EXPECT_NE(refusal(bad), "") << at << " ^ " << change;
		}
}

TEST_F(StateFileTest, RefusalsSayWhy)
{
	EXPECT_NE(refusal("").find("is no state file"), std::string::npos);
	EXPECT_NE(refusal("#!/bin/sh\necho something else").find("is no state file"), std::string::npos);
	write_some();
	std::string whole = *read_file(path_);
	std::string other = whole;
	other[16] = 2;
	EXPECT_NE(refusal(other).find("has version 2 of the format; this nfup reads 1"), std::string::npos);
	EXPECT_NE(refusal(whole.substr(0, 40)).find("is damaged: a header of"), std::string::npos);
	whole[whole.size() - 40] ^= 1;
	EXPECT_NE(refusal(whole).find("is damaged"), std::string::npos);
	EXPECT_FALSE(StateFile::open(folder_));
	EXPECT_FALSE(StateFile::open(folder_ / "none"));
}

} // namespace
} // namespace nfup::upgrade
