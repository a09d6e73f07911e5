// SPDX-License-Identifier: BSD-2-Clause
#include "schema.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <map>
#include <memory>

#include "intent/hash.h"

namespace nfup::statemaps {

namespace {

// Types nest in practice three or four deep; malformed BTF must not recurse for ever.
constexpr int max_nesting = 16;

const btf_type* resolve(const btf* types, __u32 id)
{
	const __s32 real = btf__resolve_type(types, id);
	return real < 0 ? nullptr : btf__type_by_id(types, static_cast<__u32>(real));
}

std::string int_name(const btf_type* type)
{
	const char* sign = btf_int_encoding(type) & BTF_INT_SIGNED ? "s" : "u";
	return sign + std::to_string(type->size * 8);
}

void flatten(const btf* types, __u32 id, const std::string& path, __u32 offset, int depth, std::vector<Field>& out);

void flatten_members(const btf* types, const btf_type* type, const std::string& path, __u32 offset, int depth,
		     std::vector<Field>& out)
{
	const btf_member* member = btf_members(type);
	for (__u32 i = 0; i < btf_vlen(type); i++, member++) {
		const std::string name = btf__name_by_offset(types, member->name_off);
		const __u32 bits = btf_member_bit_offset(type, i), width = btf_member_bitfield_size(type, i);
		const std::string inner = name.empty() ? path : path + "." + name;
		const std::size_t first = out.size();
		flatten(types, member->type, inner, offset + bits / 8, depth + 1, out);
		if (width != 0 && out.size() > first)
			out.back().type += ":" + std::to_string(bits % 8) + "+" + std::to_string(width);
	}
}

void flatten(const btf* types, __u32 id, const std::string& path, __u32 offset, int depth, std::vector<Field>& out)
{
	const btf_type* type = resolve(types, id);
	if (!type || depth > max_nesting) {
		out.push_back({path, "?", offset});
		return;
	}
	const std::string name = btf__name_by_offset(types, type->name_off);
	switch (btf_kind(type)) {
	case BTF_KIND_INT:
		out.push_back({path, int_name(type), offset});
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64: // by size only: a new enumerator does not move a field
		out.push_back({path, "enum" + std::to_string(type->size * 8), offset});
		break;
	case BTF_KIND_PTR:
		out.push_back({path, "pointer", offset});
		break;
	case BTF_KIND_STRUCT:
		// The kernel's own structs count as one field: their insides are its business.
		if (name.starts_with("bpf_"))
			out.push_back({path, "struct " + name, offset});
		else
			flatten_members(types, type, path, offset, depth, out);
		break;
	case BTF_KIND_UNION:
		flatten_members(types, type, path + "|", offset, depth, out);
		break;
	case BTF_KIND_ARRAY: {
		const auto* array = ::btf_array(type);
		std::vector<Field> element;
		flatten(types, array->type, path, offset, depth + 1, element);
		for (Field& field : element) {
			field.type += "[" + std::to_string(array->nelems) + "]";
			out.push_back(field);
		}
		break;
	}
	default:
		out.push_back({path, "kind " + std::to_string(btf_kind(type)), offset});
	}
}

std::vector<Field> fields_of(const btf* types, __u32 key, __u32 value)
{
	auto fields = layout_of(types, key, "key");
	auto more = layout_of(types, value, "value");
	fields.insert(fields.end(), more.begin(), more.end());
	return fields;
}

std::string text(const Field& field)
{
	return field.type + " @" + std::to_string(field.offset);
}

// The kernel keeps no types for it: what is in it are its state's keys.
bool is_untyped(std::uint32_t type)
{
	return type == BPF_MAP_TYPE_QUEUE;
}

} // namespace

std::vector<Field> layout_of(const btf* types, std::uint32_t type_id, const std::string& path)
{
	std::vector<Field> fields;
	flatten(types, type_id, path, 0, 0, fields);
	return fields;
}

std::string Schema::hash() const
{
	Hasher hasher;
	hasher.add(type).add(key_size).add(value_size).add(max_entries).add(flags);
	for (const Field& field : fields)
		hasher.add(field.path).add(field.type).add(field.offset);
	return hasher.hex();
}

Result<Schema> schema_of(const bpf_map* map, const btf* types)
{
	if (is_untyped(bpf_map__type(map)))
		return Schema{static_cast<std::uint32_t>(bpf_map__type(map)),
			      bpf_map__key_size(map),
			      bpf_map__value_size(map),
			      bpf_map__max_entries(map),
			      bpf_map__map_flags(map),
			      {}};
	const __u32 key = bpf_map__btf_key_type_id(map), value = bpf_map__btf_value_type_id(map);
	if (!types || !key || !value)
		return fail(ErrorKind::intent,
			    std::string("state map ") + bpf_map__name(map) + " has no BTF for key and value",
			    "declare it with NFUP_STATE");
	return Schema{static_cast<std::uint32_t>(bpf_map__type(map)),
		      bpf_map__key_size(map),
		      bpf_map__value_size(map),
		      bpf_map__max_entries(map),
		      bpf_map__map_flags(map),
		      fields_of(types, key, value)};
}

Result<Schema> schema_of(int map_fd)
{
	bpf_map_info info{};
	__u32 length = sizeof info;
	if (bpf_obj_get_info_by_fd(map_fd, &info, &length) != 0)
		return fail_errno(errno, "cannot ask the kernel about a map");
	if (is_untyped(info.type))
		return Schema{info.type, info.key_size, info.value_size, info.max_entries, info.map_flags, {}};
	const std::unique_ptr<btf, void (*)(btf*)> types(
	    info.btf_id ? btf__load_from_kernel_by_id(info.btf_id) : nullptr, btf__free);
	if (!types)
		return fail(ErrorKind::system, std::string("map ") + info.name + " has no BTF: its fields are unknown");
	return Schema{info.type,       info.key_size,
		      info.value_size, info.max_entries,
		      info.map_flags,  fields_of(types.get(), info.btf_key_type_id, info.btf_value_type_id)};
}

std::vector<std::string> differences(const Schema& before, const Schema& after)
{
	std::vector<std::string> lines;
	const auto number = [&](const char* what, std::uint32_t a, std::uint32_t b) {
		if (a != b)
			lines.push_back(std::string(what) + ": " + std::to_string(a) + " -> " + std::to_string(b));
	};
	number("map type", before.type, after.type);
	number("key size", before.key_size, after.key_size);
	number("value size", before.value_size, after.value_size);
	number("max_entries", before.max_entries, after.max_entries);
	number("flags", before.flags, after.flags);

	std::map<std::string, Field> old_fields;
	for (const Field& field : before.fields)
		old_fields.emplace(field.path, field);
	for (const Field& field : after.fields) {
		const auto old_field = old_fields.find(field.path);
		if (old_field == old_fields.end()) {
			lines.push_back(field.path + ": new, " + text(field));
			continue;
		}
		if (old_field->second != field)
			lines.push_back(field.path + ": " + text(old_field->second) + " -> " + text(field));
		old_fields.erase(old_field);
	}
	for (const auto& [path, field] : old_fields)
		lines.push_back(path + ": gone, was " + text(field));
	return lines;
}

} // namespace nfup::statemaps
