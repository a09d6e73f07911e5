// SPDX-License-Identifier: BSD-2-Clause
#include "layout.h"

#include <algorithm>
#include <array>
#include <bpf/bpf.h>
#include <cerrno>
#include <memory>

#include "intent/suggest.h"

namespace nfup::statemaps {

namespace {

// Malformed BTF must not recurse for ever, nor a large array fill the screen.
constexpr int max_nesting = 16;
constexpr std::uint32_t max_elements = 64;

constexpr std::array meaning_names = {"number", "enum",    "address", "address4", "mac",   "proto",
				      "time",   "jiffies", "bytes",   "text",     "kernel"};

// What a typedef on the way to a field's type says of it.
struct Hint {
	const char* type;
	Meaning meaning;
	std::uint32_t size;
};
constexpr Hint hints[] = {
    {"nfup_addr", Meaning::address, 16}, {"nfup_addr4", Meaning::address4, 4}, {"nfup_mac", Meaning::mac, 6},
    {"nfup_proto", Meaning::proto, 1},   {"nfup_time", Meaning::time, 8},      {"nfup_jiffies", Meaning::jiffies, 4},
};

class Reader {
public:
	Reader(const btf* types, Layout& layout) : types_(types), layout_(layout) {}

	void read(std::uint32_t id, const std::string& path, bool in_key)
	{
		in_key_ = in_key;
		add(id, path, 0, 0, false);
	}

private:
	EntryField field(const std::string& path, Meaning meaning, std::uint32_t offset, std::uint32_t size) const
	{
		EntryField f{path, meaning, in_key_, offset, size};
		const auto dot = path.rfind('.');
		f.filling = path.substr(dot == std::string::npos ? 0 : dot + 1) == "zero";
		return f;
	}

	void add(std::uint32_t id, const std::string& path, std::uint32_t offset, int depth, bool in_union)
	{
		bool big_endian = false;
		const Hint* hint = nullptr;
		const btf_type* type = btf__type_by_id(types_, id);
		for (int i = 0; type && i < 32 && (btf_is_mod(type) || btf_is_typedef(type) || btf_is_type_tag(type));
		     i++) {
			const std::string name = btf__name_by_offset(types_, type->name_off);
			big_endian |= name == "__be16" || name == "__be32" || name == "__be64";
			for (const Hint& known : hints)
				if (!hint && name == known.type)
					hint = &known;
			id = type->type;
			type = btf__type_by_id(types_, id);
		}
		const __s64 size = type ? btf__resolve_size(types_, id) : -1;
		if (size <= 0 || depth > max_nesting)
			return;
		const auto bytes = static_cast<std::uint32_t>(size);
		if (hint && hint->size == bytes) {
			// Of overlapping fields none can be trusted to be a time.
			const bool clock = hint->meaning == Meaning::time || hint->meaning == Meaning::jiffies;
			layout_.fields.push_back(
			    field(path, in_union && clock ? Meaning::number : hint->meaning, offset, bytes));
			return;
		}
		const std::string name = btf__name_by_offset(types_, type->name_off);
		switch (btf_kind(type)) {
		case BTF_KIND_INT: {
			EntryField f = field(path, bytes <= 8 ? Meaning::number : Meaning::bytes, offset, bytes);
			f.is_signed = btf_int_encoding(type) & BTF_INT_SIGNED;
			f.big_endian = big_endian;
			layout_.fields.push_back(std::move(f));
			break;
		}
		case BTF_KIND_ENUM:
		case BTF_KIND_ENUM64:
			add_enum(type, path, offset, bytes);
			break;
		case BTF_KIND_STRUCT:
		case BTF_KIND_UNION:
			if (name.starts_with("bpf_"))
				layout_.fields.push_back(field(path, Meaning::kernel, offset, bytes));
			else
				add_members(type, path, offset, depth, in_union || btf_is_union(type));
			break;
		case BTF_KIND_ARRAY:
			add_array(type, path, offset, bytes, depth, in_union);
			break;
		default:
			layout_.fields.push_back(field(path, Meaning::bytes, offset, bytes));
		}
	}

	void add_enum(const btf_type* type, const std::string& path, std::uint32_t offset, std::uint32_t size)
	{
		EntryField f = field(path, Meaning::named, offset, size);
		f.is_signed = btf_kflag(type);
		for (__u32 i = 0; i < btf_vlen(type); i++) {
			if (btf_is_enum64(type)) {
				const auto& e = ::btf_enum64(type)[i];
				f.names.emplace_back(btf__name_by_offset(types_, e.name_off),
						     static_cast<std::int64_t>(btf_enum64_value(&e)));
			} else {
				const struct btf_enum& e = ::btf_enum(type)[i];
				f.names.emplace_back(btf__name_by_offset(types_, e.name_off),
						     f.is_signed ? std::int64_t{e.val}
								 : std::int64_t{static_cast<std::uint32_t>(e.val)});
			}
		}
		layout_.fields.push_back(std::move(f));
	}

	void add_members(const btf_type* type, const std::string& path, std::uint32_t offset, int depth, bool in_union)
	{
		const btf_member* member = btf_members(type);
		for (__u32 i = 0; i < btf_vlen(type); i++, member++) {
			const std::string name = btf__name_by_offset(types_, member->name_off);
			const __u32 at = btf_member_bit_offset(type, i), width = btf_member_bitfield_size(type, i);
			const std::string inner = name.empty() ? path : path + "." + name;
			const std::size_t first = layout_.fields.size();
			add(member->type, inner, offset + at / 8, depth + 1, in_union);
			if (width == 0 || layout_.fields.size() != first + 1)
				continue;
			EntryField& f = layout_.fields.back();
			f.bit = at % 8;
			f.bits = width;
			f.size = (f.bit + width + 7) / 8;
			if (f.size > 8)
				f = field(inner, Meaning::bytes, f.offset, f.size);
		}
	}

	void add_array(const btf_type* type, const std::string& path, std::uint32_t offset, std::uint32_t size,
		       int depth, bool in_union)
	{
		const auto* array = ::btf_array(type);
		const __s32 real = btf__resolve_type(types_, array->type);
		const btf_type* element = real < 0 ? nullptr : btf__type_by_id(types_, static_cast<__u32>(real));
		if (!element || array->nelems == 0)
			return;
		const auto stride = size / array->nelems;
		if (stride == 1 && btf_is_int(element)) {
			const std::string name = btf__name_by_offset(types_, element->name_off);
			layout_.fields.push_back(
			    field(path, name == "char" ? Meaning::text : Meaning::bytes, offset, size));
			return;
		}
		if (array->nelems > max_elements) {
			layout_.fields.push_back(field(path, Meaning::bytes, offset, size));
			return;
		}
		for (std::uint32_t i = 0; i < array->nelems; i++)
			add(array->type, path + "[" + std::to_string(i) + "]", offset + i * stride, depth + 1,
			    in_union);
	}

	const btf* types_;
	Layout& layout_;
	bool in_key_ = false;
};

} // namespace

const char* to_string(Meaning meaning)
{
	return meaning_names[static_cast<std::size_t>(meaning)];
}

std::string EntryField::name() const
{
	const auto dot = path.find('.');
	return dot == std::string::npos ? path : path.substr(dot + 1);
}

Layout make_layout(const btf* types, std::uint32_t key_id, std::uint32_t key_size, std::uint32_t value_id,
		   std::uint32_t value_size)
{
	Layout layout{key_size, value_size, {}};
	Reader reader(types, layout);
	reader.read(key_id, "key", true);
	reader.read(value_id, "value", false);
	// BTF that belongs to another map must not lead out of the entry.
	std::erase_if(layout.fields, [&](const EntryField& f) {
		return std::uint64_t{f.offset} + f.size > (f.in_key ? key_size : value_size);
	});
	return layout;
}

Result<Layout> read_layout(int map_fd)
{
	bpf_map_info info{};
	__u32 length = sizeof info;
	if (bpf_obj_get_info_by_fd(map_fd, &info, &length) != 0)
		return fail_errno(errno, "cannot ask the kernel about a map");
	const std::unique_ptr<btf, void (*)(btf*)> types(
	    info.btf_id ? btf__load_from_kernel_by_id(info.btf_id) : nullptr, btf__free);
	if (!types)
		return fail(ErrorKind::system, std::string("map ") + info.name + " has no BTF: its fields are unknown");
	return make_layout(types.get(), info.btf_key_type_id, info.key_size, info.btf_value_type_id, info.value_size);
}

Result<const EntryField*> find_field(const Layout& layout, const std::string& name)
{
	std::vector<const EntryField*> path, exact, ending;
	std::vector<std::string> names;
	for (const EntryField& f : layout.fields) {
		if (f.meaning == Meaning::kernel)
			continue;
		names.push_back(f.name());
		if (f.path == name)
			path.push_back(&f);
		if (f.name() == name)
			exact.push_back(&f);
		if (f.path.ends_with("." + name))
			ending.push_back(&f);
	}
	for (const auto* found : {&path, &exact, &ending}) {
		if (found->size() == 1)
			return found->front();
		if (found->empty())
			continue;
		std::string several;
		for (const EntryField* f : *found)
			several += (several.empty() ? "" : ", ") + f->path;
		return fail(ErrorKind::intent, "'" + name + "' is the name of several fields",
			    "write one of " + several);
	}
	std::string hint = intent::did_you_mean(name, names);
	if (hint.empty()) {
		hint = "the fields are ";
		for (std::size_t i = 0; i < names.size(); i++)
			hint += (i ? ", " : "") + names[i];
	}
	return fail(ErrorKind::intent, "there is no field '" + name + "'", std::move(hint));
}

void to_json(nlohmann::json& json, const EntryField& f)
{
	json = {{"path", f.path}, {"meaning", to_string(f.meaning)}, {"offset", f.offset}, {"size", f.size}};
	if (f.is_signed)
		json["signed"] = true;
	if (f.big_endian)
		json["big_endian"] = true;
	if (f.bits) {
		json["bit"] = f.bit;
		json["bits"] = f.bits;
	}
	for (const auto& [name, value] : f.names)
		json["names"][name] = value;
}

void from_json(const nlohmann::json& json, EntryField& f)
{
	const auto wrong = [&](const char* what) {
		return nlohmann::json::other_error::create(501, std::string("field: ") + what, &json);
	};
	json.at("path").get_to(f.path);
	const auto meaning = std::ranges::find(meaning_names, json.at("meaning").get<std::string>());
	if (meaning == meaning_names.end())
		throw wrong("unknown meaning");
	f.meaning = static_cast<Meaning>(meaning - meaning_names.begin());
	f.in_key = f.path == "key" || f.path.starts_with("key.") || f.path.starts_with("key[");
	json.at("offset").get_to(f.offset);
	json.at("size").get_to(f.size);
	f.is_signed = json.value("signed", false);
	f.big_endian = json.value("big_endian", false);
	f.bit = json.value("bit", 0u);
	f.bits = json.value("bits", 0u);
	f.filling = f.path.ends_with(".zero");
	f.names = {};
	if (json.contains("names"))
		for (const auto& [name, value] : json["names"].items())
			f.names.emplace_back(name, value.get<std::int64_t>());
	const std::uint32_t want = f.meaning == Meaning::address    ? 16
				   : f.meaning == Meaning::address4 ? 4
				   : f.meaning == Meaning::mac      ? 6
				   : f.meaning == Meaning::time     ? 8
				   : f.meaning == Meaning::jiffies  ? 4
								    : f.size;
	const bool integer = f.meaning == Meaning::number || f.meaning == Meaning::named || f.meaning == Meaning::proto;
	if (f.size != want || f.size == 0 || (integer && f.size > 8))
		throw wrong("a size that its meaning has not");
	if (f.bits && (f.bit > 7 || f.bits > 64 || (f.bit + f.bits + 7) / 8 != f.size))
		throw wrong("a bit field outside its bytes");
}

} // namespace nfup::statemaps
