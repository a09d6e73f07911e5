// SPDX-License-Identifier: BSD-2-Clause
#include "source_lines.h"

#include <bpf/btf.h>
#include <cstring>
#include <linux/bpf.h>
#include <memory>
#include <span>

#include "bpf_object.h"

namespace nfup::loader {
namespace fs = std::filesystem;

namespace {

struct BtfDeleter {
	void operator()(btf* types) const { btf__free(types); }
	void operator()(btf_ext* lines) const { btf_ext__free(lines); }
};

// The header of .BTF.ext; offsets count from its end.
struct ExtHeader {
	__u16 magic;
	__u8 version, flags;
	__u32 header_size;
	__u32 functions_offset, functions_size;
	__u32 lines_offset, lines_size;
};

struct SectionHeader {
	__u32 name;
	__u32 records;
};

using Bytes = std::span<const std::uint8_t>;

template <class T> bool take(Bytes& bytes, T& value)
{
	if (bytes.size() < sizeof value)
		return false;
	std::memcpy(&value, bytes.data(), sizeof value);
	bytes = bytes.subspan(sizeof value);
	return true;
}

std::string text_at(const btf* types, __u32 offset)
{
	const char* text = btf__str_by_offset(types, offset);
	return text ? text : "";
}

// Stops where the data is cut short or makes no sense: what was read until then holds.
std::vector<SourceLines::Record> parse(const btf* types, Bytes data, const std::string& section)
{
	std::vector<SourceLines::Record> records;
	ExtHeader header;
	Bytes rest = data;
	if (!take(rest, header) || header.header_size > data.size())
		return records;
	rest = data.subspan(header.header_size);
	if (header.lines_offset > rest.size() || header.lines_size > rest.size() - header.lines_offset)
		return records;
	rest = rest.subspan(header.lines_offset, header.lines_size);
	__u32 record_size;
	if (!take(rest, record_size) || record_size < sizeof(bpf_line_info))
		return records;
	for (SectionHeader part; take(rest, part);) {
		const bool main = text_at(types, part.name) == section;
		for (__u32 i = 0; i < part.records && rest.size() >= record_size; i++) {
			bpf_line_info info;
			std::memcpy(&info, rest.data(), sizeof info);
			rest = rest.subspan(record_size);
			records.push_back(
			    {info.insn_off / static_cast<__u32>(sizeof(bpf_insn)),
			     main,
			     {text_at(types, info.file_name_off),
			      static_cast<int>(BPF_LINE_INFO_LINE_NUM(info.line_col)),
			      static_cast<int>(BPF_LINE_INFO_LINE_COL(info.line_col)), text_at(types, info.line_off)}});
		}
	}
	return records;
}

} // namespace

Result<SourceLines> SourceLines::read(const fs::path& path, const std::string& name)
{
	auto object = open_object(path, name);
	if (!object)
		return pass(object);
	const bpf_program* program = bpf_object__find_program_by_name(object->get(), name.c_str());
	btf_ext* ext = nullptr;
	const std::unique_ptr<btf, BtfDeleter> types(btf__parse(path.c_str(), &ext));
	const std::unique_ptr<btf_ext, BtfDeleter> lines(ext);
	if (!program || !types || !lines)
		return fail(ErrorKind::intent, path.string() + " has no line information");
	__u32 size = 0;
	const auto* data = static_cast<const std::uint8_t*>(btf_ext__get_raw_data(lines.get(), &size));
	return SourceLines(parse(types.get(), Bytes(data, size), bpf_program__section_name(program)),
			   static_cast<std::uint32_t>(bpf_program__insn_cnt(program)));
}

std::optional<SourceLine> SourceLines::at(std::uint32_t instruction) const
{
	std::optional<SourceLine> found;
	if (instruction < size_)
		for (const Record& record : records_)
			if (record.main && record.instruction <= instruction && record.source.line > 0)
				found = record.source;
	return found;
}

std::optional<SourceLine> SourceLines::with_text(const std::string& text) const
{
	for (const Record& record : records_)
		if (!text.empty() && trimmed(record.source.text) == trimmed(text))
			return record.source;
	return {};
}

std::optional<SourceLine> SourceLines::with_number(const std::string& file, int line) const
{
	for (const Record& record : records_)
		if (record.source.line == line && fs::path(record.source.file).filename() == file)
			return record.source;
	return {};
}

std::string trimmed(const std::string& text)
{
	const auto start = text.find_first_not_of(" \t\r\n");
	const auto end = text.find_last_not_of(" \t\r\n");
	return start == std::string::npos ? "" : text.substr(start, end - start + 1);
}

} // namespace nfup::loader
