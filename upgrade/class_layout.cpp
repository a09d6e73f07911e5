// SPDX-License-Identifier: BSD-2-Clause
#include "class_layout.h"

#include <bpf/libbpf.h>

#include "intent/hash.h"
#include "loader/bpf_object.h"
#include "loader/derived_note.h"
#include "statemaps/schema_json.h"

namespace nfup::upgrade {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ClassLayout, contract, devices, trace, state)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(StateMap, object, schema)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(DeclaredMaps, contract, context, devices, trace, state)

namespace {

bpf_map* find_map(bpf_object* object, const std::string& name)
{
	return bpf_object__find_map_by_name(object, name.c_str());
}

void hash_layout(Hasher& hasher, const btf* types, std::uint32_t type_id)
{
	for (const statemaps::Field& field : statemaps::layout_of(types, type_id, ""))
		hasher.add(field.path).add(field.type).add(field.offset);
}

} // namespace

Result<ClassLayout> read_layout(const std::filesystem::path& object, const std::string& cls,
				const std::vector<std::string>& state)
{
	auto opened = loader::open_object(object, cls);
	if (!opened)
		return pass(opened);
	const btf* types = bpf_object__btf(opened->get());
	ClassLayout layout;
	if (const bpf_map* context = find_map(opened->get(), "pkt")) {
		Hasher hasher;
		hash_layout(hasher, types, bpf_map__btf_value_type_id(context));
		if (const bpf_map* counters = find_map(opened->get(), "counters"))
			hash_layout(hasher, types, bpf_map__btf_value_type_id(counters));
		layout.contract = hasher.hex();
	}
	layout.devices = find_map(opened->get(), "ports");
	layout.trace = find_map(opened->get(), "trace");
	for (const std::string& name : state) {
		auto schema = statemaps::schema_of(find_map(opened->get(), name), types);
		if (!schema)
			return pass(schema);
		layout.state.emplace(name, *std::move(schema));
	}
	return layout;
}

Result<ClassLayout> recall_layout(const loader::ObjectCache& cache, const loader::Library::Class& cls)
{
	if (auto known = loader::find_derived<ClassLayout>(cache, "layout", cls.object.key))
		return *std::move(known);
	auto layout = read_layout(cls.object.path, cls.info.name, cls.info.state);
	if (layout)
		loader::store_derived(cache, "layout", cls.object.key, *layout);
	return layout;
}

Result<void> DeclaredMaps::add(const std::string& cls, const std::filesystem::path& object, const ClassLayout& layout)
{
	if (!layout.contract.empty() && contract.empty()) {
		contract = layout.contract;
		context = object;
	}
	if (layout.devices)
		devices = object;
	if (layout.trace)
		trace = object;
	for (const auto& [name, schema] : layout.state) {
		const auto [known, fresh] = state.emplace(name, StateMap{object, schema});
		if (fresh || known->second.schema == schema)
			continue;
		std::string lines;
		for (const auto& line : statemaps::differences(known->second.schema, schema))
			lines += "\n  " + line;
		return fail(ErrorKind::intent,
			    "class " + cls + " declares the state " + name +
				" otherwise than another class of this intent:" + lines,
			    "let both include one header with its declaration");
	}
	return {};
}

std::optional<DeclaredMaps> recall_maps(const loader::ObjectCache& cache, const std::string& key)
{
	return loader::find_derived<DeclaredMaps>(cache, "maps", key);
}

void keep_maps(const loader::ObjectCache& cache, const std::string& key, const DeclaredMaps& maps)
{
	loader::store_derived(cache, "maps", key, maps);
}

} // namespace nfup::upgrade
