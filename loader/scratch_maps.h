// SPDX-License-Identifier: BSD-2-Clause
// Maps for a scratch copy of programs: they fit what the programs declare and are
// small where that is possible.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "fd.h"
#include "intent/result.h"

namespace nfup::loader {

// An array of one value per index, readable and writable without a system call.
// It takes the place of a per-CPU array for programs that run one at a time.
class SharedArray {
public:
	static Result<SharedArray> make(const std::string& name, std::size_t value_size, std::size_t entries);
	// One that was made before. Error: it is of another shape.
	static Result<SharedArray> open(Fd fd, std::size_t value_size, std::size_t entries);
	SharedArray(SharedArray&& other) noexcept;
	SharedArray& operator=(SharedArray&&) = delete;
	~SharedArray();

	int fd() const { return fd_.get(); }
	std::span<std::byte> bytes() const
	{
		return {memory_, size_};
	} // a value every value_size bytes, rounded up to 8

private:
	SharedArray(Fd fd, std::byte* memory, std::size_t size) : fd_(std::move(fd)), memory_(memory), size_(size) {}
	Fd fd_;
	std::byte* memory_;
	std::size_t size_;
};

// A map as `object` declares it. Tables by key hold at most this many entries.
constexpr std::uint32_t scratch_entries = 1024;
// And arrays: what is behind is not there, as behind the end of the state's own.
constexpr std::uint32_t scratch_indices = 65536;
Result<Fd> make_scratch_map(const std::filesystem::path& object, const std::string& name);

// Takes out every entry, or zeroes an array. Error (kind system): this type of map
// cannot be emptied.
Result<void> empty_map(int fd);

// sizeof the value that `object` declares for a map.
Result<std::size_t> value_size(const std::filesystem::path& object, const std::string& name);

} // namespace nfup::loader
