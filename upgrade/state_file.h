// SPDX-License-Identifier: BSD-2-Clause
// A file with the entries of an NF's states, that says itself what is in it.
//
//	"nfup state file\n"                        16 bytes
//	u32 version (1), u32 length, JSON          the header: SavedStates
//	for each state of the header:
//	  u32 n, n times key and value; … ; u32 0  in blocks
//	32 hex digits                              XXH3-128 of all before it
//
// Integers are little-endian, entries as the kernel has them. A file is read as a
// whole or refused as a whole: nothing of it is used before its checksum is right.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "intent/hash.h"
#include "intent/result.h"
#include "saved_states.h"

namespace nfup::upgrade {

// Writes beside `path`; the file gets its name when it is whole and synced. Without
// commit() nothing stays.
class StateFileWriter {
public:
	static Result<StateFileWriter> begin(const std::filesystem::path& path, SavedStates header);
	StateFileWriter(StateFileWriter&&) = default;
	~StateFileWriter();

	Result<void> add(const std::uint8_t* key, const std::uint8_t* value);
	// The entries of the next state follow.
	Result<void> end_state();
	Result<void> commit();

private:
	StateFileWriter() = default;
	Result<void> write(std::string_view bytes);
	Result<void> flush();

	std::filesystem::path path_, temporary_;
	std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{nullptr, std::fclose};
	std::unique_ptr<Hasher> hasher_;
	SavedStates header_;
	std::size_t state_ = 0;
	std::uint32_t waiting_ = 0;
	std::string block_;
};

using SavedEntry = std::function<Result<void>(const std::uint8_t* key, const std::uint8_t* value)>;

class StateFile {
public:
	// Reads and checks all of it. Error (kind intent): it is no state file, of a version
	// that this nfup does not know, or damaged, and where.
	static Result<StateFile> open(const std::filesystem::path& path);

	const SavedStates& header() const { return header_; }
	// The entries of header().states[index], in the file's order.
	Result<void> read(std::size_t index, const SavedEntry& entry) const;

private:
	StateFile() = default;
	std::filesystem::path path_;
	std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{nullptr, std::fclose};
	SavedStates header_;
	std::vector<long> starts_; // of each state's blocks
};

} // namespace nfup::upgrade
