// SPDX-License-Identifier: BSD-2-Clause
#include "conversion.h"

#include <deque>

namespace nfup::statemaps {

namespace {

// `const struct x *` → struct x; null: it is something else.
const btf_type* pointed_struct(const btf* types, __u32 id, __u32& found)
{
	const __s32 pointer = btf__resolve_type(types, id);
	const btf_type* type = pointer < 0 ? nullptr : btf__type_by_id(types, static_cast<__u32>(pointer));
	if (!type || !btf_is_ptr(type))
		return nullptr;
	const __s32 inner = btf__resolve_type(types, type->type);
	type = inner < 0 ? nullptr : btf__type_by_id(types, static_cast<__u32>(inner));
	if (!type || !btf_is_struct(type))
		return nullptr;
	found = static_cast<__u32>(inner);
	return type;
}

// An array of the largest words that fit: maps want their values 8-byte aligned.
std::string bytes_struct(const std::string& name, std::uint32_t size)
{
	const std::uint32_t word = size % 8 == 0 ? 8 : size % 4 == 0 ? 4 : size % 2 == 0 ? 2 : 1;
	return "struct " + name + " {\n\t__u" + std::to_string(word * 8) + " words[" + std::to_string(size / word) +
	       "];\n};\n";
}

bool keyed(std::uint32_t type)
{
	return type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_LRU_HASH;
}

std::vector<Field> fields_under(const Schema& schema, const std::string& path)
{
	std::vector<Field> fields;
	for (const Field& field : schema.fields)
		if (field.path == path || field.path.starts_with(path + ".") || field.path.starts_with(path + "|"))
			fields.push_back(field);
	return fields;
}

std::string include(const std::filesystem::path& file)
{
	return "#include \"" + file.string() + "\"\n";
}

} // namespace

std::vector<Converter> converters_of(const btf* types, const std::string& state)
{
	std::vector<Converter> converters;
	for (__u32 id = 1; id < btf__type_cnt(types); id++) {
		const btf_type* function = btf__type_by_id(types, id);
		if (!btf_is_func(function))
			continue;
		const std::string name = btf__name_by_offset(types, function->name_off);
		const btf_type* prototype = btf__type_by_id(types, function->type);
		if (!name.starts_with(state + "__") || btf_vlen(prototype) != 2)
			continue;
		const btf_param* parameters = btf_params(prototype);
		__u32 from_id = 0, to_id = 0;
		const btf_type* from = pointed_struct(types, parameters[0].type, from_id);
		const btf_type* to = pointed_struct(types, parameters[1].type, to_id);
		if (!from || !to)
			continue;
		converters.push_back({name, btf__name_by_offset(types, from->name_off),
				      btf__name_by_offset(types, to->name_off), layout_of(types, from_id, "value"),
				      layout_of(types, to_id, "value")});
	}
	return converters;
}

std::optional<std::vector<Converter>> find_way(const std::vector<Converter>& converters, const std::vector<Field>& from,
					       const std::vector<Field>& to)
{
	std::deque<std::vector<Converter>> ways = {{}};
	std::vector<bool> used(converters.size());
	while (!ways.empty()) { // breadth first
		const auto way = std::move(ways.front());
		ways.pop_front();
		const auto& reached = way.empty() ? from : way.back().to;
		if (reached == to)
			return way;
		for (std::size_t i = 0; i < converters.size(); i++)
			if (!used[i] && converters[i].from == reached) {
				used[i] = true;
				ways.push_back(way);
				ways.back().push_back(converters[i]);
			}
	}
	return {};
}

std::vector<Field> value_layout(const Schema& schema)
{
	return fields_under(schema, "value");
}

std::string obstacle(const Schema& from, const Schema& to)
{
	if (from.key_size != to.key_size || fields_under(from, "key") != fields_under(to, "key"))
		return "the key has another layout: no packet could find an entry that has not moved yet";
	if (!keyed(from.type) || !keyed(to.type))
		return "only hash and LRU hash maps can be migrated";
	return "";
}

std::string reader_source(const std::filesystem::path& converters)
{
	return "#define NFUP_LIST_CONVERTERS\n#include \"migrate.h\"\n" + include(converters);
}

std::string converter_source(const std::string& state, const std::filesystem::path& converters,
			     const std::vector<Converter>& way, std::uint32_t size)
{
	std::string text = "#include \"migrate.h\"\n";
	if (!way.empty())
		text += include(converters);
	text += "\n__hidden void " + state + "__convert(const void *from, void *to)\n{\n";
	if (way.empty())
		text += "\t__builtin_memcpy(to, from, " + std::to_string(size) + ");\n";
	for (std::size_t i = 0; i + 1 < way.size(); i++)
		text += "\tstruct " + way[i].to_type + " step" + std::to_string(i) + " = {};\n";
	for (std::size_t i = 0; i < way.size(); i++) {
		const std::string source = i == 0 ? "from" : "&step" + std::to_string(i - 1);
		const std::string target = i + 1 == way.size() ? "to" : "&step" + std::to_string(i);
		text += "\t" + way[i].function + "(" + source + ", " + target + ");\n";
	}
	return text + "}\n";
}

std::string sweeper_source(const std::string& state, const Schema& to)
{
	return "#include \"sweep.h\"\n\n" + bytes_struct("sweep_key", to.key_size) +
	       bytes_struct("sweep_value", to.value_size) + "\nNFUP_SWEEPER(" + state +
	       ", BPF_MAP_TYPE_HASH, struct sweep_key, struct sweep_value);\n";
}

} // namespace nfup::statemaps
