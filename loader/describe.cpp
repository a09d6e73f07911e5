// SPDX-License-Identifier: BSD-2-Clause
#include "describe.h"

#include <algorithm>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <cctype>
#include <map>
#include <set>

#include "bpf_object.h"
#include "tags.h"

namespace nfup::loader {

namespace {

using intent::ClassInfo;

std::vector<intent::Output> parse_outputs(const std::string& text)
{
	std::vector<intent::Output> outputs;
	for (std::string name : split_list(text)) {
		intent::Output output;
		if (name.ends_with('?'))
			output.optional = true;
		if (name.ends_with('*'))
			output.repeated = true;
		if (output.optional || output.repeated)
			name.pop_back();
		output.name = name;
		outputs.push_back(output);
	}
	return outputs;
}

// "2|size|!|0..2047|bytes to skip" → order and parameter
Result<std::pair<int, intent::Param>> parse_param(const std::string& name, const std::string& text)
{
	std::vector<std::string> field;
	std::size_t start = 0;
	for (int i = 0; i < 4; i++) {
		const auto bar = text.find('|', start);
		if (bar == std::string::npos)
			return fail(ErrorKind::intent, "parameter " + name + " is not declared with NFUP_PARAM");
		field.push_back(text.substr(start, bar - start));
		start = bar + 1;
	}
	intent::Param param;
	param.name = name;
	param.type = field[1];
	if (field[2] != "!")
		param.fallback = field[2];
	param.range = field[3];
	param.doc = text.substr(start);
	return std::pair{std::stoi(field[0]), param};
}

constexpr const char* queue_suffix = "_QUEUE"; // as NFUP_AGED_STATE names it

// What the maps of the object say: state for an atom, a refusal for a module.
Result<void> check_maps(bpf_object* object, const std::set<std::string>& tables, ClassInfo& info)
{
	bpf_map* map;
	bpf_object__for_each_map(map, object)
	{
		std::string name = bpf_map__name(map);
		if (bpf_map__is_internal(map)) {
			if (name.ends_with(".bss") || name.ends_with(".data"))
				return fail(
				    ErrorKind::intent,
				    "class " + info.name + " (" + info.source + ") keeps state in writable globals",
				    "make them const, or put the state into a map of an atom (NFUP_ATOM, NFUP_STATE)");
			continue;
		}
		if (is_framework_map(name))
			continue;
		if (tables.contains(name) && (bpf_map__map_flags(map) & BPF_F_RDONLY_PROG))
			continue;
		if (info.kind == intent::ClassKind::module)
			return fail(ErrorKind::intent,
				    "module " + info.name + " (" + info.source + ") owns the map '" + name +
					"', but a module keeps no state",
				    "declare it as an atom: NFUP_ATOM(" + info.name + ", …) with NFUP_STATE(" + name +
					", …)");
		if (name.ends_with(queue_suffix) != (bpf_map__type(map) == BPF_MAP_TYPE_QUEUE))
			return fail(
			    ErrorKind::intent,
			    "class " + info.name + " (" + info.source + "): the map '" + name +
				"' is a queue by its name or by its type, but not by both",
			    "states whose entries age are declared with NFUP_AGED_STATE; other names must not end in " +
				std::string(queue_suffix));
		info.state.push_back(name);
	}
	return {};
}

// ReadWL → WL, ReadPool → POOL; or the only one that there is.
std::string own_state(const ClassInfo& info)
{
	std::vector<std::string> states;
	for (const std::string& state : info.state)
		if (!state.ends_with(queue_suffix))
			states.push_back(state);
	if (states.size() == 1)
		return states.front();
	const auto upper = [](std::string text) {
		std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
		return text;
	};
	for (const std::string& state : states)
		if (upper(info.name).ends_with(upper(state)))
			return state;
	return "";
}

void add_capacity(ClassInfo& info)
{
	info.capacity = own_state(info);
	if (std::ranges::find(info.params, intent::capacity_param, &intent::Param::name) != info.params.end())
		info.capacity.clear(); // it has a parameter of its own by that name
	if (info.capacity.empty())
		return;
	intent::Param param;
	param.name = intent::capacity_param;
	param.type = "size";
	param.fallback = "0";
	param.range = "1..100000000";
	param.doc = "entries that " + info.capacity + " has room for; all its nodes agree; 0: as its header says";
	param.size = sizeof(std::uint32_t);
	param.keyword = true;
	info.params.push_back(std::move(param));
}

// Bytes of each variable in .rodata.
std::map<std::string, unsigned> rodata_sizes(const btf* types)
{
	std::map<std::string, unsigned> sizes;
	const __s32 id = btf__find_by_name_kind(types, ".rodata", BTF_KIND_DATASEC);
	if (id < 0)
		return sizes;
	const btf_type* section = btf__type_by_id(types, static_cast<__u32>(id));
	const btf_var_secinfo* variable = btf_var_secinfos(section);
	for (int i = 0; i < btf_vlen(section); i++, variable++)
		sizes[btf__name_by_offset(types, btf__type_by_id(types, variable->type)->name_off)] = variable->size;
	return sizes;
}

// Functions that the object calls and nobody defines. (Those of the kernel are in
// a section of their own.)
std::vector<std::string> undefined_functions(const btf* types)
{
	std::set<__u32> placed;
	std::vector<std::string> names;
	for (__u32 id = 1; id < btf__type_cnt(types); id++) {
		const btf_type* section = btf__type_by_id(types, id);
		if (btf_is_datasec(section))
			for (int i = 0; i < btf_vlen(section); i++)
				placed.insert(btf_var_secinfos(section)[i].type);
	}
	for (__u32 id = 1; id < btf__type_cnt(types); id++) {
		const btf_type* function = btf__type_by_id(types, id);
		if (btf_is_func(function) && btf_vlen(function) == BTF_FUNC_EXTERN && !placed.contains(id))
			names.push_back(btf__name_by_offset(types, function->name_off));
	}
	return names;
}

// Variables of the functionalities that the class is linked with have tags too.
bool of_functionality(const Tag& tag)
{
	return tag.target.starts_with("nfup_functionality_");
}

} // namespace

bool is_framework_map(const std::string& name)
{
	static const std::set<std::string> names = {"slots", "pkt", "counters", "ports", "trace"};
	return names.contains(name);
}

bool is_private_map(const std::string& name)
{
	return name.ends_with("__copy");
}

Result<BpfObject> open_class(const std::filesystem::path& path, const std::string& name,
			     const std::filesystem::path& source)
{
	auto object = open_object(path, name);
	if (object)
		return object;
	const auto btf = read_btf(path);
	const auto missing = btf ? undefined_functions(btf->get()) : std::vector<std::string>();
	if (missing.empty())
		return object;
	return fail(ErrorKind::intent,
		    "class " + name + " (" + source.string() + ") calls " + missing.front() +
			"(), which nothing that it is linked with defines",
		    "name the functionality that defines it: NFUP_USES(\"…\")");
}

Result<ClassInfo> describe(bpf_object* object, const std::string& name, const std::filesystem::path& source)
{
	const btf* types = bpf_object__btf(object);
	if (!types)
		return fail(ErrorKind::intent, source.string() + " has no BTF");

	ClassInfo info;
	info.name = name;
	info.source = source;
	bool described = false;
	std::set<std::string> tables;
	std::map<int, intent::Param> params; // by place in the file
	const auto sizes = rodata_sizes(types);

	for (const auto& [what, value, target] : read_tags(types)) {
		if (of_functionality({what, value, target}))
			continue;
		if (what == "kind") {
			described = true;
			if (target != name)
				return fail(ErrorKind::intent, source.string() + " declares the class " + target,
					    "name the file after its class: " + target + ".bpf.c");
			info.kind = value == "atom" ? intent::ClassKind::atom : intent::ClassKind::module;
		} else if (what == "doc") {
			info.doc = value;
		} else if (what == "outputs") {
			info.outputs = parse_outputs(value);
		} else if (what == "inputs") {
			info.inputs = std::stoi(value);
		} else if (what == "table") {
			tables.insert(target);
		} else if (what == "requires" || what == "provides" || what == "revokes") {
			auto facts = parse_facts(value, "class " + name);
			if (!facts)
				return pass(facts);
			(what == "requires"   ? info.requires_
			 : what == "provides" ? info.provides
					      : info.revokes) = *facts;
		} else if (what == "kernel") {
			const auto kernel = intent::read_kernel(value);
			if (!kernel)
				return fail(ErrorKind::intent,
					    "class " + name + ": " + value + " is no version of a kernel",
					    "write NFUP_NEEDS_KERNEL(6, 6)");
			info.kernel = *kernel;
		} else if (what == "uses") {
			info.uses = split_list(value);
		} else if (what == "param") {
			auto param = parse_param(target, value);
			if (!param)
				return pass(param);
			const auto size = sizes.find(target);
			if (size == sizes.end())
				return fail(ErrorKind::intent,
					    "class " + name + ": parameter " + target + " is not in .rodata",
					    "declare it with NFUP_PARAM at file scope");
			param->second.size = size->second;
			params.insert(*param);
		}
	}
	if (!described)
		return fail(ErrorKind::intent, source.string() + " declares no class",
			    "use NFUP_MODULE(" + name + ", \"…\") or NFUP_ATOM(" + name + ", \"…\")");
	for (auto& [place, param] : params)
		info.params.push_back(std::move(param));
	if (auto checked = check_maps(object, tables, info); !checked)
		return pass(checked);
	add_capacity(info);
	return info;
}

Result<std::vector<std::string>> uses_of(const std::filesystem::path& object)
{
	auto types = read_btf(object);
	if (!types)
		return pass(types);
	for (const Tag& tag : read_tags(types->get()))
		if (tag.what == "uses" && !of_functionality(tag))
			return split_list(tag.value);
	return {};
}

Result<intent::Functionality> describe_functionality(const std::filesystem::path& object, const std::string& name,
						     const std::filesystem::path& source)
{
	auto types = read_btf(object);
	if (!types)
		return pass(types);
	for (const char* section : {".maps", ".data", ".bss"})
		if (btf__find_by_name_kind(types->get(), section, BTF_KIND_DATASEC) >= 0)
			return fail(ErrorKind::intent,
				    "the functionality " + name + " (" + source.string() + ") keeps state (" + section +
					")",
				    "state belongs to an atom; a functionality is code and constants");
	intent::Functionality info;
	info.source = source;
	for (const auto& [what, value, target] : read_tags(types->get())) {
		if (what == "functionality") {
			info.name = value;
		} else if (what == "doc") {
			info.doc = value;
		} else if (what == "uses") {
			info.uses = split_list(value);
		} else if (what == "requires") {
			auto facts = parse_facts(value, "functionality " + name);
			if (!facts)
				return pass(facts);
			info.requires_ = *facts;
		}
	}
	if (info.name != name)
		return fail(ErrorKind::intent,
			    source.string() + " declares " +
				(info.name.empty() ? "no functionality" : "the functionality " + info.name),
			    "use NFUP_FUNCTIONALITY(" + name + ", …); the file is named after it");
	return info;
}

} // namespace nfup::loader
