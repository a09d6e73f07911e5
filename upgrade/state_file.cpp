// SPDX-License-Identifier: BSD-2-Clause
#include "state_file.h"

#include <bit>
#include <cerrno>
#include <cstring>
#include <unistd.h>

#include "loader/files.h"

namespace nfup::upgrade {
namespace fs = std::filesystem;

namespace {

constexpr std::string_view magic = "nfup state file\n";
constexpr std::uint32_t version = 1;
constexpr std::size_t block_bytes = 1u << 20;
constexpr std::size_t sum_digits = 32;

std::string bytes_of(std::uint32_t number)
{
	static_assert(std::endian::native == std::endian::little);
	return {reinterpret_cast<const char*>(&number), sizeof number};
}

// Reads from the front, hashing; every failure says where.
class Reader {
public:
	Reader(std::FILE* file, const fs::path& path, std::uint64_t size) : file_(file), path_(path), size_(size) {}

	Result<void> read(char* to, std::size_t bytes)
	{
		if (bytes > size_ - at_)
			return damaged("it ends too early");
		if (std::fread(to, 1, bytes, file_) != bytes)
			return fail_errno(std::ferror(file_) ? errno : EIO, "cannot read " + path_.string());
		hasher_.add(std::string_view(to, bytes));
		at_ += bytes;
		return {};
	}
	Result<std::uint32_t> number()
	{
		char bytes[sizeof(std::uint32_t)];
		if (auto got = read(bytes, sizeof bytes); !got)
			return pass(got);
		std::uint32_t value;
		std::memcpy(&value, bytes, sizeof value);
		return value;
	}
	std::unexpected<Error> damaged(const std::string& what) const
	{
		return fail(ErrorKind::intent,
			    path_.string() + " is damaged: " + what + " (byte " + std::to_string(at_) + " of " +
				std::to_string(size_) + ")",
			    "nothing was changed; take another file");
	}
	std::uint64_t left() const { return size_ - at_; }
	std::uint64_t at() const { return at_; }
	std::string sum() const { return hasher_.hex(); }

private:
	std::FILE* file_;
	const fs::path& path_;
	std::uint64_t size_, at_ = 0;
	Hasher hasher_;
};

} // namespace

Result<StateFileWriter> StateFileWriter::begin(const fs::path& path, SavedStates header)
{
	StateFileWriter writer;
	writer.path_ = path;
	writer.temporary_ = path.string() + ".tmp" + unique_suffix();
	writer.file_.reset(std::fopen(writer.temporary_.c_str(), "wbe"));
	if (!writer.file_)
		return fail_errno(errno, "cannot create " + writer.temporary_.string());
	writer.hasher_ = std::make_unique<Hasher>();
	const std::string text = to_text(header);
	writer.header_ = std::move(header);
	for (const std::string& part :
	     {std::string(magic), bytes_of(version), bytes_of(static_cast<std::uint32_t>(text.size())), text})
		if (auto written = writer.write(part); !written)
			return pass(written);
	return writer;
}

StateFileWriter::~StateFileWriter()
{
	if (file_)
		unlink(temporary_.c_str());
}

Result<void> StateFileWriter::write(std::string_view bytes)
{
	hasher_->add(bytes);
	if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size())
		return fail_errno(errno, "cannot write " + temporary_.string());
	return {};
}

Result<void> StateFileWriter::flush()
{
	if (waiting_ == 0)
		return {};
	if (auto written = write(bytes_of(waiting_)); !written)
		return written;
	waiting_ = 0;
	auto written = write(block_);
	block_.clear();
	return written;
}

Result<void> StateFileWriter::add(const std::uint8_t* key, const std::uint8_t* value)
{
	const SavedState& state = header_.states.at(state_);
	block_.append(reinterpret_cast<const char*>(key), state.key_size());
	block_.append(reinterpret_cast<const char*>(value), state.value_size());
	waiting_++;
	return block_.size() < block_bytes ? Result<void>{} : flush();
}

Result<void> StateFileWriter::end_state()
{
	if (auto flushed = flush(); !flushed)
		return flushed;
	state_++;
	return write(bytes_of(0));
}

Result<void> StateFileWriter::commit()
{
	const std::string sum = hasher_->hex();
	if (auto written = write(sum); !written)
		return written;
	if (std::fflush(file_.get()) != 0 || fsync(fileno(file_.get())) != 0)
		return fail_errno(errno, "cannot write " + temporary_.string());
	if (rename(temporary_.c_str(), path_.c_str()) != 0)
		return fail_errno(errno, "cannot rename " + temporary_.string() + " to " + path_.string());
	file_.reset();
	return sync_folder(fs::absolute(path_).parent_path());
}

Result<StateFile> StateFile::open(const fs::path& path)
{
	StateFile file;
	file.path_ = path;
	file.file_.reset(std::fopen(path.c_str(), "rbe"));
	if (!file.file_)
		return fail_errno(errno, "cannot read " + path.string());
	std::error_code error;
	const std::uintmax_t size = fs::file_size(path, error);
	if (error)
		return fail_errno(error.value(), "cannot read " + path.string(), "it must be a plain file");
	Reader reader(file.file_.get(), file.path_, size);
	std::string found(magic.size(), '\0');
	if (auto got = reader.read(found.data(), found.size()); !got || found != magic)
		return fail(ErrorKind::intent, path.string() + " is no state file",
			    "`nfup state save` writes them; nothing was changed");
	auto format = reader.number();
	if (!format)
		return pass(format);
	if (*format != version)
		return fail(ErrorKind::intent,
			    path.string() + " has version " + std::to_string(*format) +
				" of the format; this nfup reads " + std::to_string(version),
			    "use the nfup that wrote it; nothing was changed");
	auto length = reader.number();
	if (!length)
		return pass(length);
	if (*length > most_header || *length > reader.left())
		return reader.damaged("a header of " + std::to_string(*length) + " bytes");
	std::string text(*length, '\0');
	if (auto got = reader.read(text.data(), text.size()); !got)
		return pass(got);
	auto header = parse_saved_states(text);
	if (!header)
		return reader.damaged(header.error().message);
	file.header_ = std::move(*header);
	std::string entries;
	for (SavedState& state : file.header_.states) {
		file.starts_.push_back(static_cast<long>(reader.at()));
		const std::uint64_t each = state.key_size() + state.value_size();
		for (;;) {
			auto count = reader.number();
			if (!count)
				return pass(count);
			if (*count == 0)
				break;
			if (*count > reader.left() / each)
				return reader.damaged("a block of " + std::to_string(*count) + " entries");
			entries.resize(*count * each);
			if (auto got = reader.read(entries.data(), entries.size()); !got)
				return pass(got);
			state.entries += *count;
		}
	}
	const std::string sum = reader.sum();
	std::string written(sum_digits, '\0');
	if (reader.left() != sum_digits)
		return reader.damaged(reader.left() < sum_digits ? "it ends too early" : "something follows its end");
	if (auto got = reader.read(written.data(), written.size()); !got)
		return pass(got);
	if (written != sum)
		return reader.damaged("its checksum is wrong");
	return file;
}

Result<void> StateFile::read(std::size_t index, const SavedEntry& entry) const
{
	const SavedState& state = header_.states.at(index);
	const std::size_t each = state.key_size() + state.value_size();
	if (std::fseek(file_.get(), starts_.at(index), SEEK_SET) != 0)
		return fail_errno(errno, "cannot read " + path_.string());
	const auto changed = [&] {
		return fail(ErrorKind::system, path_.string() + " changed while it was being read",
			    "let nobody write to it, and restore again");
	};
	std::vector<std::uint8_t> entries;
	for (std::uint64_t seen = 0;;) {
		std::uint32_t count = 0;
		if (std::fread(&count, sizeof count, 1, file_.get()) != 1)
			return changed();
		if (count == 0)
			return seen == state.entries ? Result<void>{} : changed();
		seen += count;
		if (seen > state.entries)
			return changed();
		entries.resize(count * each);
		if (std::fread(entries.data(), 1, entries.size(), file_.get()) != entries.size())
			return changed();
		for (std::size_t at = 0; at < entries.size(); at += each)
			if (auto done = entry(entries.data() + at, entries.data() + at + state.key_size()); !done)
				return done;
	}
}

} // namespace nfup::upgrade
